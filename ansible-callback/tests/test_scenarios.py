"""Every scenario of scenarios/*.yml with real commands, twice: without the plugin, and with it."""

from __future__ import annotations

import contextlib
import difflib
import json
import re
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import scenario
from ansible.release import __version__ as ansible_version
from conftest import PLUGIN, SECONDS_MAX, Trail, wait_until
from stage import Stage

# No byte of it may leave Ansible, whatever the scenario does with it.
MARKER = b"MARKER-4b7d"

HERE = [each for each in scenario.load() if scenario.is_for(each.cores, ansible_version)]


def seen(process, variations):
    """Returns what a user sees of a run, less what differs between any two runs."""
    parts = [
        f"exit code {process.returncode}\n".encode(),
        b"stdout:\n",
        process.stdout,
        b"stderr:\n",
        process.stderr,
    ]
    text = b"".join(parts)
    for name in variations:
        text = re.sub(*scenario.VARIATIONS[name], text)
    return text


def fail_with(lines):
    pytest.fail("\n".join(lines), pytrace=False)


@pytest.fixture(scope="session")
def places(collections):
    found = {"collections": str(collections), "plugins": str(PLUGIN.parent), "python": sys.executable}
    with contextlib.suppress(ImportError):
        import ansible_mitogen  # noqa: PLC0415 - there for one core alone

        found["mitogen"] = str(Path(ansible_mitogen.__file__).parent / "plugins/strategy")
    return found


@pytest.fixture(scope="module", params=HERE, ids=lambda each: each.name)
def ran(request, new_controller, places):
    each = request.param
    controller = new_controller()
    stage = Stage(controller, each, places)
    without = stage.run(callbacks="")
    assert not controller.spool.exists() and not controller.server.requests, "it was to run without"
    process = stage.run(callbacks="playtrail")
    wait_until(lambda: not list(controller.spool.glob("*.ndjson")), "the delivery")
    return SimpleNamespace(
        scenario=each,
        without=without,
        process=process,
        controller=controller,
        runs=Trail(controller.server.stored()).runs(),
    )


def of_the_callback(trail):
    return [event for event in trail.events if event["event"].get("provider") != "shipper"]


def test_output_and_exit_code_are_the_same_without_the_plugin(ran):
    without, with_it = (seen(process, ran.scenario.varies) for process in (ran.without, ran.process))
    if without != with_it:
        sides = [text.decode("utf-8", "backslashreplace").splitlines() for text in (without, with_it)]
        fail_with(difflib.unified_diff(*sides, "without the plugin", "with it", lineterm=""))


def test_the_command_does_what_the_scenario_is_about(ran):
    output = ran.process.stdout + ran.process.stderr
    missing = [text for text in ran.scenario.shows if text.encode() not in output]
    if ran.process.returncode != ran.scenario.exit or missing:
        fail_with(
            [
                f"expected exit code {ran.scenario.exit}, got {ran.process.returncode}; missing: {missing}",
                output.decode("utf-8", "backslashreplace"),
            ]
        )


def test_what_happened_is_recorded(ran):
    expected = ran.scenario.runs
    if expected is None:
        assert len(ran.runs) == 1, f"expected one run, got {len(ran.runs)}"
        expected = {ran.runs[0].events[0]["run"]["name"]: ran.scenario.events}
    assert sorted(trail.events[0]["run"]["name"] for trail in ran.runs) == sorted(expected)
    found = {trail.events[0]["run"]["name"]: trail for trail in ran.runs}
    for name, events in expected.items():
        wrong = scenario.differences(events, of_the_callback(found[name]), ansible_version)
        if wrong:
            fail_with(wrong)


def test_every_event_is_valid_by_the_schema(ran, validate):
    for trail in ran.runs:
        for event in trail.events:
            validate(event)


def test_events_are_counted_without_gaps_and_the_last_says_how_many(ran):
    for trail in ran.runs:
        events = of_the_callback(trail)
        last = events[-1]
        assert [event["event"]["id"] for event in events] == [
            f"{last['run']['id']}:{number}" for number in range(len(events))
        ]
        assert [event["event"]["sequence"] for event in events] == list(range(len(events)))
        assert events[0]["event"]["action"] == "run.started"
        ends = [event for event in events if event["event"]["action"] in ("run.finished", "run.aborted")]
        assert ends == [last]
        assert (last["run"].get("events"), last["run"].get("lost", 0)) == (len(events), 0)


def test_every_event_names_run_actor_and_controller(ran):
    for trail in ran.runs:
        told = {
            tuple(scenario.valued(event, field) for field in ("run.name", "user.name", "observer.hostname"))
            for event in of_the_callback(trail)
        }
        assert len(told) == 1 and None not in told.pop()


def test_results_belong_to_a_play_and_a_task_that_were_started(ran):
    for trail in ran.runs:
        plays, tasks = set(), {}
        for event in of_the_callback(trail):
            ansible = event.get("ansible", {})
            if event["event"]["action"] == "play.started":
                plays.add(ansible["play"]["id"])
            elif event["event"]["action"] == "task.started":
                tasks[ansible["task"]["id"]] = ansible["task"]["key"]
            elif event["event"]["action"] in ("host.result", "item.result", "host.retry", "tasks.included"):
                assert tasks[ansible["task"]["id"]] == ansible["task"]["key"]
                assert ansible["play"]["id"] in plays


def test_durations_are_measured(ran):
    for trail in ran.runs:
        for event in trail.of("host.result"):
            assert event["event"]["start"] <= event["event"]["end"]
            assert 0 < event["event"]["duration"] < SECONDS_MAX * 1e9


def test_texts_can_be_stored_everywhere(ran):
    for trail in ran.runs:
        for event in trail.events:
            text = json.dumps(event, ensure_ascii=False)
            assert "\\u0000" not in text and text.encode("utf-8")


def test_the_end_tells_what_the_recap_tells(ran):
    for trail in ran.runs:
        hosts = {
            event["host"]["name"]: event["ansible"]["stats"]
            for event in of_the_callback(trail)
            if is_recap(event)
        }
        # A session of ansible-console has no recap, and neither has its end.
        for end in (end for end in trail.of("run.finished") if "stats" in end["ansible"]):
            assert end["ansible"]["hosts"]["total"] == len(hosts)
            for name, total in end["ansible"]["stats"].items():
                assert total == sum(stats[name] for stats in hosts.values())
        # Ansible counts on from playbook to playbook, so that the last recap tells of all of them.
        if len(ran.runs) == 1:
            assert recap_of(ran.process.stdout.decode("utf-8", "replace")) in ({}, hosts)


def is_recap(event):
    return event["event"]["action"] == "host.finished"


def recap_of(stdout):
    recap = {}
    for line in stdout.partition("PLAY RECAP")[2].splitlines():
        host, counts = re.match(r"(\S*)", line)[1], dict(re.findall(r"(\w+)=(\d+)", line))
        if counts:
            counts["failures"] = counts.pop("failed")
            recap[host] = {name: int(count) for name, count in counts.items()}
    return recap


def test_no_secret_leaves_ansible(ran):
    everything = ran.controller.everything()
    assert bool(everything) == bool(ran.runs)
    assert MARKER not in everything
