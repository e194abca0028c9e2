"""The role playtrail.audit.witness: real runs, whose hosts log with real programs, files and sockets."""

from __future__ import annotations

import json
import os
import pwd
import re
import shutil
import socket

import pytest
from conftest import ROOT, Trail, wait_until

RUN_ID = "01930000-0000-7000-8000-000000000001"
LOGGER_MESSAGE_BYTES_MAX = 1024
AUTHPRIV_NOTICE = 10 * 8 + 5

PLAYBOOK = """
- name: Web servers
  hosts: web
  gather_facts: false
  pre_tasks:
    - ansible.builtin.import_role: {name: playtrail.audit.witness}
  tasks:
    - ansible.builtin.debug: {msg: the work}
      tags: work
  post_tasks:
    - ansible.builtin.import_role: {name: playtrail.audit.witness, tasks_from: finish}
"""

# Programs of the host. Each writes its last argument, and a NUL behind it, into a file of its own name.
WRITES = '#!/bin/sh\nfor last; do :; done\nprintf "%s\\0" "$last" >> "$HOST_LOGS/${0##*/}"\n'
READS = '#!/bin/sh\nprintf "%s\\0" "$(cat)" >> "$HOST_LOGS/${0##*/}"\n'
REFUSES = "#!/bin/sh\nexit 1\n"
HANGS = "#!/bin/sh\nexec sleep 60\n"


class Host:
    """The programs and the logs of the managed hosts, all of which are this machine."""

    def __init__(self, controller):
        self.controller = controller
        self.logs = controller.folder / "logs"
        self.bin = controller.folder / "bin"
        self.logs.mkdir()
        self.bin.mkdir()
        collection = controller.folder / "collections/ansible_collections/playtrail/audit"
        collection.parent.mkdir(parents=True)
        collection.symlink_to(ROOT / "ansible-callback")
        self.programs(logger=WRITES, sudo=REFUSES, **{"systemd-cat": REFUSES})

    def programs(self, **texts):
        for name, text in texts.items():
            (self.bin / name).write_text(text)
            (self.bin / name).chmod(0o755)

    def play(self, *arguments, playbook=PLAYBOOK, name="site.yml", **env):
        self.controller.write(name, playbook)
        environment = {
            "PATH": f"{self.bin}:{self.controller.env['PATH']}",
            "HOST_LOGS": str(self.logs),
            "ANSIBLE_COLLECTIONS_PATH": str(self.controller.folder / "collections"),
            "ANSIBLE_CALLBACKS_ENABLED": None,
            "PLAYTRAIL_RUN_ID": RUN_ID,
        }
        return self.controller.play(name, *arguments, **{**environment, **env})

    def lines(self, program="logger"):
        """Returns what the program has been given, one text a call."""
        path = self.logs / program
        return path.read_text().split("\0")[:-1] if path.exists() else []

    def fields(self, program="logger"):
        return [fields(line) for line in self.lines(program)]


@pytest.fixture
def host(controller):
    return Host(controller)


def fields(line):
    """Reads a line as its description in the README says; fails if that leaves anything over."""
    assert re.fullmatch(r"[ -~]*", line), "only printable ASCII"
    found = re.findall(r'(\w+)=("(?:[^"\\]|\\.)*"|[^\s"]+)(?: |$)', line)
    assert " ".join(f"{name}={value}" for name, value in found) == line
    return {name: json.loads(value) if value[0] == '"' else value for name, value in found}


def recap(process):
    """Returns what the recap says of each host, without what only a task more or less changes."""
    lines = process.stdout.decode().partition("PLAY RECAP")[2].splitlines()[1:]
    counts = {line.split()[0]: dict(re.findall(r"(\w+)=(\d+)", line)) for line in lines if line.strip()}
    return {
        name: {count: int(counts[name][count]) for count in ("changed", "unreachable", "failed")}
        for name in counts
    }


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], {}),
        (["--check"], {"check": "true"}),
        (["--tags", "work"], {"tags": "work"}),
        (["--tags", "nothing,has-this"], {"tags": "has-this,nothing"}),
        (["--skip-tags", "work,all"], {"skip_tags": "all,work"}),
        (["--limit", "web:!gamma"], {"limit": "web:!gamma"}),
    ],
    ids=" ".join,
)
def test_each_host_gets_one_line_at_the_start_and_one_at_the_end(host, arguments, says):
    process = host.play(*arguments)

    assert process.returncode == 0, process.stdout
    assert recap(process) == {
        name: {"changed": 0, "unreachable": 0, "failed": 0} for name in ("alpha", "beta")
    }
    common = {
        "run": RUN_ID,
        "controller": os.uname().nodename,
        "check": "false",
        "playbook": "site.yml",
        "play": "Web servers",
        "limit": "-",
        "tags": "all",
        "skip_tags": "-",
        **says,
    }
    expected = [(when, name) for when in ("start", "finish") for name in ("alpha", "beta")]
    found = host.fields()
    assert sorted((line["when"], line["host"]) for line in found) == sorted(expected)
    for line in found:
        assert {name: line[name] for name in common} == common


def test_skip_tags_always_skips_the_witness(host):
    assert host.play("--skip-tags", "always").returncode == 0
    assert host.lines() == []


def test_a_run_without_the_callback_says_so(host):
    host.play(PLAYTRAIL_RUN_ID=None)
    assert {line["run"] for line in host.fields()} == {"-"}


def test_the_line_carries_the_id_under_which_the_callback_records_the_run(host):
    host.controller.write("other.yml", PLAYBOOK)
    recording = {"ANSIBLE_CALLBACKS_ENABLED": "playtrail", "PLAYTRAIL_RUN_ID": None}
    process = host.play("other.yml", "--limit", "alpha", **recording)
    assert process.returncode == 0, process.stdout + process.stderr
    wait_until(lambda: not list(host.controller.spool.glob("*.ndjson")), "the delivery")

    runs = [run.events[0]["run"]["id"] for run in Trail(host.controller.server.stored()).runs()]
    assert len(runs) == 2
    assert [line["run"] for line in host.fields()] == [runs[0], runs[0], runs[1], runs[1]]


def test_each_play_and_each_playbook_has_its_own_line(host):
    host.controller.write("other.yml", PLAYBOOK.replace("Web servers", "Other"))
    host.play("other.yml", "--limit", "alpha", playbook=PLAYBOOK + PLAYBOOK.replace("Web servers", "Second"))
    started = [line["play"] for line in host.fields() if line["when"] == "start"]
    assert started == ["Web servers", "Second", "Other"]


@pytest.mark.parametrize(
    ("env", "variables", "says"),
    [
        ({"SUDO_USER": "erin"}, {"awx_user_name": "carol"}, ("erin", "sudo")),
        ({}, {"awx_user_name": "carol"}, ("carol", "awx")),
        ({}, {"tower_user_name": "dave"}, ("dave", "awx")),
        ({}, {}, ("alice", "env")),
        ({"LOGNAME": None}, {}, (pwd.getpwuid(os.getuid()).pw_name, "uid")),
    ],
)
def test_the_user_is_known_by_the_best_evidence_there_is(host, env, variables, says):
    host.play("-e", json.dumps(variables), **env)
    line = host.fields()[0]
    # The tests may run in a login session, which is better evidence than any that they can make up.
    assert (line["user"], line["origin"]) == says or line["origin"] in ("loginuid", "login")


# Quotes, commands, line ends, and what raw would take for an option of its own.
NASTY = "a\"b'c\\ `touch owned`;$(touch owned)\n\x07\x7f\u2028é executable=false run=-"


def test_names_cannot_begin_a_line_nor_run_a_command_nor_forge_a_field(host):
    inventory = {"all": {"hosts": {NASTY: {"ansible_connection": "local"}}}}
    host.controller.write("nasty.json", json.dumps(inventory))
    playbook = PLAYBOOK.replace("hosts: web", "hosts: all").replace("Web servers", json.dumps(NASTY))
    process = host.play("-i", "nasty.json", "--tags", NASTY, "--limit", "all", name=NASTY, playbook=playbook)

    assert process.returncode == 0, process.stdout + process.stderr
    start, finish = host.fields()
    assert start["run"] == finish["run"] == RUN_ID
    assert {start[field] for field in ("host", "playbook", "play", "tags")} == {NASTY}
    assert not list(host.controller.folder.rglob("owned"))


def test_a_line_is_never_longer_than_a_message_of_logger(host):
    long = "é\n" * 200
    name = "p" * 240 + ".yml"
    playbook = PLAYBOOK.replace("Web servers", json.dumps(long))
    env = {"LOGNAME": long, "SUDO_USER": long, "PLAYTRAIL_RUN_ID": long}
    variables = json.dumps({"awx_user_name": long, "witness_when": long})
    host.play("--tags", long, "--skip-tags", long, "-e", variables, name=name, playbook=playbook, **env)
    line = host.lines()[0]
    assert len(line) <= LOGGER_MESSAGE_BYTES_MAX
    assert fields(line)["playbook"] == "p" * 43 + "..." + "p" * 39 + ".yml"
    assert fields(line)["play"].startswith("é\n")


def test_the_real_logger_sends_one_datagram_to_the_facility_of_sudo(host):
    logger = shutil.which("logger")
    if logger is None:
        pytest.skip("there is no logger on this machine")
    path = host.controller.folder / "log"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as log:
        log.bind(str(path))
        log.settimeout(30)
        host.programs(logger=f'#!/bin/sh\nexec {logger} -u {path} "$@"\n')
        host.play("--limit", "alpha", "--tags", "a\nplaytrail: forged")
        datagrams = [log.recv(65536).decode() for _ in ("start", "finish")]
        log.setblocking(False)
        with pytest.raises(BlockingIOError):
            log.recv(65536)
    for when, datagram in zip(("start", "finish"), datagrams):
        head, text = re.fullmatch(r"<(\d+)>.* playtrail: (run=[^\n\0]*)\0?", datagram).groups()
        assert int(head) == AUTHPRIV_NOTICE
        assert fields(text)["when"] == when
        assert fields(text)["tags"] == "a\nplaytrail: forged"


def test_the_real_logger_gives_up_where_nobody_listens_and_sudo_gets_the_line(host):
    logger = shutil.which("logger")
    if logger is None:
        pytest.skip("there is no logger on this machine")
    host.programs(logger=f'#!/bin/sh\nexec {logger} -u {host.logs}/nobody "$@"\n', sudo=WRITES)
    through = json.dumps({"witness_through": ["logger", "sudo"]})
    assert host.play("--limit", "alpha", "-e", through).returncode == 0
    assert [line.partition("when=")[0] for line in host.lines("sudo")] == [f"playtrail: run={RUN_ID} "] * 2


def test_the_journal_comes_before_sudo(host):
    host.programs(logger=REFUSES, sudo=WRITES, **{"systemd-cat": READS})
    host.play("--limit", "alpha")
    assert [line["when"] for line in host.fields("systemd-cat")] == ["start", "finish"]
    assert host.lines("sudo") == []


def test_the_order_of_the_ways_is_the_users(host):
    host.programs(sudo=WRITES)
    host.play("-e", json.dumps({"witness_through": ["sudo", "logger"]}))
    assert len(host.lines("sudo")) == 4
    assert host.lines("logger") == []


@pytest.mark.parametrize(
    "variables",
    [
        {},
        {"witness_through": ["nothing like it", "$(touch owned)"]},
        {"witness_through": []},
    ],
)
def test_a_host_that_takes_no_line_changes_nothing(host, variables):
    host.programs(logger=REFUSES)
    process = host.play("-e", json.dumps(variables))
    assert process.returncode == 0, process.stdout
    assert recap(process) == {
        name: {"changed": 0, "unreachable": 0, "failed": 0} for name in ("alpha", "beta")
    }
    assert b"fatal" not in process.stdout
    assert process.stdout.count(b'"msg": "the work"') == 2
    assert not list(host.controller.folder.rglob("owned"))


def test_a_host_that_hangs_does_not_hang_the_run(host):
    host.programs(logger=HANGS)
    process = host.play("--limit", "alpha", "-e", json.dumps({"witness_seconds_max": 1}))
    assert process.returncode == 0, process.stdout
    assert recap(process) == {"alpha": {"changed": 0, "unreachable": 0, "failed": 0}}
    assert process.stdout.count(b'"msg": "the work"') == 1


def test_an_unreachable_host_is_lost_by_its_work_and_not_by_the_witness(host):
    """The debug task connects to nothing, so that without the witness the run would succeed."""
    unreachable = ["-e", "ansible_connection={{ 'nowhere' if inventory_hostname == 'beta' else 'local' }}"]
    playbook = PLAYBOOK.replace("hosts: web", "hosts: web\n  any_errors_fatal: true")
    process = host.play(*unreachable, playbook=playbook)
    assert process.returncode == 0, process.stdout
    assert process.stdout.count(b'"msg": "the work"') == 2
    assert sorted((line["when"], line["host"]) for line in host.fields()) == [
        ("finish", "alpha"),
        ("start", "alpha"),
    ]


def test_a_host_that_fails_gets_no_last_line(host):
    """What the README says a role cannot do; the callback records the end of the run all the same."""
    playbook = PLAYBOOK.replace("{msg: the work}", "{msg: '{{ missing }}'}")
    assert host.play(playbook=playbook).returncode == 2
    assert {line["when"] for line in host.fields()} == {"start"}


def test_the_accounts_privileges_do_not_matter(host):
    """A play that becomes another user by a way that does not work here has its line all the same."""
    playbook = PLAYBOOK.replace(
        "hosts: web", "hosts: web\n  become: true\n  become_method: ansible.builtin.sudo"
    )
    assert host.play(playbook=playbook).returncode == 0
    assert len(host.lines()) == 4
