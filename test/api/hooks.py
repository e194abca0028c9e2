"""Makes of what schemathesis draws what people ask: texts by chance are hardly ever a time or a query.

Used where valid requests are drawn. What is drawn decides, not chance: a seed brings the same again.
"""

import json
import os
import zlib

import schemathesis

# What is recorded, by the name of the parameter: {"host": ["web-001", …], "id": […], …}.
RECORDED = json.loads(os.environ["RECORDED"])

TIMES = ["now-90d", "2026-08-01", "2026-10-31T12:00:00Z", "now-1y/d", "now"]
QUERIES = [
    "status:changed",
    "host.name:web-0* AND NOT status:ok",
    "successful",
    '"test is successful" OR event.duration:>1000000000',
    "ansible.cli.check:true",
    "_exists_:vcs.commit AND user.name:(alice OR bob)",
    "@timestamp:[now-90d TO now]",
]


@schemathesis.hook
def map_query(context, query):
    if not query:
        return query
    drawn = zlib.crc32(repr(sorted(query.items())).encode())
    kept = {name: value for name, value in query.items() if drawn % 3 == 0 or name in KEPT}
    for at, name in enumerate(("from", "to")):
        if name in query:
            kept[name] = TIMES[0 if at == 0 else -1 - drawn % 3]
    for name in RECORDED.keys() & query.keys():
        kept[name] = recorded(name, query[name])
    if "q" in query and drawn % 4:
        kept["q"] = QUERIES[drawn % len(QUERIES)]
    return kept


# Names that nothing has, and cursors that are none, are left out of most requests.
KEPT = {"limit", "sort", "status", "action", "heartbeats", "interval", "field", "fields", "a", "b"}


@schemathesis.hook
def map_path_parameters(context, path_parameters):
    """Most of what paths name is there."""
    return {
        name: recorded(name, value) if name in RECORDED else value
        for name, value in (path_parameters or {}).items()
    }


def recorded(name, value):
    drawn = zlib.crc32(repr(value).encode())
    return value if drawn % 5 == 0 else RECORDED[name][drawn % len(RECORDED[name])]


@schemathesis.hook
def map_body(context, body):
    """Half of the bodies become a result that is a valid event; it is new, or one that was sent before."""
    drawn = zlib.crc32(repr(body).encode())
    if drawn % 2:
        return body
    run = f"01995aa0-0000-7000-8000-{drawn % 5000:012x}"
    event = {
        "@timestamp": "2026-10-30T12:00:00Z",
        "event": {"id": f"{run}:3", "sequence": 3, "action": "host.result", "dataset": "ansible.result"},
        "run": {"id": run, "name": "drawn.yml"},
        "host": {"name": f"web-{drawn % 100:03}"},
        "ansible": {
            "task": {"id": "drawn", "name": "Draw"},
            "result": {"status": ["ok", "changed", "failed"][drawn % 3]},
        },
    }
    return json.dumps(event) + "\n" if isinstance(body, str) else [event, event]
