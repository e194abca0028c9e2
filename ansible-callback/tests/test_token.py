"""Passwords of inventories, and the token. The secrets of tasks are in scenarios/secrets.yml."""

from __future__ import annotations

import pytest
from conftest import Trail, shippers, wait_until
from server import problem
from test_spool import warnings_of


def test_passwords_in_addresses_of_inventories_are_left_out(controller, playtrail):
    without = playtrail.Text.without_userinfo
    assert without("https://bob:pa55@example.com/hosts") == "https://example.com/hosts"
    assert without("/home/bob/https:/bob:pa55@example.com/hosts") == "/home/bob/https:/example.com/hosts"
    assert without("hosts.ini") == "hosts.ini"
    assert without("bob@example.com,") == "bob@example.com,"


def test_the_token_is_neither_in_arguments_nor_in_what_is_sent_as_an_event(controller):
    controller.write("token", "TOKEN-99\n")
    controller.write("wait.yml", WAIT)
    process = controller.start(
        "wait.yml", PLAYTRAIL_TOKEN_FILE=str(controller.folder / "token"), SECRET_OF_THE_RUN="x"
    )
    try:
        wait_until(lambda: controller.server.requests, "the first request")
        arguments, environment = shipper_of(controller)
        (controller.folder / "go").touch()
        process.communicate(timeout=60)
    finally:
        process.kill()
        process.communicate()
    assert controller.server.requests[0][0]["Authorization"] == "Bearer TOKEN-99"
    assert b"TOKEN-99" not in controller.everything() + arguments
    given = {name.split(b"=")[0] for name in environment.split(b"\0") if name}
    assert not given - {b"HOME", b"PATH", b"LANG", b"LC_CTYPE"} - playtrails_own(given)
    assert b"PLAYTRAIL_TOKEN" not in given


READERS = "playtrail_reader_" + "r" * 43
SENDERS = "playtrail_sender_" + "s" * 43

SAY = """
- hosts: alpha
  gather_facts: false
  tasks:
    - ansible.builtin.debug:
        msg: hello
"""

# A reader's token in the environment, and a sender's elsewhere: what ansible.cfg says, and the environment.
SOURCES = {
    "a variable beside token_file": ("token_file = {sender}", {"PLAYTRAIL_TOKEN": READERS}),
    "a variable beside token": (f"token = {SENDERS}", {"PLAYTRAIL_TOKEN": READERS}),
    "a file beside token_file": ("token_file = {sender}", {"PLAYTRAIL_TOKEN_FILE": "{reader}"}),
    "a file beside token": (f"token = {SENDERS}", {"PLAYTRAIL_TOKEN_FILE": "{reader}"}),
    "both beside token_file": (
        "token_file = {sender}",
        {"PLAYTRAIL_TOKEN": READERS, "PLAYTRAIL_TOKEN_FILE": "{reader}"},
    ),
    "a variable beside another": ("", {"PLAYTRAIL_TOKEN": READERS, "PLAYTRAIL_TOKEN_FILE": "{sender}"}),
}


@pytest.mark.parametrize("source", SOURCES)
def test_a_readers_token_does_not_take_the_place_of_a_senders(controller, recorded, source):
    files = {"sender": controller.folder / "sender.token", "reader": controller.folder / "reader.token"}
    files["sender"].write_text(SENDERS + "\n")
    files["reader"].write_text(READERS + "\n")
    line, env = SOURCES[source]
    controller.write("ansible.cfg", f"[callback_playtrail]\n{line.format(**files)}\n")
    controller.write("site.yml", SAY)
    env = {name: value.format(**files) for name, value in env.items()}
    process = recorded(controller, "site.yml", **env).process
    assert (process.returncode, process.stderr) == (0, b"")
    assert {headers["Authorization"] for headers, _body in controller.server.requests} == {
        f"Bearer {SENDERS}"
    }


@pytest.mark.parametrize("variable", ["PLAYTRAIL_TOKEN", "PLAYTRAIL_TOKEN_FILE"])
def test_with_a_readers_token_alone_one_warning_says_what_to_do(controller, variable):
    controller.write("reader.token", READERS + "\n")
    controller.write("site.yml", SAY)
    controller.server.misbehave = problem(403, "role_forbidden")
    readers = READERS if variable == "PLAYTRAIL_TOKEN" else str(controller.folder / "reader.token")
    process = controller.play("site.yml", **{variable: readers})
    (warning,) = warnings_of(process)
    told = " ".join(warning.split())
    assert "expected a sender's token, got a reader's" in told
    assert "token_file in [callback_playtrail]" in told
    assert process.returncode == 0 and b"playtrail" not in process.stdout
    assert READERS.encode() not in process.stderr
    assert Trail(controller.spooled()).of("run.finished")


def test_who_ships_by_hand_need_not_take_a_readers_token_away_first(controller):
    controller.write("sender.token", SENDERS + "\n")
    controller.spool.mkdir(mode=0o700)
    (controller.spool / "019a5344-9e0b-7c3f-8a51-000000000000.ndjson").write_bytes(
        b'{"event":{"id":"x:0","sequence":0,"action":"run.finished"},"run":{"id":"x"}}\n'
    )
    file = str(controller.folder / "sender.token")
    assert controller.ship(PLAYTRAIL_TOKEN=READERS, PLAYTRAIL_TOKEN_FILE=file).returncode == 0
    assert controller.server.requests[0][0]["Authorization"] == f"Bearer {SENDERS}"


def playtrails_own(names):
    return {name for name in names if name.startswith(b"PLAYTRAIL_")}


WAIT = """
- hosts: alpha
  gather_facts: false
  tasks:
    - name: Wait
      ansible.builtin.raw: "n=0; while [ ! -e go ] && [ $n -lt 600 ]; do n=$((n+1)); sleep 0.05; done"
"""


def shipper_of(controller):
    pid = shippers(controller.spool)[0]
    with open(f"/proc/{pid}/cmdline", "rb") as arguments, open(f"/proc/{pid}/environ", "rb") as environment:
        return arguments.read(), environment.read()
