from __future__ import annotations

import contextlib
import os

from ..clock import Clock
from ..encoding import to_json
from ..files import sync_folder, write_whole
from ..lines import Lines


class Remarks(Lines):
    """
    Events of the shipper's own: heartbeats, the end of a run that was killed, what the limits cost. They are
    kept beside the spool, and so are the same to the byte and in one count, whichever shipper sends them, and
    however often. Only who holds the spool's lock may touch them.
    """

    FLAGS = os.O_RDWR | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC

    def __init__(self, path):
        super().__init__(path, None)
        with contextlib.suppress(FileNotFoundError):  # There are none yet.
            self.fd = os.open(path, self.FLAGS)

    def count(self):
        return sum(1 for line in self if line.endswith(b"\n"))

    def has(self, action):
        return any(event and event["event"].get("action") == action for _line, event in self.events())

    def append(self, action, kind, shared, **groups):
        """Writes an event, and returns when it is on disk: it may be sent from then on."""
        number = self.count()
        own = {"action": action, "dataset": "ansible.run", "provider": "shipper", "kind": "event"}
        event = {
            "@timestamp": str(Clock()),
            **shared,
            **groups,
            "event": {
                "id": f"{shared['run']['id']}:s{number}",
                "sequence": number,
                **own,
                "category": ["configuration"],
                "type": [kind],
                **groups.get("event", {}),
            },
            "run": {**shared["run"], **groups.get("run", {})},
        }
        if self.fd is None:
            self.fd = os.open(self.path, self.FLAGS | os.O_CREAT, 0o600)
            sync_folder(self.path)
        # What follows the last line feed is of a shipper that died while writing; it was never sent.
        os.ftruncate(self.fd, sum(len(line) for line in self if line.endswith(b"\n")))
        write_whole(self.fd, f"{to_json(event)}\n".encode())
        os.fsync(self.fd)
