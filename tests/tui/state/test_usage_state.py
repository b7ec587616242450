"""Ranges, the burn rate, the end of the month, and what is said of doubtful figures."""

from __future__ import annotations

from datetime import date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clawtui.runtime.budgets_view import BudgetRow
from clawtui.store.usage import DaySpend, OpenReservation, UsageRow
from clawtui.tui.state.usage import (
    Chosen,
    Range,
    burn,
    burn_lines,
    day_at,
    doubt_line,
    filled_days,
    reservation_lines,
    wrong_day,
)
from clawtui.tui.widgets.parts import PartLine, Tone

NOW = datetime(2027, 1, 11, 15, 30).astimezone().timestamp()


def words(lines: list[PartLine]) -> str:
    return "\n".join("".join(text for text, _ in line) for line in lines)


def spend(*sums: float, last: date = date(2027, 1, 11)) -> list[DaySpend]:
    """One a day, the last on `last`."""
    days = [date.fromordinal(last.toordinal() - back) for back in range(len(sums))][::-1]
    return [DaySpend(day.isoformat(), usd, 1) for day, usd in zip(days, sums, strict=True)]


def test_ranges_end_now_and_begin_where_they_say() -> None:
    since, until = Chosen(Range.WEEK).bounds(NOW)
    assert (day_at(since), day_at(since - 1), until) == (date(2027, 1, 5), date(2027, 1, 4), NOW)
    assert day_at(Chosen(Range.MONTH).bounds(NOW)[0]) == date(2026, 12, 13)
    assert Chosen(Range.ALL).bounds(NOW) == (0.0, NOW)
    since, until = Chosen(Range.TODAY).bounds(NOW)
    assert (day_at(since), day_at(since - 1), until) == (date(2027, 1, 11), date(2027, 1, 10), NOW)
    since, until = Chosen(Range.CUSTOM, date(2026, 12, 1), date(2026, 12, 3)).bounds(NOW)
    assert (day_at(since), day_at(until), day_at(until + 1)) == (
        date(2026, 12, 1),
        date(2026, 12, 3),
        date(2026, 12, 4),
    )


def test_a_custom_range_says_what_is_wrong_with_a_day() -> None:
    assert wrong_day("2026-02-30", "", is_last=False) == "a day looks like 2026-01-31"
    assert wrong_day("2026-01-01", "2026-01-02", is_last=True) == "this is before the first day"
    assert wrong_day(" 2026-01-02 ", "2026-01-02", is_last=True) == ""


def test_the_month_goes_on_as_the_last_week_did() -> None:
    found = burn(spend(*[9.0] * 4, *[1.0] * 7), NOW)
    assert found.per_day_usd == 1.0
    assert found.month_so_far_usd == 4 * 9.0 + 7.0
    assert found.projected_usd == found.month_so_far_usd + 20 * 1.0


def test_a_first_day_is_not_spread_over_a_week_that_was_not() -> None:
    assert burn(spend(3.0), NOW).per_day_usd == 3.0
    assert burn([], NOW).projected_usd == 0.0


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(0, 50), max_size=40))
def test_the_month_never_comes_to_less_than_it_has(sums: list[float]) -> None:
    found = burn(spend(*sums), NOW)
    assert found.projected_usd >= found.month_so_far_usd >= 0


@pytest.mark.parametrize(("spent", "tone"), [(0.5, Tone.OK), (1.7, Tone.WARN), (2.0, Tone.BAD)])
def test_budgets_change_their_tone_and_say_if_they_will_not_last(spent: float, tone: Tone) -> None:
    burned = burn(spend(*[1.0] * 11), NOW)
    lines = burn_lines(burned, [BudgetRow("default", "month", 2.0, spent, 0.1, 0.8)])
    assert (lines[1][1][1], "will not last" in words(lines)) == (tone, True)
    assert "$0.100 reserved" in words(lines)


def row(**more: int) -> UsageRow:
    numbers = {"requests": 10, "failures": 0, "failovers": 0, "unpriced_requests": 0, "estimated_requests": 0, **more}
    return UsageRow(
        "x", numbers["requests"], numbers["failures"], numbers["failovers"], 1, 1, 0, 0, 0.1,
        numbers["unpriced_requests"], numbers["estimated_requests"], 1.0, 2.0,
    )  # fmt: skip


def test_doubt_is_said_in_one_line_and_certainty_in_none() -> None:
    assert doubt_line(row()) is None
    line = doubt_line(row(estimated_requests=3, unpriced_requests=2))
    assert line is not None
    assert words([line]) == "≈ tokens of 3 of 10 requests are estimated; 2 have no known price and are not in the sums"


def test_open_reservations_are_counted_and_the_first_are_named() -> None:
    held = [OpenReservation(f"r{n}", NOW - 5, "default", "ask", "fast", 0.01) for n in range(6)]
    told = words(reservation_lines(held, NOW))
    assert told.startswith("6 reserved now")
    assert "fast by ask, 5 s ago, $0.010" in told
    assert "and 2 more" in told
    assert reservation_lines([], NOW) == []


def test_days_without_a_request_have_their_place() -> None:
    found = filled_days(spend(1.0, last=date(2027, 1, 3)), date(2027, 1, 1), date(2027, 1, 4))
    assert [value for _, value in found] == [0.0, 0.0, 1.0, 0.0]
    assert len(filled_days([], date(1970, 1, 1), date(2027, 1, 1))) == 3_660
