"""Traces window by window from the file, as the table wants them."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence

from clawtui.runtime import Runtime
from clawtui.store.traces import ORDERS, TraceFilter, TraceRow
from clawtui.tui.desk import Desk
from clawtui.tui.state.traces import Narrowed
from clawtui.tui.widgets.table_rows import Filter, Sort


class TraceSource:
    """`narrowed` says what `f` has chosen; what was typed comes with each call."""

    def __init__(self, desk: Desk, narrowed: Callable[[], Narrowed]) -> None:
        self._desk = desk
        self._narrowed = narrowed

    def _wanted(self, filter: Filter) -> TraceFilter:
        return self._narrowed().wanted(filter.words, filter.values)

    async def count(self, filter: Filter, sort: Sort | None) -> int:
        wanted = self._wanted(filter)

        async def read(runtime: Runtime) -> int:
            return await runtime.store.traces.count(wanted)

        return await self._desk.do(read)

    async def fetch(self, filter: Filter, sort: Sort | None, start: int, count: int) -> Sequence[TraceRow]:
        wanted = self._wanted(filter)
        order = sort.column if sort is not None and sort.column in ORDERS else "at"
        rising = sort is not None and not sort.descending

        async def read(runtime: Runtime) -> Sequence[TraceRow]:
            return await runtime.store.traces.window(start, count, wanted, order, rising=rising)

        return await self._desk.do(read)

    async def index_of(self, filter: Filter, sort: Sort | None, key: Hashable) -> int | None:
        """Known for the usual order only: elsewhere the cursor keeps its line."""
        if sort is not None and sort.column != "at":
            return None
        wanted = self._wanted(filter)

        async def read(runtime: Runtime) -> int | None:
            return await runtime.store.traces.place_of(str(key), wanted)

        place = await self._desk.do(read)
        if place is None or sort is None or sort.descending:
            return place
        return await self.count(filter, sort) - 1 - place
