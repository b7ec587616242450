"""What a circuit keeps through transitions, late results, several processes and a wall clock that goes backwards."""

from __future__ import annotations

from clawtui.engine.failures import Failure, FailureKind
from clawtui.engine.ports import CircuitRecord
from tests.engine.test_circuit import DOWN, HOUR, ROUTE, Board

UNKNOWN_MODEL = Failure(FailureKind.MODEL_NOT_FOUND, status=404)


async def test_successes_before_the_first_failure_count_into_the_share() -> None:
    board = Board()
    for _ in range(90):
        board.lease().succeeded()
    for _ in range(6):
        board.fail()
        board.lease().succeeded()
    assert board.view(ROUTE).state == "closed"


async def test_a_forced_entry_does_not_join_a_probe_that_is_out() -> None:
    board = Board()
    board.fail(5)
    assert board.enter(ROUTE, force=True) is not None
    assert board.enter(ROUTE, force=True) is None


async def test_an_expired_probe_that_returns_does_not_free_the_place_of_the_next() -> None:
    board = Board()
    board.fail(5)
    await board.clock.advance(30)
    lost = board.lease()
    await board.clock.advance(120)
    board.lease()
    lost.released()
    assert board.enter(ROUTE) is None


async def test_a_success_begun_before_a_rest_does_not_end_it() -> None:
    board = Board()
    early = board.lease()
    board.fail(1, UNKNOWN_MODEL)
    early.succeeded()
    assert board.wait(ROUTE) is not None


async def test_a_rest_is_told_once_for_many_calls_that_were_under_way() -> None:
    board = Board()
    leases = [board.lease() for _ in range(10)]
    for lease in leases:
        lease.failed(UNKNOWN_MODEL)
    assert len(board.told) == 1


async def test_an_answer_during_a_rest_ends_it_for_other_processes_too() -> None:
    board = Board()
    board.fail(1, UNKNOWN_MODEL)
    forced = board.enter(ROUTE, force=True)
    assert forced is not None
    forced.succeeded()
    assert board.wait(ROUTE) is None
    other = Board(clock=board.clock)
    other.absorb([each for each in board.state.saved if isinstance(each, CircuitRecord)])
    assert other.wait(ROUTE) is None


async def test_a_rest_outlives_the_moves_of_its_circuit_on_disk() -> None:
    board = Board()
    board.fail(5)
    board.rest(ROUTE, HOUR, "model not found")
    await board.clock.advance(10)
    board.probe_answered(ROUTE)
    other = Board(clock=board.clock)
    other.absorb([board.record()])
    blocked = other.wait(ROUTE)
    assert blocked is not None
    assert blocked.seconds == HOUR - 10


async def test_a_rest_does_not_lengthen_an_open_circuit_on_disk() -> None:
    board = Board()
    board.fail(5)
    await board.clock.advance(20)
    board.rest(ROUTE, 1.0, "upstream rate limit")
    await board.clock.advance(1)
    other = Board(clock=board.clock)
    other.absorb([board.record()])
    blocked = other.wait(ROUTE)
    assert blocked is not None
    assert blocked.seconds == 9.0


async def test_news_after_the_wall_clock_was_set_back_are_still_the_newest() -> None:
    board = Board()
    board.fail(5)
    stale = board.record()
    board.clock.set_back(HOUR)
    await board.clock.advance(30)
    board.lease().succeeded()
    assert board.record().changed_at > stale.changed_at
    board.absorb([stale])
    assert board.view(ROUTE).state == "closed"


async def test_a_busy_route_with_some_failures_keeps_a_bounded_count() -> None:
    board = Board()
    for _ in range(100):
        for _ in range(50):
            board.lease().succeeded()
        board.lease().failed(DOWN)
        await board.clock.advance(1)
    assert board.view(ROUTE).state == "closed"
    assert len(board._window(ROUTE)._seconds) <= 61
