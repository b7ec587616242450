"""Places at providers: never more than there are, all of what is wanted or nothing, and in the order of coming."""

from __future__ import annotations

import asyncio
from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from clawtui.evals.places import Places
from tests.house import settle


async def test_who_wants_several_is_not_passed_by_those_who_came_later() -> None:
    places, order, leave = Places(2), [], asyncio.Event()

    async def use(name: str, **wanted: int) -> None:
        async with places.taken(wanted):
            order.append(name)
            await leave.wait()

    async with asyncio.TaskGroup() as group:
        for name, wanted in (
            ("one", {"a": 1}),
            ("both", {"a": 2, "b": 1}),
            ("late", {"a": 1}),
            ("elsewhere", {"c": 1}),
        ):
            group.create_task(use(name, **wanted))
        await settle()
        assert order == ["one", "elsewhere"]
        leave.set()
    assert order == ["one", "elsewhere", "both", "late"]


async def test_who_gives_up_waiting_stands_in_nobodys_way() -> None:
    places, admitted = Places(1), asyncio.Event()

    async def use() -> None:
        async with places.taken({"a": 1}):
            admitted.set()

    async with places.taken({"a": 1}):
        impatient, patient = asyncio.create_task(use()), asyncio.create_task(use())
        await settle()
        impatient.cancel()
        await settle()
        assert not admitted.is_set()
    await patient
    assert admitted.is_set()


@settings(max_examples=50, deadline=None)
@given(
    st.integers(1, 3),
    st.lists(st.dictionaries(st.sampled_from("abc"), st.integers(1, 5), min_size=1), min_size=1, max_size=12),
)
def test_no_provider_is_ever_called_more_often_at_once_and_everybody_gets_a_turn(
    most: int, everybody: list[dict[str, int]]
) -> None:
    async def scene() -> None:
        places, busy = Places(most), Counter[str]()

        async def use(wanted: dict[str, int]) -> None:
            granted = {provider: min(count, most) for provider, count in wanted.items()}
            async with places.taken(wanted):
                busy.update(granted)
                assert all(count <= most for count in busy.values())
                await settle(3)
                busy.subtract(granted)

        async with asyncio.timeout(5):
            await asyncio.gather(*map(use, everybody))
        assert not any(busy.values())

    asyncio.run(scene())
