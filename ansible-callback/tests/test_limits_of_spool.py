"""The limits of the spool: what is given up, in which order, and that it is told, whatever happens."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time

import pytest
from conftest import PLUGIN, Trail
from server import is_remark

RUN_IDS = [f"019a5344-9e0b-7c3f-8a51-{number:012x}" for number in range(20)]

# What a run may consist of, with the rank in which it is given up.
KINDS = [
    ("run.started", None, None),
    ("play.started", None, None),
    ("task.started", None, 1),
    ("item.result", "ok", 0),
    ("item.result", "failed", 0),
    ("host.retry", None, 0),
    ("host.result", "ok", 1),
    ("host.result", "skipped", 1),
    ("host.result", "changed", 2),
    ("host.result", "failed", 2),
    ("host.result", "unreachable", 2),
    ("handler.notified", None, 0),
    ("tasks.included", None, 0),
    ("play.no_hosts", None, None),
    ("host.finished", None, None),
    ("run.finished", None, None),
]
RANKS = [rank for _action, _status, rank in KINDS]


def line_of(run_id, sequence, action, status):
    event = {
        "@timestamp": "2026-11-05T09:30:00Z",
        "event": {"id": f"{run_id}:{sequence}", "sequence": sequence, "action": action},
        "run": {"id": run_id, "name": "site.yml"},
        "user": {"name": "alice"},
        "observer": {"hostname": "bastion"},
        "labels": {"text": "x" * 200},
    }
    if status:
        event["ansible"] = {"result": {"status": status}}
    return json.dumps(event).encode() + b"\n"


def spool(controller, run_id):
    controller.spool.mkdir(mode=0o700, exist_ok=True)
    path = controller.spool / f"{run_id}.ndjson"
    path.write_bytes(
        b"".join(line_of(run_id, number, action, status) for number, (action, status, _) in enumerate(KINDS))
    )
    return path


def kept(path):
    return [json.loads(line)["event"]["sequence"] for line in path.read_bytes().splitlines()]


def without(*ranks):
    return [number for number, rank in enumerate(RANKS) if rank not in ranks]


def remarks(path):
    lines = (
        path.with_suffix(".shipper").read_bytes().splitlines()
        if path.with_suffix(".shipper").exists()
        else []
    )
    return [json.loads(line) for line in lines]


def numbers(ranges):
    return [n for first, last in (r.split("-") for r in ranges) for n in range(int(first), int(last) + 1)]


def is_accounted_for(server, run_id):
    """Every event of the run arrived, or is told to be dropped; none of them both, and none twice."""
    trail = Trail([event for event in server.stored() if event["run"]["id"] == run_id])
    arrived = trail.sequences()
    dropped = [n for event in trail.of("spool.dropped") for n in numbers(event["spool"]["sequences"])]
    assert sorted(arrived + dropped) == list(range(len(KINDS)))
    told = [event["event"]["sequence"] for event in trail.events if is_remark(event)]
    assert told == list(range(len(told)))
    assert server.conflicts == []
    return dropped


@pytest.fixture
def offline(controller):
    controller.server.stop()
    return controller


def test_details_go_first_and_of_them_the_oldest_runs(offline, validate):
    old, new = spool(offline, RUN_IDS[0]), spool(offline, RUN_IDS[1])
    both = old.stat().st_size + new.stat().st_size
    expected = {}
    for rank in range(3):
        # In each step the limit is just below what is there.
        for path in old, new:
            expected[path] = without(*range(rank + 1))
            assert offline.ship("--spool-bytes-max", str(both - 1)).returncode == 1
            assert kept(path) == expected[path]
            both = old.stat().st_size + new.stat().st_size
    assert offline.ship("--spool-bytes-max", "0").returncode == 1
    assert kept(old) == kept(new) == without(0, 1, 2), "what a run was, and how it ended, stays"
    for path in old, new:
        for number, remark in enumerate(remarks(path)):
            validate(remark)
            assert remark["event"]["id"] == f"{path.stem}:s{number}"
            assert remark["spool"]["reason"] == "size"
            assert numbers(remark["spool"]["sequences"]) == [n for n, r in enumerate(RANKS) if r == number]
            assert remark["spool"]["events"] == RANKS.count(number)
            assert remark["spool"]["bytes"] > 200 * RANKS.count(number)
    offline.server.start()
    assert offline.ship().returncode == 0
    for run_id in RUN_IDS[:2]:
        assert len(is_accounted_for(offline.server, run_id)) == sum(rank is not None for rank in RANKS)
    assert list(offline.spool.iterdir()) == []


def test_ranges_say_which_and_no_more_than_a_thousand_of_them(offline, validate):
    path = spool(offline, RUN_IDS[0])
    lines = [line_of(RUN_IDS[0], n, "item.result" if n % 2 else "host.finished", "ok") for n in range(3000)]
    path.write_bytes(b"".join(lines))
    offline.ship("--spool-bytes-max", "0")
    aborted, dropped = remarks(path)
    assert aborted["run"]["events"] == 3000, "counted before anything went"
    validate(dropped)
    assert dropped["spool"]["events"] == 1500
    assert dropped["spool"]["sequences"] == [f"{n}-{n}" for n in range(1, 2000, 2)]


def test_a_run_that_waits_too_long_loses_its_details_and_refused_events_go(offline):
    old, new = spool(offline, RUN_IDS[0]), spool(offline, RUN_IDS[1])
    (offline.spool / f"{RUN_IDS[2]}.rejected").write_text("{}\n")
    (offline.spool / f"{RUN_IDS[3]}.rejected").write_text("{}\n")
    two_days_ago = time.time() - 2 * 86400
    for path in old, offline.spool / f"{RUN_IDS[2]}.rejected":
        os.utime(path, (two_days_ago, two_days_ago))
    for _ in range(2):
        assert offline.ship(PLAYTRAIL_SPOOL_DAYS_MAX="1").returncode == 1
        assert kept(old) == without(0, 1, 2)
        assert kept(new) == without()
        assert [remark["spool"]["reason"] for remark in remarks(old)] == ["age"], "once"
    assert abs(old.stat().st_mtime - two_days_ago) < 1, "it is as old as before"
    assert [path.stem for path in offline.spool.glob("*.rejected")] == [RUN_IDS[3]]


def test_a_run_that_goes_on_and_lines_that_are_no_events_lose_nothing(offline, playtrail):
    live = (
        playtrail.Spool(str(offline.spool), RUN_IDS[0]) if offline.spool.mkdir(mode=0o700) is None else None
    )
    live.append(line_of(RUN_IDS[0], 0, "item.result", "ok"))
    damaged = spool(offline, RUN_IDS[1])
    content = b'{"broken\n[]\n' + line_of(RUN_IDS[1], 0, "run.finished", None) + b'{"event": {"id": '
    damaged.write_bytes(content)
    assert offline.ship("--spool-bytes-max", "0").returncode == 1
    live.close()
    assert kept(offline.spool / f"{RUN_IDS[0]}.ndjson") == [0]
    assert damaged.read_bytes() == content


# Runs a shipper that dies, as by kill -9, when it is about to make its n-th change to a file.
DIES = """
import importlib.util, os, sys
spec = importlib.util.spec_from_file_location("__main__", sys.argv[1])
left = [int(sys.argv[2])]
def deadly(call):
    def change(*args, **kwargs):
        left[0] -= 1
        if left[0] < 0:
            os._exit(9)
        return call(*args, **kwargs)
    return change
for name in ("write", "fsync", "rename", "unlink", "ftruncate", "utime"):
    setattr(os, name, deadly(getattr(os, name)))
sys.argv[1:3] = []
spec.loader.exec_module(importlib.util.module_from_spec(spec))
"""


def test_a_shipper_may_die_at_any_point_of_dropping_and_nothing_is_lost_or_told_wrongly(offline):
    deaths = 0
    while True:
        path = spool(offline, RUN_IDS[0])
        command = [sys.executable, "-I", "-c", DIES, str(PLUGIN), str(deaths), "--ship", str(offline.spool)]
        command += ["--spool-bytes-max", str(path.stat().st_size - 1)]
        done = subprocess.run(command, env=offline.env, capture_output=True, timeout=60, check=False)
        offline.server.start()
        assert offline.ship().returncode == 0
        dropped = is_accounted_for(offline.server, RUN_IDS[0])
        assert list(offline.spool.iterdir()) == []
        offline.server.stop()
        offline.server.events.clear()
        if done.returncode != 9:
            break
        deaths += 1
    assert done.returncode == 1, done.stderr
    assert dropped == [n for n, rank in enumerate(RANKS) if rank == 0]
    assert deaths >= 6, "it wrote, synced and renamed"


def test_racing_shippers_drop_and_deliver_each_event_once(offline):
    paths = [spool(offline, run_id) for run_id in RUN_IDS]
    most = sum(path.stat().st_size for path in paths) // 2
    command = [
        sys.executable,
        "-I",
        str(PLUGIN),
        "--ship",
        str(offline.spool),
        "--spool-bytes-max",
        str(most),
    ]

    def race():
        racing = [
            subprocess.Popen(command, env=offline.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            for _ in range(5)
        ]
        for process in racing:
            _out, errors = process.communicate(timeout=60)
            assert errors == b""

    race()
    assert sum(path.stat().st_size for path in paths) <= most
    offline.server.start()
    race()
    assert offline.ship().returncode == 0
    assert list(offline.spool.iterdir()) == []
    dropped = [is_accounted_for(offline.server, run_id) for run_id in RUN_IDS]
    assert dropped[0], "the oldest"
    assert sum(map(len, dropped)) < len(RUN_IDS) * len(KINDS) * 2 // 3, "no more than was needed"
