"""A box to tick. Whether it is ticked is told by a character, not by a colour alone."""

from __future__ import annotations

from textual.widgets import Checkbox


class Tick(Checkbox):
    def __init__(self, label: str, *, value: bool = False, id: str | None = None) -> None:
        super().__init__(label, value, id=id, compact=True)
        self._draw()

    def _draw(self) -> None:
        self.BUTTON_INNER = "x" if self.value else " "
        self.BUTTON_LEFT, self.BUTTON_RIGHT = "[", "]"

    def watch_value(self) -> None:
        self._draw()
        super().watch_value()
