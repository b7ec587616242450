"""What the table costs: 500 rows of 14 columns, all new four times a second, and 100,000 rows from a source.

python tests/bench/bench_table.py [seconds]
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from figures import figure
from textual.app import App, ComposeResult

from clawtui.text import duration_ms, percent
from clawtui.tui.widgets.columns import Align, Column
from clawtui.tui.widgets.dots import State, dot_and_word
from clawtui.tui.widgets.sparkline import spark
from clawtui.tui.widgets.table import Table
from clawtui.tui.widgets.table_rows import Filter, Sort

SIZE = (200, 50)


@dataclass(frozen=True, slots=True)
class Row:
    name: str
    tick: int
    buckets: tuple[int, ...]


def _figure(label: str, offset: int) -> Column[Row]:
    return Column(
        label,
        label,
        lambda row: duration_ms(row.tick * 7 + offset),
        width=8,
        align=Align.RIGHT,
        order=lambda row: row.tick,
    )


COLUMNS: tuple[Column[Row], ...] = (
    Column("state", "State", lambda row: dot_and_word(list(State)[row.tick % 5]), width=11),
    Column("route", "Route", lambda row: row.name, least=20, order=lambda row: row.name, keeps_end=True),
    *(_figure(f"n{number}", number) for number in range(9)),
    Column("rate", "Rate", lambda row: percent((row.tick % 100) / 100), width=6, align=Align.RIGHT),
    Column("failure", "Last failure", lambda row: f"rate_limit {row.tick % 60} s", width=16),
    Column("spark", "Last minute", lambda row: spark(row.buckets, (), 20), width=20),
)


class Source:
    async def count(self, filter: Filter, sort: Sort | None) -> int:
        return 100_000

    async def fetch(self, filter: Filter, sort: Sort | None, start: int, count: int) -> Sequence[Row]:
        return [Row(f"row {number}", number, (1, 2, 3)) for number in range(start, start + count)]

    async def index_of(self, filter: Filter, sort: Sort | None, key: Hashable) -> int | None:
        return None


class Bench(App[None]):
    CSS = "Table { height: 1fr; }"
    table: Table[Row]

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return dict.fromkeys(("state-ok", "state-warn", "state-bad", "state-idle"), "#888888")

    def compose(self) -> ComposeResult:
        self.table = Table(COLUMNS, key=lambda row: row.name)
        yield self.table


async def updates(seconds: float) -> tuple[float, float]:
    """Share of a core, and the worst lag of a 60 Hz tick in milliseconds."""
    app = Bench()
    async with app.run_test(size=SIZE) as pilot:
        rows = [
            [
                Row(f"profile-{n} → provider/model-{n}", n + tick, tuple((n + k + tick) % 9 for k in range(60)))
                for n in range(500)
            ]
            for tick in range(8)
        ]
        app.table.show(rows[0])
        await pilot.pause()
        lag = 0.0

        async def watch() -> None:
            nonlocal lag
            while True:
                before = time.perf_counter()
                await asyncio.sleep(1 / 60)
                lag = max(lag, time.perf_counter() - before - 1 / 60)

        watcher = asyncio.create_task(watch())
        cpu, began, tick = time.process_time(), time.perf_counter(), 0
        while time.perf_counter() - began < seconds:
            tick += 1
            app.table.show(rows[tick % len(rows)])
            await asyncio.sleep(0.25)
        share = (time.process_time() - cpu) / (time.perf_counter() - began)
        watcher.cancel()
    return share, lag * 1000


async def many() -> tuple[float, float]:
    """Milliseconds until a source of 100,000 rows is on the screen, and from there to its last row."""
    app = Bench()
    async with app.run_test(size=SIZE) as pilot:
        began = time.perf_counter()
        app.table.use(Source())
        while app.table.row_at(0) is None:
            await asyncio.sleep(0)
        await pilot.pause()
        opened = time.perf_counter() - began
        began = time.perf_counter()
        app.table.action_last()
        while app.table.row_at(99_999) is None:
            await asyncio.sleep(0)
        await pilot.pause()
    return opened * 1000, (time.perf_counter() - began) * 1000


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 5.0
    share, lag = asyncio.run(updates(seconds))
    figure("500 rows of 14 columns, all new 4 times a second: of a core", share, "%", 0.10)
    figure("the loop's worst lag meanwhile", lag, "ms")
    opened, jumped = asyncio.run(many())
    figure("a source of 100,000 rows: on the screen", opened, "ms", 150)
    figure("a source of 100,000 rows: its last row", jumped, "ms", 150)


if __name__ == "__main__":
    main()
