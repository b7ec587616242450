"""The rows of a table without a screen: filter, order, and where a key stands. Pure; sources for more rows than memory."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from clawtui.tui.widgets.columns import Column, plain

R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Sort:
    column: str
    descending: bool = False

    def __str__(self) -> str:
        return f"-{self.column}" if self.descending else self.column


def read_sort(text: str) -> Sort | None:
    """Back from `str(sort)`, as it is remembered."""
    if not text:
        return None
    return Sort(text.removeprefix("-"), text.startswith("-"))


@dataclass(frozen=True, slots=True)
class Filter:
    """All must be found: words anywhere in the row, values in their column. Upper and lower case are the same."""

    words: tuple[str, ...] = ()
    values: tuple[tuple[str, str], ...] = ()  # column key and text
    text: str = ""  # as it was typed

    def __bool__(self) -> bool:
        return bool(self.words or self.values)


def read_filter(text: str, columns: Sequence[Column[Any]]) -> Filter:
    """`gpt state:open` → words and column values. What names no column is a word: `qwen3:8b` finds that model."""
    words: list[str] = []
    values: list[tuple[str, str]] = []
    for part in text.casefold().split():
        name, colon, value = part.partition(":")
        column = _column_named(name, columns) if colon and name else None
        if column is None:
            words.append(part)
        elif value:
            values.append((column.key, value))
    return Filter(tuple(words), tuple(values), text)


def _column_named(name: str, columns: Sequence[Column[Any]]) -> Column[Any] | None:
    names = [(column, column.key.casefold(), column.label.casefold()) for column in columns]
    exact = [column for column, key, label in names if name in (key, label)]
    begun = [column for column, key, label in names if key.startswith(name) or label.startswith(name)]
    return next(iter(exact or begun), None)


class RowSource(Protocol[R_co]):
    """Rows fetched window by window, so that 100,000 cost no more than what is seen. Order and filter are the source's."""

    async def count(self, filter: Filter, sort: Sort | None) -> int: ...

    async def fetch(self, filter: Filter, sort: Sort | None, start: int, count: int) -> Sequence[R_co]: ...

    async def index_of(self, filter: Filter, sort: Sort | None, key: Hashable) -> int | None:
        """Where a key stands now; None where that is unknown or costs too much: the cursor then keeps its place."""
        ...


class Rows(Generic[R]):
    """Rows held in memory, as they are shown."""

    def __init__(self, columns: Sequence[Column[R]], key: Callable[[R], Hashable], sort: Sort | None = None) -> None:
        self._columns = tuple(columns)
        self._key = key
        self._all: Sequence[R] = ()
        self._texts: dict[Hashable, tuple[R, tuple[str, ...]]] = {}
        self.filter = Filter()
        self.sort = sort
        self.shown: list[R] = []
        self._places: dict[Hashable, int] = {}

    @property
    def total(self) -> int:
        return len(self._all)

    def show(self, rows: Sequence[R]) -> None:
        self._all = rows
        self._arrange()

    def set_filter(self, filter: Filter) -> None:
        self.filter = filter
        self._arrange()

    def set_sort(self, sort: Sort | None) -> None:
        self.sort = sort
        self._arrange()

    def place_of(self, key: Hashable) -> int | None:
        return self._places.get(key)

    def best(self, key: Hashable) -> int | None:
        """Where the cursor goes for this filter: to what is called so before what merely mentions it, the first of
        equals. None: it stays on `key`, which is as good."""
        if not self.shown:
            return None
        ranks = [self._rank(row) for row in self.shown]
        least = min(ranks)
        place = self._places.get(key)
        return None if place is not None and ranks[place] == least else ranks.index(least)

    def _rank(self, row: R) -> int:
        """0: its name holds all words whole; 1: its name has words that begin so; 2: it is found elsewhere in the row."""
        texts = self._texts_of(row)
        names = [
            word for place, column in enumerate(self._columns) if column.priority == 0 for word in texts[place].split()
        ]
        if all(word in names for word in self.filter.words):
            return 0
        return 1 if all(any(name.startswith(word) for name in names) for word in self.filter.words) else 2

    def _arrange(self) -> None:
        rows = [row for row in self._all if self._passes(row)] if self.filter else list(self._all)
        if not self.filter:
            self._texts.clear()
        self.shown = self._ordered(rows)
        self._places = {self._key(row): place for place, row in enumerate(self.shown)}

    def _ordered(self, rows: list[R]) -> list[R]:
        sort = self.sort
        column = next((column for column in self._columns if sort and column.key == sort.column), None)
        if sort is None or column is None or column.order is None:
            return rows
        order = column.order
        known: list[tuple[Any, R]] = []
        unknown: list[R] = []
        for row in rows:
            value = order(row)
            if value is None:
                unknown.append(row)
            else:
                known.append((value, row))
        known.sort(key=lambda pair: pair[0], reverse=sort.descending)
        return [row for _, row in known] + unknown

    def _passes(self, row: R) -> bool:
        texts = self._texts_of(row)
        return all(any(word in text for text in texts) for word in self.filter.words) and all(
            value in texts[place]
            for key, value in self.filter.values
            for place, column in enumerate(self._columns)
            if column.key == key
        )

    def _texts_of(self, row: R) -> tuple[str, ...]:
        key = self._key(row)
        held = self._texts.get(key)
        if held is not None and (held[0] is row or held[0] == row):
            return held[1]
        texts = tuple(plain(column.show(row)).casefold() if column.filters else "" for column in self._columns)
        self._texts[key] = (row, texts)
        return texts
