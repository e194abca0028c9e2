from __future__ import annotations

import re

from .limits import (
    DIFF_CHARS_MAX,
    KEYWORD_CHARS_MAX,
    PATH_CHARS_MAX,
    SECRET_CHARS_MAX,
    TEXT_CHARS_MAX,
)


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
