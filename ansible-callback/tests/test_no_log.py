"""A secret of a no_log task is in no byte that leaves Ansible: not in the spool, not sent, not put aside."""

from __future__ import annotations

import json

import pytest
from conftest import shippers, wait_until

SECRET = "MARKER-4b7d"

# The secret is put together only when it is used, so that finding it anywhere means that it came through.
PLAYBOOK = """
- name: Secrets in all their forms
  hosts: alpha
  gather_facts: false
  vars:
    secret: "{{ ['MARKER', '4b7d'] | join('-') }}"
    hide: true
  tasks:
    - name: plain {{ secret }}
      ansible.builtin.command: echo {{ secret }}
      no_log: true
    - name: templated {{ secret }}
      ansible.builtin.command: echo {{ secret }}
      no_log: "{{ hide }}"
    - name: templated to false {{ secret }}
      ansible.builtin.command: echo fine
      no_log: "{{ not hide }}"
    - name: failed {{ secret }}
      ansible.builtin.fail:
        msg: "bad {{ secret }}"
      no_log: true
      ignore_errors: true
    - name: not to be evaluated {{ secret }}
      ansible.builtin.debug:
        msg: "{{ (secret ~ ' is no number') | mandatory | nonsense_filter }}"
      no_log: true
      ignore_errors: true
    - name: undefined {{ secret }}
      ansible.builtin.debug:
        msg: "{{ {secret: 1}[secret ~ 'x'] }}"
      no_log: true
      ignore_errors: true
    - name: difference {{ secret }}
      ansible.builtin.copy:
        content: "{{ secret }}"
        dest: "{{ playbook_dir }}/{{ secret }}"
        mode: "0600"
      no_log: true
    - name: loop {{ secret }}
      ansible.builtin.command: echo {{ item }}
      loop: ["{{ secret }}", "{{ secret }}-2"]
      no_log: true
    - name: loop that fails {{ secret }}
      ansible.builtin.command: "false {{ item }}"
      loop: ["{{ secret }}"]
      no_log: true
      ignore_errors: true
    - name: loop with a label {{ secret }}
      ansible.builtin.command: echo {{ item }}
      loop: ["{{ secret }}"]
      loop_control: {label: "{{ item }}"}
      no_log: "{{ hide }}"
    - name: some items {{ secret }}
      ansible.builtin.command: echo {{ item.value }}
      loop:
        - {value: open, hide: false}
        - {value: "{{ secret }}", hide: true}
      no_log: "{{ item.hide }}"
    - name: skipped {{ secret }}
      ansible.builtin.command: echo {{ secret }}
      when: secret == 'other'
      no_log: true
    - name: tried again {{ secret }}
      ansible.builtin.command: echo {{ secret }}
      register: tried
      until: tried.attempts | default(1) > 1
      retries: 2
      delay: 0
      no_log: true
      ignore_errors: true
    - name: delegated {{ secret }}
      ansible.builtin.command: echo {{ secret }}
      delegate_to: beta
      no_log: true
    - name: block
      no_log: true
      block:
        - name: inherited {{ secret }}
          ansible.builtin.command: echo {{ secret }}
          notify: handler of secrets
    - ansible.builtin.command: echo {{ secret }}
      no_log: true
    - name: in the clear
      ansible.builtin.command: echo in the clear
  handlers:
    - name: handler of secrets
      ansible.builtin.command: echo {{ secret }}
      no_log: true
- name: A whole play
  hosts: alpha
  gather_facts: false
  no_log: true
  vars:
    secret: "{{ ['MARKER', '4b7d'] | join('-') }}"
  tasks:
    - name: of the play {{ secret }}
      ansible.builtin.command: echo {{ secret }}
"""


@pytest.fixture(scope="module")
def run(new_controller, recorded):
    controller = new_controller()
    controller.write("secrets.yml", PLAYBOOK)
    # The half of all results is refused, so that the refused ones are looked through as well.
    controller.server.refuse = lambda event: (
        "refused for the test"
        if event["event"]["action"] == "host.result" and event["event"]["sequence"] % 2
        else None
    )
    found = recorded(
        controller,
        "secrets.yml",
        "--diff",
        "-vvv",
        ANSIBLE_DISPLAY_TRACEBACK="always",
        ANSIBLE_INJECT_INVOCATION="1",
    )
    found.controller = controller
    refused = [
        json.loads(line)["event"]
        for line in next(controller.spool.glob("*.rejected")).read_text().splitlines()
    ]
    found.trail.events = sorted(found.trail.events + refused, key=lambda event: event["event"]["sequence"])
    return found


def test_the_secret_is_nowhere(run):
    everything = run.controller.everything()
    assert SECRET.encode() in run.process.stdout + run.process.stderr, "the playbook did not use the secret"
    assert b"in the clear" in everything
    assert SECRET.encode() not in everything
    assert b"4b7d" not in everything.replace(b"'4b7d'", b"")


def test_each_of_its_tasks_is_recorded_all_the_same(run):
    results = run.trail.of("host.result")
    names = {event["ansible"]["task"]["name"] for event in results}
    assert "plain {{ secret }}" in names
    assert "of the play {{ secret }}" in names
    written = {
        line.split("name: ", 1)[1]
        for line in PLAYBOOK.splitlines()
        if "{{ secret }}" in line and "name: " in line
    }
    assert written <= names
    assert run.trail.sequences() == list(range(len(run.trail.events)))


def test_only_what_may_be_said_is_said(run, validate):
    for event in run.trail.of("host.result"):
        validate(event)
        if event["ansible"]["task"]["name"] == "in the clear":
            assert event["ansible"]["task"]["no_log"] is False
            assert event["ansible"]["result"]["stdout"] == "in the clear"
        else:
            assert event["ansible"]["task"]["no_log"] is True
            assert set(event["ansible"]["result"]) <= {"status", "ignored", "attempts"}
            assert "diff" not in event["ansible"]


def test_the_status_is_still_told(run):
    status = {
        name: run.trail.status("alpha", name + " {{ secret }}")
        for name in ("plain", "failed", "skipped", "loop that fails")
    }
    assert status == {
        "plain": "changed",
        "failed": "failed",
        "skipped": "skipped",
        "loop that fails": "failed",
    }


def test_a_nameless_task_is_named_by_its_action(run):
    assert run.trail.result("alpha", "ansible.builtin.command")["ansible"]["task"]["no_log"] is True


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
    assert {name.split(b"=")[0] for name in environment.split(b"\0") if name} <= {
        *(b"HOME", b"PATH", b"LANG", b"LC_CTYPE"),
        *(b"PLAYTRAIL_URL", b"PLAYTRAIL_TOKEN_FILE", b"PLAYTRAIL_SPOOL_DIR"),
    }


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
