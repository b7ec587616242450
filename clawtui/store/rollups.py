"""Figures counted along with the rows, in the same transaction, so that no question reads a million rows."""

from __future__ import annotations

import sqlite3
import time
from dataclasses import dataclass
from functools import lru_cache

from clawtui.engine.histogram import bucket
from clawtui.engine.memory import QUARTER
from clawtui.engine.outcome import AttemptOutcome, Trace
from clawtui.engine.request import Route
from clawtui.store.bulk import Insert
from clawtui.store.counted import NOBODY, Counted
from clawtui.store.values import fitting, storable

HOUR = 3_600


def hour_of(wall: float) -> int:
    return int(wall // HOUR) * HOUR


def _spans(quarter: int) -> tuple[tuple[str, int], ...]:
    start = quarter * QUARTER
    return ("h", hour_of(start)), ("d", day_of(start))


def day_of(wall: float) -> int:
    """The start of the local day, in epoch seconds."""
    return _day_of(int(wall // QUARTER), time.tzname)


@lru_cache(maxsize=1024)
def _day_of(quarter: int, _zone: tuple[str, str]) -> int:
    """Days begin and clocks change on a quarter of an hour, wherever one lives."""
    local = time.localtime(quarter * QUARTER)
    return int(time.mktime((local.tm_year, local.tm_mon, local.tm_mday, 0, 0, 0, 0, 0, -1)))


Facet = tuple[str, str, str, str, str]  # profile, provider, model, policy, caller


class Tally:
    """What the changes of one transaction add up to, written in few statements before it commits.

    One request would touch a dozen counters; a hundred requests of a batch touch mostly the same ones.
    """

    def __init__(self) -> None:
        self._facets: dict[Facet, int] = {}
        self.clear()

    def clear(self) -> None:
        """A transaction begins anew, or the one before was rolled back with its facets."""
        # By quarters of an hour, which hours and days are made of, whatever the zone.
        self._usage: dict[tuple[int, Facet], list[float]] = {}
        self._times: dict[tuple[int, Facet, int], int] = {}
        self._routes: dict[tuple[str, str, str], _RouteSums] = {}
        self._route_times: dict[tuple[str, str, str, str, int], int] = {}
        self._spending: dict[tuple[str, str], float] = {}
        self._attempts: list[tuple[object, ...]] = []

    def forget_facets(self) -> None:
        self._facets.clear()

    def spend(self, policy: str, day: str, usd: float) -> None:
        for period in (day, day[:7]):
            self._spending[policy, period] = self._spending.get((policy, period), 0.0) + usd

    def pending(self, policy: str, period: str) -> float:
        """Spent in this transaction and not written yet: admission counts it."""
        return self._spending.get((policy, period), 0.0)

    def request(self, row: Counted, times: int = 1) -> None:
        """`times` of -1 takes back what was counted before."""
        facet = (row.profile, row.provider, row.model, row.policy, row.caller)
        added = (
            1,
            int(row.failed),
            row.failovers,
            row.input_tokens,
            row.output_tokens,
            row.cached,
            row.reasoning,
            row.cost_usd or 0.0,
            int(row.cost_usd is None),
            int(row.estimated),
        )
        quarter = int(row.at // QUARTER)
        sums = self._usage.get((quarter, facet))
        if sums is None:
            sums = self._usage[quarter, facet] = [0] * len(added)
        for column, value in enumerate(added):
            sums[column] += value * times
        if row.total_ms is not None:
            key = (quarter, facet, bucket(row.total_ms))
            self._times[key] = self._times.get(key, 0) + times

    def attempts(self, trace: Trace) -> None:
        """The upstream calls of one request. A fusion's are its children's."""
        if trace.fusion is not None:
            return
        seen: set[Route] = set()
        for attempt in trace.attempts:
            route = attempt.route
            key = (route.profile or NOBODY, route.provider, storable(route.model))
            at, is_retry = trace.at + attempt.started_ms / 1000, route in seen
            seen.add(route)
            written_tokens = fitting(attempt.usage).output_tokens
            failure = attempt.failure.value if attempt.failure else None
            self._attempts.append(
                (
                    trace.request_id,
                    attempt.number,
                    at,
                    *key,
                    attempt.credential,
                    attempt.outcome.value,
                    failure,
                    attempt.status,
                    attempt.decision.value if attempt.decision else None,
                    attempt.ms,
                    attempt.first_token_ms,
                    written_tokens,
                    int(is_retry),
                )
            )
            if attempt.outcome is not AttemptOutcome.CANCELLED:
                answered = attempt.outcome is AttemptOutcome.OK
                call = (
                    at,
                    answered,
                    failure,
                    attempt.ms,
                    attempt.first_token_ms,
                    written_tokens,
                    is_retry,
                )
                self.route(key, *call)

    def route(
        self,
        key: tuple[str, str, str],
        at: float,
        answered: bool,
        failure: str | None,
        ms: float,
        first_token_ms: float | None,
        output_tokens: int,
        is_retry: bool,
    ) -> None:
        sums = self._routes.setdefault(key, _RouteSums())
        sums.requests += 1
        sums.retries += is_retry
        if not answered:
            sums.failures += 1
            if sums.last_failure_at is None or at >= sums.last_failure_at:
                sums.last_failure, sums.last_failure_at = failure, at
            return
        sums.answered += 1
        self._route_time(key, "total", ms)
        if first_token_ms is not None:
            self._route_time(key, "first", first_token_ms)
            sums.tokens += output_tokens
            sums.writing_ms += max(0.0, ms - first_token_ms)

    def _route_time(self, key: tuple[str, str, str], kind: str, ms: float) -> None:
        place = (*key, kind, bucket(ms))
        self._route_times[place] = self._route_times.get(place, 0) + 1

    def write(self, connection: sqlite3.Connection) -> None:
        """All of it, in the transaction that is about to commit."""
        if self._attempts:
            ATTEMPTS.write(connection, self._attempts)
        if self._usage:
            connection.executemany(USAGE_UPSERT, self._usage_rows(connection))
        if self._times:
            connection.executemany(TIMES_UPSERT, self._times_rows(connection))
        if self._routes:
            connection.executemany(ROUTE_UPSERT, [(*key, *sums.row()) for key, sums in self._routes.items()])
        if self._route_times:
            connection.executemany(
                "INSERT INTO route_times VALUES (?,?,?,?,?,?)"
                " ON CONFLICT (profile, provider, model, kind, bucket) DO UPDATE SET count = count + excluded.count",
                [(*key, count) for key, count in self._route_times.items()],
            )
        if self._spending:
            connection.executemany(
                "INSERT INTO spending VALUES (?, ?, ?) ON CONFLICT (policy, period) DO UPDATE SET usd = usd + excluded.usd",
                [(*key, usd) for key, usd in self._spending.items() if usd],
            )
        self.clear()

    def _usage_rows(self, connection: sqlite3.Connection) -> list[tuple[object, ...]]:
        rows: dict[tuple[str, int, int], list[float]] = {}
        for (quarter, facet), sums in self._usage.items():
            number = self._facet(connection, facet)
            for span, start in _spans(quarter):
                known = rows.get((span, start, number))
                rows[span, start, number] = sums if known is None else [a + b for a, b in zip(known, sums, strict=True)]
        return [(*key, *sums) for key, sums in rows.items()]

    def _times_rows(self, connection: sqlite3.Connection) -> list[tuple[object, ...]]:
        rows: dict[tuple[str, int, int, int], int] = {}
        for (quarter, facet, place), count in self._times.items():
            number = self._facet(connection, facet)
            for span, start in _spans(quarter):
                rows[span, start, number, place] = rows.get((span, start, number, place), 0) + count
        return [(*key, count) for key, count in rows.items()]

    def _facet(self, connection: sqlite3.Connection, key: Facet) -> int:
        known = self._facets.get(key)
        if known is None:
            where = "profile = ? AND provider = ? AND model = ? AND policy = ? AND caller = ?"
            connection.execute(
                "INSERT OR IGNORE INTO facets (profile, provider, model, policy, caller) VALUES (?,?,?,?,?)", key
            )
            known = int(connection.execute(f"SELECT id FROM facets WHERE {where}", key).fetchone()[0])
            self._facets[key] = known
        return known


@dataclass(slots=True)
class _RouteSums:
    requests: int = 0
    retries: int = 0
    failures: int = 0
    answered: int = 0
    tokens: int = 0
    writing_ms: float = 0.0
    last_failure: str | None = None
    last_failure_at: float | None = None

    def row(self) -> tuple[object, ...]:
        return (
            self.requests,
            self.retries,
            self.failures,
            self.answered,
            self.tokens,
            self.writing_ms,
            self.last_failure,
            self.last_failure_at,
        )


USAGE_COLUMNS = (
    "requests",
    "failures",
    "failovers",
    "input_tokens",
    "output_tokens",
    "cached_input_tokens",
    "reasoning_tokens",
    "cost_usd",
    "unpriced",
    "estimated",
)
ATTEMPTS = Insert("INSERT OR IGNORE INTO attempts", f"({'?,' * 14}?)")
USAGE_UPSERT = (
    f"INSERT INTO usage_figures VALUES ({'?,' * 12}?) ON CONFLICT (span, start, facet) DO UPDATE SET "
    + ", ".join(f"{name} = {name} + excluded.{name}" for name in USAGE_COLUMNS)
)
TIMES_UPSERT = (
    "INSERT INTO usage_times VALUES (?,?,?,?,?)"
    " ON CONFLICT (span, start, facet, bucket) DO UPDATE SET count = count + excluded.count"
)
ROUTE_UPSERT = (
    "INSERT INTO route_figures VALUES (?,?,?,?,?,?,?,?,?,?,?) ON CONFLICT (profile, provider, model) DO UPDATE SET"
    " requests = requests + excluded.requests, retries = retries + excluded.retries,"
    " failures = failures + excluded.failures, answered = answered + excluded.answered,"
    " tokens = tokens + excluded.tokens, writing_ms = writing_ms + excluded.writing_ms,"
    " last_failure = CASE WHEN excluded.last_failure_at IS NOT NULL"
    " AND excluded.last_failure_at >= coalesce(last_failure_at, 0) THEN excluded.last_failure ELSE last_failure END,"
    " last_failure_at = nullif(max(coalesce(excluded.last_failure_at, 0), coalesce(last_failure_at, 0)), 0)"
)
