"""Usage for people and for files: one look at all that the pane shows, and the public document and CSV of a report."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from clawtui.runtime.budgets_view import BudgetRow, budget_rows
from clawtui.runtime.runtime import Runtime
from clawtui.store.usage import By, DaySpend, OpenReservation, UsageReport, UsageRow
from clawtui.text import one_line

YEAR = 371 * 86_400.0  # 53 weeks
FIELDS = (
    "key",
    "requests",
    "failures",
    "failovers",
    "input_tokens",
    "output_tokens",
    "cached_input_tokens",
    "reasoning_tokens",
    "cost_usd",
    "unpriced_requests",
    "estimated_requests",
    "p50_ms",
    "p95_ms",
)


@dataclass(frozen=True, slots=True)
class UsageView:
    report: UsageReport
    days: tuple[DaySpend, ...]  # of the range
    year: tuple[DaySpend, ...]
    budgets: tuple[BudgetRow, ...]
    reservations: tuple[OpenReservation, ...]
    now: float


async def usage_view(runtime: Runtime, since: float, until: float, by: By) -> UsageView:
    usage, now = runtime.store.usage, runtime.clock.wall()
    return UsageView(
        await usage.report(since, until, by),
        tuple(await usage.per_day(since, until)),
        tuple(await usage.per_day(now - YEAR, now)),
        tuple(budget_rows(runtime.engine)),
        tuple(await usage.open_reservations()),
        now,
    )


def usage_document(
    report: UsageReport, budgets: list[BudgetRow], moment: Callable[[float], str | None]
) -> dict[str, Any]:
    """Keys are public and never renamed."""
    return {
        "since": moment(report.since),
        "until": moment(report.until),
        "zone": report.zone,
        "by": report.by.value,
        "rows": [_row(row) for row in report.rows],
        "total": _row(report.total),
        "budgets": [asdict(row) for row in budgets],
    }


def usage_csv(report: UsageReport) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow((report.by.value, *FIELDS[1:]))
    for row in report.rows:
        values = _row(row)
        writer.writerow(["" if values[name] is None else _safe(values[name]) for name in FIELDS])
    return text.getvalue()


def _row(row: UsageRow) -> dict[str, Any]:
    values = asdict(row)
    return {name: values[name] for name in FIELDS}


def _safe(value: object) -> object:
    """Spreadsheets take a text that begins so for a formula; a terminal obeys what is not cleaned."""
    if not isinstance(value, str):
        return value
    value = one_line(value)
    return f"'{value}" if value[:1] in tuple("=+-@") and value != "-" else value
