from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.segment import Segment
from textual.app import App, ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.style import Style

from clawtui.text import clean
from clawtui.tui.widgets.answer import Answer
from clawtui.tui.widgets.markdown_blocks import Block, Code, Grid, Growing, Heading, Listing, Paragraph, Quote, parse
from clawtui.tui.widgets.markdown_lines import Paint, fold_cuts, stacked

EVERYTHING = """# Title

Some **bold** and *slanted* `code` and a [link](https://example.org).

- one
- two
  1. inner
  2. more

```python
def answer():
    return 42
```

> quoted

| a | b |
|---|--:|
| 1 | 22 |

---
end
"""

PIECES = (
    *(
        "para ",
        "two\n",
        "\n",
        "\n\n",
        "# head\n",
        "#",
        "==\n",
        "---\n",
        "-",
        "- item\n",
        "  more\n",
        "1. one\n",
        "2. two\n",
    ),
    *(
        "```py\n",
        "```\n",
        "~~~\n",
        "    code\n",
        "> quote\n",
        "| a | b |\n",
        "|---|---|\n",
        "| 1 | 2 |\n",
        "**bold**",
        "`x",
        "`",
    ),
    *("[a]", "[a]: http://x.y\n", "<b>", "\t", "***\n", "\\", "![i](u)", "&#x202e;", "語"),
)

PLAIN = Paint(Style(), lambda mark: mark if isinstance(mark, Style) else Style(), lambda code: Content(code.text))


def same(one: Block, other: Block) -> bool:
    """Equal with their marks: `Content` compares text only."""
    match one, other:
        case (Paragraph(a), Paragraph(b)):
            return a.is_same(b)
        case (Heading(m, a), Heading(n, b)):
            return m == n and a.is_same(b)
        case (Quote(a), Quote(b)):
            return all_same(a, b)
        case (Listing(a), Listing(b)):
            return len(a) == len(b) and all(
                x.mark == y.mark and all_same(x.blocks, y.blocks) for x, y in zip(a, b, strict=True)
            )
        case (Grid(), Grid()):
            return one == other
    return one == other


def all_same(ones: tuple[Block, ...], others: tuple[Block, ...]) -> bool:
    return len(ones) == len(others) and all(same(a, b) for a, b in zip(ones, others, strict=True))


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=24), st.lists(st.integers(1, 9), min_size=1, max_size=8))
def test_what_streamed_in_is_what_would_have_been_read_at_once(pieces: list[str], sizes: list[int]):
    """Invariant: for any text in any pieces, the blocks at the end are those of the whole text, and so they are meanwhile
    but for link targets that are not defined yet."""
    text = "".join(pieces)
    growing = Growing()
    at, turn = 0, 0
    while at < len(text):
        size = sizes[turn % len(sizes)]
        growing.append(text[at : at + size])
        at, turn = at + size, turn + 1
        if "]:" not in text:
            assert all_same((*growing.closed, *growing.open), parse(text[:at]))
    growing.finish()
    assert all_same(tuple(growing.closed), parse(text))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(PIECES) | st.text(max_size=20), max_size=20), st.integers(2, 60))
def test_no_line_is_wider_than_its_room_and_no_letter_is_lost(pieces: list[str], width: int):
    """Invariant: every line fits, and every letter or digit that was read is painted (tables may repeat their heading)."""
    blocks = parse(clean("".join(pieces)))
    lines = stacked(blocks, width, PLAIN)
    for line in lines:
        assert sum(Segment(segment.text).cell_length for segment in line.segments) == line.width <= width
    painted = "".join(segment.text for line in lines for segment in line.segments)
    for letter in set(_letters(blocks)):
        assert painted.count(letter) >= _letters(blocks).count(letter), letter


def _letters(blocks: tuple[Block, ...]) -> str:
    found = ""
    for block in blocks:
        match block:
            case Paragraph(content) | Heading(_, content):
                found += content.plain
            case Code(text, _, _):
                found += text
            case Quote(inside):
                found += _letters(inside)
            case Listing(items):
                found += "".join(_letters(item.blocks) for item in items)
            case _:
                pass
    return "".join(character for character in found if character.isalnum() and character.isascii())


def test_a_long_line_of_code_is_folded_not_cut():
    assert fold_cuts("abcdefgh", 3) == [3, 6]
    assert fold_cuts("語語語", 4) == [2]
    assert fold_cuts("e\u0301" * 5, 2) == [4, 8]


def test_raw_html_is_shown_as_text_and_entities_bring_back_no_control():
    (block,) = parse("a List<String> <script>x</script> &#x202e;&#12;end")
    assert isinstance(block, Paragraph)
    assert block.content.plain == "a List<String> <script>x</script>  end"


def test_where_a_link_goes_is_shown_beside_it():
    (block,) = parse("[here](https://evil.example)")
    assert isinstance(block, Paragraph)
    assert block.content.plain == "here (https://evil.example)"


class Shown(App[None]):
    def __init__(self, text: str = "") -> None:
        super().__init__()
        self.answer = Answer(text)

    def compose(self) -> ComposeResult:
        with VerticalScroll():
            yield self.answer


def screen(answer: Answer) -> list[str]:
    return [answer.render_line(y).text.rstrip() for y in range(answer.size.height)]


async def test_an_answer_is_painted_as_markdown():
    app = Shown(EVERYTHING)
    async with app.run_test(size=(44, 40)):
        assert screen(app.answer) == [
            "Title",
            "",
            "Some bold and slanted code and a link",
            "(https://example.org).",
            "",
            "• one",
            "• two",
            "  1. inner",
            "  2. more",
            "",
            " python",
            " def answer():",
            "     return 42",
            "",
            "▎ quoted",
            "",
            "a │  b",
            "──┼───",
            "1 │ 22",
            "",
            "─" * 44,
            "",
            "end",
        ]


async def test_a_streamed_answer_ends_up_like_one_that_was_there_at_once():
    whole, streamed = Shown(EVERYTHING), Shown()
    async with whole.run_test(size=(44, 40)):
        expected = [whole.answer.render_line(y) for y in range(whole.answer.size.height)]
    async with streamed.run_test(size=(44, 40)) as pilot:
        for at in range(0, len(EVERYTHING), 7):
            streamed.answer.append(EVERYTHING[at : at + 7])
            if at % 35 == 0:
                streamed.answer.flush()
                await pilot.pause()
        streamed.answer.finish()
        await pilot.pause()
        assert streamed.answer.text == EVERYTHING
        assert [streamed.answer.render_line(y) for y in range(streamed.answer.size.height)] == expected


async def test_the_first_words_are_painted_at_once_and_the_next_ones_together():
    app = Shown()
    async with app.run_test(size=(44, 10)) as pilot:
        app.answer.append("first")
        await pilot.pause()
        assert screen(app.answer) == ["first"]
        app.answer.append(" second")
        app.answer.append(" third")
        assert app.answer.text == "first second third"
        app.answer.flush()
        await pilot.pause()
        assert screen(app.answer) == ["first second third"]


async def test_a_restart_keeps_the_partial_answer_aside():
    app = Shown()
    async with app.run_test(size=(44, 10)) as pilot:
        app.answer.append("half of an ans")
        app.answer.restart()
        app.answer.append("A whole answer.")
        app.answer.finish()
        await pilot.pause()
        assert app.answer.text == "A whole answer."
        assert app.answer.superseded == ["half of an ans"]
        assert screen(app.answer) == ["A whole answer."]


async def test_control_and_markup_in_an_answer_are_text():
    app = Shown()
    async with app.run_test(size=(60, 10)) as pilot:
        for piece in ("\x1b[3", "1mred\x1b", "[0m\r", "\n[bold]x[/] \u202eb"):
            app.answer.append(piece)
            app.answer.flush()
        app.answer.finish()
        await pilot.pause()
        assert app.answer.text == "red\n[bold]x[/] b"
        assert screen(app.answer) == ["red [bold]x[/] b"]


async def test_code_blocks_can_be_selected_one_by_one_and_by_a_click():
    app = Shown("```sh\nls\n```\ntext\n- item\n  ```py\n  x = 1\n  ```\n")
    async with app.run_test(size=(40, 20)) as pilot:
        answer = app.answer
        assert [code.text for code in answer.code_blocks] == ["ls", "x = 1"]
        assert answer.selected_code is None
        answer.select_code(1)
        answer.select_code(1)
        assert answer.selected_code == Code("x = 1", "py")
        answer.select_code(1)
        assert answer.selected_code is None
        await pilot.click(Answer, offset=(3, 1))
        assert answer.selected_code == Code("ls", "sh")


async def test_text_can_be_selected_with_the_mouse():
    app = Shown("first line\n\nsecond line")
    async with app.run_test(size=(40, 10)) as pilot:
        await pilot.mouse_down(Answer, offset=(0, 0))
        await pilot.hover(Answer, offset=(6, 2))
        await pilot.mouse_up(Answer, offset=(6, 2))
        assert app.screen.get_selected_text() in ("first line\n\nsecond", "first line\n\nsecond ")


async def test_themes_and_widths_change_under_an_answer():
    app = Shown(EVERYTHING)
    async with app.run_test(size=(44, 40)) as pilot:
        for name in ("textual-light", "ansi-dark", "dracula"):
            app.theme = name
            await pilot.pause()
            assert screen(app.answer)[0] == "Title"
        await pilot.resize_terminal(20, 30)
        await pilot.pause()
        assert all(len(line) <= 20 for line in screen(app.answer))
        assert "Some bold and" in screen(app.answer)[2]


async def test_a_long_block_of_code_is_coloured_beside_the_loop():
    code = "value = 'text'  # why\n" * 600
    app = Shown()
    async with app.run_test(size=(80, 20)) as pilot:
        app.answer.append(f"```python\n{code}```\n")
        app.answer.finish()
        plain = {segment.style for segment in app.answer.render_line(1)}
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert app.answer.render_line(1).text.strip() == "value = 'text'  # why"
        assert len({segment.style for segment in app.answer.render_line(1)}) > len(plain)


@pytest.mark.parametrize("size", [(1, 1), (3, 2), (7, 50)])
async def test_any_size_paints(size: tuple[int, int]):
    app = Shown(EVERYTHING)
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        for y in range(app.answer.size.height):
            assert app.answer.render_line(y).cell_length == app.answer.size.width
