"""The language of the scenario table: what it accepts, and above all what it does not."""

from __future__ import annotations

import pytest
import scenario

RESULT = {
    "event": {"action": "host.result"},
    "host": {"name": "alpha"},
    "ansible": {"task": {"name": "Look"}, "result": {"status": "failed", "rc": 1, "ignored": True}},
}
END = {"event": {"action": "run.finished"}, "run": {"status": "failed"}}


def wrong(expected, version="2.21.5"):
    return scenario.differences(expected, [RESULT, END], version)


@pytest.mark.parametrize(
    "members",
    [
        {},
        {"host.name": "alpha", "task.name": "Look"},
        {"result.rc": 1, "result.msg": None, "diff": None},
        {"task.name": "/^Lo+k$/"},
        {"result": {"status": "failed"}},
        {"result!": {"status": "failed", "rc": 1, "ignored": True}},
    ],
)
def test_an_event_is_as_expected_by_the_fields_that_are_named(members):
    assert wrong([{"host.result": members}]) == []


@pytest.mark.parametrize(
    "members",
    [
        {"host.name": "beta"},
        {"result.rc": None},
        {"result.rc": True},
        {"result.rc": "1"},
        {"result.msg": "x"},
        {"task.name": "/^ook/"},
        {"task.nam": "Look"},
        {"result": {"status": "failed", "rc": 2}},
        {"result!": {"status": "failed"}},
        {"result": ["failed"]},
    ],
)
def test_a_field_that_is_other_than_expected_is_found(members):
    assert wrong([{"host.result": members}])


def test_all_events_of_an_action_are_to_be_named_in_their_order():
    assert wrong([{"host.result": {}}, {"host.result": {}}])
    assert wrong([{"run.finished": {}}, {"host.result": {}}])
    assert scenario.differences([{"host.result": {}}], [RESULT, RESULT], "2.21.5")
    assert not scenario.differences([{"host.result": {}}], [RESULT, END], "2.21.5")


def test_an_action_that_did_not_happen_is_found():
    assert wrong([{"play.started": {}}])


def test_an_event_may_be_expected_of_some_cores():
    expected = [{"run.aborted": {}, "cores": "<2.16"}, {"run.finished": {}}]
    assert not wrong(expected, "2.16.19")
    assert wrong(expected, "2.15.13")


@pytest.mark.parametrize(
    ("cores", "version", "expected"),
    [
        ("", "2.14.18", True),
        (">=2.16", "2.16.0", True),
        (">=2.16", "2.9.27", False),
        ("<2.19", "2.19.14", False),
        ("==2.16", "2.16.19", True),
        (">=2.16,<2.18", "2.17.14", True),
        (">=2.16,<2.18", "2.18.0", False),
    ],
)
def test_versions_are_compared_as_numbers(cores, version, expected):
    assert scenario.is_for(cores, version) is expected


def test_the_table_holds_no_scenario_twice_and_none_without_expectation():
    names = [each.name for each in scenario.load()]
    assert len(set(names)) == len(names)
    with pytest.raises(ValueError, match="either"):
        scenario.Scenario(name="x", what="x", events=[])
