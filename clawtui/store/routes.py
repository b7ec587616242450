"""The counters of routes over all processes, read from roll-ups."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from clawtui.engine.histogram import quantile
from clawtui.engine.request import Route
from clawtui.store.counted import NOBODY
from clawtui.store.reading import Reading


@dataclass(frozen=True, slots=True)
class RouteFigures:
    route: Route
    requests: int
    retries: int
    failures: int
    answered: int
    p50_ms: float | None
    p95_ms: float | None
    first_token_p50_ms: float | None
    tokens_per_s: float | None
    last_failure: str | None
    last_failure_at: float | None

    @property
    def success_rate(self) -> float | None:
        seen = self.answered + self.failures
        return self.answered / seen if seen else None


class RouteCounters:
    def __init__(self, reading: Reading) -> None:
        self._reading = reading

    async def all(self) -> dict[Route, RouteFigures]:
        def read(connection: sqlite3.Connection) -> dict[Route, RouteFigures]:
            times: dict[tuple[str, str, str, str], dict[int, int]] = {}
            for profile, provider, model, kind, number, counted in connection.execute("SELECT * FROM route_times"):
                times.setdefault((profile, provider, model, kind), {})[number] = counted
            found: dict[Route, RouteFigures] = {}
            for row in connection.execute("SELECT * FROM route_figures"):
                profile, provider, model, requests, retries, failures, answered, tokens, writing_ms, last, last_at = row
                total = times.get((profile, provider, model, "total"), {})
                first = times.get((profile, provider, model, "first"), {})
                route = Route(None if profile == NOBODY else profile, provider, model)
                found[route] = RouteFigures(
                    route,
                    requests,
                    retries,
                    failures,
                    answered,
                    quantile(total, 0.5),
                    quantile(total, 0.95),
                    quantile(first, 0.5),
                    round(tokens / (writing_ms / 1000), 1) if writing_ms > 50 else None,
                    last,
                    last_at,
                )
            return found

        try:
            return await self._reading.run(read)
        except sqlite3.Error:
            return {}  # the writer tells what is wrong with the file
