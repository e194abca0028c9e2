#!/usr/bin/python
# Copyright (c) 2026, the Playtrail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is two programs that share one format, in one file so that it can be dropped into a folder:
#
#   imported by Ansible   CallbackModule → Collector → Spool       one os.write() per event, nothing else
#   run as a script       main() → Shipper → Endpoint              reads spools, posts them, removes them
#
# They meet in the spool folder. A spool is `<run id>.ndjson`, one event a line, appended to only by its
# writer. Two POSIX locks on the file say who is at it:
#
#   byte 0   held by the writer as long as it lives. The kernel drops it when the process dies, however it
#            dies, and forked workers do not inherit it. Nobody else can take it, so: taken = still written.
#   byte 1   held by the shipper that is sending the file. Of any number of shippers one gets it.
#
# A POSIX lock is lost when the process closes any descriptor of the file, so each side opens a spool once.
# A spool gets its final name only after the writer has locked it; nobody can see one that looks orphaned.
#
# Beside it, touched only by who holds byte 1:
#
#   <run id>.shipper            events of the shipper's own, such as the end of a run that was killed
#   <run id>.rejected           what the server refused, with its reasons; kept when the spool is gone
#   <run id>.s<n>.rewritten     the spool without what the limits cost it; takes its place as soon as event
#                               <n> of `.shipper`, which says what is missing, is on disk

from __future__ import annotations

DOCUMENTATION = """
name: playtrail
type: notification
short_description: records every run in an audit trail
version_added: 0.1.0
author: the Playtrail authors
description:
  - Records who ran which playbook, when, from where, on which hosts, what changed, how long it took and how
    it ended, and sends it to a Playtrail server.
  - Inside Ansible it only appends to a spool file. A process of its own, the shipper, sends the spool and
    removes it when the server has acknowledged everything. Without a server the run goes on unchanged, and
    the next run, or C(playtrail.py --ship), delivers what is left.
  - Tasks with C(no_log) are recorded without their arguments, output, diff and filled in name.
requirements:
  - nothing but the Python that runs Ansible, 3.9 or later
  - enabling, with C(callbacks_enabled = playtrail.audit.playtrail), or C(playtrail) for the file alone
options:
  url:
    description: Address of the Playtrail server, C(http) or C(https).
    type: str
    default: http://127.0.0.1:8470
    env:
      - name: PLAYTRAIL_URL
    ini:
      - section: callback_playtrail
        key: url
  token:
    description:
      - Token that the server knows this sender by.
      - Prefer O(token_file); environments and ansible.cfg are read by more people than you think.
    type: str
    env:
      - name: PLAYTRAIL_TOKEN
    ini:
      - section: callback_playtrail
        key: token
  token_file:
    description: File that holds the token, readable by you alone. Not looked at if O(token) is given.
    type: path
    env:
      - name: PLAYTRAIL_TOKEN_FILE
    ini:
      - section: callback_playtrail
        key: token_file
  spool_dir:
    description:
      - Folder in which events wait for delivery. It must be yours, and writable by nobody else.
      - If the default cannot be used, because there is no home directory for example, it is a folder named
        C(playtrail-) and your user id below the system's folder for temporary files.
    type: path
    default: ~/.playtrail/spool
    env:
      - name: PLAYTRAIL_SPOOL_DIR
    ini:
      - section: callback_playtrail
        key: spool_dir
  allow_http:
    description:
      - True sends to another machine by plain C(http), where anybody on the way can read token and record.
      - Without it such a server gets nothing, and runs stay in the spool.
    type: bool
    default: false
    env:
      - name: PLAYTRAIL_ALLOW_HTTP
    ini:
      - section: callback_playtrail
        key: allow_http
  ca_file:
    description:
      - File with the certificates, in PEM, of the authorities to trust instead of the system's.
      - Certificates are always verified.
    type: path
    env:
      - name: PLAYTRAIL_CA_FILE
    ini:
      - section: callback_playtrail
        key: ca_file
  client_cert:
    description: File with the certificate, in PEM, that the server knows this sender by.
    type: path
    env:
      - name: PLAYTRAIL_CLIENT_CERT
    ini:
      - section: callback_playtrail
        key: client_cert
  client_key:
    description:
      - File with the key of O(client_cert), without a passphrase, readable by you alone.
      - Not needed if the key is in O(client_cert).
    type: path
    env:
      - name: PLAYTRAIL_CLIENT_KEY
    ini:
      - section: callback_playtrail
        key: client_key
  spool_bytes_max:
    description:
      - How many bytes may wait in O(spool_dir). Beyond that the oldest runs lose details, items of loops
        first, and an event tells what was dropped. What a run was, and how it ended, is never dropped.
    type: int
    default: 268435456
    env:
      - name: PLAYTRAIL_SPOOL_BYTES_MAX
    ini:
      - section: callback_playtrail
        key: spool_bytes_max
  spool_days_max:
    description: After how many days of waiting a run loses its details; refused events go after as many.
    type: int
    default: 14
    env:
      - name: PLAYTRAIL_SPOOL_DAYS_MAX
    ini:
      - section: callback_playtrail
        key: spool_days_max
  flush_timeout:
    description:
      - Seconds to wait at the end of a run, at most, until everything is delivered.
      - There is no wait at all while the server cannot be reached.
    type: float
    default: 2
    env:
      - name: PLAYTRAIL_FLUSH_TIMEOUT
    ini:
      - section: callback_playtrail
        key: flush_timeout
  enabled:
    description: False records nothing, without touching C(callbacks_enabled).
    type: bool
    default: true
    env:
      - name: PLAYTRAIL_ENABLED
    ini:
      - section: callback_playtrail
        key: enabled
  labels:
    description:
      - Names and values of your own that go with each run, such as C(team=web,env=prod).
      - Names are up to 64 letters, digits, C(_) and C(-); values up to 1024 characters; at most 32 of them.
    type: str
    default: ""
    env:
      - name: PLAYTRAIL_LABELS
    ini:
      - section: callback_playtrail
        key: labels
"""

import atexit
import contextlib
import difflib
import fcntl
import hashlib
import ipaddress
import itertools
import json
import os
import pwd
import re
import select
import socket
import stat
import subprocess
import sys
import tempfile
import time
import types
import urllib.parse
import weakref

IS_SCRIPT = __name__ == "__main__"

if IS_SCRIPT:
    CallbackBase = object  # The shipper starts in milliseconds, because it does without Ansible.
else:
    from ansible import constants, context
    from ansible.plugins.callback import CallbackBase
    from ansible.release import __version__ as ansible_version

VERSION = "0.1.0"

URL_DEFAULT = "http://127.0.0.1:8470"
SPOOL_DIR_DEFAULT = "~/.playtrail/spool"
FLUSH_SECONDS_DEFAULT = 2.0
SPOOL_BYTES_MAX_DEFAULT = 256 * 1024 * 1024
SPOOL_DAYS_MAX_DEFAULT = 14

# Limits of schemas/*.json. What is longer is cut, and ansible.truncated says so.
KEYWORD_CHARS_MAX = 1024
TEXT_CHARS_MAX = 8192
TEXT_HEAD_CHARS = 6000
TEXT_TAIL_CHARS = 2000
PATH_CHARS_MAX = 4096
ID_CHARS_MAX = 36
DIFF_CHARS_MAX = 65536
DIFFS_MAX = 200
WARNINGS_MAX = 32
NAMES_MAX = 256
INVENTORIES_MAX = 64
LABELS_MAX = 32
TRUNCATED_MAX = 32
RC_MIN = -(2**31)
RC_MAX = 2**32 - 1
EVENT_BYTES_MAX = 256 * 1024

# Limits of the work done inside Ansible for one event, whatever a module returns.
DIFF_SOURCE_CHARS_MAX = 1024 * 1024
DIFF_ALIGNED_PAIRS_MAX = 250_000
DIFF_CONTEXT_LINES = 3
NODES_MAX = 2000
DEPTH_MAX = 8

ITEM_STATUSES = ("ok", "changed", "failed", "skipped")

# After this many failures something is wrong for good, and the rest of the run is spared the attempts.
ERRORS_MAX = 20

# How often the writer looks whether its spool is still there.
LOOK_SECONDS = 1.0

# The shipper's.
BATCH_EVENTS_MAX = 500
BATCH_BYTES_MAX = 1024 * 1024
CONNECT_SECONDS_MAX = 5
READ_SECONDS_MAX = 15
REQUEST_SECONDS_MAX = 30
ANSWER_BYTES_MAX = 8 * 1024 * 1024
POLL_SECONDS = 0.025
FIRST_WORD_SECONDS = 0.5
# How often the shipper looks what is new of a run that goes on, and whether it still does.
WATCH_SECONDS = 0.5
HEARTBEAT_SECONDS = 30.0
RETRY_SECONDS_MIN = 0.2
RETRY_SECONDS_MAX = 30.0
REFUSED_RETRY_SECONDS = 30.0
SHIPPER_LINGER_SECONDS = 600
SHIP_BY_HAND_TRIES = 3
ORPHAN_SECONDS = 3600
DROPPED_RANGES_MAX = 1000
REASON_CHARS_MAX = 500
# Two ways to tell when a process started differ by the rounding of the boot time.
PROCESS_START_SECONDS = 2.0
SHIPPER_NICENESS = 10

SPOOL_SUFFIX = ".ndjson"
NEW_SUFFIX = ".new"
REJECTED_SUFFIX = ".rejected"
REMARKS_SUFFIX = ".shipper"
REWRITTEN_SUFFIX = ".rewritten"
WRITER_BYTE = 0
SHIPPER_BYTE = 1

# What the shipper tells the run that started it.
CONNECTED = "connected"
OFFLINE = "offline"  # followed by the reason
STARTED = "started"  # the server has the first event
EMPTY = "empty"

# Options that the callback passes on to the shipper.
SHIPPER_OPTIONS = (
    "url",
    "token",
    "token_file",
    "allow_http",
    "ca_file",
    "client_cert",
    "client_key",
    "spool_bytes_max",
    "spool_days_max",
)

# Loads the script as `python playtrail.py` would, but from the bytecode that Python keeps of imported
# modules, if it is of this very file: it compiles a script anew each time, which is half of the start.
SHIPPER_LOADER = (
    "import sys, importlib.machinery; sys.argv.pop(0); __file__ = sys.argv[0]; "
    "exec(importlib.machinery.SourceFileLoader('__main__', __file__).get_code('__main__'))"
)

PROXY_ENVIRONMENT = ("HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY", "https_proxy", "http_proxy", "no_proxy")

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
    "PLAYTRAIL_HEARTBEAT_SECONDS",
    *PROXY_ENVIRONMENT,
)

# Fields of ansible.* that an event too large as a whole gives up, in this order.
EXPENDABLE = (
    "diff",
    "result.stdout",
    "result.stderr",
    "result.warnings",
    "result.msg",
    "result.skip_reason",
    "cli.inventory",
    "task.tags",
    "cli.tags",
    "cli.skip_tags",
    "cli.extra_var_names",
    "cli.limit",
    "play.hosts_pattern",
)


class Text:
    """Turns whatever Ansible holds into text that every JSON parser and store accepts, within a limit."""

    # JSON could carry both, but stores and strict parsers refuse them.
    NOT_STORABLE = re.compile("[\x00\ud800-\udfff]")
    # Ansible normalises inventory paths, which makes one slash of a URL's two.
    USERINFO = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*:/+)[^/\s]*@")

    @classmethod
    def clean(cls, text):
        """Returns a plain str: Ansible's tagged and unsafe kinds of str stay behind."""
        plain = str.__str__(text)
        if plain.isascii() and "\x00" not in plain:
            return plain
        return cls.NOT_STORABLE.sub("\ufffd", plain)

    @classmethod
    def keyword(cls, value, limit=KEYWORD_CHARS_MAX):
        """Returns a short text, cut at its end without a word; None if there is nothing."""
        text = cls.of(value)
        return cls.clean(text[:limit]) or None

    @classmethod
    def of(cls, value):
        """Returns the value as a str, structures as JSON; of large structures only the beginning."""
        if value is None:
            return ""
        if isinstance(value, str):
            return str.__str__(value)
        if isinstance(value, bytes):
            return value.decode("utf-8", "replace")
        return json.dumps(cls.plain(value), ensure_ascii=False)

    @classmethod
    def plain(cls, value):
        """Returns the value with plain types only; what is too deep or too much is left out."""
        nodes_left, chars_left = NODES_MAX, DIFF_SOURCE_CHARS_MAX

        def copy(value, depth):
            nonlocal nodes_left, chars_left
            nodes_left -= 1
            if value is None or isinstance(value, bool):
                return value
            if isinstance(value, (int, float)):
                return int(value) if isinstance(value, int) else float(value)
            if isinstance(value, (dict, list, tuple, set, frozenset)):
                if depth > DEPTH_MAX:
                    return "…"
                few = itertools.islice(value.items() if isinstance(value, dict) else value, NODES_MAX)
                if isinstance(value, dict):
                    return {
                        cls.keyword(key) or "": copy(item, depth + 1) for key, item in few if nodes_left > 0
                    }
                return [copy(item, depth + 1) for item in few if nodes_left > 0]
            text = cls.scalar(value)[: max(0, chars_left)]
            chars_left -= len(text)
            return text

        return copy(value, 0)

    @staticmethod
    def scalar(value):
        if isinstance(value, str):
            return str.__str__(value)
        # str() of a vaulted variable is its secret.
        return "(encrypted)" if hasattr(type(value), "__ENCRYPTED__") else str(value)

    @classmethod
    def without_userinfo(cls, text):
        """Returns the text with user names and passwords taken out of its URLs."""
        return cls.USERINFO.sub(r"\1", text)


class Cuts:
    """Cuts what is too long, and remembers it for `ansible.truncated`."""

    def __init__(self):
        self.entries = []

    def note(self, field, size):
        if len(self.entries) < TRUNCATED_MAX:
            self.entries.append({"field": field, "size": size})

    def text(self, field, value):
        """Returns head and tail of a long text: a message begins, and an output ends, with what matters."""
        text = Text.of(value)
        if len(text) <= TEXT_CHARS_MAX:
            return Text.clean(text)
        self.note(field, len(text))
        left_out = len(text) - TEXT_HEAD_CHARS - TEXT_TAIL_CHARS
        middle = f"\n… {left_out} characters left out …\n"
        return Text.clean(text[:TEXT_HEAD_CHARS]) + middle + Text.clean(text[-TEXT_TAIL_CHARS:])

    def list(self, field, values, limit):
        """Returns the first values of a list that is too long."""
        if len(values) > limit:
            self.note(field, len(values))
        return values[:limit]


class Clock:
    """A moment by both clocks: the wall's, to tell when, and the monotonic one, to tell how long."""

    __slots__ = ("monotonic_ns", "wall_ns")

    # The last second that was written out: most events share theirs with the one before.
    second = (None, None)

    def __init__(self):
        self.wall_ns = time.time_ns()
        self.monotonic_ns = time.monotonic_ns()

    def __str__(self):
        seconds, nanoseconds = divmod(self.wall_ns, 1_000_000_000)
        known, text = Clock.second
        if seconds != known:
            text = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))
            Clock.second = (seconds, text)
        return f"{text}.{nanoseconds // 1000:06d}Z"

    def since(self, start):
        """Returns event.start, event.end and event.duration of what lasted from `start` until now."""
        return {
            "start": str(start),
            "end": str(self),
            "duration": max(0, self.monotonic_ns - start.monotonic_ns),
        }


def uuid7(wall_ns=None):
    """Returns a UUIDv7 (RFC 9562): 48 bits of milliseconds since 1970, version, variant, 74 random bits."""
    milliseconds = (time.time_ns() if wall_ns is None else wall_ns) // 1_000_000
    number = (milliseconds & (2**48 - 1)) << 80 | int.from_bytes(os.urandom(10), "big")
    number = number & ~(0xF << 76) | 0x7 << 76
    number = number & ~(0x3 << 62) | 0x2 << 62
    digits = f"{number:032x}"
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def encode(event):
    """
    Returns the event's line: compact JSON in UTF-8 with its line feed, within EVENT_BYTES_MAX.

    The limits of the single fields allow for more than that together, so some go as a whole.
    """
    line = encode_whole(event)
    for field in EXPENDABLE:
        if len(line) <= EVENT_BYTES_MAX:
            return line
        if give_up(event, field):
            line = encode_whole(event)
    if len(line) > EVENT_BYTES_MAX and "groups" in event.get("host", {}):
        event["host"] = {"name": event["host"]["name"]}
        line = encode_whole(event)
    if len(line) > EVENT_BYTES_MAX:
        raise ValueError(f"an event of {len(line)} bytes is larger than {EVENT_BYTES_MAX}")
    return line


def give_up(event, name):
    """
    Takes a field out of ansible.* and notes its size; False if it is not there. What is shared with other
    events is replaced, not edited.
    """
    ansible = dict(event.get("ansible", {}))
    group, _dot, field = name.rpartition(".")
    fields = dict(ansible.get(group, {})) if group else ansible
    if field not in fields:
        return False
    left_out = fields.pop(field)
    size = sum(len(diff["unified"]) for diff in left_out) if field == "diff" else len(left_out)
    if group:
        ansible[group] = fields
    others = [entry for entry in ansible.get("truncated", []) if entry["field"] != f"ansible.{name}"]
    ansible["truncated"] = [*others, {"field": f"ansible.{name}", "size": size}][-TRUNCATED_MAX:]
    event["ansible"] = ansible
    return True


def encode_whole(event):
    return json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode("utf-8") + b"\n"


class Diff:
    """Makes the unified form of what modules report as before and after, in bounded time."""

    HUNK = re.compile(r"^@@ -(\d+)(.*?) \+(\d+)(.*) @@")
    NOTES = (
        ("dst_binary", "diff skipped: destination file appears to be binary\n"),
        ("src_binary", "diff skipped: source file appears to be binary\n"),
        ("dst_larger", "diff skipped: destination file is larger than {} bytes\n"),
        ("src_larger", "diff skipped: source file is larger than {} bytes\n"),
    )

    @classmethod
    def all_of(cls, result, cuts):
        """Returns ansible.diff of a result, or of a loop's results, within the limits of one event."""
        diffs = []
        room = DIFF_CHARS_MAX
        size = 0
        for entry, owner in cls.entries(result):
            text = cls.text(entry)
            if not text:
                continue
            size += len(text)
            if room <= 0 or len(diffs) >= DIFFS_MAX:
                continue
            # after_header comes last: for a template it is a temporary file.
            paths = (
                entry.get("before_header"),
                owner.get("dest"),
                owner.get("path"),
                entry.get("after_header"),
            )
            path = Text.keyword(next(filter(None, paths), None), PATH_CHARS_MAX)
            diffs.append({**({"path": path} if path else {}), "unified": Text.clean(text[:room])})
            room -= len(text)
        if size > sum(len(diff["unified"]) for diff in diffs):
            cuts.note("ansible.diff", size)
        return diffs

    @staticmethod
    def entries(result):
        """Yields each difference with the result that it is in. A censored item of a loop has none."""
        items = loop_items(result)
        for owner in [result] if items is None else items:
            if is_censored(owner):
                continue
            reported = owner.get("diff")
            for entry in reported if isinstance(reported, (list, tuple)) else [reported]:
                if isinstance(entry, dict):
                    yield entry, owner

    @classmethod
    def text(cls, entry):
        parts = [note.format(Text.keyword(entry[key])) for key, note in cls.NOTES if key in entry]
        if "before" in entry and "after" in entry:
            before = Text.keyword(entry.get("before_header")) or "before"
            after = Text.keyword(entry.get("after_header")) or "after"
            lines = cls.unified(cls.lines(entry["before"]), cls.lines(entry["after"]))
            if lines:
                parts.append(f"--- {before}\n+++ {after}\n")
                parts.extend(lines)
        if "prepared" in entry:
            parts.append(Text.of(entry["prepared"])[:DIFF_SOURCE_CHARS_MAX])
        return "".join(parts)

    @staticmethod
    def lines(side):
        if isinstance(side, (dict, list, tuple)):
            text = json.dumps(Text.plain(side), ensure_ascii=False, indent=4, sort_keys=True) + "\n"
        else:
            text = Text.of(side)[:DIFF_SOURCE_CHARS_MAX]
        # Not splitlines(), which splits at form feeds and others: no line of a file ends there.
        *lines, rest = text.split("\n")
        lines = [line + "\n" for line in lines]
        return [*lines, rest + "\n\\ No newline at end of file\n"] if rest else lines

    @classmethod
    def unified(cls, before, after):
        """
        Returns the hunks. difflib takes minutes for the worst of inputs, and the playbook waits for it: what
        both sides begin and end with is left out, and of much that remains no line is matched with another.
        """
        if before == after:
            return []
        least = min(len(before), len(after))
        head = next((n for n in range(least) if before[n] != after[n]), least)
        tail = next((n for n in range(least - head) if before[-1 - n] != after[-1 - n]), least - head)
        start = max(0, head - DIFF_CONTEXT_LINES)
        tail = max(0, tail - DIFF_CONTEXT_LINES)
        before = before[start : len(before) - tail]
        after = after[start : len(after) - tail]
        if len(before) * len(after) > DIFF_ALIGNED_PAIRS_MAX:
            header = f"@@ -{start + 1},{len(before)} +{start + 1},{len(after)} @@\n"
            return [header, *("-" + line for line in before), *("+" + line for line in after)]
        hunks = list(difflib.unified_diff(before, after, n=DIFF_CONTEXT_LINES))[2:]
        return [
            cls.HUNK.sub(lambda at: cls.moved(at, start), line) if line[0] == "@" else line for line in hunks
        ]

    @staticmethod
    def moved(at, lines):
        return f"@@ -{int(at[1]) + lines}{at[2]} +{int(at[3]) + lines}{at[4]} @@"


def is_censored(result):
    """True for a result, or an item of a loop, whose content is not to be recorded."""
    return bool(result.get("_ansible_no_log")) or "censored" in result


def loop_items(result):
    """Returns the results of a loop's items, or None. (Some modules return `results` of their own.)"""
    items = result.get("results")
    if not isinstance(items, (list, tuple)) or not items:
        return None
    if all(isinstance(item, dict) and ("ansible_loop_var" in item or "censored" in item) for item in items):
        return items
    return None


class Actor:
    """Who runs this process, and from where. Nothing here asks the network."""

    LOGINUID_UNSET = 2**32 - 1

    @classmethod
    def fields(cls):
        """Returns user.*, source.*, observer.* and process.* of the run."""
        effective = os.geteuid()
        fields = {
            "user": {**cls.user(), "effective": {"name": cls.name_of(effective), "id": str(effective)}},
            "observer": {"hostname": Text.keyword(socket.gethostname()) or "unknown"},
            "process": {"pid": os.getpid()},
        }
        source = cls.source()
        if source:
            fields["source"] = source
        with contextlib.suppress(OSError):  # It may have been removed, and then it has no name.
            fields["process"]["working_directory"] = Text.keyword(os.getcwd(), PATH_CHARS_MAX)
        return fields

    @classmethod
    def user(cls):
        """Returns the person by the best evidence there is; user.origin says which."""
        for origin, find in (
            ("loginuid", cls.by_loginuid),
            ("login", cls.by_terminal),
            ("sudo", lambda: (os.environ.get("SUDO_USER"), os.environ.get("SUDO_UID"))),
            ("env", lambda: (cls.by_environment(), None)),
        ):
            try:
                name, uid = find()
            except (OSError, ValueError, KeyError):
                continue
            name = Text.keyword(name)
            if name:
                uid = uid or cls.uid_of(name)
                return {"name": name, **({"id": str(uid)[:64]} if uid else {}), "origin": origin}
        uid = os.getuid()
        return {"name": cls.name_of(uid), "id": str(uid), "origin": "uid"}

    @classmethod
    def by_loginuid(cls):
        # The kernel sets it once at login and keeps it through su and sudo.
        with open("/proc/self/loginuid", encoding="ascii") as file:
            uid = int(file.read())
        if uid == cls.LOGINUID_UNSET:
            raise ValueError("not a login session")
        return cls.name_of(uid), str(uid)

    @staticmethod
    def by_terminal():
        return os.getlogin(), None

    @staticmethod
    def by_environment():
        return next((os.environ[name] for name in ("LOGNAME", "USER", "LNAME") if os.environ.get(name)), None)

    @staticmethod
    def name_of(uid):
        try:
            return Text.keyword(pwd.getpwuid(uid).pw_name) or str(uid)
        except KeyError:
            return str(uid)  # Containers run as users that nobody has named.

    @staticmethod
    def uid_of(name):
        try:
            return str(pwd.getpwnam(name).pw_uid)
        except (KeyError, ValueError, UnicodeEncodeError):
            return None

    @staticmethod
    def source():
        client = os.environ.get("SSH_CONNECTION", "").split()
        try:
            # A zone index (fe80::1%eth0) means something on this machine only, and is no part of an address.
            source = {"ip": str(ipaddress.ip_address(client[0].split("%")[0]))}
            if 0 <= int(client[1]) <= 65535:
                source["port"] = int(client[1])
            return source
        except (ValueError, IndexError):
            return None


class Invocation:
    """What Ansible was asked for, from its own parsed options; never from sys.argv, which holds secrets."""

    # Field, option, and the name of the constant that is the option's value when it is not given.
    OPTIONS = (
        ("forks", "forks", "DEFAULT_FORKS"),
        ("become", "become", "DEFAULT_BECOME"),
        ("become_user", "become_user", "DEFAULT_BECOME_USER"),
        ("become_method", "become_method", "DEFAULT_BECOME_METHOD"),
        ("remote_user", "remote_user", "DEFAULT_REMOTE_USER"),
        ("connection", "connection", "DEFAULT_TRANSPORT"),
        ("start_at_task", "start_at_task", None),
        ("step", "step", None),
        ("verbosity", "verbosity", None),
        ("limit", "subset", None),
    )

    @classmethod
    def fields(cls, plays, cuts):
        """Returns ansible.cli: of what has a default only what differs from it."""
        options = context.CLIARGS
        cli = {"check": bool(options.get("check")), "diff": bool(options.get("diff"))}
        for field, option, default in cls.OPTIONS:
            value = options.get(option)
            # `smart` is how earlier versions spell that no connection was asked for.
            if not value or value == "smart" or (default and value == getattr(constants, default, None)):
                continue
            if isinstance(value, (bool, int)):
                cli[field] = value
            else:
                cli[field] = Text.keyword(value, TEXT_CHARS_MAX if field == "limit" else KEYWORD_CHARS_MAX)
                if len(cli[field]) < len(value):
                    cuts.note(f"ansible.cli.{field}", len(value))
        cls.add_lists(cli, options, plays, cuts)
        return cli

    @classmethod
    def add_lists(cls, cli, options, plays, cuts):
        inventory = options.get("inventory") or ()
        lists = (
            ("tags", [] if tuple(options.get("tags") or ()) == ("all",) else options.get("tags"), NAMES_MAX),
            ("skip_tags", options.get("skip_tags"), NAMES_MAX),
            ("extra_var_names", cls.extra_var_names(plays), NAMES_MAX),
            ("inventory", [inventory] if isinstance(inventory, str) else inventory, INVENTORIES_MAX),
        )
        for field, given, limit in lists:
            few = map(Text.of, cuts.list(f"ansible.cli.{field}", list(given or ()), limit))
            if field == "inventory":
                values = [cuts.text("ansible.cli.inventory", Text.without_userinfo(path)) for path in few]
            else:
                values = [name for name in map(Text.keyword, few) if name]
            if values:
                cli[field] = values

    @staticmethod
    def extra_var_names(plays):
        try:
            return sorted(str(name) for name in plays[0].get_variable_manager()._extra_vars)
        except Exception:  # noqa: BLE001 - a private name of Ansible's: without it the names are missing
            return []


class Task:
    """What is recorded of a task, kept from its start on: later its objects may be changed or censored."""

    __slots__ = ("fields", "hosts", "is_secret", "uuid")

    def __init__(self, task, occurrence, handler, playbook_dir):
        # A templated no_log is not known before the task has run, and then it is too late.
        self.is_secret = getattr(task, "no_log", True) not in (False, None)
        self.uuid = task._uuid
        # Hosts that have begun this occurrence; see Collector.task_started.
        self.hosts = set()
        action = Text.keyword(task.action) or "unknown"
        written = self.name_as_written(task)
        path, line = self.place(task)
        role = task._role.get_name() if getattr(task, "_role", None) else None
        filled_in = written if self.is_secret else task.name
        self.fields = {
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
            "tags": [name for name in map(Text.keyword, (task.tags or [])[:NAMES_MAX]) if name],
        }
        self.fields.update((name, value) for name, value in optional.items() if value)
        if isinstance(task.check_mode, bool):
            self.fields["check_mode"] = task.check_mode

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


class Collector:
    """
    Turns what Ansible tells into the events of one run. It opens nothing and starts nothing, and it changes
    none of Ansible's objects: those are shared with the run itself.

    Each method takes the next sequence number before it does anything else. If it fails, or the event
    cannot be written, the number is missing, and the server sees that something is.
    """

    # Strategies in which each host goes ahead on its own, and a task's start is told once for each host.
    PER_HOST_STRATEGIES = ("free", "host_pinned")

    def __init__(self, playbook, labels, parent_id, stats_before):
        self.start = Clock()
        self.id = uuid7(self.start.wall_ns)
        self.sequence = 0
        self.labels = labels
        self.parent_id = parent_id
        self.playbook = playbook
        # Ansible counts on through all playbooks of a command line; shared by their runs.
        self.stats_before = stats_before
        self.kind, self.name, self.playbook_path = self.what(playbook)
        self.playbook_dir = os.path.dirname(self.playbook_path) if self.playbook_path else None
        self.actor = Actor.fields()
        self.shared = {
            "run": {"id": self.id, "name": self.name},
            "user": {"name": self.actor["user"]["name"]},
            "observer": self.actor["observer"],
        }
        self.play = None
        self.play_is_per_host = False
        self.batches = {}
        self.occurrences = {}
        self.tasks = {}
        self.begun = {}
        self.hosts = {}

    @staticmethod
    def what(playbook):
        """Returns run.kind, run.name and the playbook's path."""
        file_name = getattr(playbook, "_file_name", None)
        if playbook is None:
            return "console", "ansible-console", None
        if not file_name or file_name == "__adhoc_playbook__":
            return "adhoc", Text.keyword(context.CLIARGS.get("module_name")) or "ad-hoc", None
        path = os.path.abspath(Text.of(file_name))
        return "playbook", Text.keyword(os.path.basename(path)) or "playbook", path

    def event(self, action, dataset, kind, now=None):
        sequence = self.sequence
        self.sequence += 1
        return {
            "@timestamp": str(now or Clock()),
            "event": {
                "id": f"{self.id}:{sequence}",
                "sequence": sequence,
                "action": action,
                "dataset": dataset,
                "provider": "callback",
                "kind": "event",
                "category": ["configuration"],
                "type": [kind],
            },
            **self.shared,
        }

    def run_started(self):
        event = self.event("run.started", "ansible.run", "start", self.start)
        event["event"]["start"] = str(self.start)
        cuts = Cuts()
        event["run"] = {**event["run"], "kind": self.kind, "status": "running"}
        if self.parent_id:
            event["run"]["parent_id"] = self.parent_id
        event.update(self.actor)
        event["agent"] = {"name": "playtrail.audit", "version": VERSION}
        if self.labels:
            event["labels"] = self.labels
        plays = self.playbook.get_plays() if self.playbook else []
        event["ansible"] = {"version": ansible_version, "cli": Invocation.fields(plays, cuts)}
        if self.playbook_path:
            path = Text.keyword(self.playbook_path, PATH_CHARS_MAX)
            event["ansible"]["playbook"] = {"name": self.name, "path": path}
        if cuts.entries:
            event["ansible"]["truncated"] = cuts.entries
        return [event]

    def play_started(self, play):
        event = self.event("play.started", "ansible.play", "start")
        cuts = Cuts()
        # ansible-runner appends `_2` and so on to the ids of a play's batches.
        play_id = Text.keyword(play._uuid, ID_CHARS_MAX)
        batch = self.batches[play_id] = self.batches.get(play_id, 0) + 1
        hosts = play.hosts if isinstance(play.hosts, (list, tuple)) else [play.hosts]
        pattern = ",".join(map(Text.of, hosts))
        strategy = Text.keyword(play.strategy)
        self.play = {"id": play_id, "batch": batch}
        name = Text.keyword(play.name or pattern)
        if name:
            self.play["name"] = name
        self.play_is_per_host = bool(strategy) and strategy.endswith(self.PER_HOST_STRATEGIES)
        self.tasks = {}
        self.begun = {}
        self.hosts = {}
        fields = {**self.play, "hosts_pattern": cuts.text("ansible.play.hosts_pattern", pattern)}
        if strategy:
            fields["strategy"] = strategy
        total = self.hosts_total(play)
        if total is not None:
            fields["hosts_total"] = total
        event["ansible"] = {"play": fields, **({"truncated": cuts.entries} if cuts.entries else {})}
        return [event]

    @staticmethod
    def hosts_total(play):
        try:
            return len(play.get_variable_manager()._inventory.get_hosts(play.hosts))
        except Exception:  # noqa: BLE001 - a private name of Ansible's: without it the number is missing
            return None

    def play_no_hosts(self):
        event = self.event("play.no_hosts", "ansible.play", "info")
        if self.play:
            event["ansible"] = {"play": self.play}
        return [event]

    def task_started(self, task, handler=False):
        known = self.tasks.get(task._uuid)
        if known and self.play_is_per_host:
            return []  # The same start, told again for another host.
        return [self.begin(task, handler)]

    def begin(self, task, handler):
        event = self.event("task.started", "ansible.task", "start")
        occurrence = self.occurrences[task._uuid] = self.occurrences.get(task._uuid, 0) + 1
        known = self.tasks[task._uuid] = Task(task, occurrence, handler, self.playbook_dir)
        event["ansible"] = {"task": known.fields}
        if self.play:
            event["ansible"]["play"] = self.play
        return event

    def host_began(self, host, task):
        """Remembers when a host began a task; says nothing, unless the task turns out to run once more."""
        events = []
        name = host.get_name()
        known = self.tasks.get(task._uuid)
        if known is None or (self.play_is_per_host and name in known.hosts):
            handler = known.fields["handler"] if known else False
            events.append(self.begin(task, handler))
            known = self.tasks[task._uuid]
        if self.play_is_per_host:
            known.hosts.add(name)
        # A host works on one task at a time, which keeps this as small as the number of hosts.
        self.begun[name] = (known, Clock(), {})
        return events

    def item_ended(self, result, status):
        """Counts the items of a loop. In the results of ansible-core 2.21 they do not say how they ended."""
        if status == "ok" and result.is_changed():
            status = "changed"
        _known, _start, items = self.begun.get(field_of(result, "host").get_name(), (None, None, {}))
        items[status] = items.get(status, 0) + 1
        return []

    def host_result(self, result, status, ignored=False):
        events = []
        now = Clock()
        host, task = field_of(result, "host"), field_of(result, "task")
        known, start, items = self.begun.get(host.get_name(), (None, now, {}))
        if known is None or known.uuid != task._uuid:
            known, start, items = self.tasks.get(task._uuid), now, {}
        if known is None:
            events.append(self.begin(task, False))
            known = self.tasks[task._uuid]

        if status == "ok" and result.is_changed():
            status = "changed"
        only_checked = self.was_only_checked(task, known)
        event = self.event("host.result", "ansible.result", self.type_of(status, only_checked), now)
        event["event"].update(now.since(start))
        event["event"]["outcome"] = self.outcome(status, only_checked)
        event["host"] = self.host_fields(host)

        cuts = Cuts()
        content = field_of(result, "result")
        is_secret = known.is_secret or task.no_log not in (False, None) or is_censored(content)
        fields = known.fields
        if is_secret != fields["no_log"] or only_checked != fields.get("check_mode", only_checked):
            fields = {**fields, "no_log": is_secret, "check_mode": only_checked}
        event["ansible"] = {**({"play": self.play} if self.play else {}), "task": fields}
        event["ansible"]["result"] = self.result(
            status, ignored, content, task, is_secret=is_secret, cuts=cuts
        )
        if not is_secret:
            if items:
                event["ansible"]["result"]["items"] = {**dict.fromkeys(ITEM_STATUSES, 0), **items}
            diffs = Diff.all_of(content, cuts)
            if diffs:
                event["ansible"]["diff"] = diffs
        if cuts.entries:
            event["ansible"]["truncated"] = cuts.entries
        return [*events, event]

    def host_fields(self, host):
        name, groups = host.get_name(), host.get_groups()
        # Within a play a host may come into more groups, by group_by for example, but into no others.
        known = self.hosts.get(name)
        if known and known[0] == len(groups):
            return known[1]
        fields = {"name": Text.keyword(name) or "unknown"}
        groups_named = {Text.keyword(group.name) for group in groups} - {"all", "ungrouped", None}
        if groups_named:
            fields["groups"] = sorted(groups_named)[:NAMES_MAX]
        self.hosts[name] = (len(groups), fields)
        return fields

    @staticmethod
    def type_of(status, only_checked):
        if status in ("failed", "unreachable"):
            return "error"
        return "change" if status == "changed" and not only_checked else "info"

    @staticmethod
    def was_only_checked(task, known):
        # Templated, it is known only now; earlier versions leave the template, and then the start counts.
        check_mode = task.check_mode if isinstance(task.check_mode, bool) else known.fields.get("check_mode")
        return bool(check_mode)

    @staticmethod
    def outcome(status, only_checked):
        if status in ("failed", "unreachable"):
            return "failure"
        return "unknown" if status == "skipped" or only_checked else "success"

    @classmethod
    def result(cls, status, ignored, content, task, *, is_secret, cuts):
        """Returns ansible.result. Under no_log it is a list of what may be said, not of what may not."""
        fields = {"status": status}
        if ignored:
            fields["ignored"] = True
        attempts = content.get("attempts")
        if isinstance(attempts, int) and attempts > 0:
            fields["attempts"] = int(attempts)
        if is_secret:
            return fields

        rc = content.get("rc")
        if isinstance(rc, int) and not isinstance(rc, bool) and RC_MIN <= rc <= RC_MAX:
            fields["rc"] = int(rc)
        for field, names in (
            ("msg", ("msg", "reason")),
            ("stdout", ("stdout", "module_stdout")),
            ("stderr", ("stderr", "module_stderr")),
        ):
            value = next((content[name] for name in names if content.get(name)), None)
            if value is not None:
                fields[field] = cuts.text(f"ansible.result.{field}", value)
        if status == "skipped":
            reason = cls.skip_reason(content)
            if reason:
                fields["skip_reason"] = cuts.text("ansible.result.skip_reason", reason)
        delegated = cls.delegated_host(content, task)
        if delegated:
            fields["delegated_host"] = delegated
        warnings = content.get("warnings")
        if isinstance(warnings, (list, tuple)) and warnings:
            few = cuts.list("ansible.result.warnings", list(warnings), WARNINGS_MAX)
            fields["warnings"] = [cuts.text("ansible.result.warnings", warning) for warning in few]
        return fields

    @staticmethod
    def skip_reason(content):
        reason = Text.of(content.get("skip_reason") or content.get("skipped_reason"))
        condition = content.get("false_condition")
        if condition is None:
            return reason
        return f"{reason or 'Conditional result was False'}: {Text.of(condition)}"

    @staticmethod
    def delegated_host(content, task):
        told = content.get("_ansible_delegated_vars") or {}
        delegated = told.get("ansible_delegated_host") or task.delegate_to
        if not isinstance(delegated, str) or "{{" in delegated:
            return None  # Not filled in, as for a skipped task or a loop: nothing is better than a template.
        return Text.keyword(delegated)

    def run_finished(self, stats):
        """The recap: an event for each host, so that no event grows with their number, and the end."""
        events = []
        totals = dict.fromkeys(
            ("ok", "changed", "failures", "unreachable", "skipped", "rescued", "ignored"), 0
        )
        hosts = {"total": 0, "ok": 0, "changed": 0, "failed": 0, "unreachable": 0}
        for name in sorted(stats.processed):
            counts = self.stats_of(name, stats.summarize(name))
            if not any(counts.values()):
                continue  # A host of an earlier playbook of the same command line.
            event = self.event("host.finished", "ansible.run", "end")
            status = self.status_of(counts)
            event["event"]["outcome"] = self.outcome(status, False)
            event["host"] = {"name": Text.keyword(name) or "unknown"}
            event["ansible"] = {"stats": counts}
            events.append(event)
            hosts["total"] += 1
            hosts[status] += 1
            for field in totals:
                totals[field] += counts[field]

        now = Clock()
        event = self.event("run.finished", "ansible.run", "end", now)
        # A callback is not told the exit code; this is what Ansible makes it of.
        status = next((status for status in ("failed", "unreachable", "changed") if hosts[status]), "success")
        event["event"].update(now.since(self.start))
        event["event"]["outcome"] = self.outcome(status, False)
        event["run"] = {**event["run"], "kind": self.kind, "status": status}
        if self.parent_id:
            event["run"]["parent_id"] = self.parent_id
        event["ansible"] = {"stats": totals, "hosts": hosts}
        return [*events, event]

    def stats_of(self, name, counts):
        before = self.stats_before.get(name, {})
        self.stats_before[name] = dict(counts)
        return {field: max(0, counts[field] - before.get(field, 0)) for field in counts}

    @staticmethod
    def status_of(counts):
        if counts["failures"]:
            return "failed"
        if counts["unreachable"]:
            return "unreachable"
        return "changed" if counts["changed"] else "ok"


def field_of(result, name):
    """Ansible 2.19 made these attributes public and deprecates the private names."""
    value = getattr(result, name, None)
    return getattr(result, f"_{name}") if value is None else value


def parse_labels(text):
    """Returns the labels of `team=web,env=prod`, and what of it is no label."""
    labels, mistakes = {}, []
    for part in filter(None, (part.strip() for part in Text.of(text).split(","))):
        name, equals, value = (piece.strip() for piece in part.partition("="))
        if equals and re.fullmatch(r"[A-Za-z0-9_-]{1,64}", name) and len(labels) < LABELS_MAX:
            labels[name] = Text.clean(value[:KEYWORD_CHARS_MAX])
        else:
            mistakes.append(part)
    return labels, mistakes


def parse_url(url):
    """Returns the parts of the server's address; raises ValueError if it is none."""
    parts = urllib.parse.urlsplit(url)
    # Reading the port checks it.
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.port == 0:
        raise ValueError(f"expected an address such as {URL_DEFAULT}, got {Text.without_userinfo(url)!r}")
    return parts


def check_url(url, allow_http=False):
    """Returns the parts of the server's address; raises ValueError if it is none, or not safe to send to."""
    parts = parse_url(url)
    if parts.scheme == "http" and not allow_http and not is_loopback(parts.hostname):
        raise ValueError(
            f"expected https, since {parts.hostname} is another machine, got http, which anybody on the way "
            "can read; allow_http=true sends all the same"
        )
    return parts


def is_loopback(host):
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


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


class Spool:
    """The file of one run, as its writer holds it. See the top of this file for the locks."""

    def __init__(self, folder, run_id):
        self.path = os.path.join(folder, run_id + SPOOL_SUFFIX)
        # Workers are forks: they have this object and its descriptor, and must never write.
        self.pid = os.getpid()
        self.fd = None
        self.open()

    def open(self):
        new = self.path[: -len(SPOOL_SUFFIX)] + NEW_SUFFIX
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        fd = os.open(new, flags, 0o600)
        try:
            fcntl.lockf(fd, fcntl.LOCK_EX, 1, WRITER_BYTE)
            os.rename(new, self.path)
        except BaseException:
            os.unlink(new)
            os.close(fd)
            raise
        self.fd = fd
        self.size = 0
        self.looked_at = time.monotonic()

    def append(self, line):
        """Writes one line. What a full disk has cut short is taken back: a line is whole or absent."""
        if os.getpid() != self.pid:
            return
        if self.fd is None:
            raise OSError("the spool is closed")
        # Looked at now and then only, since it costs as much as the write.
        now = time.monotonic()
        if now - self.looked_at > LOOK_SECONDS:
            self.looked_at = now
            self.reopen_if_removed()
        try:
            written = os.write(self.fd, line)
            while written < len(line):
                written += os.write(self.fd, line[written:])
        except OSError:
            os.ftruncate(self.fd, self.size)
            raise
        self.size += len(line)

    def reopen_if_removed(self):
        """If somebody removed the file under us, the rest of the run goes into a new one of the same name."""
        if os.fstat(self.fd).st_nlink == 0:
            os.close(self.fd)
            self.fd = None
            self.open()

    def sync(self):
        if self.fd is not None and os.getpid() == self.pid:
            os.fsync(self.fd)

    def close(self):
        """Lets go of the file, and so tells shippers that there is no more to come."""
        if self.fd is not None and os.getpid() == self.pid:
            os.close(self.fd)
            self.fd = None


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


PROCESS_STATE = "playtrail_process_state"


def process_state():
    """
    Returns what all copies of this file in one process share. The file may be loaded twice, from a folder
    and from the collection; then the modules differ, and only the table of modules is common to them.
    """
    shared = sys.modules.get(PROCESS_STATE)
    if shared is None:
        shared = sys.modules[PROCESS_STATE] = types.ModuleType(PROCESS_STATE, "What playtrail.py shares.")
        shared.recorder = None
    return shared


class CallbackModule(CallbackBase):
    """
    What Ansible calls. The hooks are a table; each goes through _record, which decides what a failure means:
    the run goes on, and the user is told once.
    """

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "playtrail"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self._pid = os.getpid()
        self._settings = {}
        self._labels = {}
        self._mistakes = []
        self._collector = None
        self._spool = None
        self._shipper = None
        self._parent_id = None
        self._stats_before = {}
        self._errors = 0
        self._has_warned = False
        itself = weakref.ref(self)
        atexit.register(lambda: itself() and itself()._close())

    def set_options(self, task_keys=None, var_options=None, direct=None):
        super().set_options(task_keys=task_keys, var_options=var_options, direct=direct)
        names = (*SHIPPER_OPTIONS, "spool_dir", "flush_timeout", "enabled", "labels")
        self._settings = {name: self.get_option(name) for name in names}
        self.disabled = not self._settings["enabled"]
        self._labels, mistakes = parse_labels(self._settings["labels"])
        if mistakes:
            self._mistakes.append(f"labels: expected name=value,name=value, got {', '.join(mistakes)!r}")
        try:
            check_url(self._settings["url"] or "", self._settings["allow_http"])
        except ValueError as error:
            self._mistakes.append(f"url: {error}; runs stay in the spool")
            self._settings["url"] = None

    def v2_playbook_on_start(self, playbook):
        self._record(self._begin_run, playbook)

    def v2_playbook_on_play_start(self, play):
        self._record("play_started", play)

    def v2_playbook_on_no_hosts_matched(self):
        self._record("play_no_hosts")

    def v2_playbook_on_task_start(self, task, is_conditional):
        self._record("task_started", task)

    def v2_playbook_on_handler_task_start(self, task):
        self._record("task_started", task, True)

    def v2_runner_on_start(self, host, task):
        self._record("host_began", host, task)

    # The status is the hook's. On ansible-core before 2.21 is_failed() and is_skipped() are wrong in here.
    def v2_runner_on_ok(self, result):
        self._record("host_result", result, "ok")

    def v2_runner_on_failed(self, result, ignore_errors=False):
        self._record("host_result", result, "failed", bool(ignore_errors))

    def v2_runner_on_skipped(self, result):
        self._record("host_result", result, "skipped")

    def v2_runner_on_unreachable(self, result):
        ignored = getattr(field_of(result, "task"), "ignore_unreachable", False)
        self._record("host_result", result, "unreachable", bool(ignored))

    def v2_runner_item_on_ok(self, result):
        self._record("item_ended", result, "ok")

    def v2_runner_item_on_failed(self, result):
        self._record("item_ended", result, "failed")

    def v2_runner_item_on_skipped(self, result):
        self._record("item_ended", result, "skipped")

    def v2_playbook_on_stats(self, stats):
        self._record(self._finish_run, stats)

    def _record(self, make_events, *args):
        """Recording must never break the run, and must never fail in silence."""
        try:
            if os.getpid() != self._pid or not self._is_recorder():
                return
            if callable(make_events):
                make_events(*args)
                return
            if self._collector is None:
                self._begin_run(None)  # ansible-console begins with a play.
            self._write(getattr(self._collector, make_events)(*args))
        except Exception as error:  # noqa: BLE001 - whatever it is, the run goes on
            self._failed(error)

    def _is_recorder(self):
        """Of all copies in this process the first one that is called records; the others fall silent."""
        shared = process_state()
        recorder = shared.recorder and shared.recorder()
        if recorder is self:
            return True
        if recorder is not None:
            self.disabled = True
            return False
        shared.recorder = weakref.ref(self)
        return True

    def _begin_run(self, playbook):
        self._end_run()  # One that was not finished, if any; its spool says so by having no end.
        self._has_warned = False
        for mistake in self._mistakes:
            self._warn(f"playtrail: {mistake}. See ansible-doc -t callback playtrail.")
        if self._parent_id is None and len(context.CLIARGS.get("args") or ()) > 1:
            self._parent_id = uuid7()
        parent_id = self._parent_id if playbook is not None else None
        self._collector = Collector(playbook, self._labels, parent_id, self._stats_before)
        folder = usable_folder(self._settings.get("spool_dir"))
        self._spool = Spool(folder, self._collector.id)
        self._write(self._collector.run_started())
        self._spool.sync()
        if self._settings.get("url"):
            self._start_shipper(folder)

    def _start_shipper(self, folder):
        try:
            if not sys.executable:
                raise OSError("the path of Python is not known")
            self._shipper = ShipperProcess(folder, self._collector.id, self._settings)
        except (OSError, ValueError) as error:
            self._warn(
                f"playtrail: the record of this run stays in {folder}, the shipper did not start: {error}. "
                "playtrail.py --ship delivers it."
            )

    def _write(self, events):
        for event in events:
            line = encode(event)
            if self._spool is not None:
                self._spool.append(line)

    def _finish_run(self, stats):
        if self._collector is None:
            self._begin_run(None)
        try:
            self._write(self._collector.run_finished(stats))
            if self._spool is not None:
                self._spool.sync()
                self._spool.close()
                if self._shipper is not None:
                    seconds = self._settings.get("flush_timeout", FLUSH_SECONDS_DEFAULT)
                    self._shipper.wait_until_delivered(self._spool.path, seconds)
        finally:
            self._end_run()
            process_state().recorder = None

    def _end_run(self):
        spool, shipper = self._spool, self._shipper
        self._collector = self._spool = self._shipper = None
        if spool is not None:
            spool.close()
        if shipper is not None:
            shipper.close()

    def _close(self):
        if os.getpid() == self._pid:
            self._end_run()

    def _failed(self, error):
        self._errors += 1
        self._warn(
            f"playtrail: this run is not recorded in full: {describe(error)}. The run itself goes on. "
            "Check spool_dir in [callback_playtrail], or do without: PLAYTRAIL_ENABLED=false."
        )
        if self._errors >= ERRORS_MAX:
            self.disabled = True

    def _warn(self, message):
        if not self._has_warned:
            self._has_warned = True
            self._display.warning(Text.clean(message))


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


# From here on: the shipper. It imports what it needs where it needs it, so that Ansible does not have to.


class Trouble(Exception):
    """Why events could not be delivered now. They stay in the spool."""

    def __init__(self, message, retry_seconds=0.0, is_general=True):
        super().__init__(message)
        self.retry_seconds = retry_seconds
        # False if another spool may well be delivered, because it was the content that the server failed at.
        self.is_general = is_general


class BatchRefused(Exception):
    """The server will never take this batch as it is: too large, or something in it is not understood."""

    def __init__(self, code, message):
        super().__init__(message)
        self.reason = {"code": code, "message": message}


class Certificates:
    """Whom the shipper trusts, and what it shows of itself. Nothing switches verification off."""

    def __init__(self, ca_file=None, client_cert=None, client_key=None):
        if client_key and not client_cert:
            raise ValueError("client_key: expected client_cert beside it, got none")
        self.ca_file = ca_file
        self.client_cert = client_cert
        self.client_key = client_key

    def context(self):
        """Returns what ssl needs; read for each connection anew, since certificates are exchanged, too."""
        import ssl

        with self.named("ca_file", self.ca_file):
            context = ssl.create_default_context(cafile=self.ca_file)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if self.client_cert:
            with self.named("client_cert", self.client_cert, self.client_key):
                context.load_cert_chain(self.client_cert, self.client_key, self.no_passphrase)
        return context

    @staticmethod
    @contextlib.contextmanager
    def named(option, *paths):
        """Says which file it was: ssl does not."""
        try:
            yield
        except OSError as error:
            files = ", ".join(filter(None, paths))
            raise OSError(f"{option}: expected PEM in {files}, got: {error.strerror or error}") from error

    @staticmethod
    def no_passphrase():
        raise ValueError("client_key: expected a key without a passphrase; there is nobody to ask for it")


class Proxy:
    """The HTTP proxy on the way to the server, if the environment names one."""

    def __init__(self, url):
        parts = urllib.parse.urlsplit(url if "://" in url else f"http://{url}")
        if parts.scheme != "http" or not parts.hostname or parts.port == 0:
            raise ValueError(
                f"proxy: expected an address such as http://proxy:3128, got {Text.without_userinfo(url)!r}"
            )
        self.host = parts.hostname
        self.port = parts.port or 80
        self.headers = self.authorization(parts)

    @classmethod
    def to(cls, parts):
        """Returns the proxy to a server, or None. What is sent to this machine does not leave it."""
        if is_loopback(parts.hostname) or not any(map(os.environ.get, PROXY_ENVIRONMENT)):
            return None
        import urllib.request

        url = urllib.request.getproxies_environment().get(parts.scheme)
        if not url or urllib.request.proxy_bypass_environment(parts.netloc.rpartition("@")[2]):
            return None
        return cls(url)

    @staticmethod
    def authorization(parts):
        import base64

        if not parts.username:
            return {}
        pair = f"{urllib.parse.unquote(parts.username)}:{urllib.parse.unquote(parts.password or '')}"
        return {"Proxy-Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}


class Endpoint:
    """The server's `POST /v1/events`, over one connection that is kept open."""

    def __init__(self, url, token=None, token_file=None, *, allow_http=False, certificates=None):
        self.parts = check_url(url, allow_http)
        self.url = Text.without_userinfo(url.rstrip("/"))
        self.token = token
        self.token_file = token_file
        self.certificates = certificates or Certificates()
        self.proxy = Proxy.to(self.parts)
        self.connection = None

    def post(self, lines):
        """
        Sends the lines and returns the server's answer once they are on its disk: (accepted, duplicates,
        rejected). Raises Trouble if that is not sure, BatchRefused if trying again cannot help.
        """
        import gzip

        body = gzip.compress(b"\n".join(lines) + b"\n", 1)
        try:
            status, headers, content = self.request(body)
        except (OSError, ValueError) as error:  # ValueError: a token or an answer that is no HTTP
            self.close()
            through = f" through the proxy {self.proxy.host}:{self.proxy.port}" if self.proxy else ""
            raise Trouble(f"{self.url}{through}: {error or type(error).__name__}") from error
        document = self.document(headers, content)
        if status == 200 or (status == 400 and "rejected" in document):
            return self.acknowledged(document, len(lines))
        why = f"{self.url} answered {status} {document.get('detail') or document.get('title') or ''}".rstrip()
        if status == 413:
            raise BatchRefused(document.get("code", "batch_too_large"), why)
        # Only our server's own words cost a batch its place. A proxy in between that answers 400 knows
        # nothing about events, and neither does what listens on a wrong port.
        if status == 400 and "code" in document and document["code"] != "body_incomplete":
            raise BatchRefused(document["code"], why)
        if status in (429, 503):
            raise Trouble(why, self.retry_after(headers))
        if status >= 500:
            raise Trouble(why, is_general=False)
        # 401, 403, redirects, which could take the token elsewhere, and whatever somebody has to set right.
        raise Trouble(why, REFUSED_RETRY_SECONDS)

    def request(self, body):
        """Makes one request. A connection that the server has closed meanwhile is replaced once, quietly."""
        import http.client

        for is_last in (False, True):
            is_kept = self.connection is not None
            try:
                with self.time_limit():
                    return self.exchange(body)
            except (http.client.HTTPException, ConnectionError) as error:
                self.close()
                if is_last or not is_kept:
                    raise OSError(f"no answer: {error or type(error).__name__}") from error
        raise OSError("no answer")

    def exchange(self, body):
        if self.connection is None:
            self.connection = self.connect()
        headers = {"Content-Type": "application/x-ndjson", "Content-Encoding": "gzip"}
        headers["User-Agent"] = f"playtrail-shipper/{VERSION}"
        token = self.read_token()
        if token:
            headers["Authorization"] = f"Bearer {token}"
        target = self.parts.path.rstrip("/") + "/v1/events"
        if self.proxy and self.parts.scheme == "http":
            target = f"http://{self.parts.netloc.rpartition('@')[2]}{target}"
            headers.update(self.proxy.headers)
        self.connection.request("POST", target, body, headers)
        response = self.connection.getresponse()
        content = response.read(ANSWER_BYTES_MAX + 1)
        if len(content) > ANSWER_BYTES_MAX or response.will_close:
            self.close()
        return response.status, response.headers, content

    def connect(self):
        import http.client

        host, port, limit = self.parts.hostname, self.parts.port, CONNECT_SECONDS_MAX
        peer = (self.proxy.host, self.proxy.port) if self.proxy else (host, port)
        if self.parts.scheme == "https":
            connection = http.client.HTTPSConnection(
                *peer, timeout=limit, context=self.certificates.context()
            )
            if self.proxy:
                connection.set_tunnel(host, port, self.proxy.headers)
        else:
            connection = http.client.HTTPConnection(*peer, timeout=limit)
        connection.connect()
        connection.sock.settimeout(READ_SECONDS_MAX)
        return connection

    @staticmethod
    @contextlib.contextmanager
    def time_limit():
        """Ends a request that takes too long as a whole. Timeouts of sockets begin anew with each byte."""
        import signal

        def expire(_signal, _frame):
            raise TimeoutError(f"no answer within {REQUEST_SECONDS_MAX} seconds")

        before = signal.signal(signal.SIGALRM, expire)
        signal.setitimer(signal.ITIMER_REAL, REQUEST_SECONDS_MAX)
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)

    def read_token(self):
        """Returns the token; from a file anew each time, since tokens are exchanged while shippers wait."""
        token = self.token
        if not token and self.token_file:
            with open(os.path.expanduser(self.token_file), encoding="utf-8") as file:
                token = file.read(4096).strip()
        # http.client would quote it in its complaint.
        if token and not re.fullmatch("[!-~]+", token):
            raise ValueError("the token has characters that cannot be sent")
        return token

    @staticmethod
    def document(headers, content):
        kind = (headers.get_content_type() or "").lower()
        if kind not in ("application/json", "application/problem+json"):
            return {}
        try:
            document = json.loads(content)
        except ValueError:
            return {}
        return document if isinstance(document, dict) else {}

    def acknowledged(self, document, count):
        """Returns what the answer acknowledges; it has to account for every line, or it acknowledges none."""
        accepted, duplicates = document.get("accepted", 0), document.get("duplicates", 0)
        rejected = document.get("rejected")
        numbers = [accepted, duplicates]
        if isinstance(rejected, list) and all(isinstance(entry, dict) for entry in rejected):
            numbers += [entry.get("line") for entry in rejected]
            is_whole = all(isinstance(number, int) for number in numbers)
            lines = set(numbers[2:])
            if (
                is_whole
                and all(1 <= line <= count for line in lines)
                and accepted + duplicates + len(lines) == count
            ):
                return accepted, duplicates, rejected
        raise Trouble(f"{self.url} does not answer as a Playtrail server does", REFUSED_RETRY_SECONDS)

    @staticmethod
    def retry_after(headers):
        value = headers.get("Retry-After", "")
        return min(float(value), RETRY_SECONDS_MAX) if value.isdigit() else 0.0

    def close(self):
        if self.connection is not None:
            self.connection.close()
            self.connection = None


class Lines:
    """A file of events, one a line, that may still grow. What has no line feed yet is no line."""

    def __init__(self, path, fd):
        self.path = path
        self.fd = fd

    def size(self):
        return 0 if self.fd is None else os.fstat(self.fd).st_size

    def read(self, offset, length=BATCH_BYTES_MAX):
        return b"" if self.fd is None else os.pread(self.fd, length, offset)

    def __iter__(self):
        """Yields each line with its line feed; the last one may lack it."""
        if self.fd is not None:
            with open(self.fd, "rb", closefd=False) as file:
                file.seek(0)
                yield from file

    def events(self):
        """Yields (line, event) of every whole line; the event is None if the line is none."""
        return ((line, parse_event(line)) for line in self if line.endswith(b"\n"))

    def batch(self, offset, events_max=BATCH_EVENTS_MAX):
        """Returns (lines, next offset) from `offset` on: so many events and BATCH_BYTES_MAX at most."""
        read = self.read(offset)
        end = read.rfind(b"\n") + 1
        lines = read[:end].split(b"\n")[:-1][:events_max]
        return lines, offset + sum(map(len, lines)) + len(lines)

    def overlong_line(self, offset):
        """Returns where a line ends that no batch can hold, which only damage explains; or None."""
        size = self.size()
        if size - offset < BATCH_BYTES_MAX:
            return None
        at = offset
        while at < size:
            read = self.read(at)
            found = read.find(b"\n")
            if found >= 0:
                return at + found + 1
            at += len(read)
        return None

    def close(self):
        if self.fd is not None:
            os.close(self.fd)
            self.fd = None


def parse_event(line):
    """Returns the event of a line, with a dict of event.*; None if it has none."""
    try:
        event = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return event if isinstance(event, dict) and isinstance(event.get("event"), dict) else None


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
        write_whole(self.fd, encode_whole(event))
        os.fsync(self.fd)


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
            write_whole(fd, encode_whole(entry))
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
                    if not dropped.takes(line, rank):
                        file.write(line)
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


class Dropped:
    """What the limits cost one spool."""

    DETAILS = ("item.result", "host.retry", "handler.notified", "tasks.included")

    def __init__(self):
        self.events = 0
        self.bytes = 0
        self.ranges = []

    @classmethod
    def rank(cls, event):
        """Returns 0 for what is given up first, then 1 and 2; None for what is never given up."""
        action = event["event"].get("action")
        if action in cls.DETAILS:
            return 0
        if action == "task.started":
            return 1
        if action == "host.result":
            return 1 if value_at(event, "ansible", "result", "status") in ("ok", "skipped") else 2
        return None

    def takes(self, line, rank):
        """Returns whether the line is to go, and counts it if so."""
        event = parse_event(line)
        own = None if event is None else self.rank(event)
        if own is None or own > rank:
            return False
        self.events += 1
        self.bytes += len(line)
        sequence = event["event"].get("sequence")
        if isinstance(sequence, int):
            if self.ranges and self.ranges[-1][1] == sequence - 1:
                self.ranges[-1][1] = sequence
            elif len(self.ranges) < DROPPED_RANGES_MAX:
                self.ranges.append([sequence, sequence])
        return True

    def fields(self):
        sequences = [f"{first}-{last}" for first, last in self.ranges]
        return {"events": self.events, "bytes": self.bytes, "sequences": sequences}


RANKS = (0, 1, 2)


class Death:
    """What can be known of a run whose writer is gone without a word."""

    EXITING = 0x4  # PF_EXITING of the kernel: locks are released before the process is a zombie

    @classmethod
    def groups(cls, spool, noticed_at=None, oom_kills=0):
        """Returns the fields of run.aborted. `noticed_at` is a Clock, if somebody was watching."""
        first, last, count = None, None, 0
        for _line, event in spool.events():
            if event is not None:
                first, last, count = first or event, event, count + 1
        start = value_at(first, "event", "start")
        end = str(noticed_at) if noticed_at else value_at(last, "@timestamp")
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


def value_at(event, *names):
    """Returns what is in a field of a field; None if there is none, whatever there is instead."""
    for name in names:
        event = event.get(name) if isinstance(event, dict) else None
    return event


def nanoseconds(timestamp):
    """Returns the time of an event in nanoseconds since 1970, or None if it has none."""
    import datetime

    try:
        moment = datetime.datetime.fromisoformat(timestamp.replace("Z", "+00:00"))
        since = moment - datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
    except (AttributeError, TypeError, ValueError):
        return None
    return since // datetime.timedelta(microseconds=1) * 1000


def write_whole(fd, line):
    while line:
        line = line[os.write(fd, line) :]


def sync_folder(path):
    """Puts on disk that a file is in its folder, under this name."""
    fd = os.open(os.path.dirname(path), os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def try_lock(fd, byte):
    """Takes the lock of one byte if it is free; True if we have it now."""
    try:
        fcntl.lockf(fd, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, byte)
    except (BlockingIOError, PermissionError):
        return False
    return True


class Turn:
    """The right to wait for the server on behalf of a folder: a lock on it, of one shipper at a time."""

    def __init__(self, folder):
        self.folder = folder
        self.fd = None

    def take(self):
        if self.fd is not None:
            return True
        fd = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(fd)
            return False
        except OSError:
            pass  # Some network file systems lock no folders: then several wait, which costs only memory.
        self.fd = fd
        return True

    def give_up(self):
        """Returns whether we had it."""
        fd, self.fd = self.fd, None
        if fd is not None:
            os.close(fd)
        return fd is not None


class Shipper:
    """
    Delivers the spools of one folder, oldest first. How far it got in a file it keeps in memory only: the
    server knows what is sent again by the ids of the events.
    """

    def __init__(
        self,
        folder,
        endpoint,
        spool_bytes_max=SPOOL_BYTES_MAX_DEFAULT,
        spool_days_max=SPOOL_DAYS_MAX_DEFAULT,
    ):
        self.folder = folder
        self.endpoint = endpoint
        self.spool_bytes_max = spool_bytes_max
        self.spool_days_max = spool_days_max
        self.report = lambda state, why="": None
        # The spool of the run that started us, if one did.
        self.own = None
        self.own_is_going_on = False
        self.heartbeat_seconds = HEARTBEAT_SECONDS
        self.next_heartbeat = 0.0
        self.oom_kills_before = 0
        # By path: how far it was sent, and the line before; up to which rank it was rewritten.
        self.sent = {}
        self.rewritten = {}
        # Paths of runs whose end is told.
        self.ended = set()
        # By path: until when it is left alone, and the trouble that the server, or the disk, had with it.
        self.resting = {}
        self.tries = 0
        self.delivered = {"runs": 0, "accepted": 0, "duplicates": 0, "rejected": 0}
        self.dropped = 0
        # Of the last sweep: paths of spools by what was found.
        self.live, self.busy, self.left = set(), set(), set()

    def ship_for(self, run_id, bell, report, *, is_first=False, heartbeat_seconds=HEARTBEAT_SECONDS):
        """
        Ships a run as it goes, and whatever else is left in the folder, until nothing is left. Returns True
        then; False if the server could not be reached for SHIPPER_LINGER_SECONDS after the run had ended.
        """
        self.own, self.report = os.path.join(self.folder, run_id + SPOOL_SUFFIX), report
        self.own_is_going_on = True
        self.heartbeat_seconds = heartbeat_seconds
        self.next_heartbeat = time.monotonic() + heartbeat_seconds
        self.oom_kills_before = Death.oom_kills()
        turn = Turn(self.folder)
        give_up_at = None
        if is_first:
            self.ship_first_event(bell)
        while True:
            trouble = self.sweep()
            self.look_after_own()
            if trouble is not None:
                if trouble.is_general or self.own in self.left:
                    self.report(OFFLINE, str(trouble))
                self.keep_limits()
                if self.own_is_going_on and not trouble.is_general:
                    bell.wait(WATCH_SECONDS)
                    continue
                if not self.own_is_going_on:
                    give_up_at = give_up_at or time.monotonic() + SHIPPER_LINGER_SECONDS
                    # One that waits is enough for a folder; with cron there would be more and more.
                    if time.monotonic() >= give_up_at or not turn.take():
                        return False
                self.pause(self.delay(trouble), bell)
                continue
            self.tries = 0
            if self.own_is_going_on:
                bell.wait(WATCH_SECONDS)
                continue
            # Another shipper may have left its run to us while we had the turn: so once more without it.
            if turn.give_up():
                continue
            self.report(EMPTY)
            return True

    def ship_first_event(self, bell):
        """Delivers the first event of our own run, before all else: a strict run waits to hear of it."""
        try:
            spool = SpoolReader.open(self.own)
            # Another shipper may hold it for as long as it takes to see that it is not for it to send.
            while spool is None and os.path.exists(self.own):
                bell.wait(POLL_SECONDS)
                spool = SpoolReader.open(self.own)
            if spool is None:
                return
            with contextlib.closing(spool):
                lines, end = spool.batch(0, 1)
                if not lines:
                    raise OSError(f"{self.own} holds no event")
                self.post(spool, lines)
                self.sent[spool.path] = (end, lines[0] + b"\n")
        except (Trouble, OSError) as error:
            self.report(OFFLINE, str(error))
            return
        if self.delivered["rejected"]:
            self.report(OFFLINE, f"{self.endpoint.url} refused the first event")
        else:
            self.report(STARTED)

    def ship_by_hand(self):
        """Ships what is left of runs that have ended, with few tries. Returns the last trouble, or None."""
        trouble = None
        for tries_left in reversed(range(SHIP_BY_HAND_TRIES)):
            trouble = self.sweep()
            if trouble is None or trouble.retry_seconds >= REFUSED_RETRY_SECONDS or not tries_left:
                break
            time.sleep(self.delay(trouble))
        self.keep_limits()
        return trouble

    def sweep(self):
        """Ships every spool once. Returns the trouble there was, if any."""
        self.live, self.busy, self.left = set(), set(), set()
        trouble = None
        for path in self.spools():
            rests_until, known = self.resting.get(path, (0.0, None))
            if trouble is not None and trouble.is_general:
                self.left.add(path)
            elif time.monotonic() < rests_until:
                self.left.add(path)
                trouble = known
            else:
                trouble = self.try_to_ship(path) or trouble
        return trouble

    def try_to_ship(self, path):
        try:
            self.ship(path)
            return None
        except Trouble as error:
            trouble = error
        except OSError as error:
            trouble = Trouble(f"{path}: {error.strerror or error}", is_general=False)
        self.left.add(path)
        if self.own and not trouble.is_general:
            # It has to wait for its next try, but does not hold back our own run.
            self.resting[path] = (time.monotonic() + self.delay(trouble), trouble)
        return trouble

    def spools(self):
        """Returns the paths of all spools, oldest first: their names begin with the time. Clears up, too."""
        names = sorted(os.listdir(self.folder))
        for name in names:
            path = os.path.join(self.folder, name)
            with contextlib.suppress(OSError, ValueError):  # What is no file of ours is in nobody's way.
                self.clear_up(path)
        return [os.path.join(self.folder, name) for name in names if name.endswith(SPOOL_SUFFIX)]

    def clear_up(self, path):
        """Removes, or completes, what writers and shippers have left that died in the middle of something."""
        stem, suffix = os.path.splitext(path)
        if suffix == REWRITTEN_SUFFIX:
            self.finish_rewriting(path)
        elif suffix in (NEW_SUFFIX, REMARKS_SUFFIX, REJECTED_SUFFIX):
            found = os.lstat(path)
            age = time.time() - found.st_mtime
            is_orphan = {
                # A writer died before its spool had its name; there is nothing in it.
                NEW_SUFFIX: found.st_size == 0 and age > ORPHAN_SECONDS,
                # A shipper died after it had removed the spool: they were delivered.
                REMARKS_SUFFIX: age > ORPHAN_SECONDS and not os.path.exists(stem + SPOOL_SUFFIX),
                REJECTED_SUFFIX: age > self.spool_days_max * 86400,
            }
            if is_orphan[suffix]:
                os.unlink(path)

    @staticmethod
    def finish_rewriting(path):
        stem, _dot, _number = path[: -len(REWRITTEN_SUFFIX)].rpartition(".s")
        spool = SpoolReader.open(stem + SPOOL_SUFFIX)
        if spool is None:
            return  # The shipper that is at it may be alive.
        try:
            spool.finish_rewriting(path)
        finally:
            spool.close()

    def ship(self, path):
        """Delivers one spool, as far as it is written; removes it when its writer is gone."""
        spool = SpoolReader.open(path)
        if spool is None:
            self.busy.add(path)
            return
        try:
            is_whole = spool.writer_is_gone()
            if not is_whole:
                self.live.add(path)
                if path != self.own:
                    return
            self.deliver(spool, spool)
            if is_whole:
                self.tell_end(spool)
            self.deliver(spool, spool.remarks)
            if is_whole:
                self.finish(spool)
            elif time.monotonic() >= self.next_heartbeat:
                # All before it are delivered: without a server none pile up.
                self.next_heartbeat = time.monotonic() + self.heartbeat_seconds
                spool.remark("run.heartbeat", "info")
                self.deliver(spool, spool.remarks)
        finally:
            spool.close()

    def tell_end(self, spool):
        """Writes run.aborted for a run whose writer is gone, and has not told its end."""
        if spool.path in self.ended:
            return
        if not spool.has_end() and not spool.remarks.has("run.aborted"):
            noticed_at, oom_kills = None, 0
            if spool.path == self.own and self.own_is_going_on:
                noticed_at, oom_kills = Clock(), Death.oom_kills() - self.oom_kills_before
            spool.remark("run.aborted", "end", **Death.groups(spool, noticed_at, oom_kills))
        self.ended.add(spool.path)

    def finish(self, spool):
        """Removes a spool of which everything is delivered but what its writer died in the middle of."""
        torn = spool.read(self.offset_in(spool))
        if torn.strip():
            self.reject(spool, torn, {"code": "line_torn", "message": "its writer died while writing it"})
        spool.remove()
        self.sent.pop(spool.path, None)
        self.sent.pop(spool.remarks.path, None)
        self.delivered["runs"] += 1

    def look_after_own(self):
        """Notes whether our own run goes on, and its end in time, even if the sweep did not come to it."""
        if not self.own_is_going_on:
            return
        if self.own not in self.left:
            is_known = self.own in self.live or self.own in self.busy
            self.own_is_going_on = is_known and os.path.exists(self.own)
            return
        spool = SpoolReader.open(self.own)
        if spool is None:
            self.own_is_going_on = os.path.exists(self.own)
            return
        try:
            if spool.writer_is_gone():
                with contextlib.suppress(OSError):  # Whoever delivers it tries again.
                    self.tell_end(spool)
                self.own_is_going_on = False
        finally:
            spool.close()

    def pause(self, seconds, bell):
        """Waits before the next try, with an eye on our own run."""
        end = time.monotonic() + seconds
        while True:
            left = end - time.monotonic()
            if left <= 0:
                return
            bell.wait(min(left, WATCH_SECONDS))
            self.look_after_own()

    def offset_in(self, lines):
        """
        Returns how far a file was sent. Meanwhile it may be another one of that name: its writer began anew,
        or another shipper rewrote it. No two events are the same, so the line before tells.
        """
        offset, line = self.sent.get(lines.path, (0, b""))
        return offset if offset and lines.read(offset - len(line), len(line)) == line else 0

    def deliver(self, spool, lines):
        """Sends what is new in a spool, or in its remarks."""
        while True:
            offset = self.offset_in(lines)
            batch, end = lines.batch(offset)
            if batch:
                last = batch[-1] + b"\n"
                batch = [line for line in batch if line.strip()]
            else:
                end = lines.overlong_line(offset)
                if end is None:
                    return
                beginning = lines.read(offset)
                self.reject(spool, beginning, {"code": "line_too_long", "message": "no batch can hold it"})
                last = lines.read(end - EVENT_BYTES_MAX, EVENT_BYTES_MAX)
            if batch:
                self.post(spool, batch)
            self.sent[lines.path] = (end, last)

    def post(self, spool, lines):
        """Sends the lines. A batch that is refused is sent in halves, until the line to blame is found."""
        try:
            accepted, duplicates, rejected = self.endpoint.post(lines)
        except BatchRefused as refusal:
            if len(lines) == 1:
                self.reject(spool, lines[0], refusal.reason)
                return
            middle = len(lines) // 2
            self.post(spool, lines[:middle])
            self.post(spool, lines[middle:])
            return
        self.report(CONNECTED)
        self.delivered["accepted"] += accepted
        self.delivered["duplicates"] += duplicates
        for entry in rejected:
            reason = {name: entry[name] for name in ("code", "message", "pointer") if name in entry}
            self.reject(spool, lines[entry["line"] - 1], reason)

    def reject(self, spool, line, reason):
        spool.reject(line, reason)
        self.delivered["rejected"] += 1

    def keep_limits(self):
        """
        Takes details out of runs that wait too long, and out of the oldest while there is too much.

        Of several shippers one goes ahead. All go in the same order, and see what it did before they do more.
        """
        paths = self.spools()
        for path in paths:
            if time.time() - self.found(path)[1] > self.spool_days_max * 86400:
                self.drop(path, RANKS[-1], "age")
        sizes = {path: self.found(path)[0] for path in paths}
        excess = sum(sizes.values()) - self.spool_bytes_max
        for rank in RANKS:
            for path, before in sizes.items():
                if excess <= 0 or not self.drop(path, rank, "size"):
                    return
                sizes[path] = self.found(path)[0]
                excess -= before - sizes[path]

    @staticmethod
    def found(path):
        """Returns the size of a file and when it was written to; if it is gone, it takes no room."""
        try:
            found = os.lstat(path)
            return found.st_size, found.st_mtime
        except FileNotFoundError:
            return 0, time.time()

    def drop(self, path, rank, reason):
        """Drops events of a spool whose writer is gone. Returns False if another shipper is at it."""
        if self.rewritten.get(path, -1) >= rank:
            return True
        # Without room for what is kept, for example, the next time may be better.
        with contextlib.suppress(OSError):
            spool = SpoolReader.open(path)
            if spool is None:
                return not os.path.exists(path)
            with contextlib.closing(spool):
                if spool.writer_is_gone():
                    self.tell_end(spool)  # which counts what there was
                    self.dropped += spool.drop(rank, reason)
                    self.rewritten[path] = rank
        return True

    def delay(self, trouble):
        """Returns how long to wait: with full jitter, so that many shippers do not come back at once."""
        import random

        ceiling = min(RETRY_SECONDS_MAX, RETRY_SECONDS_MIN * 2 ** min(self.tries, 16))
        self.tries += 1
        return trouble.retry_seconds + random.uniform(0, ceiling)


class Bell:
    """Waits, until the run that started us rings, when it has ended, on the pipe that is our input."""

    def __init__(self):
        self.is_there = True

    def wait(self, seconds):
        if not self.is_there:
            time.sleep(seconds)
        elif select.select([0], [], [], seconds)[0]:
            self.is_there = bool(os.read(0, 64))


class Report:
    """Tells the run that started us how it stands, on the pipe that is our standard output."""

    def __init__(self):
        self.told = None
        # A run listens at its beginning and its end. What does not fit in between is not worth waiting for.
        os.set_blocking(1, False)

    def __call__(self, state, why=""):
        if state == self.told:
            return
        self.told = state
        words = " ".join(f"{state} {why}".split())[:REASON_CHARS_MAX]
        with contextlib.suppress(OSError):  # The run has ended; there is nobody to tell.
            os.write(1, Text.clean(words).encode("utf-8") + b"\n")


def existing_folder(given):
    """Returns the spool folder to ship: what was given, the environment's, or one of the two defaults."""
    given = given or os.environ.get("PLAYTRAIL_SPOOL_DIR")
    if given:
        return os.path.abspath(os.path.expanduser(given))
    without_home = os.path.join(tempfile.gettempdir(), f"playtrail-{os.geteuid()}")
    default = default_folder()
    return (
        default if default and (os.path.isdir(default) or not os.path.isdir(without_home)) else without_home
    )


def counted(number, what):
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def summary(shipper, trouble):
    """Returns the one line that a shipper started by hand prints."""
    delivered, folder, url = shipper.delivered, shipper.folder, shipper.endpoint.url
    events = delivered["accepted"] + delivered["duplicates"]
    parts = [f"{counted(delivered['runs'], 'run')} with {counted(events, 'event')} delivered to {url}"]
    if delivered["rejected"]:
        kept = os.path.join(folder, "*" + REJECTED_SUFFIX)
        parts.append(f"{counted(delivered['rejected'], 'event')} refused by it, kept in {kept}")
    if shipper.dropped:
        parts.append(f"{counted(shipper.dropped, 'byte')} of details dropped to keep the spool's limits")
    if shipper.live:
        parts.append(f"{counted(len(shipper.live), 'run')} still going on, left to the shipper of its own")
    if shipper.busy:
        parts.append(f"{counted(len(shipper.busy), 'run')} being delivered by another shipper")
    if trouble is not None:
        parts.append(f"{counted(len(shipper.left), 'run')} left in {folder}: {trouble}")
    elif not shipper.busy:
        parts.append("nothing is left")
    return "playtrail: " + "; ".join(parts)


def argument_parser():
    import argparse

    parser = argparse.ArgumentParser(
        prog="playtrail.py",
        description="Delivers recorded Ansible runs that wait in a spool folder. The callback starts it by "
        "itself; by hand or from cron it delivers what is left when the server was down. Runs that are still "
        "going on are left to the shipper of their own. The token is PLAYTRAIL_TOKEN, or in a file. Each "
        "option has a variable, such as PLAYTRAIL_CA_FILE. HTTPS_PROXY, HTTP_PROXY and NO_PROXY are heeded.",
    )

    def option(name, meaning, default=None, **how):
        given = os.environ.get(f"PLAYTRAIL_{name.upper()}") or default
        parser.add_argument("--" + name.replace("_", "-"), default=given, help=meaning, **how)

    parser.add_argument(
        "--ship", metavar="DIR", nargs="?", const="", required=True, help="folder, if not the default"
    )
    option("url", f"the server; {URL_DEFAULT} if not given", URL_DEFAULT)
    parser.add_argument("--token-file", metavar="FILE", help="file with the token; read for each request")
    option(
        "allow_http",
        "true sends to another machine by plain http",
        "false",
        nargs="?",
        const="true",
        type=truth,
    )
    option("ca_file", "certificates, in PEM, of the authorities to trust", metavar="FILE")
    option("client_cert", "certificate, in PEM, to show to the server", metavar="FILE")
    option("client_key", "its key, if it is in another file", metavar="FILE")
    option("spool_bytes_max", "limit of what waits in the folder", SPOOL_BYTES_MAX_DEFAULT, type=int)
    option("spool_days_max", "limit of how long it waits in full", SPOOL_DAYS_MAX_DEFAULT, type=int)
    # What only the callback asks for.
    parser.add_argument("--run", help=argparse.SUPPRESS)
    parser.add_argument("--first", action="store_true", help=argparse.SUPPRESS)
    option("heartbeat_seconds", argparse.SUPPRESS, HEARTBEAT_SECONDS, type=float)
    return parser


def truth(text):
    """Returns the bool that Ansible reads in a text."""
    if text.lower() in ("true", "yes", "on", "1", "t", "y"):
        return True
    if text.lower() in ("false", "no", "off", "0", "f", "n"):
        return False
    raise ValueError


def endpoint_of(options):
    """Returns the server to send to; raises ValueError if the options are not right."""
    token = None if options.token_file else os.environ.get("PLAYTRAIL_TOKEN")
    token_file = options.token_file or os.environ.get("PLAYTRAIL_TOKEN_FILE")
    certificates = Certificates(options.ca_file, options.client_cert, options.client_key)
    return Endpoint(options.url, token, token_file, allow_http=options.allow_http, certificates=certificates)


def main(arguments):
    """The shipper's command line. Returns its exit code: 0 if everything was delivered, else 1."""
    parser = argument_parser()
    options = parser.parse_args(arguments)
    folder = existing_folder(options.ship)
    try:
        endpoint = endpoint_of(options)
    except ValueError as error:
        if options.run:
            Report()(OFFLINE, str(error))
        parser.error(f"nothing is sent: {error}")
    shipper = Shipper(folder, endpoint, options.spool_bytes_max, options.spool_days_max)
    if options.run:
        return ship_for_a_run(shipper, options)
    if not os.path.isdir(folder):
        print(f"playtrail: nothing is left: there is no folder {folder}")
        return 0
    trouble = shipper.ship_by_hand()
    print(summary(shipper, trouble))
    return 0 if trouble is None and not shipper.busy else 1


def ship_for_a_run(shipper, options):
    with contextlib.suppress(OSError):
        os.nice(SHIPPER_NICENESS)  # The playbook goes first.
    is_done = shipper.ship_for(
        options.run, Bell(), Report(), is_first=options.first, heartbeat_seconds=options.heartbeat_seconds
    )
    return 0 if is_done else 1


if IS_SCRIPT:
    sys.exit(main(sys.argv[1:]))
