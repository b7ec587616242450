"""A plan of plans: advisers answer at once, then one synthesizer writes the reply.

Every child is an ordinary request through `Router.single`, with its own plan, attempts, ledger row and trace; this
file only starts them, stops them and keeps the record. What they read is made in `fusing`.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace

from clawtui.config.schema import Fusion
from clawtui.engine import final_error
from clawtui.engine.clock import Deadline
from clawtui.engine.events import (
    AdviserPhase,
    AdviserProgress,
    Completed,
    Delta,
    Failed,
    Planned,
    RequestBegan,
    RequestEvent,
    SynthesisStarted,
)
from clawtui.engine.fusing.advice import Advice
from clawtui.engine.fusing.evidence import Order, Proposal, drawn_order, with_evidence
from clawtui.engine.fusing.record import fusion_record, total_cost, total_usage
from clawtui.engine.fusing.requests import TOKEN_CHARS, adviser_request, largest_request, synthesizer_request
from clawtui.engine.fusing.reservation import Reservation
from clawtui.engine.outcome import (
    AdviserOutcome,
    FusionRecord,
    Outcome,
    RequestError,
    Trace,
)
from clawtui.engine.request import ChatRequest, Parent, RequestId, Stage
from clawtui.engine.router import Router
from clawtui.engine.run import Run, new_request_id
from clawtui.engine.verdicts import Needs, Plan, Skip, Verdict


async def fuse(router: Router, request: ChatRequest, name: str) -> AsyncGenerator[RequestEvent, None]:
    """The fused request as it happens. Ends with `Completed` or `Failed`; closing it cancels every child."""
    fusing = Fusing(router, request, name)
    trace: Trace | None = None
    try:
        async with aclosing(fusing.events()) as events:
            async for event in events:
                yield event
        trace = fusing.trace()
    finally:
        await fusing.stop_advisers()
        fusing.drop_reservation()
        if trace is None:
            trace = fusing.trace(cancelled=True)
        router.settle(trace)
    yield Completed(trace.total_ms, trace) if trace.outcome is Outcome.OK else Failed(trace.total_ms, trace)


def fusion_plan(router: Router, request: ChatRequest, name: str) -> Plan:
    """The synthesizer's plan, with the largest permitted proposals counted in; nobody's where the fusion is disabled."""
    fusion = router.registry.fusions[name]
    plan = replace(router.plan(largest_request(request, fusion)), requested=request.target)
    if request.model is not None and plan.error is None:
        error = f"{request.target} is of several models, so {request.model} cannot be put in the place of one"
        return Plan(request.target, plan.policy, Needs(), (), (), error=error)
    return plan if fusion.enabled else _closed(plan, f"{request.target} is disabled")


def _closed(plan: Plan, reason: str) -> Plan:
    """Whoever could answer now or soon may not, for this one reason."""
    entries = tuple(
        replace(entry, verdict=Verdict.SKIPPED, reason=reason, skip=Skip.DISABLED, available_in_s=None)
        if entry.verdict is not Verdict.SKIPPED or entry.available_in_s is not None
        else entry
        for entry in plan.entries
    )
    return replace(plan, candidates=(), waits=(), entries=entries)


class Fusing:
    """One fused request."""

    def __init__(self, router: Router, request: ChatRequest, name: str) -> None:
        self._router = router
        self._clock = router.clock
        self._registry = router.registry
        self._name = name
        self._fusion: Fusion = router.registry.fusions[name]
        at = self._clock.wall()
        self._request = request
        self._order = Order(())
        self._seed = secrets.randbits(31)
        request_id = request.request_id or new_request_id(at)
        self._synthesizer_id = new_request_id(at)
        self._run = Run(request, request_id, fusion_plan(router, request, name), at, self._clock.monotonic())
        self._reservation = Reservation(router.ledger, self._run, self._synthesizer_id)
        self._advice = [Advice(i, p, new_request_id(at)) for i, p in enumerate(self._fusion.advisers)]
        self._tasks: list[asyncio.Task[None]] = []
        self._news: asyncio.Queue[RequestEvent | Advice] = asyncio.Queue()
        self._sent: set[int] = set()
        self._advised_ms = 0.0
        self._answer: Trace | None = None
        self._draft: Advice | None = None

    # ---- the course of things

    async def events(self) -> AsyncGenerator[RequestEvent, None]:
        run = self._run
        self._router.bus.publish(RequestBegan(run.request_id, run.at, run.request.caller, run.request.target, None))
        yield Planned(run.request_id, 0.0, run.plan)
        if not self._can_start() or not await self._reserve_synthesizer():
            return
        self._start_advisers()
        async for event in self._advisers():
            yield event
        proposals = self._settle_order()
        self._advised_ms = self._ms()
        yield SynthesisStarted(self._advised_ms, self._fusion.synthesizer, len(proposals))
        request = self._synthesizer_request(proposals)
        self._reservation.hand_over()
        async with aclosing(self._router.single(request, self._answered)) as events:
            async for event in events:
                if type(event) is Planned or type(event) is Completed or type(event) is Failed:
                    continue
                yield replace(event, t_ms=self._ms())
        draft = self._best_draft()
        if draft is not None:
            self._draft = draft
            yield Delta(self._ms(), draft.proposal)

    def _can_start(self) -> bool:
        return self._request.hops <= 1 and bool(self._run.plan.candidates or self._run.plan.waits)

    async def _reserve_synthesizer(self) -> bool:
        plan = self._run.plan
        policy = self._registry.policies[plan.policy]
        return await self._reservation.take(plan.candidates or plan.waits, self._fusion.synthesizer, policy)

    def drop_reservation(self) -> None:
        self._reservation.drop(self._synthesizer_request([]), self._ms())

    # ---- advisers

    def _start_advisers(self) -> None:
        for advice in self._advice:
            self._tasks.append(asyncio.create_task(self._advise(advice), name=f"adviser {advice.index}"))

    async def _advisers(self) -> AsyncGenerator[RequestEvent, None]:
        """Their progress, until all have ended or a quorum is in; then the rest are stopped."""
        for advice in self._advice:
            yield self._progress(advice, AdviserPhase.QUEUED)
        ended = usable = 0
        quorum = self._fusion.quorum or len(self._advice)
        while ended < len(self._advice) and usable < quorum:
            news = await self._news.get()
            if isinstance(news, Advice):
                ended += 1
                usable += news.is_usable
                yield self._progress(news, AdviserPhase.ENDED)
            else:
                yield news
        stopped = [advice for advice in self._advice if advice.outcome is None]
        await self.stop_advisers()
        for advice in stopped:
            yield self._progress(advice, AdviserPhase.ENDED)

    async def stop_advisers(self) -> None:
        """Cancels those that still run and waits until each is settled."""
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()

    async def _advise(self, advice: Advice) -> None:
        advice.started_ms = self._ms()
        self._news.put_nowait(self._progress(advice, AdviserPhase.STARTED))
        try:
            request = adviser_request(
                self._request, self._fusion, advice.index, self._registry, advice.request_id, self._run.request_id
            )
            async with (
                Deadline(self._clock, self._fusion.adviser_timeout),
                aclosing(self._router.single(request, lambda trace: _keep(advice, trace))) as events,
            ):
                async for event in events:
                    if not self._take(advice, event):
                        break
            advice.conclude()
        except TimeoutError:
            advice.cut_short(AdviserOutcome.TIMED_OUT, "timeout_total", "not done within its time limit")
        except asyncio.CancelledError:
            advice.outcome, advice.failure = AdviserOutcome.CANCELLED, "cancelled"
            raise
        finally:
            advice.ended_ms = self._ms()
            self._news.put_nowait(advice)

    def _take(self, advice: Advice, event: RequestEvent) -> bool:
        """Keeps what the event brings and tells of it; False: enough, stop reading."""
        text = advice.take(event, self._fusion.max_proposal_chars)
        if advice.first_token_ms is None and advice.body_chars:
            advice.first_token_ms = self._ms()
            self._news.put_nowait(self._progress(advice, AdviserPhase.FIRST_TOKEN))
        if text:
            self._news.put_nowait(self._progress(advice, AdviserPhase.TEXT, text))
        return not advice.is_enough

    # ---- the synthesizer

    def _synthesizer_request(self, proposals: list[Proposal]) -> ChatRequest:
        """The child under whose id the reservation stands."""
        token = secrets.token_hex(TOKEN_CHARS // 2)
        return replace(
            synthesizer_request(self._request, self._fusion, proposals, self._order, token),
            request_id=self._synthesizer_id,
            parent=self._reservation.parent,
        )

    def _settle_order(self) -> list[Proposal]:
        usable = [advice for advice in self._advice if advice.is_usable]
        self._order = drawn_order([advice.index for advice in usable], self._seed, self._fusion.anonymous)
        self._sent = {advice.index for advice in usable}
        return [Proposal(advice.index, advice.proposal, self._model_of(advice)) for advice in usable]

    def _model_of(self, advice: Advice) -> str:
        route = advice.trace.answered if advice.trace else None
        return route.model if route else advice.profile

    def _answered(self, trace: Trace) -> None:
        """From here on the plan is the one that was walked: money and circuits have moved since the first."""
        self._answer = trace
        self._run.plan = replace(trace.plan, requested=self._request.target)

    def _best_draft(self) -> Advice | None:
        """Every synthesizer route is down before its first token: the longest proposal, if the fusion wants that."""
        answer = self._answer
        if (
            answer is None
            or not self._fusion.best_draft
            or self._request.strict
            or answer.outcome is not Outcome.FAILED
            or answer.text
        ):
            return None
        return max((a for a in self._advice if a.is_usable), key=lambda a: a.chars, default=None)

    # ---- the record

    def _ms(self) -> float:
        return self._run.t_ms(self._clock)

    def _progress(self, advice: Advice, phase: AdviserPhase, text: str = "") -> AdviserProgress:
        ended = phase is AdviserPhase.ENDED
        return AdviserProgress(
            self._ms(),
            advice.index,
            advice.profile,
            phase,
            advice.outcome if ended else None,
            advice.failure if ended else None,
            text,
            advice.request_id,
        )

    def trace(self, *, cancelled: bool = False) -> Trace:
        run, answer = self._run, self._answer
        started = bool(self._order.indexes or self._advised_ms or any(a.started_ms is not None for a in self._advice))
        base = run.trace(self._outcome(cancelled), self._ms(), self._error(cancelled))
        if not started:
            return base
        children = [advice.trace for advice in self._advice if advice.trace] + ([answer] if answer else [])
        base = replace(
            base,
            usage=total_usage(children),
            cost=total_cost(children),
            children=tuple(child.request_id for child in children),
            fusion=self._record(children),
        )
        if self._draft is not None:
            note = (
                f"every route of {self._fusion.synthesizer} is down: this is adviser {self._draft.profile}'s proposal"
            )
            trace = self._draft.trace
            return replace(
                base,
                text=self._draft.proposal,
                answered=trace.answered if trace else None,
                finish_reason=trace.finish_reason if trace else None,
                first_token_ms=base.total_ms,
                notes=(*base.notes, note),
            )
        if answer is None:
            return base
        first = answer.first_token_ms
        return replace(
            base,
            selected=answer.selected,
            answered=answer.answered,
            served_model=answer.served_model,
            attempts=answer.attempts,
            text=answer.text,
            reasoning=answer.reasoning,
            tool_calls=answer.tool_calls,
            finish_reason=answer.finish_reason,
            superseded=answer.superseded,
            first_token_ms=None if first is None else round(self._advised_ms + first, 1),
            notes=(*base.notes, *answer.notes),
        )

    def _outcome(self, cancelled: bool) -> Outcome:
        if cancelled:
            return Outcome.CANCELLED
        if self._draft is not None:
            return Outcome.OK
        if self._answer is not None:
            return self._answer.outcome
        error = self._error(False)
        return Outcome.REFUSED if error is not None and error.kind in ("budget", "policy") else Outcome.FAILED

    def _error(self, cancelled: bool) -> RequestError | None:
        if cancelled:
            return RequestError("cancelled", "the request was cancelled")
        if self._draft is not None:
            return None
        if self._answer is not None:
            return self._answer.error
        if self._request.hops > 1:
            return final_error.too_many_hops(self._request.hops)
        if self._run.plan.error is None and not self._fusion.enabled:
            return RequestError(
                "not_ready", f"fusion/{self._name} is disabled", f"set enabled = true under [fusion.{self._name}]"
            )
        if self._reservation.refusal is not None:
            return final_error.over_budget(self._run.plan.policy, self._reservation.refusal)
        return final_error.without_attempts(self._run.plan, (), None)

    def _record(self, children: list[Trace]) -> FusionRecord:
        return fusion_record(
            name=self._name,
            fusion=self._fusion,
            advice=self._advice,
            order=self._order,
            sent=self._sent,
            seed=self._seed,
            synthesizer_id=self._synthesizer_id,
            advised_ms=self._advised_ms,
            answer=self._answer,
            children=children,
            registry=self._registry,
            best_draft=self._draft is not None,
        )


def counterfactual(request: ChatRequest, synthesizer: str, parent: RequestId) -> ChatRequest:
    """The synthesizer alone on the same request."""
    return replace(
        request,
        target=synthesizer,
        model=None,
        request_id=None,
        parent=Parent(parent, Stage.COUNTERFACTUAL),
    )


def resynthesis(trace: Trace, request: ChatRequest, profile: str, *, anonymous: bool) -> ChatRequest:
    """The stored proposals of a fusion, in the order they were sent, read by another profile."""
    record = trace.fusion
    if record is None:
        raise ValueError("the trace is not a fusion's")
    used = [adviser for adviser in record.advisers if adviser.used and adviser.text]
    proposals = [Proposal(each.index, each.text, each.route.model if each.route else each.profile) for each in used]
    order = drawn_order([each.index for each in used], record.seed, anonymous)
    return replace(
        with_evidence(request, proposals, order, secrets.token_hex(12), anonymous=anonymous),
        target=profile,
        model=None,
        request_id=None,
        parent=Parent(trace.request_id, Stage.RESYNTHESIS),
    )


def _keep(advice: Advice, trace: Trace) -> None:
    advice.trace = trace
