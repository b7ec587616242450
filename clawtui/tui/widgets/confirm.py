"""A question with yes and no. Where yes cannot be undone, or costs money, no has the focus."""

from __future__ import annotations

from collections.abc import Iterable

from textual.widget import Widget

from clawtui.text import clean
from clawtui.tui.widgets.dialog import Choice, Dialog, Sentence


class Confirm(Dialog[bool]):
    """Ends with True for yes, False for no, None for `esc`."""

    def __init__(self, title: str, text: str, *, yes: str = "Yes", no: str = "No", is_grave: bool = True) -> None:
        choices = (
            Choice("no", f"{no} (n)", "n"),
            Choice("yes", f"{yes} (y)", "y", "error" if is_grave else "primary"),
        )
        super().__init__(title, choices, first="no" if is_grave else "yes")
        self._text = clean(text)

    def body(self) -> Iterable[Widget]:
        yield Sentence(self._text)

    def pressed(self, choice: str) -> None:
        self.dismiss(choice == "yes")


class Told(Dialog[None]):
    """Something to read, and nothing to decide."""

    def __init__(self, title: str, text: str) -> None:
        super().__init__(title, (Choice("ok", "Close"),), first="ok")
        self._text = clean(text)

    def body(self) -> Iterable[Widget]:
        yield Sentence(self._text)
