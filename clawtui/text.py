"""Text for people: cleaning what comes from outside, measuring and cutting by terminal cells, wording numbers.

A leaf: it imports nothing of the program, and the libraries it needs only where a text is not plain ASCII.
"""

from __future__ import annotations

import re
import time
import unicodedata

ELLIPSIS = "…"
# C0 but tab and newline, DEL, C1; the marks that turn the direction of text around; and what breaks lines unasked.
_UNSAFE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
_BREAKS = re.compile(r"\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
_SPACES = re.compile(r"\s+")
# Sequences that a terminal would obey: once their first byte is gone, the rest would be litter.
_SEQUENCES = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"
    r"|\x9b[0-?]*[ -/]*[@-~]|(?:\x1b[\]P^_X]|[\x9d\x90\x9e\x9f\x98])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?"
    r"|\x1b[ -/]*[0-~]"
)
_LONE = re.compile(r"[\ud800-\udfff]")


def clean(text: str) -> str:
    """Outside text of several lines, without anything that a terminal would obey."""
    if text.isascii() and text.isprintable():
        return text
    if "\x1b" in text or "\x9b" in text or "\x9d" in text or "\x90" in text:
        text = _SEQUENCES.sub("", text)
    text = _UNSAFE.sub("", _BREAKS.sub("\n", text))
    return _LONE.sub("\ufffd", text)


def one_line(text: str) -> str:
    """Outside text for one line: clean, and every run of white space one blank."""
    return _SPACES.sub(" ", clean(text)).strip()


# ---- cells


def cell_width(text: str) -> int:
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def cut(text: str, cells: int) -> str:
    """At most so many cells; what does not fit ends in `…`. No wide or combined character is halved."""
    if cell_width(text) <= cells:
        return text
    if cells <= 0:
        return ""
    return _head(text, cells - 1) + ELLIPSIS


def cut_middle(text: str, cells: int) -> str:
    """Beginning and end kept, for names whose end tells them apart."""
    if cell_width(text) <= cells:
        return text
    if cells <= 2:
        return cut(text, cells)
    tail = (cells - 1) // 2
    return _head(text, cells - 1 - tail) + ELLIPSIS + _tail(text, tail)


def pad(text: str, cells: int, *, right: bool = False) -> str:
    """Exactly so many cells."""
    text = cut(text, cells)
    blanks = " " * max(0, cells - cell_width(text))
    return blanks + text if right else text + blanks


def _clusters(text: str) -> list[str]:
    """Characters with what combines with them; a joiner binds its neighbours."""
    clusters: list[str] = []
    joined = False
    for character in text:
        binds = joined or unicodedata.combining(character) or character in "\u200d\ufe0e\ufe0f"
        if clusters and (binds or unicodedata.category(character) in ("Mn", "Me")):
            clusters[-1] += character
        else:
            clusters.append(character)
        joined = character == "\u200d"
    return clusters


def _head(text: str, cells: int) -> str:
    if text.isascii():
        return text[:cells]
    kept, used = [], 0
    for cluster in _clusters(text[: cells * 8 + 8]):
        width = cell_width(cluster)
        if used + width > cells:
            break
        kept.append(cluster)
        used += width
    return "".join(kept)


def _tail(text: str, cells: int) -> str:
    if text.isascii():
        return text[-cells:] if cells else ""
    kept: list[str] = []
    used = 0
    for cluster in reversed(_clusters(text[-(cells * 8 + 8) :])):
        width = cell_width(cluster)
        if used + width > cells:
            break
        kept.append(cluster)
        used += width
    return "".join(reversed(kept))


# ---- numbers


def count(number: int | float) -> str:
    """`950`, `1.2k`, `34k`, `1.5M`."""
    if abs(number) < 999.5:
        return f"{number:.0f}"
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(number) >= size * 0.9995:
            value = number / size
            return f"{value:.1f}{letter}" if abs(value) < 9.95 else f"{value:.0f}{letter}"
    return f"{number:.0f}"


tokens = count


def money(usd: float | None) -> str:
    """`$1.23`; small sums keep two digits that say something; `unknown` where it is unknown."""
    if usd is None:
        return "unknown"
    if usd == 0:
        return "$0"
    sign, size = ("-" if usd < 0 else ""), abs(usd)
    if size >= 1_000:
        return f"{sign}${size:,.0f}"
    if size >= 0.995:
        return f"{sign}${size:.2f}"
    if size >= 0.00995:
        return f"{sign}${size:.3f}"
    if size >= 0.00001:
        return f"{sign}${size:.5f}".rstrip("0")
    return f"<{sign}$0.00001"


def cents(usd: float) -> str:
    """`$1.23`, `<$0.01`: for a sum that grows while one looks, whose width should not change with each digit."""
    if 0 < usd < 0.01:
        return "<$0.01"
    return f"${usd:.2f}" if 0 < usd < 1_000 else money(usd)


def duration_ms(ms: float | None) -> str:
    """`212 ms`, `1.4 s`, `2 m 05 s`, `1 h 03 m`."""
    if ms is None:
        return "–"
    if ms < 999.5:
        return f"{ms:.0f} ms"
    return duration(ms / 1000)


def duration(seconds: float | None) -> str:
    if seconds is None:
        return "–"
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    if seconds < 99.5:
        return f"{seconds:.0f} s"
    whole = round(seconds)
    if whole < 3_600:
        return f"{whole // 60} m {whole % 60:02d} s"
    if whole < 172_800:
        return f"{whole // 3_600} h {whole % 3_600 // 60:02d} m"
    return f"{whole // 86_400} d"


def ago(seconds: float) -> str:
    """`now`, `12 s ago`, `3 m ago`, `2 h ago`, `5 d ago`."""
    if seconds < 1:
        return "now"
    for size, letter in ((86_400, "d"), (3_600, "h"), (60, "m")):
        if seconds >= size:
            return f"{int(seconds // size)} {letter} ago"
    return f"{int(seconds)} s ago"


def percent(share: float | None) -> str:
    if share is None:
        return "–"
    value = share * 100
    if 0 < value < 0.05:
        return "<0.1 %"
    if 99.5 <= value < 100:
        return f"{min(value, 99.9):.1f} %"  # not all is not all
    return f"{value:.0f} %" if value >= 9.95 or value == int(value) else f"{value:.1f} %"


def clock_time(wall: float) -> str:
    return time.strftime("%H:%M:%S", time.localtime(wall))


def day_and_time(wall: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(wall))
