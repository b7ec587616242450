"""Text that the mouse has selected, in widgets that paint their own lines."""

from __future__ import annotations

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip


def with_selection(strip: Strip, span: tuple[int, int], style: Style) -> Strip:
    start, end = span
    begin = strip.index_to_cell_position(start)
    stop = strip.cell_length if end == -1 else strip.index_to_cell_position(end)
    if stop <= begin:
        return strip
    left, middle, right = strip.crop(0, begin), strip.crop(begin, stop), strip.crop(stop)
    return Strip.join(
        [left, Strip([Segment(t, (s + style) if s else style) for t, s, _ in middle], stop - begin), right]
    )
