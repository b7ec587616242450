"""The lists of runs and of suites, as columns."""

from __future__ import annotations

from clawtui.evals.cases import Suite
from clawtui.text import ago, count
from clawtui.tui.desk import Desk
from clawtui.tui.state.evals import RunLine
from clawtui.tui.widgets.columns import Align, Column
from clawtui.tui.widgets.parts import Tone


def run_columns(desk: Desk) -> list[Column[RunLine]]:
    return [
        Column("at", "Begun", lambda row: ago(desk.now() - row.at), width=10, priority=0, order=lambda row: row.at,
               is_dated=True),
        Column("suites", "Suites", lambda row: row.suites, least=8, share=1, priority=1, order=lambda row: row.suites),
        Column("profiles", "Profiles", lambda row: row.profiles, least=8, share=2, priority=2,
               order=lambda row: row.profiles),
        Column("rates", "Passed", _rates, least=10, share=1, priority=0, align=Align.RIGHT, filters=False),
    ]  # fmt: skip


def _rates(row: RunLine) -> tuple[tuple[str, Tone], ...]:
    if row.is_running:
        return (("◐ running", Tone.ACCENT),)
    return ((row.rates, Tone.NORMAL), *([(" ◐ cut", Tone.WARN)] if row.is_cut else []))


def suite_columns() -> list[Column[Suite]]:
    return [
        Column("id", "Suite", lambda row: row.id, least=10, share=1, priority=0),
        Column("cases", "Cases", lambda row: count(len(row.cases)), width=5, align=Align.RIGHT, priority=0),
        Column("about", "", lambda row: row.description, least=10, share=3, priority=2),
    ]
