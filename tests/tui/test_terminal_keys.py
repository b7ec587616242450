"""Keys as a terminal without the Kitty protocol sends them: what the registry names must arrive under that name."""

from __future__ import annotations

from clawtui.tui.actions import ACTIONS, shown_key
from tests.tui.terminal import spawned

PROGRAM = """
from textual.app import App
from textual.widgets import Static

class Shown(App):
    ENABLE_COMMAND_PALETTE = False
    def compose(self):
        yield Static("READY", markup=False)
    def on_key(self, event):
        self.query_one(Static).update(f"<{event.key}>")

Shown().run()
"""
LETTERS = sorted({key for action in ACTIONS for key in action.keys if key.startswith("alt+") and len(key) == 5})
# Textual takes ESC b and ESC f for iTerm's moves by a word, so whatever is on them has another key before.
SWALLOWED = ("alt+b", "alt+f")


async def test_alt_and_a_letter_arrives_as_such() -> None:
    terminal = spawned(["-c", PROGRAM], {}, 40, 5)
    try:
        await terminal.sees("READY")
        for key in LETTERS:
            if key not in SWALLOWED:
                terminal.type(f"\x1b{key[-1]}")
                await terminal.sees(f"<{key}>")
    finally:
        terminal.close()


def test_what_is_on_a_key_that_does_not_arrive_is_on_another_one_that_is_shown() -> None:
    for action in ACTIONS:
        if set(action.keys) & set(SWALLOWED):
            assert shown_key(action.keys[0]) not in SWALLOWED
