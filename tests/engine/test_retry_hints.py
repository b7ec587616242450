"""Hints that stand in a message alone, and moments told in milliseconds."""

from __future__ import annotations

import pytest

from clawtui.engine import retry_after
from tests.house import NEW_YEAR


@pytest.mark.parametrize(
    ("words", "seconds"),
    [
        ("Please try again in 6m0s.", 360.0),
        ("Please try again in 420ms. Visit the docs.", 0.42),
        ("Please retry after 26 seconds. Please go here", 26.0),
        ("Please retry in 34.07s.", 34.07),
        ("Limit resets in 2 hours 5 minutes", 7_500.0),
        ("please wait 20 seconds and", 20.0),
        ("You will regain access on 2027-01-02 at 00:00 UTC.", 86_400.0),
        ("You will regain access on 2026-12-02 at 00:00 UTC.", 0.0),
        ("You will regain access on 2027-99-99 at 00:00 UTC.", None),
        ("If you created it within the last 5 minutes, please wait a moment and try again.", None),
        ("Try again later.", None),
        ("", None),
    ],
)
def test_words_say_when(words: str, seconds: float | None) -> None:
    found = retry_after.from_text(words, NEW_YEAR)
    assert found == (None if seconds is None else pytest.approx(seconds))


def test_a_moment_in_milliseconds_is_told_from_one_in_seconds() -> None:
    assert retry_after.until(str((NEW_YEAR + 45) * 1000), NEW_YEAR) == pytest.approx(45.0)
