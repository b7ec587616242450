"""Plays one case against one profile: its turns one after the other, each answer graded by what the case expects.
The case's time is that of its calls: waiting for money is the run's."""

from __future__ import annotations

from contextlib import aclosing

from clawtui.engine.clock import Deadline
from clawtui.engine.engine import Engine
from clawtui.engine.events import Completed, Delta, Failed, Planned, Restarted
from clawtui.engine.fusing.readiness import TARGET, readiness
from clawtui.engine.outcome import NO_USAGE, Cost, Outcome, Trace
from clawtui.engine.request import ChatRequest, Message, RequestId, assistant
from clawtui.engine.verdicts import Plan, Skip
from clawtui.evals.cases import Case, Expectation
from clawtui.evals.fingerprint import fingerprint
from clawtui.evals.graders import JUDGE, graded
from clawtui.evals.judge import Unclear, judgement
from clawtui.evals.purse import Purse
from clawtui.evals.requests import NoSuchCall, request_for
from clawtui.evals.results import Answer, CaseKey, CaseResult, Grade, RunSettings, Verdict

# The model cannot do it, or the wire cannot say it: no fault of an answer.
_CANNOT = (Skip.CAPABILITY, Skip.CONTEXT, Skip.INEXPRESSIBLE)


class _Ended(Exception):
    """The case is over before its last turn. `kind` names what is wrong where the reason quotes somebody."""

    def __init__(self, verdict: Verdict, reason: str, kind: str = "") -> None:
        super().__init__(reason)
        self.verdict = verdict
        self.reason = reason
        self.kind = kind


class Game:
    """One case against one profile. Whatever ends it, `ended` tells what came of it so far."""

    def __init__(
        self, engine: Engine, case: Case, key: CaseKey, settings: RunSettings, purse: Purse, at: float
    ) -> None:
        self._engine = engine
        self._case = case
        self._key = key
        self._settings = settings
        self._purse = purse
        self._at = at
        self._left_s = settings.case_limit_s
        self._answers: list[Answer] = []
        self._grades: list[Grade] = []
        self._request_ids: list[RequestId] = []
        self._usage = NO_USAGE
        self._costs: list[Cost] = []
        self._transcript: tuple[Message, ...] = ()

    async def play(self) -> CaseResult:
        """Raises Spent; every other trouble is a verdict."""
        try:
            for turn in self._case.turns:
                answer = await self._turn()
                await self._grade(turn.expect, answer)
            await self._grade(self._case.expect, self._answers[-1])
        except _Ended as ended:
            return self.ended(ended.verdict, ended.reason, ended.kind)
        return self.ended(Verdict.PASS)

    def ended(self, verdict: Verdict, reason: str = "", kind: str = "") -> CaseResult:
        first = self._answers[0] if self._answers else None
        last = next((answer.answered for answer in reversed(self._answers) if answer.answered), None)
        return CaseResult(
            key=self._key,
            verdict=verdict,
            grades=tuple(self._grades),
            reason=reason,
            kind=kind,
            ms=sum(answer.total_ms for answer in self._answers) if self._answers else None,
            first_token_ms=first.first_token_ms if first else None,
            usage=self._usage,
            cost=self._cost(),
            request_ids=tuple(self._request_ids),
            failovers=sum(answer.failovers for answer in self._answers),
            model=f"{last.provider}/{last.model}" if last else "",
            weight=self._case.weight,
            fingerprint=fingerprint(self._case),
            at=self._at,
            transcript=self._transcript,
        )

    def _cost(self) -> Cost:
        """Of all calls, judges included; unknown where that of one is, or where one was cut before it was known."""
        if len(self._costs) < len(self._request_ids) or any(cost.usd is None for cost in self._costs):
            return Cost()
        return Cost(sum(cost.usd or 0.0 for cost in self._costs), self._costs[-1].source if self._costs else None)

    async def _turn(self) -> Answer:
        profile, settings = self._key.profile, self._settings
        try:
            request = request_for(
                self._case,
                self._answers,
                target=profile,
                window=window_of(self._engine, profile),
                strict=not settings.with_fallbacks,
                policy=settings.policy,
            )
        except NoSuchCall as error:
            self._grades.append(Grade("tool_call", False, str(error)))
            raise _Ended(Verdict.FAIL, "") from None
        plan = self._engine.explain(request)
        if (reason := cannot(plan)) is not None:
            raise _Ended(Verdict.UNSUPPORTED, reason)
        pieces: list[str] = []
        trace = await self._called(request, plan, pieces)
        answer = _answer(trace, pieces)
        self._answers.append(answer)
        self._transcript = (*request.messages, assistant(trace.text, *trace.tool_calls))
        if trace.outcome is not Outcome.OK:
            verdict = Verdict.CANCELLED if trace.outcome is Outcome.CANCELLED else Verdict.ERROR
            why = trace.error
            raise _Ended(verdict, why.message if why else "", why.kind if why else trace.outcome.value)
        if not settings.with_fallbacks and (other := _stand_in(trace, profile)) is not None:
            raise _Ended(Verdict.ERROR, other)
        return answer

    async def _called(self, request: ChatRequest, plan: Plan, pieces: list[str]) -> Trace:
        """One call, within the sum. The pieces of text that came are put into `pieces`."""
        held = await self._purse.take(worst_usd(self._engine, request, plan))
        trace: Trace | None = None
        clock = self._engine.clock
        began = clock.monotonic()
        try:
            async with Deadline(clock, self._left_s), aclosing(self._engine.stream(request)) as events:
                async for event in events:
                    if type(event) is Delta:
                        pieces.append(event.text)
                    elif type(event) is Planned:
                        self._request_ids.append(event.request_id)
                    elif type(event) is Restarted:
                        pieces.clear()
                    elif type(event) is Completed or type(event) is Failed:
                        trace = event.trace
        except TimeoutError:
            raise _Ended(Verdict.ERROR, f"it took longer than {self._settings.case_limit_s:g} s") from None
        finally:
            self._left_s -= clock.monotonic() - began
            # What was cut may have cost all that was held.
            self._purse.settle(held, trace.cost.usd if trace else held)
        assert trace is not None, "every stream ends with the trace"
        self._usage += trace.usage
        self._costs.append(trace.cost)
        return trace

    async def _grade(self, expectations: tuple[Expectation, ...], answer: Answer) -> None:
        """Everything that can be graded at once, then the judges, who cost money: only if all else holds."""
        self._grades += await graded([each for each in expectations if each.grader != JUDGE], answer)
        if not all(each.passed for each in self._grades):
            raise _Ended(Verdict.FAIL, "")
        for each in expectations:
            if each.grader == JUDGE:
                await self._ask_judge(each, answer)

    async def _ask_judge(self, expectation: Expectation, answer: Answer) -> None:
        asked = self._transcript[-2].text if len(self._transcript) > 1 else ""

        async def ask(request: ChatRequest) -> Trace:
            return await self._called(request, self._engine.explain(request), [])

        try:
            judged = await judgement(expectation, asked, answer, ask, self._settings.policy)
        except Unclear as error:
            raise _Ended(Verdict.ERROR, str(error), "the judge gave no clear judgement") from None
        self._grades.append(judged)
        if not judged.passed:
            raise _Ended(Verdict.FAIL, "")


def _stand_in(trace: Trace, profile: str) -> str | None:
    """Who answered instead of the profile, or of a fusion's synthesizer."""
    if trace.fusion is not None and trace.fusion.best_draft:
        return "an adviser's proposal stood in for the synthesizer's answer"
    asked = trace.fusion.synthesizer.profile if trace.fusion is not None else profile
    answered = trace.answered.profile if trace.answered else None
    return None if answered == asked else f"{answered or 'somebody else'} answered in place of {asked}"


def _failovers(trace: Trace) -> int:
    """Routes beyond the first, and advisers whom somebody else stood in for."""
    advisers = trace.fusion.advisers if trace.fusion is not None else ()
    others = sum(each.route is not None and each.route.profile != each.profile for each in advisers)
    return others + max(0, len({attempt.route for attempt in trace.attempts}) - 1)


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
        failovers=_failovers(trace),
    )


def cannot(plan: Plan) -> str | None:
    """Why the profile does not support a case; None where it may, or where something else is in the way."""
    if plan.candidates or plan.waits:
        return None
    asked = [entry for entry in plan.entries if entry.skip is not None and entry.skip is not Skip.NOT_ASKED]
    told = [entry for entry in asked if entry.skip in _CANNOT]
    return told[0].reason if told and len(told) == len(asked) else None


def worst_usd(engine: Engine, request: ChatRequest, plan: Plan) -> float | None:
    """The most that one call could cost; None: unknown. `plan` is that of a fusion's synthesizer, proposals counted in;
    its advisers may each cost the most that they ever do."""
    sums = [candidate.reserve_usd for candidate in (*plan.candidates, *plan.waits)]
    most = [max((each for each in sums if each is not None), default=0.0) if None not in sums else None]
    target = request.target or ""
    if target.startswith(TARGET) and sums:
        advisers = readiness(engine, target.removeprefix(TARGET), request.policy).advisers
        most += [adviser.reserve_usd for adviser in advisers if adviser.ready]
    return None if None in most else sum(each or 0.0 for each in most)


def window_of(engine: Engine, target: str) -> int | None:
    """Of the profile, or of a fusion's synthesizer; half of it, where evidence goes in too."""
    registry = engine.registry
    fusion = registry.fusions.get(target.removeprefix(TARGET)) if target.startswith(TARGET) else None
    spec = registry.profiles.get(fusion.synthesizer if fusion else target)
    window = registry.capabilities(spec.route).max_context_tokens.value if spec else None
    return window // 2 if window is not None and fusion is not None else window
