from __future__ import annotations

import contextlib
import os
import select
import subprocess
import sys
import time

from ..address import PROXY_ENVIRONMENT
from ..limits import CONNECTED, FIRST_WORD_SECONDS, OFFLINE, POLL_SECONDS, STARTED

# Options that the callback passes on to the shipper.
SHIPPER_OPTIONS = (
    "url",
    "token",
    "token_file",
    "allow_http",
    "ca_file",
    "client_cert",
    "client_key",
    "heartbeat_seconds",
    "spool_bytes_max",
    "spool_days_max",
)

# Loads the script as `python playtrail.py` would, but from the bytecode that Python keeps of imported
# modules, if it is of this very file: it compiles a script anew each time, which is half of the start.
SHIPPER_LOADER = (
    "import sys, importlib.machinery; sys.argv.pop(0); __file__ = sys.argv[0]; "
    "exec(importlib.machinery.SourceFileLoader('__main__', __file__).get_code('__main__'))"
)

# What the shipper's process needs of the environment to start and to reach the server. Nothing else:
# it may live for minutes after the run, and the environment of a run is full of secrets.
SHIPPER_ENVIRONMENT = (
    "HOME",
    "PATH",
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "TMPDIR",
    "LD_LIBRARY_PATH",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    *PROXY_ENVIRONMENT,
)


class ShipperProcess:
    """The shipper, as the run that started it sees it: a process, and the states that it tells on a pipe."""

    def __init__(self, folder, run_id, options):
        self.started_at = time.monotonic()
        self.state = None
        # Why the shipper is offline, in its words.
        self.trouble = ""
        self.has_started = False
        self.unread = b""
        arguments = ["--ship", folder, "--run", run_id]
        if options.get("strict") == "server":
            arguments.append("--first")
        self.states, writing = os.pipe()
        reading, self.bell = os.pipe()
        try:
            os.set_blocking(self.states, False)
            self.process = subprocess.Popen(
                [sys.executable, "-I", "-S", "-c", SHIPPER_LOADER, os.path.abspath(__file__), *arguments],
                stdin=reading,
                stdout=writing,
                stderr=subprocess.DEVNULL,
                close_fds=True,
                cwd="/",
                env=self.environment(folder, options),
                start_new_session=True,  # Ctrl-C at the terminal is for the run, not for its record.
            )
        except BaseException:
            os.close(self.states)
            os.close(self.bell)
            raise
        finally:
            os.close(writing)
            os.close(reading)

    @staticmethod
    def environment(folder, options):
        passed = {name: os.environ[name] for name in SHIPPER_ENVIRONMENT if name in os.environ}
        passed["PLAYTRAIL_SPOOL_DIR"] = folder
        for option in SHIPPER_OPTIONS:
            if options.get(option) not in (None, ""):
                passed[f"PLAYTRAIL_{option.upper()}"] = str(options[option])
        return passed

    def wait_until_started(self, seconds):
        """
        Waits until the server has acknowledged the first event, which a shipper of a strict run sends before
        all else: `seconds` at most. Returns whether it has; if not, `trouble` says why.
        """
        end = time.monotonic() + seconds
        while True:
            state = self.read_state()
            left = end - time.monotonic()
            if self.has_started or state == OFFLINE:
                return self.has_started
            if left <= 0:
                self.trouble = f"no answer within {seconds:g} seconds"
                return False
            self.wait_for_state(left)

    def wait_until_delivered(self, path, seconds):
        """
        Waits until the spool is gone: `seconds` at most, and only while the shipper is in contact with the
        server. Without contact the run ends as if there were no Playtrail.
        """
        end = time.monotonic() + seconds
        with contextlib.suppress(OSError):  # The shipper is gone, and cannot be woken.
            os.write(self.bell, b"\n")
        # A run can be over before its shipper is up. It gets as long as it takes to start, from its start on.
        first_word_by = min(end, self.started_at + FIRST_WORD_SECONDS)
        while os.path.exists(path):
            state = self.read_state()
            left = {None: first_word_by, STARTED: end, CONNECTED: end}.get(state, 0) - time.monotonic()
            if left <= 0:
                return
            self.wait_for_state(min(left, POLL_SECONDS))

    def wait_for_state(self, seconds):
        poll = select.poll()
        poll.register(self.states, select.POLLIN)
        poll.poll(seconds * 1000)

    def read_state(self):
        """Returns the shipper's last word; OFFLINE if it is gone, None if it has not said anything yet."""
        while True:
            try:
                read = os.read(self.states, 4096)
            except BlockingIOError:
                return self.state
            if not read:
                self.trouble = self.trouble or "the shipper ended"
                self.state = OFFLINE
                return self.state
            *lines, self.unread = (self.unread + read).split(b"\n")
            for line in lines:
                self.state, _space, trouble = line.decode("utf-8", "replace").partition(" ")
                self.trouble = trouble or self.trouble
                self.has_started = self.has_started or self.state == STARTED

    def close(self):
        """Lets the shipper go on alone."""
        os.close(self.states)
        os.close(self.bell)
        self.process.poll()
        # It outlives us on purpose, which subprocess would otherwise warn about.
        if self.process.returncode is None:
            self.process.returncode = 0
