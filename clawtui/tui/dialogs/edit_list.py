"""A list of a form: chips that are walked, removed, put in another order; a line below takes or picks a new one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from textual.content import Content
from textual.suggester import SuggestFromList
from textual.widget import Widget
from textual.widgets import Input, Static

from clawtui.tui.widgets.chips import Chips
from clawtui.tui.widgets.dialog import Choice, Dialog, Sentence


class EditList(Dialog[tuple[str, ...]]):
    """Ends with the list, None for `esc`. `wrong` says why a text cannot be an item."""

    def __init__(
        self, title: str, about: str, values: Sequence[str], known: Sequence[str], wrong: Callable[[str], str]
    ) -> None:
        super().__init__(
            title, (Choice("cancel", "Cancel"), Choice("take", "Take", variant="primary")), classes="-wide"
        )
        self._about = about
        self._at_first = tuple(values)
        self._known = tuple(known)
        self._wrong = wrong

    def body(self) -> Iterable[Widget]:
        yield Sentence(self._about, classes="muted")
        yield Chips(self._at_first, can_move=True, empty="nothing in it", id="list-items")
        yield Sentence("←→ walk, alt+↑↓ move, del removes; enter in the line below adds", classes="muted")
        yield Input("", id="list-new", compact=True, suggester=SuggestFromList(self._known, case_sensitive=False))
        yield Static("", id="list-wrong", classes="state-bad", markup=False)
        if self._known:
            yield Sentence("there is " + ", ".join(self._known[:30]), classes="muted")

    def on_mount(self) -> None:
        super().on_mount()
        self.query_one(Input).focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        text = event.value.strip()
        self.query_one("#list-wrong", Static).update(Content(self._wrong(text) if text else ""))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """With something typed it is added; with nothing the list is taken."""
        event.stop()
        text = event.value.strip()
        if not text:
            self.pressed("take")
        elif not self._wrong(text):
            chips = self.query_one(Chips)
            chips.show((*chips.values, text))
            self.query_one(Input).value = ""

    def on_chips_changed(self, event: Chips.Changed) -> None:
        event.stop()

    def pressed(self, choice: str) -> None:
        self.dismiss(self.query_one(Chips).values if choice == "take" else None)
