from __future__ import annotations

import pytest
from textual.app import App, ComposeResult
from textual.pilot import Pilot
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Button, Input

from clawtui.tui.jump import Jump, labels
from clawtui.tui.themes import state_variables
from clawtui.tui.widgets.chips import Chips
from clawtui.tui.widgets.confirm import Confirm
from clawtui.tui.widgets.filter_input import FilterInput
from clawtui.tui.widgets.picker import Option, Picker, ranked
from clawtui.tui.widgets.table import Table

OPTIONS = (
    Option("fast", "fast", "local/qwen3:8b · free"),
    Option("best", "best", "anthropic/claude · $3.00"),
    Option("big", "big-context", "gemini", why_not="GEMINI_API_KEY is not set"),
    Option("fusion", "council of four", "4 advisers"),
)


class Shown(App[None]):
    def __init__(self) -> None:
        super().__init__()
        self.ended: list[object] = []
        self.heard: list[object] = []

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return state_variables(self.current_theme)

    def compose(self) -> ComposeResult:
        yield Button("one", id="one")
        yield FilterInput(id="filter")
        yield Chips(["a", "b", "c"], can_move=True, id="chips")
        yield Input(id="input")

    def on_filter_input_changed(self, event: FilterInput.Changed) -> None:
        self.heard.append(("filter", event.text))

    def on_filter_input_left(self, event: FilterInput.Left) -> None:
        self.heard.append("left")
        self.query_one("#one").focus()

    def on_chips_changed(self, event: Chips.Changed) -> None:
        self.heard.append(event.values)

    def on_chips_pressed(self, event: Chips.Pressed) -> None:
        self.heard.append(("pressed", event.value))


async def open_dialog(pilot: Pilot[None], screen: Screen[object]) -> None:
    app = pilot.app
    assert isinstance(app, Shown)
    app.push_screen(screen, app.ended.append)
    await pilot.pause()


def words(screen: Screen[object]) -> str:
    """What is on the screen, line by line."""
    return "\n".join("".join(segment.text for segment in line) for line in screen._compositor.render_strips())


@pytest.mark.parametrize(("keys", "ends"), [("y", True), ("n", False), ("enter", False), ("escape", None)])
async def test_a_grave_question_has_no_under_the_finger(keys: str, ends: bool | None):
    app = Shown()
    async with app.run_test(size=(80, 24)) as pilot:
        await open_dialog(pilot, Confirm("Delete [b]x[/b]?", "This cannot be undone: [red]really[/red]\x1b[2J."))
        shown = words(app.screen)
        assert "Delete [b]x[/b]?" in shown
        assert "[red]really[/red]." in shown
        await pilot.press(keys)
        await pilot.pause()
        assert app.ended == [ends]


async def test_buttons_are_walked_with_the_arrows():
    app = Shown()
    async with app.run_test(size=(80, 24)) as pilot:
        await open_dialog(pilot, Confirm("Go on?", "…"))
        await pilot.press("right", "enter")
        assert app.ended == [True]


async def test_a_dialog_fits_a_small_screen():
    app = Shown()
    async with app.run_test(size=(30, 8)) as pilot:
        await open_dialog(pilot, Confirm("Go on?", "word " * 100))
        shown = words(app.screen)
        assert "Yes (y)" in shown, shown


async def test_a_picker_finds_by_fuzzy_name_and_enter_chooses():
    app = Shown()
    async with app.run_test(size=(100, 24)) as pilot:
        await open_dialog(pilot, Picker("Who answers", OPTIONS))
        await pilot.press("c", "o", "u", "f", "enter")
        assert app.ended == [("fusion",)]


async def test_the_arrows_move_while_the_name_is_typed():
    app = Shown()
    async with app.run_test(size=(100, 24)) as pilot:
        await open_dialog(pilot, Picker("Who answers", OPTIONS, chosen=["best"]))
        assert app.screen.query_one(Table).cursor_key == "best"
        await pilot.press("up", "enter")
        assert app.ended == [("fast",)]


async def test_what_cannot_be_chosen_says_why_and_stays():
    app = Shown()
    async with app.run_test(size=(100, 24)) as pilot:
        await open_dialog(pilot, Picker("Who answers", OPTIONS))
        await pilot.press("b", "i", "g", "enter")
        await pilot.pause()
        assert app.ended == []
        assert "GEMINI_API_KEY is not set" in words(app.screen)
        await pilot.press("escape")
        assert app.ended == [None]


async def test_several_are_marked_with_tab_within_their_bounds():
    app = Shown()
    async with app.run_test(size=(100, 24)) as pilot:
        await open_dialog(pilot, Picker("Side by side", OPTIONS, least=2, most=2))
        await pilot.press("tab", "enter")
        await pilot.pause()
        assert app.ended == []
        assert "At least 2" in words(app.screen)
        await pilot.press("down", "tab", "down", "down", "tab")
        await pilot.pause()
        assert "At most 2" in words(app.screen)
        await pilot.press("enter")
        assert app.ended == [("fast", "best")]


def test_names_rank_before_notes():
    options = (Option("a", "other", "best of all"), Option("b", "best", ""))
    assert [option.key for option in ranked(options, "best")] == ["b", "a"]
    assert ranked(options, "zzz") == []
    assert ranked(options, "") == list(options)


async def test_a_filter_stays_as_a_chip_and_escape_clears_it():
    app = Shown()
    async with app.run_test(size=(80, 24)) as pilot:
        bar = app.query_one(FilterInput)
        assert bar.size.height == 0
        bar.open()
        await pilot.press("g", "p", "t", "enter")
        await pilot.pause()
        assert app.heard == [("filter", "g"), ("filter", "gp"), ("filter", "gpt"), "left"]
        assert "gpt ×" in bar.query_one(Chips).render_line(0).text
        assert bar.size.height == 1
        bar.open()
        await pilot.press("escape")
        await pilot.pause()
        assert app.heard[-2:] == [("filter", ""), "left"]
        assert bar.size.height == 0
        assert not bar.clear()


async def test_chips_are_walked_moved_and_removed():
    app = Shown()
    async with app.run_test(size=(80, 24)) as pilot:
        app.query_one("#chips").focus()
        await pilot.press("right", "alt+down")
        assert app.heard == [("a", "c", "b")]
        await pilot.press("delete")
        assert app.heard[-1] == ("a", "c")
        await pilot.press("enter")
        assert app.heard[-1] == ("pressed", "c")
        await pilot.click("#chips", offset=(4, 0))
        assert app.heard[-1] == ("c",), "a click on the cross removes"


async def test_many_chips_wrap():
    app = Shown()
    async with app.run_test(size=(20, 24)) as pilot:
        chips = app.query_one("#chips", Chips)
        chips.show(["first", "second", "third", "a name that is much too long for the line"])
        await pilot.pause()
        lines = [chips.render_line(y).text.rstrip() for y in range(chips.size.height)]
        assert lines == [" first ×   second ×", " third ×", " a name that is muc…"]


async def test_jump_mode_goes_where_its_letter_says():
    app = Shown()
    async with app.run_test(size=(80, 24)) as pilot:
        await open_dialog(pilot, Jump(app.screen))
        await pilot.press("d")
        await pilot.pause()
        (widget,) = app.ended
        assert isinstance(widget, Widget)
        assert widget.id == "input"
        await open_dialog(pilot, Jump(app.screen))
        await pilot.press("escape")
        assert app.ended[-1] is None


def test_no_jump_letter_begins_another():
    for count in (1, 9, 26, 27, 300):
        named = labels(count)
        assert len(set(named)) == count
        assert not any(a != b and b.startswith(a) for a in named for b in named)


async def test_a_second_enter_closes_nothing_behind_the_dialog() -> None:
    class Twice(Confirm):
        def pressed(self, choice: str) -> None:
            super().pressed(choice)
            super().pressed(choice)

    app: App[None] = App()
    async with app.run_test() as pilot:
        ended: list[bool | None] = []
        app.push_screen(Twice("Go?", "There.", is_grave=False), ended.append)
        await pilot.pause()
        await pilot.press("enter")
        await pilot.pause()
        assert ended == [True]
        assert len(app.screen_stack) == 1
