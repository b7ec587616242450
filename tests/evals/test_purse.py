"""A sum of money that is never passed, however many spend of it at once."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clawtui.evals.purse import SLACK_USD, Purse, Spent
from tests.house import settle

CENTS = st.integers(0, 50).map(lambda cents: cents / 100)


@settings(max_examples=100, deadline=None)
@given(CENTS, st.lists(st.tuples(CENTS, st.floats(0, 1)), max_size=12))
def test_what_is_spent_and_held_never_passes_the_sum(limit: float, calls: list[tuple[float, float]]) -> None:
    """Each call costs a share of the most that it could, and the ones that do not fit raise Spent."""

    async def scene() -> None:
        purse, held, refused = Purse(limit), 0.0, 0

        async def call(worst: float, share: float) -> None:
            nonlocal held, refused
            try:
                taken = await purse.take(worst)
            except Spent:
                refused += 1
                return
            held += taken
            assert purse.spent_usd + held <= limit + 2 * SLACK_USD
            await settle(2)
            held -= taken
            purse.settle(taken, worst * share)

        async with asyncio.timeout(5):
            await asyncio.gather(*(call(worst, share) for worst, share in calls))
        assert purse.spent_usd <= limit + 2 * SLACK_USD
        if sum(worst for worst, _ in calls) <= limit:
            assert refused == 0

    asyncio.run(scene())


async def test_what_is_held_is_waited_for_and_what_is_spent_is_not() -> None:
    purse = Purse(1.0)
    held = await purse.take(0.9)
    waiting = asyncio.create_task(purse.take(0.5))
    await settle()
    assert not waiting.done()
    purse.settle(held, 0.6)
    with pytest.raises(Spent, match=r"the next call could pass \$1"):
        await waiting


async def test_the_most_that_may_be_gone_is_noted_before_each_call() -> None:
    noted: list[float] = []

    async def note(usd: float) -> None:
        noted.append(usd)

    purse = Purse(None, 1.0, note)
    first = await purse.take(0.5)
    await purse.take(0.25)
    purse.settle(first, 0.125)
    await purse.take(0.5)
    assert noted == [1.5, 1.75, 1.875]


async def test_who_is_cancelled_while_it_is_noted_holds_nothing() -> None:
    noted = asyncio.Event()

    async def note(usd: float) -> None:
        await noted.wait()

    purse = Purse(1.0, 0.0, note)
    taking = asyncio.create_task(purse.take(1.0))
    await settle()
    taking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await taking
    noted.set()
    async with asyncio.timeout(1):
        assert await purse.take(1.0) == 1.0


async def test_without_a_limit_nothing_is_held_and_unknown_prices_are_fine() -> None:
    purse = Purse(None)
    assert await purse.take(None) == 0.0
    with pytest.raises(Spent, match="a price is unknown"):
        await Purse(1.0).take(None)
