"""Rows of a source, page by page: what has been fetched, what is wanted next. Knows nothing of the screen."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import Generic, TypeVar

R = TypeVar("R")

PAGE = 100
KEPT_PAGES = 24


class Pages(Generic[R]):
    """Fetched rows by place. `generation` counts the resets: what was asked for before one is of no use after it."""

    def __init__(self) -> None:
        self.count = 0
        self.generation = 0
        self._pages: OrderedDict[int, Sequence[R]] = OrderedDict()
        self._stale: OrderedDict[int, Sequence[R]] = OrderedDict()

    def reset(self, count: int, *, keep_stale: bool) -> None:
        """Everything must be fetched anew. Stale rows are shown until then, so that a refresh does not flicker."""
        self._stale = OrderedDict((page, rows) for page, rows in self._pages.items()) if keep_stale else OrderedDict()
        self._pages.clear()
        self.count = count
        self.generation += 1

    def put(self, start: int, rows: Sequence[R]) -> None:
        for offset in range(0, len(rows), PAGE):
            self._pages[(start + offset) // PAGE] = rows[offset : offset + PAGE]
        while len(self._pages) > KEPT_PAGES:
            self._pages.popitem(last=False)

    def at(self, place: int) -> R | None:
        page, offset = divmod(place, PAGE)
        rows = self._pages.get(page)
        if rows is None:
            rows = self._stale.get(page, ())
        return rows[offset] if offset < len(rows) else None

    def missing(self, first: int, last: int) -> tuple[int, int] | None:
        """Start and count of what must be fetched to show these places; None where nothing is wanted."""
        first, last = max(0, first), min(last, self.count - 1)
        wanted = (
            [page for page in range(first // PAGE, last // PAGE + 1) if page not in self._pages]
            if last >= first
            else []
        )
        if not wanted:
            return None
        start = wanted[0] * PAGE
        return start, min((wanted[-1] + 1) * PAGE, self.count) - start
