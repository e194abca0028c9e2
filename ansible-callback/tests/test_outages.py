"""Whatever the network, the server and the disk do: the run is the same to the byte, and nothing is lost."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from conftest import BIN, PLUGIN, Trail, wait_until
from server import Server, problem
from test_delivery import PLAYBOOK, drop, half_an_answer, store_and_drop
from test_spool import warnings_of
from test_transport import certificates

__all__ = ["certificates"]  # a fixture

# What a run may take longer because of the server, with room for a busy machine; there is no wait by design.
HURRY_SECONDS = 20

NOBODY = 65534


def one_byte_a_second(request, _lines):
    """An answer that never ends: a byte now and then, until nobody listens any more."""
    request.send_response(200)
    request.send_header("Content-Type", "application/json")
    request.send_header("Content-Length", "1000")
    request.end_headers()
    with contextlib.suppress(OSError):
        for _ in range(40):
            request.wfile.write(b" ")
            request.wfile.flush()
            time.sleep(1)  # This is what it does, not what the test waits for.
    request.close_connection = True
    return True


MISBEHAVIOURS = {
    "500": lambda _server: problem(500, "internal"),
    "401": lambda _server: problem(401, "token_missing"),
    "one byte a second": lambda _server: one_byte_a_second,
    "killed half way through an answer": half_an_answer,
    "storing, but never saying so": store_and_drop,
    "dropping every connection": lambda _server: drop,
}


@contextlib.contextmanager
def down(controller, _certificates):
    controller.server.stop()
    yield {}
    controller.server.start()


@contextlib.contextmanager
def black_hole(_controller, _certificates):
    """Connections are made, by the kernel, and nobody ever takes them."""
    with socket.socket() as hole:
        hole.bind(("127.0.0.1", 0))
        hole.listen(1)
        yield {"PLAYTRAIL_URL": f"http://127.0.0.1:{hole.getsockname()[1]}"}


@contextlib.contextmanager
def dead_dns(_controller, _certificates):
    yield {"PLAYTRAIL_URL": "https://playtrail.invalid"}


@contextlib.contextmanager
def bad_certificate(_controller, certificates):
    secure = Server()
    secure.start(certificates / "server.pem", certificates / "server.key")
    yield {"PLAYTRAIL_URL": secure.url.replace("http:", "https:")}
    secure.stop()
    assert secure.requests == []


def misbehaving(how):
    @contextlib.contextmanager
    def during(controller, _certificates):
        controller.server.misbehave = how(controller.server)
        yield {}
        controller.server.misbehave = lambda request, lines: False

    return during


OUTAGES = {
    "down": down,
    "a black hole": black_hole,
    "a name that nobody knows": dead_dns,
    "of a bad certificate": bad_certificate,
    **{name: misbehaving(how) for name, how in MISBEHAVIOURS.items()},
}


@pytest.fixture(scope="module")
def plain(new_controller):
    """The run without the plugin, how long it takes, and of which playbook: its path is in the output."""
    controller = new_controller()
    controller.write("site.yml", PLAYBOOK)
    path = controller.folder / "site.yml"
    began = time.monotonic()
    process = controller.play(path, ANSIBLE_CALLBACKS_ENABLED=None)
    return SimpleNamespace(process=process, seconds=time.monotonic() - began, path=path)


@pytest.mark.parametrize("outage", OUTAGES)
def test_a_run_is_the_same_and_its_record_arrives_once_though_the_server_is(
    controller, certificates, plain, outage, validate
):
    unrecorded = plain.process
    with OUTAGES[outage](controller, certificates) as env:
        began = time.monotonic()
        process = controller.play(plain.path, PLAYTRAIL_FLUSH_TIMEOUT="600", **env)
        assert time.monotonic() - began < plain.seconds + HURRY_SECONDS
        assert process.stdout.decode() == unrecorded.stdout.decode()
        assert (process.returncode, process.stderr) == (unrecorded.returncode, unrecorded.stderr)
        spooled = controller.spooled()
        assert Trail(spooled).sequences() == list(range(len(spooled)))
        assert Trail(spooled).of("run.finished")
        controller.end_shippers()
    assert controller.ship().returncode == 0
    trail = Trail(controller.server.stored())
    assert trail.events == spooled
    assert controller.server.conflicts == []
    assert list(controller.spool.iterdir()) == []
    for event in trail.events:
        validate(event)


def test_three_runs_without_a_server_arrive_whole_in_order_and_once_when_it_is_up(controller):
    controller.write("site.yml", PLAYBOOK)
    controller.server.stop()
    for _ in range(3):
        controller.play("site.yml")
    spooled = controller.spooled()
    controller.server.start()
    wait_until(lambda: not list(controller.spool.iterdir()), "the shipper that waits")
    sent = [json.loads(line)["event"]["id"] for line in controller.server.events.values()]
    assert sent == [event["event"]["id"] for event in spooled]
    assert len(Trail(spooled).runs()) == 3
    assert controller.server.conflicts == []


@contextlib.contextmanager
def mounted(folder, *options):
    """A small file system in memory, where we may mount one."""
    folder.mkdir(mode=0o700)
    mount = ["mount", "-t", "tmpfs", "-o", ",".join(["size=64k,mode=0700", *options]), "tmpfs", str(folder)]
    done = subprocess.run(mount, capture_output=True, text=True, check=False, timeout=60)
    if done.returncode != 0:
        pytest.skip(f"no file system can be mounted here: {done.stderr.strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True, timeout=60)


def test_a_disk_that_fills_up_costs_one_warning_and_a_gap_and_the_rest_arrives(controller, plain):
    with mounted(controller.spool):
        ballast = controller.spool / "ballast"
        ballast.write_bytes(b"x" * 60 * 1024)  # Leaves one page, which is less than the run.
        controller.server.stop()
        process = controller.play(plain.path)
        assert (process.returncode, process.stdout) == (plain.process.returncode, plain.process.stdout)
        assert len(warnings_of(process)) == 1
        assert "No space left" in " ".join(process.stderr.decode().split())
        spooled = controller.spooled()
        assert 0 < len(spooled) < 15
        controller.end_shippers()

        controller.server.start()
        assert controller.ship().returncode == 1, "there is no room to write down how the run ended"
        assert Trail(controller.server.stored()).events == spooled, "what there is arrives all the same"
        ballast.unlink()
        assert controller.ship().returncode == 0
        assert list(controller.spool.iterdir()) == []
    aborted = Trail(controller.server.stored()).one("run.aborted")
    assert aborted["run"]["events"] == len(spooled)
    assert controller.server.conflicts == []


def test_of_a_disk_that_was_full_for_a_while_everything_behind_it_is_recorded_and_all_that_is_lost_counted(
    controller,
):
    controller.write(
        "full.yml",
        """
- hosts: alpha
  gather_facts: false
  tasks:
    - name: Fill
      ansible.builtin.debug:
        msg: "{{ 'x' * 2000 }}"
      loop: "{{ range(80) | list }}"
    - name: Make room
      ansible.builtin.raw: rm {{ lookup('env', 'PLAYTRAIL_SPOOL_DIR') }}/ballast; sleep 1.1
    - name: Behind it
      ansible.builtin.debug:
""",
    )
    with mounted(controller.spool):
        (controller.spool / "ballast").write_bytes(b"x" * 40 * 1024)
        controller.server.stop()
        process = controller.play("full.yml")
        assert (process.returncode, len(warnings_of(process))) == (0, 1)
        trail = Trail(controller.spooled())
        controller.end_shippers()
    assert trail.status("alpha", "Behind it") == "ok"
    end = trail.one("run.finished")["run"]
    assert end["lost"] > 30, "more than so many failures as make it ask now and then only"
    assert end["lost"] == end["events"] - len(trail.events)


def test_a_spool_that_can_only_be_read_costs_one_warning(controller, plain):
    with mounted(controller.spool, "ro"):
        process = controller.play(plain.path)
        assert (process.returncode, process.stdout) == (plain.process.returncode, plain.process.stdout)
        assert len(warnings_of(process)) == 1
        assert "Read-only file system" in " ".join(process.stderr.decode().split())
        assert controller.ship().returncode == 0, "there is nothing to ship"


def run_as(user, command, **options):
    """Runs a command as another user, who may look into our folders: Python may lie in one of them."""
    looking = ["--inh-caps", "+dac_read_search", "--ambient-caps", "+dac_read_search"]
    setpriv = ["setpriv", "--reuid", str(user), "--clear-groups", *(looking if user else [])]
    command = [*setpriv, *command]
    return subprocess.run(command, capture_output=True, check=False, timeout=60, **options)


@pytest.fixture
def everybody(controller):
    """A folder that every user may enter and write to, with the playbook and the plugin."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "tmp").mkdir()
        for path in folder, folder / "tmp":
            path.chmod(0o1777)
        shutil.copy(PLUGIN, folder)
        shutil.copy(controller.folder / "hosts.ini", folder)
        (folder / "site.yml").write_text(PLAYBOOK)
        yield folder


@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("setpriv"), reason="only root is somebody else")
def test_users_side_by_side_have_spools_of_their_own_and_leave_others_alone(controller, everybody):
    controller.server.stop()
    env = {**controller.env, "HOME": "/proc/nowhere", "TMPDIR": str(everybody / "tmp")}
    env.update(ANSIBLE_CALLBACK_PLUGINS=str(everybody), ANSIBLE_INVENTORY="hosts.ini")
    del env["PLAYTRAIL_SPOOL_DIR"]
    folders = {}
    for user in 0, NOBODY:
        env.update(ANSIBLE_HOME=f"{everybody}/tmp/{user}", ANSIBLE_LOCAL_TEMP=f"{everybody}/tmp/{user}")
        command = [str(BIN / "ansible-playbook"), "site.yml"]
        ran = run_as(user, command, cwd=everybody, env=env)
        assert (ran.returncode, warnings_of(ran)) == (2, []), ran.stderr
        folders[user] = everybody / f"tmp/playtrail-{user}"
        assert (folders[user].stat().st_uid, folders[user].stat().st_mode & 0o777) == (user, 0o700)
        assert len(list(folders[user].glob("*.ndjson"))) == 1
        controller.spool = folders[user]
        controller.end_shippers()

    def ship(user, folder):
        command = [sys.executable, "-I", str(everybody / "playtrail.py"), "--ship", str(folder)]
        return run_as(user, command, cwd="/", env=env, text=True)

    controller.server.start()
    assert ship(NOBODY, folders[0]).returncode == 1
    assert "not ours" in ship(0, folders[NOBODY]).stdout, "not even root sends what another has written"
    assert controller.server.events == {}
    for user, folder in folders.items():
        assert ship(user, folder).returncode == 0
        assert list(Path(folder).iterdir()) == []
    assert len(Trail(controller.server.stored()).of("run.finished")) == 2
