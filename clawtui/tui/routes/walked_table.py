"""A table that stands among other things in a panel: who goes on past its first or last row moves the panel instead, so
that everything around it can be read without a mouse."""

from __future__ import annotations

from typing import TypeVar

from textual.widget import Widget

from clawtui.tui.widgets.table import Table

R = TypeVar("R")


class WalkedTable(Table[R]):
    @property
    def _around(self) -> Widget:
        assert isinstance(self.parent, Widget)
        return self.parent

    @property
    def _is_at_end(self) -> bool:
        return self.cursor >= self.row_count - 1

    def action_up(self) -> None:
        if self.cursor <= 0:
            self._around.scroll_up(animate=False)
        else:
            super().action_up()

    def action_down(self) -> None:
        if self._is_at_end:
            self._around.scroll_down(animate=False)
        else:
            super().action_down()

    def action_page_up(self) -> None:
        if self.cursor <= 0:
            self._around.scroll_page_up(animate=False)
        else:
            super().action_page_up()

    def action_page_down(self) -> None:
        if self._is_at_end:
            self._around.scroll_page_down(animate=False)
        else:
            super().action_page_down()

    def action_first(self) -> None:
        if self.cursor <= 0:
            self._around.scroll_home(animate=False)
        else:
            super().action_first()

    def action_last(self) -> None:
        if self._is_at_end:
            self._around.scroll_end(animate=False)
        else:
            super().action_last()

    action_vim_up = action_up
    action_vim_down = action_down
    action_vim_first = action_first
    action_vim_last = action_last
