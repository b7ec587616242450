"""Counts the roll-ups anew from the rows, for whoever doubts them."""

from __future__ import annotations

import sqlite3
import time

from clawtui.engine.outcome import AttemptOutcome, Outcome, UsageSource
from clawtui.store.counted import NOBODY, Counted
from clawtui.store.rollups import HOUR, Tally, day_of


def rebuild(connection: sqlite3.Connection, pruned_before: float | None) -> int:
    """Counts anew from the rows; returns how many there were to count. Rows that were pruned have left only their sums:
    the days that any are missing of, and the figures of routes, which know no days, stay as they are."""
    since = 0.0 if pruned_before is None else _first_whole_day(pruned_before)
    if pruned_before is None:
        for table in ("usage_figures", "usage_times", "facets", "route_figures", "route_times", "spending"):
            connection.execute(f"DELETE FROM {table}")
    else:
        _forget_since(connection, since)
    tally = Tally()
    number = 0
    for row in connection.execute(
        "SELECT at, profile, provider, model, policy, caller, outcome, failovers, input_tokens, output_tokens,"
        " cached_input_tokens, reasoning_tokens, cost_usd, usage_source, total_ms, day FROM ledger WHERE state <> 'open'"
        " AND at >= ?",
        (since,),
    ):
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
        tally.request(
            Counted(
                at, profile or NOBODY, provider or NOBODY, model or NOBODY, policy, caller, not answered, hops, given,
                output, cached, reasoning, cost, estimated, ms if answered else None,
            )
        )  # fmt: skip
        if cost:
            tally.spend(policy, day, cost)
        number += 1
    calls = "SELECT profile, provider, model, at, outcome, failure, ms, first_token_ms, output_tokens, is_retry FROM attempts"
    for profile, provider, model, at, outcome, failure, ms, first, output, is_retry in (
        connection.execute(calls) if pruned_before is None else ()
    ):
        if outcome != AttemptOutcome.CANCELLED.value:
            answered = outcome == AttemptOutcome.OK.value
            tally.route((profile, provider, model), at, answered, failure, ms, first, output, bool(is_retry))
    tally.write(connection)
    return number


def _first_whole_day(pruned_before: float) -> float:
    start = float(day_of(pruned_before))
    return start if start == pruned_before else float(day_of(start + 36 * HOUR))  # days may have 25 hours


def _forget_since(connection: sqlite3.Connection, start: float) -> None:
    """All that is counted by time from the start of a day on. A month keeps what its days before then have spent."""
    day = time.strftime("%Y-%m-%d", time.localtime(start))
    for table in ("usage_figures", "usage_times"):
        connection.execute(f"DELETE FROM {table} WHERE start >= ?", (start,))
    connection.execute("DELETE FROM spending WHERE period >= ?", (day,))
    connection.execute("DELETE FROM spending WHERE period = ?", (day[:7],))
    connection.execute(
        "INSERT INTO spending SELECT policy, ?, sum(usd) FROM spending WHERE period LIKE ? GROUP BY policy",
        (day[:7], f"{day[:7]}-%"),
    )
