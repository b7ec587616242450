"""Text in parts, each with a tone: what the panes' states say and the widgets paint."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from clawtui.text import ELLIPSIS, cell_width, one_line, pad


class Tone(StrEnum):
    """What a text means; the theme says how it looks."""

    NORMAL = "normal"
    STRONG = "strong"
    MUTED = "muted"
    ACCENT = "accent"
    OK = "ok"
    WARN = "warn"
    BAD = "bad"
    IDLE = "idle"


Part = tuple[str, Tone]
PartLine = tuple[Part, ...]


def fitted(line: PartLine, width: int) -> PartLine:
    """At most so wide; what does not fit ends in an ellipsis. Outside text in it is one line without control."""
    cleaned = tuple((text if text.isprintable() else one_line(text), tone) for text, tone in line)
    if sum(cell_width(text) for text, _ in cleaned) <= width:
        return cleaned
    parts: list[Part] = []
    left = width
    for text, tone in cleaned:
        if cell_width(text) >= left:
            parts.append((pad(text + ELLIPSIS, left), tone))
            break
        parts.append((text, tone))
        left -= cell_width(text)
    return tuple(parts)


def merged(parts: Sequence[Part]) -> PartLine:
    """Neighbours of one tone become one part."""
    result: list[Part] = []
    for text, tone in parts:
        if result and result[-1][1] is tone:
            result[-1] = (result[-1][0] + text, tone)
        elif text:
            result.append((text, tone))
    return tuple(result)


def wrap(parts: Sequence[Part], width: int) -> list[PartLine]:
    """At blanks, but not between a figure and its unit; a word that is longer than a line goes on in the next."""
    lines: list[list[Part]] = [[]]
    used = 0
    for atom in (piece for whole in _atoms(parts) for piece in _pieces(whole, width)):
        cells = sum(cell_width(text) for text, _ in atom)
        if used and used + cells - (1 if atom[-1][0].endswith(" ") else 0) > width:
            lines.append([])
            used = 0
        lines[-1] += atom
        used += cells
    for line in lines:
        if line:
            line[-1] = (line[-1][0].rstrip(), line[-1][1])
    return [merged(line) for line in lines]


def _atoms(parts: Sequence[Part]) -> list[list[Part]]:
    """What must not be parted: up to and with a blank, whatever its tones."""
    atoms: list[list[Part]] = []
    is_open = False
    for text, tone in parts:
        for word in _words(one_line_kept(text)):
            if is_open:
                atoms[-1].append((word, tone))
            else:
                atoms.append([(word, tone)])
            is_open = not word.endswith(" ")
    return atoms


def _pieces(atom: list[Part], width: int) -> list[list[Part]]:
    """The atom itself where it fits into a line; else pieces that do."""
    if cell_width("".join(text for text, _ in atom).rstrip()) <= width:
        return [atom]
    pieces: list[list[Part]] = [[]]
    used = 0
    for text, tone in atom:
        for character in text:
            cells = cell_width(character)
            if used and used + cells > width and character != " ":
                pieces.append([])
                used = 0
            pieces[-1].append((character, tone))
            used += cells
    return pieces


def one_line_kept(text: str) -> str:
    """One line, with the blanks at its ends that part it from its neighbours."""
    cleaned = one_line(text)
    before, after = text[:1].isspace() and cleaned, text[-1:].isspace() and cleaned
    return f"{' ' if before else ''}{cleaned}{' ' if after else ''}"


UNITS = frozenset(("ms", "s", "m", "h", "d", "%", "/", "tok/s", "tokens", "tokens/s"))


def _words(text: str) -> list[str]:
    """Each with the blank behind it; a figure with the unit that it would be read without."""
    parts = text.split(" ")
    words: list[str] = []
    before = ""
    for word in [*(f"{part} " for part in parts[:-1]), parts[-1]]:
        bare = word.strip(" ,.;:)")
        if words and bare in UNITS and (before[-1:].isdigit() or before == "/"):
            words[-1] += word
        elif word:
            words.append(word)
        before = bare
    return words
