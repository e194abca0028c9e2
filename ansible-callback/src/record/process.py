from __future__ import annotations

import contextlib
import os
import time

from ..clock import Clock
from ..limits import ANCESTORS_MAX, PATH_CHARS_MAX
from ..text import Text


class Process:
    """The process that Ansible is, as the kernel knows it; proc(5) has the formats."""

    @classmethod
    def fields(cls):
        """Returns process.*; what the system does not tell is absent."""
        fields = {"pid": os.getpid(), "parent": {"pid": os.getppid()}}
        with contextlib.suppress(OSError):  # The folder may have been removed, and then it has no name.
            fields["working_directory"] = Text.keyword(os.getcwd(), PATH_CHARS_MAX)
        with contextlib.suppress(OSError, ValueError, IndexError):  # There is no /proc on macOS.
            fields["start"] = cls.start()
            name, _parent = cls.name_and_parent(os.getppid())
            fields["parent"]["name"] = Text.keyword(name) or "unknown"
        return fields

    @classmethod
    def start(cls):
        with open("/proc/uptime", encoding="ascii") as file:
            uptime = float(file.read().split()[0])
        age = uptime - int(cls.stat("self")[19]) / os.sysconf("SC_CLK_TCK")
        return Clock.text_of(time.time_ns() - int(age * 1e9))

    @staticmethod
    def stat(pid):
        """Returns the fields of /proc/<pid>/stat from the third on: the second, a name, may hold anything."""
        with open(f"/proc/{pid}/stat", "rb") as file:
            return file.read().rpartition(b")")[2].split()

    @classmethod
    def name_and_parent(cls, pid):
        with open(f"/proc/{pid}/comm", "rb") as file:
            name = file.read().strip().decode("utf-8", "replace")
        return name, int(cls.stat(pid)[1])

    @classmethod
    def is_within(cls, wanted):
        """True if a process of that name is among our closest ancestors."""
        pid = os.getppid()
        with contextlib.suppress(OSError, ValueError, IndexError):
            for _ in range(ANCESTORS_MAX):
                name, parent = cls.name_and_parent(pid)
                if name == wanted:
                    return True
                pid = parent
        return False
