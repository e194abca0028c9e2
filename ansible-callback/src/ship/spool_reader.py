from __future__ import annotations

import contextlib
import fcntl
import json
import os
import stat

from ..dropped import Dropped
from ..encoding import to_json
from ..files import sync_folder, try_lock, write_whole
from ..limits import (
    EVENT_BYTES_MAX,
    REJECTED_SUFFIX,
    REMARKS_SUFFIX,
    REWRITTEN_SUFFIX,
    SHIPPER_BYTE,
    SPOOL_SUFFIX,
    WRITER_BYTE,
)
from ..lines import Lines, parse_event, value_at
from ..text import Text
from .remarks import Remarks


class SpoolReader(Lines):
    """The file of one run, as its shipper holds it. See the top of this file for the locks."""

    ENDS = ("run.finished", "run.aborted")

    def __init__(self, path, fd):
        super().__init__(path, fd)
        self.stem = path[: -len(SPOOL_SUFFIX)]
        self.run_id = os.path.basename(self.stem)
        self.remarks = Remarks(self.stem + REMARKS_SUFFIX)

    @classmethod
    def open(cls, path):
        """Returns the spool, locked against other shippers; None if one of them has it, or had it."""
        try:
            fd = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
        except FileNotFoundError:
            return None
        found = os.fstat(fd)
        try:
            if not stat.S_ISREG(found.st_mode) or found.st_uid != os.geteuid():
                raise PermissionError(f"{path} is not ours")
            # Between opening and locking another shipper may have finished it.
            if try_lock(fd, SHIPPER_BYTE) and os.fstat(fd).st_nlink > 0:
                return cls(path, fd)
        except OSError:
            os.close(fd)
            raise
        os.close(fd)
        return None

    def writer_is_gone(self):
        """True once nothing more will be written. Asked before reading: then what is read is everything."""
        return try_lock(self.fd, WRITER_BYTE)

    def has_end(self):
        """True if the last event is the end of the run."""
        tail = 2 * EVENT_BYTES_MAX
        lines = self.read(max(0, self.size() - tail), tail).split(b"\n")[:-1]
        last = next(filter(None, map(parse_event, reversed(lines))), None)
        return last is not None and last["event"].get("action") in self.ENDS

    def remark(self, action, kind, **groups):
        """Writes an event of our own. It repeats what every event of the run does, if the first has it."""
        lines, _end = self.batch(0, 1)
        first = parse_event(lines[0]) if lines else None
        shared = {"run": {"id": self.run_id}}
        for group, field in ("run", "name"), ("user", "name"), ("observer", "hostname"):
            value = value_at(first, group, field)
            if isinstance(value, str) and value:
                shared.setdefault(group, {})[field] = Text.keyword(value)
        self.remarks.append(action, kind, shared, **groups)

    def reject(self, line, reason):
        """Moves a line that nobody can take aside, with the reason: nothing is thrown away."""
        try:
            entry = {"rejected": reason, "event": json.loads(line)}
        except (ValueError, RecursionError):
            entry = {"rejected": reason, "line": line.decode("utf-8", "replace")}
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        fd = os.open(self.stem + REJECTED_SUFFIX, flags, 0o600)
        try:
            write_whole(fd, f"{to_json(entry)}\n".encode())
            os.fsync(fd)
        finally:
            os.close(fd)

    def drop(self, rank, reason):
        """
        Rewrites the spool without the events that Dropped.rank() puts at `rank` or below, and says so in a
        remark. Returns how many bytes that freed.

        Whenever this is cut short, finish_rewriting() goes on, here or in the next shipper: either the spool
        is whole and nothing is said, or what is said comes true.
        """
        before, dropped = os.fstat(self.fd), Dropped()
        path = f"{self.stem}.s{self.remarks.count()}{REWRITTEN_SUFFIX}"
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            # As with the writer's, nobody can see one that looks free.
            fcntl.lockf(fd, fcntl.LOCK_EX, 1, SHIPPER_BYTE)
            with open(fd, "wb", closefd=False) as file:
                for line in self:
                    event = parse_event(line)
                    action = value_at(event, "event", "action")
                    own = Dropped.rank(action, value_at(event, "ansible", "result", "status"))
                    if own is None or own > rank:
                        file.write(line)
                    else:
                        dropped.add(event["event"].get("sequence"), len(line))
            if dropped.events:
                os.utime(fd, ns=(before.st_atime_ns, before.st_mtime_ns))  # The run is as old as before.
                os.fsync(fd)
                self.remark("spool.dropped", "info", spool={"reason": reason, **dropped.fields()})
        finally:
            self.finish_rewriting(path)
            os.close(self.fd)
            self.fd = fd
        return dropped.bytes

    def finish_rewriting(self, path):
        """Puts a rewritten spool in its place if a remark says what is missing in it; else removes it."""
        number = int(path[len(self.stem) + 2 : -len(REWRITTEN_SUFFIX)])
        with contextlib.suppress(FileNotFoundError):
            if number < self.remarks.count():
                os.rename(path, self.path)
                sync_folder(self.path)
            else:
                os.unlink(path)

    def remove(self):
        # In this order: remarks without a spool are only in the way, but a spool without its remarks would
        # get others, with the same numbers.
        os.unlink(self.path)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.remarks.path)

    def close(self):
        self.remarks.close()
        super().close()
