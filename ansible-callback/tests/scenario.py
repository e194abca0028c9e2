"""
The scenario table: `scenarios/*.yml`, runs of Ansible as data, with what has to be recorded of each.

    name      what the table calls it
    what      what it shows, in a sentence
    cores     versions of ansible-core that have it, such as ">=2.19" or ">=2.16,<2.18"; all by default
    why       why not all
    files     name and text of the files that it needs beside `scenarios/hosts.ini`
    setup     shell commands that prepare the folder
    run       the command line; by default `ansible-playbook site.yml`
    env       variables of its environment; null takes one away
    stdin     what the command reads
    terminal  prompts, and what is typed after each, for a command that asks only at a terminal
    exit      its exit code; 0 by default
    shows     texts that its output must have: that the run did what the scenario is about
    varies    names of VARIATIONS: what differs in the output of any two runs
    events    what is recorded of its one run
    runs      the same for several: name of each run, and its events; `{}` if nothing is recorded

In files, setup, run and env stand `@callbacks@` for the callback's name, or `@callbacks:x,y@` for a text of
one's own: nothing where the run is to go without. `@folder@`, `@plugins@`, `@collections@`, `@mitogen@` and
`@python@` are places.

An expected event is its action and some of its fields, `ansible.` left out of their names:

    - host.result: {host.name: alpha, task.name: Look, result.rc: 0, result.msg: null, result.stdout: /^se/}

null is a field that is absent, a text between slashes a regular expression, and of a structure the members
named are compared; all of them if its name ends with `!`.

Of each action named all events are named, and in their order; actions that are not named are not looked at.
`cores` beside the action restricts one event to some versions.
"""

from __future__ import annotations

import json
import re
import sys
from dataclasses import dataclass, field, fields
from itertools import zip_longest
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parent / "scenarios"

# What differs between two runs of the same command: pattern, what it is replaced by. Each needs a reason.
VARIATIONS = {
    # With -vvv, older cores with --diff too, Ansible tells the names of its temporary files.
    "temporary files": (
        rb"\bansible-(tmp|local)-[\w.-]+|\btmp[a-z0-9_]{8}\b|/\.[a-z0-9_]{8}(?= )|_payload_[a-z0-9_]{8}\b",
        b"tmp",
    ),
    # A command that fails tells when it began and ended, and how long it took.
    "times of a command": (rb"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+|\b\d:\d\d:\d\d\.\d+", b"time"),
    # A job in the background is named by a random number and its process.
    "async jobs": (rb"\bj?\d+\.\d+\b|(?<=\"child_pid\": )\d+", b"job"),
    # How often Ansible looks after such a job depends on how fast the machine is.
    "async polls": (rb"ASYNC POLL on [^\n]+\n", b""),
    # ansible-pull says when it started.
    "time of the pull": (rb"Starting Ansible Pull at [^\n]+", b"Starting Ansible Pull"),
}

# Groups of an event that are not Ansible's; schemas/event.schema.json.
GROUPS = {
    *("@timestamp", "event", "run", "user", "source", "observer", "process", "agent", "host", "labels"),
    *("vcs", "ci", "awx", "spool", "error", "ansible"),
}


@dataclass
class Scenario:
    name: str
    what: str
    cores: str = ""
    why: str = ""
    files: dict[str, str] = field(default_factory=dict)
    setup: list[str] = field(default_factory=list)
    run: str = "ansible-playbook site.yml"
    env: dict[str, str | None] = field(default_factory=dict)
    stdin: str = ""
    terminal: dict[str, str] = field(default_factory=dict)
    exit: int = 0
    shows: list[str] = field(default_factory=list)
    varies: list[str] = field(default_factory=list)
    events: list[dict[str, Any]] | None = None
    runs: dict[str, list[dict[str, Any]]] | None = None

    def __post_init__(self):
        if bool(self.events) == (self.runs is not None):
            raise ValueError(f"{self.name}: expected either `events` or `runs`")
        if self.cores and not self.why:
            raise ValueError(f"{self.name}: expected `why` it is for {self.cores} alone")


def load():
    """Returns all scenarios, in the order of the files."""
    known = {each.name for each in fields(Scenario)}
    found = {}
    for path in sorted(FOLDER.glob("*.yml")):
        for written in yaml.safe_load(path.read_text()):
            unknown = set(written) - known
            if unknown or written["name"] in found:
                raise ValueError(f"{path.name}: {written['name']}: {unknown or 'the name is taken'}")
            found[written["name"]] = Scenario(**written)
    return list(found.values())


def is_for(cores, version):
    """True if a version such as "2.21.5" is one of `cores`, such as ">=2.16,<2.20"."""

    def holds(condition):
        compare, minor = re.fullmatch(r"(>=|<|==)2\.(\d+)", condition.strip()).groups()
        here, there = int(version.split(".")[1]), int(minor)
        return {">=": here >= there, "<": here < there, "==": here == there}[compare]

    return all(holds(condition) for condition in cores.split(",") if condition)


def differences(expected, events, version):
    """Returns what is wrong, as lines; none if the events are as expected."""
    wanted = [entry for entry in map(dict, expected) if is_for(entry.pop("cores", ""), version)]
    actions = {action for entry in wanted for action in entry}
    found = [event for event in events if event["event"]["action"] in actions]
    lines = []
    for entry, event in zip_longest(wanted, found):
        (action, members) = next(iter(entry.items())) if entry else (None, {})
        if event is None or action != event["event"]["action"]:
            lines.append(f"expected {action} {members or ''}, got {brief(event)}")
            break
        lines += [
            f"{brief(event)}: expected {path} {value!r}, got {valued(event, path)!r}"
            for path, value in (members or {}).items()
            if not is_as(value, valued(event, path), whole=path.endswith("!"))
        ]
    return [*lines, "recorded:", *(f"  {brief(event)}" for event in events)] if lines else []


def valued(event, path):
    """Returns a field by its dotted name; None if it is absent."""
    parts = path.rstrip("!").split(".")
    value = event if parts[0] in GROUPS else event.get("ansible")
    for part in parts:
        value = value.get(part) if isinstance(value, dict) else None
    return value


def is_as(expected, value, whole=False):
    if isinstance(expected, dict) and isinstance(value, dict):
        return (not whole or set(expected) == set(value)) and all(
            is_as(member, value.get(name)) for name, member in expected.items()
        )
    if isinstance(expected, list) and isinstance(value, list):
        return len(expected) == len(value) and all(map(is_as, expected, value))
    if isinstance(expected, str) and isinstance(value, str) and re.fullmatch("/.+/", expected):
        return re.search(expected[1:-1], value) is not None
    return type(expected) is type(value) and expected == value


def brief(event):
    """Returns what there is to know of an event in a line, for whoever looks for a mistake."""
    if event is None:
        return "nothing more"
    names = ("host.name", "play.name", "task.name", "item.label", "handler.name", "include.name")
    ends = ("result.status", "result.ignored", "run.status", "run.reason", "stats")
    told = [valued(event, path) for path in (*names, *ends)]
    return " ".join(
        [event["event"]["action"], *(json.dumps(value)[:100] for value in told if value is not None)]
    )


if __name__ == "__main__":
    # What of the table is for the version given, and why the rest is not; for scripts/matrix.ts.
    json.dump(
        [
            {"name": each.name, "absent": None if is_for(each.cores, sys.argv[1]) else each.why}
            for each in load()
        ],
        sys.stdout,
    )
