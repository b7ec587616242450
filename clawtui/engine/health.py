"""How routes did while this process watched: counters, times, a row of buckets for a sparkline. And the plan's view of
the present, which reads circuits, credentials, spending and these figures."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from clawtui.engine.circuit import CircuitBoard
from clawtui.engine.clock import Clock
from clawtui.engine.credentials import CredentialPools
from clawtui.engine.failures import FailureKind
from clawtui.engine.histogram import bucket, quantile
from clawtui.engine.outcome import AttemptOutcome
from clawtui.engine.ports import Ledger, Spending
from clawtui.engine.request import Route
from clawtui.engine.verdicts import Blocked

BUCKETS = 60
BUCKET_SECONDS = 10.0
REMEMBERED = 20  # outcomes that the rank is made of
CALLERS_FAULT = frozenset(
    {
        FailureKind.BAD_REQUEST,
        FailureKind.CONTEXT,
        FailureKind.CONTENT_FILTER,
        FailureKind.BAD_PARAMETER,
        FailureKind.OUTPUT_CAP,
    }
)


@dataclass(frozen=True, slots=True)
class LiveView:
    route: Route
    requests: int
    retries: int
    failures: int
    in_flight: int
    success_rate: float | None
    p50_ms: float | None
    p95_ms: float | None
    first_token_p50_ms: float | None
    tokens_per_s: float | None
    last_failure: FailureKind | None
    last_failure_at: float | None
    buckets: tuple[int, ...]  # attempts, the newest last
    failed_buckets: tuple[int, ...]


@dataclass(slots=True)
class _Figures:
    requests: int = 0
    retries: int = 0
    failures: int = 0
    in_flight: int = 0
    answered: int = 0
    totals: dict[int, int] = field(default_factory=dict)
    firsts: dict[int, int] = field(default_factory=dict)
    tokens: int = 0
    writing_s: float = 0.0
    last_failure: FailureKind | None = None
    last_failure_at: float | None = None
    recent: deque[bool] = field(default_factory=lambda: deque(maxlen=REMEMBERED))
    first_s: float = 0.0  # moving average
    newest: int = 0  # number of the newest bucket
    row: deque[int] = field(default_factory=lambda: deque([0] * BUCKETS, maxlen=BUCKETS))
    failed_row: deque[int] = field(default_factory=lambda: deque([0] * BUCKETS, maxlen=BUCKETS))


class RouteStats:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._figures: dict[Route, _Figures] = {}

    def began(self, route: Route) -> None:
        self._of(route).in_flight += 1

    def ended(
        self,
        route: Route,
        *,
        outcome: AttemptOutcome,
        failure: FailureKind | None,
        ms: float,
        first_token_ms: float | None,
        output_tokens: int,
        is_retry: bool,
    ) -> None:
        figures = self._of(route)
        figures.in_flight = max(0, figures.in_flight - 1)
        if outcome is AttemptOutcome.CANCELLED:
            return
        figures.requests += 1
        figures.retries += is_retry
        self._roll(figures)
        figures.row[-1] += 1
        if outcome is AttemptOutcome.OK:
            self._answered(figures, ms, first_token_ms, output_tokens)
            return
        figures.failures += 1
        figures.failed_row[-1] += 1
        figures.last_failure, figures.last_failure_at = failure, self._clock.wall()
        if failure not in CALLERS_FAULT:
            figures.recent.append(False)

    @staticmethod
    def _answered(figures: _Figures, ms: float, first_token_ms: float | None, output_tokens: int) -> None:
        figures.answered += 1
        figures.recent.append(True)
        number = bucket(ms)
        figures.totals[number] = figures.totals.get(number, 0) + 1
        if first_token_ms is None:
            return
        number = bucket(first_token_ms)
        seconds = first_token_ms / 1000
        figures.first_s = figures.first_s * 0.8 + seconds * 0.2 if figures.firsts else seconds
        figures.firsts[number] = figures.firsts.get(number, 0) + 1
        figures.tokens += output_tokens
        figures.writing_s += max(0.0, ms - first_token_ms) / 1000

    def rank(self, route: Route) -> tuple[float, float]:
        """Share of recent failures and seconds to the first token; neutral where nothing is known."""
        figures = self._figures.get(route)
        if figures is None or not figures.recent:
            return 0.0, 0.0
        return figures.recent.count(False) / len(figures.recent), round(figures.first_s, 1)

    def in_flight(self, route: Route) -> int:
        figures = self._figures.get(route)
        return figures.in_flight if figures else 0

    def view(self, route: Route) -> LiveView | None:
        figures = self._figures.get(route)
        if figures is None:
            return None
        self._roll(figures)
        seen = figures.answered + figures.failures
        return LiveView(
            route=route,
            requests=figures.requests,
            retries=figures.retries,
            failures=figures.failures,
            in_flight=figures.in_flight,
            success_rate=figures.answered / seen if seen else None,
            p50_ms=quantile(figures.totals, 0.5),
            p95_ms=quantile(figures.totals, 0.95),
            first_token_p50_ms=quantile(figures.firsts, 0.5),
            tokens_per_s=round(figures.tokens / figures.writing_s, 1) if figures.writing_s > 0.05 else None,
            last_failure=figures.last_failure,
            last_failure_at=figures.last_failure_at,
            buckets=tuple(figures.row),
            failed_buckets=tuple(figures.failed_row),
        )

    def views(self) -> list[LiveView]:
        return [view for route in self._figures if (view := self.view(route)) is not None]

    def _of(self, route: Route) -> _Figures:
        figures = self._figures.get(route)
        if figures is None:
            figures = self._figures[route] = _Figures(newest=int(self._clock.monotonic() / BUCKET_SECONDS))
        return figures

    def _roll(self, figures: _Figures) -> None:
        now = int(self._clock.monotonic() / BUCKET_SECONDS)
        for _ in range(min(BUCKETS, now - figures.newest)):
            figures.row.append(0)
            figures.failed_row.append(0)
        figures.newest = max(figures.newest, now)


class Health:
    """The plan's view of the present."""

    def __init__(
        self,
        circuits: CircuitBoard,
        pools: CredentialPools,
        stats: RouteStats,
        ledger: Ledger,
        disabled: set[Route],
    ) -> None:
        self._circuits = circuits
        self._pools = pools
        self._stats = stats
        self._ledger = ledger
        self._disabled = disabled

    def circuit_wait(self, route: Route) -> Blocked | None:
        return self._circuits.wait(route)

    def credential_wait(self, provider: str, model: str) -> Blocked | None:
        return self._pools.wait(provider, model)

    def rank(self, route: Route) -> tuple[float, float]:
        return self._stats.rank(route)

    def spending(self, policy: str) -> Spending:
        return self._ledger.spending(policy)

    def disabled(self, route: Route) -> bool:
        return route in self._disabled
