"""How many calls run at once: one row of slots a provider, shared by all requests of the process."""

from __future__ import annotations

import asyncio
from collections import deque


class Slots:
    def __init__(self) -> None:
        self._taken: dict[str, int] = {}
        self._waiting: dict[str, deque[asyncio.Future[None]]] = {}

    def take_now(self, provider: str, limit: int) -> Slot | None:
        """A slot, if one is free and nobody waits for it."""
        if self._taken.get(provider, 0) >= limit or self._waiting.get(provider):
            return None
        self._taken[provider] = self._taken.get(provider, 0) + 1
        return Slot(self, provider)

    async def take(self, provider: str, limit: int) -> Slot:
        """Waits for a free slot, first come first served. The limit may differ from call to call: config reloads."""
        if (slot := self.take_now(provider, limit)) is not None:
            return slot
        queue = self._waiting.setdefault(provider, deque())
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        queue.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._pass_on(provider)  # our turn came in the moment we left
            else:
                queue.remove(turn)
            raise
        return Slot(self, provider)  # handed over: the count already holds it

    def _pass_on(self, provider: str) -> None:
        queue = self._waiting.get(provider, ())
        while queue:
            turn = queue.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self._taken[provider] -= 1


class Slot:
    __slots__ = ("_provider", "_slots")

    def __init__(self, slots: Slots, provider: str) -> None:
        self._slots: Slots | None = slots
        self._provider = provider

    def give_back(self) -> None:
        if self._slots is not None:
            self._slots._pass_on(self._provider)
            self._slots = None
