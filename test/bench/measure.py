"""Runs a command and prints what it cost as JSON: measure.py SECONDS_MAX LINGER_SECONDS COMMAND…

`wall` is the time until the command ends. `cpu` is user and system time of the command and all its
descendants, those included that outlive it, such as a shipper: they get LINGER_SECONDS to end, and are
ended then. Only Linux lets a process adopt those; elsewhere their time is missing.
"""

import ctypes
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time

PR_SET_CHILD_SUBREAPER = 36
POLL_SECONDS = 0.01
OUTPUT_BYTES_MAX = 4000


def main(seconds_max, linger_seconds, *command):
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    with tempfile.TemporaryFile() as output:
        started = time.monotonic()
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        status = wait(process, float(seconds_max))
        wall = time.monotonic() - started
        end_orphans(time.monotonic() + float(linger_seconds))
        output.seek(0, os.SEEK_END)
        output.seek(max(0, output.tell() - OUTPUT_BYTES_MAX))
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        cost = {
            "status": status,
            "wall": wall,
            "cpu": usage.ru_utime + usage.ru_stime,
            "output": output.read().decode("utf-8", "replace"),
        }
    print(json.dumps(cost))


def wait(process, seconds_max):
    """Returns the exit code, or None after ending a command that takes too long."""
    try:
        return process.wait(timeout=seconds_max)
    except subprocess.TimeoutExpired:
        process.terminate()
        process.wait()
        return None


def end_orphans(give_up_at):
    while True:
        try:
            pid, _status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0 and time.monotonic() > give_up_at:
            for child in children():
                os.kill(child, signal.SIGKILL)
        if pid == 0:
            time.sleep(POLL_SECONDS)


def children():
    with open(f"/proc/self/task/{os.getpid()}/children", encoding="ascii") as file:
        return [int(pid) for pid in file.read().split()]


main(*sys.argv[1:])
