from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from textual.app import App, ComposeResult

from clawtui.text import cell_width
from clawtui.tui.themes import state_variables
from clawtui.tui.widgets.bar import filled, spend_bar
from clawtui.tui.widgets.bars import Day, DayBars, day_bars
from clawtui.tui.widgets.columns import Align, Column, fit
from clawtui.tui.widgets.diff_view import Change, DiffView, diff, painted
from clawtui.tui.widgets.dots import MARKS, State, dot_and_word, row_of_dots
from clawtui.tui.widgets.heatmap import Heatmap, year
from clawtui.tui.widgets.parts import PartLine, Tone, fitted, wrap
from clawtui.tui.widgets.sparkline import fold, spark
from clawtui.tui.widgets.toned import Lines
from clawtui.tui.widgets.waterfall import Span, Waterfall, lay_out

LAST = date(2026, 11, 20)


def plain(lines: Sequence[PartLine]) -> list[str]:
    return ["".join(text for text, _ in line) for line in lines]


def widths(lines: Sequence[PartLine]) -> list[int]:
    return [cell_width(line) for line in plain(lines)]


# ---- marks and columns


def test_every_state_has_its_own_word_and_a_shape_tells_the_circuits_apart():
    assert len({mark.word for mark in MARKS.values()}) == len(MARKS)
    circuits = (State.CLOSED, State.HALF_OPEN, State.OPEN, State.IDLE, State.NOT_READY)
    assert [MARKS[state].shape for state in circuits] == ["●", "◐", "○", "◌", "⚠"]
    assert plain([dot_and_word(State.OPEN)]) == ["○ open"]


def test_more_dots_than_fit_are_counted():
    assert plain([row_of_dots([State.CLOSED, State.OPEN], 5)]) == ["●○"]
    assert plain([row_of_dots([State.CLOSED] * 30, 8)]) == ["●●●● +26"]
    assert widths([row_of_dots([State.CLOSED] * 300, 8)]) == [8]


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 30), st.integers(1, 20), st.integers(1, 3), st.integers(0, 5)), min_size=1, max_size=14
    ),
    st.integers(1, 240),
)
def test_columns_fit_into_any_width(specs: list[tuple[int, int, int, int]], width: int):
    """Invariant: columns stand apart, in order, inside the width; the most important one is always there."""
    columns = [
        Column[str](str(place), "x", str, width=fixed, least=least, share=share, priority=priority, align=Align.LEFT)
        for place, (fixed, least, share, priority) in enumerate(specs)
    ]
    shown = fit(columns, width)
    assert min(column.priority for column in columns) == min(item.column.priority for item in shown)
    end = -1
    for item in shown:
        assert item.x > end
        assert item.width >= 1
        end = item.x + item.width
    assert end <= width


# ---- sparkline


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(0, 1_000), max_size=90), st.lists(st.integers(0, 5), max_size=90), st.integers(0, 100))
def test_a_sparkline_is_as_wide_as_its_cell_and_loses_nothing(values: list[int], failed: list[int], cells: int):
    """Invariant: one character a cell, and folding keeps the sum of what fits."""
    assert widths([spark(values, failed, cells)]) == [cells]
    if cells:
        assert sum(fold(values, cells)) == sum(values)


def test_a_sparkline_tells_height_silence_and_failure():
    assert plain([spark([1, 4, 8, 0, 0], [0, 0, 0, 0, 1], 5)]) == ["▂▅█·×"]
    assert spark([0, 2], [0, 1], 2) == (("·", Tone.MUTED), ("█", Tone.BAD))


# ---- bars


def test_a_budget_shows_spent_reserved_and_left():
    assert spend_bar(3, 1, 10, 10) == (("███▒", Tone.OK), ("░░░░░░", Tone.MUTED))
    assert spend_bar(8.5, 0, 10, 10)[0][1] is Tone.WARN
    assert spend_bar(12, 0, 10, 4) == (("████", Tone.BAD),)
    assert spend_bar(0.001, 0, 10, 4)[0] == ("▏", Tone.OK), "something spent is never nothing"


@settings(max_examples=100, deadline=None)
@given(st.floats(0, 1e6), st.floats(0, 1e6), st.floats(0, 1e6), st.integers(0, 60))
def test_a_budget_is_as_wide_as_its_cells(spent: float, reserved: float, limit: float, cells: int):
    """Invariant: the width is the cells', whatever the sums."""
    assert sum(widths([spend_bar(spent, reserved, limit, cells)])) == cells


def test_a_share_is_drawn_to_an_eighth_of_a_cell_and_something_is_never_nothing():
    assert filled(0.5, 3) == "█▌"
    assert filled(0.001, 3) == "▏"
    assert filled(0.0, 3) == ""


def test_days_stand_side_by_side_under_a_scale():
    days = [Day(LAST - timedelta(days=9 - n), float(n)) for n in range(10)]
    lines = plain(day_bars(days, 40, 4))
    assert lines[0].startswith(" $9.00│")
    assert lines[4].lstrip().startswith("$0└")
    assert "11 Nov" in lines[5]
    assert "20 Nov" in lines[5]


def test_days_of_nothing_have_no_scale_from_nothing_to_nothing():
    lines = plain(day_bars([Day(LAST, 0.0)], 40, 4))
    assert "$" not in "".join(lines[:4])
    assert lines[4].lstrip().startswith("$0└")


def test_more_days_than_cells_share_bars_and_say_so():
    days = [Day(LAST - timedelta(days=99 - n), 1.0) for n in range(100)]
    assert plain(day_bars(days, 40, 3))[-1].strip() == "one bar is 4 days"
    assert day_bars(days, 3, 3) == []


@settings(max_examples=60, deadline=None)
@given(st.lists(st.none() | st.floats(0, 1e4), min_size=1, max_size=120), st.integers(1, 130), st.integers(1, 10))
def test_days_fit_into_any_width(values: list[float | None], width: int, height: int):
    """Invariant: no bar line is wider than its room."""
    days = [Day(LAST - timedelta(days=len(values) - n), value) for n, value in enumerate(values)]
    lines = day_bars(days, width, height)
    assert all(cells <= width for cells in widths(lines)[: height + 1])


def test_a_year_has_seven_days_a_week_and_ends_today():
    values = {LAST: 4.0, LAST - timedelta(days=7): 1.0}
    lines = plain(year(values, LAST, 80))
    friday = lines[5]
    assert friday.startswith("Fri")
    assert friday.endswith("░█")
    assert lines[6].endswith("·  ") is False
    assert lines[7].rstrip() != ""
    assert "up to $4.00 a day" in lines[8]
    assert max(widths(year(values, LAST, 200))) <= 200


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.integers(0, 400), st.floats(0, 1e4), max_size=50), st.integers(0, 130))
def test_a_year_fits_into_any_width(values: dict[int, float], width: int):
    """Invariant: the days fit; the legend below may be cut by who paints it."""
    lines = year({LAST - timedelta(days=ago): value for ago, value in values.items()}, LAST, width)
    assert all(cells <= width for cells in widths(lines)[:8])


# ---- waterfall

SPANS = (
    Span("openai/gpt-5", 0, 200, tone=Tone.BAD, note="429 rate_limit → next credential"),
    Span("local/qwen3", 200, 1_000, first_token_ms=600, note="212 tokens"),
)


def test_attempts_stand_on_one_axis():
    lines = plain(lay_out(SPANS, 80))
    assert lines[0].split() == ["0", "500", "ms", "1.0", "s"]
    assert lines[1].startswith("openai/gpt-5 ░")
    assert lines[1].endswith("429 rate_limit → next credential"[: len(lines[1].split("  ")[-1])])
    axis = lines[2][13:]
    assert axis.index("░") < axis.index("█")
    assert "212 tokens" in lines[2]


def test_a_narrow_waterfall_gives_each_span_two_lines():
    lines = plain(lay_out(SPANS, 40))
    assert len(lines) == 5
    assert lines[1] == "openai/gpt-5 429 rate_limit → next credential"


def test_what_runs_goes_on_and_a_deadline_is_marked():
    (_, line) = plain(lay_out([Span("a", 100, None, queued_ms=0)], 80, now_ms=500, deadline_ms=1_000))
    assert "·" in line
    assert line.rstrip().endswith("┊")
    assert "▸" in line


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.builds(
            Span,
            label=st.text(st.sampled_from("ab語/"), max_size=30),
            start_ms=st.floats(0, 1e6),
            end_ms=st.none() | st.floats(0, 1e6),
            first_token_ms=st.none() | st.floats(0, 1e6),
            queued_ms=st.none() | st.floats(0, 1e6),
            note=st.text(st.sampled_from("xy "), max_size=20),
        ),
        min_size=1,
        max_size=6,
    ),
    st.integers(1, 200),
    st.none() | st.floats(0, 1e6),
)
def test_every_span_shows_and_fits(spans: list[Span], width: int, deadline: float | None):
    """Invariant: whatever the times say, each span has a cell of its own, and the lines of the axis fit."""
    lines = lay_out(spans, width, now_ms=5e5, deadline_ms=deadline)
    is_wide = len(lines) == len(spans) + 1
    tracks = lines[1:] if is_wide else lines[2::2]
    assert len(tracks) == len(spans)
    for track in tracks:
        drawn = "".join(text for text, _ in track)
        assert any(mark in drawn for mark in "░█▸")
        if not is_wide:
            assert cell_width(drawn) == width


# ---- diff


def test_a_diff_shows_lines_in_context_and_words_within_lines():
    old = "".join(f"line {n}\n" for n in range(20)) + "model = 'gpt-4'\n"
    new = old.replace("gpt-4", "gpt-5").replace("line 2\n", "")
    lines = diff(old, new)
    assert [line.change for line in lines].count(Change.REMOVED) == 2
    removed = next(line for line in lines if line.change is Change.REMOVED and "model" in line.parts[0][0])
    assert removed.parts == (("model = 'gpt-", False), ("4", True), ("'", False))
    assert any(line.change is Change.SKIPPED and "lines the same" in line.parts[0][0] for line in lines)


@settings(max_examples=60, deadline=None)
@given(
    st.text(st.sampled_from("ab c\n語"), max_size=40),
    st.text(st.sampled_from("ab c\n語"), max_size=40),
    st.integers(4, 30),
)
def test_both_texts_can_be_read_back_from_a_diff(old: str, new: str, width: int):
    """Invariant: without the removed lines it is the new text, without the added ones the old; painted lines fit."""
    lines = diff(old, new, context=None)

    def text(without: Change) -> list[str]:
        return ["".join(part for part, _ in line.parts) for line in lines if line.change is not without]

    assert text(Change.ADDED) == old.splitlines()
    assert text(Change.REMOVED) == new.splitlines()
    assert all(cells <= width for cells in widths(painted(lines, width)))


# ---- widgets


class Shown(App[None]):
    def get_theme_variable_defaults(self) -> dict[str, str]:
        return state_variables(self.current_theme)

    def compose(self) -> ComposeResult:
        yield Waterfall()
        yield DayBars(height=3)
        yield Heatmap()
        yield DiffView("a", "b")
        yield Lines([(("\x1b[31m[bold]x[/]\nnext", Tone.OK),)])


@pytest.mark.parametrize("size", [(80, 60), (20, 60), (1, 1)])
async def test_drawings_paint_in_any_size(size: tuple[int, int]):
    app = Shown()
    async with app.run_test(size=size) as pilot:
        app.query_one(Waterfall).show(SPANS, now_ms=1_000)
        app.query_one(DayBars).show([Day(LAST, 1.0)])
        app.query_one(Heatmap).show({LAST: 1.0}, LAST)
        await pilot.pause()
        for widget in app.screen.children:
            for y in range(widget.size.height):
                assert widget.render_line(y).cell_length == widget.size.width
        if size == (80, 60):
            assert app.query_one(Waterfall).size.height == 3
            assert app.query_one(Heatmap).size.height == 9
            assert app.query_one(Lines).render_line(0).text.strip() == "[bold]x[/] next"


def test_a_line_of_parts_is_cut_with_an_ellipsis():
    assert fitted((("abc", Tone.OK), ("def", Tone.BAD)), 3) == (("ab…", Tone.OK),)
    assert fitted((("abc", Tone.OK), ("def", Tone.BAD)), 6) == (("abc", Tone.OK), ("def", Tone.BAD))


def test_a_figure_is_not_parted_from_its_unit():
    words = (("it answers at most 12 / s, after 0.8 s at first, 95 % of it", Tone.NORMAL),)
    for width in range(8, 60):
        for line in plain(wrap(words, width)):
            assert not line.startswith(("s", "/", "%"))
            assert not line.endswith(("12", "12 /", "0.8", "95"))
