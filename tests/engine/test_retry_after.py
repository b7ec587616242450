"""When a server says to come back, in every form that is seen, and in forms that are not."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clawtui.engine import retry_after
from clawtui.engine.rate_limits import used_up_for
from tests.house import NEW_YEAR

MONTH = 31 * 86_400.0


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "30"}, 30.0),
        ({"retry-after": "0"}, 0.0),
        ({"retry-after": "1.5"}, 1.5),
        ({"retry-after": " 7 "}, 7.0),
        ({"retry-after": "-5"}, 0.0),
        ({"retry-after": "86400"}, 86_400.0),
        ({"retry-after": "99999999999"}, MONTH),
        ({"retry-after": "Fri, 01 Jan 2027 00:01:00 GMT"}, 60.0),
        ({"retry-after": "Fri, 01 Jan 2027 01:01:00 +0100"}, 60.0),
        ({"retry-after": "Thu, 31 Dec 2026 23:00:00 GMT"}, 0.0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": ""}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "Fri, 99 Jan 2027 00:01:00 GMT"}, None),
        ({"retry-after-ms": "420", "retry-after": "1"}, 0.42),
        ({"retry-after-ms": "garbage", "retry-after": "1"}, 1.0),
    ],
)
def test_headers_say_when(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after.from_headers(headers, NEW_YEAR) == seconds


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("6m0s", 360.0),
        ("1h2m3.5s", 3_723.5),
        ("250ms", 0.25),
        ("12", 12.0),
        ("0", 0.0),
        (str(NEW_YEAR + 45), 45.0),
        ("2027-01-01T00:00:20Z", 20.0),
        ("2027-01-01T01:00:20+01:00", 20.0),
        ("2026-12-31T23:59:59Z", 0.0),
        ("Fri, 01 Jan 2027 00:01:00 GMT", 60.0),
        ("soon", None),
        ("", None),
        ("T", None),
    ],
)
def test_resets_are_moments_or_spans(text: str, seconds: float | None) -> None:
    found = retry_after.until(text, NEW_YEAR)
    assert found == (None if seconds is None else pytest.approx(seconds))


@given(st.text(max_size=80))
@settings(max_examples=100, deadline=None)
def test_nothing_that_a_header_may_hold_raises_or_holds_anybody_for_ever(text: str) -> None:
    """A wait is never negative and never longer than a month."""
    for found in (
        retry_after.from_headers({"retry-after": text}, NEW_YEAR),
        retry_after.from_headers({"retry-after-ms": text}, NEW_YEAR),
        retry_after.until(text, NEW_YEAR),
        used_up_for({"x-ratelimit-remaining": "0", "x-ratelimit-reset": text}, NEW_YEAR),
    ):
        assert found is None or 0 <= found <= MONTH


def test_of_several_limits_that_are_used_up_the_last_to_return_counts() -> None:
    headers = {
        "x-ratelimit-remaining-requests": "0",
        "x-ratelimit-reset-requests": "10s",
        "x-ratelimit-remaining-tokens": "0",
        "x-ratelimit-reset-tokens": "1m",
        "anthropic-ratelimit-tokens-remaining": "900",
        "anthropic-ratelimit-tokens-reset": "2027-01-01T00:30:00Z",
    }
    assert used_up_for(headers, NEW_YEAR) == 60.0


def test_a_header_alone_puts_nothing_away_for_more_than_an_hour() -> None:
    assert used_up_for({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "200000"}, NEW_YEAR) == 3_600.0
