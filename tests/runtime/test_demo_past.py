"""The demo's past holds nothing that the program itself would not do."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from clawtui.config.schema import Retention
from clawtui.engine.clock import SystemClock
from clawtui.engine.outcome import Trace
from clawtui.engine.request import ChatRequest, user
from clawtui.runtime import Runtime
from clawtui.runtime.demo import open_demo
from clawtui.runtime.demo_past import past, seed_past


@pytest.fixture
async def demo() -> AsyncIterator[Runtime]:
    runtime = await open_demo(SystemClock())
    try:
        yield runtime
    finally:
        await runtime.aclose()


def instead(traces: list[Trace]) -> list[Trace]:
    return [trace for trace in traces if trace.answered not in (None, trace.selected)]


async def test_whoever_answered_instead_stands_in_the_plan_that_the_planner_makes(demo: Runtime) -> None:
    traces = list(past(demo))
    assert instead(traces)
    for trace in traces:
        real = demo.engine.explain(ChatRequest((user("x"),), target=trace.requested))
        routes = [candidate.route for candidate in real.candidates]
        assert trace.selected == routes[0]
        assert [attempt.route for attempt in trace.attempts] == routes[: len(trace.attempts)]
    assert all(trace.requested != "local" for trace in instead(traces))


async def test_words_are_kept_as_the_policy_says(demo: Runtime) -> None:
    assert demo.engine.registry.policies["default"].retention is Retention.FULL
    await seed_past(demo)
    rows = await demo.store.traces.window(0, 20)
    for row in rows:
        trace = await demo.store.traces.one(row.request_id)
        assert trace is not None
        assert trace.request is not None
        assert trace.text or trace.answered is None
