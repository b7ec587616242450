"""Every dialog as it opens, at both sizes: nothing overlaps, nothing is cut without saying so, `esc` leads back."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion

from clawtui.simulator import ModelScript, Script
from clawtui.text import cell_width
from tests.tui.screen import SIZES, StillClock, a_screen, until

SCRIPT = Script(default=ModelScript(text="A short answer."))
# Name of the dialog: the pane, the keys that lead to it, and words that stand in it.
DIALOGS: dict[str, tuple[str, tuple[str, ...], str]] = {
    "who answers": ("playground", ("ctrl+g",), "Who answers"),
    "settings": ("playground", ("alt+s",), "Settings of the request"),
    "plan": ("playground", ("h", "i", "ctrl+l"), "Plan under policy"),
    "side by side": ("playground", ("h", "i", "ctrl+b"), "Ask which two to four?"),
    "conversations": ("playground", ("ctrl+f",), "Conversations"),
    "attach": ("playground", ("ctrl+t",), "Attach which image?"),
    "policy": ("playground", ("alt+p",), "keeps full"),
    "palette": ("routes", ("ctrl+p",), "Playground"),
    "help": ("routes", ("question_mark",), "What it does"),
    "jump": ("routes", ("ctrl+o",), "a"),
    "trace filter": ("traces", ("f",), "fusion"),
    "new entry": ("profiles", ("n",), "New what?"),
    "findings": ("profiles", ("f",), "Findings"),
    "delete entry": ("profiles", ("X",), "Delete profile everyday?"),
    "try": ("profiles", ("T",), "Try it?"),
    "editor of a list": ("profiles", ("enter", "down", "down", "down", "enter"), "←→ walk"),
    "new run": ("evals", ("n",), "Who is to be tried?"),
    "range": ("usage", ("r",), "Which days?"),
    "grouping": ("usage", ("b",), "Add up by"),
}


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("name", DIALOGS)
async def test_a_dialog(tmp_path: Path, name: str, size: tuple[int, int], snapshot: SnapshotAssertion) -> None:
    pane, keys, words = DIALOGS[name]
    async with a_screen(tmp_path, size=size, pane=pane, script=SCRIPT) as shown:
        assert isinstance(shown.clock, StillClock)
        if pane == "profiles":
            await until(shown.pilot, lambda: bool(shown.app.panes.shown._now.tree))
            await shown.sees("everyday")
        await shown.pilot.pause(0.1)
        for key in keys:
            await shown.press(key)
            await shown.pilot.pause(0.05)
        await until(shown.pilot, lambda: shown.app.screen.is_modal)
        await shown.sees(words)
        await shown.pilot.pause(0.2)
        text = re.sub(r"http://127[^│ ]*", lambda found: "http://…".ljust(len(found.group())), shown.text)
        assert all(cell_width(line) <= size[0] for line in text.splitlines())
        assert text == snapshot
        await shown.press("escape")
        await until(shown.pilot, lambda: not shown.app.screen.is_modal)
