"""No record, no run, where `strict` says so; and otherwise never."""

from __future__ import annotations

import socket
import time

import pytest
from server import problem

PLAYBOOK = """
- hosts: alpha
  gather_facts: false
  tasks:
    - name: Change something
      ansible.builtin.raw: "touch {{ playbook_dir }}/changed"
"""


@pytest.fixture
def site(controller):
    controller.write("site.yml", PLAYBOOK)
    return controller


def has_changed(controller):
    return (controller.folder / "changed").exists()


def shown(process):
    return " ".join(process.stderr.decode().split())


@pytest.mark.parametrize("strict", ["spool", "server", "true", "yes"])
def test_a_run_that_cannot_be_written_down_ends_before_its_first_task(site, strict):
    process = site.play("site.yml", PLAYTRAIL_STRICT=strict, PLAYTRAIL_SPOOL_DIR="/proc/nowhere")
    assert process.returncode == 1
    assert not has_changed(site)
    assert "this run ends before its first task, because strict wants a record of it" in shown(process)
    assert "/proc/nowhere" in shown(process) and "strict = off" in shown(process)
    assert b"TASK" not in process.stdout


@pytest.mark.parametrize("strict", [None, "off", "false", "no"])
def test_by_default_it_goes_on_with_a_warning(site, strict):
    process = site.play("site.yml", PLAYTRAIL_STRICT=strict, PLAYTRAIL_SPOOL_DIR="/proc/nowhere")
    assert process.returncode == 0
    assert has_changed(site)
    assert "not recorded" in shown(process)


def test_a_word_that_is_none_of_its_values_is_no_way_around_it(site):
    process = site.play("site.yml", PLAYTRAIL_STRICT="of")
    assert process.returncode == 1
    assert not has_changed(site)
    assert "strict is 'of', expected one of off, spool, server" in shown(process)


def test_with_spool_the_server_need_not_be_there(site):
    site.server.stop()
    process = site.play("site.yml", PLAYTRAIL_STRICT="spool")
    assert (process.returncode, process.stderr) == (0, b"")
    assert has_changed(site)


def test_an_adhoc_command_and_a_console_are_stopped_as_well(site):
    env = {
        "PLAYTRAIL_STRICT": "spool",
        "PLAYTRAIL_SPOOL_DIR": "/proc/nowhere",
        "ANSIBLE_LOAD_CALLBACK_PLUGINS": "1",
    }
    for program in "ansible", "ansible-console":
        command = site.command(
            "web", *(["-m", "raw", "-a", "touch changed"] if program == "ansible" else []), **env
        )
        command["args"][0] = command["args"][0].replace("ansible-playbook", program)
        process = site.run(command, b"raw touch changed\n")
        assert b"strict wants a record" in process.stderr, program
        assert process.returncode == 1, program
        assert not has_changed(site), program


def test_with_server_the_start_is_acknowledged_before_the_first_task(site):
    process = site.play("site.yml", PLAYTRAIL_STRICT="server")
    assert (process.returncode, process.stderr) == (0, b"")
    assert has_changed(site)
    first_request = site.server.requests[0][1]
    assert b'"run.started"' in first_request


@pytest.mark.parametrize("server", ["down", "refusing", "failing", "misspelt"])
def test_with_server_a_run_that_is_not_acknowledged_ends_before_its_first_task(site, server):
    env = {"PLAYTRAIL_STRICT": "server"}
    if server == "down":
        site.server.stop()
    elif server == "misspelt":
        env["PLAYTRAIL_URL"] = "htp://127.0.0.1"
    else:
        site.server.misbehave = problem(401 if server == "refusing" else 500, "no")
    process = site.play("site.yml", **env)
    assert process.returncode == 1
    assert not has_changed(site)
    assert "strict wants a record of it: the" in shown(process) or "there is no server" in shown(process)
    assert b"TASK" not in process.stdout


def test_with_server_the_wait_for_one_that_says_nothing_is_bounded(site):
    with socket.create_server(("127.0.0.1", 0)) as hole:
        url = f"http://127.0.0.1:{hole.getsockname()[1]}"
        began = time.monotonic()
        process = site.play(
            "site.yml", PLAYTRAIL_STRICT="server", PLAYTRAIL_STRICT_TIMEOUT="1", PLAYTRAIL_URL=url
        )
    assert process.returncode == 1
    assert not has_changed(site)
    assert "no answer within 1 seconds" in shown(process)
    assert time.monotonic() - began < 15, "the shipper's own patience is longer"


def test_the_record_of_a_run_that_was_stopped_says_so(site):
    site.server.stop()
    site.play("site.yml", PLAYTRAIL_STRICT="server")
    started, ended = site.spooled()
    assert (started["event"]["action"], ended["event"]["action"]) == ("run.started", "run.aborted")
    assert ended["run"]["reason"] == "error"
    assert "strict wants a record of it" in ended["error"]["message"]


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("STRICT_TIMEOUT", "10s"),
        ("STRICT_TIMEOUT", "inf"),
        ("STRICT_TIMEOUT", "nan"),
        ("SPOOL_BYTES_MAX", "256M"),
        ("REDACT_PATTERNS", "a{99999999999999999999}"),
    ],
)
def test_a_slip_of_the_pen_in_another_option_is_told_and_does_not_switch_it_off(site, option, value):
    wrong = {"PLAYTRAIL_STRICT": "server", f"PLAYTRAIL_{option}": value}
    assert site.play("site.yml", PLAYTRAIL_URL="http://127.0.0.1:9", **wrong).returncode == 1
    assert not has_changed(site)

    process = site.play("site.yml", **wrong)
    assert process.returncode == 0
    assert f"playtrail: {option.lower()}: " in shown(process)
    assert b'"run.finished"' in site.everything()


def test_what_is_no_boolean_does_not_switch_recording_off(site):
    process = site.play("site.yml", PLAYTRAIL_ENABLED="ture")
    assert "enabled: expected true or false, got 'ture'; true counts" in shown(process)
    assert b'"run.finished"' in site.everything()
