"""One bar a day, standing side by side, with the highest value written beside the top and dates below."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from clawtui.text import cell_width, money, pad
from clawtui.tui.widgets.parts import Part, PartLine, Tone, merged
from clawtui.tui.widgets.sparkline import BARS
from clawtui.tui.widgets.toned import Toned


@dataclass(frozen=True, slots=True)
class Day:
    day: date
    value: float | None  # None: not known


def day_bars(
    days: Sequence[Day], width: int, height: int, shown: Callable[[float | None], str] = money
) -> list[PartLine]:
    """The newest days on the right. Where there are more days than cells, several share a bar, and a line says so."""
    top = max((day.value or 0.0 for day in days), default=0.0)
    axis = max(cell_width(shown(top)), cell_width(shown(0.0))) + 1
    room = width - axis - 1
    if not days or room < 1 or height < 1:
        return []
    size = -(-len(days) // room)
    groups = [days[max(0, end - size) : end] for end in range(len(days), 0, -size)][::-1]
    sums = [sum(day.value or 0.0 for day in group) for group in groups]
    unknown = [all(day.value is None for day in group) for group in groups]
    top = max(sums)
    wide = min(6, room // len(groups))
    lines = [
        _level(
            level,
            height,
            sums,
            unknown,
            top,
            wide,
            pad(shown(top) if level == height and top > 0 else "", axis, right=True),
        )
        for level in range(height, 0, -1)
    ]
    lines.append(((pad(shown(0.0), axis, right=True) + "└" + "─" * (wide * len(groups)), Tone.MUTED),))
    first, last = f"{groups[0][0].day:%d %b}", f"{groups[-1][-1].day:%d %b}"
    dates = wide * len(groups)
    text = first + last.rjust(dates - len(first)) if dates > len(first) + len(last) else last.rjust(dates)
    lines.append(((" " * (axis + 1) + text, Tone.MUTED),))
    if size > 1:
        lines.append(((f"{' ' * (axis + 1)}one bar is {size} days", Tone.MUTED),))
    return lines


def _level(
    level: int, height: int, sums: list[float], unknown: list[bool], top: float, wide: int, label: str
) -> PartLine:
    parts: list[Part] = [(label + "│", Tone.MUTED)]
    body = max(1, wide - 1) if wide > 1 else 1
    for value, is_unknown in zip(sums, unknown, strict=True):
        eighths = round(value / top * height * 8) if top > 0 else 0
        eighths = max(1, eighths) if value > 0 else 0
        here = max(0, min(8, eighths - (level - 1) * 8))
        mark = BARS[here - 1] if here else "?" if is_unknown and level == 1 else " "
        parts.append((mark * body + " " * (wide - body), Tone.ACCENT if here else Tone.MUTED))
    return merged(parts)


class DayBars(Toned):
    def __init__(self, *, height: int = 8, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._height = height
        self._days: tuple[Day, ...] = ()
        self._shown: Callable[[float | None], str] = money

    def show(self, days: Sequence[Day], shown: Callable[[float | None], str] = money) -> None:
        self._days, self._shown = tuple(days), shown
        self.changed()

    def lines(self, width: int) -> Sequence[PartLine]:
        return day_bars(self._days, width, self._height, self._shown)
