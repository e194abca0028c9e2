from __future__ import annotations

import json
import os

from .limits import BATCH_BYTES_MAX, BATCH_EVENTS_MAX


class Lines:
    """A file of events, one a line, that may still grow. What has no line feed yet is no line."""

    def __init__(self, path, fd):
        self.path = path
        self.fd = fd

    def size(self):
        return 0 if self.fd is None else os.fstat(self.fd).st_size

    def read(self, offset, length=BATCH_BYTES_MAX):
        return b"" if self.fd is None else os.pread(self.fd, length, offset)

    def __iter__(self):
        """Yields each line with its line feed; the last one may lack it."""
        if self.fd is not None:
            with open(self.fd, "rb", closefd=False) as file:
                file.seek(0)
                yield from file

    def events(self):
        """Yields (line, event) of every whole line; the event is None if the line is none."""
        return ((line, parse_event(line)) for line in self if line.endswith(b"\n"))

    def batch(self, offset, events_max=BATCH_EVENTS_MAX):
        """Returns (lines, next offset) from `offset` on: so many events and BATCH_BYTES_MAX at most."""
        read = self.read(offset)
        end = read.rfind(b"\n") + 1
        lines = read[:end].split(b"\n")[:-1][:events_max]
        return lines, offset + sum(map(len, lines)) + len(lines)

    def overlong_line(self, offset):
        """Returns where a line ends that no batch can hold, which only damage explains; or None."""
        size = self.size()
        if size - offset < BATCH_BYTES_MAX:
            return None
        at = offset
        while at < size:
            read = self.read(at)
            found = read.find(b"\n")
            if found >= 0:
                return at + found + 1
            at += len(read)
        return None

    def close(self):
        if self.fd is not None:
            os.close(self.fd)
            self.fd = None


def parse_event(line):
    """Returns the event of a line, with a dict of event.*; None if it has none."""
    try:
        event = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return event if isinstance(event, dict) and isinstance(event.get("event"), dict) else None


def value_at(event, *names):
    """Returns what is in a field of a field; None if there is none, whatever there is instead."""
    for name in names:
        event = event.get(name) if isinstance(event, dict) else None
    return event


def nanoseconds(timestamp):
    """Returns the time of an event in nanoseconds since 1970, or None if it has none."""
    import datetime

    try:
        moment = datetime.datetime.fromisoformat(timestamp.replace("Z", "+00:00"))
        since = moment - datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
    except (AttributeError, TypeError, ValueError):
        return None
    return since // datetime.timedelta(microseconds=1) * 1000
