from __future__ import annotations

import re

from ..address import check_url
from ..limits import (
    FLUSH_SECONDS_DEFAULT,
    HEARTBEAT_SECONDS,
    KEYWORD_CHARS_MAX,
    LABELS_MAX,
    SPOOL_BYTES_MAX_DEFAULT,
    SPOOL_DAYS_MAX_DEFAULT,
    STRICT_OFF,
    STRICT_SECONDS_DEFAULT,
    STRICT_SPOOL,
    WAIT_SECONDS_MAX,
)
from ..redaction import Secrets
from ..text import Text
from ..tokens import TOKEN_OPTIONS, is_readers
from .shipper_process import SHIPPER_OPTIONS

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
