"""The keys of a list: what `list.VERB` does to anything that has a cursor and columns to sort by."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar

from clawtui.tui.actions import Where
from clawtui.tui.widgets.columns import Column
from clawtui.tui.widgets.keyed import Keyed
from clawtui.tui.widgets.table_rows import Sort


class ListKeys(Keyed):
    WHERE: ClassVar[Where] = Where.LIST
    columns: Sequence[Column[Any]]

    @property
    @abstractmethod
    def cursor(self) -> int: ...

    @property
    @abstractmethod
    def row_count(self) -> int: ...

    @property
    @abstractmethod
    def page_height(self) -> int: ...

    @property
    @abstractmethod
    def sort(self) -> Sort | None: ...

    @abstractmethod
    def set_sort(self, sort: Sort | None) -> None: ...

    @abstractmethod
    def move_to(self, place: int) -> None: ...

    @abstractmethod
    def action_select(self) -> None: ...

    def action_up(self) -> None:
        self.move_to(self.cursor - 1)

    def action_down(self) -> None:
        self.move_to(self.cursor + 1)

    def action_page_up(self) -> None:
        self.move_to(self.cursor - max(1, self.page_height - 1))

    def action_page_down(self) -> None:
        self.move_to(self.cursor + max(1, self.page_height - 1))

    def action_first(self) -> None:
        self.move_to(0)

    def action_last(self) -> None:
        self.move_to(self.row_count - 1)

    action_vim_up = action_up
    action_vim_down = action_down
    action_vim_first = action_first
    action_vim_last = action_last

    def action_sort_previous(self) -> None:
        self._sort_beside(-1)

    def action_sort_next(self) -> None:
        self._sort_beside(1)

    def action_sort_reverse(self) -> None:
        if self.sort is not None:
            self.set_sort(Sort(self.sort.column, not self.sort.descending))

    def _sort_beside(self, step: int) -> None:
        sortable = [column.key for column in self.columns if column.is_sortable]
        if not sortable:
            return
        if self.sort is None or self.sort.column not in sortable:
            key = sortable[0 if step > 0 else -1]
        else:
            key = sortable[(sortable.index(self.sort.column) + step) % len(sortable)]
        self.set_sort(Sort(key, self.sort.descending if self.sort else False))
