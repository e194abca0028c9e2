from __future__ import annotations

import os

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
