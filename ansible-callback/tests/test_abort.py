"""Every end: however a run ends, its record says so, and holds everything that happened before."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time

import pytest
from conftest import PLUGIN, SECONDS_MAX, Trail, shippers, wait_until
from server import problem, times

# Long enough to be killed anywhere; each task waits a little for the file, which never comes.
BUSY = """
- hosts: web
  gather_facts: false
  tasks:
    - name: Count
      ansible.builtin.debug:
        msg: "{{ item }}"
      loop: "{{ range(20) | list }}"
    - name: Wait
      ansible.builtin.raw: "n=0; while [ ! -e go ] && [ $n -lt 5 ]; do n=$((n+1)); sleep 0.05; done"
    - name: Repeat
      ansible.builtin.include_tasks: wait.yml
      loop: "{{ range(100) | list }}"
"""
AGAIN = """
- name: Wait again
  ansible.builtin.raw: "[ -e go ] || sleep 0.05"
"""
WAIT = """
- hosts: alpha
  gather_facts: false
  tasks:
    - name: Wait
      ansible.builtin.raw: "n=0; while [ ! -e go ] && [ $n -lt 600 ]; do n=$((n+1)); sleep 0.05; done"
"""

RUN_ID = "019a5344-9e0b-7c3f-8a51-000000000000"
KILLS = int(os.environ.get("PLAYTRAIL_TEST_KILLS", "6"))
SIGNALS = (signal.SIGKILL, signal.SIGTERM, signal.SIGHUP)
NOTICED_WITHIN_SECONDS = 10


def events_of(controller):
    return Trail(controller.server.stored())


@pytest.fixture
def waiting(controller):
    """A run that waits in its first task, with what it has told so far on the server."""
    controller.write("wait.yml", WAIT)
    started = []

    def start(**env):
        started.append(controller.start("wait.yml", **env))
        wait_until(lambda: events_of(controller).of("task.started"), "the first task")
        return started[0]

    yield start
    (controller.folder / "go").touch()
    for process in started:
        controller.end(process)


def test_a_run_that_is_interrupted_says_so_itself_and_ansible_ends_as_ever(controller, waiting, validate):
    process = waiting()
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=60)
    assert process.returncode == 99
    assert b"User interrupted execution" in errors and b"playtrail" not in output + errors
    wait_until(lambda: events_of(controller).of("run.aborted"), "the end")
    trail = events_of(controller)
    assert trail.sequences() == list(range(len(trail.events)))
    aborted = trail.events[-1]
    validate(aborted)
    assert (aborted["event"]["action"], aborted["event"]["provider"]) == ("run.aborted", "callback")
    assert (aborted["run"]["reason"], aborted["run"]["events"]) == ("interrupted", len(trail.events))
    assert aborted["event"]["duration"] > 0


def spool_of(controller, *events):
    controller.spool.mkdir(mode=0o700, exist_ok=True)
    path = controller.spool / f"{RUN_ID}.ndjson"
    path.write_bytes(b"".join(json.dumps(event).encode() + b"\n" for event in events))
    return path


def event(sequence, action, **groups):
    return {
        "@timestamp": f"2026-11-05T09:30:{sequence:02d}.500000Z",
        "run": {"id": RUN_ID, "name": "site.yml"},
        "user": {"name": "alice"},
        "observer": {"hostname": groups.pop("host", "bastion")},
        **groups,
        "event": {
            "id": f"{RUN_ID}:{sequence}",
            "sequence": sequence,
            "action": action,
            "dataset": "ansible.run",
            "provider": "callback",
            **groups.get("event", {}),
        },
    }


def run_started(**groups):
    return event(0, "run.started", event={"start": "2026-11-05T09:30:00.500000Z"}, **groups)


def test_a_run_that_is_killed_anywhere_ends_as_aborted_in_time_and_whole(
    controller, playtrail, validate, capsys
):
    controller.write("busy.yml", BUSY)
    controller.write("wait.yml", AGAIN)
    took = []
    for number in range(KILLS):
        known = set(controller.server.events)
        signum = SIGNALS[number % len(SIGNALS)]
        enough = random.randint(1, 60)
        # A group of its own, since workers may outlive the one that is killed.
        process = subprocess.Popen(
            **controller.command("busy.yml"),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

        def of_this_run(known=known):
            return Trail([e for e in controller.server.stored() if e["event"]["id"] not in known])

        try:
            wait_until(lambda: len(of_this_run().events) >= enough, "events of the run")  # noqa: B023
            killed = playtrail.Clock()
            process.send_signal(signum)
            killed_at = time.monotonic()
            wait_until(lambda: of_this_run().of("run.aborted"), "the end")
            took.append(time.monotonic() - killed_at)
            process.wait(timeout=SECONDS_MAX)
        finally:
            controller.end(process)
        assert process.returncode == -signum, of_this_run().of("run.aborted")
        wait_until(lambda: not list(controller.spool.iterdir()), "the spool to go")
        trail = of_this_run()
        what = f"{signal.Signals(signum).name} after {enough} events"
        assert trail.sequences() == list(range(len(trail.sequences()))), what
        aborted = trail.one("run.aborted")
        validate(aborted)
        assert aborted["run"] == {
            "id": trail.events[0]["run"]["id"],
            "name": "busy.yml",
            "status": "aborted",
            "reason": "killed",
            "events": len(trail.sequences()),
        }, what
        assert aborted["event"]["outcome"] == "unknown"
        assert aborted["event"]["start"] == trail.one("run.started")["event"]["start"]
        assert aborted["event"]["end"] >= max(str(killed), trail.events[-2]["@timestamp"])
        assert f"(pid {process.pid})" in aborted["error"]["message"]
    with capsys.disabled():
        print(f"\n{KILLS} runs killed: each aborted and whole, at most {max(took):.1f} s after the signal")
    assert max(took) <= NOTICED_WITHIN_SECONDS
    wait_until(lambda: not shippers(controller.spool), "the shippers to end")


def test_a_run_that_is_killed_while_the_server_is_down_is_told_once_when_it_is_up(controller, waiting):
    process = waiting()
    controller.server.stop()
    before = len(events_of(controller).sequences())
    process.kill()
    killed_at = time.time()
    remarks = wait_until(lambda: list(controller.spool.glob("*.shipper")), "the shipper to notice")
    told = json.loads(wait_until(remarks[0].read_bytes, "the end"))
    controller.server.start()
    wait_until(lambda: not list(controller.spool.iterdir()), "the delivery")
    trail = events_of(controller)
    assert trail.one("run.aborted") == told
    assert told["run"]["events"] == len(trail.sequences()) >= before
    assert told["event"]["end"] >= time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(killed_at))
    assert controller.server.conflicts == []


def test_the_end_of_a_run_that_nobody_watched_is_the_time_of_its_last_event(controller, validate):
    spool_of(
        controller, run_started(process={"pid": 4711}), event(1, "play.started"), event(2, "task.started")
    )
    assert controller.ship().returncode == 0
    aborted = events_of(controller).one("run.aborted")
    validate(aborted)
    assert aborted["event"]["id"] == f"{RUN_ID}:s0"
    assert (aborted["event"]["start"], aborted["event"]["end"], aborted["event"]["duration"]) == (
        "2026-11-05T09:30:00.500000Z",
        "2026-11-05T09:30:02.500000Z",
        2_000_000_000,
    )
    assert aborted["run"]["events"] == 3
    assert (aborted["user"], aborted["observer"]) == ({"name": "alice"}, {"hostname": "bastion"})
    assert aborted["error"]["message"] == (
        "The Ansible process (pid 4711) ended without a word, as after SIGTERM, SIGHUP, SIGKILL or for want "
        "of memory."
    )


def test_the_end_of_a_run_is_not_before_its_last_heartbeat_nor_before_it_was_last_seen(controller, playtrail):
    path = spool_of(controller, run_started(), event(1, "play.started"))
    beat = {"@timestamp": "2026-11-05T09:30:31.000000Z", "event": {"action": "run.heartbeat"}}
    spool = playtrail.SpoolReader.open(str(path))
    assert playtrail.Death.groups(spool)["event"]["duration"] == 1_000_000_000
    spool.close()
    path.with_suffix(".shipper").write_bytes(json.dumps(beat).encode() + b"\n")
    spool = playtrail.SpoolReader.open(str(path))
    assert playtrail.Death.groups(spool)["event"]["duration"] == 30_500_000_000
    seen = playtrail.Clock()
    assert playtrail.Death.groups(spool, seen_at=seen)["event"]["end"] == str(seen)
    spool.close()


def test_a_run_that_is_killed_with_its_shipper_has_lasted_until_another_shipper_saw_it_last(
    controller, waiting
):
    process = waiting()
    own = shippers(controller.spool)
    waiting(PLAYTRAIL_HEARTBEAT_SECONDS="0.01")
    # Of each look, which begins with the oldest run, the other shipper leaves a heartbeat of its own run.
    wait_until(lambda: len(events_of(controller).of("run.heartbeat")) >= 3, "three looks")
    looks = [beat["@timestamp"] for beat in events_of(controller).of("run.heartbeat")]
    for pid in own:
        os.kill(pid, signal.SIGKILL)
    process.kill()
    wait_until(lambda: events_of(controller).of("run.aborted"), "the end")
    end = events_of(controller).one("run.aborted")["event"]
    assert end["end"] >= looks[-2]
    assert end["duration"] > 0


@pytest.mark.parametrize("last", ["run.finished", "run.aborted"])
def test_a_run_that_has_told_its_end_gets_no_other(controller, last):
    spool_of(controller, run_started(), event(1, last))
    assert controller.ship().returncode == 0
    assert list(controller.server.events) == [f"{RUN_ID}:0", f"{RUN_ID}:1"]


DAMAGED = {
    "nothing": b"",
    "only a torn line": b'{"event": {"id": ',
    "lines that are no events": b'[1]\n"x"\nnull\n{"event": 5}\n\n' + b"[" * 100_000 + b"\n",
    "events whose fields are of other kinds": b'{"event": {"action": []}, "run": 1, "process": []}\n',
}


@pytest.mark.parametrize("content", DAMAGED)
def test_a_spool_is_told_to_be_aborted_also_if_it_holds(controller, validate, content):
    controller.spool.mkdir(mode=0o700)
    (controller.spool / f"{RUN_ID}.ndjson").write_bytes(DAMAGED[content])
    controller.server.refuse = lambda event: "no event" if not isinstance(event, dict) else None
    store = controller.server.store

    def refuse_what_is_no_event(request, lines):
        bad = [number for number, line in enumerate(lines, 1) if b'"provider":"shipper"' not in line]
        answer = store([line for line in lines if b'"provider":"shipper"' in line])
        answer["rejected"] = [{"line": n, "code": "event_invalid", "message": "no event"} for n in bad]
        controller.server.answer(request, 200, answer)
        return True

    controller.server.misbehave = refuse_what_is_no_event
    assert controller.ship().returncode == 0
    (aborted,) = controller.server.stored()
    validate(aborted)
    assert aborted["run"]["id"] == RUN_ID
    assert [path.suffix for path in controller.spool.iterdir()] == ([".rejected"] if DAMAGED[content] else [])


def test_a_run_whose_process_goes_on_but_has_let_go_of_its_record_was_not_killed(controller):
    with open("/proc/self/stat", encoding="ascii") as file:
        ticks = int(file.read().rpartition(")")[2].split()[19])
    with open("/proc/uptime", encoding="ascii") as file:
        since_boot = float(file.read().split()[0])
    started = time.time() - since_boot + ticks / os.sysconf("SC_CLK_TCK")
    for moment, reason in (started, "error"), (started - 3600, "killed"):
        text = time.strftime("%Y-%m-%dT%H:%M:%S.500000Z", time.gmtime(moment))
        process = {"pid": os.getpid(), "start": text}
        spool_of(controller, run_started(process=process, host=os.uname().nodename))
        controller.server.events.clear()
        assert controller.ship().returncode == 0
        assert events_of(controller).one("run.aborted")["run"]["reason"] == reason


def test_what_a_shipper_says_is_the_same_to_the_byte_however_often_it_is_sent(controller):
    spool_of(controller, run_started(), event(1, "play.started"))

    def store_and_drop(request, lines):
        controller.server.store(lines)
        request.close_connection = True
        return True

    controller.server.misbehave = store_and_drop
    for _ in range(2):
        assert controller.ship().returncode == 1
    controller.server.misbehave = lambda request, lines: False
    assert controller.ship().returncode == 0
    assert list(controller.server.events) == [f"{RUN_ID}:0", f"{RUN_ID}:1", f"{RUN_ID}:s0"]
    assert controller.server.conflicts == []
    assert list(controller.spool.iterdir()) == []


def test_what_a_shipper_died_writing_is_no_event_and_its_number_is_given_again(controller):
    spool_of(controller, run_started())
    first = {
        **event(0, "run.heartbeat"),
        "event": {"id": f"{RUN_ID}:s0", "sequence": 0, "provider": "shipper"},
    }
    whole = json.dumps(first).encode() + b"\n"
    for cut in range(len(whole)):
        controller.server.events.clear()
        spool_of(controller, run_started())
        (controller.spool / f"{RUN_ID}.shipper").write_bytes(whole + whole[:cut])
        if cut % 50 == 0:
            assert controller.ship().returncode == 0
            assert list(controller.server.events) == [f"{RUN_ID}:0", f"{RUN_ID}:s0", f"{RUN_ID}:s1"], cut
            assert controller.server.stored()[-1]["event"]["action"] == "run.aborted"


def test_a_run_that_goes_on_has_a_heartbeat_and_none_pile_up_without_a_server(controller, waiting, validate):
    waiting(PLAYTRAIL_HEARTBEAT_SECONDS="0.01")
    wait_until(lambda: len(events_of(controller).of("run.heartbeat")) >= 2, "heartbeats")
    tries = []

    def refuse(request, lines):
        tries.append(lines)
        return problem(503, "journal_full")(request, lines)

    controller.server.misbehave = times(5, refuse)
    wait_until(lambda: len(tries) >= 5, "the shipper to try again")
    undelivered = {line for lines in tries for line in lines if b"run.heartbeat" in line}
    assert len(undelivered) == 1, "the same one, again and again"
    count = len(events_of(controller).of("run.heartbeat"))
    wait_until(lambda: len(events_of(controller).of("run.heartbeat")) >= count + 2, "heartbeats")
    (controller.folder / "go").touch()
    wait_until(lambda: not list(controller.spool.iterdir()), "the end")
    beats = events_of(controller).of("run.heartbeat")
    assert [beat["event"]["id"].partition(":")[2] for beat in beats] == [f"s{n}" for n in range(len(beats))]
    assert not events_of(controller).of("run.aborted")
    for beat in beats:
        validate(beat)
    assert controller.server.conflicts == []


def test_a_spool_that_the_server_fails_at_does_not_hold_back_a_run_that_goes_on(controller, waiting):
    spool_of(controller, run_started(), event(1, "run.finished"))
    failures = []

    def fail_at_the_old_one(request, lines):
        if RUN_ID.encode() not in lines[0]:
            return False
        failures.append(lines)
        return problem(500, "internal")(request, lines)

    controller.server.misbehave = fail_at_the_old_one
    process = waiting(PLAYTRAIL_HEARTBEAT_SECONDS="0.01")
    # By now the shipper would wait for long.
    wait_until(lambda: len(failures) >= 5, "the shipper to try again and again")
    before = len(events_of(controller).of("run.heartbeat"))
    wait_until(
        lambda: len(events_of(controller).of("run.heartbeat")) >= before + 4, "heartbeats all the same"
    )
    process.kill()
    killed_at = time.monotonic()
    wait_until(lambda: events_of(controller).of("run.aborted"), "the end")
    assert time.monotonic() - killed_at <= NOTICED_WITHIN_SECONDS
    assert len(failures) < 20, "no more tries than the back-off has"
    only = [f"{RUN_ID}.ndjson"]
    wait_until(lambda: [path.name for path in controller.spool.iterdir()] == only, "the run's spool to go")


def test_what_the_kernel_ended_for_want_of_memory_meanwhile_is_told(controller, playtrail):
    """The kernel's part is not tried: that would take a control group, or the machine's memory."""
    path = spool_of(controller, run_started(process={"pid": 4711}))
    spool = playtrail.SpoolReader.open(str(path))
    message = {n: playtrail.Death.groups(spool, oom_kills=n)["error"]["message"] for n in (0, 1, 2)}
    spool.close()
    assert message[1] == message[0] + " Meanwhile the kernel ended 1 process here for want of memory."
    assert "ended 2 processes here" in message[2]
    assert playtrail.Death.oom_kills() >= 0


def test_a_shipper_started_for_a_run_that_is_over_ends_by_itself(controller):
    spool_of(controller, run_started())
    command = [sys.executable, "-I", str(PLUGIN), "--ship", str(controller.spool), "--run", RUN_ID]
    done = subprocess.run(
        command, env=controller.env, stdin=subprocess.DEVNULL, capture_output=True, check=True, timeout=60
    )
    assert done.stdout == b"connected\nempty\n"
    assert events_of(controller).one("run.aborted")["run"]["reason"] == "killed"
