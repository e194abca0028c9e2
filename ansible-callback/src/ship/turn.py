from __future__ import annotations

import fcntl
import os


class Turn:
    """The right to wait for the server on behalf of a folder: a lock on it, of one shipper at a time."""

    def __init__(self, folder):
        self.folder = folder
        self.fd = None

    def take(self):
        if self.fd is not None:
            return True
        fd = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(fd)
            return False
        except OSError:
            pass  # Some network file systems lock no folders: then several wait, which costs only memory.
        self.fd = fd
        return True

    def give_up(self):
        """Returns whether we had it."""
        fd, self.fd = self.fd, None
        if fd is not None:
            os.close(fd)
        return fd is not None
