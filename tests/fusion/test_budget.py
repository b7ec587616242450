"""What a fusion reserves for its synthesizer is the synthesizer's: it is refused before an adviser is paid, or not at all."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from clawtui.config.schema import Retention
from clawtui.engine.memory import MemoryLedger
from clawtui.engine.outcome import AdviserOutcome, Outcome, Trace
from clawtui.engine.ports import Ledger, Prepaid, Spending
from clawtui.engine.request import Parent, RequestId, Stage
from clawtui.engine.verdicts import Skip
from clawtui.simulator import Fault, FaultKind, ModelScript, Script
from clawtui.store.store import Store
from tests.engine.builders import Present, a_plan
from tests.house import FakeClock, House, a_house, a_request
from tests.store.builders import NOON, a_trace, an_intent

FREE = {"price": {"input": 0, "output": 0}}
WRITER = {
    "provider": "three",
    "model": "writer",
    "price": {"input": 1, "output": 3},
    "defaults": {"max_tokens": 8_000},
}
DEAR = {"provider": "four", "model": "dear", "price": {"input": 1, "output": 6}, "defaults": {"max_tokens": 8_000}}
PROFILES: dict[str, Any] = {"first": {**FREE, "fallback_profiles": []}, "second": FREE, "writer": WRITER}
SCRIPT = Script(default=ModelScript(text="word " * 60))


@asynccontextmanager
async def a_ledger(kind: str, folder: Path, wall: Callable[[], float]) -> AsyncIterator[Ledger]:
    if kind == "memory":
        yield MemoryLedger(wall)
        return
    store = await Store.open(folder / "s.sqlite3", wall=wall, publish=lambda event: None)
    try:
        yield store.ledger
    finally:
        await store.aclose()


@asynccontextmanager
async def a_council(
    daily_usd: float, ledger: str, folder: Path, profiles: dict[str, Any] = PROFILES
) -> AsyncIterator[House]:
    """Two advisers and a writer under a budget, on the ledger that is named."""
    clock = FakeClock(auto=True)
    async with (
        a_ledger(ledger, folder, clock.wall) as book,
        a_house(
            SCRIPT,
            clock=clock,
            ledger=book,
            profiles=profiles,
            fusion={"duo": {"advisers": ["first", "second"], "synthesizer": "writer"}},
            policies={"default": {"budget": {"daily_usd": daily_usd}}},
        ) as house,
    ):
        yield house


async def council(house: House) -> Trace:
    return await house.ask("What is it?", target="fusion/duo")


LEDGERS = pytest.mark.parametrize("ledger", ["memory", "stored"])
WORST = 0.030_5  # of the writer with the largest proposals, rounded up
CALLS = ["one/alpha", "three/writer", "two/beta"]


@LEDGERS
async def test_a_budget_that_holds_the_worst_case_once_is_enough(ledger: str, tmp_path: Path) -> None:
    async with a_council(WORST, ledger, tmp_path) as house:
        trace = await council(house)
        assert (trace.outcome, trace.error) == (Outcome.OK, None)
        assert sorted(house.called()) == CALLS


@LEDGERS
async def test_a_budget_that_does_not_hold_it_refuses_before_any_call(ledger: str, tmp_path: Path) -> None:
    async with a_council(0.03, ledger, tmp_path) as house:
        trace = await council(house)
        assert (trace.outcome, trace.error and trace.error.kind) == (Outcome.REFUSED, "budget")
        assert house.called() == []


@LEDGERS
async def test_fusions_at_once_do_not_count_each_others_reservation_as_their_own(ledger: str, tmp_path: Path) -> None:
    async with a_council(2 * WORST, ledger, tmp_path) as house:
        traces = await asyncio.gather(council(house), council(house))
        assert [trace.outcome for trace in traces] == [Outcome.OK, Outcome.OK]


@LEDGERS
async def test_of_two_at_once_that_do_not_both_fit_the_second_makes_no_call(ledger: str, tmp_path: Path) -> None:
    async with a_council(1.9 * WORST, ledger, tmp_path) as house:
        traces = await asyncio.gather(council(house), council(house))
        assert sorted(trace.outcome for trace in traces) == [Outcome.OK, Outcome.REFUSED]
        assert sorted(house.called()) == CALLS


@LEDGERS
@pytest.mark.parametrize(("daily_usd", "writers"), [(0.055, ["dear", "writer"]), (0.048, ["writer"])])
async def test_a_dearer_stand_in_may_use_what_was_reserved_and_no_more_than_is_left(
    ledger: str, tmp_path: Path, daily_usd: float, writers: list[str]
) -> None:
    profiles = {**PROFILES, "writer": {**WRITER, "fallback_profiles": ["dear"]}, "dear": DEAR}
    async with a_council(daily_usd, ledger, tmp_path, profiles) as house:
        house.simulator.set_fault(Fault(FaultKind.STATUS, status=401), provider="three")
        trace = await council(house)
        assert sorted({each.model for each in house.simulator.requests} - {"alpha", "beta"}) == writers
        assert trace.outcome is (Outcome.OK if "dear" in writers else Outcome.FAILED)


@LEDGERS
@pytest.mark.parametrize("window", [6_000, 9_000, 14_000, None])
async def test_the_answer_is_no_longer_than_what_was_reserved_for_it(
    ledger: str, window: int | None, tmp_path: Path
) -> None:
    # With short proposals more of the window is left for the answer than the reservation could count on.
    writer = {**WRITER, "defaults": {}, "capabilities": {"max_context_tokens": window} if window else {}}
    async with a_council(1.0, ledger, tmp_path, {**PROFILES, "writer": writer}) as house:
        (first,) = house.engine.explain(a_request("What is it?", target="fusion/duo")).candidates
        assert first.reserve_usd is not None
    async with a_council(first.reserve_usd, ledger, tmp_path / "tight", {**PROFILES, "writer": writer}) as house:
        trace = await council(house)
        assert trace.outcome is Outcome.OK
        assert trace.plan.candidates[0].max_tokens == first.max_tokens


@LEDGERS
async def test_an_adviser_cannot_have_what_the_synthesizer_holds(ledger: str, tmp_path: Path) -> None:
    profiles = {**PROFILES, "second": {"price": {"input": 1, "output": 3}}}
    async with a_council(WORST + 0.000_1, ledger, tmp_path, profiles) as house:
        trace = await council(house)
        assert trace.outcome is Outcome.OK
        assert trace.fusion is not None
        assert [each.outcome for each in trace.fusion.advisers] == [AdviserOutcome.OK, AdviserOutcome.REFUSED]


@LEDGERS
async def test_what_was_admitted_stays_so_when_others_cost_more_than_they_reserved(ledger: str, tmp_path: Path) -> None:
    async with a_ledger(ledger, tmp_path, lambda: NOON) as book:
        assert await book.reserve(an_intent("writer", 0.03, limit=0.05)) is None
        assert await book.reserve(an_intent("adviser", 0.01, limit=0.05)) is None
        book.settle(a_trace("adviser", 0.09), Retention.METADATA)
        assert await book.reserve(an_intent("writer", 0.025, limit=0.05)) is None
        assert await book.reserve(an_intent("next", 0.001, limit=0.05)) is not None


def test_the_plan_of_a_prepaid_child_has_what_it_holds_and_what_is_left() -> None:
    def reasons(parent: Parent, spent_usd: float) -> list[Skip | None]:
        # 8,000 tokens of answer: a reservation of $0.0241, of which 0.03 is held already.
        plan = a_plan(
            {"writer": {"provider": "up", "model": "m", "price": {"input": 1, "output": 3}}},
            request=a_request(parent=parent, target="writer", max_tokens=8_000),
            present=Present(spent=Spending(spent_usd, 0.03, spent_usd, 0.03)),
            policies={"default": {"budget": {"daily_usd": 0.05}}},
        )
        return [entry.skip for entry in plan.entries]

    whole = RequestId("whole")
    for spent_usd in (0.0, 0.02, 0.04):
        assert reasons(Prepaid(whole, Stage.SYNTHESIZER, held_usd=0.03), spent_usd) == [None]
        assert reasons(Parent(whole, Stage.RESYNTHESIS), spent_usd) == [Skip.BUDGET]


async def test_a_resynthesis_is_paid_as_any_request(tmp_path: Path) -> None:
    async with a_council(WORST, "memory", tmp_path) as house:
        again = house.engine.resynthesis(await council(house), "writer")
        asked = await asyncio.gather(house.engine.ask(again), house.engine.ask(again))
        assert sorted(trace.outcome for trace in asked) == [Outcome.OK, Outcome.REFUSED]
