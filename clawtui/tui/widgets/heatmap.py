"""A year of days, a column a week: darker is more. Shades differ in shape as well, so that no colour is needed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta

from clawtui.text import money
from clawtui.tui.widgets.parts import Part, PartLine, Tone, merged
from clawtui.tui.widgets.toned import Toned

SHADES = "·░▒▓█"
WEEKS = 53
MARGIN = 4
NAMES = ("Mon", "", "Wed", "", "Fri", "", "")


def year(
    values: Mapping[date, float], last: date, width: int, shown: Callable[[float | None], str] = money
) -> list[PartLine]:
    """The last 53 weeks, or as many as fit, ending with the week of `last`."""
    cell = 2 if width >= MARGIN + 2 * WEEKS else 1
    weeks = min(WEEKS, (width - MARGIN) // cell)
    if weeks < 1:
        return []
    monday = last - timedelta(days=last.weekday() + 7 * (weeks - 1))
    days = [monday + timedelta(days=offset) for offset in range(7 * weeks)]
    top = max((values.get(day, 0.0) for day in days if day <= last), default=0.0)
    lines: list[PartLine] = [((_months(monday, weeks, cell), Tone.MUTED),)]
    for weekday, name in enumerate(NAMES):
        parts: list[Part] = [(name.ljust(MARGIN), Tone.MUTED)]
        for week in range(weeks):
            day = monday + timedelta(days=7 * week + weekday)
            parts.append(_cell(values.get(day, 0.0), top, cell) if day <= last else (" " * cell, Tone.MUTED))
        lines.append(merged(parts))
    scale = " ".join(SHADES[1:])
    lines.append(((f"{' ' * MARGIN}{SHADES[0]} nothing  {scale}  up to {shown(top)} a day", Tone.MUTED),))
    return lines


def _cell(value: float, top: float, cell: int) -> Part:
    if value <= 0 or top <= 0:
        return SHADES[0].ljust(cell), Tone.MUTED
    level = 1 + min(3, int(value / top * 4 - 1e-9))
    return SHADES[level] * cell, Tone.ACCENT


def _months(monday: date, weeks: int, cell: int) -> str:
    text = [" "] * (MARGIN + weeks * cell)
    free = 0
    for week in range(weeks):
        start = monday + timedelta(days=7 * week)
        begins = start.day <= 7
        at = MARGIN + week * cell
        if begins and at >= free and at + 3 <= len(text):
            text[at : at + 3] = f"{start:%b}"[:3]
            free = at + 4
    return "".join(text)


class Heatmap(Toned):
    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._values: dict[date, float] = {}
        self._last: date | None = None
        self._shown: Callable[[float | None], str] = money

    def show(self, values: Mapping[date, float], last: date, shown: Callable[[float | None], str] = money) -> None:
        self._values, self._last, self._shown = dict(values), last, shown
        self.changed()

    def lines(self, width: int) -> Sequence[PartLine]:
        return year(self._values, self._last, width, self._shown) if self._last is not None else ()
