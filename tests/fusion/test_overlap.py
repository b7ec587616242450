"""How much texts have in common."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clawtui.engine.fusing.overlap import overlap

WORDS = [f"word{number}" for number in range(400)]


def test_the_same_text_is_wholly_shared_whatever_its_case_and_marks() -> None:
    shared = overlap(["The quick brown fox jumps.", "the QUICK, brown fox; jumps"], "the quick brown fox jumps")
    assert shared.pairs == {(0, 1): 1.0}
    assert shared.of_answer == (1.0, 1.0)


def test_texts_without_a_run_of_four_words_in_common_share_nothing() -> None:
    shared = overlap(["one two three four five", "five four three two one"], "six seven eight nine ten")
    assert shared.pairs == {(0, 1): 0.0}
    assert shared.of_answer == (0.0, 0.0)


def test_half_of_an_answer_taken_from_a_proposal_counts_as_about_half() -> None:
    proposal = " ".join(WORDS[:100])
    answer = proposal + " " + " ".join(WORDS[200:300])
    assert overlap([proposal], answer).of_answer[0] == pytest.approx(0.5, abs=0.03)


def test_empty_texts_share_nothing_and_raise_nothing() -> None:
    assert overlap(["", "  "], "").of_answer == (0.0, 0.0)
    assert overlap([], "text").of_answer == ()


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(max_size=200), max_size=4), st.text(max_size=200))
def test_shares_are_shares(texts: list[str], answer: str) -> None:
    """Every figure lies between 0 and 1, one for each pair and each proposal."""
    shared = overlap(texts, answer)
    assert len(shared.of_answer) == len(texts)
    assert len(shared.pairs) == len(texts) * (len(texts) - 1) // 2
    assert all(0.0 <= share <= 1.0 for share in (*shared.of_answer, *shared.pairs.values()))


def test_a_pair_reads_the_same_both_ways() -> None:
    rng = random.Random(3)
    first, second = (" ".join(rng.choices(WORDS[:30], k=80)) for _ in range(2))
    assert overlap([first, second], "").pairs[(0, 1)] == overlap([second, first], "").pairs[(0, 1)]
