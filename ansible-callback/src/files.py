from __future__ import annotations

import fcntl
import os


def write_whole(fd, line):
    while line:
        line = line[os.write(fd, line) :]


def sync_folder(path):
    """Puts on disk that a file is in its folder, under this name."""
    fd = os.open(os.path.dirname(path), os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def try_lock(fd, byte):
    """Takes the lock of one byte if it is free; True if we have it now."""
    try:
        fcntl.lockf(fd, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, byte)
    except (BlockingIOError, PermissionError):
        return False
    return True
