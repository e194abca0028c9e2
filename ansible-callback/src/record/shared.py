from __future__ import annotations

import atexit
import os
import sys
import types

from ..clock import uuid7
from ..program import context


def command_id():
    """Returns what the runs of one command line share, if it has several playbooks; else None."""
    shared = process_state()
    if shared.command_id is None and len(context.CLIARGS.get("args") or ()) > 1:
        shared.command_id = uuid7()
    return shared.command_id


PROCESS_STATE = "playtrail_process_state"


def process_state():
    """
    Returns what all copies of this file in one process share. The file may be loaded twice, from a folder
    and from the collection; then the modules differ, and only the table of modules is common to them.
    """
    shared = sys.modules.get(PROCESS_STATE)
    if shared is None:
        shared = sys.modules[PROCESS_STATE] = types.ModuleType(PROCESS_STATE, "What playtrail.py shares.")
        # A weak reference to the callback that records, and the run that it is recording. The run outlives
        # the callback: Ansible drops its callbacks before it ends, and loads them anew in ansible-console.
        shared.recorder = None
        shared.recording = None
        shared.command_id = None
        atexit.register(end_of_process)
    return shared


def end_of_process():
    """Ends the run that had no recap: interrupted, ended by an error, or ansible-console's session."""
    shared = process_state()
    recording, shared.recording = shared.recording, None
    if recording is not None and recording.pid == os.getpid():
        recording.leave()
