"""A row of small bars: the last buckets of something counted. As parts for a table cell, or as a widget of one line."""

from __future__ import annotations

from collections.abc import Sequence

from clawtui.tui.widgets.parts import PartLine, Tone, merged

BARS = "▁▂▃▄▅▆▇█"
BUCKETS = 60


def fold(values: Sequence[float], cells: int) -> list[float]:
    """As many values as there are cells, the newest on the right; several in one cell are added up."""
    if cells <= 0:
        return []
    if len(values) <= cells:
        return [0.0] * (cells - len(values)) + [float(value) for value in values]
    size = -(-len(values) // cells)
    newest_first = [sum(values[max(0, end - size) : end]) for end in range(len(values), 0, -size)]
    folded = [float(value) for value in reversed(newest_first)]
    return [0.0] * (cells - len(folded)) + folded


def bar_of(share: float) -> str:
    """A height of 0 to 1 as one of eight bars."""
    return BARS[max(0, min(len(BARS) - 1, int(share * (len(BARS) - 1) + 0.5)))]


def spark(values: Sequence[float], failed: Sequence[float] = (), cells: int = BUCKETS) -> PartLine:
    """Bars as parts of a cell. Where something failed the bar says so by its tone; a bucket of failures alone is `×`."""
    heights = fold(values, cells)
    bad = fold(failed, cells) if failed else [0.0] * len(heights)
    top = max(heights, default=0.0)
    return merged(
        [
            (bar_of(height / top), Tone.BAD if failures else Tone.OK)
            if height > 0
            else ("×", Tone.BAD)
            if failures
            else ("·", Tone.MUTED)
            for height, failures in zip(heights, bad, strict=True)
        ]
    )
