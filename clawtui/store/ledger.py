"""The ledger: reservations and settled usage. Admission is one transaction, true across processes."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from itertools import pairwise

from clawtui.config.schema import Retention
from clawtui.engine.memory import local_day, refusal
from clawtui.engine.outcome import Outcome, Trace, UsageSource
from clawtui.engine.ports import NO_SPENDING, Intent, Refusal, Spending
from clawtui.store import rollups
from clawtui.store.traces import keep_trace
from clawtui.store.writer import StoreDown, Writer

SILENT_SECONDS = 30.0
HEARTBEAT_SECONDS = 5.0
SWEEP_SECONDS = 60.0


class StoredLedger:
    """Fills `engine.ports.Ledger`."""

    def __init__(self, writer: Writer, process: str, wall: Callable[[], float]) -> None:
        self._writer = writer
        self._process = process
        self._wall = wall
        self._known: dict[str, tuple[str, Spending]] = {}  # policy -> day it holds for, figures
        self._touched: set[str] = set()
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

    def _reserve(self, connection: sqlite3.Connection, intent: Intent) -> Refusal | None:
        row = connection.execute(
            "SELECT state, reserved_usd FROM ledger WHERE request_id = ?", (intent.request_id,)
        ).fetchone()
        held = (row[1] or 0.0) if row is not None else 0.0
        self._touched.add(intent.policy)
        if intent.limits is not None:
            refused = refusal(intent, figures(connection, intent.policy, local_day(self._wall())), held)
            if refused is not None:
                return refused
        route = intent.route
        if row is not None:
            connection.execute(
                "UPDATE ledger SET reserved_usd = ? WHERE request_id = ? AND state = 'open'",
                (intent.reserve_usd, intent.request_id),
            )
            return None
        connection.execute(
            "INSERT INTO ledger (request_id, at, day, caller, policy, requested, profile, provider, model, state, process,"
            " reserved_usd, parent, stage, adviser_index) VALUES (?,?,?,?,?,?,?,?,?,'open',?,?,?,?,?)",
            (
                intent.request_id,
                intent.at,
                local_day(intent.at),
                intent.caller,
                intent.policy,
                intent.requested,
                route.profile,
                route.provider,
                route.model,
                self._process,
                intent.reserve_usd,
                intent.parent,
                intent.stage.value if intent.stage else None,
                intent.adviser_index,
            ),
        )
        return None

    def _settle(self, connection: sqlite3.Connection, trace: Trace, retention: Retention) -> None:
        settled = connection.execute("SELECT state FROM ledger WHERE request_id = ?", (trace.request_id,)).fetchone()
        if settled is not None and settled[0] == "settled":
            return
        if trace.fusion is None or not trace.children:
            self._book(connection, trace)
        rollups.count_attempts(connection, trace)
        keep_trace(connection, trace, retention)

    def _book(self, connection: sqlite3.Connection, trace: Trace) -> None:
        """Closes the row. A compound request has none of its own: its children hold the money."""
        day = local_day(trace.at)
        route = trace.answered or trace.selected
        abandoned = connection.execute(
            "SELECT cost_usd FROM ledger WHERE request_id = ? AND state = 'abandoned'", (trace.request_id,)
        ).fetchone()
        charged = (abandoned[0] or 0.0) if abandoned is not None else 0.0
        usage = trace.usage
        connection.execute(
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
            " first_token_ms = excluded.first_token_ms",
            (
                trace.request_id,
                trace.at,
                day,
                trace.caller,
                trace.policy,
                trace.requested,
                route.profile if route else None,
                route.provider if route else None,
                route.model if route else None,
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
        cost = (trace.cost.usd or 0.0) - charged
        if cost:
            add_spending(connection, trace.policy, day, cost)
        if abandoned is None:
            rollups.count_request(connection, rollups.Counted.of(trace, failovers(trace)))
        self._touched.add(trace.policy)

    def _beat(self, connection: sqlite3.Connection) -> None:
        connection.execute(
            "INSERT INTO processes (id, heartbeat) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET heartbeat = excluded.heartbeat",
            (self._process, self._wall()),
        )

    def close_abandoned(self, connection: sqlite3.Connection) -> None:
        """Reservations of processes that fell silent are charged in full and marked: better too much than too little."""
        now = self._wall()
        rows = connection.execute(
            "SELECT request_id, at, day, policy, reserved_usd, caller, profile, provider, model, parent FROM ledger"
            " WHERE state = 'open' AND process <> ? AND process NOT IN (SELECT id FROM processes WHERE heartbeat > ?)",
            (self._process, now - SILENT_SECONDS),
        ).fetchall()
        for request_id, at, day, policy, reserved, caller, profile, provider, model, _ in rows:
            connection.execute(
                "UPDATE ledger SET state = 'abandoned', cost_usd = reserved_usd, cost_source = 'reservation',"
                " outcome = ?, usage_source = ?, process = NULL WHERE request_id = ?",
                (Outcome.INTERRUPTED.value, UsageSource.ESTIMATED.value, request_id),
            )
            if reserved:
                add_spending(connection, policy, day, reserved)
            rollups.count_request(
                connection, rollups.Counted.abandoned(at, profile, provider, model, policy, caller, reserved)
            )
            self._touched.add(policy)
        connection.execute("DELETE FROM processes WHERE heartbeat <= ? AND id <> ?", (now - 86_400, self._process))

    def load_all(self, connection: sqlite3.Connection) -> None:
        """The figures of every policy, at the start and when another process has written."""
        today = local_day(self._wall())
        rows = connection.execute(
            "SELECT policy FROM spending WHERE period IN (?, ?) UNION SELECT policy FROM ledger WHERE state = 'open'",
            (today, today[:7]),
        ).fetchall()
        self._known = {policy: (today, figures(connection, policy, today)) for (policy,) in rows}

    def _refresh_touched(self, connection: sqlite3.Connection) -> None:
        if not self._touched:
            return
        today = local_day(self._wall())
        for policy in self._touched:
            self._known[policy] = (today, figures(connection, policy, today))
        self._touched.clear()


def figures(connection: sqlite3.Connection, policy: str, day: str) -> Spending:
    spent = dict(
        connection.execute(
            "SELECT period, usd FROM spending WHERE policy = ? AND period IN (?, ?)", (policy, day, day[:7])
        ).fetchall()
    )
    (reserved,) = connection.execute(
        "SELECT coalesce(sum(reserved_usd), 0.0) FROM ledger WHERE state = 'open' AND policy = ?", (policy,)
    ).fetchone()
    return Spending(spent.get(day, 0.0), reserved, spent.get(day[:7], 0.0), reserved)


def add_spending(connection: sqlite3.Connection, policy: str, day: str, usd: float) -> None:
    for period in (day, day[:7]):
        connection.execute(
            "INSERT INTO spending (policy, period, usd) VALUES (?, ?, ?)"
            " ON CONFLICT (policy, period) DO UPDATE SET usd = usd + excluded.usd",
            (policy, period, usd),
        )


def failovers(trace: Trace) -> int:
    """How often the request went on to another route."""
    routes = [attempt.route for attempt in trace.attempts]
    return sum(before != after for before, after in pairwise(routes))
