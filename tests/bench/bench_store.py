"""The store under weight: rows a second, time to durability, and every figure over a million ledger rows.

Run: python tests/bench/bench_store.py [--rows 1000000]
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from figures import figure

from clawtui.config.schema import Retention
from clawtui.engine.outcome import Cost, Usage, UsageSource
from clawtui.engine.request import Route
from clawtui.store.store import Store
from clawtui.store.traces import TraceFilter
from clawtui.store.usage import By
from tests.store.builders import NOON, Wall, a_trace

DAYS = 30


def bare(path: Path, number: int) -> float:
    """Rows a second of plain sqlite3: a table with two indexes and a sum a day, 500 rows a transaction."""
    with sqlite3.connect(path, isolation_level=None) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute(
            "CREATE TABLE rows (id TEXT PRIMARY KEY, at REAL, route TEXT, outcome TEXT, ms REAL, usd REAL)"
        )
        connection.execute("CREATE INDEX rows_at ON rows (at)")
        connection.execute("CREATE TABLE sums (day TEXT PRIMARY KEY, requests INTEGER, usd REAL)")
        began = time.perf_counter()
        for start in range(0, number, 500):
            batch = [(f"b{n:08}", NOON + n, "fast@one/alpha", "ok", 250.0, 0.01) for n in range(start, start + 500)]
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany("INSERT INTO rows VALUES (?,?,?,?,?,?)", batch)
            connection.execute(
                "INSERT INTO sums VALUES ('2027-01-01', 500, 5.0) ON CONFLICT (day) DO UPDATE SET"
                " requests = requests + excluded.requests, usd = usd + excluded.usd"
            )
            connection.execute("COMMIT")
        return number / (time.perf_counter() - began)


async def settled(store: Store, number: int) -> None:
    traces = [a_trace(f"w{n:08}") for n in range(number)]
    began = time.perf_counter()
    for trace in traces:
        store.ledger.settle(trace, Retention.METADATA)
    await store.flush()
    seconds = time.perf_counter() - began
    with sqlite3.connect(store.path) as connection:
        rows = sum(
            connection.execute(f"SELECT count(*) FROM {name}").fetchone()[0]
            for name in ("ledger", "traces", "attempts")
        )
    figure(
        "rows of plain sqlite3 in one table, two indexes, a sum", bare(store.path.with_name("bare"), 3 * number), "/s"
    )
    figure("requests settled", number / seconds, "/s")
    figure("rows settled, their roll-ups not counted", rows / seconds, "/s", 50_000, at_least=True)


async def durable(store: Store) -> None:
    times = []
    with sqlite3.connect(store.path) as other:
        for n in range(20):
            name = f"d{n}"
            began = time.perf_counter()
            store.ledger.settle(a_trace(name), Retention.METADATA)
            while other.execute("SELECT 1 FROM ledger WHERE request_id = ?", (name,)).fetchone() is None:
                await asyncio.sleep(0.002)
            times.append((time.perf_counter() - began) * 1000)
    figure("a settlement is durable after, at most", max(times), "ms", 250)


def fill(path: Path, rows: int) -> None:
    """Ledger rows and attempts straight into the tables; the figures are then counted by `rebuild`."""
    rng = random.Random(5)
    routes = [Route(f"p{n}", f"v{n % 5}", f"m{n}") for n in range(12)]
    ledger, attempts = [], []
    for n in range(rows):
        route, at = rng.choice(routes), NOON - rng.random() * DAYS * 86_400
        ms = rng.lognormvariate(7, 0.8)
        day = time.strftime("%Y-%m-%d", time.localtime(at))
        failed = rng.random() < 0.03
        ledger.append(
            (f"m{n:08}", at, day, rng.choice(("ask", "eval", "playground")), "default", route.profile, route.profile,
             route.provider, route.model, "settled", 0.001, "config", "failed" if failed else "ok", 500, 100, ms)
        )  # fmt: skip
        attempts.append(
            (f"m{n:08}", 1, at, route.profile, route.provider, route.model, "env:K", "failed" if failed else "ok",
             "server" if failed else None, None, None, ms, ms / 5, 100, 0)
        )  # fmt: skip
    with sqlite3.connect(path) as connection:
        connection.executemany(
            "INSERT INTO ledger (request_id, at, day, caller, policy, requested, profile, provider, model, state, cost_usd,"
            f" cost_source, outcome, input_tokens, output_tokens, total_ms) VALUES ({'?,' * 15}?)",
            ledger,
        )
        connection.executemany(f"INSERT INTO attempts VALUES ({'?,' * 14}?)", attempts)


async def timed(name: str, ask: Callable[[], Awaitable[object]], target: float) -> None:
    times = []
    for _ in range(7):
        began = time.perf_counter()
        await ask()
        times.append((time.perf_counter() - began) * 1000)
    figure(name, statistics.median(times), "ms", target)


async def main(rows: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        store = await Store.open(Path(folder) / "s.sqlite3", wall=Wall(), publish=lambda event: None)
        await settled(store, 20_000)
        await durable(store)
        await store.aclose()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "s.sqlite3"
        store = await Store.open(path, wall=Wall(), publish=lambda event: None)
        fill(path, rows)
        began = time.perf_counter()
        counted = await store.maintenance.rebuild()
        figure(f"all figures of {counted:,} rows counted anew", time.perf_counter() - began, "s")
        for by in By:
            await timed(
                f"usage of 30 days by {by.value}", lambda by=by: store.usage.report(NOON - 30 * 86_400, NOON, by), 30
            )
        await timed("usage of 24 hours by profile", lambda: store.usage.report(NOON - 86_400, NOON, By.PROFILE), 30)
        await timed("spend per day, a year", lambda: store.usage.per_day(NOON - 365 * 86_400, NOON), 30)
        await timed("routes table", store.routes.all, 30)
        for n in range(100_000):
            usage = Usage(500, 100, source=UsageSource.REPORTED)
            trace = replace(a_trace(f"t{n:08}"), at=NOON - n, usage=usage, cost=Cost(0.001, "config"))
            store.ledger.settle(trace, Retention.METADATA)
            if n % 5_000 == 0:
                await store.flush()
        await store.flush()
        await timed("100,000 traces: first window", lambda: store.traces.window(0, 100), 150)
        await timed("100,000 traces: last window", lambda: store.traces.window(99_900, 100), 150)
        await timed("100,000 traces: count", store.traces.count, 150)
        await timed(
            "100,000 traces: filter by text", lambda: store.traces.window(0, 100, TraceFilter(text="alpha")), 150
        )
        await store.aclose()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    asyncio.run(main(parser.parse_args().rows))
