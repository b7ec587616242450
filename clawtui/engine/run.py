"""The record of one request while it runs: what was tried, what came, what it cost. Becomes the trace when it ends."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field, replace

from clawtui.engine.clock import Clock
from clawtui.engine.outcome import (
    NO_COST,
    NO_USAGE,
    Attempt,
    AttemptOutcome,
    Cost,
    Outcome,
    RequestError,
    Superseded,
    Trace,
)
from clawtui.engine.request import ChatRequest, RequestId, Route, ToolCall
from clawtui.engine.verdicts import Plan


def new_request_id(wall: float) -> RequestId:
    """Sorts by time, and cannot collide between processes."""
    return RequestId(f"{int(wall * 1000):012x}{secrets.token_hex(5)}")


@dataclass(slots=True)
class Run:
    request: ChatRequest
    request_id: RequestId
    plan: Plan
    at: float
    began: float  # monotonic
    attempts: list[Attempt] = field(default_factory=list)
    text: list[str] = field(default_factory=list)
    reasoning: list[str] = field(default_factory=list)
    tool_calls: list[ToolCall] = field(default_factory=list)
    superseded: list[Superseded] = field(default_factory=list)
    answered: Route | None = None
    served_model: str | None = None
    finish_reason: str | None = None
    first_token_ms: float | None = None
    notes: list[str] = field(default_factory=list)
    settled: bool = False

    def t_ms(self, clock: Clock) -> float:
        return round((clock.monotonic() - self.began) * 1000, 1)

    @property
    def has_answer_text(self) -> bool:
        return bool(self.text or self.reasoning or self.tool_calls)

    def supersede(self, place: int) -> int:
        """Sets aside the partial answer of the attempt at `place` for a whole one; returns its length."""
        partial = "".join(self.text)
        cut = self.attempts[place]
        self.attempts[place] = replace(cut, outcome=AttemptOutcome.SUPERSEDED)
        self.superseded.append(Superseded(cut.route, partial))
        self.first_token_ms = None
        self.text.clear()
        self.reasoning.clear()
        self.tool_calls.clear()
        return len(partial)

    def cost(self) -> Cost:
        return total_cost(self.attempts)

    def trace(self, outcome: Outcome, total_ms: float, error: RequestError | None = None) -> Trace:
        plan, request = self.plan, self.request
        parent = request.parent
        usage = NO_USAGE
        for each in self.attempts:
            usage = usage + each.usage
        return Trace(
            request_id=self.request_id,
            at=self.at,
            caller=request.caller,
            requested=plan.requested,
            policy=plan.policy,
            outcome=outcome,
            plan=plan,
            attempts=tuple(self.attempts),
            selected=(plan.candidates or plan.waits)[0].route if plan.candidates or plan.waits else None,
            answered=self.answered,
            served_model=self.served_model,
            text="".join(self.text),
            reasoning="".join(self.reasoning),
            tool_calls=tuple(self.tool_calls),
            finish_reason=self.finish_reason,
            usage=usage,
            cost=self.cost(),
            first_token_ms=self.first_token_ms,
            total_ms=total_ms,
            superseded=tuple(self.superseded),
            error=error,
            parent=parent.request_id if parent else None,
            stage=parent.stage if parent else None,
            adviser_index=parent.index if parent else None,
            request=request,
            notes=(*plan.notes, *self.notes),
        )


def total_cost(attempts: list[Attempt]) -> Cost:
    """The sum over all attempts. One that used tokens at an unknown price makes the whole unknown: null never means 0."""
    usd, source, version = 0.0, None, None
    for each in attempts:
        if each.cost.usd is None:
            if each.outcome is AttemptOutcome.OK or each.usage.input_tokens or each.usage.output_tokens:
                return NO_COST
            continue
        usd += each.cost.usd
        source, version = each.cost.source, each.cost.version
    return Cost(usd, source, version)
