from __future__ import annotations

import contextlib
import os
import stat
import tempfile

from .limits import SPOOL_DIR_DEFAULT


def own_folder(path):
    """
    Makes sure of a spool folder: made with mode 0700, or ours already and writable by nobody else. Anybody
    who can write there could put events into our name, or have us write through a link.
    """
    for folder in (os.path.dirname(path), path):  # makedirs() gives the mode to the last one only
        os.makedirs(folder, mode=0o700, exist_ok=True)
    found = os.stat(path)
    if not stat.S_ISDIR(found.st_mode):
        raise NotADirectoryError(f"{path} is not a folder")
    if found.st_uid != os.geteuid():
        raise PermissionError(f"{path} belongs to user {found.st_uid}, not to {os.geteuid()}")
    if found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise PermissionError(f"{path} is writable by others")
    return path


def temporary_folder():
    """Returns where spools go without a home. In /tmp a link could be anybody's, so none is followed."""
    path = os.path.join(tempfile.gettempdir(), f"playtrail-{os.geteuid()}")
    try:
        os.mkdir(path, 0o700)
    except FileExistsError:
        if not stat.S_ISDIR(os.lstat(path).st_mode):
            raise
    return own_folder(path)


def default_folder():
    """Returns SPOOL_DIR_DEFAULT with the home filled in, or None if HOME names none."""
    # Without HOME, the home is the one in the user database.
    if not os.path.isabs(os.environ.get("HOME", "/")):
        return None
    return os.path.abspath(os.path.expanduser(SPOOL_DIR_DEFAULT))


def usable_folder(configured):
    """Returns the spool folder. Only the default is replaced by another one: who names a folder means it."""
    if configured:
        configured = os.path.abspath(os.path.expanduser(configured))
        if configured != os.path.abspath(os.path.expanduser(SPOOL_DIR_DEFAULT)):
            return own_folder(configured)
    default = default_folder()
    try:
        return own_folder(default) if default else temporary_folder()
    except OSError:
        return temporary_folder()


def folder_bytes(folder):
    """Returns how much the files of a folder have together."""
    total = 0
    with os.scandir(folder) as entries:
        for entry in entries:
            with contextlib.suppress(FileNotFoundError):
                total += entry.stat(follow_symlinks=False).st_size
    return total
