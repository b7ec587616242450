"""How a verb ends early: a sentence on what is wrong, one on what to do, and an exit status."""

from __future__ import annotations

from enum import IntEnum


class Status(IntEnum):
    DONE = 0
    FAILED = 1
    USAGE = 2
    NO_ROUTE = 3
    REFUSED = 4
    INTERRUPTED = 130


class Stop(Exception):
    def __init__(self, message: str, hint: str = "", status: Status = Status.USAGE) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.status = status
