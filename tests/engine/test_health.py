"""What the screen and the ranking know of routes while the program runs, and the histogram the figures come from."""

from __future__ import annotations

import math

from hypothesis import given, settings
from hypothesis import strategies as st

from clawtui.engine.failures import FailureKind
from clawtui.engine.health import RouteStats
from clawtui.engine.histogram import bucket, merged, middle, quantile
from clawtui.engine.outcome import AttemptOutcome
from clawtui.engine.request import Route
from tests.house import FakeClock

ROUTE = Route("first", "one", "alpha")
OTHER = Route("second", "two", "beta")


class Stats(RouteStats):
    def __init__(self) -> None:
        self.clock = FakeClock()
        super().__init__(self.clock)

    def call(
        self,
        failure: FailureKind | None = None,
        *,
        ms: float = 1_000.0,
        first_ms: float | None = 200.0,
        tokens: int = 80,
        route: Route = ROUTE,
        outcome: AttemptOutcome | None = None,
        is_retry: bool = False,
    ) -> None:
        self.began(route)
        self.ended(
            route,
            outcome=outcome or (AttemptOutcome.OK if failure is None else AttemptOutcome.FAILED),
            failure=failure,
            ms=ms,
            first_token_ms=first_ms,
            output_tokens=tokens,
            is_retry=is_retry,
        )


async def test_a_route_that_was_never_asked_has_no_figures_and_a_neutral_rank() -> None:
    stats = Stats()
    assert stats.view(ROUTE) is None
    assert stats.rank(ROUTE) == (0.0, 0.0)
    assert stats.in_flight(ROUTE) == 0


async def test_counters_tell_requests_retries_failures_and_what_is_in_flight() -> None:
    stats = Stats()
    stats.call()
    stats.call(FailureKind.SERVER)
    stats.call(is_retry=True)
    stats.began(ROUTE)
    view = stats.view(ROUTE)
    assert view is not None
    assert (view.requests, view.retries, view.failures, view.in_flight) == (3, 1, 1, 1)
    assert view.success_rate == 2 / 3
    assert (view.last_failure, view.last_failure_at) == (FailureKind.SERVER, stats.clock.wall())


async def test_cancelled_calls_are_no_requests_and_no_failures() -> None:
    stats = Stats()
    stats.call(outcome=AttemptOutcome.CANCELLED)
    view = stats.view(ROUTE)
    assert view is not None
    assert (view.requests, view.failures, view.in_flight, view.success_rate) == (0, 0, 0, None)


async def test_durations_are_told_within_the_histograms_error() -> None:
    stats = Stats()
    for number in range(1, 101):
        stats.call(ms=number * 10.0, first_ms=number * 1.0)
    view = stats.view(ROUTE)
    assert view is not None
    assert view.p50_ms is not None
    assert math.isclose(view.p50_ms, 500, rel_tol=0.05)
    assert view.p95_ms is not None
    assert math.isclose(view.p95_ms, 950, rel_tol=0.05)
    assert view.first_token_p50_ms is not None
    assert math.isclose(view.first_token_p50_ms, 50, rel_tol=0.05)


async def test_speed_is_tokens_over_the_time_of_writing() -> None:
    stats = Stats()
    stats.call(ms=1_200.0, first_ms=200.0, tokens=50)
    view = stats.view(ROUTE)
    assert view is not None
    assert view.tokens_per_s == 50.0


async def test_the_row_of_buckets_moves_with_the_clock() -> None:
    stats = Stats()
    stats.call()
    stats.call(FailureKind.SERVER)
    await stats.clock.advance(10)
    stats.call()
    view = stats.view(ROUTE)
    assert view is not None
    assert (view.buckets[-2:], view.failed_buckets[-2:]) == ((2, 1), (1, 0))
    assert len(view.buckets) == 60
    await stats.clock.advance(1_000)
    view = stats.view(ROUTE)
    assert view is not None
    assert sum(view.buckets) == 0


async def test_the_rank_prefers_success_then_speed_and_forgives_callers() -> None:
    stats = Stats()
    stats.call(FailureKind.BAD_REQUEST)
    stats.call(first_ms=900.0)
    stats.call(route=OTHER, first_ms=100.0)
    assert stats.rank(ROUTE) > stats.rank(OTHER)
    assert stats.rank(ROUTE)[0] == 0.0
    stats.call(FailureKind.SERVER, route=OTHER)
    assert stats.rank(OTHER) > stats.rank(ROUTE)


async def test_old_troubles_are_forgotten_after_enough_answers() -> None:
    stats = Stats()
    for _ in range(20):
        stats.call(FailureKind.SERVER)
    for _ in range(20):
        stats.call()
    assert stats.rank(ROUTE)[0] == 0.0


@given(st.floats(1.0, 1e7))
@settings(max_examples=100, deadline=None)
def test_a_buckets_middle_is_within_four_and_a_half_percent_of_what_fell_in(ms: float) -> None:
    """The one promise of the histogram."""
    assert abs(middle(bucket(ms)) - ms) / ms <= 0.045


@given(
    st.lists(st.floats(0.0, 1e6), min_size=1, max_size=60),
    st.lists(st.floats(0.0, 1e6), max_size=60),
    st.sampled_from([0.0, 0.5, 0.95, 1.0]),
)
@settings(max_examples=100, deadline=None)
def test_merged_histograms_say_what_one_of_all_says(left: list[float], right: list[float], share: float) -> None:
    """Counting apart and merging is counting together; a quantile lies among what was counted."""

    def counted(values: list[float]) -> dict[int, int]:
        counts: dict[int, int] = {}
        for value in values:
            counts[bucket(value)] = counts.get(bucket(value), 0) + 1
        return counts

    both = merged([counted(left), counted(right)])
    assert both == counted(left + right)
    found = quantile(both, share)
    assert found is not None
    assert min(left + right) * 0.95 - 0.6 <= found <= max(left + right) * 1.05 + 0.6


def test_nothing_counted_is_no_figure() -> None:
    assert quantile({}, 0.5) is None
