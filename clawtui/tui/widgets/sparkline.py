"""A row of small bars: the last buckets of something counted. As text for a table cell, or as a widget of one line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.segment import Segment
from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget

from clawtui.tui.widgets.columns import Part, Tone

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


def spark(values: Sequence[float], failed: Sequence[float] = (), cells: int = BUCKETS) -> tuple[Part, ...]:
    """Bars as parts of a cell. Where something failed, the bar has the tone of a failure. Nothing counted: a dot low down."""
    heights = fold(values, cells)
    bad = fold(failed, cells) if failed else [0.0] * len(heights)
    top = max(heights, default=0.0)
    parts: list[Part] = []
    for height, failures in zip(heights, bad, strict=True):
        if height <= 0 or top <= 0:
            text, tone = "·" if not failures else "×", Tone.MUTED if not failures else Tone.BAD
        else:
            text = BARS[min(len(BARS) - 1, int(height / top * (len(BARS) - 1) + 0.5))]
            tone = Tone.BAD if failures else Tone.OK
        if parts and parts[-1][1] is tone:
            parts[-1] = (parts[-1][0] + text, tone)
        else:
            parts.append((text, tone))
    return tuple(parts)


class Sparkline(Widget):
    """One line, as wide as it is given."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"sparkline--ok", "sparkline--bad", "sparkline--muted"}
    DEFAULT_CSS = """
    Sparkline {
        height: 1;
        width: 1fr;
        & > .sparkline--ok { color: $state-ok; }
        & > .sparkline--bad { color: $state-bad; }
        & > .sparkline--muted { color: $text-disabled; }
    }
    """
    values: reactive[tuple[float, ...]] = reactive(())
    failed: reactive[tuple[float, ...]] = reactive(())

    def show(self, values: Sequence[float], failed: Sequence[float] = ()) -> None:
        self.values, self.failed = tuple(values), tuple(failed)

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        if y:
            return Strip.blank(width, self.visual_style.rich_style)
        segments = [
            Segment(text, self.get_visual_style(f"sparkline--{tone.value}").rich_style)
            for text, tone in spark(self.values, self.failed, width)
        ]
        return Strip(segments, width)
