"""So many calls at once for each provider. What calls several providers takes its places at all of them, or at none."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class _Waiter:
    wanted: Mapping[str, int]
    admitted: asyncio.Future[None]


class Places:
    def __init__(self, most: int) -> None:
        self._most = most
        self._taken: Counter[str] = Counter()
        self._queue: list[_Waiter] = []

    @asynccontextmanager
    async def taken(self, wanted: Mapping[str, int]) -> AsyncIterator[None]:
        """`wanted` is how many at which provider; nobody can want more than there are."""
        wanted = {provider: min(count, self._most) for provider, count in wanted.items()}
        waiter = _Waiter(wanted, asyncio.get_running_loop().create_future())
        self._queue.append(waiter)
        self._admit()
        try:
            await waiter.admitted
            yield
        finally:
            if waiter in self._queue:
                self._queue.remove(waiter)
            else:
                self._taken.subtract(wanted)
            self._admit()

    def _admit(self) -> None:
        """The longest waiting first: where it has to wait, nobody who came later goes before it."""
        contested: set[str] = set()
        for waiter in tuple(self._queue):
            fits = all(self._taken[provider] + count <= self._most for provider, count in waiter.wanted.items())
            if fits and contested.isdisjoint(waiter.wanted):
                self._taken.update(waiter.wanted)
                self._queue.remove(waiter)
                if not waiter.admitted.done():
                    waiter.admitted.set_result(None)
            else:
                contested.update(waiter.wanted)
