from __future__ import annotations

import difflib
import json
import re

from ..limits import (
    DIFF_ALIGNED_PAIRS_MAX,
    DIFF_CHARS_MAX,
    DIFF_CONTEXT_LINES,
    DIFF_SOURCE_CHARS_MAX,
    DIFFS_MAX,
    PATH_CHARS_MAX,
)
from ..redaction import Secrets
from ..text import Text


class Diff:
    """Makes the unified form of what modules report as before and after, in bounded time."""

    HUNK = re.compile(r"^@@ -(\d+)(.*?) \+(\d+)(.*) @@")
    NOTES = (
        ("dst_binary", "diff skipped: destination file appears to be binary\n"),
        ("src_binary", "diff skipped: source file appears to be binary\n"),
        ("dst_larger", "diff skipped: destination file is larger than {} bytes\n"),
        ("src_larger", "diff skipped: source file is larger than {} bytes\n"),
    )

    @classmethod
    def all_of(cls, result, cuts):
        """Returns ansible.diff of a result, or of a loop's results, within the limits of one event."""
        diffs = []
        room = DIFF_CHARS_MAX
        size = 0
        for entry, owner in cls.entries(result):
            text = cls.text(entry)
            if not text:
                continue
            size += len(text)
            if room <= 0 or len(diffs) >= DIFFS_MAX:
                continue
            # after_header comes last: for a template it is a temporary file.
            paths = (
                entry.get("before_header"),
                owner.get("dest"),
                owner.get("path"),
                entry.get("after_header"),
            )
            path = Text.keyword(next(filter(None, paths), None), PATH_CHARS_MAX)
            unified = text if len(text) <= room else Secrets.cut(text, end=room)
            diffs.append({**({"path": path} if path else {}), "unified": Text.clean(unified)})
            room -= len(text)
        if size > sum(len(diff["unified"]) for diff in diffs):
            cuts.note("ansible.diff", size)
        return diffs

    @staticmethod
    def entries(result):
        """Yields each difference with the result that it is in. A censored item of a loop has none."""
        items = loop_items(result)
        for owner in [result] if items is None else items:
            if is_censored(owner):
                continue
            reported = owner.get("diff")
            for entry in reported if isinstance(reported, (list, tuple)) else [reported]:
                if isinstance(entry, dict):
                    yield entry, owner

    @classmethod
    def text(cls, entry):
        parts = [note.format(Text.keyword(entry[key])) for key, note in cls.NOTES if key in entry]
        if "before" in entry and "after" in entry:
            before = Text.keyword(entry.get("before_header")) or "before"
            after = Text.keyword(entry.get("after_header")) or "after"
            lines = cls.unified(cls.lines(entry["before"]), cls.lines(entry["after"]))
            if lines:
                parts.append(f"--- {before}\n+++ {after}\n")
                parts.extend(lines)
        if "prepared" in entry:
            parts.append(Text.of(entry["prepared"])[:DIFF_SOURCE_CHARS_MAX])
        return "".join(parts)

    @staticmethod
    def lines(side):
        if isinstance(side, (dict, list, tuple)):
            text = json.dumps(Text.plain(side), ensure_ascii=False, indent=4, sort_keys=True) + "\n"
        else:
            text = Text.of(side)[:DIFF_SOURCE_CHARS_MAX]
        # Not splitlines(), which splits at form feeds and others: no line of a file ends there.
        *lines, rest = text.split("\n")
        lines = [line + "\n" for line in lines]
        return [*lines, rest + "\n\\ No newline at end of file\n"] if rest else lines

    @classmethod
    def unified(cls, before, after):
        """
        Returns the hunks. difflib takes minutes for the worst of inputs, and the playbook waits for it: what
        both sides begin and end with is left out, and of much that remains no line is matched with another.
        """
        if before == after:
            return []
        least = min(len(before), len(after))
        head = next((n for n in range(least) if before[n] != after[n]), least)
        tail = next((n for n in range(least - head) if before[-1 - n] != after[-1 - n]), least - head)
        start = max(0, head - DIFF_CONTEXT_LINES)
        tail = max(0, tail - DIFF_CONTEXT_LINES)
        before = before[start : len(before) - tail]
        after = after[start : len(after) - tail]
        if len(before) * len(after) > DIFF_ALIGNED_PAIRS_MAX:
            header = f"@@ -{start + 1},{len(before)} +{start + 1},{len(after)} @@\n"
            return [header, *("-" + line for line in before), *("+" + line for line in after)]
        hunks = list(difflib.unified_diff(before, after, n=DIFF_CONTEXT_LINES))[2:]
        return [
            cls.HUNK.sub(lambda at: cls.moved(at, start), line) if line[0] == "@" else line for line in hunks
        ]

    @staticmethod
    def moved(at, lines):
        return f"@@ -{int(at[1]) + lines}{at[2]} +{int(at[3]) + lines}{at[4]} @@"


def is_censored(result):
    """True for a result, or an item of a loop, whose content is not to be recorded."""
    return bool(result.get("_ansible_no_log")) or "censored" in result


def loop_items(result):
    """Returns the results of a loop's items, or None. (Some modules return `results` of their own.)"""
    items = result.get("results")
    if not isinstance(items, (list, tuple)) or not items:
        return None
    if all(isinstance(item, dict) and ("ansible_loop_var" in item or "censored" in item) for item in items):
        return items
    return None
