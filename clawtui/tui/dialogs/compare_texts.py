"""Two texts and what is different between them."""

from __future__ import annotations

from collections.abc import Iterable

from textual.widget import Widget

from clawtui.tui.widgets.dialog import Choice, Dialog, Sentence
from clawtui.tui.widgets.diff_view import DiffView


class CompareTexts(Dialog[None]):
    def __init__(self, title: str, old: str, new: str, *, about: str = "") -> None:
        super().__init__(title, (Choice("close", "Close"),), first="close", classes="-wide")
        self._old, self._new, self._about = old, new, about

    def body(self) -> Iterable[Widget]:
        if self._about:
            yield Sentence(self._about, classes="muted")
        yield DiffView(self._old, self._new)
