from __future__ import annotations

import os
import socket

from ..limits import PROCESS_START_SECONDS
from ..lines import nanoseconds, value_at
from ..text import Text


class Death:
    """What can be known of a run whose writer is gone without a word."""

    EXITING = 0x4  # PF_EXITING of the kernel: locks are released before the process is a zombie

    @classmethod
    def groups(cls, spool, noticed_at=None, seen_at=None, oom_kills=0):
        """
        Returns the fields of run.aborted. Both are Clocks: `noticed_at`, when the run's own shipper found
        the writer gone; `seen_at`, when any other has last seen it at work. Without them the run went on, as
        far as anybody knows, until its last event or heartbeat.
        """
        first, last, count = None, None, 0
        for _line, event in spool.events():
            if event is not None:
                first, last, count = first or event, event, count + 1
        start = value_at(first, "event", "start")
        end = str(noticed_at) if noticed_at else cls.last_sign(last, spool.remarks, seen_at)
        fields = {"outcome": "unknown"}
        start_ns, end_ns = nanoseconds(start), nanoseconds(end)
        if start_ns is not None:
            fields["start"] = start
        if end_ns is not None:
            fields["end"] = end
        if start_ns is not None and end_ns is not None:
            fields["duration"] = max(0, end_ns - start_ns)
        reason, message = cls.cause(first, oom_kills)
        return {
            "event": fields,
            "run": {"status": "aborted", "reason": reason, "events": count},
            "error": {"message": message},
        }

    @staticmethod
    def last_sign(last_event, remarks, seen_at):
        """Returns the latest time at which the run is known to have gone on; None if there is none."""
        signs = [value_at(last_event, "@timestamp")]
        for _line, event in remarks.events():
            if value_at(event, "event", "action") == "run.heartbeat":
                signs.append(value_at(event, "@timestamp"))
        if seen_at is not None:
            signs.append(str(seen_at))
        return max((sign for sign in signs if nanoseconds(sign) is not None), key=nanoseconds, default=None)

    @classmethod
    def cause(cls, first, oom_kills):
        """Returns run.reason and error.message."""
        pid = value_at(first, "process", "pid")
        named = f"The Ansible process (pid {pid})" if isinstance(pid, int) else "The Ansible process"
        if cls.is_alive(first, pid):
            return "error", (
                f"{named} went on, but let go of its record without an end. It may not have been able to "
                "write it, on a full disk for example."
            )
        message = f"{named} ended without a word, as after SIGTERM, SIGHUP, SIGKILL or for want of memory."
        if oom_kills > 0:
            some = "1 process" if oom_kills == 1 else f"{oom_kills} processes"
            message += f" Meanwhile the kernel ended {some} here for want of memory."
        return "killed", message

    @classmethod
    def is_alive(cls, first, pid):
        """True if the process that wrote the first event is surely there: this id, started at this time."""
        told = nanoseconds(value_at(first, "process", "start"))
        host = Text.keyword(socket.gethostname()) or "unknown"
        if told is None or not isinstance(pid, int) or value_at(first, "observer", "hostname") != host:
            return False
        try:
            with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
                # The name of the program, in parentheses, may have any characters in it.
                fields = file.read().rpartition(")")[2].split()
            with open("/proc/stat", encoding="ascii") as file:
                booted = next(int(line.split()[1]) for line in file if line.startswith("btime "))
            state, flags, ticks = fields[0], int(fields[6]), int(fields[19])
        except (OSError, ValueError, IndexError, StopIteration):
            return False
        started = booted + ticks / os.sysconf("SC_CLK_TCK")
        is_same = abs(started - told / 1e9) <= PROCESS_START_SECONDS
        return is_same and state not in "ZX" and not flags & cls.EXITING

    @staticmethod
    def oom_kills():
        """Returns how many processes the kernel has ended for want of memory: in our cgroup, or at all."""
        try:
            with open("/proc/self/cgroup", encoding="utf-8") as file:
                own = next(line[3:].strip() for line in file if line.startswith("0::"))
            path = f"/sys/fs/cgroup{own}/memory.events"
            path = path if os.path.exists(path) else "/proc/vmstat"
            with open(path, encoding="ascii") as file:
                return next(int(line.split()[1]) for line in file if line.startswith("oom_kill "))
        except (OSError, ValueError, StopIteration):
            return 0
