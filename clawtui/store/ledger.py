"""The ledger: reservations and settled usage. Admission is one transaction, true across processes."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Callable
from itertools import pairwise
from typing import Any

from clawtui.config.schema import Retention
from clawtui.engine.memory import local_day, refusal
from clawtui.engine.outcome import Outcome, Trace, UsageSource
from clawtui.engine.ports import NO_SPENDING, Intent, Refusal, Spending
from clawtui.store.bulk import Insert
from clawtui.store.counted import Counted
from clawtui.store.jobs import StoreDown
from clawtui.store.rollups import Tally
from clawtui.store.traces import keep_traces
from clawtui.store.values import fitting, storable, storable_or_none
from clawtui.store.writer import PATIENCE, Writer

SILENT_SECONDS = 30.0
HEARTBEAT_SECONDS = 10.0
SWEEP_SECONDS = 60.0
OPEN = Insert(
    "INSERT INTO ledger (request_id, at, day, caller, policy, requested, profile, provider, model, process, reserved_usd,"
    " parent, stage, adviser_index, state)",
    f"({'?,' * 14}'open')",
    "ON CONFLICT (request_id) DO UPDATE SET reserved_usd = excluded.reserved_usd WHERE state = 'open'",
)
MEASURED = (
    "profile, provider, model, cost_usd, cost_source, price_version, outcome, input_tokens, output_tokens,"
    " cached_input_tokens, reasoning_tokens, usage_source, failovers, total_ms, first_token_ms"
)
SETTLE = Insert(
    f"INSERT INTO ledger (request_id, at, day, caller, policy, requested, parent, stage, adviser_index, {MEASURED}, state)",
    f"({'?,' * 24}'settled')",
    "ON CONFLICT (request_id) DO UPDATE SET state = 'settled', process = NULL, "
    + ", ".join(f"{name} = excluded.{name}" for name in MEASURED.split(", "))
    + " WHERE state <> 'settled'",
)


class StoredLedger:
    """Fills `engine.ports.Ledger`."""

    def __init__(self, writer: Writer, process: str, wall: Callable[[], float]) -> None:
        self._writer = writer
        self._process = process
        self._wall = wall
        self._known: dict[str, tuple[str, Spending]] = {}  # policy -> day it holds for, figures
        self._touched: set[str] = set()
        # Under a budget, request -> policy and what it holds; then, until that is written, also what it cost.
        self._held: dict[str, tuple[str, float]] = {}
        self._unwritten: dict[str, tuple[str, float, float]] = {}
        # Of the transaction at hand, written together before it commits.
        self._opened: list[Intent] = []
        self._settled: dict[str, tuple[Trace, Retention]] = {}
        self._booked: list[str] = []
        self._tally = Tally()
        writer.at_each_begin(self._begin)
        writer.before_each_commit(self._write)
        writer.every(HEARTBEAT_SECONDS, self._beat)
        writer.every(SWEEP_SECONDS, self.close_abandoned)

    async def reserve(self, intent: Intent) -> Refusal | None:
        if intent.limits is None:
            await self._note(intent)
            return None
        try:
            result = await self._writer.commit(lambda connection: self._reserve(connection, intent))
        except StoreDown as down:
            limit = intent.limits.daily_usd if intent.limits.daily_usd is not None else intent.limits.monthly_usd
            return Refusal("store", limit or 0.0, 0.0, 0.0, intent.reserve_usd or 0.0, str(down))
        assert result is None or isinstance(result, Refusal)
        if result is None and intent.limits is not None:
            self._held[intent.request_id] = (intent.policy, intent.reserve_usd or 0.0)
        return result

    async def _note(self, intent: Intent) -> None:
        """Without a budget the request goes on, whatever becomes of the file: its row waits and is written when it can.
        Nothing that was put before matters to it: that need not be written along."""
        try:
            async with asyncio.timeout(PATIENCE):
                await self._writer.commit(lambda connection: self._reserve(connection, intent), ahead=True)
        except (StoreDown, TimeoutError):
            self._writer.put(lambda connection: self._reserve(connection, intent))

    def settle(self, trace: Trace, retention: Retention) -> None:
        if (held := self._held.pop(trace.request_id, None)) is not None:
            self._unwritten[trace.request_id] = (held[0], held[1], trace.cost.usd or 0.0)
        self._writer.put(lambda connection: self._settle(trace, retention))

    def spending(self, policy: str) -> Spending:
        known = self._known.get(policy)
        if known is None:
            return NO_SPENDING
        day, figures = known
        today = local_day(self._wall())
        if day != today:
            month = figures.month_usd if day[:7] == today[:7] else 0.0
            figures = Spending(0.0, figures.day_reserved_usd, month, figures.month_reserved_usd)
        # What has ended stands in its way no longer, though the writer gathers for a moment before it writes.
        ended = [(held, cost) for name, held, cost in tuple(self._unwritten.values()) if name == policy]
        if not ended:
            return figures
        freed, spent = sum(held for held, _ in ended), sum(cost for _, cost in ended)
        return Spending(
            figures.day_usd + spent,
            max(0.0, figures.day_reserved_usd - freed),
            figures.month_usd + spent,
            max(0.0, figures.month_reserved_usd - freed),
        )

    # ---- in the writer's thread

    def _begin(self) -> None:
        """Of a transaction that was rolled back nothing counts, its new facets included."""
        self._opened.clear()
        self._settled.clear()
        self._tally.clear()
        self._tally.forget_facets()
        self._touched.clear()
        self._booked.clear()

    def _reserve(self, connection: sqlite3.Connection, intent: Intent) -> Refusal | None:
        if intent.limits is not None:
            self._write_rows(connection)  # the sums must hold what this transaction has gathered so far
            row = connection.execute(
                "SELECT reserved_usd FROM ledger WHERE request_id = ? AND state = 'open'", (intent.request_id,)
            ).fetchone()
            held = (row[0] or 0.0) if row is not None else 0.0
            refused = refusal(intent, self._figures(connection, intent.policy, local_day(self._wall())), held)
            if refused is not None:
                self._touched.add(intent.policy)
                return refused
        self._opened.append(intent)
        return None

    def _settle(self, trace: Trace, retention: Retention) -> None:
        self._settled.setdefault(trace.request_id, (trace, retention))

    def _write(self, connection: sqlite3.Connection) -> None:
        self._write_rows(connection)
        self._tally.write(connection)
        self._refresh_touched(connection)

    def _write_rows(self, connection: sqlite3.Connection) -> None:
        if self._opened:
            self._touched.update(intent.policy for intent in self._opened)
            OPEN.write(connection, [_opened_row(intent, self._process) for intent in self._opened])
            self._opened.clear()
        if self._settled:
            self._book(connection)
            self._settled.clear()

    def _book(self, connection: sqlite3.Connection) -> None:
        """Closes the rows, passing over those that were closed before. A compound request has none of its own: its
        children hold the money."""
        closed = self._closed_before(connection)
        rows, records = [], []
        for request_id, (trace, retention) in self._settled.items():
            hops = failovers(trace)
            if trace.fusion is None or not trace.children:
                if (before := closed.get(request_id)) is not None:
                    if before[0] == "settled":
                        continue
                    self._take_back(before)
                rows.append(_settled_row(trace, hops))
                if trace.cost.usd:
                    self._tally.spend(trace.policy, local_day(trace.at), trace.cost.usd)
                self._tally.request(Counted.of(trace, hops))
                self._touched.add(trace.policy)
            self._tally.attempts(trace)
            records.append((trace, retention, hops))
        self._booked += self._settled
        SETTLE.write(connection, rows)
        keep_traces(connection, records)

    def _closed_before(self, connection: sqlite3.Connection) -> dict[str, tuple[Any, ...]]:
        """Rows that are settled or abandoned already: none, as a rule."""
        found = connection.execute(
            "SELECT request_id, state, at, day, policy, cost_usd, caller, profile, provider, model FROM ledger"
            " WHERE state <> 'open' AND request_id IN (SELECT value FROM json_each(?))",
            (json.dumps(list(self._settled)),),
        )
        return {request_id: tuple(row) for request_id, *row in found}

    def _take_back(self, row: tuple[Any, ...]) -> None:
        """What was taken for abandoned has ended after all: its charge leaves budgets and usage again."""
        _, at, day, policy, charged, caller, profile, provider, model = row
        if charged:
            self._tally.spend(policy, day, -charged)
        counted = Counted.abandoned(at, profile, provider, model, policy, caller, charged)
        self._tally.request(counted, times=-1)

    def _beat(self, connection: sqlite3.Connection) -> None:
        connection.execute(
            "INSERT INTO processes (id, heartbeat) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET heartbeat = excluded.heartbeat",
            (self._process, self._wall()),
        )

    def close_abandoned(self, connection: sqlite3.Connection) -> None:
        """Reservations of processes that fell silent are charged in full and marked: better too much than too little."""
        now = self._wall()
        rows = connection.execute(
            "SELECT request_id, at, day, policy, reserved_usd, caller, profile, provider, model FROM ledger"
            " WHERE state = 'open' AND process <> ? AND process NOT IN (SELECT id FROM processes WHERE heartbeat > ?)",
            (self._process, now - SILENT_SECONDS),
        ).fetchall()
        for request_id, at, day, policy, reserved, caller, profile, provider, model in rows:
            connection.execute(
                "UPDATE ledger SET state = 'abandoned', cost_usd = reserved_usd, cost_source = 'reservation',"
                " outcome = ?, usage_source = ?, process = NULL WHERE request_id = ?",
                (Outcome.INTERRUPTED.value, UsageSource.ESTIMATED.value, request_id),
            )
            if reserved:
                self._tally.spend(policy, day, reserved)
            self._tally.request(Counted.abandoned(at, profile, provider, model, policy, caller, reserved))
            self._touched.add(policy)
        connection.execute("DELETE FROM processes WHERE heartbeat <= ? AND id <> ?", (now - 86_400, self._process))

    def load_all(self, connection: sqlite3.Connection) -> None:
        """The figures of every policy, at the start and when another process has written."""
        today = local_day(self._wall())
        rows = connection.execute(
            "SELECT policy FROM spending WHERE period IN (?, ?) UNION SELECT policy FROM ledger WHERE state = 'open'",
            (today, today[:7]),
        ).fetchall()
        self._known = {policy: (today, self._figures(connection, policy, today)) for (policy,) in rows}

    def _refresh_touched(self, connection: sqlite3.Connection) -> None:
        if not self._touched:
            return
        today = local_day(self._wall())
        for policy in self._touched:
            self._known[policy] = (today, self._figures(connection, policy, today))
        self._touched.clear()
        for request_id in self._booked:
            self._unwritten.pop(request_id, None)
        self._booked.clear()

    def _figures(self, connection: sqlite3.Connection, policy: str, day: str) -> Spending:
        month = day[:7]
        today, this_month, reserved = connection.execute(
            "SELECT (SELECT usd FROM spending WHERE policy = :policy AND period = :day),"
            " (SELECT usd FROM spending WHERE policy = :policy AND period = :month),"
            " (SELECT sum(reserved_usd) FROM ledger WHERE state = 'open' AND policy = :policy)",
            {"policy": policy, "day": day, "month": month},
        ).fetchone()
        held = reserved or 0.0
        return Spending(
            (today or 0.0) + self._tally.pending(policy, day),
            held,
            (this_month or 0.0) + self._tally.pending(policy, month),
            held,
        )


def _opened_row(intent: Intent, process: str) -> tuple[object, ...]:
    route = intent.route
    return (
        intent.request_id,
        intent.at,
        local_day(intent.at),
        storable(intent.caller),
        intent.policy,
        storable_or_none(intent.requested),
        route.profile,
        route.provider,
        storable(route.model),
        process,
        intent.reserve_usd,
        intent.parent,
        intent.stage.value if intent.stage else None,
        intent.adviser_index,
    )


def _settled_row(trace: Trace, hops: int) -> tuple[object, ...]:
    route = trace.answered or trace.selected
    usage = fitting(trace.usage)
    return (
        trace.request_id,
        trace.at,
        local_day(trace.at),
        storable(trace.caller),
        trace.policy,
        storable_or_none(trace.requested),
        trace.parent,
        trace.stage.value if trace.stage else None,
        trace.adviser_index,
        route.profile if route else None,
        route.provider if route else None,
        storable(route.model) if route else None,
        trace.cost.usd,
        trace.cost.source,
        trace.cost.version,
        trace.outcome.value,
        usage.input_tokens,
        usage.output_tokens,
        usage.cached_input_tokens,
        usage.reasoning_tokens,
        usage.source.value,
        hops,
        trace.total_ms,
        trace.first_token_ms,
    )


def failovers(trace: Trace) -> int:
    """How often the request went on to another route."""
    if len(trace.attempts) < 2:
        return 0
    routes = [attempt.route for attempt in trace.attempts]
    return sum(before != after for before, after in pairwise(routes))
