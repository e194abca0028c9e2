"""The way from the spool to the server, whatever happens on it."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import threading
import time
from types import SimpleNamespace

import pytest
from conftest import PLUGIN, Trail, shippers, wait_until
from server import Server, problem, times

# Its output has no times in it, and one host at a time, so that it can be compared byte by byte.
PLAYBOOK = """
- name: Say things
  hosts: web
  serial: 1
  max_fail_percentage: 100
  gather_facts: false
  tasks:
    - name: Say hello
      ansible.builtin.debug:
        msg: "{{ inventory_hostname }} says hello"
      loop: [1, 2, 3]
    - name: Fail
      ansible.builtin.fail:
        msg: as planned
      when: inventory_hostname == 'beta'
    - name: Say goodbye
      ansible.builtin.debug:
        msg: goodbye
"""

WAIT = """
- hosts: alpha
  gather_facts: false
  tasks:
    - name: Wait
      ansible.builtin.raw: "n=0; while [ ! -e go ] && [ $n -lt 600 ]; do n=$((n+1)); sleep 0.05; done"
    - name: Go on
      ansible.builtin.debug:
"""

RUN_IDS = [f"019a5344-9e0b-7c3f-8a51-{number:012x}" for number in range(100)]


def line_of(run_id, sequence, text="x", action="host.result"):
    event = {
        "@timestamp": "2026-11-05T09:30:00Z",
        "event": {"id": f"{run_id}:{sequence}", "sequence": sequence, "action": action},
    }
    event.update({"run": {"id": run_id}, "labels": {"text": text}})
    return json.dumps(event).encode() + b"\n"


def spool(controller, run_id, events=3, text="x"):
    """Leaves a spool as a writer that is gone has left it."""
    controller.spool.mkdir(mode=0o700, exist_ok=True)
    path = controller.spool / f"{run_id}.ndjson"
    lines = [line_of(run_id, sequence, text) for sequence in range(events - 1)]
    path.write_bytes(b"".join([*lines, line_of(run_id, events - 1, text, "run.finished")]))
    return path


def names(controller):
    return sorted(path.name for path in controller.spool.iterdir())


def ids(run_id, count):
    return [f"{run_id}:{sequence}" for sequence in range(count)]


@pytest.fixture(scope="module")
def outage(new_controller, recorded):
    """The same playbook without the plugin, with it, and with it while the server is down."""
    controller = new_controller()
    controller.write("site.yml", PLAYBOOK)
    plain = controller.play("site.yml", ANSIBLE_CALLBACKS_ENABLED=None)
    up = recorded(controller, "site.yml").process
    controller.server.stop()
    down = controller.play("site.yml")
    spooled = controller.spooled()
    controller.end_shippers()
    return SimpleNamespace(controller=controller, plain=plain, up=up, down=down, spooled=spooled)


@pytest.mark.parametrize("server", ["up", "down"])
def test_output_and_exit_code_are_the_same_byte_for_byte_with_the_server(outage, server):
    plain, recorded = outage.plain, getattr(outage, server)
    assert plain.returncode == 2
    assert recorded.stdout.decode() == plain.stdout.decode()
    assert (recorded.returncode, recorded.stderr) == (plain.returncode, plain.stderr)


def test_what_could_not_be_delivered_is_delivered_later_whole_and_once(outage, validate):
    controller, spooled = outage.controller, outage.spooled
    assert controller.ship().returncode == 1, "the server is still down"
    assert controller.spooled() == spooled

    controller.server.start()
    shipped = controller.ship()
    assert (shipped.returncode, shipped.stderr) == (0, "")
    assert re.fullmatch(
        r"playtrail: 1 run with \d+ events delivered to http://\S+; nothing is left\n", shipped.stdout
    )
    run_id = spooled[0]["run"]["id"]
    assert [event for event in controller.server.stored() if event["run"]["id"] == run_id] == spooled
    assert controller.server.conflicts == []
    assert Trail(spooled).sequences() == list(range(len(spooled)))
    for event in spooled:
        validate(event)
    assert names(controller) == []


def test_the_next_run_delivers_what_is_left_of_earlier_ones(controller, recorded):
    left = [spool(controller, run_id) for run_id in RUN_IDS[:3]]
    controller.write("site.yml", PLAYBOOK)
    recorded(controller, "site.yml")
    wait_until(lambda: not any(path.exists() for path in left), "what was left")
    arrived = list(controller.server.events)
    assert arrived[:9] == [event for run_id in RUN_IDS[:3] for event in ids(run_id, 3)], "the oldest first"


def test_a_run_can_be_watched_while_it_goes(controller):
    controller.write("wait.yml", WAIT)
    process = controller.start("wait.yml")
    try:
        wait_until(lambda: Trail(controller.server.stored()).of("task.started"), "the first task")
        by_hand = controller.ship()
        assert by_hand.returncode == 0
        assert "1 run still going on" in by_hand.stdout
        assert not Trail(controller.server.stored()).of("run.finished")
        (controller.folder / "go").touch()
        process.communicate(timeout=60)
    finally:
        process.kill()
        process.communicate()
    wait_until(lambda: Trail(controller.server.stored()).of("run.finished"), "the end")
    wait_until(lambda: not names(controller), "the spool to go")


def test_a_line_cut_by_a_crash_is_left_out_wherever_it_was_cut(controller):
    last = line_of(RUN_IDS[0], 3)
    whole = b"".join(line_of(RUN_IDS[0], sequence) for sequence in range(3))
    controller.spool.mkdir(mode=0o700)
    # One run for each cut, so that one shipper delivers them all.
    for cut in range(len(last)):
        run_id = RUN_IDS[0][:-12] + f"{cut:012x}"
        (controller.spool / f"{run_id}.ndjson").write_bytes(
            whole.replace(RUN_IDS[0].encode(), run_id.encode()) + last[:cut]
        )
    assert controller.ship().returncode == 0
    runs = [RUN_IDS[0][:-12] + f"{cut:012x}" for cut in range(len(last))]
    # The run has no end that anybody told, so the shipper tells one.
    assert set(controller.server.events) == {event for run in runs for event in [*ids(run, 3), f"{run}:s0"]}
    assert names(controller) == [f"{run}.rejected" for run in runs[1:]], "a torn piece is kept"
    # What is missing is the line feed only.
    aside = json.loads((controller.spool / f"{runs[-1]}.rejected").read_text())
    assert aside["rejected"]["code"] == "line_torn"
    assert aside["event"]["event"]["sequence"] == 3


def test_of_racing_shippers_exactly_one_ships_a_file(controller):
    for run_id in RUN_IDS[:40]:
        spool(controller, run_id, events=20)
    command = [sys.executable, "-I", str(PLUGIN), "--ship", str(controller.spool)]
    racing = [subprocess.Popen(command, env=controller.env, stdout=subprocess.DEVNULL) for _ in range(5)]
    for process in racing:
        process.wait(timeout=60)
    assert names(controller) == []
    sent = [
        json.loads(line)["event"]["id"]
        for _headers, body in controller.server.requests
        for line in body.splitlines()
    ]
    assert sorted(sent) == sorted(event for run_id in RUN_IDS[:40] for event in ids(run_id, 20))


def drop(request, _lines):
    request.close_connection = True
    return True


def store_and_drop(server):
    def misbehave(request, lines):
        server.store(lines)
        request.close_connection = True
        return True

    return misbehave


def half_an_answer(server):
    def misbehave(request, lines):
        server.store(lines)
        request.send_response(200)
        request.send_header("Content-Type", "application/json")
        request.send_header("Content-Length", "1000")
        request.end_headers()
        request.wfile.write(b'{"accepted": ')
        request.close_connection = True
        return True

    return misbehave


TROUBLES = {
    "the connection is dropped before anything is stored": lambda _server: drop,
    "the connection is dropped after everything was stored": store_and_drop,
    "half an answer comes": half_an_answer,
    "500": lambda _server: problem(500, "internal"),
    "503": lambda _server: problem(503, "journal_full"),
    "429": lambda _server: problem(429, "too_many"),
}


@pytest.mark.parametrize("trouble", TROUBLES)
def test_each_event_is_stored_once_although(controller, trouble):
    spool(controller, RUN_IDS[0], events=1200)
    controller.server.misbehave = times(2, TROUBLES[trouble](controller.server))
    for _ in range(3):
        if controller.ship().returncode == 0:
            break
    assert list(controller.server.events) == ids(RUN_IDS[0], 1200)
    assert controller.server.conflicts == []
    assert names(controller) == []


STAYS = {
    "401": problem(401, "token_missing", detail="A token is needed"),
    "403": problem(403, "role_forbidden"),
    "404": problem(404, "route_not_found"),
    "a redirect": lambda request, _lines: (
        Server.answer(request, 302, {}, Location="http://127.0.0.1:1/") or True
    ),
    "400 of something that is not the server": lambda request, _lines: (
        Server.answer(request, 400, b"<html>plain HTTP sent to HTTPS port", "text/html") or True
    ),
    "200 of something that is not the server": lambda request, _lines: (
        Server.answer(request, 200, b"<html>welcome", "text/html") or True
    ),
    "200 that does not account for every line": lambda request, _lines: (
        Server.answer(request, 200, {"accepted": 1, "duplicates": 0, "rejected": []}) or True
    ),
}


@pytest.mark.parametrize("answer", STAYS)
def test_everything_stays_in_the_spool_and_nothing_is_put_aside_with(controller, answer):
    path = spool(controller, RUN_IDS[0])
    before = path.read_bytes()
    controller.server.misbehave = STAYS[answer]
    shipped = controller.ship()
    assert shipped.returncode == 1
    assert f"1 run left in {controller.spool}: {controller.server.url} " in shipped.stdout
    assert names(controller) == [path.name]
    assert path.read_bytes() == before
    assert len(controller.server.requests) == 1, "it is no use to ask again at once"


def test_a_server_that_answers_nothing_is_reported_and_everything_stays(controller):
    spool(controller, RUN_IDS[0])
    controller.server.stop()
    shipped = controller.ship()
    assert shipped.returncode == 1
    assert "0 runs with 0 events delivered" in shipped.stdout
    assert "refused" in shipped.stdout


def test_a_token_that_cannot_be_sent_is_not_shown(controller):
    spool(controller, RUN_IDS[0])
    controller.write("token", "TOKEN 99\nof two lines")
    shipped = controller.ship("--token-file", controller.folder / "token")
    assert shipped.returncode == 1
    assert "the token has characters that cannot be sent" in shipped.stdout
    assert "99" not in shipped.stdout.replace(str(controller.spool), "") + shipped.stderr


@pytest.mark.skipif(not shutil.which("openssl"), reason="a certificate is made with openssl")
def test_only_a_server_whose_certificate_is_trusted_gets_anything(controller):
    spool(controller, RUN_IDS[0])
    certificate = controller.folder / "cert.pem"
    make = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    make += ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2"]
    make += ["-keyout", str(controller.folder / "key.pem"), "-out", str(certificate)]
    subprocess.run(make, check=True, capture_output=True, timeout=60)
    controller.server.stop()
    controller.server.start(certificate, controller.folder / "key.pem")
    url = controller.server.url.replace("http:", "https:")

    refused = controller.ship("--url", url)
    assert (refused.returncode, controller.server.requests) == (1, [])
    assert "certificate verify failed" in refused.stdout
    assert controller.ship("--url", url, SSL_CERT_FILE=str(certificate)).returncode == 0
    assert list(controller.server.events) == ids(RUN_IDS[0], 3)


def too_large_beyond(count):
    def misbehave(request, lines):
        return len(lines) > count and problem(413, "batch_too_large")(request, lines)

    return misbehave


def test_a_batch_that_is_too_large_is_sent_in_parts(controller):
    spool(controller, RUN_IDS[0], events=700)
    controller.server.misbehave = too_large_beyond(50)
    assert controller.ship().returncode == 0
    assert sorted(controller.server.events) == sorted(ids(RUN_IDS[0], 700))
    assert names(controller) == []


def test_lines_that_are_refused_are_put_aside_with_the_reason_and_the_rest_is_delivered(controller):
    spool(controller, RUN_IDS[0], events=600)
    controller.server.refuse = lambda event: (
        "not this one" if event["event"]["sequence"] in (0, 250, 599) else None
    )
    shipped = controller.ship()
    assert shipped.returncode == 0
    assert "3 events refused" in shipped.stdout
    assert len(controller.server.events) == 597
    assert names(controller) == [f"{RUN_IDS[0]}.rejected"]
    aside = [
        json.loads(line) for line in (controller.spool / f"{RUN_IDS[0]}.rejected").read_text().splitlines()
    ]
    assert [entry["event"]["event"]["sequence"] for entry in aside] == [0, 250, 599]
    assert aside[0]["rejected"] == {"code": "event_invalid", "message": "not this one", "pointer": ""}
    assert (controller.spool / f"{RUN_IDS[0]}.rejected").stat().st_mode & 0o777 == 0o600


def test_a_batch_of_which_every_line_is_refused_is_put_aside_whole(controller):
    spool(controller, RUN_IDS[0])
    rejected = [{"line": n, "code": "event_invalid", "message": "no", "pointer": "/x"} for n in (1, 2, 3)]
    controller.server.misbehave = problem(400, "batch_refused", rejected=rejected)
    assert controller.ship().returncode == 0
    assert len((controller.spool / f"{RUN_IDS[0]}.rejected").read_text().splitlines()) == 3


def test_a_line_that_breaks_its_batch_is_found_and_put_aside(controller):
    path = spool(controller, RUN_IDS[0], events=9)
    lines = path.read_bytes().splitlines(True)
    path.write_bytes(b"".join([*lines[:4], b"{broken\n", b"\n", *lines[4:]]))

    def misbehave(request, lines):
        return b"{broken" in lines and problem(400, "json_invalid")(request, lines)

    controller.server.misbehave = misbehave
    assert controller.ship().returncode == 0
    assert list(controller.server.events) == ids(RUN_IDS[0], 9)
    aside = json.loads((controller.spool / f"{RUN_IDS[0]}.rejected").read_text())
    assert (aside["line"], aside["rejected"]["code"]) == ("{broken", "json_invalid")


def test_batches_keep_to_their_limits_and_are_compressed(controller):
    spool(controller, RUN_IDS[0], events=1100)
    spool(controller, RUN_IDS[1], events=30, text="y" * 100_000)
    assert controller.ship().returncode == 0
    for headers, body in controller.server.requests:
        assert len(body.splitlines()) <= 500
        assert len(body) <= 1024 * 1024
        assert headers["Content-Encoding"] == "gzip"
        assert headers["Content-Type"] == "application/x-ndjson"
    assert len(controller.server.events) == 1130


def test_a_server_that_comes_back_gets_everything_from_the_shipper_that_waits(controller):
    controller.write("site.yml", PLAYBOOK)
    controller.server.stop()
    controller.play("site.yml")
    assert len(names(controller)) == 1
    controller.server.start()
    wait_until(lambda: not names(controller), "the shipper to try again")
    trail = Trail(controller.server.stored())
    assert trail.sequences() == list(range(len(trail.events)))
    wait_until(lambda: not shippers(controller.spool), "the shipper to end")


def test_of_many_runs_without_a_server_one_shipper_waits(controller):
    controller.write(
        "site.yml", "- hosts: alpha\n  gather_facts: false\n  tasks: [{ansible.builtin.debug: }]\n"
    )
    controller.server.stop()
    for _ in range(3):
        controller.play("site.yml")
    assert len(names(controller)) == 3
    wait_until(lambda: len(shippers(controller.spool)) == 1, "all but one to end")


def test_a_slow_server_delays_the_end_of_a_run_by_the_flush_timeout_at_most(controller):
    go_on = threading.Event()
    controller.write("site.yml", PLAYBOOK)

    def slow_at_the_end(_request, lines):
        return b"run.finished" in lines[-1] and go_on.wait(60) and False

    controller.server.misbehave = slow_at_the_end
    began = time.monotonic()
    process = controller.play("site.yml", PLAYTRAIL_FLUSH_TIMEOUT="0.2")
    took = time.monotonic() - began
    assert process.returncode == 2
    assert names(controller), "it was not delivered when the run ended"
    assert took < 30, "without the timeout it would have waited for the server"
    go_on.set()
    wait_until(lambda: not names(controller), "the delivery after the run")
