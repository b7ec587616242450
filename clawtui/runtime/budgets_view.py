"""Budgets as rows: what each policy may spend, spent and holds reserved."""

from __future__ import annotations

from dataclasses import dataclass

from clawtui.engine.engine import Engine


@dataclass(frozen=True, slots=True)
class BudgetRow:
    policy: str
    period: str  # day, month
    limit_usd: float
    spent_usd: float
    reserved_usd: float
    warn_at: float


def budget_rows(engine: Engine) -> list[BudgetRow]:
    rows: list[BudgetRow] = []
    for name, policy in engine.registry.policies.items():
        limits = policy.limits
        if limits is None:
            continue
        spent = engine.ledger.spending(name)
        if limits.daily_usd is not None:
            rows.append(BudgetRow(name, "day", limits.daily_usd, spent.day_usd, spent.day_reserved_usd, limits.warn_at))
        if limits.monthly_usd is not None:
            rows.append(
                BudgetRow(name, "month", limits.monthly_usd, spent.month_usd, spent.month_reserved_usd, limits.warn_at)
            )
    return rows
