"""What a table's columns are, and how they fit into a width: who gets how many cells, and who goes when it is narrow."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Generic, TypeVar

from clawtui.tui.widgets.parts import PartLine

R = TypeVar("R")
CellValue = str | PartLine


def plain(value: CellValue) -> str:
    return value if isinstance(value, str) else "".join(text for text, _ in value)


class Align(StrEnum):
    LEFT = "left"
    RIGHT = "right"


# Without slots: `Column[Row](…)` sets an attribute on the instance, which Python 3.11 cannot do on frozen slots.
@dataclass(frozen=True)
class Column(Generic[R]):
    """One column. With `width` it is fixed; without, it takes `share` parts of what is left, `least` cells at least."""

    key: str
    label: str
    show: Callable[[R], CellValue]
    width: int = 0
    least: int = 6
    share: int = 1
    most: int = 0  # cells beyond which more room would only be blank; 0: none
    align: Align = Align.LEFT
    priority: int = 1  # narrow tables drop the highest first; 0 stays
    order: Callable[[R], Any] | None = None  # None: cannot be sorted by; a value of None sorts last
    sorted_by_source: bool = False  # a source sorts by it, `order` is not needed
    keeps_end: bool = False  # cut in the middle
    filters: bool = True  # whether the filter looks at it
    is_dated: bool = False  # what it shows changes with the clock, such as an age

    @property
    def is_sortable(self) -> bool:
        return self.order is not None or self.sorted_by_source


@dataclass(frozen=True)
class Fitted(Generic[R]):
    column: Column[R]
    x: int
    width: int


WIDE_GAP = 2
NARROW_GAP = 1


def fit(columns: Sequence[Column[R]], width: int) -> tuple[Fitted[R], ...]:
    """Columns that have room, in their order. What does not fit goes by priority; the last one is squeezed."""
    if width <= 0 or not columns:
        return ()
    kept = list(columns)
    gap = WIDE_GAP if _needed(kept, WIDE_GAP) <= width else NARROW_GAP
    while len(kept) > 1 and _needed(kept, gap) > width:
        # The rightmost of those that matter least.
        kept.remove(max(reversed(kept), key=lambda column: column.priority))
    spare = width - _needed(kept, gap)
    shares = sum(column.share for column in kept if not column.width)
    fitted: list[Fitted[R]] = []
    x = 0
    for column in kept:
        cells = column.width or column.least
        if not column.width and spare > 0:
            extra = spare * column.share // shares
            if column.most:
                extra = min(extra, max(0, column.most - cells))
            spare, shares = spare - extra, shares - column.share
            cells += extra
        cells = min(cells, width - x)
        fitted.append(Fitted(column, x, cells))
        x += cells + gap
    return tuple(fitted)


def _needed(columns: Sequence[Column[R]], gap: int) -> int:
    return sum(column.width or column.least for column in columns) + gap * (len(columns) - 1)
