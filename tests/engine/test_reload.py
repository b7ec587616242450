"""A config that changes while requests run: each ends on the one it began with, addresses, keys and rules alike."""

from __future__ import annotations

from collections.abc import Callable

from clawtui.config.schema import Config, Retention
from clawtui.engine.events import AttemptStarted, Completed, Failed
from clawtui.engine.outcome import Outcome, Trace
from clawtui.engine.request import ChatRequest
from clawtui.simulator import Fault, FaultKind, Simulator
from tests.house import KEYS, FakeClock, House, RecordingLedger, a_config, a_house, a_request

FAILS_ONCE = Fault(FaultKind.STATUS, status=500, times=1)
ELSEWHERE = Config.model_validate(
    {
        "providers": {"four": {"kind": "ollama", "base_url": "http://127.0.0.1:9"}},
        "profiles": {"local": {"provider": "four", "model": "x"}},
    }
)


async def asked(house: House, request: ChatRequest, reload: Callable[[], None]) -> Trace:
    """The request's end; the config is reloaded as soon as its first call begins."""
    trace: Trace | None = None
    is_reloaded = False
    async for event in house.engine.stream(request):
        if isinstance(event, AttemptStarted) and not is_reloaded:
            is_reloaded = True
            reload()
        elif isinstance(event, Completed | Failed):
            trace = event.trace
    assert is_reloaded
    assert trace is not None
    return trace


async def test_no_key_goes_to_an_address_that_it_does_not_belong_to() -> None:
    environ = {**KEYS, "KEY_NEW": "wombat-new-secret-zz"}
    async with Simulator() as other, a_house(environ=environ) as house:
        house.simulator.set_fault(FAILS_ONCE, provider="one")
        new = a_config(other, providers={"one": {"credentials": ["env:KEY_NEW"]}})
        trace = await asked(house, a_request(), lambda: house.engine.reconfigure(new))
        assert trace.outcome is Outcome.OK
        assert [seen.key for seen in house.simulator.requests] == ["#1", "#1"]  # one and the same
        assert not other.requests
        await house.ask()
        assert (len(house.simulator.requests), len(other.requests)) == (2, 1)


async def test_a_provider_that_is_gone_still_answers_what_it_was_asked_before() -> None:
    async with a_house() as house:
        house.simulator.set_fault(FAILS_ONCE, provider="one")
        trace = await asked(house, a_request(), lambda: house.engine.reconfigure(ELSEWHERE))
        assert (trace.outcome, len(trace.attempts)) == (Outcome.OK, 2)
        assert {seen.key for seen in house.simulator.requests} == {"#1"}


async def test_a_failure_after_the_provider_has_gone_is_told_like_any_other() -> None:
    async with a_house(profiles={"first": {"fallback_profiles": []}}) as house:
        house.simulator.set_fault(Fault(FaultKind.STATUS, status=401), provider="one")
        trace = await asked(house, a_request(), lambda: house.engine.reconfigure(ELSEWHERE))
        assert trace.error is not None
        assert trace.error.kind == "auth"
        assert house.ledger.settled == [trace]


async def test_a_fusion_ends_with_the_synthesizer_that_it_began_with() -> None:
    tables = {
        "profiles": {"writer": {"provider": "three", "model": "writer"}},
        "fusion": {"duo": {"advisers": ["first", "second"], "synthesizer": "writer"}},
    }
    async with a_house(**tables) as house:
        request = a_request(target="fusion/duo")
        events = house.engine.stream(request)
        while not house.called():
            await anext(events)
        house.engine.reconfigure(ELSEWHERE)
        assert isinstance([event async for event in events][-1], Completed)
        assert "three/writer" in house.called()


async def test_what_is_kept_of_a_request_is_settled_when_it_begins() -> None:
    kept: list[Retention] = []

    class Ledger(RecordingLedger):
        def settle(self, trace: Trace, retention: Retention) -> None:
            kept.append(retention)
            super().settle(trace, retention)

    clock = FakeClock(auto=True)
    policies = {"default": {"retention": "none"}}
    async with a_house(clock=clock, ledger=Ledger(clock.wall), policies=policies) as house:
        full = a_config(house.simulator, policies={"default": {"retention": "full"}})
        await asked(house, a_request(), lambda: house.engine.reconfigure(full))
        assert kept == [Retention.NONE]


async def test_health_is_kept_over_a_reload() -> None:
    async with a_house() as house:
        house.simulator.set_fault(Fault(FaultKind.RATE_LIMIT, retry_after=40), provider="one")
        await house.ask()
        house.engine.reconfigure(a_config(house.simulator))
        assert [view.label for view in house.engine.pools.views() if view.state != "ok"] == ["env:KEYS_ONE"]
