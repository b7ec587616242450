"""One request under the config it began on: its plan, its walk, its end. Made anew with each config in force, so that a
reload changes nothing for requests under way."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing

from clawtui.config.schema import ProviderKind, Retention
from clawtui.engine import final_error
from clawtui.engine.events import Completed, Failed, Planned, RequestBegan, RequestEnded, RequestEvent
from clawtui.engine.outcome import Outcome, RequestError, Trace
from clawtui.engine.plan import make_plan
from clawtui.engine.request import ChatRequest
from clawtui.engine.run import Run, new_request_id
from clawtui.engine.verdicts import Plan
from clawtui.engine.visit import Parts
from clawtui.engine.walk import Walk
from clawtui.engine.wire import dialect_for

MOST_HOPS = 1
CANCELLED = RequestError("cancelled", "the request was cancelled", "")


class Router:
    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self.registry = parts.registry
        self.clock = parts.clock
        self.bus = parts.bus
        self.ledger = parts.ledger

    def plan(self, request: ChatRequest) -> Plan:
        return make_plan(request, self.registry, self._parts.health, inexpressible)

    async def single(
        self, request: ChatRequest, ended: Callable[[Trace], None] | None = None
    ) -> AsyncGenerator[RequestEvent, None]:
        """One walk over one plan, for a request that names no fusion. `ended` is told the trace even if nobody is
        left to read the last event."""
        clock, parts = self.clock, self._parts
        at = clock.wall()
        run = Run(request, request.request_id or new_request_id(at), self.plan(request), at, clock.monotonic())
        self._begun(run)

        def replan() -> None:
            run.plan = self.plan(request)

        walk: Walk | None = None
        trace: Trace | None = None
        try:
            yield Planned(run.request_id, 0.0, run.plan)
            if run.plan.error is None and request.hops <= MOST_HOPS:
                walk = Walk(parts, request, run, replan)
                async with aclosing(walk.events()) as events:
                    async for event in events:
                        yield event
            trace = self._ended(run, walk)
        finally:
            if trace is None:  # cancelled, or the caller stopped reading
                trace = run.trace(Outcome.CANCELLED, run.t_ms(clock), CANCELLED)
            self.settle(trace)
            if ended is not None:
                ended(trace)
        yield Completed(trace.total_ms, trace) if trace.outcome is Outcome.OK else Failed(trace.total_ms, trace)

    def settle(self, trace: Trace) -> None:
        """Closes a request: the ledger's row, the kept trace, the word to observers. Exactly once a request."""
        policy = self.registry.policies.get(trace.policy)
        self.ledger.settle(trace, policy.retention if policy else Retention.METADATA)
        self.bus.publish(RequestEnded(trace.request_id, trace.at, trace.outcome, trace))

    def _begun(self, run: Run) -> None:
        parent = run.request.parent
        self.bus.publish(
            RequestBegan(
                run.request_id, run.at, run.request.caller, run.request.target, parent.request_id if parent else None
            )
        )

    def _ended(self, run: Run, walk: Walk | None) -> Trace:
        ms = run.t_ms(self.clock)
        if run.answered is not None:
            return run.trace(Outcome.OK, ms)
        if run.request.hops > MOST_HOPS:
            return run.trace(Outcome.REFUSED, ms, final_error.too_many_hops(run.request.hops))
        back_in_s = final_error.first_back(run.plan, self._parts.health)
        if walk is not None and run.attempts:
            failures = walk.failures
            if walk.is_interrupted:
                route, failure = next(each for each in reversed(failures) if not each[1].before_first_token)
                return run.trace(Outcome.INTERRUPTED, ms, final_error.interrupted(failure, route))
            offline = final_error.seems_offline(failures, self.registry.providers, ())
            return run.trace(Outcome.FAILED, ms, final_error.after_attempts(run.attempts, failures, back_in_s, offline))
        if walk is not None and walk.passed_over and not walk.refusals:
            return run.trace(Outcome.FAILED, ms, final_error.passed_over(walk.passed_over))
        error = final_error.without_attempts(run.plan, walk.refusals if walk else (), back_in_s)
        refused = error.kind in ("budget", "policy")
        return run.trace(Outcome.REFUSED if refused else Outcome.FAILED, ms, error)


def inexpressible(kind: ProviderKind, request: ChatRequest) -> str | None:
    """What a provider's wire cannot say of the request."""
    return dialect_for(kind).inexpressible(request)
