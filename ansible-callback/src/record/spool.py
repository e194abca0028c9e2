from __future__ import annotations

import fcntl
import os
import time

from ..folder import folder_bytes
from ..limits import (
    LOOK_SECONDS,
    NEW_SUFFIX,
    RUN_BYTES_MIN,
    SPOOL_BYTES_MAX_DEFAULT,
    SPOOL_SUFFIX,
    WRITER_BYTE,
)


class Spool:
    """The file of one run, as its writer holds it. See the top of this file for the locks."""

    def __init__(self, folder, run_id, bytes_max=SPOOL_BYTES_MAX_DEFAULT):
        self.path = os.path.join(folder, run_id + SPOOL_SUFFIX)
        # What others have left is theirs. A run always has room to say the least.
        self.details_bytes_max = max(RUN_BYTES_MIN, bytes_max - folder_bytes(folder))
        # Workers are forks: they have this object and its descriptor, and must never write.
        self.pid = os.getpid()
        self.fd = None
        self.open()

    def open(self):
        new = self.path[: -len(SPOOL_SUFFIX)] + NEW_SUFFIX
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        fd = os.open(new, flags, 0o600)
        try:
            fcntl.lockf(fd, fcntl.LOCK_EX, 1, WRITER_BYTE)
            os.rename(new, self.path)
        except BaseException:
            os.unlink(new)
            os.close(fd)
            raise
        self.fd = fd
        self.size = 0
        self.looked_at = time.monotonic()

    def append(self, line):
        """Writes one line. What a full disk has cut short is taken back: a line is whole or absent."""
        if os.getpid() != self.pid:
            return
        if self.fd is None:
            raise OSError("the spool is closed")
        # Looked at now and then only, since it costs as much as the write.
        now = time.monotonic()
        if now - self.looked_at > LOOK_SECONDS:
            self.looked_at = now
            self.reopen_if_removed()
        try:
            written = os.write(self.fd, line)
            while written < len(line):
                written += os.write(self.fd, line[written:])
        except OSError:
            os.ftruncate(self.fd, self.size)
            raise
        self.size += len(line)

    def has_room_for(self, line):
        """False if the spool would grow beyond its limit: then only what is no detail goes in."""
        return self.size + len(line) <= self.details_bytes_max

    def reopen_if_removed(self):
        """If somebody removed the file under us, the rest of the run goes into a new one of the same name."""
        if os.fstat(self.fd).st_nlink == 0:
            os.close(self.fd)
            self.fd = None
            self.open()

    def sync(self):
        if self.fd is not None and os.getpid() == self.pid:
            os.fsync(self.fd)

    def close(self):
        """Lets go of the file, and so tells shippers that there is no more to come."""
        if self.fd is not None and os.getpid() == self.pid:
            os.close(self.fd)
            self.fd = None
