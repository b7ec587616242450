"""Jump mode: a letter on everything that can have the focus; the letter goes there."""

from __future__ import annotations

import string
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.events import Click, Key
from textual.geometry import Region
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Static

from clawtui.tui.widgets.dialog import Closing

# The home row first. No letter is the beginning of a longer label.
LETTERS = "asdfghjkl" + "".join(letter for letter in string.ascii_lowercase if letter not in "asdfghjkl")


def labels(count: int) -> list[str]:
    """One letter each while they last, else two."""
    if count <= len(LETTERS):
        return list(LETTERS[:count])
    pairs = [one + other for one in LETTERS for other in LETTERS]
    return pairs[:count]


def targets(screen: Screen[object]) -> list[tuple[Widget, Region]]:
    """What can have the focus and is in sight, from top to bottom."""
    found: list[tuple[Widget, Region]] = []
    for widget in screen.focus_chain:
        region = screen.find_widget(widget).visible_region
        if region.area:
            found.append((widget, region))
    return sorted(found, key=lambda item: (item[1].y, item[1].x))


class JumpLabel(Static):
    DEFAULT_CSS = """
    JumpLabel {
        position: absolute;
        width: auto;
        height: 1;
        padding: 0 1;
        background: $accent;
        color: $background;
        text-style: bold;
    }
    """


class Jump(Closing[Widget | None]):
    """Ends with the widget that was chosen; the app gives it the focus."""

    DEFAULT_CSS = """
    Jump { background: $background 30%; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", "Stay", id="jump.leave")]

    def __init__(self, screen: Screen[object]) -> None:
        super().__init__()
        found = targets(screen)
        self._targets = dict(zip(labels(len(found)), found, strict=False))
        self._typed = ""

    def compose(self) -> ComposeResult:
        for label, (_, region) in self._targets.items():
            shown = JumpLabel(Content(label), name=label)
            shown.absolute_offset = region.offset
            yield shown

    def action_leave(self) -> None:
        self.dismiss(None)

    def on_key(self, event: Key) -> None:
        if event.key == "escape":
            return
        event.stop()
        self._typed += (event.character or "").lower()
        if self._typed in self._targets:
            self.dismiss(self._targets[self._typed][0])
        elif not any(label.startswith(self._typed) for label in self._targets):
            self.dismiss(None)

    def on_click(self, event: Click) -> None:
        widget = event.widget
        target = self._targets.get(widget.name or "") if isinstance(widget, JumpLabel) else None
        self.dismiss(target[0] if target is not None else None)
