"""Walks a plan: one candidate after the other until one gives a whole answer, each step told as an event.

Who may be called is settled in `plan`, what a failure means in `failures`; here is only the order of things.
"""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import replace

from clawtui.engine import final_error, step_down
from clawtui.engine.admission import MAX_CALLS, Admission, PassedOver
from clawtui.engine.attempt import Progress, attempt
from clawtui.engine.error_words import cleaned
from clawtui.engine.events import (
    AttemptBegan,
    AttemptEnded,
    AttemptFailed,
    AttemptStarted,
    Delta,
    ReasoningDelta,
    RequestEvent,
    Restarted,
    ToolCalled,
    Waiting,
)
from clawtui.engine.failures import RULES, Decision, Failure, FailureKind, Situation, Step, UpstreamFailed, decide
from clawtui.engine.masking import masked, masked_name
from clawtui.engine.metering import metered
from clawtui.engine.needs import output_room
from clawtui.engine.outcome import NO_COST, NO_USAGE, Attempt, AttemptOutcome
from clawtui.engine.plan import apply_defaults
from clawtui.engine.ports import Refusal
from clawtui.engine.request import ChatRequest, Route, ToolCall
from clawtui.engine.run import Run
from clawtui.engine.verdicts import Candidate
from clawtui.engine.visit import Parts, Ticket, Visit
from clawtui.engine.wire import dialect_for
from clawtui.engine.wire.dialect import Call, ReasoningPiece, TextPiece, ToolPiece

MAX_TRIES_PER_CREDENTIAL = 2
MAX_WAIT_FOR_SOONEST = 20.0


class Walk:
    """One walk over one plan. Afterwards either `run.answered` is set or `error` says why there is no whole answer."""

    def __init__(self, parts: Parts, request: ChatRequest, run: Run, replan: Callable[[], None]) -> None:
        self._parts = parts
        self._request = request
        self._run = run
        self._replan = replan  # makes `run.plan` anew, after a wait
        self._policy = parts.registry.policies[run.plan.policy]
        self._queue: deque[Candidate] = deque(run.plan.candidates)
        self._admission = Admission(parts, run)
        self._cut: int | None = None  # place of the attempt whose partial answer stands until a whole one begins
        self._failures: list[tuple[Route, Failure]] = []
        self._interrupted = False
        self._forced: set[Route] = set()

    @property
    def refusals(self) -> list[tuple[Route, Refusal]]:
        return self._admission.refusals

    @property
    def failures(self) -> list[tuple[Route, Failure]]:
        return self._failures

    @property
    def passed_over(self) -> list[PassedOver]:
        return self._admission.passed_over

    @property
    def is_interrupted(self) -> bool:
        """A part of an answer stands, and no whole one followed."""
        return self._interrupted

    async def events(self) -> AsyncGenerator[RequestEvent, None]:
        run, clock = self._run, self._parts.clock
        async for event in self._wait_for_soonest():
            yield event
        while self._queue:
            visit = self._visit(self._queue.popleft())
            while (ticket := await self._admission.admit(visit)) is not None:
                route, label = visit.route, ticket.credential.label
                number = len(run.attempts) + 1
                self._parts.bus.publish(AttemptBegan(run.request_id, number, route, label, clock.wall()))
                progress = Progress(clock.monotonic())
                failure: Failure | None = None
                try:
                    yield AttemptStarted(run.t_ms(clock), number, route, label)
                    async with aclosing(self._attempt(visit, ticket, progress)) as tokens:
                        async for token in tokens:
                            if self._cut is not None:
                                yield self._restarted(route)
                            if type(token) is TextPiece:
                                run.text.append(token.text)
                                yield Delta(run.t_ms(clock), token.text)
                            elif type(token) is ReasoningPiece:
                                run.reasoning.append(token.text)
                                yield ReasoningDelta(run.t_ms(clock), token.text)
                            elif type(token) is ToolPiece:
                                call = ToolCall(token.id, token.name, token.arguments)
                                run.tool_calls.append(call)
                                yield ToolCalled(run.t_ms(clock), call)
                    if self._cut is not None:  # whole, and without a word: the partial one is none of it
                        yield self._restarted(route)
                    self._answered(visit, ticket, progress)
                    return
                except UpstreamFailed as failed:
                    failure = self._understood(failed.failure, visit, ticket)
                    step = self._failed(visit, ticket, progress, failure)
                finally:
                    if not ticket.closed:
                        self._cancelled(visit, ticket, progress)
                yield AttemptFailed(
                    run.t_ms(clock), number, route, label, failure.kind, failure.status, failure.message, step.decision
                )
                if step.decision is Decision.STOP:
                    self._interrupted = run.has_answer_text
                    return
                if step.decision in (Decision.NEXT_MODEL, Decision.NEXT_PROFILE):
                    break
                if step.wait_s > 0:
                    visit.wait_s = step.wait_s
                    yield Waiting(run.t_ms(clock), route, step.wait_s, step.reason)
                    await clock.sleep(step.wait_s)
            if not self._queue and self._admission.waits_for_probe():
                # Somebody else tries the route that this request was to try: what comes of that decides.
                self._look_again()
                async for event in self._wait_for_soonest():
                    yield event
        self._interrupted = run.has_answer_text

    # ---- before an attempt

    async def _wait_for_soonest(self) -> AsyncGenerator[RequestEvent, None]:
        """Everything that could serve is blocked for a while: wait if that is short, else try what frees first."""
        run, clock = self._run, self._parts.clock
        while not self._queue and run.plan.waits:
            soonest = run.plan.waits[0]
            seconds = next((e.available_in_s for e in run.plan.entries if e.route == soonest.route), None) or 0.0
            if seconds <= min(MAX_WAIT_FOR_SOONEST, self._admission.seconds_left()):
                yield Waiting(run.t_ms(clock), soonest.route, seconds, "everything that could answer is resting")
                await clock.sleep(max(seconds, 0.05))
                self._look_again()
                continue
            run.notes.append(f"everything is resting; {soonest.route} frees first, so it was tried anyway")
            self._forced.add(soonest.route)
            self._queue.append(soonest)

    def _look_again(self) -> None:
        self._replan()
        self._queue.extend(self._run.plan.candidates)

    def _visit(self, candidate: Candidate) -> Visit:
        profile = self._parts.registry.profiles.get(candidate.route.profile or "")
        request = self._request
        if profile is not None:
            request = apply_defaults(request, profile, self._parts.registry.capabilities(candidate.route))
        visit = Visit(candidate, request, forced=candidate.route in self._forced)
        tier = self._parts.learned.tier(candidate.route)
        if tier is not None:
            self._step_down(visit, tier)
        return visit

    def _attempt(
        self, visit: Visit, ticket: Ticket, progress: Progress
    ) -> AsyncGenerator[TextPiece | ReasoningPiece | ToolPiece, None]:
        parts, route = self._parts, visit.route
        provider = parts.registry.providers[route.provider]
        profile = parts.registry.profiles.get(route.profile or "")
        timeouts = self._admission.timeouts(route)
        dropped = parts.learned.dropped(route)
        capabilities = parts.registry.capabilities(route)
        call = Call(
            request=visit.request,
            base_url=provider.base_url,
            model=route.model,
            secret=ticket.credential.secret,
            stream=self._request.stream and capabilities.streaming.value is not False,
            max_tokens=parts.learned.capped(route, visit.candidate.max_tokens),
            context_tokens=visit.candidate.input_tokens + output_room(visit.candidate.max_tokens, capabilities),
            headers=provider.headers,
            query={**provider.query, **profile.query} if profile and profile.query else provider.query,
            extra=profile.extra if profile else {},
            dropped=dropped,
            stream_usage="stream_options" not in dropped,
            prefill=capabilities.prefill.value is True,
        )
        ticket.sent = True
        parts.stats.began(route)
        return attempt(
            call,
            client_key=route.provider,
            dialect=dialect_for(provider.kind),
            transport=parts.transport,
            clock=parts.clock,
            timeouts=timeouts,
            first_token_s=min(timeouts.first_token, self._admission.seconds_left()),
            max_connections=provider.max_concurrency,
            progress=progress,
        )

    # ---- after an attempt

    def _restarted(self, route: Route) -> Restarted:
        assert self._cut is not None
        cut, self._cut = self._cut, None
        return Restarted(self._run.t_ms(self._parts.clock), route, self._run.supersede(cut))

    def _answered(self, visit: Visit, ticket: Ticket, progress: Progress) -> None:
        run = self._run
        ticket.circuit.succeeded()
        ticket.credential.succeeded(progress.headers)
        self._close(visit, ticket, progress, AttemptOutcome.OK)
        reported = progress.usage
        if reported is not None and not (visit.stepped_down or visit.repaired):  # else another text was sent
            self._parts.registry.calibration.learn(visit.route, visit.candidate.estimate, reported.input_tokens)
        run.answered = visit.route
        run.served_model = progress.served_model
        run.finish_reason = progress.finish.reason if progress.finish else None
        run.notes.extend(self._told(progress, ticket))

    def _failed(self, visit: Visit, ticket: Ticket, progress: Progress, failure: Failure) -> Step:
        """Books the failure everywhere it counts, then asks the table what happens next."""
        parts, route = self._parts, visit.route
        ticket.circuit.failed(failure)
        ticket.credential.failed(failure, progress.headers)
        self._failures.append((route, failure))
        parts.learned.learn(route, failure)  # first: what it says of windows decides who is asked next
        step = decide(failure, self._situation(visit, ticket.credential.label, failure))
        match step.decision:
            case Decision.RETRY:
                visit.retries += 1
            case Decision.NEXT_CREDENTIAL if ticket.credential.label is not None:
                visit.avoid.add(ticket.credential.label)
            case Decision.REPAIR:
                self._repair(visit, failure)
            case Decision.NEXT_MODEL | Decision.NEXT_PROFILE if failure.kind is FailureKind.CONTEXT:
                self._drop_smaller_windows(route)
            case _:
                pass
        asked = failure.retry_after_s
        if (
            asked
            and RULES[failure.kind].counts_against_circuit
            and not step.wait_s
            and parts.circuits.wait(route) is None
        ):
            # Too long to wait for here: then nobody should run into it meanwhile.
            parts.circuits.rest(route, asked, f"{failure.kind.value.replace('_', ' ')}, told to wait")
        self._close(visit, ticket, progress, AttemptOutcome.FAILED, failure, step.decision)
        if not failure.before_first_token:
            self._cut = len(self._run.attempts) - 1
        return step

    def _understood(self, failure: Failure, visit: Visit, ticket: Ticket) -> Failure:
        """The failure as it is meant here: a prompt that fits the small tier cannot be too long for it."""
        tier = self._parts.learned.step_down_to(visit.route)
        if failure.kind is FailureKind.LONG_CONTEXT_TIER and tier is not None and visit.candidate.input_tokens <= tier:
            failure = replace(failure, kind=FailureKind.RATE_LIMIT)
        return replace(failure, message=self._without_secrets(failure.message, ticket))

    def _without_secrets(self, words: str, ticket: Ticket) -> str:
        """Servers quote keys in their errors, and a proxy before several may quote another's: no key of any provider,
        whole or in part, goes any further."""
        provider = self._parts.registry.providers[ticket.credential.provider]
        return masked(words, *self._parts.pools.secrets(), *provider.withheld)

    def _cancelled(self, visit: Visit, ticket: Ticket, progress: Progress) -> None:
        ticket.circuit.released()
        ticket.credential.released()
        self._close(visit, ticket, progress, AttemptOutcome.CANCELLED)

    def _close(
        self,
        visit: Visit,
        ticket: Ticket,
        progress: Progress,
        outcome: AttemptOutcome,
        failure: Failure | None = None,
        decision: Decision | None = None,
    ) -> None:
        """Gives everything back and writes the attempt down."""
        parts, run, route = self._parts, self._run, visit.route
        if progress.served_model is not None and progress.served_model != route.model:
            progress.served_model = masked_name(progress.served_model, *parts.pools.secrets())
        ticket.closed = True
        ticket.slot.give_back()
        now = parts.clock.monotonic()
        ms = (now - progress.started) * 1000
        first_ms = None if progress.first_token_at is None else (progress.first_token_at - progress.started) * 1000
        started_ms = (progress.started - run.began) * 1000
        if progress.handed_on and first_ms is not None and run.first_token_ms is None:
            run.first_token_ms = round(started_ms + first_ms, 1)
        usage, cost = NO_USAGE, NO_COST
        if ticket.sent:
            price = parts.registry.price(route, progress.served_model)
            usage, cost = metered(progress, outcome, visit.candidate, price)
        run.attempts.append(
            Attempt(
                number=len(run.attempts) + 1,
                route=route,
                credential=ticket.credential.label,
                outcome=outcome,
                started_ms=round(started_ms, 1),
                ms=round(ms, 1),
                wait_ms=round(visit.wait_s * 1000, 1),
                first_token_ms=None if first_ms is None else round(first_ms, 1),
                failure=failure.kind if failure else None,
                status=progress.status,
                message=failure.message if failure else None,
                decision=decision,
                retry_after_s=failure.retry_after_s if failure else None,
                usage=usage,
                cost=cost,
                served_model=progress.served_model,
                notes=(*visit.candidate.notes, *self._told(progress, ticket)),
            )
        )
        visit.wait_s = 0.0
        if ticket.sent:
            parts.stats.ended(
                route,
                outcome=outcome,
                failure=failure.kind if failure else None,
                ms=ms,
                first_token_ms=first_ms,
                output_tokens=usage.output_tokens,
                is_retry=visit.attempts > 1,
            )
        parts.bus.publish(
            AttemptEnded(
                run.request_id, len(run.attempts), route, failure.kind if failure else None, ms, parts.clock.wall()
            )
        )

    def _told(self, progress: Progress, ticket: Ticket) -> list[str]:
        """Notes of the wire may hold a server's words."""
        return [self._without_secrets(cleaned(note), ticket) for note in progress.notes]

    def _situation(self, visit: Visit, label: str | None, failure: Failure) -> Situation:
        parts, run, route = self._parts, self._run, visit.route
        retries = parts.registry.providers[route.provider].retries
        others = visit.avoid | ({label} if label is not None else set())
        ahead = self._ahead(route)
        return Situation(
            retries_left=0 if parts.circuits.wait(route) is not None else retries - visit.retries,
            tries_left_here=MAX_TRIES_PER_CREDENTIAL - visit.tries.get(label, 0),
            calls_left=MAX_CALLS - len(run.attempts) - 1,
            seconds_left=self._admission.seconds_left(),
            other_credential=parts.pools.next_free(route.provider, route.model, frozenset(others)),
            next_candidate=ahead[0] if ahead else None,
            next_ready_in_s=ahead[1] if ahead else None,
            larger_window=any(self._is_larger(each.route, route) for each in self._queue),
            patience_s=self._policy.patience,
            committed=run.has_answer_text,
            tool_delivered=bool(run.tool_calls),
            replay_tools=self._request.replay_tools,
            on_interrupted=self._request.on_interrupted or self._policy.on_interrupted,
            repaired=visit.repaired or not parts.learned.can_repair(failure),
            stepped_down=visit.stepped_down or parts.learned.step_down_to(route) is None,
            offline=self._seems_offline(failure),
            content_filter_falls_back=self._policy.fallback_on_content_filter,
            jitter=parts.random.random(),
            attempt_on_route=visit.retries + 1,  # rotations use up no retries and lengthen no backoff
        )

    def _ahead(self, failed: Route) -> tuple[str, float] | None:
        """The candidate that would come next: whether it is another model of the profile or another profile, and when
        it is ready."""
        best: tuple[str, float] | None = None
        for candidate in self._queue:
            parts, route = self._parts, candidate.route
            blocked = (parts.circuits.wait(route), parts.pools.wait(route.provider, route.model))
            seconds = max((each.seconds for each in blocked if each is not None), default=0.0)
            if best is None or seconds < best[1]:
                best = (
                    "model" if route.profile is not None and route.profile == failed.profile else "profile",
                    seconds,
                )
            if seconds == 0.0:
                break
        return best

    def _is_larger(self, other: Route, failed: Route) -> bool:
        """Unknown is not no: a window nobody knows may be the larger one."""
        registry = self._parts.registry
        theirs = registry.capabilities(other).max_context_tokens.value
        ours = registry.capabilities(failed).max_context_tokens.value
        return theirs is None or ours is None or theirs > ours

    def _drop_smaller_windows(self, failed: Route) -> None:
        self._queue = deque(each for each in self._queue if self._is_larger(each.route, failed))

    def _repair(self, visit: Visit, failure: Failure) -> None:
        if failure.kind is FailureKind.LONG_CONTEXT_TIER:
            tier = self._parts.learned.step_down_to(visit.route)
            if tier is not None:
                self._step_down(visit, tier)
            return
        visit.repaired = True

    def _step_down(self, visit: Visit, tokens: int) -> None:
        room = (tokens - (visit.candidate.max_tokens or 0)) / self._parts.registry.calibration.ratio(visit.route)
        messages, cut = step_down.fitted(visit.request.messages, int(room))
        visit.stepped_down = True
        if cut:
            visit.request = replace(visit.request, messages=messages)
            self._run.notes.append(f"{visit.route}: {cut} older messages were left out to fit {tokens} tokens")

    def _seems_offline(self, failure: Failure) -> bool:
        """Two providers or more could not be reached, none could, and nothing local is left to ask."""
        return final_error.seems_offline(
            self._failures, self._parts.registry.providers, [each.route for each in self._queue]
        )
