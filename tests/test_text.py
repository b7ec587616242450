from __future__ import annotations

import subprocess
import sys
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clawtui import text as words

any_text = st.text(
    st.characters() | st.sampled_from("\x1b[]m\x9b\u202e\u2066\u200d\ufe0f語👩🚀é\u0301\r\n\t"), max_size=60
)


def is_obeyed(character: str) -> bool:
    """What a terminal acts on, and what turns the direction of text around."""
    return (unicodedata.category(character) == "Cc" and character not in "\n\t") or character in (
        "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
    )


@settings(max_examples=100, deadline=None)
@given(any_text)
def test_clean_text_holds_nothing_that_a_terminal_obeys(text: str):
    """Invariant: no control but newline and tab, no bidi mark, nothing that cannot be encoded; cleaning again changes nothing."""
    cleaned = words.clean(text)
    assert not any(map(is_obeyed, cleaned))
    cleaned.encode()
    assert words.clean(cleaned) == cleaned


@settings(max_examples=100, deadline=None)
@given(any_text)
def test_one_line_is_one_line(text: str):
    """Invariant: no line break, no tab, no blank at the ends."""
    line = words.one_line(text)
    assert len(line.splitlines()) <= 1
    assert "\t" not in line
    assert line == line.strip()


@settings(max_examples=100, deadline=None)
@given(any_text.map(words.one_line), st.integers(0, 70))
def test_cuts_fit_and_say_that_they_cut(text: str, cells: int):
    """Invariant: never wider than allowed; what fits is untouched; what does not ends in an ellipsis where there is room."""
    for shorten in (words.cut, words.cut_middle):
        short = shorten(text, cells)
        assert words.cell_width(short) <= cells
        if words.cell_width(text) <= cells:
            assert short == text
        elif cells:
            assert words.ELLIPSIS in short


@settings(max_examples=100, deadline=None)
@given(any_text.map(words.one_line), st.integers(0, 70), st.booleans())
def test_padded_text_is_exactly_as_wide_as_its_cell(text: str, cells: int, right: bool):
    """Invariant: the width is the cell's, for any text."""
    assert words.cell_width(words.pad(text, cells, right=right)) == cells


def test_sequences_go_whole_and_breaks_become_newlines():
    assert words.clean("\x1b[31mred\x1b[0m \x1b]0;title\x07done") == "red done"
    assert words.clean("a\r\nb\rc\u2028d") == "a\nb\nc\nd"
    assert words.one_line("  a\n\tb  ") == "a b"


def test_emoji_of_several_code_points_stay_whole():
    astronaut = "👩\u200d🚀"
    assert words.clean(astronaut) == astronaut
    assert words.cut(astronaut * 3, 3) == astronaut + "…"
    assert words.cut("e\u0301e\u0301e\u0301", 2) == "e\u0301…"


def test_wide_characters_are_never_halved():
    assert words.cut("語語語", 4) == "語…"
    assert words.pad(words.cut("語語語", 4), 4) == "語… "
    assert words.cut_middle("provider/model-2026-01", 12) == "provid…26-01"


@pytest.mark.parametrize(
    ("usd", "shown"),
    [
        (None, "unknown"),
        (0.0, "$0"),
        (0.0004, "$0.0004"),
        (0.00001, "$0.00001"),
        (0.000001, "<$0.00001"),
        (0.042, "$0.042"),
        (0.9999, "$1.00"),
        (1.234, "$1.23"),
        (12345.6, "$12,346"),
        (-0.5, "-$0.500"),
    ],
)
def test_money(usd: float | None, shown: str):
    assert words.money(usd) == shown


@pytest.mark.parametrize(
    ("ms", "shown"),
    [
        (None, "–"),
        (0, "0 ms"),
        (212.4, "212 ms"),
        (999.7, "1.0 s"),
        (1_400, "1.4 s"),
        (59_960, "60 s"),
        (125_000, "2 m 05 s"),
        (3_599_900, "1 h 00 m"),
        (3_780_000, "1 h 03 m"),
        (400_000_000, "4 d"),
    ],
)
def test_durations(ms: float | None, shown: str):
    assert words.duration_ms(ms) == shown


@pytest.mark.parametrize(
    ("number", "shown"),
    [(0, "0"), (950, "950"), (1_234, "1.2k"), (34_000, "34k"), (999_950, "1.0M"), (1_500_000, "1.5M")],
)
def test_counts(number: float, shown: str):
    assert words.count(number) == shown


def test_ages_and_shares():
    assert [words.ago(seconds) for seconds in (-3, 0.2, 12, 200, 7_300, 500_000)] == [
        "now",
        "now",
        "12 s ago",
        "3 m ago",
        "2 h ago",
        "5 d ago",
    ]
    shares = [words.percent(share) for share in (None, 0, 0.034, 0.5, 1)]
    assert shares == ["–", "0 %", "3.4 %", "50 %", "100 %"]


def test_the_module_loads_no_library_of_the_screen():
    script = (
        "import sys, clawtui.text; print([name for name in sys.modules if name.split('.')[0] in ('rich', 'textual')])"
    )
    output = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert output.stdout.strip() == "[]"
