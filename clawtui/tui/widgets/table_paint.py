"""Header, rows and the empty text of a table as strips of an exact width. Styles come from the table, rows as values."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Sequence
from typing import TypeVar

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from clawtui.text import ELLIPSIS, cell_width, cut, cut_middle, one_line, pad
from clawtui.tui.widgets.columns import Align, CellValue, Fitted
from clawtui.tui.widgets.parts import Tone
from clawtui.tui.widgets.table_rows import Sort

R = TypeVar("R")


def header_strip(fitted: Sequence[Fitted[R]], width: int, sort: Sort | None, style: Style) -> Strip:
    text, x = "", 0
    for item in fitted:
        label = one_line(item.column.label)
        if sort is not None and sort.column == item.column.key:
            label = cut(label, item.width - 1) + ("▼" if sort.descending else "▲")
        text += " " * (item.x - x) + pad(label, item.width, right=item.column.align is Align.RIGHT)
        x = item.x + item.width
    return Strip([Segment(pad(text, width), style)], width)


def row_strip(
    row: R, fitted: Sequence[Fitted[R]], width: int, style_of: Callable[[Tone], Style], cursor: Style | None
) -> Strip:
    """`cursor` is the style of the whole line where the cursor is: on its colours the tones would not be legible, and
    words and marks tell the state all the same."""
    blank = cursor or style_of(Tone.NORMAL)
    segments: list[Segment] = []
    x = 0
    for column in fitted:
        if column.x > x:
            segments.append(Segment(" " * (column.x - x), blank))
        for text, tone in in_cells(column, column.column.show(row)):
            segments.append(Segment(text, cursor or style_of(tone)))
        x = column.x + column.width
    if x < width:
        segments.append(Segment(" " * (width - x), blank))
    return Strip(segments, width)


def text_strip(text: str, line: int, width: int, style: Style) -> Strip:
    """One line of a text that wraps."""
    lines = [part for paragraph in text.split("\n") for part in textwrap.wrap(paragraph, max(1, width)) or [""]]
    return Strip([Segment(pad(lines[line] if line < len(lines) else "", width), style)], width)


def in_cells(fitted: Fitted[R], value: CellValue) -> list[tuple[str, Tone]]:
    """The parts of a cell, exactly as wide as its column. Whatever outside text holds, it is one line without control."""
    shorten = cut_middle if fitted.column.keeps_end else cut
    right = fitted.column.align is Align.RIGHT
    if isinstance(value, str):
        text = value if value.isprintable() else one_line(value)
        return [(pad(shorten(text, fitted.width), fitted.width, right=right), Tone.NORMAL)]
    cleaned = [(text if text.isprintable() else one_line(text), tone) for text, tone in value]
    total = sum(cell_width(text) for text, _ in cleaned)
    if total <= fitted.width:
        blank = (" " * (fitted.width - total), Tone.NORMAL)
        return [blank, *cleaned] if right else [*cleaned, blank]
    if fitted.column.keeps_end:
        longest = max(range(len(cleaned)), key=lambda place: cell_width(cleaned[place][0]))
        text, tone = cleaned[longest]
        room = fitted.width - (total - cell_width(text))
        if room > 2:
            shortened = cut_middle(text, room)
            blank = (" " * (room - cell_width(shortened)), Tone.NORMAL)  # a wide character may leave a cell
            return [*cleaned[:longest], (shortened, tone), *cleaned[longest + 1 :], blank]
    parts: list[tuple[str, Tone]] = []
    left = fitted.width
    for text, tone in cleaned:
        if cell_width(text) >= left:
            parts.append((pad(text + ELLIPSIS, left), tone))  # more follows, so that this one is cut in any case
            break
        parts.append((text, tone))
        left -= cell_width(text)
    return parts
