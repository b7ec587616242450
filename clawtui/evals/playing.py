"""Plays one case against one profile: its turns one after the other, each answer graded by what the case expects."""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import dataclass, field

from clawtui.engine.engine import Engine
from clawtui.engine.events import Completed, Delta, Failed, Restarted
from clawtui.engine.fusing.readiness import TARGET, preview
from clawtui.engine.outcome import NO_USAGE, Cost, Outcome, Trace, Usage
from clawtui.engine.request import ChatRequest, Message, RequestId, assistant
from clawtui.engine.verdicts import Plan, Skip
from clawtui.evals.cases import Case, Expectation
from clawtui.evals.graders import JUDGE, grade
from clawtui.evals.judge import Unclear, judged
from clawtui.evals.purse import Purse
from clawtui.evals.requests import NoSuchCall, request_for
from clawtui.evals.results import Answer, CaseKey, CaseResult, Grade, RunSettings, Verdict

# The model cannot do it, or the wire cannot say it: no fault of an answer.
_CANNOT = (Skip.CAPABILITY, Skip.CONTEXT, Skip.INEXPRESSIBLE)


class _Ended(Exception):
    """The case is over before its last turn."""

    def __init__(self, verdict: Verdict, reason: str) -> None:
        super().__init__(reason)
        self.verdict = verdict
        self.reason = reason


@dataclass(slots=True)
class _Played:
    """What came of a case so far."""

    answers: list[Answer] = field(default_factory=list)
    grades: list[Grade] = field(default_factory=list)
    request_ids: list[RequestId] = field(default_factory=list)
    usage: Usage = NO_USAGE
    costs: list[Cost] = field(default_factory=list)
    transcript: tuple[Message, ...] = ()
    failovers: int = 0

    def cost(self) -> Cost:
        if not self.costs:
            return Cost(0.0)
        if any(cost.usd is None for cost in self.costs):
            return Cost()
        return Cost(sum(cost.usd or 0.0 for cost in self.costs), self.costs[-1].source)


async def play(engine: Engine, case: Case, key: CaseKey, settings: RunSettings, purse: Purse, at: float) -> CaseResult:
    """Raises Spent; every other trouble is a verdict."""
    played = _Played()
    verdict, reason = Verdict.FAIL, ""
    try:
        for turn in case.turns:
            answer = await _turn(engine, case, key.profile, settings, purse, played)
            await _grade(engine, turn.expect, answer, settings, purse, played)
        await _grade(engine, case.expect, played.answers[-1], settings, purse, played)
        verdict = Verdict.PASS
    except _Ended as ended:
        verdict, reason = ended.verdict, ended.reason
    first = played.answers[0] if played.answers else None
    last = next((answer.answered for answer in reversed(played.answers) if answer.answered), None)
    return CaseResult(
        key=key,
        verdict=verdict,
        grades=tuple(played.grades),
        reason=reason,
        ms=sum(answer.total_ms for answer in played.answers) if played.answers else None,
        first_token_ms=first.first_token_ms if first else None,
        usage=played.usage,
        cost=played.cost(),
        request_ids=tuple(played.request_ids),
        failovers=played.failovers,
        model=f"{last.provider}/{last.model}" if last else "",
        weight=case.weight,
        at=at,
        transcript=played.transcript,
    )


async def _turn(
    engine: Engine, case: Case, profile: str, settings: RunSettings, purse: Purse, played: _Played
) -> Answer:
    try:
        request = request_for(
            case,
            played.answers,
            target=profile,
            window=window_of(engine, profile),
            strict=not settings.with_fallbacks,
            policy=settings.policy,
        )
    except NoSuchCall as error:
        played.grades.append(Grade("tool_call", False, str(error)))
        raise _Ended(Verdict.FAIL, "") from None
    plan = engine.plan(request)
    if (reason := cannot(plan)) is not None:
        raise _Ended(Verdict.UNSUPPORTED, reason)
    held = purse.take(worst_usd(engine, request, plan))
    trace: Trace | None = None
    pieces: list[str] = []
    try:
        async with aclosing(engine.stream(request)) as events:
            async for event in events:
                if type(event) is Delta:
                    pieces.append(event.text)
                elif type(event) is Restarted:
                    pieces.clear()
                elif type(event) is Completed or type(event) is Failed:
                    trace = event.trace
    finally:
        purse.settle(held, trace.cost.usd if trace else held)
    assert trace is not None, "every stream ends with the trace"
    played.request_ids.append(trace.request_id)
    played.usage += trace.usage
    played.costs.append(trace.cost)
    answer = _answer(trace, pieces)
    played.answers.append(answer)
    played.failovers += answer.failovers
    played.transcript = (*request.messages, assistant(trace.text, *trace.tool_calls))
    if trace.outcome is not Outcome.OK:
        kind = Verdict.CANCELLED if trace.outcome is Outcome.CANCELLED else Verdict.ERROR
        raise _Ended(kind, trace.error.message if trace.error else trace.outcome.value)
    if not settings.with_fallbacks and not profile.startswith(TARGET):
        answered = trace.answered.profile if trace.answered else None
        if answered != profile:
            raise _Ended(Verdict.ERROR, f"{answered or 'somebody else'} answered in its place")
    return answer


def _answer(trace: Trace, pieces: list[str]) -> Answer:
    return Answer(
        text=trace.text,
        tool_calls=trace.tool_calls,
        finish_reason=trace.finish_reason,
        deltas=len(pieces),
        streamed_text="".join(pieces),
        first_token_ms=trace.first_token_ms,
        total_ms=trace.total_ms,
        usage=trace.usage,
        cost=trace.cost,
        request_id=trace.request_id,
        answered=trace.answered,
        failovers=max(0, len({attempt.route for attempt in trace.attempts}) - 1),
    )


async def _grade(
    engine: Engine,
    expectations: tuple[Expectation, ...],
    answer: Answer,
    settings: RunSettings,
    purse: Purse,
    played: _Played,
) -> None:
    """Everything that can be graded at once, then the judges, who cost money: only if all else holds."""
    played.grades += [grade(each, answer) for each in expectations if each.grader != JUDGE]
    if not all(each.passed for each in played.grades):
        raise _Ended(Verdict.FAIL, "")
    for each in expectations:
        if each.grader == JUDGE:
            await _ask_judge(engine, each, answer, settings, purse, played)


async def _ask_judge(
    engine: Engine, expectation: Expectation, answer: Answer, settings: RunSettings, purse: Purse, played: _Played
) -> None:
    asked = played.transcript[-2].text if len(played.transcript) > 1 else ""

    async def ask(request: ChatRequest) -> Trace:
        held = purse.take(worst_usd(engine, request, engine.plan(request)))
        trace: Trace | None = None
        try:
            trace = await engine.ask(request)
        finally:
            purse.settle(held, trace.cost.usd if trace else held)
        played.request_ids.append(trace.request_id)
        played.costs.append(trace.cost)
        played.usage += trace.usage
        return trace

    try:
        judgement = await judged(expectation, asked, answer, ask, settings.policy)
    except Unclear as error:
        raise _Ended(Verdict.ERROR, str(error)) from None
    played.grades.append(judgement.grade)
    if not judgement.grade.passed:
        raise _Ended(Verdict.FAIL, "")


def cannot(plan: Plan) -> str | None:
    """Why the profile does not support a case; None where it may, or where something else is in the way."""
    if plan.candidates or plan.waits:
        return None
    asked = [entry for entry in plan.entries if entry.skip is not None and entry.skip is not Skip.NOT_ASKED]
    told = [entry for entry in asked if entry.skip in _CANNOT]
    return told[0].reason if told and len(told) == len(asked) else None


def worst_usd(engine: Engine, request: ChatRequest, plan: Plan) -> float | None:
    """The most that one call could cost; None: unknown."""
    target = request.target or ""
    if target.startswith(TARGET):
        return preview(engine, target.removeprefix(TARGET), request.policy).worst_case_usd
    sums = [candidate.reserve_usd for candidate in (*plan.candidates, *plan.waits)]
    known = [each for each in sums if each is not None]
    return max(known) if len(known) == len(sums) and known else (None if sums else 0.0)


def window_of(engine: Engine, target: str) -> int | None:
    """Of the profile, or of a fusion's synthesizer; half of it, where evidence goes in too."""
    registry = engine.registry
    fusion = registry.fusions.get(target.removeprefix(TARGET)) if target.startswith(TARGET) else None
    spec = registry.profiles.get(fusion.synthesizer if fusion else target)
    window = registry.capabilities(spec.route).max_context_tokens.value if spec else None
    return window // 2 if window is not None and fusion is not None else window
