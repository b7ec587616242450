"""Usage as words and figures: ranges, the burn rate, the end of the month, what is only estimated."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from clawtui.runtime.budgets_view import BudgetRow
from clawtui.store.counted import NOBODY
from clawtui.store.usage import By, DaySpend, OpenReservation, UsageRow
from clawtui.text import ago, count, money
from clawtui.tui.widgets.parts import Part, PartLine, Tone

BURN_DAYS = 7  # days that the burn rate looks back on


class Range(StrEnum):
    TODAY = "today"
    WEEK = "7 d"
    MONTH = "30 d"
    ALL = "all"
    CUSTOM = "custom"


@dataclass(frozen=True, slots=True)
class Chosen:
    """A range, and its two days where it is custom."""

    range: Range = Range.WEEK
    first: date | None = None
    last: date | None = None

    @property
    def words(self) -> str:
        if self.range is Range.CUSTOM and self.first and self.last:
            return f"{self.first} to {self.last}"
        return {Range.TODAY: "today", Range.WEEK: "the last 7 days", Range.MONTH: "the last 30 days"}.get(
            self.range, "everything"
        )

    def bounds(self, now: float) -> tuple[float, float]:
        """From and until, in epoch seconds; days are those of the local zone, and today is one of the last 7."""
        today = _midnight(day_at(now))
        match self.range:
            case Range.TODAY:
                return today, now
            case Range.WEEK:
                return _midnight(day_at(now) - timedelta(days=6)), now
            case Range.MONTH:
                return _midnight(day_at(now) - timedelta(days=29)), now
            case Range.CUSTOM if self.first is not None and self.last is not None:
                return _midnight(self.first), min(now, _midnight(self.last + timedelta(days=1)) - 1)
            case _:
                return 0.0, now


def key_words(by: By, key: str) -> str:
    """What a row is about; what was asked of nobody, or answered by nobody, in words."""
    if key != NOBODY:
        return key
    return "no profile" if by is By.PROFILE else "nobody answered"


def day_at(wall: float) -> date:
    """Of the local zone, as the roll-ups count."""
    return datetime.fromtimestamp(wall).astimezone().date()


def _midnight(day: date) -> float:
    return datetime(day.year, day.month, day.day).astimezone().timestamp()


def read_day(text: str) -> date | None:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        return None


def wrong_day(text: str, other: str, *, is_last: bool) -> str:
    """What is wrong with one of the two days, in words; empty where nothing is."""
    day = read_day(text)
    if day is None:
        return "a day looks like 2026-01-31"
    if is_last and (first := read_day(other)) is not None and day < first:
        return "this is before the first day"
    return ""


# ---- the month


@dataclass(frozen=True, slots=True)
class Burn:
    """What is spent a day, and what the month will come to if it goes on so."""

    per_day_usd: float
    month_so_far_usd: float
    projected_usd: float


def burn(days: Iterable[DaySpend], now: float) -> Burn:
    """The rate is that of the last week, or of as much of it as there is anything to see."""
    today = day_at(now)
    spent = {date.fromisoformat(day.day): day.cost_usd for day in days}
    begun = min((day for day in spent if day <= today), default=today)
    looked = min(BURN_DAYS, (today - begun).days + 1)
    recent = sum(spent.get(today - timedelta(days=back), 0.0) for back in range(looked))
    rate = recent / looked
    so_far = sum(cost for day, cost in spent.items() if (day.year, day.month) == (today.year, today.month))
    left = monthrange(today.year, today.month)[1] - today.day
    return Burn(rate, so_far, so_far + rate * left)


def burn_lines(burned: Burn, budgets: Sequence[BudgetRow]) -> list[PartLine]:
    lines: list[PartLine] = [
        (
            (f"{money(burned.per_day_usd)} a day", Tone.STRONG),
            (f"  {money(burned.month_so_far_usd)} this month, ", Tone.MUTED),
            (f"{money(burned.projected_usd)} by its end", Tone.NORMAL),
            (" at this rate", Tone.MUTED),
        )
    ]
    for row in budgets:
        lines.append(_budget_line(row, burned))
    return lines


def _budget_line(row: BudgetRow, burned: Burn) -> PartLine:
    share = (row.spent_usd + row.reserved_usd) / row.limit_usd if row.limit_usd else 1.0
    tone = Tone.BAD if share >= 1 else Tone.WARN if share >= row.warn_at else Tone.OK
    held = f", {money(row.reserved_usd)} reserved" if row.reserved_usd else ""
    parts: list[Part] = [
        (f"{row.policy} ", Tone.NORMAL),
        (f"{money(row.spent_usd)} of {money(row.limit_usd)}", tone),
        (f" this {row.period}{held}", Tone.MUTED),
    ]
    if row.period == "month" and burned.projected_usd > row.limit_usd:
        parts.append((", the budget will not last", Tone.WARN))
    return tuple(parts)


# ---- what is not sure, and what is open


def doubt_line(total: UsageRow) -> PartLine | None:
    """What was estimated or has no price, in one line; None where all is reported and priced."""
    told = []
    if total.estimated_requests:
        told.append(f"tokens of {count(total.estimated_requests)} of {count(total.requests)} requests are estimated")
    if total.unpriced_requests:
        told.append(f"{count(total.unpriced_requests)} have no known price and are not in the sums")
    return ((("≈ " + "; ".join(told)), Tone.WARN),) if told else None


def reservation_lines(reservations: Sequence[OpenReservation], now: float, most: int = 4) -> list[PartLine]:
    if not reservations:
        return []
    lines: list[PartLine] = [((f"{len(reservations)} reserved now", Tone.NORMAL),)]
    for each in reservations[:most]:
        words = f"  {each.profile or '–'} by {each.caller}, {ago(now - each.at)}, {money(each.reserved_usd)}"
        lines.append(((words, Tone.MUTED),))
    if len(reservations) > most:
        lines.append(((f"  and {len(reservations) - most} more", Tone.MUTED),))
    return lines


def filled_days(days: Sequence[DaySpend], first: date, last: date) -> list[tuple[date, float]]:
    """Every day from the first to the last: also those on which nothing was asked."""
    spent = {day.day: day.cost_usd for day in days}
    number = min((last - first).days + 1, 3_660)
    begun = last - timedelta(days=max(0, number - 1))
    return [
        (day, spent.get(day.isoformat(), 0.0)) for day in (begun + timedelta(days=n) for n in range(max(0, number)))
    ]
