from __future__ import annotations


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
