"""What makes a case another, and what does not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from clawtui.engine.request import Media, MediaKind, user
from clawtui.evals.cases import Case, Expectation, Turn
from clawtui.evals.fingerprint import fingerprint

CASE = Case(
    "quiz",
    "q1",
    (Turn((user("question 1?"),)),),
    needs=frozenset({"tools", "vision"}),
    images=(Media(MediaKind.IMAGE, b"red", "image/png"),),
    expect=(Expectation("equals", {"value": "yes"}),),
)


@pytest.mark.parametrize(
    "change",
    [
        {"turns": (Turn((user("question 2?"),)),)},
        {"expect": (Expectation("equals", {"value": "yes"}, negated=True),)},
        {"expect": (Expectation("equals", {"value": "Yes"}),)},
        {"images": (Media(MediaKind.IMAGE, b"blue", "image/png"),)},
        {"needs": frozenset({"tools"})},
        {"weight": 2.0},
        {"max_tokens": 9},
    ],
)
def test_what_is_asked_expected_or_counted_makes_another_case(change: dict[str, Any]) -> None:
    assert fingerprint(replace(CASE, **change)) != fingerprint(CASE)


@pytest.mark.parametrize("change", [{"description": "easy"}, {"tags": frozenset({"new"})}, {"repeats": 5}])
def test_words_about_it_do_not(change: dict[str, Any]) -> None:
    assert fingerprint(replace(CASE, **change)) == fingerprint(CASE)


def test_it_is_the_same_in_every_release() -> None:
    """Else no run could be gone on with, or held against an earlier one, after an upgrade."""
    assert fingerprint(CASE) == "44fdc2ddf6d29326"
