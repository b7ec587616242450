"""`clawtui usage`: spend, tokens, requests and errors, from roll-ups."""

from __future__ import annotations

from clawtui.cli import moments
from clawtui.cli.opened import on_runtime
from clawtui.cli.options import Options
from clawtui.cli.stopping import Status
from clawtui.runtime import Runtime
from clawtui.runtime.budgets_view import BudgetRow, budget_rows
from clawtui.runtime.documents import iso
from clawtui.runtime.usage_view import usage_csv, usage_document
from clawtui.store.usage import By, UsageReport
from clawtui.text import count, duration_ms, money


def run(options: Options) -> int:
    by = By(options.args.by)

    async def work(runtime: Runtime) -> int:
        now = runtime.clock.wall()
        report = await runtime.store.usage.report(moments.since(options.args.since, now), now, by)
        budgets = budget_rows(runtime.engine)
        if options.json:
            options.output.document(usage_document(report, budgets, iso))
        elif options.args.csv:
            options.output.raw(usage_csv(report))
        else:
            _show(options, report, budgets)
        return Status.DONE

    return on_runtime(options, work, past=True)


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
