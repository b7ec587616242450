"""The ledger: reservations and settled usage. Admission is one transaction, true across processes."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable
from itertools import pairwise
from typing import Any

from clawtui.config.schema import Retention
from clawtui.engine.memory import local_day, refusal
from clawtui.engine.outcome import Outcome, Trace, UsageSource
from clawtui.engine.ports import NO_SPENDING, Intent, Refusal, Spending
from clawtui.store import rollups
from clawtui.store.traces import keep_trace
from clawtui.store.values import fitting, storable, storable_or_none
from clawtui.store.writer import StoreDown, Writer

log = logging.getLogger(__name__)

SILENT_SECONDS = 30.0
HEARTBEAT_SECONDS = 5.0
SWEEP_SECONDS = 60.0
ABANDONED = "SELECT state, at, day, policy, cost_usd, caller, profile, provider, model FROM ledger"


class StoredLedger:
    """Fills `engine.ports.Ledger`."""

    def __init__(self, writer: Writer, process: str, wall: Callable[[], float]) -> None:
        self._writer = writer
        self._process = process
        self._wall = wall
        self._known: dict[str, tuple[str, Spending]] = {}  # policy -> day it holds for, figures
        self._touched: set[str] = set()
        self._tally = rollups.Tally()
        writer.at_each_begin(self._begin)
        writer.before_each_commit(self._tally.write)
        writer.before_each_commit(self._refresh_touched)
        writer.every(HEARTBEAT_SECONDS, self._beat)
        writer.every(SWEEP_SECONDS, self.close_abandoned)

    async def reserve(self, intent: Intent) -> Refusal | None:
        try:
            result = await self._writer.commit(lambda connection: self._reserve(connection, intent))
        except StoreDown as down:
            if intent.limits is None:
                # Without a budget the request goes on; its row waits and is written when it can.
                self._writer.put(lambda connection: self._reserve(connection, intent))
                return None
            limit = intent.limits.daily_usd if intent.limits.daily_usd is not None else intent.limits.monthly_usd
            return Refusal("store", limit or 0.0, 0.0, 0.0, intent.reserve_usd or 0.0, str(down))
        assert result is None or isinstance(result, Refusal)
        return result

    def settle(self, trace: Trace, retention: Retention) -> None:
        self._writer.put(lambda connection: self._settle(connection, trace, retention))

    def spending(self, policy: str) -> Spending:
        known = self._known.get(policy)
        if known is None:
            return NO_SPENDING
        day, figures = known
        today = local_day(self._wall())
        if day == today:
            return figures
        month = figures.month_usd if day[:7] == today[:7] else 0.0
        return Spending(0.0, figures.day_reserved_usd, month, figures.month_reserved_usd)

    # ---- in the writer's thread

    def _begin(self) -> None:
        """Of a transaction that was rolled back nothing counts, its new facets included."""
        self._tally.clear()
        self._tally.forget_facets()
        self._touched.clear()

    def _reserve(self, connection: sqlite3.Connection, intent: Intent) -> Refusal | None:
        self._touched.add(intent.policy)
        if intent.limits is not None:
            row = connection.execute(
                "SELECT reserved_usd FROM ledger WHERE request_id = ? AND state = 'open'", (intent.request_id,)
            ).fetchone()
            held = (row[0] or 0.0) if row is not None else 0.0
            refused = refusal(intent, self._figures(connection, intent.policy, local_day(self._wall())), held)
            if refused is not None:
                return refused
        route = intent.route
        connection.execute(
            "INSERT INTO ledger (request_id, at, day, caller, policy, requested, profile, provider, model, state, process,"
            " reserved_usd, parent, stage, adviser_index) VALUES (?,?,?,?,?,?,?,?,?,'open',?,?,?,?,?)"
            " ON CONFLICT (request_id) DO UPDATE SET reserved_usd = excluded.reserved_usd WHERE state = 'open'",
            (
                intent.request_id,
                intent.at,
                local_day(intent.at),
                storable(intent.caller),
                intent.policy,
                storable_or_none(intent.requested),
                route.profile,
                route.provider,
                storable(route.model),
                self._process,
                intent.reserve_usd,
                intent.parent,
                intent.stage.value if intent.stage else None,
                intent.adviser_index,
            ),
        )
        return None

    def _settle(self, connection: sqlite3.Connection, trace: Trace, retention: Retention) -> None:
        if (trace.fusion is None or not trace.children) and not self._book(connection, trace):
            return
        self._tally.attempts(trace)
        try:
            keep_trace(connection, trace, retention)
        except (sqlite3.DataError, sqlite3.IntegrityError, ValueError, TypeError, KeyError, OverflowError) as error:
            # The money is booked whatever becomes of the record.
            log.warning("a trace could not be kept: %s", type(error).__name__)

    def _book(self, connection: sqlite3.Connection, trace: Trace) -> bool:
        """Closes the row; False where it was closed before. A compound request has none of its own: its children hold
        the money."""
        if not self._close_row(connection, trace, "open"):
            row = connection.execute(f"{ABANDONED} WHERE request_id = ?", (trace.request_id,)).fetchone()
            if row[0] == "settled":
                return False
            self._take_back(row)
            self._close_row(connection, trace, "abandoned")
        if trace.cost.usd:
            self._tally.spend(trace.policy, local_day(trace.at), trace.cost.usd)
        self._tally.request(rollups.Counted.of(trace, failovers(trace)))
        self._touched.add(trace.policy)
        return True

    def _take_back(self, row: tuple[Any, ...]) -> None:
        """What was taken for abandoned has ended after all: its charge leaves budgets and usage again."""
        _, at, day, policy, charged, caller, profile, provider, model = row
        if charged:
            self._tally.spend(policy, day, -charged)
        counted = rollups.Counted.abandoned(at, profile, provider, model, policy, caller, charged)
        self._tally.request(counted, times=-1)

    def _close_row(self, connection: sqlite3.Connection, trace: Trace, state: str) -> bool:
        """Writes the row, or closes the one that is in this state; says whether it did."""
        day = local_day(trace.at)
        route = trace.answered or trace.selected
        usage = fitting(trace.usage)
        cursor = connection.execute(
            "INSERT INTO ledger (request_id, at, day, caller, policy, requested, profile, provider, model, state, cost_usd,"
            " cost_source, price_version, outcome, input_tokens, output_tokens, cached_input_tokens, reasoning_tokens,"
            " usage_source, failovers, total_ms, first_token_ms, parent, stage, adviser_index)"
            " VALUES (?,?,?,?,?,?,?,?,?,'settled',?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"
            " ON CONFLICT (request_id) DO UPDATE SET state = 'settled', process = NULL, profile = excluded.profile,"
            " provider = excluded.provider, model = excluded.model, cost_usd = excluded.cost_usd,"
            " cost_source = excluded.cost_source, price_version = excluded.price_version, outcome = excluded.outcome,"
            " input_tokens = excluded.input_tokens, output_tokens = excluded.output_tokens,"
            " cached_input_tokens = excluded.cached_input_tokens, reasoning_tokens = excluded.reasoning_tokens,"
            " usage_source = excluded.usage_source, failovers = excluded.failovers, total_ms = excluded.total_ms,"
            f" first_token_ms = excluded.first_token_ms WHERE state = '{state}'",
            (
                trace.request_id,
                trace.at,
                day,
                storable(trace.caller),
                trace.policy,
                storable_or_none(trace.requested),
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
                failovers(trace),
                trace.total_ms,
                trace.first_token_ms,
                trace.parent,
                trace.stage.value if trace.stage else None,
                trace.adviser_index,
            ),
        )
        return cursor.rowcount == 1

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
            self._tally.request(rollups.Counted.abandoned(at, profile, provider, model, policy, caller, reserved))
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

    def _figures(self, connection: sqlite3.Connection, policy: str, day: str) -> Spending:
        month = day[:7]
        spent = dict(
            connection.execute(
                "SELECT period, usd FROM spending WHERE policy = ? AND period IN (?, ?)", (policy, day, month)
            ).fetchall()
        )
        (reserved,) = connection.execute(
            "SELECT coalesce(sum(reserved_usd), 0.0) FROM ledger WHERE state = 'open' AND policy = ?", (policy,)
        ).fetchone()
        day_usd = spent.get(day, 0.0) + self._tally.pending(policy, day)
        month_usd = spent.get(month, 0.0) + self._tally.pending(policy, month)
        return Spending(day_usd, reserved, month_usd, reserved)


def failovers(trace: Trace) -> int:
    """How often the request went on to another route."""
    routes = [attempt.route for attempt in trace.attempts]
    return sum(before != after for before, after in pairwise(routes))
