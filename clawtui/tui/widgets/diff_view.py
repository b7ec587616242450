"""What is different between two texts: line by line, and word by word within lines that changed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

from clawtui.text import cell_width, clean
from clawtui.tui.widgets.markdown_lines import fold_cuts
from clawtui.tui.widgets.parts import Part, PartLine, Tone, merged
from clawtui.tui.widgets.toned import Toned

CONTEXT = 3
LONGEST = 4_000  # lines that are compared; difflib takes the square of it
_WORDS = re.compile(r"\w+|\s+|[^\w\s]")


class Change(StrEnum):
    SAME = " "
    ADDED = "+"
    REMOVED = "-"
    SKIPPED = "…"


@dataclass(frozen=True, slots=True)
class DiffLine:
    change: Change
    parts: tuple[tuple[str, bool], ...]  # text, and whether it is what changed within the line


def diff(old: str, new: str, *, context: int | None = CONTEXT) -> list[DiffLine]:
    """With `context` None everything that is the same is shown too."""
    before, after = clean(old).splitlines(), clean(new).splitlines()
    lines: list[DiffLine] = []
    cut_off = max(len(before), len(after)) - LONGEST
    before, after = before[:LONGEST], after[:LONGEST]
    for kind, a, b, c, d in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if kind == "equal":
            lines += [DiffLine(Change.SAME, ((text, False),)) for text in before[a:b]]
        else:
            lines += _changed(before[a:b], after[c:d])
    if context is not None:
        lines = list(_in_context(lines, context))
    if cut_off > 0:
        lines.append(_skipped(f"{cut_off} more lines are not compared"))
    return lines


def _changed(before: list[str], after: list[str]) -> Iterator[DiffLine]:
    paired = [_words(one, other) for one, other in zip(before, after, strict=False)]
    for place, text in enumerate(before):
        yield DiffLine(Change.REMOVED, paired[place][0] if place < len(paired) else ((text, True),))
    for place, text in enumerate(after):
        yield DiffLine(Change.ADDED, paired[place][1] if place < len(paired) else ((text, True),))


def _words(old: str, new: str) -> tuple[tuple[tuple[str, bool], ...], tuple[tuple[str, bool], ...]]:
    before, after = _WORDS.findall(old)[:LONGEST], _WORDS.findall(new)[:LONGEST]
    if "".join(before) != old or "".join(after) != new:
        return ((old, True),), ((new, True),)
    matcher = SequenceMatcher(None, before, after, autojunk=len(before) * len(after) > 250_000)
    if matcher.quick_ratio() < 0.4:
        return ((old, True),), ((new, True),)
    left: list[tuple[str, bool]] = []
    right: list[tuple[str, bool]] = []
    for kind, a, b, c, d in matcher.get_opcodes():
        changed = kind != "equal"
        left += [("".join(before[a:b]), changed)] if b > a else []
        right += [("".join(after[c:d]), changed)] if d > c else []
    return tuple(left), tuple(right)


def _in_context(lines: list[DiffLine], context: int) -> Iterator[DiffLine]:
    near = [False] * len(lines)
    for place, line in enumerate(lines):
        if line.change is not Change.SAME:
            for at in range(max(0, place - context), min(len(lines), place + context + 1)):
                near[at] = True
    skipped = 0
    for place, line in enumerate(lines):
        if near[place]:
            if skipped:
                yield _skipped(f"{skipped} lines the same")
            skipped = 0
            yield line
        else:
            skipped += 1
    if skipped:
        yield _skipped(f"{skipped} lines the same")


def _skipped(text: str) -> DiffLine:
    return DiffLine(Change.SKIPPED, ((text, False),))


_TONES = {
    Change.SAME: (Tone.NORMAL, Tone.NORMAL),
    Change.SKIPPED: (Tone.MUTED, Tone.MUTED),
    Change.ADDED: (Tone.NORMAL, Tone.OK),
    Change.REMOVED: (Tone.MUTED, Tone.BAD),
}


def painted(lines: Sequence[DiffLine], width: int) -> list[PartLine]:
    """Long lines go on in the next one, below their own beginning."""
    result: list[PartLine] = []
    room = max(2, width - 2)
    for line in lines:
        usual, changed = _TONES[line.change]
        parts: list[Part] = [(text.expandtabs(4), changed if is_changed else usual) for text, is_changed in line.parts]
        for place, piece in enumerate(_folded(parts, room)):
            mark = line.change.value if place == 0 else " "
            result.append(merged([(f"{mark} ", changed), *piece]))
    return result


def _folded(parts: list[Part], width: int) -> Iterator[list[Part]]:
    line: list[Part] = []
    used = 0
    for text, tone in parts:
        rest = text
        while rest:
            if used >= width:
                yield line
                line, used = [], 0
            cuts = fold_cuts(rest, width - used) if cell_width(rest) > width - used else []
            piece = rest[: cuts[0]] if cuts else rest
            if used and used + cell_width(piece) > width:
                yield line
                line, used = [], 0
                continue
            line.append((piece, tone))
            used += cell_width(piece)
            rest = rest[len(piece) :]
            if rest:
                yield line
                line, used = [], 0
    yield line


class DiffView(Toned):
    """Put it into a scrolling container. Says so where nothing is different."""

    def __init__(self, old: str = "", new: str = "", *, context: int | None = CONTEXT, id: str | None = None) -> None:
        super().__init__(id=id)
        self._around = context
        self._diff = diff(old, new, context=context)
        self._is_same = old == new

    def show(self, old: str, new: str) -> None:
        self._diff = diff(old, new, context=self._around)
        self._is_same = old == new
        self.changed()

    def lines(self, width: int) -> Sequence[PartLine]:
        if self._is_same:
            return ((("Nothing is different.", Tone.MUTED),),)
        return painted(self._diff, width)
