from __future__ import annotations

import hashlib
import os

from ..encoding import Shared
from ..limits import ID_CHARS_MAX, ITEM_STATUSES, NAMES_MAX, PATH_CHARS_MAX
from ..text import Text


class Task:
    """What is recorded of a task, kept from its start on: later its objects may be changed or censored."""

    __slots__ = ("fields", "hosts", "is_begun", "is_secret", "notifies", "uuid")

    # Fields whose Ansible attribute has the same meaning; absent where it is false, empty or not yet known.
    FLAGS = ("diff", "become", "run_once")
    NAMES = ("become_user", "delegate_to")

    def __init__(self, task, occurrence, handler, playbook_dir):
        # A templated no_log is not known before the task has run, and then it is too late.
        self.is_secret = getattr(task, "no_log", True) not in (False, None)
        self.uuid = task._uuid
        # Hosts that have begun this occurrence; see Collector.task_started.
        self.hosts = set()
        self.is_begun = False
        self.notifies = self.words(getattr(task, "notify", None))
        action = Text.keyword(task.action) or "unknown"
        written = self.name_as_written(task)
        path, line = self.place(task)
        role = task._role.get_name() if getattr(task, "_role", None) else None
        filled_in = written if self.is_secret else task.name
        fields = {
            "id": Text.keyword(task._uuid, ID_CHARS_MAX),
            "occurrence": occurrence,
            "key": self.key(role, path, written, action, playbook_dir),
            "name": Text.keyword(filled_in) or action,
            "action": action,
            "handler": handler,
            "no_log": self.is_secret,
        }
        optional = {
            "role": Text.keyword(role),
            "path": Text.keyword(path, PATH_CHARS_MAX),
            "line": line,
            "tags": self.words(task.tags),
            "notify": self.words(self.notifies),
            "loop": bool(getattr(task, "loop_with", None) or getattr(task, "loop", None) is not None),
            "async": getattr(task, "async_val", None),
            **{name: getattr(task, name, None) is True for name in self.FLAGS},
            **{name: self.word(getattr(task, name, None)) for name in self.NAMES},
        }
        seconds = optional["async"]
        if not isinstance(seconds, int) or isinstance(seconds, bool) or seconds < 0:
            del optional["async"]  # A template, for example; what it came to is not told.
        fields.update((name, value) for name, value in optional.items() if value)
        if isinstance(task.check_mode, bool):
            fields["check_mode"] = task.check_mode
        self.fields = Shared(fields)

    @staticmethod
    def word(value):
        return Text.keyword(value) if isinstance(value, str) else None

    @classmethod
    def words(cls, values):
        values = values if isinstance(values, (list, tuple)) else [values]
        return [word for word in map(cls.word, values[:NAMES_MAX]) if word]

    @staticmethod
    def name_as_written(task):
        """
        Returns the name with nothing filled in. By now task.name is templated for the first host, and what
        was filled in may be a secret; the source that the task was parsed from is not touched.
        """
        source = task.get_ds()
        return Text.of(source.get("name")) if isinstance(source, dict) else ""

    @staticmethod
    def place(task):
        path, _colon, line = Text.of(task.get_path()).rpartition(":")
        return (path, int(line)) if path and line.isdigit() else (None, None)

    @staticmethod
    def key(role, path, written, action, playbook_dir):
        inside = path and playbook_dir and path.startswith(playbook_dir + os.sep)
        path = path[len(playbook_dir) + 1 :] if inside else os.path.basename(path or "")
        parts = "|".join((Text.of(role), path, written, action))
        return hashlib.sha1(Text.clean(parts).encode("utf-8"), usedforsecurity=False).hexdigest()

    def does_notify(self, names):
        """True if this task notifies a handler of these names, as far as its own words are not a template."""
        return any(name in names for name in self.notifies)

    @staticmethod
    def is_rescued(task):
        """
        True if a failure of the task is taken care of by the `rescue` of a block that it is in. No hook
        tells; the recap counts it.
        """
        inner, outer = task, getattr(task, "_parent", None)
        while outer is not None:
            if getattr(outer, "rescue", None) and any(one._uuid == inner._uuid for one in outer.block):
                return True
            inner, outer = outer, getattr(outer, "_parent", None)
        return False


class Step:
    """One host at one task: since when, and what its items and tries have come to."""

    __slots__ = ("has_ended", "items", "known", "start")

    def __init__(self, known, start):
        self.known = known
        self.start = start
        self.items = dict.fromkeys(ITEM_STATUSES, 0)
        self.has_ended = False
