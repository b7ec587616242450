from __future__ import annotations

from rich.segment import ControlType, Segment
from rich.style import Style
from textual.app import App, ComposeResult
from textual.color import Color
from textual.events import Paste

from clawtui.tui.keymap import resolve_keymap
from clawtui.tui.widgets.prompt import Prompt
from clawtui.tui.widgets.safe_text import SafeText


class Shown(App[None]):
    def __init__(self, keys: dict[str, str] | None = None) -> None:
        super().__init__()
        self.keymap, _ = resolve_keymap(keys or {})
        self.heard: list[tuple[str, str]] = []
        self.prompt = Prompt(completer=lambda fragment: ["pictures/cat.png", "pictures/dog.png"])

    def compose(self) -> ComposeResult:
        yield self.prompt

    def on_mount(self) -> None:
        self.prompt.focus()

    def on_prompt_submitted(self, event: Prompt.Submitted) -> None:
        self.heard.append(("sent", event.text))
        event.prompt.take()

    def on_prompt_asked(self, event: Prompt.Asked) -> None:
        self.heard.append(("asked", event.verb))


async def test_enter_sends_and_a_new_line_is_ctrl_j_or_a_backslash():
    app = Shown()
    async with app.run_test() as pilot:
        await pilot.press("a", "ctrl+j", "b", "backslash", "enter", "c", "enter")
        assert app.heard == [("sent", "a\nb\nc")]
        assert app.prompt.text == ""


async def test_nothing_is_sent_where_nothing_is_written():
    app = Shown()
    async with app.run_test() as pilot:
        await pilot.press("space", "enter")
        assert app.heard == []


async def test_up_at_the_top_recalls_and_down_comes_back_to_the_draft():
    app = Shown()
    async with app.run_test() as pilot:
        app.prompt.set_history(["first", "second\nof two lines"])
        await pilot.press("d", "up")
        assert app.prompt.text == "second\nof two lines"
        await pilot.press("up")
        assert app.prompt.text == "first"
        await pilot.press("up")
        assert app.prompt.text == "first"
        await pilot.press("down", "down", "down")
        assert app.prompt.text == "d"


async def test_up_within_the_text_only_moves():
    app = Shown()
    async with app.run_test() as pilot:
        app.prompt.set_history(["old"])
        await pilot.press("a", "ctrl+j", "b", "up")
        assert app.prompt.text == "a\nb"
        assert app.prompt.cursor_location[0] == 0


async def test_a_paste_of_many_lines_is_one_edit_and_sends_nothing():
    app = Shown()
    async with app.run_test() as pilot:
        app.prompt.post_message(Paste("one\r\ntwo\n\x1b[31mthree\n"))
        await pilot.pause()
        assert app.prompt.text == "one\ntwo\nthree\n"
        assert app.heard == []
        await pilot.press("ctrl+z")
        assert app.prompt.text == ""


async def test_the_keys_of_the_prompt_can_be_changed():
    app = Shown({"prompt.send": "ctrl+r", "prompt.newline": "enter", "playground.write": "i"})
    async with app.run_test() as pilot:
        await pilot.press("a", "enter", "b", "ctrl+r")
        assert app.heard == [("sent", "a\nb")]


async def test_editor_and_attachment_are_asked_for():
    app = Shown()
    async with app.run_test() as pilot:
        await pilot.press("alt+e", "ctrl+t")
        assert app.heard == [("asked", "editor"), ("asked", "attach")]


async def test_a_path_behind_an_at_sign_is_completed_with_tab():
    app = Shown()
    async with app.run_test() as pilot:
        await pilot.press(*"see @pic")
        assert app.prompt.at_fragment() == "pic"
        assert app.prompt.suggestion == "tures/cat.png"
        await pilot.press("tab")
        assert app.prompt.text == "see @pictures/cat.png"
        await pilot.press("space", "x")
        assert app.prompt.suggestion == ""


async def test_letters_of_other_actions_are_typed():
    app = Shown()
    async with app.run_test() as pilot:
        await pilot.press("z", "y", "slash", "question_mark", "1")
        assert app.prompt.text == "zy/?1"


def test_painted_lines_carry_nothing_that_a_terminal_obeys():
    style = Style(bold=True)
    control = Segment("\x1b[2J", None, [(ControlType.CLEAR,)])
    lines = SafeText().apply(
        [Segment("plain 語 ●", style), Segment("a\x1b]0;t\x07b\u202e\x9bc\ud800", style), control], Color(0, 0, 0)
    )
    assert [segment.text for segment in lines] == ["plain 語 ●", "a]0;tbc\ufffd", "\x1b[2J"]
    assert lines[0].style is style


def test_a_clean_line_passes_as_it_is():
    segments = [Segment("plain", Style())]
    assert SafeText().apply(segments, Color(0, 0, 0)) is segments
