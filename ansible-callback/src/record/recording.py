from __future__ import annotations

import json
import os
import sys
import time

from ..dropped import Dropped
from ..encoding import encode
from ..folder import usable_folder
from ..limits import ERRORS_MAX, LOOK_SECONDS, RUN_ID_VARIABLE
from ..lines import value_at
from ..refusal import Refusal
from ..text import Text
from .collector import Collector
from .shipper_process import ShipperProcess
from .spool import Spool

ADVICE = (
    "The run itself goes on. Check spool_dir in [callback_playtrail], or do without: PLAYTRAIL_ENABLED=false."
)


class Recording:
    """One run as it is recorded: its events, the spool that they go to, and the shipper that follows it."""

    def __init__(self, playbook, settings, recap_before, display):
        self.pid = os.getpid()
        self.settings = settings
        self.display = display
        self.collector = Collector(playbook, settings, recap_before)
        self.spool = None
        self.shipper = None
        self.dropped = Dropped()
        self.written = 0
        self.errors = 0
        self.rests_until = 0.0
        self.has_warned = False

    def open(self):
        """Makes the spool. What is raised means that there is no record, and will be none."""
        folder = usable_folder(self.settings["spool_dir"])
        self.spool = Spool(folder, self.collector.id, self.settings["spool_bytes_max"])

    def tell_refusal(self):
        """Shows what became of the runs before, whose shippers had nobody to tell any more."""
        folder = os.path.dirname(self.spool.path)
        refused = Refusal(folder).read(self.spool.path)
        if refused is None or self.has_warned:
            return
        words, waiting = refused
        runs = "1 run waits" if waiting == 1 else f"{waiting} runs wait"
        # No warning of this run's own, of which there is one at most.
        self.display.warning(
            f"playtrail: the last delivery was refused ({words}); {runs} in {folder} until that is set "
            "right. The token is that of token_file in [callback_playtrail]."
        )

    def begin(self):
        """Writes the start, durably."""
        self.write_event(self.collector.run_started())
        self.spool.sync()
        # For what leaves a trace of its own, such as the role playtrail.audit.witness.
        os.environ[RUN_ID_VARIABLE] = self.collector.id

    def start_shipper(self):
        if not sys.executable:
            raise OSError("the path of Python is not known")
        folder = os.path.dirname(self.spool.path)
        self.shipper = ShipperProcess(folder, self.collector.id, self.settings)

    def write(self, events):
        """Writes events, as far as it can. One that cannot be written leaves a gap in the numbers."""
        for event in events:
            # A disk that is full is asked now and then only; the end of a run always tries.
            if self.errors >= ERRORS_MAX and time.monotonic() < self.rests_until:
                continue
            try:
                self.write_event(event)
            except Exception as error:  # noqa: BLE001 - one event that fails does not cost the next
                self.rests_until = time.monotonic() + LOOK_SECONDS
                self.failed(error)

    def write_event(self, event):
        line = encode(event)
        if not self.spool.has_room_for(line):
            fields = json.loads(event["event"])
            if Dropped.rank(fields["action"], value_at(event, "ansible", "result", "status")) is not None:
                self.dropped.add(fields["sequence"], len(line))
                return
        self.spool.append(line)
        self.written += 1

    def finish(self, recap, custom_stats=None):
        recap = recap.since(self.collector.recap_before)
        self.write(self.collector.hosts_finished(recap))
        self.end(self.collector.run_finished, recap, custom_stats or {})

    def abort(self, reason, message):
        self.end(self.collector.run_aborted, reason, message)

    def end(self, last_event, *args):
        """Writes the last event, durably, with what is missing before it; waits a little for the delivery."""
        self.rests_until = 0.0
        if self.dropped.events:
            self.write([self.collector.spool_dropped(self.dropped)])
        # Whatever has a number and was neither written nor dropped was lost.
        lost = self.collector.sequence - self.written - self.dropped.events
        event = last_event(*args)
        if lost > 0:
            event["run"]["lost"] = lost
        self.write([event])
        self.spool.sync()
        self.spool.close()
        if self.shipper is not None:
            seconds = self.settings["flush_timeout"]
            self.shipper.wait_until_delivered(self.spool.path, seconds)

    def leave(self):
        """Ends the run because Ansible ends."""
        try:
            if self.collector.kind == "console":
                self.finish(self.collector.recap)
            elif self.was_interrupted():
                self.abort("interrupted", "Interrupted, by Ctrl-C or SIGINT.")
            else:
                self.abort(
                    "error", "Ansible ended the run before its recap, after an error outside of any task."
                )
        except Exception as error:  # noqa: BLE001 - the exit code is not ours to change
            self.failed(error)
        finally:
            self.close()

    def was_interrupted(self):
        """True if Ansible has said so. Nothing else is left of the exception by now."""
        try:
            return any("User interrupted execution" in str(message) for message in self.display._errors)
        except Exception:  # noqa: BLE001 - a name of Ansible's own that is not public
            return False

    def failed(self, error):
        self.errors += 1
        self.warn(f"playtrail: this run is not recorded in full: {describe(error)}. {ADVICE}")

    def warn(self, message):
        """Shows a warning, once a run."""
        if not self.has_warned:
            self.has_warned = True
            self.display.warning(Text.clean(message))

    def close(self):
        """Lets go of spool and shipper. A spool without an end says that the run had none."""
        os.environ.pop(RUN_ID_VARIABLE, None)
        if self.spool is not None:
            self.spool.close()
        if self.shipper is not None:
            self.shipper.close()


class NoRecord(SystemExit):
    """Ends Ansible before its first task. No `Exception`: Ansible would take it for a callback's failure."""


def is_console(recording):
    return recording is not None and recording.collector.kind == "console"


def describe(error):
    """Says what went wrong. Words that are not the system's or ours may quote a task, and its secrets."""
    if isinstance(error, OSError):
        return f"{error.strerror}: {error.filename}" if error.strerror and error.filename else str(error)
    place = error.__traceback__
    while place.tb_next is not None:
        place = place.tb_next
    return (
        f"{type(error).__name__} at {os.path.basename(place.tb_frame.f_code.co_filename)}:{place.tb_lineno}"
    )
