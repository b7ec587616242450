"""What would change in the config file, before it does."""

from __future__ import annotations

from collections.abc import Iterable

from textual.containers import VerticalScroll
from textual.widget import Widget

from clawtui.text import clean
from clawtui.tui.widgets.dialog import Choice, Dialog, Sentence
from clawtui.tui.widgets.diff_view import DiffView


class SaveConfig(Dialog[str]):
    """Ends with `save`, `discard`, or None."""

    def __init__(self, file: str, before: str, after: str, *, note: str = "") -> None:
        choices = (
            Choice("cancel", "Cancel"),
            Choice("discard", "Discard the changes", variant="error"),
            Choice("save", "Save (y)", "y", "primary"),
        )
        super().__init__("Save the config", choices, first="save", classes="-wide")
        self._file, self._before, self._after, self._note = clean(file), before, after, note

    def body(self) -> Iterable[Widget]:
        yield Sentence(self._file, classes="muted")
        if self._note:
            yield Sentence(self._note, classes="state-warn")
        with VerticalScroll(id="save-diff", can_focus=True):
            yield DiffView(self._before, self._after)

    def pressed(self, choice: str) -> None:
        self.dismiss(None if choice == "cancel" else choice)
