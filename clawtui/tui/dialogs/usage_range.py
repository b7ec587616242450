"""Two days for a range of one's own. What is wrong with one stands below it."""

from __future__ import annotations

from collections.abc import Iterable

from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input, Static

from clawtui.tui.state.usage import Chosen, Range, read_day, wrong_day
from clawtui.tui.widgets.dialog import Choice, Dialog, Sentence


class UsageRange(Dialog[Chosen]):
    def __init__(self, first: str, last: str) -> None:
        super().__init__("From which day to which?", (Choice("cancel", "Cancel"), Choice("show", "Show")))
        self._days_given = (first, last)

    def body(self) -> Iterable[Widget]:
        yield Sentence("First day")
        yield Input(self._days_given[0], id="first-day", compact=True, placeholder="2026-01-31")
        yield Static("", id="first-wrong", classes="state-bad", markup=False)
        yield Sentence("Last day")
        yield Input(self._days_given[1], id="last-day", compact=True, placeholder="2026-01-31")
        yield Static("", id="last-wrong", classes="state-bad", markup=False)

    def on_mount(self) -> None:
        self.query_one("#first-day").focus()

    @property
    def _days(self) -> tuple[str, str]:
        return self.query_one("#first-day", Input).value, self.query_one("#last-day", Input).value

    def _check(self) -> bool:
        first, last = self._days
        wrong = (wrong_day(first, last, is_last=False), wrong_day(last, first, is_last=True))
        for name, words in zip(("#first-wrong", "#last-wrong"), wrong, strict=True):
            self.query_one(name, Static).update(Content(words))
        return not any(wrong)

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self._check()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.pressed("show")

    def pressed(self, choice: str) -> None:
        if choice != "show":
            self.dismiss(None)
        elif self._check():
            first, last = self._days
            self.dismiss(Chosen(Range.CUSTOM, read_day(first), read_day(last)))
