"""The spool inside Ansible: private, whole lines, locked; and no harm to the run if it cannot be written."""

from __future__ import annotations

import json
import os
import resource
import stat
import subprocess
import sys

import pytest
from conftest import PLUGIN, wait_until

PLAYBOOK = """
- hosts: alpha
  gather_facts: false
  tasks:
    - ansible.builtin.debug:
        msg: hello
"""

RUN_ID = "019a5344-9e0b-7c3f-8a51-000000000000"


@pytest.fixture
def offline(controller):
    controller.server.stop()
    controller.write("site.yml", PLAYBOOK)
    return controller


def warnings_of(process):
    # Earlier versions wrap them.
    return process.stderr.decode().split("[WARNING]: playtrail")[1:]


def test_folder_and_files_are_readable_by_their_owner_alone(offline):
    offline.play("site.yml", PLAYTRAIL_SPOOL_DIR=None)
    folder = offline.home / ".playtrail/spool"
    for path, mode in (folder.parent, 0o700), (folder, 0o700), (next(folder.iterdir()), 0o600):
        assert stat.S_IMODE(path.stat().st_mode) == mode
    offline.spool = folder
    offline.end_shippers()


@pytest.mark.parametrize("home", ["", "/proc/nowhere"])
def test_without_a_home_the_spool_is_in_a_private_folder_for_temporary_files(offline, home):
    process = offline.play(
        "site.yml", HOME=home, TMPDIR=str(offline.folder), PLAYTRAIL_SPOOL_DIR=None, **OTHER_TMP(offline)
    )
    offline.spool = offline.folder / f"playtrail-{os.geteuid()}"
    offline.end_shippers()
    assert warnings_of(process) == []
    assert stat.S_IMODE(offline.spool.stat().st_mode) == 0o700
    assert len(offline.spooled()) == 6


def OTHER_TMP(controller):
    # Ansible itself wants a home too.
    return {
        "ANSIBLE_LOCAL_TEMP": str(controller.folder / "tmp"),
        "ANSIBLE_HOME": str(controller.folder / "ansible"),
    }


def test_a_folder_that_others_can_write_to_is_refused_with_one_warning_and_the_run_goes_on(offline):
    offline.spool.mkdir()
    offline.spool.chmod(0o777)
    process = offline.play("site.yml")
    assert process.returncode == 0
    assert "is writable by others" in " ".join(process.stderr.decode().split())
    assert len(warnings_of(process)) == 1
    assert list(offline.spool.iterdir()) == []


def test_a_folder_for_temporary_files_that_is_a_link_is_refused(offline):
    (offline.folder / "elsewhere").mkdir(mode=0o700)
    (offline.folder / f"playtrail-{os.geteuid()}").symlink_to(offline.folder / "elsewhere")
    process = offline.play(
        "site.yml", HOME="", TMPDIR=str(offline.folder), PLAYTRAIL_SPOOL_DIR=None, **OTHER_TMP(offline)
    )
    assert process.returncode == 0
    assert len(warnings_of(process)) == 1
    assert list((offline.folder / "elsewhere").iterdir()) == []


def test_a_spool_that_cannot_be_made_costs_one_warning(offline):
    offline.spool.write_text("in the way")
    process = offline.play("site.yml")
    assert process.returncode == 0
    assert len(warnings_of(process)) == 1


def test_a_full_disk_leaves_whole_lines_and_a_gap_in_the_count(playtrail, tmp_path):
    spool = playtrail.Spool(str(tmp_path), RUN_ID)
    line = playtrail.encode({"event": {"sequence": 0}})
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    for room in range(1, len(line)):
        spool.append(line)
        size = os.path.getsize(spool.path)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size + room, limits[1]))
        try:
            with pytest.raises(OSError, match="large"):
                spool.append(line)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        assert os.path.getsize(spool.path) == size, f"with room for {room} bytes"
    spool.append(line)
    spool.close()
    with open(spool.path, "rb") as file:
        assert file.read() == line * len(line)


def test_workers_write_nothing_and_the_lock_lives_exactly_as_long_as_the_writer(playtrail, tmp_path):
    """A shipper takes what has no writer, and workers are forks that have the writer's descriptors."""
    program = (
        "import importlib.util, os, sys\n"
        "spec = importlib.util.spec_from_file_location('p', sys.argv[1])\n"
        "p = importlib.util.module_from_spec(spec); spec.loader.exec_module(p)\n"
        "spool = p.Spool(sys.argv[2], sys.argv[3])\n"
        "os.fork() or (spool.append(b'of a worker'), spool.close(), os._exit(0))\n"  # a worker that ends
        "os.wait()\n"
        "os.fork() or (print('ready', flush=True), sys.stdin.read(), os._exit(0))\n"  # a worker that stays
        "os.kill(os.getpid(), 9) if sys.argv[4] == 'die' else sys.stdin.read()\n"
    )
    for fate, is_gone in ("live", False), ("die", True):
        folder = tmp_path / fate
        folder.mkdir()
        command = [sys.executable, "-c", program, str(PLUGIN), str(folder), RUN_ID, fate]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        try:
            assert process.stdout.readline() == b"ready\n"
            if fate == "die":
                process.wait(timeout=60)
            reader = playtrail.SpoolReader.open(str(folder / f"{RUN_ID}.ndjson"))
            assert reader.writer_is_gone() is is_gone
            assert reader.size() == 0
            reader.close()
        finally:
            process.stdin.close()  # ends the worker that stayed, too
            process.wait(timeout=60)
            process.stdout.close()


def test_a_spool_that_was_deleted_under_the_run_is_begun_anew(playtrail, tmp_path):
    spool = playtrail.Spool(str(tmp_path), RUN_ID)
    spool.append(b"lost\n")
    os.unlink(spool.path)
    spool.looked_at -= 2  # It looks once a second.
    spool.append(b"kept\n")
    with open(spool.path, "rb") as file:
        assert file.read() == b"kept\n"
    spool.close()


def test_what_a_writer_left_before_its_spool_had_a_name_is_cleared_away_in_time(controller):
    controller.spool.mkdir(mode=0o700)
    old, new = controller.spool / f"{RUN_ID}.new", controller.spool / f"{RUN_ID[:-1]}1.new"
    for path in old, new:
        path.touch()
    os.utime(old, (0, 0))
    assert controller.ship().returncode == 0
    assert [path.name for path in controller.spool.iterdir()] == [new.name]


def test_the_kill_switch_leaves_no_trace(offline):
    process = offline.play("site.yml", PLAYTRAIL_ENABLED="false")
    assert process.returncode == 0
    assert not offline.spool.exists()


def test_mistakes_in_the_options_are_told_once_and_the_run_is_recorded(offline):
    process = offline.play(
        "site.yml", PLAYTRAIL_URL="ftp://nowhere", PLAYTRAIL_LABELS="team=web,nonsense,in valid=1"
    )
    assert process.returncode == 0
    assert len(warnings_of(process)) == 1
    events = offline.spooled()
    assert events[0]["labels"] == {"team": "web"}
    assert len(events) == 6


def test_options_can_stand_in_ansible_cfg(offline):
    offline.write(
        "ansible.cfg",
        "[callback_playtrail]\nspool_dir = from-cfg\nlabels = team=web\nurl = http://127.0.0.1:1\n",
    )
    offline.play("site.yml", PLAYTRAIL_SPOOL_DIR=None, PLAYTRAIL_URL=None)
    offline.spool = offline.folder / "from-cfg"
    offline.end_shippers()
    assert offline.spooled()[0]["labels"] == {"team": "web"}


def test_a_run_whose_hooks_fail_goes_on_and_says_so_once(offline, playtrail):
    # A copy of the plugin that fails in each result, as a new version of Ansible might make it.
    broken = offline.folder / "broken"
    broken.mkdir()
    begin = "    def host_result("
    failing = (
        "    def host_result(self, *args):\n"
        "        self.event('host.result', 'ansible.result', 'info')\n"
        "        raise KeyError('surprise')\n\n"
    )
    text = PLUGIN.read_text().replace(begin, failing + begin.replace("host_result", "unused"))
    (broken / "playtrail.py").write_text(text)
    process = offline.play(
        "site.yml", ANSIBLE_CALLBACK_PLUGINS=str(broken), _ANSIBLE_CALLBACK_DISPATCH_ERROR_BEHAVIOR="error"
    )
    assert process.returncode == 0
    assert len(warnings_of(process)) == 1
    sequences = [event["event"]["sequence"] for event in offline.spooled()]
    assert sequences == [0, 1, 2, 4, 5], "what is missing shows as a gap"
    assert "KeyError at playtrail.py:" in " ".join(process.stderr.decode().split())
    assert b"surprise" not in process.stderr, "what an exception says may be a secret"


def test_the_shipper_needs_nothing_but_the_standard_library(controller):
    command = [sys.executable, "-I", "-X", "importtime", str(PLUGIN), "--ship", str(controller.folder)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert "nothing is left" in done.stdout
    loaded = [
        line.split("|")[-1].strip() for line in done.stderr.splitlines() if line.startswith("import time")
    ]
    assert "fcntl" in loaded
    assert not [name for name in loaded if name.split(".")[0] in ("ansible", "yaml", "jinja2")]


def test_an_event_is_never_larger_than_the_server_takes(playtrail, validate, tmp_path):
    text = "\x01€" * 32768
    event = {
        "@timestamp": "2026-11-05T09:30:00Z",
        "event": {"id": f"{RUN_ID}:0", "sequence": 0, "action": "host.result", "dataset": "ansible.result"},
        "run": {"id": RUN_ID},
        "host": {"name": "alpha"},
        "ansible": {
            "task": {"id": "x", "name": "x"},
            "result": {
                "status": "ok",
                "stdout": text[:8192],
                "stderr": text[:8192],
                "warnings": [text[:8192]] * 32,
            },
            "diff": [{"path": "/x", "unified": text[:65536]}],
        },
    }
    line = playtrail.encode(event)
    assert len(line) <= 256 * 1024
    kept = json.loads(line)
    validate(kept)
    assert kept["ansible"]["truncated"][0] == {"field": "ansible.diff", "size": 65536}
    assert kept["ansible"]["result"]["status"] == "ok"


def test_nothing_waits_for_a_server_that_takes_no_connection_once_the_shipper_said_so(offline):
    process = offline.play("site.yml", PLAYTRAIL_FLUSH_TIMEOUT="3600")
    assert process.returncode == 0, "with a wait it would not have ended"
    wait_until(lambda: list(offline.spool.glob("*.ndjson")), "the spool")


def test_a_run_that_outgrows_the_spool_goes_on_with_the_least_and_says_what_is_missing(offline, validate):
    offline.write(
        "much.yml",
        """
- hosts: alpha
  gather_facts: false
  tasks:
    - name: Much
      ansible.builtin.debug:
        msg: "{{ 'x' * 8000 }}"
      loop: "{{ [0] * 150 }}"
    - name: More
      ansible.builtin.debug:
        msg: "{{ 'x' * 8000 }}"
      loop: "{{ [0] * 150 }}"
    - name: Still more
      ansible.builtin.debug:
        msg: "{{ 'x' * 8000 }}"
      loop: "{{ [0] * 150 }}"
    - name: Not much
      ansible.builtin.debug:
""",
    )
    offline.spool.mkdir(mode=0o700)
    (offline.spool / f"{RUN_ID}.rejected").write_bytes(b"x" * 2**21)
    process = offline.play("much.yml", PLAYTRAIL_SPOOL_BYTES_MAX=str(2**21))
    assert (process.returncode, process.stderr) == (0, b"")
    events = offline.spooled()
    for event in events:
        validate(event)
    size = sum(path.stat().st_size for path in offline.spool.glob("*.ndjson"))
    assert 2**20 - 2**14 < size < 2**20 + 2**14, "a run always has room for this much"

    actions = [event["event"]["action"] for event in events]
    assert actions[-3:] == ["host.finished", "spool.dropped", "run.finished"]
    dropped = events[-2]["spool"]
    assert dropped["reason"] == "size"
    there = {event["event"]["sequence"] for event in events}
    missing = set()
    for first, last in (map(int, part.split("-")) for part in dropped["sequences"]):
        missing.update(range(first, last + 1))
    assert len(missing) == dropped["events"] > 0
    assert there | missing == set(range(events[-1]["run"]["events"])) and not there & missing
    assert "lost" not in events[-1]["run"]
