"""What was spent and used, read from roll-ups: rows by one facet, totals, days, budgets, open reservations."""

from __future__ import annotations

import sqlite3
import time
from dataclasses import dataclass
from enum import StrEnum

from clawtui.engine.histogram import quantile
from clawtui.store.reading import Reading
from clawtui.store.rollups import HOUR, day_of, hour_of

FINE_RANGE = 3 * 86_400.0  # up to here figures are by the hour, beyond by the day
BUCKETS = 10_000  # more than any duration has


class By(StrEnum):
    PROFILE = "profile"
    PROVIDER = "provider"
    MODEL = "model"
    POLICY = "policy"
    CALLER = "caller"
    DAY = "day"


@dataclass(frozen=True, slots=True)
class UsageRow:
    key: str
    requests: int
    failures: int
    failovers: int
    input_tokens: int
    output_tokens: int
    cached_input_tokens: int
    reasoning_tokens: int
    cost_usd: float | None  # None: nothing of it has a known price
    unpriced_requests: int
    estimated_requests: int
    p50_ms: float | None
    p95_ms: float | None


@dataclass(frozen=True, slots=True)
class UsageReport:
    """`since` is where counting really began: a full hour, or a full day for long ranges."""

    since: float
    until: float
    zone: str
    by: By
    rows: tuple[UsageRow, ...]
    total: UsageRow


@dataclass(frozen=True, slots=True)
class DaySpend:
    day: str
    cost_usd: float
    requests: int


@dataclass(frozen=True, slots=True)
class OpenReservation:
    request_id: str
    at: float
    policy: str
    caller: str
    profile: str | None
    reserved_usd: float | None


class UsageFigures:
    def __init__(self, reading: Reading) -> None:
        self._reading = reading

    async def report(self, since: float, until: float, by: By) -> UsageReport:
        span = "h" if until - since <= FINE_RANGE and by is not By.DAY else "d"
        start = hour_of(since) if span == "h" else day_of(since)
        key = "u.start" if by is By.DAY else f"f.{by.value}"

        def read(connection: sqlite3.Connection) -> UsageReport:
            values = (span, start, until)
            where = "FROM {} u JOIN facets f ON f.id = u.facet WHERE u.span = ? AND u.start >= ? AND u.start <= ?"
            sums = connection.execute(
                f"SELECT {key}, sum(requests), sum(failures), sum(failovers), sum(input_tokens), sum(output_tokens),"
                " sum(cached_input_tokens), sum(reasoning_tokens), sum(cost_usd), sum(unpriced), sum(estimated) "
                + where.format("usage_figures")
                + f" GROUP BY {key}",
                values,
            ).fetchall()
            return _report(float(start), until, by, sums, _times(connection, by, values))

        return await self._reading.run(read)

    async def per_day(self, since: float, until: float) -> list[DaySpend]:
        def read(connection: sqlite3.Connection) -> list[DaySpend]:
            rows = connection.execute(
                "SELECT start, sum(cost_usd), sum(requests) FROM usage_figures WHERE span = 'd' AND start >= ? AND start <= ?"
                " GROUP BY start ORDER BY start",
                (day_of(since), until),
            ).fetchall()
            return [DaySpend(_day(start), cost, requests) for start, cost, requests in rows]

        return await self._reading.run(read)

    async def beginning(self) -> float | None:
        """The first day that anything was counted on."""

        def read(connection: sqlite3.Connection) -> float | None:
            row = connection.execute("SELECT min(start) FROM usage_figures WHERE span = 'd'").fetchone()
            return None if row[0] is None else float(row[0])

        return await self._reading.run(read)

    async def open_reservations(self) -> list[OpenReservation]:
        def read(connection: sqlite3.Connection) -> list[OpenReservation]:
            rows = connection.execute(
                "SELECT request_id, at, policy, caller, profile, reserved_usd FROM ledger WHERE state = 'open' ORDER BY at"
            ).fetchall()
            return [OpenReservation(*row) for row in rows]

        return await self._reading.run(read)


def _times(connection: sqlite3.Connection, by: By, values: tuple[object, ...]) -> dict[object, dict[int, int]]:
    """Histograms by what is asked for. Place and bucket are one number, which groups in half the time of a text and a
    number: there are tens of thousands of rows."""
    place = "start" if by is By.DAY else "facet"
    names = None if by is By.DAY else dict(connection.execute(f"SELECT id, {by.value} FROM facets"))
    times: dict[object, dict[int, int]] = {}
    for key, counted in connection.execute(
        f"SELECT {place} * {BUCKETS} + bucket AS key, sum(count) FROM usage_times"
        " WHERE span = ? AND start >= ? AND start <= ? GROUP BY key",
        values,
    ):
        found, bucket = divmod(key, BUCKETS)
        counts = times.setdefault(found if names is None else names[found], {})
        counts[bucket] = counts.get(bucket, 0) + counted
    return times


def _report(
    since: float, until: float, by: By, sums: list[tuple[object, ...]], times: dict[object, dict[int, int]]
) -> UsageReport:
    rows = [_row(_name(by, row[0]), [row], times.get(row[0], {})) for row in sums]
    if by is By.DAY:
        rows.sort(key=lambda row: row.key)
    else:
        rows.sort(key=lambda row: (-(row.cost_usd or 0.0), -row.requests, row.key))
    everything: dict[int, int] = {}
    for part in times.values():
        for number, counted in part.items():
            everything[number] = everything.get(number, 0) + counted
    total = _row("total", sums, everything)
    return UsageReport(since, until, time.strftime("%Z", time.localtime(until)), by, tuple(rows), total)


def _row(key: str, sums: list[tuple[object, ...]], times: dict[int, int]) -> UsageRow:
    numbers = [sum(float(str(row[column] or 0)) for row in sums) for column in range(1, 11)]
    requests, failures, failovers, given, output, cached, reasoning, cost, unpriced, estimated = numbers
    return UsageRow(
        key,
        int(requests),
        int(failures),
        int(failovers),
        int(given),
        int(output),
        int(cached),
        int(reasoning),
        None if requests and unpriced >= requests else cost,
        int(unpriced),
        int(estimated),
        quantile(times, 0.5),
        quantile(times, 0.95),
    )


def _name(by: By, value: object) -> str:
    return _day(int(str(value))) if by is By.DAY else str(value)


def _day(start: int) -> str:
    return time.strftime("%Y-%m-%d", time.localtime(start + HOUR))
