"""Traces, intents and an opened store, in few words."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from clawtui.engine.events import StoreChanged
from clawtui.engine.outcome import Attempt, AttemptOutcome, Cost, Outcome, Trace, Usage, UsageSource
from clawtui.engine.ports import Intent, Limits
from clawtui.engine.request import ChatRequest, RequestId, Route, user
from clawtui.engine.verdicts import Candidate, Needs, Plan, PlanEntry, RouteRole, Verdict
from clawtui.store.store import Store
from tests.house import NEW_YEAR

ROUTE = Route("fast", "one", "alpha")
NOON = NEW_YEAR + 12 * 3_600


class Wall:
    def __init__(self, now: float = NOON) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


@asynccontextmanager
async def a_store(folder: Path, wall: Wall | None = None, process: str = "here") -> AsyncIterator[Store]:
    told: list[StoreChanged] = []
    store = await Store.open(folder / "clawtui.sqlite3", wall=wall or Wall(), publish=told.append, process=process)
    try:
        yield store
    finally:
        await store.aclose()


def an_intent(name: str, usd: float | None = 0.01, limit: float | None = None, **changes: Any) -> Intent:
    limits = None if limit is None else Limits(limit, None, 0.8)
    intent = Intent(RequestId(name), NOON, "test", "default", "fast", ROUTE, usd, limits)
    return replace(intent, **changes)


def a_trace(name: str, usd: float | None = 0.01, **changes: Any) -> Trace:
    usage = Usage(100, 20, source=UsageSource.REPORTED)
    attempt = Attempt(
        1, ROUTE, "env:KEY", AttemptOutcome.OK, 0.0, 250.0, first_token_ms=50.0, usage=usage, cost=Cost(usd, "config")
    )
    plan = Plan(
        "fast",
        "default",
        Needs(input_tokens=100),
        (Candidate(ROUTE, RouteRole.PRIMARY, 0, None, usd, 100),),
        (PlanEntry(ROUTE, Verdict.CHOSEN, "asked for"),),
    )
    trace = Trace(
        request_id=RequestId(name),
        at=NOON,
        caller="test",
        requested="fast",
        policy="default",
        outcome=Outcome.OK,
        plan=plan,
        attempts=(attempt,),
        selected=ROUTE,
        answered=ROUTE,
        text="the secret answer",
        finish_reason="stop",
        usage=usage,
        cost=Cost(usd, "config"),
        first_token_ms=50.0,
        total_ms=250.0,
        request=ChatRequest((user("the secret question"),)),
    )
    return replace(trace, **changes)
