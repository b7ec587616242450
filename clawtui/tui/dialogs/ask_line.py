"""One line of text, or several, asked for in a dialog."""

from __future__ import annotations

from collections.abc import Iterable

from textual.widget import Widget
from textual.widgets import Input

from clawtui.text import clean
from clawtui.tui.widgets.dialog import Choice, Dialog, Sentence
from clawtui.tui.widgets.text_box import TextBox


class AskLine(Dialog[str]):
    """Ends with the text, or None for `esc`."""

    def __init__(self, title: str, text: str = "", *, about: str = "", yes: str = "Ok") -> None:
        super().__init__(title, (Choice("cancel", "Cancel"), Choice("ok", yes, variant="primary")))
        self._text, self._about = clean(text), about

    def body(self) -> Iterable[Widget]:
        if self._about:
            yield Sentence(self._about, classes="muted")
        yield Input(self._text, compact=True)

    def enter_does(self) -> str:
        return self.choices[-1].label

    def on_mount(self) -> None:
        self.query_one(Input).focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.pressed("ok")

    def pressed(self, choice: str) -> None:
        self.dismiss(self.query_one(Input).value if choice == "ok" else None)


class AskText(Dialog[str]):
    """Several lines: `tab` leaves the box."""

    def __init__(self, title: str, text: str = "", *, about: str = "", yes: str = "Ok") -> None:
        super().__init__(title, (Choice("cancel", "Cancel"), Choice("ok", yes, variant="primary")))
        self._text, self._about = clean(text), about

    def body(self) -> Iterable[Widget]:
        if self._about:
            yield Sentence(self._about, classes="muted")
        yield TextBox(self._text, tab_behavior="focus", classes="ask-text")

    def on_mount(self) -> None:
        self.query_one(TextBox).focus()

    def pressed(self, choice: str) -> None:
        self.dismiss(self.query_one(TextBox).text if choice == "ok" else None)
