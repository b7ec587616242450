"""The demo's past: some weeks of requests, written through the store like real ones, so that usage has a history.

Who could have answered comes from the planner, what is kept from the policy: a past that could not have been would
teach wrong things.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator, Mapping

from clawtui.engine.failures import Decision, FailureKind
from clawtui.engine.outcome import Attempt, AttemptOutcome, Cost, Outcome, RequestError, Trace, Usage, UsageSource
from clawtui.engine.pricing import cost_of
from clawtui.engine.request import ChatRequest, Route, user
from clawtui.engine.run import new_request_id
from clawtui.engine.verdicts import Plan
from clawtui.runtime.runtime import Runtime

SEED = 11
DAYS = 24
DAY = 86_400.0
CALLERS = ("playground", "ask", "ask", "eval", "editor")
MIX = ("everyday",) * 6 + ("swift",) * 3 + ("strong",) * 2 + ("local",) * 2 + ("open",) * 2 + ("deep",)
PROMPTS = ("Explain this stack trace", "Draft a reply", "Review this diff", "Name this function", "Summarise the notes")
SENTENCES = (
    "The first line tells what failed, the last one where.",
    "Nothing here depends on the order of the calls.",
    "The limit was met before the timeout was.",
    "One of the two names says what the thing does; keep that one.",
    "A smaller change would have shown the same effect.",
    "The second attempt went through without a wait.",
    "Two of the notes contradict each other, and both are dated.",
    "What is missing is a test for the empty case.",
    "The reader will want the answer in the first sentence.",
    "It is the cache, as it was the last time.",
)
TROUBLES = (
    (FailureKind.RATE_LIMIT, 429, "Too many requests."),
    (FailureKind.OVERLOADED, 529, "Overloaded."),
    (FailureKind.SERVER, 502, "Bad gateway."),
)
MOST_ATTEMPTS = 3
BATCH = 20


async def seed_past(runtime: Runtime) -> int:
    """Writes the past and returns how many requests it holds. Gives way to others after every few."""
    written = 0
    policies = runtime.engine.registry.policies
    for trace in past(runtime):
        runtime.store.ledger.settle(trace, policies[trace.policy].retention)
        written += 1
        if written % BATCH == 0:
            await asyncio.sleep(0)
    await runtime.store.flush()
    return written


def past(runtime: Runtime) -> Iterator[Trace]:
    """Days of different weight, none of today: today belongs to whoever watches."""
    rng = random.Random(SEED)
    now = runtime.clock.wall()
    plans = {
        name: runtime.engine.explain(ChatRequest((user(PROMPTS[0]),), target=name, caller="ask")) for name in set(MIX)
    }
    for days_ago in range(DAYS, 0, -1):
        begin = now - days_ago * DAY
        weekend = days_ago % 7 in (0, 1)
        for _ in range(rng.randint(3, 9) if weekend else rng.randint(14, 34)):
            yield _one(runtime, rng, begin + rng.uniform(-0.3, 0.3) * DAY, plans)


def _one(runtime: Runtime, rng: random.Random, at: float, plans: Mapping[str, Plan]) -> Trace:
    name = rng.choice(MIX)
    plan = plans[name]
    usage = Usage(rng.randint(40, 1600), rng.randint(30, 600), source=UsageSource.REPORTED)
    prompt = f"{rng.choice(PROMPTS)}:\n\n{_words(rng, usage.input_tokens)}"
    routes = [candidate.route for candidate in plan.candidates][:MOST_ATTEMPTS]
    fails = len(routes) if rng.random() < 0.01 else 1 if len(routes) > 1 and rng.random() < 0.07 else 0
    attempts: list[Attempt] = []
    for place in range(fails):
        after = routes[place + 1] if place + 1 < len(routes) else None
        attempts.append(_failed(rng, routes[place], after, place))
    began = sum(attempt.ms for attempt in attempts)
    answered = routes[fails] if fails < len(routes) else None
    cost, first, total = Cost(0.0, "config"), 0.0, 0.0
    if answered is not None:
        first = rng.lognormvariate(6.0, 0.5)
        total = first + usage.output_tokens * rng.uniform(6, 18)
        if price := runtime.engine.registry.price(answered):
            cost = Cost(cost_of(usage, price), price.source, price.version)
        attempts.append(
            Attempt(
                len(attempts) + 1,
                answered,
                None,
                AttemptOutcome.OK,
                began,
                round(total, 1),
                first_token_ms=round(first, 1),
                usage=usage,
                cost=cost,
            )
        )
    error = None
    if answered is None:
        kind = attempts[0].failure or FailureKind.SERVER
        calls = "1 attempt" if len(attempts) == 1 else f"{len(attempts)} attempts"
        error = RequestError(kind, f"no answer after {calls}", "")
        usage = Usage()
    return Trace(
        request_id=new_request_id(at),
        at=at,
        caller=rng.choice(CALLERS),
        requested=name,
        policy=plan.policy,
        outcome=Outcome.OK if answered is not None else Outcome.FAILED,
        plan=plan,
        attempts=tuple(attempts),
        selected=routes[0],
        answered=answered,
        text=_words(rng, usage.output_tokens) if answered is not None else "",
        finish_reason="stop" if answered is not None else None,
        usage=usage,
        cost=cost,
        first_token_ms=round(began + first, 1) if answered is not None else None,
        total_ms=round(began + total, 1),
        error=error,
        request=ChatRequest((user(prompt),), target=name),
    )


def _failed(rng: random.Random, route: Route, after: Route | None, place: int) -> Attempt:
    kind, status, message = rng.choice(TROUBLES)
    decision = Decision.STOP
    if after is not None:
        decision = Decision.NEXT_MODEL if after.profile == route.profile else Decision.NEXT_PROFILE
    return Attempt(
        place + 1,
        route,
        None,
        AttemptOutcome.FAILED,
        place * 140.0,
        140.0,
        failure=kind,
        status=status,
        message=message,
        decision=decision,
        cost=Cost(0.0, "config"),
    )


def _words(rng: random.Random, tokens: int) -> str:
    """About so many tokens of text, four characters each."""
    words: list[str] = []
    length = 0
    while not words or length < tokens * 4:
        words.append(rng.choice(SENTENCES))
        length += len(words[-1]) + 1
    return " ".join(words)
