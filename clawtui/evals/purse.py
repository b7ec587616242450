"""Keeps a run within its sum: what may still be spent is taken before a call and given back as what it cost."""

from __future__ import annotations


class Spent(Exception):
    """The sum would be passed: the run stops here."""


class Purse:
    def __init__(self, limit_usd: float | None, spent_usd: float = 0.0) -> None:
        self.limit_usd = limit_usd
        self.spent_usd = spent_usd
        self._held = 0.0

    def take(self, worst_usd: float | None) -> float:
        """Raises Spent. What is unknown cannot be held within a sum, and is refused where there is one."""
        if self.limit_usd is None:
            return 0.0
        if worst_usd is None:
            raise Spent("a price is unknown, so the sum cannot be kept")
        if self.spent_usd + self._held + worst_usd > self.limit_usd + 1e-9:
            raise Spent(f"the next call could pass ${self.limit_usd:g}")
        self._held += worst_usd
        return worst_usd

    def settle(self, held_usd: float, cost_usd: float | None) -> None:
        self._held = max(0.0, self._held - held_usd)
        self.spent_usd += cost_usd or 0.0
