"""What one ledger row adds to the figures of usage."""

from __future__ import annotations

from typing import NamedTuple

from clawtui.engine.outcome import Outcome, Trace, UsageSource
from clawtui.store.values import fitting, storable

NOBODY = "-"


class Counted(NamedTuple):
    """What one ledger row adds to the figures."""

    at: float
    profile: str
    provider: str
    model: str
    policy: str
    caller: str
    failed: bool
    failovers: int
    input_tokens: int
    output_tokens: int
    cached: int
    reasoning: int
    cost_usd: float | None
    estimated: bool
    total_ms: float | None

    @staticmethod
    def of(trace: Trace, failovers: int) -> Counted:
        route = trace.answered or trace.selected
        usage = fitting(trace.usage)
        answered = trace.outcome is Outcome.OK
        return Counted(
            at=trace.at,
            profile=(route.profile if route else None) or NOBODY,
            provider=route.provider if route else NOBODY,
            model=storable(route.model) if route else NOBODY,
            policy=trace.policy,
            caller=storable(trace.caller),
            failed=not answered,
            failovers=failovers,
            input_tokens=usage.input_tokens,
            output_tokens=usage.output_tokens,
            cached=usage.cached_input_tokens,
            reasoning=usage.reasoning_tokens,
            cost_usd=trace.cost.usd,
            estimated=usage.source is not UsageSource.REPORTED and bool(usage.input_tokens or usage.output_tokens),
            total_ms=trace.total_ms if answered else None,
        )

    @staticmethod
    def abandoned(
        at: float,
        profile: str | None,
        provider: str | None,
        model: str | None,
        policy: str,
        caller: str,
        cost_usd: float | None,
    ) -> Counted:
        return Counted(
            at,
            profile or NOBODY,
            provider or NOBODY,
            model or NOBODY,
            policy,
            caller,
            True,
            0,
            0,
            0,
            0,
            0,
            cost_usd,
            True,
            None,
        )
