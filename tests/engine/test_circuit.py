"""The breaker of a route: when it opens, whom it lets try, what closes it, and what it forgets and keeps."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clawtui.config.schema import CircuitSettings
from clawtui.engine.bus import EventBus
from clawtui.engine.circuit import CircuitBoard, CircuitLease
from clawtui.engine.events import BusEvent, CircuitMoved
from clawtui.engine.failures import RULES, Cools, Failure, FailureKind
from clawtui.engine.ports import CircuitRecord, Transition
from clawtui.engine.request import Route
from tests.house import FakeClock, RecordingState

ROUTE = Route("first", "one", "alpha")
OTHER = Route("second", "two", "beta")
DOWN = Failure(FailureKind.SERVER, status=500)
HOUR = 3_600.0


class Board(CircuitBoard):
    """A board with its clock, what it stored and what it told."""

    def __init__(self, limits: CircuitSettings | None = None, clock: FakeClock | None = None) -> None:
        self.clock = clock or FakeClock()
        self.state = RecordingState()
        self.told: list[BusEvent] = []
        bus = EventBus()
        bus.subscribe(self.told.append)
        super().__init__(self.clock, self.state, bus, lambda _: limits or CircuitSettings())

    def lease(self, route: Route = ROUTE) -> CircuitLease:
        lease = self.enter(route)
        assert lease is not None
        return lease

    def fail(self, times: int = 1, failure: Failure = DOWN) -> None:
        for _ in range(times):
            self.lease().failed(failure)

    def record(self) -> CircuitRecord:
        return [each for each in self.state.saved if isinstance(each, CircuitRecord)][-1]

    def steps(self) -> list[tuple[str, str]]:
        return [(each.before, each.after) for each in self.state.saved if isinstance(each, Transition)]


@pytest.fixture
def board() -> Board:
    return Board()


# ---- opening


async def test_five_failures_in_a_row_open_it_for_half_a_minute(board: Board) -> None:
    board.fail(4)
    assert board.wait(ROUTE) is None
    board.fail()
    blocked = board.wait(ROUTE)
    assert blocked is not None
    assert blocked.seconds == 30.0
    assert "30 s left" in blocked.reason
    assert board.enter(ROUTE) is None
    assert board.wait(OTHER) is None


async def test_a_success_between_starts_the_row_again(board: Board) -> None:
    board.fail(4)
    board.lease().succeeded()
    board.fail(4)
    assert board.view(ROUTE).state == "closed"


async def test_half_of_ten_within_a_minute_open_it(board: Board) -> None:
    for _ in range(5):
        board.lease().failed(DOWN)
        assert board.view(ROUTE).state == "closed"
        board.lease().succeeded()
    board.fail()
    assert board.view(ROUTE).state == "open"


async def test_old_failures_do_not_count_into_the_share(board: Board) -> None:
    for _ in range(4):
        board.fail()
        board.lease().succeeded()
    await board.clock.advance(62)
    board.fail()
    board.lease().succeeded()
    board.fail()
    assert board.view(ROUTE).state == "closed"


@pytest.mark.parametrize("kind", [kind for kind, rule in RULES.items() if not rule.counts_against_circuit])
async def test_the_callers_and_the_credentials_faults_never_open_it(board: Board, kind: FailureKind) -> None:
    for _ in range(12):
        board.lease().failed(Failure(kind))
        board.reset([ROUTE]) if RULES[kind].cools is Cools.ROUTE else None
    assert board.view(ROUTE).state == "closed"


@pytest.mark.parametrize("kind", [kind for kind, rule in RULES.items() if rule.counts_against_circuit])
async def test_what_the_route_causes_opens_it_timeouts_included(board: Board, kind: FailureKind) -> None:
    board.fail(5, Failure(kind))
    assert board.view(ROUTE).state == "open"


async def test_cancelled_calls_say_nothing(board: Board) -> None:
    board.fail(4)
    for _ in range(10):
        board.lease().released()
    assert board.view(ROUTE).failures == 4
    assert board.view(ROUTE).state == "closed"


async def test_a_longer_retry_after_wins(board: Board) -> None:
    board.fail(5, Failure(FailureKind.OVERLOADED, retry_after_s=90))
    blocked = board.wait(ROUTE)
    assert blocked is not None
    assert blocked.seconds == 90.0


# ---- half-open


async def test_of_twenty_that_enter_a_half_open_circuit_one_is_let_in(board: Board) -> None:
    board.fail(5)
    await board.clock.advance(30)
    admitted = [lease for _ in range(20) if (lease := board.enter(ROUTE)) is not None]
    assert len(admitted) == 1
    admitted[0].succeeded()
    assert board.view(ROUTE).state == "closed"
    assert board.steps() == [("closed", "open"), ("open", "half_open"), ("half_open", "closed")]


async def test_a_probe_that_fails_opens_it_for_twice_as_long_up_to_the_most(board: Board) -> None:
    board.fail(5)
    spans: list[float] = []
    for _ in range(5):
        blocked = board.wait(ROUTE)
        assert blocked is not None
        spans.append(blocked.seconds)
        await board.clock.advance(blocked.seconds)
        board.fail()
    assert spans == [30.0, 60.0, 120.0, 240.0, 300.0]


@pytest.mark.parametrize("end", [CircuitLease.released, lambda lease: lease.failed(Failure(FailureKind.BAD_REQUEST))])
async def test_a_probe_that_says_nothing_frees_its_place(board: Board, end: Callable[[CircuitLease], None]) -> None:
    board.fail(5)
    await board.clock.advance(30)
    lease = board.lease()
    assert board.enter(ROUTE) is None
    end(lease)
    assert board.view(ROUTE).state == "half_open"
    assert board.enter(ROUTE) is not None


async def test_a_probe_that_never_comes_back_gives_way_to_another(board: Board) -> None:
    board.fail(5)
    await board.clock.advance(30)
    board.lease()
    await board.clock.advance(119)
    assert board.enter(ROUTE) is None
    await board.clock.advance(1)
    assert board.enter(ROUTE) is not None


async def test_a_free_call_that_is_answered_lets_a_probe_in_at_once_but_closes_nothing(board: Board) -> None:
    board.fail(5)
    board.probe_answered(ROUTE)
    assert board.view(ROUTE).state == "half_open"
    lease = board.lease()
    assert board.enter(ROUTE) is None
    lease.succeeded()
    assert board.view(ROUTE).state == "closed"
    board.probe_answered(OTHER)
    assert board.view(OTHER).state == "closed"


async def test_forced_entry_is_a_probe(board: Board) -> None:
    board.fail(5)
    lease = board.enter(ROUTE, force=True)
    assert lease is not None
    assert lease.probe
    assert board.enter(ROUTE) is None


# ---- results that come late, twice, or never


async def test_results_of_calls_begun_before_the_last_transition_flip_nothing(board: Board) -> None:
    early = [board.lease() for _ in range(3)]
    board.fail(5)
    early[0].succeeded()
    assert board.view(ROUTE).state == "open"
    await board.clock.advance(30)
    probe = board.lease()
    early[1].failed(DOWN)
    assert board.view(ROUTE).state == "half_open"
    probe.succeeded()
    early[2].failed(DOWN)
    assert board.view(ROUTE).failures == 0


async def test_a_lease_is_reported_once(board: Board) -> None:
    lease = board.lease()
    for _ in range(9):
        lease.failed(DOWN)
    lease.succeeded()
    assert board.view(ROUTE).failures == 1


# ---- resting without a circuit


@pytest.mark.parametrize(
    ("kind", "seconds"), [(FailureKind.MODEL_NOT_FOUND, HOUR), (FailureKind.UPSTREAM_RATE_LIMIT, 60.0)]
)
async def test_an_unknown_model_rests_an_hour_and_a_limited_upstream_a_minute(
    board: Board, kind: FailureKind, seconds: float
) -> None:
    board.fail(1, Failure(kind))
    blocked = board.wait(ROUTE)
    assert blocked is not None
    assert blocked.seconds == seconds
    assert kind.value.replace("_", " ") in blocked.reason
    assert board.view(ROUTE).state == "closed"
    await board.clock.advance(seconds)
    assert board.wait(ROUTE) is None


# ---- by hand, and what is told


async def test_a_reset_closes_and_keeps_the_history(board: Board) -> None:
    board.fail(5)
    board.reset([ROUTE])
    view = board.view(ROUTE)
    assert (view.state, view.retry_in_s, view.threshold) == ("closed", None, 5)
    assert [each.after for each in view.history] == ["open", "closed"]
    assert board.enter(ROUTE) is not None


async def test_every_move_is_told_and_stored(board: Board) -> None:
    board.fail(5)
    moved = [each for each in board.told if isinstance(each, CircuitMoved)]
    assert [(each.route, each.state, each.cause, each.retry_in_s) for each in moved] == [
        (ROUTE, "open", "server (500)", 30.0)
    ]
    record = board.record()
    assert (record.state, record.open_for_s, record.opened_at) == ("open", 30.0, board.clock.wall())


async def test_history_is_bounded(board: Board) -> None:
    for _ in range(60):
        board.fail(5)
        board.reset([ROUTE])
    assert len(board.view(ROUTE).history) == 50


# ---- other processes and restarts


async def test_another_process_sees_it_open_and_half_open_in_time(board: Board) -> None:
    board.fail(5)
    await board.clock.advance(10)
    later = Board(clock=board.clock)
    later.absorb([board.record()])
    blocked = later.wait(ROUTE)
    assert blocked is not None
    assert blocked.seconds == 20.0
    await board.clock.advance(20)
    later.lease().failed(DOWN)
    assert later.view(ROUTE).retry_in_s == 60.0


async def test_a_wall_clock_set_back_an_hour_lengthens_nothing(board: Board) -> None:
    board.fail(5)
    board.clock.set_back(HOUR)
    blocked = board.wait(ROUTE)
    assert blocked is not None
    assert blocked.seconds == 30.0
    later = Board(clock=board.clock)
    later.absorb([board.record()])
    blocked = later.wait(ROUTE)
    assert blocked is not None
    assert blocked.seconds <= 30.0


async def test_a_deadline_that_passed_while_nothing_ran_is_over() -> None:
    before = Board()
    before.fail(5)
    await before.clock.advance(HOUR)
    after = Board(clock=before.clock)
    after.absorb([before.record()])
    assert after.wait(ROUTE) is None


async def test_own_words_read_back_change_nothing(board: Board) -> None:
    board.fail(5)
    await board.clock.advance(30)
    probe = board.lease()
    board.absorb([board.record()])
    assert board.enter(ROUTE) is None
    probe.succeeded()
    assert board.view(ROUTE).state == "closed"


async def test_older_words_do_not_overrule_newer_ones(board: Board) -> None:
    board.fail(5)
    stale = board.record()
    await board.clock.advance(1)
    board.reset([ROUTE])
    board.absorb([stale])
    assert board.view(ROUTE).state == "closed"


# ---- any order of things


@given(st.lists(st.sampled_from(["ok", "fail", "cancel", "enter", "late", "wait", "probe", "reset"]), max_size=60))
@settings(max_examples=100, deadline=None)
def test_whatever_happens_at_most_one_probe_is_out_and_every_lease_comes_back(steps: list[str]) -> None:
    """While half-open nobody enters beside the probe; after a success of the latest lease nothing is blocked."""
    board, out = Board(CircuitSettings(failures=2)), list[CircuitLease]()
    now = 0.0
    for step in steps:
        if step == "enter" or not out:
            before = board.view(ROUTE).state
            lease = board.enter(ROUTE)
            if lease is not None:
                if before != "closed":
                    assert lease.probe
                    assert board.enter(ROUTE) is None
                out.append(lease)
        elif step == "ok":
            out.pop().succeeded()
        elif step == "fail":
            out.pop().failed(DOWN)
        elif step == "late":
            out.pop(0).failed(DOWN)
        elif step == "cancel":
            out.pop().released()
        elif step == "wait":
            now += 30
            board.clock._jump(1_000.0 + now)
        elif step == "probe":
            board.probe_answered(ROUTE)
        else:
            board.reset([ROUTE])
        blocked = board.wait(ROUTE)
        assert (blocked is None) == (board.view(ROUTE).retry_in_s is None)
        assert blocked is None or blocked.seconds <= 300


def test_asking_costs_little_where_nothing_failed() -> None:
    board = Board()
    began = time.perf_counter()
    for _ in range(20_000):
        board.wait(ROUTE)
        lease = board.enter(ROUTE)
        assert lease is not None
        lease.succeeded()
    assert (time.perf_counter() - began) / 20_000 < 50e-6
    assert board.views() == []
