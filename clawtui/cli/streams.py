"""The three standard streams as the program needs them: all there, and silent once their reader has gone."""

from __future__ import annotations

import os
import sys
from typing import TextIO


def complete_streams() -> None:
    """Puts nothing in the place of a stream that was closed before the start: a file that is opened later would get its
    number, and be written into."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            opened = os.open(os.devnull, os.O_RDWR)
            if opened != number:
                os.dup2(opened, number)
                os.close(opened)
        if getattr(sys, name) is None:
            mode = "r" if name == "stdin" else "w"
            setattr(sys, name, os.fdopen(number, mode, encoding="utf-8", closefd=False))


def flush_errors() -> None:
    """Standard error to its end, or to nowhere: there is no place left to say that it cannot be written."""
    try:
        sys.stderr.flush()
    except OSError:
        silence(sys.stderr)


def silence(stream: TextIO) -> None:
    """What is still in its buffer must not raise again when the interpreter ends."""
    try:
        number = stream.fileno()
    except (OSError, ValueError):
        return  # not of the system, as in tests
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, number)
    os.close(nowhere)
