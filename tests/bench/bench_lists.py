"""100,000 traces in the Traces pane: to open it, to filter, to jump to the end; from the act to the painted rows.

    python tests/bench/bench_lists.py [rows]

The same acts on a list of ten stand beside it: what is left is what the rows cost.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from figures import figure

from clawtui.config.schema import Retention
from clawtui.engine.request import ChatRequest, user
from clawtui.runtime import Runtime
from clawtui.store.traces import TraceRow
from clawtui.tui.widgets.table import Table
from tests.store.builders import NOON, a_trace
from tests.tui.screen import Shown, a_screen, until

ROWS = 100_000
TIMES = 5


async def fill(runtime: Runtime, rows: int) -> None:
    for number in range(rows):
        asked = ChatRequest((user(f"request t{number:06}"),))
        runtime.store.ledger.settle(a_trace(f"t{number:06}", at=NOON + number, request=asked), Retention.FULL)
        if number % 5_000 == 0:
            await runtime.store.flush()
    await runtime.store.flush()


async def taken(act: Callable[[], object], holds: Callable[[], bool]) -> float:
    """Milliseconds from the act until what it shall bring is painted."""
    began = time.perf_counter()
    result = act()
    if asyncio.iscoroutine(result):
        await result
    while not holds():
        await asyncio.sleep(0.001)
    return (time.perf_counter() - began) * 1000


async def measure(rows: int) -> dict[str, float]:
    times: dict[str, list[float]] = {"open": [], "jump to the end": [], "filter by text": [], "filter by model": []}
    newest, oldest, odd = f"t{rows - 1:06}", "t000000", f"t{rows // 2:06}"
    with tempfile.TemporaryDirectory() as name:
        async with a_screen(Path(name), size=(200, 50), prepare=lambda runtime: fill(runtime, rows)) as shown:
            await shown.app.open_in("traces")
            table = shown.app.panes.shown.query_one("#traces", Table)
            for _ in range(TIMES):
                await shown.app.open_in("routes")
                await rests(shown)
                times["open"].append(await taken(lambda: shown.app.open_in("traces"), lambda: first(table) == newest))
                await rests(shown)
                times["jump to the end"].append(await taken(table.action_last, lambda: last(table) == oldest))
                table.action_first()
                for act, text in (("filter by text", f"request {odd}"), ("filter by model", "answered:nobody")):
                    await rests(shown)
                    found = 1 if act == "filter by text" else 0
                    times[act].append(
                        await taken(partial(table.set_filter, text), lambda found=found: table.row_count == found)
                    )
                    await rests(shown)
                    table.set_filter("")
                    await until(shown.pilot, lambda: table.row_count == rows)
    return {act: statistics.median(each) for act, each in times.items()}


async def rests(shown: Shown) -> None:
    await shown.pilot.pause(0.6)


def first(table: Table[TraceRow]) -> str:
    row = table.row_at(0)
    return row.request_id if row is not None else ""


def last(table: Table[TraceRow]) -> str:
    row = table.cursor_row
    return row.request_id if row is not None and table.cursor == table.row_count - 1 else ""


async def main(rows: int) -> None:
    few, many = await measure(10), await measure(rows)
    for act, ms in many.items():
        figure(f"{act}, over ten traces", few[act], "ms")
        figure(f"{act}, over {rows:,} traces kept whole", ms, "ms", 150)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if sys.argv[1:] else ROWS))
