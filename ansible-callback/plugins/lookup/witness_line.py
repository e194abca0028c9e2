# Copyright (c) 2026, the Playtrail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = """
name: witness_line
short_description: the line that the role playtrail.audit.witness writes into a host's log
version_added: 0.1.0
author: the Playtrail authors
description:
  - Says in one line who runs which play from where, with the id that the callback has given the run.
  - Values are as they are if they consist of letters, digits and C(_./,:@+-), otherwise they are JSON strings
    in ASCII, so that no name can begin a new line or pretend to be another field. C(-) stands for nothing.
options:
  _terms:
    description: When the line is written, C(start) or C(finish) of the play.
    required: true
"""

EXAMPLES = """
- name: Show what the role would write
  ansible.builtin.debug:
    msg: "{{ lookup('playtrail.audit.witness_line', 'start') }}"
"""

RETURN = """
_raw:
  description: The line, in a list of one.
  type: list
  elements: str
"""

import contextlib
import json
import os
import pwd
import re

from ansible import context
from ansible.plugins.lookup import LookupBase

RUN_ID_VARIABLE = "PLAYTRAIL_RUN_ID"
LOGINUID_UNSET = 2**32 - 1

# Ten values of this size and their names stay below the 1 KiB after which logger cuts a message.
VALUE_BYTES_MAX = 90

# Anything else is quoted. A lone "-" is too: it says that there is nothing.
PLAIN = re.compile(r"(?!-$)[A-Za-z0-9_./,:@+-]+")


class LookupModule(LookupBase):
    def run(self, terms, variables=None, **kwargs):
        variables = variables or {}
        user, origin = login(variables)
        fields = {
            "run": os.environ.get(RUN_ID_VARIABLE),
            "when": terms[0] if terms else None,
            "user": user,
            "origin": origin,
            "controller": os.uname().nodename,
            "host": variables.get("inventory_hostname"),
            "check": "true" if variables.get("ansible_check_mode") else "false",
            "playbook": playbook(variables.get("playbook_dir")),
            "play": variables.get("ansible_play_name"),
            "limit": variables.get("ansible_limit"),
            # Sorted, because older versions of Ansible have them in another order each time.
            "tags": sorted(variables.get("ansible_run_tags") or ()),
            "skip_tags": sorted(variables.get("ansible_skip_tags") or ()),
        }
        return [" ".join(f"{name}={shown(value)}" for name, value in fields.items())]


def shown(value):
    """Returns a value as it stands in the line; of a long one the beginning and the end."""
    text = ",".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value or "")
    whole = quoted(text)
    if len(whole) <= VALUE_BYTES_MAX:
        return whole
    halves = range(VALUE_BYTES_MAX // 2, 0, -1)
    shorter = (quoted(f"{text[:half]}...{text[-half:]}") for half in halves)
    return next(candidate for candidate in shorter if len(candidate) <= VALUE_BYTES_MAX)


def quoted(text):
    if text == "":
        return "-"
    return text if PLAIN.fullmatch(text) else json.dumps(text)


def playbook(folder):
    """Returns the playbook as it was typed; of several in one command those that stand in the folder."""
    typed = context.CLIARGS.get("args", ())
    if not isinstance(typed, (list, tuple)):
        return None  # The ad-hoc command has a host pattern there.
    here = [path for path in typed if os.path.dirname(os.path.abspath(path)) == os.path.abspath(folder or "")]
    return here or typed


def login(variables):
    """Returns the person by the best evidence there is, and which that is: user.origin of the callback."""
    with contextlib.suppress(OSError, ValueError), open("/proc/self/loginuid", encoding="ascii") as file:
        uid = int(file.read())
        if uid != LOGINUID_UNSET:
            return account(uid), "loginuid"
    with contextlib.suppress(OSError):
        return os.getlogin(), "login"
    claims = (
        ("sudo", os.environ.get("SUDO_USER")),
        ("awx", variables.get("awx_user_name") or variables.get("tower_user_name")),
        ("env", os.environ.get("LOGNAME") or os.environ.get("USER")),
    )
    known = ((name, origin) for origin, name in claims if name)
    return next(known, (account(os.getuid()), "uid"))


def account(uid):
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)  # Containers run as users that nobody has named.
