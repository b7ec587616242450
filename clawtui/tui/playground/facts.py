"""What stands below an answer: who gave it, instead of whom and why, how long it took and what it cost."""

from __future__ import annotations

from collections.abc import Sequence

from clawtui.tui.state.conversation import Entry, answer_lines
from clawtui.tui.widgets.parts import PartLine, wrap
from clawtui.tui.widgets.toned import Toned


class FactsBelow(Toned):
    def __init__(self, entry: Entry) -> None:
        super().__init__(classes="facts")
        self._entry = entry
        self._told: PartLine | None = None

    def show(self, entry: Entry) -> None:
        self._entry, self._told = entry, None
        self.changed()

    def tell(self, line: PartLine) -> None:
        """In the place of the facts, until there are some."""
        if line != self._told:
            self._told = line
            self.changed()

    def lines(self, width: int) -> Sequence[PartLine]:
        return answer_lines(self._entry, width) if self._told is None else wrap(self._told, width)
