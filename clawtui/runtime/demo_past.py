"""The demo's past: some weeks of requests, written through the store like real ones, so that usage has a history."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator
from dataclasses import replace

from clawtui.config.schema import Retention
from clawtui.engine.failures import Decision, FailureKind
from clawtui.engine.outcome import Attempt, AttemptOutcome, Cost, Outcome, RequestError, Trace, Usage, UsageSource
from clawtui.engine.pricing import cost_of
from clawtui.engine.request import ChatRequest, Route, user
from clawtui.engine.run import new_request_id
from clawtui.engine.verdicts import Candidate, Needs, Plan, PlanEntry, RouteRole, Verdict
from clawtui.runtime.runtime import Runtime

SEED = 11
DAYS = 24
DAY = 86_400.0
CALLERS = ("playground", "ask", "ask", "eval", "editor")
MIX = ("everyday",) * 6 + ("swift",) * 3 + ("strong",) * 2 + ("local",) * 2 + ("open",) * 2 + ("deep",)
PROMPTS = ("Explain this stack trace", "Draft a reply", "Review this diff", "Name this function", "Summarise the notes")
BATCH = 50


async def seed_past(runtime: Runtime) -> int:
    """Writes the past and returns how many requests it holds. Gives way to others after every few."""
    written = 0
    for trace in past(runtime):
        runtime.store.ledger.settle(trace, Retention.METADATA)
        written += 1
        if written % BATCH == 0:
            await asyncio.sleep(0)
    await runtime.store.flush()
    return written


def past(runtime: Runtime) -> Iterator[Trace]:
    """Days of different weight, none of today: today belongs to whoever watches."""
    rng = random.Random(SEED)
    now = runtime.clock.wall()
    for days_ago in range(DAYS, 0, -1):
        begin = now - days_ago * DAY
        weekend = days_ago % 7 in (0, 1)
        for _ in range(rng.randint(3, 9) if weekend else rng.randint(14, 34)):
            yield _one(runtime, rng, begin + rng.uniform(-0.3, 0.3) * DAY)


def _one(runtime: Runtime, rng: random.Random, at: float) -> Trace:
    registry = runtime.engine.registry
    name = rng.choice(MIX)
    route = _route(runtime, name)
    attempts: list[Attempt] = []
    began = 0.0
    if rng.random() < 0.07:
        kind, status = rng.choice(
            ((FailureKind.RATE_LIMIT, 429), (FailureKind.OVERLOADED, 529), (FailureKind.SERVER, 502))
        )
        attempts.append(
            Attempt(
                1,
                route,
                None,
                AttemptOutcome.FAILED,
                0.0,
                140.0,
                failure=kind,
                status=status,
                decision=Decision.NEXT_PROFILE,
                cost=Cost(0.0, "config"),
            )
        )
        route, began = _route(runtime, "swift" if name != "swift" else "everyday"), 150.0
    usage = Usage(rng.randint(40, 2600), rng.randint(30, 900), source=UsageSource.REPORTED)
    price = registry.price(route)
    cost = Cost(cost_of(usage, price), price.source, price.version) if price else Cost()
    first = rng.lognormvariate(6.0, 0.5)
    total = first + usage.output_tokens * rng.uniform(6, 18)
    attempts.append(
        Attempt(
            len(attempts) + 1,
            route,
            None,
            AttemptOutcome.OK,
            began,
            round(total, 1),
            first_token_ms=round(first, 1),
            usage=usage,
            cost=cost,
        )
    )
    asked = _route(runtime, name)
    plan = Plan(
        name,
        "default",
        Needs(),
        (Candidate(asked, RouteRole.PRIMARY, 0, None, cost.usd, usage.input_tokens),),
        (PlanEntry(asked, Verdict.CHOSEN, "asked for"),),
    )
    trace = Trace(
        request_id=new_request_id(at),
        at=at,
        caller=rng.choice(CALLERS),
        requested=name,
        policy="default",
        outcome=Outcome.OK,
        plan=plan,
        attempts=tuple(attempts),
        selected=asked,
        answered=route,
        text="",
        finish_reason="stop",
        usage=usage,
        cost=cost,
        first_token_ms=round(began + first, 1),
        total_ms=round(began + total, 1),
        request=ChatRequest((user(rng.choice(PROMPTS)),)),
    )
    if rng.random() < 0.02:
        error = RequestError(FailureKind.SERVER, "no answer after 2 attempts", "")
        return replace(trace, outcome=Outcome.FAILED, answered=None, error=error)
    return trace


def _route(runtime: Runtime, name: str) -> Route:
    profile = runtime.engine.registry.profiles[name]
    return Route(name, profile.provider, profile.model)
