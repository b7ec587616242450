"""What a pane is: a widget of one area that is mounted on first visit, fed with events and asked about its actions."""

from __future__ import annotations

from typing import ClassVar

from textual.containers import Container
from textual.timer import Timer

from clawtui.engine.events import BusEvent
from clawtui.tui.desk import Desk
from clawtui.tui.widgets.table import Table


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

    def offers(self, verb: str) -> bool:
        """False where the key of an action is another's just now, such as esc where nothing can be cancelled."""
        return True

    def has_unsaved_changes(self) -> bool:
        return False

    def unfinished_work(self) -> str:
        """What leaving now would stop, in words; empty where there is nothing."""
        return ""

    def focus_main(self) -> None:
        """Puts the focus where a newcomer to the pane would want it."""


class LookingPane(Pane):
    """A pane of one table that looks at its data once a second while it is shown, and rests while it is not."""

    EVERY = 1.0

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._timer: Timer | None = None
        self._is_shown = False

    def on_mount(self) -> None:
        self._timer = self.set_interval(self.EVERY, self.look, pause=not self._is_shown)

    def look(self) -> None:
        """Reads and shows what there is now."""

    def shown(self) -> None:
        self._is_shown = True
        if self._timer is not None:
            self._timer.resume()
        self.look()

    def hidden(self) -> None:
        self._is_shown = False
        if self._timer is not None:
            self._timer.pause()

    def focus_main(self) -> None:
        self.query_one(Table).focus()
