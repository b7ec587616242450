"""What a check says: how bad it is, where it stands, what is wrong and what to do about it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from clawtui.config.secrets import begins_like_key

SHOWN = 60


class Severity(StrEnum):
    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Finding:
    """`path` is the field as TOML writes it, empty for the file as a whole. Texts may quote the file: they are text
    from outside, to be cleaned where they are shown. They never quote what may be a secret."""

    severity: Severity
    file: Path | None
    line: int | None
    path: str
    message: str
    fix: str


@dataclass(frozen=True, slots=True)
class KeyFinding:
    """Of an entry in [keys]: by whoever knows the actions."""

    action: str  # as the file writes it: text from outside
    message: str
    fix: str


def nearest(name: str, names: Iterable[str]) -> str | None:
    """The valid name that was probably meant."""
    known = list(names)
    folded = {candidate.casefold(): candidate for candidate in reversed(known)}
    close = difflib.get_close_matches(name.casefold()[:200], folded, n=1, cutoff=0.6)
    return folded[close[0]] if close else None


def quoted(text: str) -> str:
    """A name from the file, cut to size. A key that was pasted in a name's place is not repeated."""
    if begins_like_key(text):
        return "(what looks like a key)"
    return f"`{text}`" if len(text) <= SHOWN else f"`{text[:SHOWN]}…`"


def listed(names: Iterable[str], limit: int = 12) -> str:
    known = list(names)
    return ", ".join(known[:limit]) + (", …" if len(known) > limit else "")


def suggestion(name: str, names: Iterable[str], otherwise: str) -> str:
    """`did you mean` where one is near, else the way out given."""
    known = list(names)
    near = nearest(name, known)
    if near is not None:
        return f"did you mean {quoted(near)}?"
    return otherwise + (f"; there is {listed(known)}" if known else "")
