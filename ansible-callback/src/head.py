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
