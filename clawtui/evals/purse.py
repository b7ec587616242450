"""Keeps a run within its sum: what may still be spent is held before a call and settled as what it cost."""

from __future__ import annotations

import asyncio

SLACK_USD = 1e-9  # what rounding makes of sums


class Spent(Exception):
    """The sum would be passed: the run stops here."""


class Purse:
    def __init__(self, limit_usd: float | None, spent_usd: float = 0.0) -> None:
        self.limit_usd = limit_usd
        self.spent_usd = spent_usd
        self._held = 0.0
        self._waiting: list[asyncio.Future[None]] = []

    async def take(self, worst_usd: float | None) -> float:
        """Waits while only what others hold is in the way: most calls cost far less than they could. Raises Spent."""
        if self.limit_usd is None:
            return 0.0
        if worst_usd is None:
            raise Spent("a price is unknown, so that the sum cannot be kept")
        limit = self.limit_usd + SLACK_USD
        while self.spent_usd + self._held + worst_usd > limit:
            if self.spent_usd + worst_usd > limit:
                raise Spent(f"the next call could pass ${self.limit_usd:g}")
            settled: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.append(settled)
            await settled
        self._held += worst_usd
        return worst_usd

    def settle(self, held_usd: float, cost_usd: float | None) -> None:
        self._held = max(0.0, self._held - held_usd)
        self.spent_usd += cost_usd or 0.0
        waiting, self._waiting = self._waiting, []
        for settled in waiting:
            if not settled.done():
                settled.set_result(None)
