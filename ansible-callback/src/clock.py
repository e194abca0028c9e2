from __future__ import annotations

import os
import time


class Clock:
    """A moment by both clocks: the wall's, to tell when, and the monotonic one, to tell how long."""

    __slots__ = ("monotonic_ns", "text", "wall_ns")

    # The last second that was written out: most events share theirs with the one before.
    second = (None, None)

    def __init__(self):
        self.wall_ns = time.time_ns()
        self.monotonic_ns = time.monotonic_ns()
        self.text = self.text_of(self.wall_ns)

    def __str__(self):
        return self.text

    @classmethod
    def text_of(cls, wall_ns):
        """Returns a time as it stands in events: RFC 3339, UTC, microseconds."""
        seconds, nanoseconds = divmod(wall_ns, 1_000_000_000)
        known, text = cls.second
        if seconds != known:
            text = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))
            cls.second = (seconds, text)
        return f"{text}.{nanoseconds // 1000:06d}Z"

    def since(self, start):
        """Returns event.start, end and duration of what lasted from `start` until now, as JSON."""
        duration = max(0, self.monotonic_ns - start.monotonic_ns)
        return f',"start":"{start.text}","end":"{self.text}","duration":{duration}'


def uuid7(wall_ns=None):
    """Returns a UUIDv7 (RFC 9562): 48 bits of milliseconds since 1970, version, variant, 74 random bits."""
    milliseconds = (time.time_ns() if wall_ns is None else wall_ns) // 1_000_000
    number = (milliseconds & (2**48 - 1)) << 80 | int.from_bytes(os.urandom(10), "big")
    number = number & ~(0xF << 76) | 0x7 << 76
    number = number & ~(0x3 << 62) | 0x2 << 62
    digits = f"{number:032x}"
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
