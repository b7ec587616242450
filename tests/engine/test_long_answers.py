"""Answers that take long, are cut late, or wait for their turn: limits on silence hold for silence alone."""

from __future__ import annotations

import asyncio

from clawtui.engine.events import AttemptStarted, Completed, Restarted
from clawtui.engine.failures import Failure, FailureKind
from clawtui.engine.learned import LearnedFacts
from clawtui.engine.outcome import AttemptOutcome, Outcome
from clawtui.engine.request import Route
from clawtui.simulator import Fault, FaultKind, Finish, ModelScript, Script
from tests.house import FakeClock, RecordingState, a_house, a_request, until

FIRST = Route("first", "one", "alpha")
LONG = "This is the beginning of a long answer that goes on"
PATIENT = {"one": {"timeouts": {"connect": 5, "first_token": 60, "idle": 100, "total": 600}}}
FALLS_SILENT = Fault(FaultKind.STALL, after=4)


async def test_an_answer_cut_after_more_than_ninety_seconds_is_begun_again_elsewhere() -> None:
    clock = FakeClock()
    script = Script(models={"one/alpha": ModelScript(text=LONG), "two/beta": ModelScript(first_token_s=0.2)})
    async with a_house(script, clock=clock, providers=PATIENT) as house:
        house.simulator.set_fault(FALLS_SILENT, provider="one")
        asked = asyncio.create_task(house.ask())
        await until(lambda: bool(house.simulator.requests and house.simulator.requests[0].chunks >= 4))
        await asyncio.sleep(0.05)
        await clock.advance(101)
        await until(lambda: house.called() == ["one/alpha", "two/beta"])
        await clock.advance(5)  # the one that begins again may be silent as long as any
        trace = await asked
        assert trace.outcome is Outcome.OK
        assert [each.outcome for each in trace.attempts] == [AttemptOutcome.SUPERSEDED, AttemptOutcome.OK]
        assert house.called() == ["one/alpha", "two/beta"]


async def test_who_waits_too_long_for_a_free_call_asks_somebody_else() -> None:
    clock = FakeClock()
    busy = {"one": {**PATIENT["one"], "max_concurrency": 1}}
    async with a_house(Script(models={"one/alpha": ModelScript(text=LONG)}), clock=clock, providers=busy) as house:
        house.simulator.set_fault(FALLS_SILENT, provider="one")
        talks = asyncio.create_task(house.ask())
        await until(lambda: bool(house.simulator.requests))
        waits = asyncio.create_task(house.ask())
        await asyncio.sleep(0.05)
        await clock.advance(61)
        trace = await waits
        assert [each.route.profile for each in trace.attempts] == ["second"]
        assert any("passed over" in note for note in trace.notes)
        assert house.engine.circuits.view(FIRST).failures == 0
        talks.cancel()


async def test_waiting_for_a_free_call_in_vain_says_what_to_raise() -> None:
    clock = FakeClock()
    busy = {"one": {**PATIENT["one"], "max_concurrency": 1}}
    async with a_house(Script(models={"one/alpha": ModelScript(text=LONG)}), clock=clock, providers=busy) as house:
        house.simulator.set_fault(FALLS_SILENT, provider="one")
        talks = asyncio.create_task(house.ask())
        await until(lambda: bool(house.simulator.requests))
        waits = asyncio.create_task(house.ask(target="first", strict=True))
        await asyncio.sleep(0.05)
        await clock.advance(61)
        trace = await waits
        assert trace.outcome is Outcome.FAILED
        assert trace.error is not None
        assert (trace.error.kind, trace.attempts) == ("overloaded", ())
        assert "max_concurrency of one" in trace.error.message
        talks.cancel()


async def test_a_whole_answer_without_a_word_takes_the_place_of_half_a_one() -> None:
    models = {"one/alpha": ModelScript(text=LONG), "two/beta": ModelScript(text="", finish=Finish.LENGTH)}
    async with a_house(Script(models=models)) as house:
        house.simulator.set_fault(Fault(FaultKind.CUT, after=4), provider="one")
        events = [event async for event in house.engine.stream(a_request())]
        assert sum(isinstance(event, Restarted) for event in events) == 1
        assert isinstance(events[-1], Completed)
        trace = events[-1].trace
        assert (trace.text, trace.finish_reason) == ("", "length")
        assert [each.route.provider for each in trace.superseded] == ["one"]


async def test_only_the_attempt_whose_words_were_set_aside_is_called_superseded() -> None:
    profiles = {"first": {"fallback_profiles": ["second", "local"]}}
    async with a_house(Script(models={"one/alpha": ModelScript(text=LONG)}), profiles=profiles) as house:
        house.simulator.set_fault(Fault(FaultKind.CUT, after=4), provider="one")
        house.simulator.set_fault(Fault(FaultKind.STATUS, status=401), provider="two")
        trace = await house.ask()
        assert [each.outcome.value for each in trace.attempts] == ["superseded", "failed", "ok"]


async def test_where_nobody_begins_again_half_an_answer_is_told_as_the_one_that_was_cut() -> None:
    async with a_house(Script(models={"one/alpha": ModelScript(text=LONG)})) as house:
        house.simulator.set_fault(Fault(FaultKind.CUT, after=4), provider="one")
        house.simulator.set_fault(Fault(FaultKind.STATUS, status=401), provider="two")
        trace = await house.ask()
        assert trace.outcome is Outcome.INTERRUPTED
        assert [each.outcome.value for each in trace.attempts] == ["failed", "failed"]
        assert trace.first_token_ms is not None
        assert trace.error is not None
        assert str(FIRST) in trace.error.message


async def test_what_was_never_sent_costs_nothing_and_takes_no_call_off_the_count() -> None:
    prices = {"one": {"price": {"input": 100.0, "output": 100.0}}}
    async with a_house(clock=FakeClock(), providers=prices) as house:
        house.simulator.set_fault(Fault(FaultKind.HANG), provider="one")
        hangs = asyncio.create_task(house.ask())
        await until(lambda: bool(house.simulator.requests))
        events = house.engine.stream(a_request("word " * 1_000))
        async for event in events:
            if isinstance(event, AttemptStarted):
                break
        await events.aclose()
        assert house.engine.stats.in_flight(FIRST) == 1
        assert len(house.simulator.requests) == 1
        assert not house.ledger.settled[-1].cost.usd
        hangs.cancel()


# ---- what failures teach


async def test_a_window_that_a_server_states_counts_at_once() -> None:
    known = {
        "first": {"capabilities": {"max_context_tokens": 200_000}},
        "second": {"capabilities": {"max_context_tokens": 32_000}},
    }
    async with a_house(Script(models={"one/alpha": ModelScript(context=50)}), profiles=known) as house:
        trace = await house.ask("word " * 150)
        assert trace.outcome is Outcome.OK
        assert house.called() == ["one/alpha", "two/beta"]


async def test_an_output_cap_is_sent_where_nobody_said_how_much() -> None:
    models = {"two/beta": ModelScript(max_output=4_096)}
    async with a_house(Script(models=models)) as house:
        trace = await house.ask(target="second")
        assert trace.outcome is Outcome.OK
        assert house.simulator.requests[-1].body["max_tokens"] == 4_096


async def test_a_local_window_leaves_room_for_the_answer() -> None:
    async with a_house() as house:
        text = "word " * 3_260
        needed = house.engine.explain(a_request(text, target="local")).needs.context_tokens
        await house.ask(text, target="local")
        assert house.simulator.requests[-1].body["options"]["num_ctx"] >= needed


async def test_a_prompt_that_fits_the_small_tier_is_only_asked_too_fast() -> None:
    tier = {"second": {"long_context": {"fallback_context_tokens": 200_000}}}
    keys = {"KEYS_TWO": "quokka-two-zz,quokka-two-yy"}
    async with a_house(environ=keys, profiles=tier) as house:
        words = "Extra usage is required for long context requests."
        house.simulator.set_fault(Fault(FaultKind.STATUS, status=429, message=words, times=1), provider="two")
        trace = await house.ask(target="second")
        assert trace.outcome is Outcome.OK
        assert trace.attempts[0].failure is FailureKind.RATE_LIMIT
        assert trace.attempts[1].credential == "env:KEYS_TWO#2"


async def test_many_at_once_lengthen_the_small_tier_once() -> None:
    tier = {"second": {"long_context": {"fallback_context_tokens": 1_000}}}
    clock = FakeClock(auto=True)
    async with a_house(clock=clock, profiles=tier) as house:
        words = "Extra usage is required for long context requests."
        house.simulator.set_fault(Fault(FaultKind.STATUS, status=429, message=words), provider="two")
        await asyncio.gather(*(house.ask("word " * 5_000, target="second") for _ in range(5)))
        assert house.engine.learned.tier(Route("second", "two", "beta")) == 1_000
        clock.set_back(600)
        assert house.engine.learned.tier(Route("second", "two", "beta")) == 1_000
        await clock.advance(3_601)
        assert house.engine.learned.tier(Route("second", "two", "beta")) is None


async def test_a_wait_too_long_to_sit_out_keeps_others_from_running_into_it() -> None:
    async with a_house() as house:
        house.simulator.set_fault(
            Fault(FaultKind.STATUS, status=503, headers=(("Retry-After", "120"),)), provider="one"
        )
        await house.ask()
        await house.ask()
        assert house.called() == ["one/alpha", "two/beta", "two/beta"]
        await house.clock.advance(121)
        house.simulator.clear_faults()
        await house.ask()
        assert house.called()[-1] == "one/alpha"


async def test_headers_of_a_failure_say_that_a_limit_is_used_up() -> None:
    used_up = (("x-ratelimit-remaining-requests", "0"), ("x-ratelimit-reset-requests", "5m"))
    async with a_house(environ={"KEYS_ONE": "quokka-one-zz,quokka-one-yy"}) as house:
        house.simulator.set_fault(Fault(FaultKind.STATUS, status=500, headers=used_up, times=1), provider="one")
        trace = await house.ask(strict=True, target="first")
        assert [each.credential for each in trace.attempts] == ["env:KEYS_ONE", "env:KEYS_ONE#2"]


async def test_offline_is_said_only_when_everybody_was_asked() -> None:
    away = {name: {"retries": 0, "base_url": f"http://{name}.invalid/v1"} for name in ("one", "two", "three")}
    profiles = {"first": {"fallback_profiles": ["second", "third"]}}
    async with a_house(providers=away, profiles=profiles) as house:
        trace = await house.ask()
        assert [each.route.provider for each in trace.attempts] == ["one", "two", "three"]
        assert trace.error is not None
        assert "offline" in trace.error.message


async def test_what_a_server_refused_is_tried_again_after_a_month() -> None:
    clock = FakeClock()
    learned = LearnedFacts(clock, RecordingState())
    learned.learn(FIRST, Failure(FailureKind.BAD_PARAMETER, "top_k is not supported", parameter="top_k"))
    await clock.advance(29 * 86_400)
    assert learned.dropped(FIRST) == {"top_k"}
    await clock.advance(2 * 86_400)
    assert learned.dropped(FIRST) == frozenset()
