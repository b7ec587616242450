"""Comparisons and trends of evals, to be read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from clawtui.evals.compare import Better, Gain, Pair
from clawtui.evals.statistics import p_words
from clawtui.evals.trends import TrendPoint
from clawtui.text import count, day_and_time, duration_ms, money
from clawtui.tui.state.evals import interval_words, pair_words, rate_words, trend_bars
from clawtui.tui.widgets.columns import Align, CellValue, Column
from clawtui.tui.widgets.dialog import Choice, Dialog, Sentence
from clawtui.tui.widgets.parts import Tone
from clawtui.tui.widgets.table import Table
from clawtui.tui.widgets.toned import Lines

CLOSE = (Choice("close", "Close"),)


class Compared(Dialog[None]):
    def __init__(self, title: str, pairs: Sequence[Pair], gains: Sequence[Gain]) -> None:
        super().__init__(title, CLOSE, classes="-wide")
        self._pairs, self._gains = tuple(pairs), tuple(gains)

    def body(self) -> Iterable[Widget]:
        columns: list[Column[Pair]] = [
            Column("a", "One", lambda row: _winner(row, row.a, Better.A), least=14, share=2, priority=0),
            Column("b", "Other", lambda row: _winner(row, row.b, Better.B), least=14, share=2, priority=0),
            Column("wins", "Cases won", pair_words, width=17, priority=0),
            Column("n", "n", lambda row: count(row.n), width=4, align=Align.RIGHT, priority=2),
            Column("p", "p", lambda row: p_words(row.p_value), width=7, align=Align.RIGHT, priority=1),
            Column("difference", "Difference, 95 %", _difference, width=16, align=Align.RIGHT, priority=3),
        ]
        yield Table(columns, key=lambda row: (row.a, row.b), empty="Nothing to compare", id="compared")
        yield Static("", id="compared-pair", markup=False)
        yield Sentence("\n".join(each.sentence for each in self._gains))

    def on_mount(self) -> None:
        table = self.query_one(Table)
        table.show(self._pairs)
        table.focus()

    def on_table_highlighted(self, event: Table.Highlighted) -> None:
        event.stop()
        self.query_one("#compared-pair", Static).update(Content(event.row.sentence if event.row else ""))

    def on_table_selected(self, event: Table.Selected) -> None:
        event.stop()
        self.dismiss(None)


def _winner(pair: Pair, name: str, side: Better) -> CellValue:
    return ((name, Tone.OK if pair.verdict is side else Tone.NORMAL),)


def _difference(pair: Pair) -> str:
    low, high = pair.difference
    return f"{100 * low:+.0f} to {100 * high:+.0f} %"


class Trend(Dialog[None]):
    def __init__(self, profile: str, points: Sequence[TrendPoint]) -> None:
        super().__init__(f"{profile} over its runs", CLOSE, classes="-wide")
        self._points = tuple(points)

    def body(self) -> Iterable[Widget]:
        yield Lines([((trend_bars(self._points), Tone.ACCENT), ("  oldest to newest", Tone.MUTED))])
        columns: list[Column[TrendPoint]] = [
            Column("at", "When", lambda row: day_and_time(row.at), width=19, priority=0),
            Column("suites", "Suites", lambda row: ", ".join(row.suites), least=8, share=1, priority=3),
            Column("cases", "Cases", lambda row: count(row.cases), width=5, align=Align.RIGHT, priority=1),
            Column("rate", "Passed", lambda row: rate_words(row.rate), width=7, align=Align.RIGHT, priority=0),
            Column("interval", "95 %", lambda row: interval_words(row.rate), width=8, align=Align.RIGHT, priority=1),
            Column("errors", "Err", lambda row: count(row.errors), width=3, align=Align.RIGHT, priority=2),
            Column("p50", "p50", lambda row: duration_ms(row.p50_ms), width=7, align=Align.RIGHT, priority=2),
            Column("cost", "Cost", lambda row: money(row.cost_usd), width=9, align=Align.RIGHT, priority=3),
        ]
        yield Table(columns, key=lambda row: row.run, empty="No run of it yet", id="trend")

    def on_mount(self) -> None:
        table = self.query_one(Table)
        table.show(list(reversed(self._points)))
        table.focus()

    def on_table_selected(self, event: Table.Selected) -> None:
        event.stop()
        self.dismiss(None)
