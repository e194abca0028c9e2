from __future__ import annotations

import json

from .limits import EVENT_BYTES_MAX, TRUNCATED_MAX
from .redaction import Secrets

# Fields of ansible.* that an event too large as a whole gives up, in this order.
EXPENDABLE = (
    "diff",
    "facts",
    "result.stdout",
    "result.stderr",
    "result.warnings",
    "result.msg",
    "result.cmd",
    "result.skip_reason",
    "retry.msg",
    "play.hosts",
    "include.hosts",
    "custom_stats",
    "cli.inventory",
    "play.tags",
    "play.prompted_names",
    "task.tags",
    "task.notify",
    "cli.tags",
    "cli.skip_tags",
    "cli.extra_var_names",
    "cli.limit",
    "play.hosts_pattern",
)


class Ready(str):
    """JSON of a value that needs no more care."""

    __slots__ = ()


class Shared(dict):
    """
    Fields that many events have in common, free of secrets, with their JSON, which is made once. It is not to
    be changed any more.

    What a hook costs is not its instructions: Ansible forks a worker for each result, and each page of memory
    that is touched afterwards is copied first. To make the same JSON again touches many.
    """

    __slots__ = ("json",)

    def __init__(self, fields):
        super().__init__(Secrets.out_of(fields))
        self.json = to_json(dict(self))


def encode(event):
    """
    Returns the event's line: compact JSON in UTF-8 with its line feed, within EVENT_BYTES_MAX, and without
    the secrets that can be seen. Every event comes through here.

    The limits of the single fields allow for more than that together, so some go as a whole.
    """
    line = encode_whole(event)
    marks = line.count(Secrets.MARK.encode("ascii"))
    if marks:
        event["ansible"] = {**event.get("ansible", {}), "redacted": marks}
        line = encode_whole(event)
    for field in EXPENDABLE:
        if len(line) <= EVENT_BYTES_MAX:
            return line
        if give_up(event, field):
            line = encode_whole(event)
    if len(line) > EVENT_BYTES_MAX and "groups" in event.get("host", {}):
        event["host"] = {"name": event["host"]["name"]}
        line = encode_whole(event)
    if len(line) > EVENT_BYTES_MAX:
        raise ValueError(f"an event of {len(line)} bytes is larger than {EVENT_BYTES_MAX}")
    return line


def give_up(event, name):
    """
    Takes a field out of ansible.* and notes its size; False if it is not there. What is shared with other
    events is replaced, not edited.
    """
    ansible = dict(event.get("ansible", {}))
    group, _dot, field = name.rpartition(".")
    fields = dict(ansible.get(group, {})) if group else ansible
    if field not in fields:
        return False
    left_out = fields.pop(field)
    size = sum(len(diff["unified"]) for diff in left_out) if field == "diff" else len(left_out)
    if group:
        ansible[group] = fields
    others = [entry for entry in ansible.get("truncated", []) if entry["field"] != f"ansible.{name}"]
    ansible["truncated"] = [*others, {"field": f"ansible.{name}", "size": size}][-TRUNCATED_MAX:]
    event["ansible"] = ansible
    return True


def encode_whole(event):
    return f"{joined(event)}\n".encode()


def joined(fields):
    """Returns the JSON of an event, or of its `ansible`, without secrets."""
    return "{" + ",".join([f'"{name}":{json_of(name, value)}' for name, value in fields.items()]) + "}"


def json_of(name, value):
    if isinstance(value, Ready):
        return value
    if isinstance(value, Shared):
        return value.json
    if name == "ansible":
        return joined(value)
    text = to_json(value)
    return to_json(Secrets.out_of(value)) if Secrets.may_be_in(text) else text


# One encoder for all: json.dumps() would make a new one each time.
to_json = json.JSONEncoder(ensure_ascii=False, check_circular=False, separators=(",", ":")).encode
