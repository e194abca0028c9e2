"""Passwords of inventories, and the token. The secrets of tasks are in scenarios/secrets.yml."""

from __future__ import annotations

from conftest import shippers, wait_until


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
