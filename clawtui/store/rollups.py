"""Figures counted along with the rows, in the same transaction, so that no question reads a million rows."""

from __future__ import annotations

import sqlite3
import time
from dataclasses import dataclass

from clawtui.engine.histogram import bucket
from clawtui.engine.outcome import AttemptOutcome, Outcome, Trace, UsageSource
from clawtui.engine.request import Route

HOUR = 3_600
NOBODY = "-"
SPANS = ("h", "d")


@dataclass(frozen=True, slots=True)
class Counted:
    """What one ledger row adds to the figures."""

    at: float
    profile: str
    provider: str
    model: str
    policy: str
    caller: str
    failed: bool
    failovers: int
    input_tokens: int
    output_tokens: int
    cached: int
    reasoning: int
    cost_usd: float | None
    estimated: bool
    total_ms: float | None

    @staticmethod
    def of(trace: Trace, failovers: int) -> Counted:
        route = trace.answered or trace.selected
        usage = trace.usage
        answered = trace.outcome is Outcome.OK
        return Counted(
            at=trace.at,
            profile=(route.profile if route else None) or NOBODY,
            provider=route.provider if route else NOBODY,
            model=route.model if route else NOBODY,
            policy=trace.policy,
            caller=trace.caller,
            failed=not answered,
            failovers=failovers,
            input_tokens=usage.input_tokens,
            output_tokens=usage.output_tokens,
            cached=usage.cached_input_tokens,
            reasoning=usage.reasoning_tokens,
            cost_usd=trace.cost.usd,
            estimated=usage.source is not UsageSource.REPORTED and bool(usage.input_tokens or usage.output_tokens),
            total_ms=trace.total_ms if answered else None,
        )

    @staticmethod
    def abandoned(
        at: float,
        profile: str | None,
        provider: str | None,
        model: str | None,
        policy: str,
        caller: str,
        cost_usd: float | None,
    ) -> Counted:
        return Counted(
            at,
            profile or NOBODY,
            provider or NOBODY,
            model or NOBODY,
            policy,
            caller,
            True,
            0,
            0,
            0,
            0,
            0,
            cost_usd,
            True,
            None,
        )


def hour_of(wall: float) -> int:
    return int(wall // HOUR) * HOUR


def day_of(wall: float) -> int:
    """The start of the local day, in epoch seconds."""
    local = time.localtime(wall)
    return int(time.mktime((local.tm_year, local.tm_mon, local.tm_mday, 0, 0, 0, 0, 0, -1)))


def count_request(connection: sqlite3.Connection, row: Counted) -> None:
    facet = _facet(connection, row)
    for span, start in (("h", hour_of(row.at)), ("d", day_of(row.at))):
        connection.execute(
            "INSERT INTO usage_figures VALUES (?,?,?,1,?,?,?,?,?,?,?,?,?) ON CONFLICT (span, start, facet) DO UPDATE SET"
            " requests = requests + 1, failures = failures + excluded.failures, failovers = failovers + excluded.failovers,"
            " input_tokens = input_tokens + excluded.input_tokens, output_tokens = output_tokens + excluded.output_tokens,"
            " cached_input_tokens = cached_input_tokens + excluded.cached_input_tokens,"
            " reasoning_tokens = reasoning_tokens + excluded.reasoning_tokens, cost_usd = cost_usd + excluded.cost_usd,"
            " unpriced = unpriced + excluded.unpriced, estimated = estimated + excluded.estimated",
            (
                span,
                start,
                facet,
                int(row.failed),
                row.failovers,
                row.input_tokens,
                row.output_tokens,
                row.cached,
                row.reasoning,
                row.cost_usd or 0.0,
                int(row.cost_usd is None),
                int(row.estimated),
            ),
        )
        if row.total_ms is not None:
            connection.execute(
                "INSERT INTO usage_times VALUES (?,?,?,?,1)"
                " ON CONFLICT (span, start, facet, bucket) DO UPDATE SET count = count + 1",
                (span, start, facet, bucket(row.total_ms)),
            )


def _facet(connection: sqlite3.Connection, row: Counted) -> int:
    key = (row.profile, row.provider, row.model, row.policy, row.caller)
    found = connection.execute(
        "SELECT id FROM facets WHERE profile = ? AND provider = ? AND model = ? AND policy = ? AND caller = ?", key
    ).fetchone()
    if found is not None:
        return int(found[0])
    cursor = connection.execute("INSERT INTO facets (profile, provider, model, policy, caller) VALUES (?,?,?,?,?)", key)
    return int(cursor.lastrowid or 0)


def count_attempts(connection: sqlite3.Connection, trace: Trace) -> None:
    """The upstream calls of one request. A fusion's are its children's."""
    if trace.fusion is not None:
        return
    seen: set[Route] = set()
    for attempt in trace.attempts:
        route = attempt.route
        is_retry = route in seen
        seen.add(route)
        connection.execute(
            "INSERT OR IGNORE INTO attempts VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
            (
                trace.request_id,
                attempt.number,
                trace.at + attempt.started_ms / 1000,
                route.profile or NOBODY,
                route.provider,
                route.model,
                attempt.credential,
                attempt.outcome.value,
                attempt.failure.value if attempt.failure else None,
                attempt.status,
                attempt.decision.value if attempt.decision else None,
                attempt.ms,
                attempt.first_token_ms,
                attempt.usage.output_tokens,
                int(is_retry),
            ),
        )
        if attempt.outcome is not AttemptOutcome.CANCELLED:
            _count_route(
                connection,
                (route.profile or NOBODY, route.provider, route.model),
                trace.at + attempt.started_ms / 1000,
                attempt.outcome is AttemptOutcome.OK,
                attempt.failure.value if attempt.failure else None,
                attempt.ms,
                attempt.first_token_ms,
                attempt.usage.output_tokens,
                is_retry,
            )


def _count_route(
    connection: sqlite3.Connection,
    key: tuple[str, str, str],
    at: float,
    answered: bool,
    failure: str | None,
    ms: float,
    first_token_ms: float | None,
    output_tokens: int,
    is_retry: bool,
) -> None:
    writing = max(0.0, ms - first_token_ms) if answered and first_token_ms is not None else 0.0
    connection.execute(
        "INSERT INTO route_figures VALUES (?,?,?,1,?,?,?,?,?,?,?) ON CONFLICT (profile, provider, model) DO UPDATE SET"
        " requests = requests + 1, retries = retries + excluded.retries, failures = failures + excluded.failures,"
        " answered = answered + excluded.answered, tokens = tokens + excluded.tokens,"
        " writing_ms = writing_ms + excluded.writing_ms,"
        " last_failure = CASE WHEN coalesce(excluded.last_failure_at, 0) >= coalesce(last_failure_at, 0)"
        " AND excluded.last_failure IS NOT NULL THEN excluded.last_failure ELSE last_failure END,"
        " last_failure_at = nullif(max(coalesce(excluded.last_failure_at, 0), coalesce(last_failure_at, 0)), 0)",
        (
            *key,
            int(is_retry),
            int(not answered),
            int(answered),
            output_tokens if writing else 0,
            writing,
            None if answered else failure,
            None if answered else at,
        ),
    )
    if answered:
        times = [("total", ms)] + ([("first", first_token_ms)] if first_token_ms is not None else [])
        for kind, value in times:
            connection.execute(
                "INSERT INTO route_times VALUES (?,?,?,?,?,1)"
                " ON CONFLICT (profile, provider, model, kind, bucket) DO UPDATE SET count = count + 1",
                (*key, kind, bucket(value)),
            )


def rebuild(connection: sqlite3.Connection) -> int:
    """Counts everything anew from the rows; returns how many ledger rows there are."""
    for table in ("usage_figures", "usage_times", "facets", "route_figures", "route_times", "spending"):
        connection.execute(f"DELETE FROM {table}")
    rows = connection.execute(
        "SELECT at, profile, provider, model, policy, caller, outcome, failovers, input_tokens, output_tokens,"
        " cached_input_tokens, reasoning_tokens, cost_usd, usage_source, total_ms, day FROM ledger WHERE state <> 'open'"
    )
    number = 0
    for row in rows.fetchall():
        (
            at,
            profile,
            provider,
            model,
            policy,
            caller,
            outcome,
            hops,
            given,
            output,
            cached,
            reasoning,
            cost,
            source,
            ms,
            day,
        ) = row
        answered = outcome == Outcome.OK.value
        estimated = source != UsageSource.REPORTED.value and bool(given or output)
        count_request(
            connection,
            Counted(
                at, profile or NOBODY, provider or NOBODY, model or NOBODY, policy, caller, not answered, hops, given,
                output, cached, reasoning, cost, estimated, ms if answered else None,
            ),
        )  # fmt: skip
        for period in (day, day[:7]) if cost else ():
            connection.execute(
                "INSERT INTO spending VALUES (?, ?, ?) ON CONFLICT (policy, period) DO UPDATE SET usd = usd + excluded.usd",
                (policy, period, cost),
            )
        number += 1
    calls = connection.execute(
        "SELECT profile, provider, model, at, outcome, failure, ms, first_token_ms, output_tokens, is_retry FROM attempts"
    )
    for profile, provider, model, at, outcome, failure, ms, first, output, is_retry in calls.fetchall():
        if outcome != AttemptOutcome.CANCELLED.value:
            answered = outcome == AttemptOutcome.OK.value
            _count_route(
                connection, (profile, provider, model), at, answered, failure, ms, first, output, bool(is_retry)
            )
    return number
