"""What is recorded of a run: one large one, which most tests look at, and some of a particular kind."""

from __future__ import annotations

import json
import re

import pytest

PLAYBOOK = """
- name: Everything that can happen
  hosts: all
  gather_facts: false
  tasks:
    - name: Knock at every door
      ansible.builtin.raw: echo hello
      ignore_unreachable: true
    - name: Look around
      ansible.builtin.raw: echo seen; echo louder >&2
      changed_when: false
      tags: [looking]
    - name: Write the message of {{ inventory_hostname | length }}
      ansible.builtin.copy:
        content: "hello from {{ inventory_hostname }}\\n"
        dest: "{{ playbook_dir }}/motd.{{ inventory_hostname }}"
        mode: "0644"
      notify: Tell everybody
    - name: Write it again
      ansible.builtin.copy:
        content: "hello from {{ inventory_hostname }}\\n"
        dest: "{{ playbook_dir }}/motd.{{ inventory_hostname }}"
        mode: "0644"
    - name: Only if asked
      ansible.builtin.debug:
        msg: never
      when: asked | default(false)
    - name: Fail, but never mind
      ansible.builtin.fail:
        msg: never mind
      ignore_errors: true
    - name: A block
      block:
        - name: Fail in the block
          ansible.builtin.fail:
            msg: rescue me
      rescue:
        - name: Rescue
          ansible.builtin.debug:
            msg: [saved, "{{ inventory_hostname }}"]
    - name: Many things
      ansible.builtin.raw: echo {{ item }}
      changed_when: item == 'change'
      failed_when: item == 'fail'
      when: item != 'skip'
      loop: [ok, change, skip, fail, ok]
      ignore_errors: true
    - name: Only look what would be written
      ansible.builtin.copy:
        content: other
        dest: "{{ playbook_dir }}/motd.{{ inventory_hostname }}"
        mode: "0644"
      check_mode: true
    - name: Try until it works
      ansible.builtin.raw: "echo x >> {{ file }}; test $(wc -l < {{ file }}) -ge 2"
      vars:
        file: "{{ playbook_dir }}/tries.{{ inventory_hostname }}"
      register: tried
      until: tried.rc == 0
      retries: 3
      delay: 0
    - name: Do it elsewhere
      ansible.builtin.raw: "true"
      delegate_to: alpha
    - name: Fail for good
      ansible.builtin.fail:
        msg: for good
      when: inventory_hostname == 'beta'
  handlers:
    - name: Tell everybody
      ansible.builtin.debug:
        msg: told
- name: Nobody is here
  hosts: nobody
  tasks:
    - ansible.builtin.debug:
"""


@pytest.fixture(scope="module")
def run(new_controller, recorded):
    controller = new_controller()
    controller.write("site.yml", PLAYBOOK)
    hosts = (controller.folder / "hosts.ini").read_text()
    controller.write(
        "hosts.ini",
        hosts.replace("[db:vars]\nansible_connection=local", "[db:vars]\nansible_connection=nowhere"),
    )
    arguments = "--diff", "-e", "release=1.2 dbpass=SEKRET", "-e", '{"nested": {"a": 1}}', "-f", "3"
    environment = {
        "SSH_CONNECTION": "192.0.2.10 51234 192.0.2.1 22",
        "PLAYTRAIL_LABELS": "team=web, env=prod",
        # Both make Ansible strict about us: nothing may be raised, nothing deprecated may be used.
        "PYTHONWARNINGS": "error",
        "_ANSIBLE_CALLBACK_DISPATCH_ERROR_BEHAVIOR": "error",
    }
    found = recorded(controller, "site.yml", *arguments, **environment)
    found.controller = controller
    return found


@pytest.fixture(scope="module")
def trail(run):
    return run.trail


def test_every_event_is_valid_by_the_schema(trail, validate):
    for event in trail.events:
        validate(event)


def test_events_are_counted_from_zero_without_gaps(trail):
    assert trail.sequences() == list(range(len(trail.events)))
    run_id = trail.events[0]["run"]["id"]
    assert [event["event"]["id"] for event in trail.events] == [f"{run_id}:{n}" for n in trail.sequences()]


def test_a_run_begins_with_its_start_and_ends_with_its_end(trail):
    actions = [event["event"]["action"] for event in trail.events]
    assert (actions[0], actions[-1]) == ("run.started", "run.finished")
    assert actions.count("run.started") == actions.count("run.finished") == 1
    assert actions[-4:-1] == ["host.finished"] * 3


def test_every_event_names_run_actor_and_controller(trail):
    for event in trail.events:
        assert event["run"]["name"] == "site.yml"
        assert event["user"]["name"]
        assert event["observer"]["hostname"]


@pytest.mark.parametrize(
    ("host", "task", "status"),
    [
        ("alpha", "Knock at every door", "changed"),
        ("alpha", "Look around", "ok"),
        ("alpha", "Write it again", "ok"),
        ("alpha", "Only if asked", "skipped"),
        ("alpha", "Fail, but never mind", "failed"),
        ("alpha", "Fail in the block", "failed"),
        ("alpha", "Rescue", "ok"),
        ("alpha", "Many things", "failed"),
        ("alpha", "Fail for good", "skipped"),
        ("beta", "Fail for good", "failed"),
        ("gamma", "Knock at every door", "unreachable"),
        ("gamma", "Look around", "unreachable"),
    ],
)
def test_a_result_has_the_status_that_ansible_showed(trail, host, task, status):
    assert trail.status(host, task) == status


def test_ignored_failures_are_marked(trail):
    for host, task in (
        ("alpha", "Fail, but never mind"),
        ("alpha", "Many things"),
        ("gamma", "Knock at every door"),
    ):
        assert trail.result(host, task)["ansible"]["result"]["ignored"] is True
        assert trail.result(host, task)["event"]["outcome"] == "failure"
    for host, task in ("alpha", "Fail in the block"), ("gamma", "Look around"), ("alpha", "Rescue"):
        assert "ignored" not in trail.result(host, task)["ansible"]["result"]


def test_outcome_and_type_follow_from_the_status(trail):
    said = {
        name: (trail.result(host, name)["event"]["outcome"], trail.result(host, name)["event"]["type"])
        for host, name in [
            ("alpha", "Knock at every door"),
            ("alpha", "Look around"),
            ("alpha", "Only if asked"),
            ("alpha", "Fail in the block"),
            ("alpha", "Only look what would be written"),
        ]
    }
    assert said == {
        "Knock at every door": ("success", ["change"]),
        "Look around": ("success", ["info"]),
        "Only if asked": ("unknown", ["info"]),
        "Fail in the block": ("failure", ["error"]),
        "Only look what would be written": ("unknown", ["info"]),
    }


def test_output_message_and_exit_code_are_kept(trail):
    result = trail.result("alpha", "Look around")["ansible"]["result"]
    assert (result["stdout"].strip(), result["rc"]) == ("seen", 0)
    assert trail.result("alpha", "Fail in the block")["ansible"]["result"]["msg"] == "rescue me"
    assert trail.result("alpha", "Rescue")["ansible"]["result"]["msg"] == '["saved", "alpha"]'
    assert trail.result("gamma", "Look around")["ansible"]["result"]["msg"].endswith("nobody answers")


def test_why_a_task_was_skipped_is_kept(trail):
    assert "onditional" in trail.result("alpha", "Only if asked")["ansible"]["result"]["skip_reason"]


def test_the_items_of_a_loop_are_counted(trail):
    assert trail.result("alpha", "Many things")["ansible"]["result"]["items"] == {
        "ok": 2,
        "changed": 1,
        "failed": 1,
        "skipped": 1,
    }


def test_tries_and_the_host_of_a_delegated_task_are_kept(trail):
    assert trail.result("beta", "Try until it works")["ansible"]["result"]["attempts"] == 2
    assert trail.result("beta", "Do it elsewhere")["ansible"]["result"]["delegated_host"] == "alpha"


def test_a_change_comes_with_its_difference(trail):
    diffs = trail.one("host.result", host="alpha", task="Write the message of 5")["ansible"]["diff"]
    assert len(diffs) == 1
    assert diffs[0]["path"].endswith("/motd.alpha")
    assert diffs[0]["unified"].endswith("@@ -0,0 +1 @@\n+hello from alpha\n")
    assert "diff" not in trail.result("alpha", "Write it again")["ansible"]


def test_a_handler_is_marked_and_runs_where_it_was_notified(trail):
    results = trail.of("host.result", task="Tell everybody")
    assert [event["host"]["name"] for event in results] == ["alpha"]
    assert results[0]["ansible"]["task"]["handler"] is True
    assert trail.result("alpha", "Rescue")["ansible"]["task"]["handler"] is False


def test_a_task_that_was_only_checked_is_marked(trail):
    assert trail.result("alpha", "Only look what would be written")["ansible"]["task"]["check_mode"] is True
    assert trail.result("alpha", "Look around")["ansible"]["task"]["check_mode"] is False


def test_results_belong_to_the_play_and_task_that_were_started(trail):
    started = {event["ansible"]["task"]["id"]: event["ansible"]["task"] for event in trail.of("task.started")}
    play = trail.one("play.started", play="Everything that can happen")["ansible"]["play"]
    for event in trail.of("host.result"):
        task = event["ansible"]["task"]
        assert task["name"] == started[task["id"]]["name"]
        assert event["ansible"]["play"]["id"] == play["id"]


def test_a_task_is_described_by_its_place_in_the_source(trail, run):
    task = trail.one("task.started", task="Look around")["ansible"]["task"]
    line = PLAYBOOK.splitlines().index("    - name: Look around") + 1
    assert (task["path"], task["line"]) == (str(run.controller.folder / "site.yml"), line)
    assert (task["action"], task["tags"]) == ("ansible.builtin.raw", ["looking"])
    assert re.fullmatch("[0-9a-f]{40}", task["key"])


def test_a_play_tells_its_hosts_and_one_without_hosts_says_so(trail):
    play = trail.one("play.started", play="Everything that can happen")["ansible"]["play"]
    assert (play["hosts_pattern"], play["hosts_total"], play["batch"], play["strategy"]) == (
        "all",
        3,
        1,
        "linear",
    )
    assert trail.one("play.no_hosts")["ansible"]["play"]["name"] == "Nobody is here"


def test_hosts_come_with_their_groups(trail):
    assert trail.result("alpha", "Rescue")["host"] == {"name": "alpha", "groups": ["web"]}


def test_durations_are_measured_on_each_host(trail):
    for event in trail.of("host.result"):
        fields = event["event"]
        assert fields["start"] <= fields["end"]
        assert 0 < fields["duration"] < 60e9


def test_the_invocation_is_recorded_without_values(trail, run):
    started = trail.one("run.started")
    cli = started["ansible"]["cli"]
    assert cli == {
        "check": False,
        "diff": True,
        "forks": 3,
        "extra_var_names": ["dbpass", "nested", "release"],
        "inventory": [str(run.controller.folder / "hosts.ini")],
    }
    assert started["ansible"]["playbook"]["path"] == str(run.controller.folder / "site.yml")
    assert b"SEKRET" not in run.controller.everything()


def test_who_and_from_where_is_recorded(trail, run):
    started = trail.one("run.started")
    assert started["user"]["name"] and started["user"]["effective"]["name"]
    assert started["user"]["origin"] in ("loginuid", "login", "env")
    assert started["source"] == {"ip": "192.0.2.10", "port": 51234}
    assert started["process"]["working_directory"] == str(run.controller.folder)
    assert started["labels"] == {"team": "web", "env": "prod"}
    assert started["agent"] == {"name": "playtrail.audit", "version": "0.1.0"}


def test_the_end_tells_what_the_recap_tells(trail, run):
    recap = run.process.stdout.decode().split("PLAY RECAP")[1]
    for host in "alpha", "beta", "gamma":
        shown = dict(
            re.findall(r"(\w+)=(\d+)", next(line for line in recap.splitlines() if line.startswith(host)))
        )
        stats = trail.one("host.finished", host=host)["ansible"]["stats"]
        shown["failures"] = shown.pop("failed")
        assert stats == {name: int(count) for name, count in shown.items()}


def test_the_end_counts_hosts_and_derives_the_status(trail):
    end = trail.one("run.finished")
    assert end["run"]["status"] == "failed"
    assert end["event"]["outcome"] == "failure"
    assert end["ansible"]["hosts"] == {"total": 3, "ok": 0, "changed": 1, "failed": 1, "unreachable": 1}
    hosts = [event["ansible"]["stats"] for event in trail.of("host.finished")]
    assert end["ansible"]["stats"] == {name: sum(stats[name] for stats in hosts) for name in hosts[0]}


def test_nothing_of_playtrail_is_seen_in_the_output(run):
    output = run.process.stdout + run.process.stderr
    assert b"playtrail" not in output.replace(b"playtrail_under_test", b"")
    assert b"callback" not in output.lower()


TWO = """
- name: First
  hosts: web
  gather_facts: false
  serial: 1
  tasks:
    - name: Say something
      ansible.builtin.debug:
        msg: "{{ inventory_hostname }}"
"""


@pytest.fixture(scope="module")
def two(new_controller, recorded):
    controller = new_controller()
    controller.write("one.yml", TWO)
    controller.write(
        "two.yml", TWO.replace("hosts: web", "hosts: beta, gamma").replace("serial: 1", "strategy: free")
    )
    return recorded(
        controller,
        "one.yml",
        "two.yml",
        "--check",
        "--tags",
        "all,deploy",
        "--skip-tags",
        "slow",
        "-l",
        "all",
    ).trail


def test_two_playbooks_of_one_command_are_two_runs_of_one_parent(two, validate):
    first, second = two.runs()
    for event in two.events:
        validate(event)
    assert first.sequences() == list(range(len(first.events)))
    assert second.sequences() == list(range(len(second.events)))
    assert [trail.events[0]["run"]["name"] for trail in (first, second)] == ["one.yml", "two.yml"]
    parents = {event["run"].get("parent_id") for event in two.of("run.started")}
    assert len(parents) == 1 and None not in parents


def test_stats_count_one_run_alone_although_ansible_counts_on(two):
    first, second = two.runs()
    assert [event["host"]["name"] for event in first.of("host.finished")] == ["alpha", "beta"]
    assert [event["host"]["name"] for event in second.of("host.finished")] == ["beta", "gamma"]
    assert second.one("host.finished", host="beta")["ansible"]["stats"]["ok"] == 1


def test_batches_of_a_serial_play_are_counted_and_share_the_play(two):
    first, _second = two.runs()
    plays = [event["ansible"]["play"] for event in first.of("play.started")]
    assert [(play["batch"], play["hosts_total"]) for play in plays] == [(1, 1), (2, 1)]
    assert len({play["id"] for play in plays}) == 1
    tasks = [event["ansible"]["task"] for event in first.of("task.started")]
    assert [task["occurrence"] for task in tasks] == [1, 2]
    assert first.result("beta", "Say something")["ansible"]["task"]["occurrence"] == 2
    assert first.result("beta", "Say something")["ansible"]["play"]["batch"] == 2


def test_a_task_of_a_free_play_starts_once(two):
    _first, second = two.runs()
    assert len(second.of("task.started")) == 1
    assert {event["ansible"]["task"]["occurrence"] for event in second.of("host.result")} == {1}


def test_tags_and_limit_and_check_are_recorded(two):
    cli = two.of("run.started")[0]["ansible"]["cli"]
    assert (cli["check"], cli["skip_tags"], cli["limit"]) == (True, ["slow"], "all")
    assert sorted(cli["tags"]) == ["all", "deploy"]
    for event in two.of("host.result"):
        assert event["event"]["outcome"] == "unknown"
        assert event["ansible"]["task"]["check_mode"] is True


def test_the_key_of_a_task_is_the_same_in_every_run_and_place(two, new_controller, recorded):
    controller = new_controller()
    controller.write("one.yml", TWO)
    again = recorded(controller, "one.yml").trail
    keys = [trail.of("task.started")[0]["ansible"]["task"]["key"] for trail in (two.runs()[0], again)]
    ids = [trail.of("task.started")[0]["ansible"]["task"]["id"] for trail in (two.runs()[0], again)]
    assert keys[0] == keys[1]
    assert ids[0] != ids[1]


def test_odd_output_arrives_as_valid_utf8_within_the_limits(controller, recorded, validate):
    program = "import sys; sys.stdout.write('head' + '\\\\0\\u20ac' * 200000 + 'tail')"
    controller.write(
        "odd.yml",
        f"""
- hosts: alpha
  gather_facts: false
  tasks:
    - name: Much and odd
      ansible.builtin.command:
        argv: ["{{{{ ansible_playbook_python }}}}", "-c", "{program}"]
    - name: {"long " * 1000}
      ansible.builtin.debug:
        msg: "{{{{ range(100000) | list }}}}"
""",
    )
    trail = recorded(controller, "odd.yml", PYTHONIOENCODING="utf-8").trail
    for event in trail.events:
        validate(event)
        assert "\0" not in json.dumps(event, ensure_ascii=False)
    much = trail.result("alpha", "Much and odd")["ansible"]
    assert much["result"]["stdout"].startswith("head") and much["result"]["stdout"].endswith("tail")
    assert {"field": "ansible.result.stdout", "size": 400008} in much["truncated"]
    long = trail.of("host.result")[1]["ansible"]
    assert len(long["task"]["name"]) == 1024
    assert len(long["result"]["msg"]) <= 8192


def test_an_adhoc_command_is_a_run_where_callbacks_are_loaded_for_it(controller, recorded, validate):
    controller.env["ANSIBLE_LOAD_CALLBACK_PLUGINS"] = "1"
    command = controller.command

    def adhoc(*arguments, **env):
        made = command(*arguments, **env)
        made["args"][0] = made["args"][0].replace("ansible-playbook", "ansible")
        return made

    controller.command = adhoc
    trail = recorded(controller, "web", "-m", "raw", "-a", "echo SEKRET").trail
    for event in trail.events:
        validate(event)
    started = trail.one("run.started")
    assert (started["run"]["kind"], started["run"]["name"]) == ("adhoc", "raw")
    assert b"echo SEKRET" not in controller.everything()
    assert trail.one("run.finished")["run"]["status"] == "changed"
