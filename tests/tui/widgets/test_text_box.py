"""Boxes of several lines: many rows pasted or typed are undone and done again in every place that has such a box."""

from __future__ import annotations

import pytest
from textual.app import App
from textual.events import Paste
from textual.screen import Screen

from clawtui.tui.dialogs.ask_line import AskText
from clawtui.tui.dialogs.request_settings import RequestSettings
from clawtui.tui.state.request_settings import Settings
from clawtui.tui.widgets.prompt import Prompt
from clawtui.tui.widgets.text_box import TextBox

LINES = "\n".join(f"line {number}" for number in range(15))


class OfPrompt(Screen[None]):
    def compose(self):
        yield Prompt()


PLACES = {
    "the prompt": OfPrompt,
    "a tool's result": lambda: AskText("Result"),
    "the settings": lambda: RequestSettings(Settings()),
}


class Shown(App[None]):
    CSS = ".setting, .ask-text { height: auto; min-height: 3; max-height: 8; }"

    def __init__(self, place: str) -> None:
        super().__init__()
        self._place = place

    def on_mount(self) -> None:
        self.push_screen(PLACES[self._place]())

    @property
    def box(self) -> TextBox:
        return self.screen.query(TextBox).first()


@pytest.mark.parametrize("place", PLACES)
async def test_many_pasted_lines_are_undone_and_done_again(place: str):
    app = Shown(place)
    async with app.run_test(size=(80, 24)) as pilot:
        app.box.focus()
        app.post_message(Paste(LINES))
        await pilot.pause()
        await pilot.press("ctrl+z")
        assert app.box.text == ""
        await pilot.press("ctrl+y")
        assert app.box.text == LINES


@pytest.mark.parametrize("place", PLACES)
async def test_many_typed_rows_are_undone_one_after_the_other(place: str):
    app = Shown(place)
    newline = "ctrl+j" if place == "the prompt" else "enter"
    async with app.run_test(size=(80, 24)) as pilot:
        app.box.focus()
        await pilot.press(*["a", newline] * 14)
        assert app.box.document.line_count == 15
        await pilot.press(*["ctrl+z"] * 30)
        assert app.box.text == ""
