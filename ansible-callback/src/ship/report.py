from __future__ import annotations

import contextlib
import os
import select
import time

from ..limits import REASON_CHARS_MAX
from ..text import Text


class Bell:
    """Waits, until the run that started us rings, when it has ended, on the pipe that is our input."""

    def __init__(self):
        self.is_there = True

    def wait(self, seconds):
        if not self.is_there:
            time.sleep(seconds)
        elif select.select([0], [], [], seconds)[0]:
            self.is_there = bool(os.read(0, 64))


class Report:
    """Tells the run that started us how it stands, on the pipe that is our standard output."""

    def __init__(self):
        self.told = None
        # A run listens at its beginning and its end. What does not fit in between is not worth waiting for.
        os.set_blocking(1, False)

    def __call__(self, state, why=""):
        if state == self.told:
            return
        self.told = state
        words = " ".join(f"{state} {why}".split())[:REASON_CHARS_MAX]
        with contextlib.suppress(OSError):  # The run has ended; there is nobody to tell.
            os.write(1, Text.clean(words).encode("utf-8") + b"\n")
