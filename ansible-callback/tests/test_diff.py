"""Differences: the same text that diff -u would show, in bounded time and size."""

from __future__ import annotations

import difflib
import random
import time

import pytest


def unified(playtrail, before, after):
    return playtrail.Diff.text({"before": before, "after": after})


def test_it_is_what_difflib_makes_of_the_whole(playtrail):
    chance = random.Random(7)
    for _ in range(300):
        before = [f"{chance.randrange(4)}\n" for _ in range(chance.randrange(40))]
        after = list(before)
        for _ in range(chance.randrange(1, 4)):
            at = chance.randrange(len(after) + 1)
            after[at : at + chance.randrange(3)] = [f"{chance.randrange(6)}\n"] * chance.randrange(3)
        ours = unified(playtrail, "".join(before), "".join(after))
        assert apply(before, ours) == after, (before, after, ours)
        if before != after:
            theirs = "".join(difflib.unified_diff(before, after, "before", "after"))
            assert ours.count("@@ ") == theirs.count("@@ ") or len(ours) <= 2 * len(theirs)


def apply(before, patch):
    """Applies a unified difference, and checks that context and places are right."""
    result, at = [], 0
    for line in patch.splitlines(True)[2:]:
        if line.startswith("@@"):
            start, _, count = line.split()[1][1:].partition(",")
            to = int(start) - (count != "0")
            result += before[at:to]
            at = to
        elif line[0] in " -":
            assert before[at] == line[1:], patch
            at += 1
        if line[0] in " +":
            result.append(line[1:])
    return result + before[at:]


def test_the_worst_of_inputs_takes_little_time(playtrail):
    chance = random.Random(7)
    lines = [f"{n}\n" for n in range(150)]
    before = "".join(chance.choices(lines, k=30_000))
    after = "".join(chance.choices(lines, k=30_000))
    began = time.process_time()
    text = unified(playtrail, before, after)
    assert time.process_time() - began < 5, "difflib alone takes minutes"
    assert text.startswith("--- before\n+++ after\n@@ -1,")


def test_one_changed_line_of_a_large_file_is_found(playtrail):
    lines = [f"line {n}\n" for n in range(50_000)]
    changed = [*lines[:40_000], "other\n", *lines[40_001:]]
    text = unified(playtrail, "".join(lines), "".join(changed))
    assert text.splitlines()[2] == "@@ -39998,7 +39998,7 @@"
    assert "-line 40000\n+other\n" in text


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ({"before": "a", "after": "a"}, ""),
        (
            {"before": "", "after": "a"},
            "--- before\n+++ after\n@@ -0,0 +1 @@\n+a\n\\ No newline at end of file\n",
        ),
        ({"before": None, "after": "a\n", "after_header": "/x"}, "--- before\n+++ /x\n@@ -0,0 +1 @@\n+a\n"),
        (
            {"before": {"mode": "0600"}, "after": {"mode": "0644"}},
            '-    "mode": "0600"\n+    "mode": "0644"\n }\n',
        ),
        ({"prepared": "as the module says"}, "as the module says"),
        ({"dst_binary": 1}, "diff skipped: destination file appears to be binary\n"),
        ({"src_larger": 100}, "diff skipped: source file is larger than 100 bytes\n"),
    ],
)
def test_each_form_that_modules_report_has_a_text(playtrail, entry, expected):
    assert playtrail.Diff.text(entry).endswith(expected)
    assert bool(playtrail.Diff.text(entry)) == bool(expected)


def test_the_differences_of_a_loop_share_the_room_of_one_event(playtrail):
    items = [{"ansible_loop_var": "item", "diff": {"before": "", "after": "x" * 30_000}} for _ in range(300)]
    items[1]["_ansible_no_log"] = True
    cuts = playtrail.Cuts()
    diffs = playtrail.Diff.all_of({"results": items}, cuts)
    assert sum(len(diff["unified"]) for diff in diffs) == 65536
    assert cuts.entries[0]["field"] == "ansible.diff"
    assert cuts.entries[0]["size"] > 299 * 30_000


def test_a_censored_item_has_no_difference(playtrail):
    items = [{"censored": "hidden", "diff": {"before": "", "after": "SEKRET"}}]
    assert playtrail.Diff.all_of({"results": items}, playtrail.Cuts()) == []
