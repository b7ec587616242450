"""Shares as horizontal bars: spend against a budget in a few cells, and rows of labelled bars."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from clawtui.text import cell_width, pad
from clawtui.tui.widgets.columns import Tone
from clawtui.tui.widgets.toned import PartLine, Toned, merged

EIGHTHS = " ▏▎▍▌▋▊▉"
NEARLY = 0.8


def filled(share: float, cells: int) -> str:
    """Blocks for a share of 0 to 1, to an eighth of a cell; something is never nothing."""
    eighths = round(max(0.0, min(1.0, share)) * cells * 8)
    if share > 0:
        eighths = max(1, eighths)
    whole, rest = divmod(min(eighths, cells * 8), 8)
    return "█" * whole + (EIGHTHS[rest] if rest else "")


def spend_bar(spent: float, reserved: float, limit: float, cells: int) -> PartLine:
    """`█` spent, `▒` reserved, `░` left. Its tone changes from four fifths on, and when nothing is left."""
    if cells <= 0:
        return ()
    share = _share(spent + reserved, limit)
    tone = Tone.BAD if share >= 1 else Tone.WARN if share >= NEARLY else Tone.OK
    full = round(cells * _share(spent, limit))
    full = max(full, 1) if spent > 0 else full
    held = min(cells - full, round(cells * _share(reserved, limit)))
    held = max(held, 1) if reserved > 0 and full < cells else held
    return merged([("█" * full, tone), ("▒" * held, tone), ("░" * (cells - full - held), Tone.MUTED)])


def _share(part: float, whole: float) -> float:
    """At most 1; of nothing everything is taken."""
    return part / whole if whole > 0 and part < whole else 1.0


@dataclass(frozen=True, slots=True)
class BarRow:
    label: str
    value: float | None  # None: unknown, no bar
    text: str  # the value in words, with its unit
    tone: Tone = Tone.ACCENT


def bar_rows(rows: Sequence[BarRow], width: int) -> list[PartLine]:
    """Label, bar, value: in columns that fit the width; the bar gives way first."""
    if not rows or width <= 0:
        return []
    values = max(cell_width(row.text) for row in rows)
    labels = min(max(cell_width(row.label) for row in rows), max(4, (width - values - 2) // 2))
    cells = width - labels - values - 2
    top = max((row.value or 0.0 for row in rows), default=0.0)
    lines: list[PartLine] = []
    for row in rows:
        bar = filled(row.value / top, cells) if cells > 0 and top > 0 and row.value else ""
        parts = [(pad(row.label, labels), Tone.NORMAL), (" ", Tone.NORMAL)]
        if cells > 0:
            parts += [(pad(bar, cells), row.tone), (" ", Tone.NORMAL)]
        lines.append((*parts, (pad(row.text, values, right=True), Tone.NORMAL)))
    return lines


class BarList(Toned):
    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._rows: tuple[BarRow, ...] = ()

    def show(self, rows: Sequence[BarRow]) -> None:
        if tuple(rows) != self._rows:
            self._rows = tuple(rows)
            self.changed()

    def lines(self, width: int) -> Sequence[PartLine]:
        return bar_rows(self._rows, width)
