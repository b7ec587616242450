"""Ledger and state kept in this process only: what the engine runs on when it is embedded without a store."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import lru_cache

from clawtui.config.schema import Retention
from clawtui.engine.outcome import Trace
from clawtui.engine.ports import Intent, Refusal, Spending, StateRecord, StoredState
from clawtui.engine.request import RequestId

QUARTER = 900


def local_day(wall: float) -> str:
    return _local_day(int(wall // QUARTER), time.tzname)


@lru_cache(maxsize=1024)
def _local_day(quarter: int, _zone: tuple[str, str]) -> str:
    """Asked for with every request. Days begin on a quarter of an hour, wherever one lives."""
    return time.strftime("%Y-%m-%d", time.localtime(quarter * QUARTER))


def refusal(intent: Intent, spending: Spending, held: float = 0.0) -> Refusal | None:
    """The one admission rule: reserved + settled + asked <= limit, per day and per month.

    `held` is what this same request has reserved already, which the new sum replaces. Asking for no more than that is
    never refused: it was admitted, and what others cost beyond their reservations blocks who comes after.
    """
    limits, asked = intent.limits, intent.reserve_usd or 0.0
    if limits is None or asked <= held:
        return None
    periods = (
        ("day", limits.daily_usd, spending.day_usd, spending.day_reserved_usd),
        ("month", limits.monthly_usd, spending.month_usd, spending.month_reserved_usd),
    )
    for period, limit, spent, reserved in periods:
        # A sum of floats must not refuse what fits to the cent: half a nano-dollar of slack.
        if limit is not None and spent + reserved - held + asked > limit + 5e-10:
            return Refusal(period, limit, spent, reserved - held, asked)
    return None


class MemoryLedger:
    def __init__(self, wall: Callable[[], float] = time.time) -> None:
        self._wall = wall
        self._open: dict[RequestId, Intent] = {}
        self._spent: dict[tuple[str, str], float] = {}

    async def reserve(self, intent: Intent) -> Refusal | None:
        before = self._open.get(intent.request_id)
        held = (before.reserve_usd or 0.0) if before else 0.0
        refused = refusal(intent, self.spending(intent.policy), held)
        if refused is None:
            self._open[intent.request_id] = intent
        return refused

    def settle(self, trace: Trace, retention: Retention) -> None:
        if self._open.pop(trace.request_id, None) is None:
            return  # settled before, or never reserved: a request refused in the plan, a fusion (its children pay)
        day = local_day(self._wall())
        for period in (day, day[:7]):
            key = (trace.policy, period)
            self._spent[key] = self._spent.get(key, 0.0) + (trace.cost.usd or 0.0)

    def spending(self, policy: str) -> Spending:
        day = local_day(self._wall())
        reserved = sum(intent.reserve_usd or 0.0 for intent in self._open.values() if intent.policy == policy)
        return Spending(
            self._spent.get((policy, day), 0.0), reserved, self._spent.get((policy, day[:7]), 0.0), reserved
        )


class MemoryState:
    async def load(self) -> StoredState:
        return StoredState()

    def save(self, record: StateRecord) -> None:
        return None
