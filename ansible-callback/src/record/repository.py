from __future__ import annotations

import contextlib
import os
import re

from ..limits import GIT_FILE_BYTES_MAX, PATH_CHARS_MAX
from ..text import Text


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
