"""Facts of a route as lines: labels in one column, and what is long goes on below itself. And the bars of the last minutes."""

from __future__ import annotations

from collections.abc import Sequence

from clawtui.tui.state.route_detail import LABEL_CELLS, Fact, laid_out
from clawtui.tui.widgets.parts import PartLine, Tone
from clawtui.tui.widgets.sparkline import spark
from clawtui.tui.widgets.toned import Toned


class Facts(Toned):
    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._facts: tuple[Fact, ...] = ()
        self._bars: tuple[tuple[int, ...], tuple[int, ...]] | None = None

    def show(self, facts: Sequence[Fact], bars: tuple[tuple[int, ...], tuple[int, ...]] | None = None) -> None:
        """`bars`: calls and failed calls of the last 60 buckets, drawn in a line of their own."""
        if (tuple(facts), bars) != (self._facts, self._bars):
            self._facts, self._bars = tuple(facts), bars
            self.changed()

    def lines(self, width: int) -> Sequence[PartLine]:
        lines: list[PartLine] = [*laid_out(self._facts, width)]
        if self._bars is not None and any((*self._bars[0], *self._bars[1])):
            room = min(len(self._bars[0]), width - LABEL_CELLS - 1)
            lines.append(((f"{'Last 10 min':<{LABEL_CELLS}} ", Tone.MUTED), *spark(*self._bars, room)))
        return lines
