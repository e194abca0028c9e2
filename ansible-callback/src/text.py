from __future__ import annotations

import itertools
import json
import re

from .limits import (
    DEPTH_MAX,
    DIFF_SOURCE_CHARS_MAX,
    KEYWORD_CHARS_MAX,
    NODES_MAX,
    TEXT_CHARS_MAX,
    TEXT_HEAD_CHARS,
    TEXT_TAIL_CHARS,
    TRUNCATED_MAX,
)
from .redaction import Secrets


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
