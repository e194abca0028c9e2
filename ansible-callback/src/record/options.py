from __future__ import annotations

import re

from ..limits import KEYWORD_CHARS_MAX, LABELS_MAX, STRICT_OFF, STRICT_SPOOL
from ..text import Text


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


def parse_strict(value):
    """Returns one of STRICT; what is none of them as it is, since only the run can be told."""
    text = Text.of(value).strip().lower()
    return {
        "false": STRICT_OFF,
        "no": STRICT_OFF,
        "": STRICT_OFF,
        "true": STRICT_SPOOL,
        "yes": STRICT_SPOOL,
    }.get(text, text)
