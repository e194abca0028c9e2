#!/usr/bin/python
# Copyright (c) 2026, the Playtrail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Made from the parts in ansible-callback/src of the Playtrail repository, by assemble.py: change it there.
#
# It is two programs that share one format, in one file so that it can be dropped into a folder:
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
#
# And one of the folder's, which takes no lock, since it is written whole and the last word counts:
#
#   refused                     the server's words when it refused who sends; for the next run to show

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
      - A reader's token, which the command line takes from the same variable, is passed over if there is
        another.
      - Prefer O(token_file); environments and ansible.cfg are read by more people than you think.
    type: str
    env:
      - name: PLAYTRAIL_TOKEN
    ini:
      - section: callback_playtrail
        key: token
  token_file:
    description:
      - File that holds the token, readable by you alone. Not looked at if O(token) is given, and is no
        reader's.
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
      - There is no wait while the server cannot be reached, but for the first half second of a run, which it
        takes to find out.
    type: float
    default: 2
    env:
      - name: PLAYTRAIL_FLUSH_TIMEOUT
    ini:
      - section: callback_playtrail
        key: flush_timeout
  enabled:
    description:
      - C(false) records nothing, without touching C(callbacks_enabled). What is neither C(true) nor C(false)
        counts as C(true), so that a slip of the pen does not switch it off.
    type: str
    default: "true"
    env:
      - name: PLAYTRAIL_ENABLED
    ini:
      - section: callback_playtrail
        key: enabled
  heartbeat_seconds:
    description:
      - How often the server is told that a run goes on. It ends runs of which it hears nothing for long.
    type: float
    default: 30
    env:
      - name: PLAYTRAIL_HEARTBEAT_SECONDS
    ini:
      - section: callback_playtrail
        key: heartbeat_seconds
  strict:
    description:
      - No record, no run. C(off) lets every run go on, recorded or not. With C(spool) a run whose start
        cannot be written into the spool ends before its first task; with C(server) also one whose start the
        server does not acknowledge within O(strict_timeout).
      - A value that is none of these ends every run, so that a slip of the pen does not switch it off.
    type: str
    default: "off"
    env:
      - name: PLAYTRAIL_STRICT
    ini:
      - section: callback_playtrail
        key: strict
  strict_timeout:
    description:
      - With C(strict=server), seconds to wait for the server's acknowledgement, at most.
    type: float
    default: 10
    env:
      - name: PLAYTRAIL_STRICT_TIMEOUT
    ini:
      - section: callback_playtrail
        key: strict_timeout
  user:
    description:
      - Name of the person, where neither the kernel, a terminal, sudo nor a CI system knows it.
    type: str
    env:
      - name: PLAYTRAIL_USER
    ini:
      - section: callback_playtrail
        key: user
  record_diff:
    description:
      - False leaves out the differences that Ansible reports under C(--diff).
    type: bool
    default: true
    env:
      - name: PLAYTRAIL_RECORD_DIFF
    ini:
      - section: callback_playtrail
        key: record_diff
  facts:
    description:
      - Names of facts to record, such as C(ansible_distribution,ansible_kernel); C(*) stands for any
        characters.
      - No fact is recorded unless it is named here.
    type: list
    elements: str
    default: []
    env:
      - name: PLAYTRAIL_FACTS
    ini:
      - section: callback_playtrail
        key: facts
  redact_keys:
    description:
      - Words that mark a name as that of a secret, such as C(pin,iban), besides those that always do
        (password, secret, token, api_key, credential and the like). The value beside it is recorded as
        C((redacted)).
    type: list
    elements: str
    default: []
    env:
      - name: PLAYTRAIL_REDACT_KEYS
    ini:
      - section: callback_playtrail
        key: redact_keys
  redact_patterns:
    description:
      - Regular expressions of your own, as Python writes them, one a line. What one matches is recorded as
        C((redacted)).
    type: str
    default: ""
    env:
      - name: PLAYTRAIL_REDACT_PATTERNS
    ini:
      - section: callback_playtrail
        key: redact_patterns
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
import fnmatch
import hashlib
import ipaddress
import itertools
import json
import os
import platform
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


# src/program.py

IS_SCRIPT = __name__ == "__main__"

if IS_SCRIPT:
    CallbackBase = object  # The shipper starts in milliseconds, because it does without Ansible.
else:
    from ansible import constants, context  # noqa: F401 - for other parts
    from ansible.plugins.callback import CallbackBase  # noqa: F401
    from ansible.release import __version__ as ansible_version  # noqa: F401

VERSION = "0.1.0"


# src/limits.py

URL_DEFAULT = "http://127.0.0.1:8470"
SPOOL_DIR_DEFAULT = "~/.playtrail/spool"
FLUSH_SECONDS_DEFAULT = 2.0
SPOOL_BYTES_MAX_DEFAULT = 256 * 1024 * 1024
SPOOL_DAYS_MAX_DEFAULT = 14
STRICT_SECONDS_DEFAULT = 10.0
WAIT_SECONDS_MAX = 3600

# Set while a run is recorded.
RUN_ID_VARIABLE = "PLAYTRAIL_RUN_ID"

STRICT_OFF = "off"
STRICT_SPOOL = "spool"
STRICT_SERVER = "server"
STRICT = (STRICT_OFF, STRICT_SPOOL, STRICT_SERVER)
# Ansible's own for "something was wrong".
EXIT_NO_RECORD = 1

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
HOSTS_NAMED_MAX = 1000
NAMED_VALUES_MAX = 256
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
# Of each task on each host so many items of its loop are events of their own; all are counted.
ITEMS_MAX = 200
ITEM_TEXT_CHARS_MAX = 2048
# A secret that lies across a cut is still seen whole if it is no longer than this.
SECRET_CHARS_MAX = 4096
# Of a git repository's files no more than this is read; packed-refs is the one that grows.
GIT_FILE_BYTES_MAX = 8 * 1024 * 1024
# How far up the ancestors of this process ansible-pull is looked for.
ANCESTORS_MAX = 3

ITEM_STATUSES = ("ok", "changed", "failed", "skipped")

# After this many failures something is wrong for good, and the rest of the run is spared the attempts.
ERRORS_MAX = 20

# How often the writer looks whether its spool is still there.
LOOK_SECONDS = 1.0

# What one run may have in the spool, however much others have left there.
RUN_BYTES_MIN = 1024 * 1024

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
REFUSAL_NAME = "refused"
WRITER_BYTE = 0
SHIPPER_BYTE = 1

# What the shipper tells the run that started it.
CONNECTED = "connected"
OFFLINE = "offline"  # followed by the reason
STARTED = "started"  # the server has the first event
EMPTY = "empty"


# src/redaction.py

class Secrets:
    """
    Takes secrets out of text, behind no_log as the second line of defence. It knows what is called a
    password, what looks like a well-known token, PEM blocks of private keys, and the user part of URLs.
    """

    MARK = "(redacted)"
    WORDS = (
        r"pass(?:word|wd|wort|phrase)",
        r"(?<!by)(?<!com)(?<!sur)(?<!tres)pass(?![a-z])",  # alone, or as in dbPass and ROOTPASS
        r"(?<![a-z])pwd(?![\"']?\s*[:=]\s*[\"']?/)",  # but not PWD=/home/alice
        r"secret",
        r"token",
        r"credential",
        r"(?:api|access|private|encryption|signing|auth|account|shared|master|license)[_.-]?key",
        r"(?<![a-z])_auth",
    )
    # What may follow such a word in a name. A token_ttl or a password_file is no secret.
    ENDING = (
        r"(?:[_.-]?(?:s|value|hash|id|key|access|string|b64|base64|text|new|old|confirm)){0,4}"
        r"(?:[_.-]?\d{1,4})?"
    )
    # A value that says nothing: what was redacted before, a template, a mask; as a whole also a reference, a
    # boolean, and nothing at all.
    NOTHING = r"(?:true|false|yes|no|null|none|undefined|(?-i:\$[A-Z_][A-Z0-9_]*))?"
    NO_SECRET = (
        r"(?!\\?[\"']?(?:\(redacted\)|\{\{|\$\{|\*{3}|VALUE_SPECIFIED_IN_NO_LOG_PARAMETER)"
        rf"|(?i:\\?\"{NOTHING}\\?\"|\\?'{NOTHING}\\?'|{NOTHING}(?:[,;}}\])]*(?:\s|$)))(?![\w$]))"
    )
    VALUE = (
        r"(?:\\\"[^\n]*?\\\"|\\'[^\n]*?\\'"  # quoted within what is quoted itself
        r"|\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.|'')*'"
        r"|[\"'][^\n]*"  # cut before its end
        r"|\[[^\]\n]*\]?|\{[^}\n]*\}?"
        r"|[^\s\"'&]+)"
    )
    TIE = r"\\?[\"']?[ \t]*(?::=|=>|[:=](?!>))[ \t]*"
    SCHEMES = r"(?:bearer|basic|digest|token|negotiate|apikey)[ ]+"
    PEM_KEY = r"[A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----"
    # Tokens that are known by their shape, with no name beside them.
    SHAPES = (
        r"(?:AKIA|ASIA)[0-9A-Z]{16}",  # AWS
        r"gh[opusr]_[A-Za-z0-9]{20,}",
        r"github_pat_\w{20,}",
        r"gl(?:pat|ptt|rt|dt|cbt|soat|agent)-[\w-]{16,}",
        r"xox[abeprs]-[\w-]{10,}",  # Slack
        r"[rs]k_(?:live|test)_\w{16,}",  # Stripe
        r"hv[bsr]\.[\w-]{20,}",  # Vault
        r"eyJ[\w-]{8,512}\.[\w-]{8,8192}\.[\w-]*",  # JSON Web Token
        r"npm_[A-Za-z0-9]{30,}",
        r"pypi-[\w-]{40,}",
        r"AIza[\w-]{30,}",  # Google
        r"SG\.[\w-]{16,}\.[\w-]{16,}",  # SendGrid
        r"dop_v1_[0-9a-f]{40,}",
        r"AGE-SECRET-KEY-1[0-9A-Z]{40,}",
    )
    # None of the patterns matches a text that has none of these in it, which is found out much faster.
    SIGNS = ("pass", "pwd", "secret", "token", "credential", "auth", "key", "bearer", "basic ", ":/")
    SHAPE_SIGNS = (
        "AKIA", "ASIA", "gh", "github_pat_", "glpat-", "glptt-", "glrt-", "gldt-", "glcbt-", "glsoat-",
        "glagent-", "xox", "k_live_", "k_test_", "hvs.", "hvb.", "hvr.", "eyJ", "npm_", "pypi-", "AIza",
        "SG.", "dop_v1_", "AGE-",
    )  # fmt: skip

    @classmethod
    def configure(cls, keys=(), patterns=()):
        """Compiles the patterns, with the user's own beside them. Returns what of those is no pattern."""
        keys = [key.strip().lower() for key in keys if key.strip()]
        words = "|".join((*cls.WORDS, *(f"(?<![a-z]){re.escape(key)}" for key in keys)))
        named = f"(?:{words}){cls.ENDING}"
        value = cls.NO_SECRET + cls.VALUE
        line = rf"(?im)(^([+-]?[ \t]*)[\"']?[\w.-]{{0,64}}?{named}[\"']?[ \t]*"
        cls.signs = (*cls.SIGNS, *keys)
        cls.name = re.compile(f"(?i).*(?:{words}){cls.ENDING}$")
        # Each keeps its first group and gives up the rest.
        cls.patterns = [
            re.compile(rf"(?s)()-----BEGIN {cls.PEM_KEY}.*?(?:-----END {cls.PEM_KEY}|\Z)"),
            re.compile(rf"(?s)\A()(?:(?!-----BEGIN ).)*?-----END {cls.PEM_KEY}"),
            re.compile(r"(:/{1,2})[^/\s@\"'<>]{1,512}(?=@)"),
            re.compile(rf"(?i)(authorization{cls.TIE}[\"']?(?:{cls.SCHEMES})?)(?!{cls.SCHEMES}){value}"),
            re.compile(rf"(?i)((?:bearer|basic)[ ]+){cls.NO_SECRET}[\w.~+/-]{{12,}}=*"),
            # Of a file, YAML or INI: a block of lines, or all that is left of one.
            re.compile(rf"{line}:[ \t]*[|>][+-]?\d?)[ \t]*(?:\n\2[ \t]+[^\n]*)+"),
            re.compile(rf"{line}(?::[ \t]+|[ \t]=[ \t]*))(?![|>\[{{\"']){cls.NO_SECRET}[^\n]+"),
            re.compile(rf"(?i)({named}{cls.TIE}){value}"),
            re.compile(rf"(?i)((?<![\w-])--?[a-z0-9-]{{0,40}}{named}[ \t]+)(?!-){value}"),
            re.compile(f"()(?<![A-Za-z0-9])(?:{'|'.join(cls.SHAPES)})"),
        ]
        mistakes = []
        cls.own_patterns = []
        for pattern in patterns:
            try:
                cls.own_patterns.append(re.compile(pattern))
            except (re.error, OverflowError, RecursionError) as error:
                mistakes.append(f"{pattern!r} ({error})")
        return mistakes

    @classmethod
    def may_be_in(cls, text):
        """False for nearly all texts, which is found out many times faster than by trying the patterns."""
        lowered = text.lower()
        for sign in cls.signs:
            if sign in lowered:
                return True
        for sign in cls.SHAPE_SIGNS:
            if sign in text:
                return True
        return bool(cls.own_patterns)

    @classmethod
    def redact(cls, text, limit=None):
        """Returns the text without the secrets that are seen in it, within the limit, if there is one."""
        if not cls.may_be_in(text):
            return text
        redacted = text
        for pattern in cls.patterns:
            redacted = pattern.sub(rf"\g<1>{cls.MARK}", redacted)
        for pattern in cls.own_patterns:
            redacted = pattern.sub(cls.MARK, redacted)
        return redacted[:limit]

    @classmethod
    def cut(cls, text, start=None, end=None):
        """
        Returns text[:end] or text[start:] without secrets. Some of what lies beyond is looked at too: half
        of a token is not recognised any more.
        """
        if end is not None:
            return cls.redact(text[: end + SECRET_CHARS_MAX])[:end]
        return cls.redact(text[start - SECRET_CHARS_MAX :])[start:]

    # Fields that may be longer than a keyword. A mark may be longer than the secret: they keep their limits.
    FIELD_CHARS_MAX = {
        **dict.fromkeys(("msg", "stdout", "stderr", "cmd", "skip_reason", "warnings"), TEXT_CHARS_MAX),
        **dict.fromkeys(("value", "message", "limit", "inventory", "hosts_pattern"), TEXT_CHARS_MAX),
        **dict.fromkeys(("path", "job_url", "url", "working_directory"), PATH_CHARS_MAX),
        "unified": DIFF_CHARS_MAX,
    }
    # Made by Ansible or by us, of a form that a pattern of the user's own must not spoil.
    NEVER_SECRET = ("id", "key", "kind", "status", "commit", "provider", "sequences")

    @classmethod
    def out_of(cls, value, limit=KEYWORD_CHARS_MAX):
        """Returns a copy of a structure with its texts redacted."""
        if isinstance(value, str):
            return cls.redact(value, limit)
        if isinstance(value, dict):
            limits = cls.FIELD_CHARS_MAX
            return {
                name: item if name in cls.NEVER_SECRET else cls.out_of(item, limits.get(name, limit))
                for name, item in value.items()
            }
        if isinstance(value, list):
            return [cls.out_of(item, limit) for item in value]
        return value


Secrets.configure()


# src/text.py

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
        return cls.clean(text if len(text) <= limit else Secrets.cut(text, end=limit)) or None

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
                        name: Secrets.MARK if Secrets.name.match(name) and item else copy(item, depth + 1)
                        for name, item in ((cls.keyword(key) or "", item) for key, item in few)
                        if nodes_left > 0
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

    def text(self, field, value, limit=TEXT_CHARS_MAX):
        """Returns head and tail of a long text: a message begins, and an output ends, with what matters."""
        text = Text.of(value)
        if len(text) <= limit:
            return Text.clean(text)
        self.note(field, len(text))
        head, tail = limit * TEXT_HEAD_CHARS // TEXT_CHARS_MAX, limit * TEXT_TAIL_CHARS // TEXT_CHARS_MAX
        middle = f"\n… {len(text) - head - tail} characters left out …\n"
        return Text.clean(Secrets.cut(text, end=head)) + middle + Text.clean(Secrets.cut(text, start=-tail))

    def list(self, field, values, limit):
        """Returns the first values of a list that is too long."""
        if len(values) > limit:
            self.note(field, len(values))
        return values[:limit]


# src/clock.py

class Clock:
    """A moment by both clocks: the wall's, to tell when, and the monotonic one, to tell how long."""

    __slots__ = ("monotonic_ns", "text", "wall_ns")

    # The last second that was written out: most events share theirs with the one before.
    second = (None, None)

    def __init__(self):
        self.wall_ns = time.time_ns()
        self.monotonic_ns = time.monotonic_ns()
        self.text = self.text_of(self.wall_ns)

    def __str__(self):
        return self.text

    @classmethod
    def text_of(cls, wall_ns):
        """Returns a time as it stands in events: RFC 3339, UTC, microseconds."""
        seconds, nanoseconds = divmod(wall_ns, 1_000_000_000)
        known, text = cls.second
        if seconds != known:
            text = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))
            cls.second = (seconds, text)
        return f"{text}.{nanoseconds // 1000:06d}Z"

    def since(self, start):
        """Returns event.start, end and duration of what lasted from `start` until now, as JSON."""
        duration = max(0, self.monotonic_ns - start.monotonic_ns)
        return f',"start":"{start.text}","end":"{self.text}","duration":{duration}'


def uuid7(wall_ns=None):
    """Returns a UUIDv7 (RFC 9562): 48 bits of milliseconds since 1970, version, variant, 74 random bits."""
    milliseconds = (time.time_ns() if wall_ns is None else wall_ns) // 1_000_000
    number = (milliseconds & (2**48 - 1)) << 80 | int.from_bytes(os.urandom(10), "big")
    number = number & ~(0xF << 76) | 0x7 << 76
    number = number & ~(0x3 << 62) | 0x2 << 62
    digits = f"{number:032x}"
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


# src/encoding.py

# Fields of ansible.* that an event too large as a whole gives up, in this order.
EXPENDABLE = (
    "diff",
    "facts",
    "result.stdout",
    "result.stderr",
    "result.warnings",
    "result.msg",
    "result.cmd",
    "result.skip_reason",
    "retry.msg",
    "play.hosts",
    "include.hosts",
    "custom_stats",
    "cli.inventory",
    "play.tags",
    "play.prompted_names",
    "task.tags",
    "task.notify",
    "cli.tags",
    "cli.skip_tags",
    "cli.extra_var_names",
    "cli.limit",
    "play.hosts_pattern",
)


class Ready(str):
    """JSON of a value that needs no more care."""

    __slots__ = ()


class Shared(dict):
    """
    Fields that many events have in common, free of secrets, with their JSON, which is made once. It is not to
    be changed any more.

    What a hook costs is not its instructions: Ansible forks a worker for each result, and each page of memory
    that is touched afterwards is copied first. To make the same JSON again touches many.
    """

    __slots__ = ("json",)

    def __init__(self, fields):
        super().__init__(Secrets.out_of(fields))
        self.json = to_json(dict(self))


def encode(event):
    """
    Returns the event's line: compact JSON in UTF-8 with its line feed, within EVENT_BYTES_MAX, and without
    the secrets that can be seen. Every event comes through here.

    The limits of the single fields allow for more than that together, so some go as a whole.
    """
    line = encode_whole(event)
    marks = line.count(Secrets.MARK.encode("ascii"))
    if marks:
        event["ansible"] = {**event.get("ansible", {}), "redacted": marks}
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
    return f"{joined(event)}\n".encode()


def joined(fields):
    """Returns the JSON of an event, or of its `ansible`, without secrets."""
    return "{" + ",".join([f'"{name}":{json_of(name, value)}' for name, value in fields.items()]) + "}"


def json_of(name, value):
    if isinstance(value, Ready):
        return value
    if isinstance(value, Shared):
        return value.json
    if name == "ansible":
        return joined(value)
    text = to_json(value)
    return to_json(Secrets.out_of(value)) if Secrets.may_be_in(text) else text


# One encoder for all: json.dumps() would make a new one each time.
to_json = json.JSONEncoder(ensure_ascii=False, check_circular=False, separators=(",", ":")).encode


# src/files.py

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


# src/lines.py

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


# src/dropped.py

RANKS = (0, 1, 2)


class Dropped:
    """What a spool that has reached its limits goes without: how much, and which numbers."""

    LEAST = ("item.result", "host.retry", "handler.notified", "tasks.included")

    def __init__(self):
        self.events = 0
        self.bytes = 0
        self.ranges = []

    @classmethod
    def rank(cls, action, status):
        """
        Returns 0 for what is given up first, then 1 and 2; None for what is never given up, because it says
        what was run, by whom, and how it ended on each host.
        """
        if action in cls.LEAST:
            return 0
        if action == "task.started":
            return 1
        if action == "host.result":
            return 1 if status in ("ok", "skipped") else 2
        return None

    def add(self, sequence, size):
        self.events += 1
        self.bytes += size
        if not isinstance(sequence, int):
            return
        if self.ranges and self.ranges[-1][1] == sequence - 1:
            self.ranges[-1][1] = sequence
        elif len(self.ranges) < DROPPED_RANGES_MAX:
            self.ranges.append([sequence, sequence])

    def fields(self):
        sequences = [f"{first}-{last}" for first, last in self.ranges]
        return {"events": self.events, "bytes": self.bytes, "sequences": sequences}


# src/address.py

PROXY_ENVIRONMENT = ("HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY", "https_proxy", "http_proxy", "no_proxy")


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


# src/tokens.py

# What tokens of Playtrail's servers begin with tells what they may do. Others may look like anything.
READERS_TOKEN = "playtrail_reader_"
TOKEN_BYTES_MAX = 4096
TOKEN_OPTIONS = ("token", "token_file")


def token_in(path):
    """Returns the token that a file holds."""
    with open(os.path.expanduser(path), encoding="utf-8") as file:
        return file.read(TOKEN_BYTES_MAX).strip()


def is_readers(option, value):
    """True if `token`, or the file that `token_file` names, has a token that reads and cannot write."""
    try:
        token = token_in(value) if option == "token_file" else value
    except (OSError, ValueError):
        return False  # Whoever sends says what is wrong with the file: it may be there by then.
    return token.strip().startswith(READERS_TOKEN)


def first_to_send_with(sources):
    """
    Returns the first of (option, value) that has a value, and no reader's token. If all are readers', the
    first that has one; None if there are none at all. The command line and the callback share variables:
    who exports a reader's token to ask with does not mean to stop the recording.
    """
    given = [(option, value) for option, value in sources if value]
    return next((source for source in given if not is_readers(*source)), given[0] if given else None)


# src/folder.py

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


def folder_bytes(folder):
    """Returns how much the files of a folder have together."""
    total = 0
    with os.scandir(folder) as entries:
        for entry in entries:
            with contextlib.suppress(FileNotFoundError):
                total += entry.stat(follow_symlinks=False).st_size
    return total


# src/refusal.py

class Refusal:
    """
    A note in the spool folder that the server refuses whoever sends from it, in its words: the run that it
    happened to has ended by then, but the next one can say so. The first delivery removes it.
    """

    def __init__(self, folder):
        self.folder = folder
        self.path = os.path.join(folder, REFUSAL_NAME)

    def note(self, why):
        """Writes it down, if that is possible. Of several shippers the last one counts."""
        shown = "".join(letter if letter.isprintable() else " " for letter in Text.clean(why))
        words = " ".join(shown.split())[:REASON_CHARS_MAX]
        new = f"{self.path}.{os.getpid()}"
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
        with contextlib.suppress(OSError):
            fd = os.open(new, flags, 0o600)
            try:
                write_whole(fd, words.encode())
                os.rename(new, self.path)
            except OSError:
                os.unlink(new)
                raise
            finally:
                os.close(fd)

    def forget(self):
        with contextlib.suppress(OSError):
            os.unlink(self.path)

    def read(self, own):
        """
        Returns what the server said, and how many runs wait besides that of the spool `own`; None if it
        refused nothing that is left.
        """
        try:
            with open(self.path, encoding="utf-8", errors="replace") as file:
                words = file.read(REASON_CHARS_MAX)
            waiting = {name for name in os.listdir(self.folder) if name.endswith(SPOOL_SUFFIX)}
        except OSError:
            return None
        waiting.discard(os.path.basename(own))
        return (words, len(waiting)) if words and waiting else None


# src/record/diff.py

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
            unified = text if len(text) <= room else Secrets.cut(text, end=room)
            diffs.append({**({"path": path} if path else {}), "unified": Text.clean(unified)})
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


# src/record/actor.py

class Actor:
    """Who runs this process, and from where. Nothing here asks the network."""

    LOGINUID_UNSET = 2**32 - 1

    @classmethod
    def fields(cls, claims=()):
        """
        Returns user.*, source.*, observer.* and process.* of the run. `claims` are pairs of origin and name
        that the account which Ansible runs as could have made up: believed only where the system knows
        nobody.
        """
        effective = os.geteuid()
        fields = {
            "user": {**cls.user(claims), "effective": {"name": cls.name_of(effective), "id": str(effective)}},
            "observer": {"hostname": Text.keyword(socket.gethostname()) or "unknown"},
            "process": Process.fields(),
        }
        source = cls.source()
        if source:
            fields["source"] = source
        return fields

    @classmethod
    def user(cls, claims):
        """Returns the person by the best evidence there is; user.origin says which."""
        for origin, find in (
            ("loginuid", cls.by_loginuid),
            ("login", cls.by_terminal),
            ("sudo", lambda: (os.environ.get("SUDO_USER"), os.environ.get("SUDO_UID"))),
            *((origin, lambda name=name: (name, None)) for origin, name in claims),
            ("env", lambda: (cls.by_environment(), None)),
        ):
            try:
                name, uid = find()
            except (OSError, ValueError, KeyError):
                continue
            name = Text.keyword(name)
            if name:
                uid = uid or cls.uid_of(name)
                return {"name": name, **({"id": uid} if uid and uid.isdecimal() else {}), "origin": origin}
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


# src/record/process.py

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


# src/record/automation.py

class Automation:
    """What started Ansible, where that was a machine: a CI system, Semaphore, Rundeck or AWX."""

    # Provider; the variable that says we are in a job of it; variables of job_url, run_id and actor, of
    # which the first one that is set counts. `{}` in a URL is filled in from other variables.
    PROVIDERS = (
        ("forgejo", "FORGEJO_ACTIONS", "{GITHUB_SERVER_URL}/{GITHUB_REPOSITORY}/actions/runs/{GITHUB_RUN_NUMBER}",  # noqa: E501
         ("GITHUB_RUN_ID",), ("GITHUB_ACTOR",)),
        ("github", "GITHUB_ACTIONS", "{GITHUB_SERVER_URL}/{GITHUB_REPOSITORY}/actions/runs/{GITHUB_RUN_ID}",
         ("GITHUB_RUN_ID",), ("GITHUB_TRIGGERING_ACTOR", "GITHUB_ACTOR")),
        ("gitlab", "GITLAB_CI", "{CI_JOB_URL}", ("CI_JOB_ID", "CI_PIPELINE_ID"), ("GITLAB_USER_LOGIN",)),
        ("azure", "TF_BUILD",
         "{SYSTEM_COLLECTIONURI}{SYSTEM_TEAMPROJECT}/_build/results?buildId={BUILD_BUILDID}",
         ("BUILD_BUILDID",), ("BUILD_REQUESTEDFOREMAIL", "BUILD_REQUESTEDFOR")),
        ("buildkite", "BUILDKITE", "{BUILDKITE_BUILD_URL}", ("BUILDKITE_JOB_ID",),
         ("BUILDKITE_UNBLOCKER", "BUILDKITE_BUILD_CREATOR")),
        ("drone", "DRONE", "{DRONE_BUILD_LINK}", ("DRONE_BUILD_NUMBER",),
         ("DRONE_BUILD_TRIGGER", "DRONE_COMMIT_AUTHOR")),
        ("woodpecker", "CI_SYSTEM_NAME", "{CI_PIPELINE_URL}", ("CI_PIPELINE_NUMBER",),
         ("CI_PIPELINE_AUTHOR", "CI_COMMIT_AUTHOR")),
        ("jenkins", "JENKINS_URL", "{BUILD_URL}", ("BUILD_TAG", "BUILD_NUMBER"),
         ("BUILD_USER_ID", "CHANGE_AUTHOR")),
        ("rundeck", "RD_JOB_EXECID", "{RD_JOB_URL}", ("RD_JOB_EXECID",), ("RD_JOB_USERNAME",)),
    )  # fmt: skip
    # Fields of awx.*, and the names of AWX's own extra variables behind `awx_` or, formerly, `tower_`.
    AWX = (
        ("job_id", "job_id"),
        ("job_template", "job_template_name"),
        ("launch_type", "job_launch_type"),
        ("user", "user_name"),
        ("schedule", "schedule_name"),
        ("workflow", "workflow_job_name"),
        ("inventory", "inventory_name"),
        ("project_revision", "project_revision"),
    )

    @classmethod
    def fields(cls, variables):
        """Returns ci.* and awx.*, absent if there is nothing to say. `variables` are the extra variables."""
        ci = cls.semaphore(variables) or cls.ci()
        awx = cls.awx(variables)
        return {**({"ci": ci} if ci else {}), **({"awx": awx} if awx else {})}

    @classmethod
    def claims(cls, fields, configured):
        """Returns who they say it was, in the order in which they are believed; see Actor.fields()."""
        ci = fields.get("ci", {})
        origin = "semaphore" if ci.get("provider") == "semaphore" else "ci"
        return (("awx", fields.get("awx", {}).get("user")), (origin, ci.get("actor")), ("config", configured))

    @classmethod
    def ci(cls):
        environment = os.environ
        for provider, sign, url, run_ids, actors in cls.PROVIDERS:
            if not environment.get(sign):
                continue
            if provider == "woodpecker" and environment[sign].lower() != "woodpecker":
                continue
            names = re.findall(r"\{(\w+)\}", url)
            is_whole = all(environment.get(name) for name in names)
            return cls.present(
                provider=provider,
                job_url=url.format(**{name: environment[name] for name in names}) if is_whole else None,
                run_id=next(filter(None, map(environment.get, run_ids)), None),
                actor=next(filter(None, map(environment.get, actors)), None),
            )
        return None

    @classmethod
    def semaphore(cls, variables):
        details = variables.get("semaphore_vars")
        details = details.get("task_details") if isinstance(details, dict) else None
        if not isinstance(details, dict):
            return None
        return cls.present(
            provider="semaphore",
            job_url=details.get("url"),
            run_id=details.get("id"),
            actor=details.get("username"),
        )

    @classmethod
    def awx(cls, variables):
        told = {
            field: next(filter(None, (variables.get(prefix + name) for prefix in ("awx_", "tower_"))), None)
            for field, name in cls.AWX
        }
        if told["job_id"] is None and os.environ.get("AWX_HOST"):
            told["job_id"] = os.environ.get("JOB_ID") or os.environ.get("AD_HOC_COMMAND_ID")
        return cls.present(**told)

    @staticmethod
    def present(**fields):
        clean = {
            name: Text.keyword(value, PATH_CHARS_MAX if name == "job_url" else KEYWORD_CHARS_MAX)
            for name, value in fields.items()
        }
        return {name: value for name, value in clean.items() if value}


# src/record/repository.py

class Repository:
    """
    The git repository that a folder is in, read from its files: git itself would be a process more, and may
    refuse a repository of somebody else's. gitrepository-layout(5) has the formats.
    """

    COMMIT = re.compile("[0-9a-f]{40}(?:[0-9a-f]{24})?")
    HEADS = "refs/heads/"

    @classmethod
    def fields(cls, folder):
        """Returns vcs.*; empty if the folder is in no repository, or in one of a form that we do not know."""
        try:
            git = cls.find(folder)
            return cls.read(git) if git else {}
        except (OSError, ValueError):
            return {}

    @classmethod
    def find(cls, folder):
        """Returns the folder with HEAD in it. In a worktree or a submodule `.git` is a file that names it."""
        while True:
            git = os.path.join(folder, ".git")
            if os.path.isdir(git):
                return git
            if os.path.isfile(git):
                name, _colon, path = cls.text(git).partition(":")
                return os.path.join(folder, path.strip()) if name == "gitdir" else None
            parent = os.path.dirname(folder)
            if parent == folder:
                return None
            folder = parent

    @classmethod
    def read(cls, git):
        head = cls.text(os.path.join(git, "HEAD")).strip()
        # A worktree has a HEAD of its own, and shares all else with the repository that it belongs to.
        shared = git
        with contextlib.suppress(FileNotFoundError):
            shared = os.path.join(git, cls.text(os.path.join(git, "commondir")).strip())
        fields = {}
        is_branch, _, reference = head.partition("ref: ")
        if not is_branch and reference:
            commit = cls.commit_of(reference, git, shared)
            if reference.startswith(cls.HEADS):
                fields["branch"] = Text.keyword(reference[len(cls.HEADS) :])
        else:
            commit = head
        if commit and cls.COMMIT.fullmatch(commit):
            fields["commit"] = commit
        url = cls.origin(os.path.join(shared, "config"))
        if url:
            fields["url"] = Text.keyword(Text.without_userinfo(url), PATH_CHARS_MAX)
        return {name: value for name, value in fields.items() if value}

    @classmethod
    def commit_of(cls, reference, git, shared):
        for folder in (git, shared):
            with contextlib.suppress(FileNotFoundError, NotADirectoryError):
                return cls.text(os.path.join(folder, reference)).strip()
        with contextlib.suppress(FileNotFoundError):
            for line in cls.text(os.path.join(shared, "packed-refs")).splitlines():
                commit, _space, name = line.partition(" ")
                if name == reference:
                    return commit
        return None

    @classmethod
    def origin(cls, config):
        section = None
        with contextlib.suppress(FileNotFoundError):
            for line in map(str.strip, cls.text(config).splitlines()):
                if line.startswith("["):
                    section = line
                elif section == '[remote "origin"]' and line.replace(" ", "").startswith("url="):
                    return line.partition("=")[2].strip()
        return None

    @staticmethod
    def text(path):
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read(GIT_FILE_BYTES_MAX)


# src/record/invocation.py

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
    def fields(cls, variables, cuts):
        """
        Returns ansible.cli: of what has a default only what differs from it. `variables` are the extra
        variables, of which only the names are looked at.
        """
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
        if options.get("module_name"):
            cli["module_name"] = Text.keyword(options["module_name"])
        cls.add_lists(cli, options, variables, cuts)
        return cli

    @classmethod
    def add_lists(cls, cli, options, variables, cuts):
        inventory = options.get("inventory") or ()
        # Some versions of Ansible make sets of them: sorted, the same command reads the same each time.
        tags, skip_tags = (sorted(options.get(name) or ()) for name in ("tags", "skip_tags"))
        lists = (
            ("tags", [] if tags == ["all"] else tags, NAMES_MAX),
            ("skip_tags", skip_tags, NAMES_MAX),
            ("extra_var_names", sorted(map(str, variables)), NAMES_MAX),
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


def extra_variables(plays):
    """Returns the extra variables. A name of Ansible's own that is not public: without it there are none."""
    try:
        return dict(plays[0].get_variable_manager()._extra_vars)
    except Exception:  # noqa: BLE001 - whatever has become of it
        return {}


def hosts_of(play):
    """Returns the names of a play's hosts, in this batch; None if they cannot be told."""
    try:
        return [host.get_name() for host in play.get_variable_manager()._inventory.get_hosts(play.hosts)]
    except Exception:  # noqa: BLE001 - a name of Ansible's own that is not public, as above
        return None


# src/record/task.py

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


# src/record/result.py

def ansible_counts_next_try():
    """True for ansible-core 2.21 and later; see Collector.host_retries."""
    major, minor = (int(part) for part in ansible_version.split(".")[:2])
    return (major, minor) >= (2, 21)


def with_cuts(event, cuts):
    if cuts.entries:
        event.setdefault("ansible", {})["truncated"] = cuts.entries
    return event


def count_of(content, name):
    """Returns a positive whole number of a result, or 0."""
    value = content.get(name)
    return int(value) if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0


def type_of(status, only_checked):
    """Returns what ECS's event.type is for a result."""
    if status in ("failed", "unreachable"):
        return "error"
    return "change" if status == "changed" and not only_checked else "info"


def outcome_of(status, only_checked=False):
    """Returns what ECS's event.outcome is for a result."""
    if status in ("failed", "unreachable"):
        return "failure"
    return "unknown" if status == "skipped" or only_checked else "success"


def was_only_checked(task, known):
    # Known from the start, unless it is a template: then it may be known now.
    known_before = known.fields.get("check_mode")
    return known_before if known_before is not None else task.check_mode is True


def result_fields(event, status, result, cuts, limit=TEXT_CHARS_MAX):
    """Returns ansible.result. Under no_log it is a list of what may be said, not of what may not."""
    content = field_of(result, "result")
    fields = {"status": status}
    for name in ("attempts", "retries"):
        if count_of(content, name):
            fields[name] = count_of(content, name)
    if event["ansible"]["task"]["no_log"]:
        return fields

    rc = content.get("rc")
    if isinstance(rc, int) and not isinstance(rc, bool) and RC_MIN <= rc <= RC_MAX:
        fields["rc"] = int(rc)
    cmd = content.get("cmd")
    for field, value in (
        ("cmd", " ".join(map(Text.of, cmd)) if isinstance(cmd, (list, tuple)) else cmd),
        ("msg", content.get("msg") or content.get("reason")),
        ("stdout", content.get("stdout") or content.get("module_stdout")),
        ("stderr", content.get("stderr") or content.get("module_stderr")),
    ):
        if value:
            fields[field] = cuts.text(f"ansible.result.{field}", value, limit)
    if status == "skipped":
        reason = skip_reason(content)
        if reason:
            fields["skip_reason"] = cuts.text("ansible.result.skip_reason", reason, limit)
    delegated = delegated_host(content, field_of(result, "task"))
    if delegated:
        fields["delegated_host"] = delegated
    if content.get("ansible_job_id"):
        fields["async_job"] = Text.keyword(content["ansible_job_id"])
    warnings = content.get("warnings")
    if isinstance(warnings, (list, tuple)) and warnings:
        few = cuts.list("ansible.result.warnings", list(warnings), WARNINGS_MAX)
        fields["warnings"] = [cuts.text("ansible.result.warnings", warning, limit) for warning in few]
    return fields


def skip_reason(content):
    reason = Text.of(content.get("skip_reason") or content.get("skipped_reason"))
    condition = content.get("false_condition")
    if condition is None:
        return reason
    return f"{reason or 'Conditional result was False'}: {Text.of(condition)}"


def delegated_host(content, task):
    told = content.get("_ansible_delegated_vars") or {}
    delegated = told.get("ansible_delegated_host") or task.delegate_to
    if not isinstance(delegated, str) or "{{" in delegated:
        return None  # Not filled in, as for a skipped task or a loop: nothing is better than a template.
    return Text.keyword(delegated)


def loop_variable(content):
    name = content.get("ansible_loop_var")
    return name if isinstance(name, str) else "item"


def named_values(values, cuts, field, allowed=("*",), host=None):
    """Returns names and values as a list: what a playbook names must not become the name of a field."""
    if not isinstance(values, dict):
        return []
    wanted = [
        (name, value)
        for name, value in ((Text.keyword(name), value) for name, value in values.items())
        if name and any(fnmatch.fnmatchcase(name, pattern) for pattern in allowed)
    ]
    return [
        {
            "name": name,
            **({"host": host} if host else {}),
            "value": Secrets.MARK if Secrets.name.match(name) else cuts.text(field, value),
        }
        for name, value in cuts.list(field, wanted, NAMED_VALUES_MAX)
    ]


def named_custom_stats(custom, cuts):
    """Returns what set_stats reported: for the run as a whole first, then host by host."""
    entries = []
    for host in sorted(custom, key=lambda name: (name != "_run", str(name))):
        name = None if host == "_run" else Text.keyword(host)
        entries.extend(named_values(custom[host], cuts, "ansible.custom_stats", host=name))
    return cuts.list("ansible.custom_stats", entries, NAMED_VALUES_MAX)


def field_of(result, name):
    """Ansible 2.19 made these attributes public and deprecates the private names."""
    value = getattr(result, name, None)
    return getattr(result, f"_{name}") if value is None else value


# src/record/recap.py

COUNTS = ("ok", "changed", "failures", "unreachable", "skipped", "rescued", "ignored")
# The worst counts, when something is said of a host or of a run as a whole. Beside each status, what
# Ansible's recap counts it as.
WORST_FIRST = {"failed": "failures", "unreachable": "unreachable", "changed": "changed"}


class Recap:
    """How tasks ended, by host, counted as Ansible counts them."""

    def __init__(self, hosts=None):
        self.hosts = {} if hosts is None else hosts

    @classmethod
    def of(cls, stats):
        return cls({host: stats.summarize(host) for host in stats.processed})

    def add(self, host, status, ignored):
        """Counts one result, for ansible-console, which makes no recap."""
        counts = self.hosts.setdefault(host, dict.fromkeys(COUNTS, 0))
        if ignored:
            counts["ok"] += 1
            counts["ignored"] += 1
        elif status == "changed":
            counts["ok"] += 1
            counts["changed"] += 1
        else:
            counts[WORST_FIRST.get(status, status)] += 1

    def since(self, before):
        """Returns what has come in addition to an earlier recap; without the hosts on which nothing has."""
        added = {
            host: {name: max(0, counts[name] - before.hosts.get(host, {}).get(name, 0)) for name in COUNTS}
            for host, counts in sorted(self.hosts.items())
        }
        return Recap({host: counts for host, counts in added.items() if any(counts.values())})

    def totals(self):
        return {name: sum(counts[name] for counts in self.hosts.values()) for name in COUNTS}

    def hosts_by_status(self):
        numbers = dict.fromkeys(("ok", *WORST_FIRST), 0)
        for counts in self.hosts.values():
            numbers[status_of(counts)] += 1
        return numbers


def status_of(counts):
    """Returns the status of a host."""
    return next((status for status, counted in WORST_FIRST.items() if counts[counted]), "ok")


# src/record/collector.py

class Collector:
    """
    Turns what Ansible tells into the events of one run. It opens nothing and starts nothing, and it changes
    none of Ansible's objects: those are shared with the run itself.

    Each method takes the next sequence number before it does anything else. If it fails, or the event
    cannot be written, the number is missing, and the server sees that something is.
    """

    # Strategies in which each host goes ahead on its own, and a task's start is told once for each host.
    PER_HOST_STRATEGIES = ("free", "host_pinned")

    def __init__(self, playbook, settings, recap_before):
        self.start = Clock()
        self.id = uuid7(self.start.wall_ns)
        self.sequence = 0
        self.settings = settings
        # Ansible counts on through all playbooks of a command line; this is what earlier runs have come to.
        self.recap_before = recap_before
        self.kind, self.name, self.playbook_path = self.what(playbook)
        self.playbook_dir = os.path.dirname(self.playbook_path) if self.playbook_path else None
        self.parent_id = command_id() if self.playbook_path else None
        self.variables = extra_variables(playbook.get_plays() if playbook else ())
        self.automation = Automation.fields(self.variables)
        self.actor = Actor.fields(Automation.claims(self.automation, settings["user"]))
        self.shared = {
            "run": Shared({"id": self.id, "name": self.name}),
            "user": Shared({"name": self.actor["user"]["name"]}),
            "observer": Shared(self.actor["observer"]),
        }
        self.prompted = []
        self.play = None
        self.play_is_per_host = False
        self.batches = {}
        self.occurrences = {}
        self.tasks = {}
        self.latest = None
        self.steps = {}
        self.notifying = {}
        self.hosts = {}
        self.recap = Recap()
        self.stats_are_secret = False

    @staticmethod
    def what(playbook):
        """Returns run.kind, run.name and the playbook's path."""
        file_name = getattr(playbook, "_file_name", None)
        if playbook is None:
            return "console", "ansible-console", None
        if not file_name or file_name == "__adhoc_playbook__":
            return "adhoc", Text.keyword(context.CLIARGS.get("module_name")) or "ad-hoc", None
        path = os.path.abspath(Text.of(file_name))
        kind = "pull" if Process.is_within("ansible-pull") else "playbook"
        return kind, Text.keyword(os.path.basename(path)) or "playbook", path

    def event(self, action, dataset, kind, now=None, more=""):
        """`more` is JSON of further fields of event.*, each with its comma before it."""
        sequence = self.sequence
        self.sequence += 1
        fields = (
            f'{{"id":"{self.id}:{sequence}","sequence":{sequence},"action":"{action}","dataset":"{dataset}",'
            f'"provider":"callback","kind":"event","category":["configuration"],"type":["{kind}"]{more}}}'
        )
        time = (now or Clock()).text
        return {"@timestamp": Ready(f'"{time}"'), "event": Ready(fields), **self.shared}

    def run_started(self):
        began = f',"start":"{self.start.text}"'
        event = self.event("run.started", "ansible.run", "start", self.start, began)
        cuts = Cuts()
        event["run"] = {**self.run_fields(), "status": "running"}
        event.update(self.actor)
        event.update(self.automation)
        event["agent"] = {"name": "playtrail.audit", "version": VERSION}
        if self.settings["labels"]:
            event["labels"] = self.settings["labels"]
        # A playbook that is a link is versioned where it really lies.
        vcs = Repository.fields(os.path.dirname(os.path.realpath(self.playbook_path or "x")))
        if vcs:
            event["vcs"] = vcs
        event["ansible"] = {
            "version": ansible_version,
            "python_version": platform.python_version(),
            "cli": Invocation.fields(self.variables, cuts),
        }
        if self.playbook_path:
            path = Text.keyword(self.playbook_path, PATH_CHARS_MAX)
            event["ansible"]["playbook"] = {"name": self.name, "path": path}
        return with_cuts(event, cuts)

    def run_fields(self):
        parent = {"parent_id": self.parent_id} if self.parent_id else {}
        return {**self.shared["run"], "kind": self.kind, **parent}

    def prompt_shown(self, name):
        """Keeps the name of a variable that the user is asked for; the play that asks starts afterwards."""
        name = Text.keyword(name)
        if name and len(self.prompted) < NAMES_MAX:
            self.prompted.append(name)
        return []

    def play_started(self, play):
        event = self.event("play.started", "ansible.play", "start")
        cuts = Cuts()
        # ansible-runner appends `_2` and so on to the ids of a play's batches.
        play_id = Text.keyword(play._uuid, ID_CHARS_MAX)
        batch = self.batches[play_id] = self.batches.get(play_id, 0) + 1
        patterns = play.hosts if isinstance(play.hosts, (list, tuple)) else [play.hosts]
        pattern = ",".join(map(Text.of, patterns))
        strategy = Text.keyword(play.strategy)
        name = Text.keyword(play.name or pattern)
        self.play = Shared({"id": play_id, "batch": batch, **({"name": name} if name else {})})
        self.play_is_per_host = bool(strategy) and strategy.endswith(self.PER_HOST_STRATEGIES)
        self.tasks, self.steps, self.notifying, self.hosts = {}, {}, {}, {}
        self.latest = None
        hosts = hosts_of(play)
        fields = {
            "hosts_pattern": cuts.text("ansible.play.hosts_pattern", pattern),
            "strategy": strategy,
            "serial": Text.keyword(",".join(map(Text.of, play.serial))) if play.serial else None,
            "tags": Task.words(play.tags),
            "prompted_names": self.prompted,
        }
        self.prompted = []
        fields = {**self.play, **{name: value for name, value in fields.items() if value}}
        if hosts is not None:
            fields["hosts_total"] = len(hosts)
            names = cuts.list("ansible.play.hosts", hosts, HOSTS_NAMED_MAX)
            fields["hosts"] = [Text.keyword(name) or "unknown" for name in names]
        event["ansible"] = {"play": fields}
        return [with_cuts(event, cuts)]

    def play_no_hosts(self):
        event = self.event("play.no_hosts", "ansible.play", "info")
        if self.play:
            event["ansible"] = {"play": self.play}
        return [event]

    def task_started(self, task, handler=False):
        known = self.tasks.get(task._uuid)
        # The same start, told again for another host: by some strategies, and of some `meta` by all.
        if known and (self.play_is_per_host or (known is self.latest and not known.is_begun)):
            return []
        return [self.begin(task, handler)]

    def begin(self, task, handler):
        event = self.event("task.started", "ansible.task", "start")
        occurrence = self.occurrences[task._uuid] = self.occurrences.get(task._uuid, 0) + 1
        known = self.tasks[task._uuid] = Task(task, occurrence, handler, self.playbook_dir)
        self.latest = known
        event["ansible"] = {**self.in_play(), "task": known.fields}
        return event

    def in_play(self):
        return {"play": self.play} if self.play else {}

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
        known.is_begun = True
        # A host works on one task at a time, which keeps this as small as the number of hosts.
        self.steps[name] = Step(known, Clock())
        return events

    def step_of(self, result):
        """Returns the step that a result belongs to, with what has to be told before it."""
        host, task = field_of(result, "host"), field_of(result, "task")
        step = self.steps.get(host.get_name())
        if step is not None and step.known.uuid == task._uuid:
            return step, []
        events = [] if task._uuid in self.tasks else [self.begin(task, False)]
        step = self.steps[host.get_name()] = Step(self.tasks[task._uuid], Clock())
        return step, events

    def item_ended(self, result, status):
        """
        Tells of one item of a loop, if it is not one of too many, and counts it: in the results of
        ansible-core 2.21 the items do not say how they ended.
        """
        step, events = self.step_of(result)
        if status == "ok" and result.is_changed():
            status = "changed"
        step.items[status] += 1
        number = sum(step.items.values())
        if number > ITEMS_MAX:
            return events
        content = field_of(result, "result")
        event, cuts = self.result_event("item.result", result, step, status)
        item = {"number": number}
        if not event["ansible"]["task"]["no_log"]:
            label = Text.keyword(content.get("_ansible_item_label", content.get(loop_variable(content))))
            if label:
                item["label"] = label
        event["ansible"]["item"] = item
        event["ansible"]["result"] = result_fields(event, status, result, cuts, ITEM_TEXT_CHARS_MAX)
        return [*events, with_cuts(event, cuts)]

    def host_retries(self, result):
        step, events = self.step_of(result)
        content = field_of(result, "result")
        event, cuts = self.result_event("host.retry", result, step, "failed")
        attempts, retries = count_of(content, "attempts"), count_of(content, "retries")
        # Before 2.21 this is told with the number of the try; in 2.21 with that of the next one.
        retry = {"attempt": max(1, attempts - 1 if ansible_counts_next_try() else attempts)}
        if retries:
            retry["retries"] = retries
        if not event["ansible"]["task"]["no_log"]:
            told = result_fields(event, "failed", result, cuts, ITEM_TEXT_CHARS_MAX)
            retry.update((name, told[name]) for name in ("rc", "msg") if name in told)
        event["ansible"]["retry"] = retry
        return [*events, with_cuts(event, cuts)]

    def host_result(self, result, status, ignored=False):
        step, events = self.step_of(result)
        if status == "ok" and result.is_changed():
            status = "changed"
        event, cuts = self.result_event("host.result", result, step, status)
        is_secret = event["ansible"]["task"]["no_log"]
        task, content = field_of(result, "task"), field_of(result, "result")
        fields = result_fields(event, status, result, cuts)
        ignored = ignored or (status == "unreachable" and getattr(task, "ignore_unreachable", False) is True)
        if ignored:
            fields["ignored"] = True
        elif status == "failed" and Task.is_rescued(task):
            fields["rescued"] = True
        if not is_secret:
            if any(step.items.values()):
                fields["items"] = dict(step.items)
            self.add_content(event, content, cuts)
        elif step.known.fields["action"].endswith("set_stats"):
            self.stats_are_secret = True  # Nobody says any more which of them it was.
        event["ansible"]["result"] = fields
        self.remember(step, event["host"]["name"], fields)
        return [*events, with_cuts(event, cuts)]

    def result_event(self, action, result, step, status):
        """Returns an event about a task on a host, without its content, and its cuts to come."""
        now = Clock()
        host, task, content = field_of(result, "host"), field_of(result, "task"), field_of(result, "result")
        only_checked = was_only_checked(task, step.known)
        lasted = now.since(step.start) if action == "host.result" else ""
        more = f',"outcome":"{outcome_of(status, only_checked)}"{lasted}'
        event = self.event(action, "ansible.result", type_of(status, only_checked), now, more)
        event["host"] = self.host_fields(host)
        is_secret = step.known.is_secret or is_censored(content)
        fields = step.known.fields
        if is_secret != fields["no_log"] or only_checked != fields.get("check_mode", only_checked):
            fields = {**fields, "no_log": is_secret, "check_mode": only_checked}
        event["ansible"] = {**self.in_play(), "task": fields}
        return event, Cuts()

    def add_content(self, event, content, cuts):
        if self.settings["record_diff"] and ("diff" in content or "results" in content):
            diffs = Diff.all_of(content, cuts)
            if diffs:
                event["ansible"]["diff"] = diffs
        allowed = self.settings["facts"]
        if allowed:
            facts = named_values(content.get("ansible_facts"), cuts, "ansible.facts", allowed)
            if facts:
                event["ansible"]["facts"] = facts

    def remember(self, step, host, fields):
        """Keeps what later events refer to: who notified a handler, and how it stands with each host."""
        step.has_ended = True
        status = fields["status"]
        if status == "changed" and step.known.notifies:
            self.notifying.setdefault(host, []).append(step.known)
        if self.kind == "console":
            self.recap.add(host, status, fields.get("ignored"))

    def handler_notified(self, handler, host):
        event = self.event("handler.notified", "ansible.task", "info")
        name = host.get_name()
        written = Task.name_as_written(handler)
        shown = Text.of(handler.get_name())
        names = {shown, shown.rpartition(" : ")[2], written, *Task.words(getattr(handler, "listen", None))}
        event["host"] = self.host_fields(host)
        event["ansible"] = self.in_play()
        notifier = self.notifier(name, names)
        if notifier is not None:
            event["ansible"]["task"] = notifier.fields
        event["ansible"]["handler"] = {"id": Text.keyword(handler._uuid, ID_CHARS_MAX)}
        is_secret = handler.no_log not in (False, None)
        event["ansible"]["handler"]["name"] = Text.keyword(written if is_secret else shown) or "handler"
        return [event]

    def notifier(self, host, names):
        """
        Returns the task that notified a handler. Before 2.16 Ansible tells it before that task's own result,
        later when the handlers are about to run.
        """
        step = self.steps.get(host)
        tasks = list(self.notifying.get(host, ()))
        if step is not None and not step.has_ended:
            tasks.append(step.known)
        return next((task for task in reversed(tasks) if task.does_notify(names)), None)

    def tasks_included(self, included):
        event = self.event("tasks.included", "ansible.task", "info")
        cuts = Cuts()
        hosts = [Text.keyword(host.get_name()) or "unknown" for host in included._hosts]
        task = getattr(included, "_task", None)
        known = self.tasks.get(getattr(task, "_uuid", None))
        # Its name is filled in: under no_log it may be the secret.
        is_secret = known.is_secret if known else getattr(task, "no_log", False) not in (False, None)
        name = Secrets.MARK if is_secret else Text.keyword(included._filename, PATH_CHARS_MAX)
        event["ansible"] = {
            **self.in_play(),
            "include": {
                "kind": "role" if getattr(included, "_is_role", False) else "tasks",
                "name": name or "unknown",
                "hosts_total": len(hosts),
                "hosts": cuts.list("ansible.include.hosts", hosts, HOSTS_NAMED_MAX),
            },
        }
        if known is not None:
            event["ansible"]["task"] = known.fields
        return [with_cuts(event, cuts)]

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
        fields = Shared(fields)
        self.hosts[name] = (len(groups), fields)
        return fields

    def hosts_finished(self, recap):
        """The recap: an event for each host, so that no event grows with their number."""
        events = []
        for name, counts in recap.hosts.items():
            outcome = f',"outcome":"{outcome_of(status_of(counts))}"'
            event = self.event("host.finished", "ansible.run", "end", more=outcome)
            event["host"] = {"name": Text.keyword(name) or "unknown"}
            event["ansible"] = {"stats": counts}
            events.append(event)
        return events

    def run_finished(self, recap, custom_stats):
        """The end. A callback is not told the exit code; the status is what Ansible makes it of."""
        now, totals = Clock(), recap.totals()
        status = status_of(totals)
        more = f',"outcome":"{outcome_of(status)}"{now.since(self.start)}'
        event = self.event("run.finished", "ansible.run", "end", now, more)
        status = "success" if status == "ok" else status
        event["run"] = {**self.run_fields(), "status": status, "events": self.sequence}
        hosts = {"total": len(recap.hosts), **recap.hosts_by_status()}
        event["ansible"] = {"stats": totals, "hosts": hosts}
        cuts = Cuts()
        custom = named_custom_stats(custom_stats, cuts)
        if self.stats_are_secret:
            custom = [{**entry, "value": Secrets.MARK} for entry in custom]
        if custom:
            event["ansible"]["custom_stats"] = custom
        return with_cuts(event, cuts)

    def run_aborted(self, reason, message):
        now = Clock()
        more = f',"outcome":"unknown"{now.since(self.start)}'
        event = self.event("run.aborted", "ansible.run", "end", now, more)
        run = {"status": "aborted", "reason": reason, "events": self.sequence}
        event["run"] = {**self.run_fields(), **run}
        event["error"] = {"message": message}
        return event

    def spool_dropped(self, dropped):
        event = self.event("spool.dropped", "ansible.run", "info")
        event["spool"] = {"reason": "size", **dropped.fields()}
        return event


# src/record/spool.py

class Spool:
    """The file of one run, as its writer holds it. See the top of this file for the locks."""

    def __init__(self, folder, run_id, bytes_max=SPOOL_BYTES_MAX_DEFAULT):
        self.path = os.path.join(folder, run_id + SPOOL_SUFFIX)
        # What others have left is theirs. A run always has room to say the least.
        self.details_bytes_max = max(RUN_BYTES_MIN, bytes_max - folder_bytes(folder))
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

    def has_room_for(self, line):
        """False if the spool would grow beyond its limit: then only what is no detail goes in."""
        return self.size + len(line) <= self.details_bytes_max

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


# src/record/shipper_process.py

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


# src/record/options.py

NUMBERS = {
    "flush_timeout": (FLUSH_SECONDS_DEFAULT, WAIT_SECONDS_MAX),
    "strict_timeout": (STRICT_SECONDS_DEFAULT, WAIT_SECONDS_MAX),
    "heartbeat_seconds": (HEARTBEAT_SECONDS, WAIT_SECONDS_MAX),
    "spool_bytes_max": (SPOOL_BYTES_MAX_DEFAULT, 2**62),
    "spool_days_max": (SPOOL_DAYS_MAX_DEFAULT, 36500),
}
OPTIONS = (
    *SHIPPER_OPTIONS, "spool_dir", "flush_timeout", "enabled", "labels", "strict", "strict_timeout", "user",
    "record_diff", "facts", "redact_keys", "redact_patterns",
)  # fmt: skip


def read_settings(given):
    """Returns what the options come to, every one of them, and what is wrong with them, in words."""
    settings, mistakes = dict(given), []
    for name, (default, most) in NUMBERS.items():
        value = given[name]
        if value is None or not 0 <= value <= most:  # not-a-number is not either
            settings[name] = default
            if value is not None:
                mistakes.append(f"{name}: expected a number from 0 to {most}, got {value}; {default} counts")

    settings["enabled"] = parse_enabled(given["enabled"])
    if settings["enabled"] is None:
        settings["enabled"] = True
        mistakes.append(f"enabled: expected true or false, got {given['enabled']!r}; true counts")
    settings["record_diff"] = given["record_diff"] is not False
    settings["strict"] = parse_strict(given["strict"])
    settings["facts"] = given["facts"] or []

    settings["labels"], no_labels = parse_labels(given["labels"])
    if no_labels:
        mistakes.append(f"labels: expected name=value,name=value, got {', '.join(no_labels)!r}")
    patterns = [line.strip() for line in Text.of(given["redact_patterns"]).splitlines() if line.strip()]
    no_patterns = Secrets.configure(given["redact_keys"] or (), patterns)
    if no_patterns:
        mistakes.append(f"redact_patterns: expected regular expressions, got {', '.join(no_patterns)}")
    source = next(((name, given[name]) for name in TOKEN_OPTIONS if given[name]), None)
    if source is not None and is_readers(*source):
        mistakes.append(
            f"{source[0]}: expected a sender's token, got a reader's, which cannot write; runs stay in the "
            "spool. Give the callback its own with token_file in [callback_playtrail]"
        )
    try:
        check_url(given["url"] or "", given["allow_http"])
    except ValueError as error:
        mistakes.append(f"url: {error}; runs stay in the spool")
        settings["url"] = None
    return settings, mistakes


def parse_enabled(value):
    """Returns True or False, or None for what is neither: Ansible would take that for False."""
    words = {"true": True, "yes": True, "on": True, "1": True, "": True}
    words.update({"false": False, "no": False, "off": False, "0": False})
    return words.get(Text.of(value).strip().lower())


def parse_strict(value):
    """Returns one of STRICT; what is none of them as it is, since only the run can be told."""
    text = Text.of(value).strip().lower()
    words = {"false": STRICT_OFF, "no": STRICT_OFF, "": STRICT_OFF, "true": STRICT_SPOOL, "yes": STRICT_SPOOL}
    return words.get(text, text)


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


# src/record/shared.py

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


# src/record/recording.py

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


# src/record/callback.py

class CallbackModule(CallbackBase):
    """
    What Ansible calls. The hooks are a table; each goes through _record, which decides what a failure means:
    the run goes on, and the user is told once. Only `strict` is allowed to stop it, before it has begun.
    """

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "playtrail"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self._pid = os.getpid()
        self._settings = {}
        self._mistakes = []
        self._recap_before = Recap()

    def set_options(self, task_keys=None, var_options=None, direct=None):
        """Never fails: a slip of the pen in one option must not cost the record, nor switch `strict` off."""
        try:
            super().set_options(task_keys=task_keys, var_options=var_options, direct=direct)
            given = {name: self.get_option(name) for name in OPTIONS}
        except Exception:  # noqa: BLE001 - one of them is wrong; asked one by one, the others are had
            given = {name: self._option_alone(name) for name in OPTIONS}
        given.update(self._token_to_send_with(given))
        self._settings, mistakes = read_settings(given)
        self._mistakes.extend(mistakes)
        self.disabled = not self._settings["enabled"]

    def _token_to_send_with(self, given):
        """Returns the options of the token: as given, but for a reader's where ansible.cfg has another."""
        source = first_to_send_with((name, given[name]) for name in TOKEN_OPTIONS)
        if source is not None and is_readers(*source):
            with without_environment(f"PLAYTRAIL_{name.upper()}" for name in TOKEN_OPTIONS):
                configured = [(name, self._option_alone(name)) for name in TOKEN_OPTIONS]
            source = first_to_send_with([source, *configured])
        return {**dict.fromkeys(TOKEN_OPTIONS), **dict([source] if source else [])}

    def _option_alone(self, name):
        try:
            return constants.config.get_config_value(
                name, plugin_type="callback", plugin_name=self._load_name
            )
        except Exception:  # noqa: BLE001 - as Ansible puts it, it may quote the value
            self._mistakes.append(
                f"{name}: its value is not of the kind that it has to be; the default counts"
            )
            return None

    def v2_playbook_on_start(self, playbook):
        self._record(self._begin, playbook)

    def v2_playbook_on_vars_prompt(self, varname, *args, **kwargs):
        # The rest has the default in it, which may be a secret.
        self._record("prompt_shown", varname)

    def v2_playbook_on_play_start(self, play):
        self._record("play_started", play)

    def v2_playbook_on_no_hosts_matched(self):
        self._record("play_no_hosts")

    def v2_playbook_on_task_start(self, task, is_conditional):
        self._record("task_started", task)

    def v2_playbook_on_handler_task_start(self, task):
        self._record("task_started", task, True)

    def v2_playbook_on_notify(self, handler, host):
        self._record("handler_notified", handler, host)

    def v2_playbook_on_include(self, included_file):
        self._record("tasks_included", included_file)

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
        self._record("host_result", result, "unreachable")

    def v2_runner_item_on_ok(self, result):
        self._record("item_ended", result, "ok")

    def v2_runner_item_on_failed(self, result):
        self._record("item_ended", result, "failed")

    def v2_runner_item_on_skipped(self, result):
        self._record("item_ended", result, "skipped")

    def v2_runner_retry(self, result):
        self._record("host_retries", result)

    def v2_playbook_on_stats(self, stats):
        self._record(self._finish, stats)

    def _record(self, act, *args):
        """
        Does what a hook asks for: calls a method of ours, or writes the events that the collector makes of
        it. Recording must never break the run, and must never fail in silence.
        """
        try:
            if os.getpid() != self._pid or not self._is_recorder():
                return
            if callable(act):
                act(*args)
            else:
                self._write(act, *args)
        except Exception as error:  # noqa: BLE001 - whatever it is, the run goes on
            recording = process_state().recording
            if recording is not None:
                recording.failed(error)
            else:
                self._display.warning(f"playtrail: this run is not recorded: {describe(error)}. {ADVICE}")
                self.disabled = True

    def _write(self, make_events, *args):
        recording = process_state().recording or self._begin(None)
        recording.write(getattr(recording.collector, make_events)(*args))

    def _is_recorder(self):
        """Of all copies in this process the first one that is called records; the others fall silent."""
        shared = process_state()
        recorder = shared.recorder and shared.recorder()
        if recorder is self:
            return True
        # ansible-console loads its callbacks anew for each command, and they go on with the session. Another
        # class is another file: the collection beside the single file.
        if recorder is not None and not (is_console(shared.recording) and type(recorder) is type(self)):
            self.disabled = True
            return False
        shared.recorder = weakref.ref(self)
        return True

    def _begin(self, playbook):
        shared = process_state()
        if shared.recording is not None:
            shared.recording.leave()
            shared.recording = None
        strict = self._settings["strict"]
        if strict not in STRICT:
            self._stop(f"strict is {strict!r}, expected one of {', '.join(STRICT)}")
        try:
            recording = Recording(playbook, self._settings, self._recap_before, self._display)
            for mistake in self._mistakes:
                recording.warn(f"playtrail: {mistake}. See ansible-doc -t callback playtrail.")
            recording.open()
            shared.recording = recording
            recording.tell_refusal()
            self._start(recording)
            if strict == STRICT_SERVER:
                self._wait_for_server(recording)
        except Exception as error:
            if strict != STRICT_OFF:
                self._stop(describe(error))
            raise
        return recording

    def _start(self, recording):
        try:
            recording.begin()
        finally:
            # Also where the first event is lost, because the disk is full for a moment.
            self._start_shipper(recording)

    def _start_shipper(self, recording):
        if not self._settings["url"]:
            return
        try:
            recording.start_shipper()
        except (OSError, ValueError) as error:
            recording.warn(
                f"playtrail: the record of this run stays in {os.path.dirname(recording.spool.path)}, the "
                f"shipper did not start: {error}. playtrail.py --ship delivers it."
            )

    def _wait_for_server(self, recording):
        shipper, seconds = recording.shipper, self._settings["strict_timeout"]
        if shipper is None:
            self._stop("there is no server to acknowledge its start")
        elif not shipper.wait_until_started(seconds):
            why = shipper.trouble or f"no answer within {seconds:g} seconds"
            self._stop(f"the server did not acknowledge its start: {why}")

    def _stop(self, why):
        """Ends Ansible, because `strict` wants a record of every run, and there is none of this one."""
        message = f"this run ends before its first task, because strict wants a record of it: {why}"
        shared = process_state()
        recording, shared.recording = shared.recording, None
        if recording is not None:
            with contextlib.suppress(Exception):  # What there is of a record may as well say so.
                recording.abort("error", Text.clean(message)[:TEXT_CHARS_MAX])
            recording.close()
        advice = "Set that right, or allow runs without a record with strict = off in [callback_playtrail]."
        self._display.error(Text.clean(f"playtrail: {message}. {advice}"), wrap_text=False)
        raise NoRecord(EXIT_NO_RECORD)

    def _finish(self, stats):
        shared = process_state()
        recording = shared.recording or self._begin(None)
        recap = Recap.of(stats)
        try:
            recording.finish(recap, stats.custom)
        except Exception as error:  # noqa: BLE001 - as in _record, which does not see this run any more
            recording.failed(error)
        finally:
            self._recap_before = recap
            shared.recording = shared.recorder = None
            recording.close()


@contextlib.contextmanager
def without_environment(names):
    """Has Ansible read options from ansible.cfg alone, which it knows no other way to ask for."""
    taken = {name: os.environ.pop(name) for name in names if name in os.environ}
    try:
        yield
    finally:
        os.environ.update(taken)


# src/ship/trouble.py

class Trouble(Exception):
    """Why events could not be delivered now. They stay in the spool."""

    def __init__(self, message, retry_seconds=0.0, is_general=True, is_refusal=False):
        super().__init__(message)
        self.retry_seconds = retry_seconds
        # False if another spool may well be delivered, because it was the content that the server failed at.
        self.is_general = is_general
        # True if the server is there, and wants another token.
        self.is_refusal = is_refusal


class BatchRefused(Exception):
    """The server will never take this batch as it is: too large, or something in it is not understood."""

    def __init__(self, code, message):
        super().__init__(message)
        self.reason = {"code": code, "message": message}


# src/ship/certificates.py

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


# src/ship/proxy.py

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


# src/ship/endpoint.py

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
        raise Trouble(why, REFUSED_RETRY_SECONDS, is_refusal=status in (401, 403))

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
            token = token_in(self.token_file)
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


# src/ship/remarks.py

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


# src/ship/spool_reader.py

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


# src/ship/death.py

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


# src/ship/turn.py

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


# src/ship/shipper.py

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
        self.refusal = Refusal(folder)
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
        # By path: when its writer was last seen at work.
        self.seen_at = {}
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
        give_up_at, left_before = None, set()
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
                    # Renewed by each run that others have left to this one.
                    if give_up_at is None or not self.left <= left_before:
                        give_up_at = time.monotonic() + SHIPPER_LINGER_SECONDS
                    left_before = self.left
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
            found, age = os.lstat(path), age_of(path)
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
            # The shipper that is at it may be alive. Without a spool there is nothing to take the place of.
            if not os.path.exists(stem + SPOOL_SUFFIX) and age_of(path) > ORPHAN_SECONDS:
                os.unlink(path)
            return
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
            is_whole = self.is_over(spool)
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

    def is_over(self, spool):
        """True once the writer is gone. Until then it notes when it was seen at work."""
        if spool.writer_is_gone():
            return True
        self.seen_at[spool.path] = Clock()
        return False

    def tell_end(self, spool):
        """Writes run.aborted for a run whose writer is gone, and has not told its end."""
        if spool.path in self.ended:
            return
        if not spool.has_end() and not spool.remarks.has("run.aborted"):
            noticed_at, oom_kills = None, 0
            if spool.path == self.own and self.own_is_going_on:
                noticed_at, oom_kills = Clock(), Death.oom_kills() - self.oom_kills_before
            seen_at = self.seen_at.get(spool.path)
            spool.remark("run.aborted", "end", **Death.groups(spool, noticed_at, seen_at, oom_kills))
        self.ended.add(spool.path)

    def finish(self, spool):
        """Removes a spool of which everything is delivered but what its writer died in the middle of."""
        torn = spool.read(self.offset_in(spool))
        if torn.strip():
            self.reject(spool, torn, {"code": "line_torn", "message": "its writer died while writing it"})
        spool.remove()
        self.sent.pop(spool.path, None)
        self.sent.pop(spool.remarks.path, None)
        self.seen_at.pop(spool.path, None)
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
            if self.is_over(spool):
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
        except Trouble as trouble:
            if trouble.is_refusal and self.own:  # Who ships by hand is told at once.
                self.refusal.note(str(trouble))
            raise
        self.refusal.forget()
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


def age_of(path):
    """Returns how long ago a file was written to, in seconds."""
    return time.time() - os.lstat(path).st_mtime


# src/ship/report.py

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


# src/ship/command_line.py

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
    given = [(name, os.environ.get(f"PLAYTRAIL_{name.upper()}")) for name in TOKEN_OPTIONS]
    source = ("token_file", options.token_file) if options.token_file else first_to_send_with(given)
    certificates = Certificates(options.ca_file, options.client_cert, options.client_key)
    token = dict([source] if source else [])
    return Endpoint(options.url, **token, allow_http=options.allow_http, certificates=certificates)


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
