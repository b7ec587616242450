"""The panes: found by name, imported and mounted on first visit, told when they come to the front and when they go."""

from __future__ import annotations

import importlib
from importlib.util import find_spec
from typing import TYPE_CHECKING

from textual.widgets import ContentSwitcher

from clawtui.tui.actions import PANES, Where
from clawtui.tui.tabs import Tab

if TYPE_CHECKING:
    from clawtui.tui.desk import Desk
    from clawtui.tui.pane import Pane


def areas() -> tuple[Where, ...]:
    """The panes there are, in the order of their keys. A look at files, nothing is imported."""
    return tuple(area for area in PANES if find_spec(f"clawtui.tui.panes.{area.value}") is not None)


def tabs() -> tuple[Tab, ...]:
    numbers = {area: str(number) for number, area in enumerate(PANES, 1)}
    return tuple(Tab(area.value, numbers[area], area.value.capitalize()) for area in areas())


class Panes(ContentSwitcher):
    def __init__(self) -> None:
        super().__init__(id="panes")
        self.areas = tuple(area.value for area in areas())
        self.shown: Pane | None = None
        self._mounted: dict[str, Pane] = {}

    @property
    def all_mounted(self) -> tuple[Pane, ...]:
        return tuple(self._mounted.values())

    async def show(self, area: str, desk: Desk) -> Pane:
        """The pane of that name, or the first where there is none of it."""
        area = area if area in self.areas else self.areas[0]
        pane = self._mounted.get(area)
        if pane is None:
            pane = self._mounted[area] = _pane_class(area)(desk)
            pane.display = False
            await self.mount(pane)
        before, self.shown = self.shown, pane
        if before is pane:
            return pane
        if before is not None:
            before.hidden()
        self.current = pane.id
        pane.shown()
        pane.focus_main()
        return pane

    def beside(self, step: int) -> str:
        now = self.areas.index(self.shown.AREA) if self.shown is not None else 0
        return self.areas[(now + step) % len(self.areas)]


def _pane_class(area: str) -> type[Pane]:
    found: type[Pane] = getattr(importlib.import_module(f"clawtui.tui.panes.{area}"), f"{area.capitalize()}Pane")
    return found
