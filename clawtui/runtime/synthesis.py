"""A stored fusion asked again: its synthesizer alone, or its proposals put to another model. Says the cost first."""

from __future__ import annotations

from dataclasses import dataclass, replace

from clawtui.engine.engine import NotKept
from clawtui.engine.outcome import Trace
from clawtui.engine.request import ChatRequest
from clawtui.engine.verdicts import Plan
from clawtui.runtime.runtime import Runtime


@dataclass(frozen=True, slots=True)
class Again:
    """A request that could be made now; `why_not` where it could not."""

    request: ChatRequest | None
    plan: Plan | None = None
    why_not: str = ""

    @property
    def worst_usd(self) -> float | None:
        """The most that it can cost; None: unknown."""
        candidates = self.plan.candidates if self.plan is not None else ()
        sums = [candidate.reserve_usd for candidate in candidates]
        return None if not sums or any(each is None for each in sums) else max(each or 0.0 for each in sums)


async def alone(runtime: Runtime, trace: Trace) -> Again:
    try:
        return _planned(runtime, runtime.engine.counterfactual(trace))
    except NotKept as error:
        return Again(None, why_not=str(error))


async def again_with(runtime: Runtime, trace: Trace, profile: str) -> Again:
    try:
        return _planned(runtime, runtime.engine.resynthesis(trace, profile))
    except NotKept as error:
        return Again(None, why_not=str(error))


def _planned(runtime: Runtime, request: ChatRequest) -> Again:
    request = replace(request, caller="traces")
    plan = runtime.engine.explain(request)
    if not plan.candidates:
        reasons = [entry.reason for entry in plan.entries if entry.route.profile == request.target]
        return Again(None, plan, reasons[0] if reasons else plan.error or "nobody can answer now")
    return Again(request, plan)
