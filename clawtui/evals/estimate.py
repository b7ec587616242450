"""What a run would do and could cost, before anything is called. Retries are not foreseen; a sum of money holds anyway."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from clawtui.engine.engine import Engine
from clawtui.engine.request import ChatRequest, Role, ToolCall
from clawtui.evals.cases import Case, Suite, Turn
from clawtui.evals.graders import JUDGE
from clawtui.evals.judge import LONGEST_ANSWER, judge_request
from clawtui.evals.playing import cannot, window_of, worst_usd
from clawtui.evals.requests import request_for
from clawtui.evals.results import Answer, CaseKey, RunSettings
from clawtui.evals.work import items, left
from clawtui.text import money

USUAL_ANSWER = 1_000  # tokens, where a case sets no limit
CHARACTERS = 4  # a token


@dataclass(frozen=True, slots=True)
class Estimate:
    cases: int  # results that are still to be made
    unsupported: int
    calls: int  # at least; a fusion counts as one
    worst_usd: float  # of those whose price is known
    unpriced: tuple[str, ...]  # profiles whose price is unknown
    cached: int = 0  # results that are taken from earlier runs, and cost nothing


def estimate_words(estimate: Estimate) -> str:
    """In one line for people."""
    parts = [f"{estimate.cases} {'case' if estimate.cases == 1 else 'cases'}"]
    if estimate.cached:
        parts.append(f"{estimate.cached} of them from earlier runs")
    if estimate.unsupported:
        parts.append(f"{estimate.unsupported} of them unsupported")
    parts.append(f"{estimate.calls} {'call' if estimate.calls == 1 else 'calls'} at least")
    parts.append(f"{money(estimate.worst_usd)} at most")
    if estimate.unpriced:
        parts.append(f"besides what is unknown of {', '.join(estimate.unpriced)}")
    return ", ".join(parts)


@dataclass(frozen=True, slots=True)
class _Foreseen:
    calls: int
    usd: float
    unpriced: frozenset[str]


def estimate(
    engine: Engine,
    suites: Sequence[Suite],
    settings: RunSettings,
    done: Sequence[CaseKey] = (),
    cached: frozenset[CaseKey] = frozenset(),
) -> Estimate:
    """By plans: those of each case and profile once, so that thousands of repeats cost no time."""
    known: dict[tuple[str, str, str], _Foreseen | None] = {}
    to_do = left(items(suites, settings), done)
    foreseen: list[_Foreseen] = []
    unsupported = taken = 0
    unpriced: set[str] = set()
    for item in to_do:
        if item.key in cached:
            taken += 1
            continue
        place = (item.key.suite, item.key.case, item.key.profile)
        if place not in known:
            known[place] = _foreseen(engine, item.case, item.key.profile, settings)
        if (found := known[place]) is None:
            unsupported += 1
            continue
        foreseen.append(found)
        unpriced |= found.unpriced
    return Estimate(
        cases=len(to_do),
        unsupported=unsupported,
        calls=sum(each.calls for each in foreseen),
        worst_usd=sum(each.usd for each in foreseen),
        unpriced=tuple(sorted(unpriced)),
        cached=taken,
    )


def _foreseen(engine: Engine, case: Case, profile: str, settings: RunSettings) -> _Foreseen | None:
    """The calls of one case, answered as long as can be. None: the profile does not support it."""
    requests: list[ChatRequest] = []
    answers: list[Answer] = []
    longest = "x" * (CHARACTERS * (case.max_tokens or USUAL_ANSWER))
    for number, turn in enumerate(case.turns):
        request = request_for(
            case,
            answers,
            target=profile,
            window=window_of(engine, profile),
            strict=not settings.with_fallbacks,
            policy=settings.policy,
        )
        if number == 0 and cannot(engine.explain(request)) is not None:
            return None
        requests.append(request)
        answers.append(Answer(longest, _calls(case.turns[number + 1 : number + 2])))
        expected = (*turn.expect, *(case.expect if number == len(case.turns) - 1 else ()))
        judges = [each for each in expected if each.grader == JUDGE]
        question = request.messages[-1].text
        requests += [judge_request(each, question, "x" * LONGEST_ANSWER, settings.policy) for each in judges]
    usd, unpriced = 0.0, set()
    for request in requests:
        worst = worst_usd(engine, request, engine.explain(request))
        usd += worst or 0.0
        if worst is None:
            unpriced.add(request.target or "")
    return _Foreseen(len(requests), usd, frozenset(unpriced))


def _calls(following: Sequence[Turn]) -> tuple[ToolCall, ...]:
    """Those that the turn behind answers."""
    told = [message for turn in following for message in turn.messages if message.role is Role.TOOL]
    return tuple(ToolCall(f"call-{place}", message.name or "", "{}") for place, message in enumerate(told))
