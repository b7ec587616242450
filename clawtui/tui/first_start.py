"""The first start: what was found here and the ways to go on. Nothing is written or called without a yes."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from clawtui.text import clean
from clawtui.tui.state.first_start import FirstStart
from clawtui.tui.widgets.dialog import Closing
from clawtui.tui.widgets.parts import Part, PartLine, Tone
from clawtui.tui.widgets.toned import Lines


class Way(StrEnum):
    """How to go on; `GO_ON` is with what was found, for this run, nothing written."""

    WRITE = "write"
    LOOK_AROUND = "look around"
    BY_HAND = "by hand"
    GO_ON = "go on"


class Offer(Static, can_focus=True):
    """One way, chosen by its key, by enter, or by a click."""

    def __init__(self, way: Way, key: str, words: str) -> None:
        super().__init__(Content(f"{key:<6}{words}"), classes="offer", markup=False)
        self.way = way

    def on_click(self) -> None:
        if isinstance(self.screen, FirstStartScreen):
            self.screen.choose(self.way)


class FirstStartScreen(Closing[Way]):
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "way('write')", "Write the file", id="first.write"),
        Binding("s", "way('look around')", "Simulator", id="first.simulator"),
        Binding("e", "way('by hand')", "Editor", id="first.editor"),
        Binding("escape", "way('go on')", "Go on", id="first.go_on"),
        Binding("enter", "enter", "Choose", id="first.choose"),
        Binding("up", "app.focus_previous", "Up", id="first.up", show=False),
        Binding("down", "app.focus_next", "Down", id="first.down", show=False),
    ]

    def __init__(self, view: FirstStart, complaint: str = "") -> None:
        super().__init__()
        self.view = view
        self._complaint = complaint

    def compose(self) -> ComposeResult:
        with Vertical(id="first-start"):
            yield Lines(list(self._head()), id="first-found")
            with Vertical(id="first-offers"):
                yield from self._offers()
            if self._complaint:
                yield Static(Content(clean(self._complaint)), classes="complaint", markup=False)
            with VerticalScroll(id="first-file", can_focus=False) as preview:
                preview.border_title = Content("what would be written")
                yield Static(Content(clean(self.view.text)), markup=False)

    def on_mount(self) -> None:
        self.query(Offer).first().focus()

    def _head(self) -> Iterable[PartLine]:
        yield (("clawtui", Tone.ACCENT), ("  routes what you ask to the models you have", Tone.MUTED))
        yield ((" ", Tone.NORMAL),)
        if not self.view.found:
            yield (("No key in the environment, and no local server answers.", Tone.NORMAL),)
        width = max((len(line.name) for line in self.view.found), default=0)
        for line in self.view.found:
            dot: Part = ("● ", Tone.OK) if line.is_usable else ("◌ ", Tone.IDLE)
            yield (dot, (f"{line.name:<{width}}", Tone.STRONG), (f"   {line.words}", Tone.MUTED))
        yield ((" ", Tone.NORMAL),)

    def _offers(self) -> Iterable[Offer]:
        if self.view.can_be_used:
            yield Offer(Way.WRITE, "y", f"Use these: write {self.view.file}")
        yield Offer(Way.LOOK_AROUND, "s", "Look around with the simulator: no key, no network")
        yield Offer(Way.BY_HAND, "e", "Write it by hand, in $EDITOR")
        if self.view.can_be_used:
            yield Offer(Way.GO_ON, "esc", "Use these for now, and write nothing")
        else:
            yield Offer(Way.GO_ON, "esc", "Go on without")

    def choose(self, way: Way) -> None:
        if way is not Way.WRITE or self.view.can_be_used:
            self.dismiss(way)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """With nothing found there is nothing to write but what stands in the preview, which `e` does."""
        if action == "way" and Way(str(parameters[0])) is Way.WRITE:
            return self.view.can_be_used
        return super().check_action(action, parameters)

    def action_way(self, way: str) -> None:
        self.choose(Way(way))

    def action_enter(self) -> None:
        if isinstance(self.focused, Offer):
            self.choose(self.focused.way)
