from __future__ import annotations

import contextlib
import os

from .files import write_whole
from .limits import REASON_CHARS_MAX, REFUSAL_NAME, SPOOL_SUFFIX
from .text import Text


class Refusal:
    """
    A note in the spool folder that the server refuses whoever sends from it, in its words: the run that it
    happened to has ended by then, but the next one can say so. The first delivery removes it.
    """

    def __init__(self, folder):
        self.folder = folder
        self.path = os.path.join(folder, REFUSAL_NAME)

    def note(self, why):
        """Writes it down, if that is possible. Of several shippers the last one counts."""
        shown = "".join(letter if letter.isprintable() else " " for letter in Text.clean(why))
        words = " ".join(shown.split())[:REASON_CHARS_MAX]
        new = f"{self.path}.{os.getpid()}"
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
        with contextlib.suppress(OSError):
            fd = os.open(new, flags, 0o600)
            try:
                write_whole(fd, words.encode())
                os.rename(new, self.path)
            except OSError:
                os.unlink(new)
                raise
            finally:
                os.close(fd)

    def forget(self):
        with contextlib.suppress(OSError):
            os.unlink(self.path)

    def read(self, own):
        """
        Returns what the server said, and how many runs wait besides that of the spool `own`; None if it
        refused nothing that is left.
        """
        try:
            with open(self.path, encoding="utf-8", errors="replace") as file:
                words = file.read(REASON_CHARS_MAX)
            waiting = {name for name in os.listdir(self.folder) if name.endswith(SPOOL_SUFFIX)}
        except OSError:
            return None
        waiting.discard(os.path.basename(own))
        return (words, len(waiting)) if words and waiting else None
