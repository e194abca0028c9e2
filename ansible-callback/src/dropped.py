from __future__ import annotations

from .limits import DROPPED_RANGES_MAX

RANKS = (0, 1, 2)


class Dropped:
    """What a spool that has reached its limits goes without: how much, and which numbers."""

    LEAST = ("item.result", "host.retry", "handler.notified", "tasks.included")

    def __init__(self):
        self.events = 0
        self.bytes = 0
        self.ranges = []

    @classmethod
    def rank(cls, action, status):
        """
        Returns 0 for what is given up first, then 1 and 2; None for what is never given up, because it says
        what was run, by whom, and how it ended on each host.
        """
        if action in cls.LEAST:
            return 0
        if action == "task.started":
            return 1
        if action == "host.result":
            return 1 if status in ("ok", "skipped") else 2
        return None

    def add(self, sequence, size):
        self.events += 1
        self.bytes += size
        if not isinstance(sequence, int):
            return
        if self.ranges and self.ranges[-1][1] == sequence - 1:
            self.ranges[-1][1] = sequence
        elif len(self.ranges) < DROPPED_RANGES_MAX:
            self.ranges.append([sequence, sequence])

    def fields(self):
        sequences = [f"{first}-{last}" for first, last in self.ranges]
        return {"events": self.events, "bytes": self.bytes, "sequences": sequences}
