"""What stands in a conversation that has not begun: what this is, questions to begin with, the keys that matter."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from clawtui.text import cell_width
from clawtui.tui.actions import shown_key
from clawtui.tui.widgets.keyed import keymap_of

ABOUT = "Ask anything. Below each answer stands who gave it, why, and for how much."
EXAMPLES = (
    "Explain in three sentences how a process differs from a thread.",
    "Write a Python function that merges intervals, with two tests.",
    "Compare SQLite and PostgreSQL for a small web shop, as a table.",
)
# Those that a newcomer would not find by trying.
KEYS = (
    ("playground.who_answers", "who answers: a profile, a fusion, a policy"),
    ("playground.settings", "system prompt, temperature, schema, tools"),
    ("playground.side_by_side", "the same question to several, side by side"),
    ("playground.plan", "who would answer, and why; nothing is sent"),
    ("app.palette", "everything else, by name"),
)


class Example(Static, can_focus=True):
    """A question, put into the prompt by enter or a click."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "choose", "Into the prompt", id="example.choose")]

    class Chosen(Message):
        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    def __init__(self, text: str) -> None:
        super().__init__(Content(f"  {text}"), classes="example", markup=False)
        self.example = text

    def on_focus(self) -> None:
        self.update(Content(f"▸ {self.example}"))

    def on_blur(self) -> None:
        self.update(Content(f"  {self.example}"))

    def on_click(self) -> None:
        self.action_choose()

    def action_choose(self) -> None:
        self.post_message(self.Chosen(self.example))


class Welcome(Vertical):
    def __init__(self) -> None:
        super().__init__(id="welcome")

    def compose(self) -> ComposeResult:
        yield Static(Content(ABOUT), classes="told", markup=False)
        yield Static(Content("To begin with: ↑ and enter, or a click, puts one into the prompt"), classes="heading")
        for text in EXAMPLES:
            yield Example(text)
        yield Static("Keys", classes="heading")
        yield Static(self._keys(), classes="told", markup=False)

    def _keys(self) -> Content:
        keymap = keymap_of(self)
        rows = [(shown_key(keys[0]), words) for name, words in KEYS if (keys := keymap.get(name))]
        width = max((cell_width(key) for key, _ in rows), default=0)
        return Content("\n".join(f"{key}{' ' * (width - cell_width(key))}  {words}" for key, words in rows))

    def step(self, by: int) -> bool:
        """To the example above or below, the last where none has the focus; False where there is none."""
        examples = list(self.query(Example))
        held = next((place for place, example in enumerate(examples) if example.has_focus), None)
        place = len(examples) - 1 if held is None else max(0, held + by)
        if place >= len(examples):
            return False
        examples[place].focus()
        return True
