"""`clawtui usage`: spend, tokens, requests and errors, from roll-ups."""

from __future__ import annotations

import csv
import io
from dataclasses import asdict
from typing import Any

from clawtui.cli import moments
from clawtui.cli.documents import iso
from clawtui.cli.opened import on_runtime
from clawtui.cli.options import Options
from clawtui.cli.stopping import Status
from clawtui.runtime import Runtime
from clawtui.runtime.budgets_view import BudgetRow, budget_rows
from clawtui.store.usage import By, UsageReport, UsageRow
from clawtui.text import count, duration_ms, money

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


def run(options: Options) -> int:
    by = By(options.args.by)

    async def work(runtime: Runtime) -> int:
        now = runtime.clock.wall()
        report = await runtime.store.usage.report(moments.since(options.args.since, now), now, by)
        budgets = budget_rows(runtime.engine)
        if options.json:
            options.output.document(_document(report, budgets))
        elif options.args.csv:
            options.output.raw(_csv(report))
        else:
            _show(options, report, budgets)
        return Status.DONE

    return on_runtime(options, work, past=True)


def _document(report: UsageReport, budgets: list[BudgetRow]) -> dict[str, Any]:
    return {
        "since": iso(report.since),
        "until": iso(report.until),
        "zone": report.zone,
        "by": report.by.value,
        "rows": [_row_document(row) for row in report.rows],
        "total": _row_document(report.total),
        "budgets": [asdict(row) for row in budgets],
    }


def _row_document(row: UsageRow) -> dict[str, Any]:
    values = asdict(row)
    return {name: values[name] for name in FIELDS}


def _csv(report: UsageReport) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow((report.by.value, *FIELDS[1:]))
    for row in report.rows:
        values = _row_document(row)
        writer.writerow(["" if values[name] is None else _safe(values[name]) for name in FIELDS])
    return text.getvalue()


def _safe(value: object) -> object:
    """Spreadsheets take a text that begins so for a formula."""
    return f"'{value}" if isinstance(value, str) and value[:1] in "=+-@\t\r" and value != "-" else value


def _show(options: Options, report: UsageReport, budgets: list[BudgetRow]) -> None:
    out = options.output
    if not report.rows:
        out.line("nothing was asked in this time")
    else:
        rows = [*report.rows, report.total]
        out.table(
            (report.by.value, "requests", "failed", "hops", "in", "out", "cached", "cost", "p50≈", "p95≈"),
            [
                [
                    row.key,
                    count(row.requests),
                    count(row.failures),
                    count(row.failovers),
                    count(row.input_tokens),
                    count(row.output_tokens),
                    count(row.cached_input_tokens),
                    money(row.cost_usd),
                    duration_ms(row.p50_ms),
                    duration_ms(row.p95_ms),
                ]
                for row in rows
            ],
            right=frozenset(range(1, 10)),
        )
    total = report.total
    if total.estimated_requests or total.unpriced_requests:
        out.line(
            f"{count(total.estimated_requests)} requests estimated, {count(total.unpriced_requests)} without a known price"
        )
    for budget in budgets:
        held = f", {money(budget.reserved_usd)} reserved" if budget.reserved_usd else ""
        out.line(
            f"budget {budget.policy}: {money(budget.spent_usd)} of {money(budget.limit_usd)} this {budget.period}{held}"
        )
