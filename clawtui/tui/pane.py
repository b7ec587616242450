"""What a pane is: a widget of one area that is mounted on first visit, fed with events and asked about its actions."""

from __future__ import annotations

from typing import ClassVar

from textual.containers import Container

from clawtui.engine.events import BusEvent
from clawtui.tui.desk import Desk


class Pane(Container, can_focus=False):
    """A pane implements its actions as `action_VERB` for ids `AREA.VERB` of the registry."""

    AREA: ClassVar[str] = ""
    TITLE: ClassVar[str] = ""

    def __init__(self, desk: Desk) -> None:
        super().__init__(id=f"pane-{self.AREA}")
        self.desk = desk

    def receive(self, events: tuple[BusEvent, ...]) -> None:
        """Bus events since the last time, at most ten times a second; also while the pane is hidden."""

    def shown(self) -> None:
        """The pane has come to the front."""

    def hidden(self) -> None:
        """Another pane has come to the front: timers rest."""

    def why_not(self, verb: str) -> str | None:
        """Why an action of this pane cannot be done now, in words; None where it can."""
        return None

    def has_unsaved_changes(self) -> bool:
        return False

    def focus_main(self) -> None:
        """Puts the focus where a newcomer to the pane would want it."""
