"""Keeps a run within its sum: what may still be spent is held before a call and settled as what it cost. The most that
may be gone is noted before each call, so that a process that is killed in the middle of calls forgets nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

SLACK_USD = 1e-9  # what rounding makes of sums


class Spent(Exception):
    """The sum would be passed: the run stops here."""


async def _nowhere(usd: float) -> None:
    pass


class Purse:
    """`note` keeps what is spent and held, as a sum, where the next process finds it."""

    def __init__(
        self,
        limit_usd: float | None,
        spent_usd: float = 0.0,
        note: Callable[[float], Awaitable[None]] = _nowhere,
    ) -> None:
        self.limit_usd = limit_usd
        self.spent_usd = spent_usd
        self._note = note
        self._held = 0.0
        self._waiting: list[asyncio.Future[None]] = []

    async def take(self, worst_usd: float | None) -> float:
        """Waits while only what others hold is in the way: most calls cost far less than they could. Raises Spent."""
        if self.limit_usd is not None:
            await self._until_it_fits(worst_usd, self.limit_usd)
        held = worst_usd or 0.0
        self._held += held
        try:
            await self._note(self.spent_usd + self._held)
        except BaseException:
            self.settle(held, 0.0)
            raise
        return held

    async def _until_it_fits(self, worst_usd: float | None, limit_usd: float) -> None:
        if worst_usd is None:
            raise Spent("a price is unknown, so that the sum cannot be kept")
        limit = limit_usd + SLACK_USD
        while self.spent_usd + self._held + worst_usd > limit:
            if self.spent_usd + worst_usd > limit:
                raise Spent(f"the next call could pass ${limit_usd:g}")
            settled: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.append(settled)
            await settled

    def settle(self, held_usd: float, cost_usd: float | None) -> None:
        self._held = max(0.0, self._held - held_usd)
        self.spent_usd += cost_usd or 0.0
        waiting, self._waiting = self._waiting, []
        for settled in waiting:
            if not settled.done():
                settled.set_result(None)
