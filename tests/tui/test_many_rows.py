"""Panes over 100,000 requests: they open, jump to the end, filter and leave the screen free."""

from __future__ import annotations

import time
from pathlib import Path

from clawtui.runtime import Runtime
from tests.tui.screen import FULL, NEW_YEAR, a_screen, until

ROWS = 100_000
COUNT = f"WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < {ROWS - 1})"


async def filled(runtime: Runtime) -> None:
    """Straight into the tables, then counted."""
    await runtime.store.writer.commit(
        lambda connection: connection.execute(
            f"INSERT INTO traces {COUNT} SELECT printf('t%06d', i), {NEW_YEAR} - {ROWS} + i, 'ask', 'default', 'everyday',"
            " 'everyday@one/alpha-mini', 'everyday', 'ok', 50.0, 250.0, 100, 20, 'reported', 0.001, 1, 0, NULL, NULL, NULL,"
            " NULL, '{}' FROM n"
        )
    )
    await runtime.store.writer.commit(
        lambda connection: connection.execute(
            "INSERT INTO ledger (request_id, at, day, caller, policy, requested, profile, provider, model, state, cost_usd,"
            f" outcome, input_tokens, output_tokens, total_ms) {COUNT} SELECT printf('t%06d', i), {NEW_YEAR} - {ROWS} + i,"
            " '2026-12-31', 'ask', 'default', 'everyday', 'everyday', 'one', 'alpha-mini', 'settled', 0.001, 'ok', 100, 20,"
            " 250.0 FROM n"
        )
    )
    await runtime.store.maintenance.rebuild()


async def test_every_pane_stands_over_a_hundred_thousand_requests(tmp_path: Path) -> None:
    async with a_screen(tmp_path, size=FULL, pane="traces", prepare=filled) as shown:
        table = shown.app.panes.shown.query_one("#traces")
        await until(shown.pilot, lambda: table.row_count == ROWS)
        began = time.perf_counter()
        table.action_last()
        await until(shown.pilot, lambda: table.cursor_row is not None and table.cursor_row.request_id == "t000000")
        assert time.perf_counter() - began < 2  # a bench says how quick it is; this, that it is not read whole
        table.set_filter("answered:nobody")
        await until(shown.pilot, lambda: table.row_count == 0)
        await shown.app.open_in("usage")
        await shown.sees("100k")
        await shown.app.open_in("routes")
        await shown.sees("everyday")
        for pane in ("playground", "profiles", "evals"):
            await shown.app.open_in(pane)
            await until(shown.pilot, lambda pane=pane: pane == shown.app.panes.shown.AREA)
        assert shown.app.crashed is None
