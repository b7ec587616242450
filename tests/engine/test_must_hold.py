"""What routers of this kind are known to get wrong, over real sockets; the clock goes only when told."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from clawtui.engine.events import CircuitMoved, RequestEnded, Restarted
from clawtui.engine.failures import Decision, FailureKind
from clawtui.engine.outcome import AttemptOutcome, Outcome
from clawtui.engine.probing import Prober
from clawtui.engine.request import OnInterrupted, Route, Tool, parse_route
from clawtui.engine.verdicts import Skip, Verdict
from clawtui.simulator import Endpoint, Fault, FaultKind, KeyScript, ModelScript, ProblemKind, ProviderScript, Script
from tests.house import FakeClock, House, a_config, a_house, a_request, settle, until

FIRST = Route("first", "one", "alpha")
SECOND = Route("second", "two", "beta")
DOWN = Fault(FaultKind.STATUS, status=503)
LIMITED = Fault(FaultKind.RATE_LIMIT, retry_after=30)


# ---- plans


async def test_capabilities_left_out_are_guessed_and_one_flag_given_does_not_wipe_the_rest() -> None:
    async with a_house(profiles={"second": {"capabilities": {"vision": False}}}) as house:
        known = house.engine.registry.capabilities(SECOND)
        assert known.vision.value is False
        assert known.vision.source == "config"
        assert known.tools.value is True
        assert known.tools.source == "guess"


async def test_a_rejected_profile_is_never_called_even_when_all_others_fail() -> None:
    async with a_house(profiles={"second": {"capabilities": {"tools": False}}}) as house:
        house.simulator.set_fault(DOWN, provider="one")
        trace = await house.ask(tools=(Tool("look"),))
        assert trace.outcome is Outcome.FAILED
        assert set(house.called()) == {"one/alpha"}


async def test_a_named_profile_that_fails_is_replaced_and_the_answer_names_both() -> None:
    async with a_house() as house:
        house.simulator.set_fault(DOWN, provider="one")
        trace = await house.ask(target="first")
        assert (trace.requested, trace.selected, trace.answered) == ("first", FIRST, SECOND)
        assert trace.attempts[-2].decision is Decision.NEXT_PROFILE


async def test_a_strict_request_gets_no_fallback() -> None:
    async with a_house() as house:
        house.simulator.set_fault(DOWN, provider="one")
        trace = await house.ask(target="first", strict=True)
        assert trace.answered is None
        assert set(house.called()) == {"one/alpha"}


async def test_an_open_circuit_is_part_of_the_plan_and_says_how_long() -> None:
    async with a_house(providers={"one": {"circuit": {"failures": 1}, "retries": 0}}) as house:
        house.simulator.set_fault(DOWN, provider="one")
        await house.ask()
        plan = house.engine.plan(a_request())
        entry = next(each for each in plan.entries if each.route == FIRST)
        assert (entry.verdict, entry.skip) == (Verdict.SKIPPED, Skip.CIRCUIT_OPEN)
        assert "30 s left" in entry.reason
        assert plan.candidates[0].route == SECOND


async def test_context_overflow_of_one_candidate_moves_on_to_a_larger_one_only() -> None:
    profiles = {
        "first": {"fallback_profiles": ["second", "third"], "capabilities": {"max_context_tokens": 8_000}},
        "second": {"capabilities": {"max_context_tokens": 4_000}},
        "third": {"capabilities": {"max_context_tokens": 100_000}},
    }
    async with a_house(profiles=profiles) as house:
        house.simulator.set_fault(Fault(FaultKind.STATUS, problem=ProblemKind.CONTEXT), provider="one")
        trace = await house.ask()
        assert trace.attempts[0].failure is FailureKind.CONTEXT
        assert trace.answered == Route("third", "three", "gamma")
        assert "two/beta" not in house.called()


async def test_an_unset_secret_never_borrows_another_providers_and_names_its_variable() -> None:
    async with a_house(environ={"KEYS_TWO": "quokka-two-zz"}) as house:
        plan = house.engine.plan(a_request(target="first"))
        entry = next(each for each in plan.entries if each.route == FIRST)
        assert entry.skip is Skip.NOT_READY
        assert "KEYS_ONE" in entry.reason
        await house.ask(target="first")
        assert house.called() == ["two/beta"]


async def test_resets_match_exactly_where_ids_contain_each_other_and_colons() -> None:
    profiles = {"a": {"provider": "one", "model": "m:1"}, "a.a": {"provider": "one", "model": "m:1:2"}}
    async with a_house(profiles=profiles, providers={"one": {"circuit": {"failures": 1}, "retries": 0}}) as house:
        house.simulator.set_fault(DOWN, provider="one")
        for target in ("a", "a.a"):
            await house.ask(target=target)
        route = parse_route("a@one/m:1")
        assert route is not None
        house.engine.circuits.reset([route])
        states = {str(view.route): view.state for view in house.engine.circuits.views()}
        assert states == {"a@one/m:1": "closed", "a.a@one/m:1:2": "open"}


async def test_nothing_named_follows_the_default_profile() -> None:
    async with a_house(default_profile="third") as house:
        assert house.engine.plan(a_request()).candidates[0].route.profile == "third"


# ---- credentials


def five_keys(*limited: int) -> Script:
    keys = tuple(KeyScript(f"quokka-{n}-zz", faults=(LIMITED,) if n in limited else ()) for n in range(5))
    return Script(providers={"one": ProviderScript(keys=keys)})


FIVE = {"KEYS_ONE": ",".join(f"quokka-{n}-zz" for n in range(5)), "KEYS_TWO": "quokka-two-zz"}


async def test_of_five_credentials_four_are_limited_and_the_fifth_answers_without_using_retries() -> None:
    clock = FakeClock()
    providers = {"one": {"credentials": ["env:KEYS_ONE"], "retries": 0}}
    async with a_house(five_keys(0, 1, 2, 3), clock=clock, environ=FIVE, providers=providers) as house:
        trace = await house.ask(target="first")
        assert trace.answered == FIRST
        assert [each.credential for each in trace.attempts] == [
            "env:KEYS_ONE", "env:KEYS_ONE#2", "env:KEYS_ONE#3", "env:KEYS_ONE#4", "env:KEYS_ONE#5",
        ]  # fmt: skip
        assert {each.decision for each in trace.attempts[:-1]} == {Decision.NEXT_CREDENTIAL}
        cooling = [view for view in house.engine.pools.views() if view.state == "cooling"]
        assert len(cooling) == 4
        assert all(view.retry_in_s == 30.0 for view in cooling)
        await clock.advance(29.9)
        assert len([view for view in house.engine.pools.views() if view.state == "cooling"]) == 4
        await clock.advance(0.1)
        assert [view for view in house.engine.pools.views() if view.state == "cooling"] == []


async def test_a_sole_credential_recovers() -> None:
    clock = FakeClock()
    async with a_house(clock=clock, profiles={"first": {"fallback_profiles": []}}) as house:
        number = house.simulator.set_fault(Fault(FaultKind.RATE_LIMIT, retry_after=600), provider="one")
        trace = await house.ask()
        assert trace.error is not None
        assert trace.error.kind == "rate_limit"
        house.simulator.remove_fault(number)
        await clock.advance(60)
        assert (await house.ask()).answered == FIRST


@pytest.mark.parametrize(("status", "hours"), [(402, 5.0), (401, 5 / 60)])
async def test_a_refused_credential_rests_for_hours_over_money_and_for_minutes_over_its_key(
    status: int, hours: float
) -> None:
    async with a_house() as house:
        house.simulator.set_fault(Fault(FaultKind.STATUS, status=status), provider="one")
        await house.ask()
        view = next(view for view in house.engine.pools.views() if view.provider == "one")
        assert view.retry_in_s == pytest.approx(hours * 3600, abs=1)


async def test_a_key_refused_three_times_in_a_row_is_dead_and_a_new_value_starts_clean() -> None:
    clock = FakeClock()
    async with a_house(clock=clock) as house:
        house.simulator.set_fault(Fault(FaultKind.STATUS, status=401), provider="one")
        for _ in range(3):
            await house.ask()
            await clock.advance(3_600)
        view = next(view for view in house.engine.pools.views() if view.provider == "one")
        assert view.state == "dead"
        house.engine.pools.use({"KEYS_ONE": "a-new-quokka"}, b"k" * 32)
        house.engine.pools.configure("one", ("env:KEYS_ONE",), house.engine.registry.providers["one"].pool)
        assert next(view for view in house.engine.pools.views() if view.provider == "one").state == "ok"


async def test_two_models_on_one_credential_cool_apart() -> None:
    profiles = {"first": {"fallback_profiles": []}, "other": {"provider": "one", "model": "omega"}}
    async with a_house(profiles=profiles) as house:
        house.simulator.set_fault(Fault(FaultKind.RATE_LIMIT, retry_after=600), model="alpha")
        assert (await house.ask(target="first")).answered is None
        assert (await house.ask(target="other")).answered == Route("other", "one", "omega")


async def test_a_changed_wall_clock_lengthens_no_cooldown() -> None:
    clock = FakeClock()
    async with a_house(five_keys(0), clock=clock, environ=FIVE) as house:
        await house.ask(target="first")
        records = [each for each in house.state.saved if type(each).__name__ == "CredentialRecord"]
        clock.set_back(3_600)
        async with a_house(five_keys(), clock=clock, environ=FIVE) as later:
            later.engine.pools.absorb(records)  # type: ignore[arg-type]
            waits = [view.retry_in_s for view in later.engine.pools.views() if view.retry_in_s is not None]
            assert waits == [30.0]


# ---- circuits


async def test_a_primary_that_is_down_for_a_minute_is_bridged_and_used_again_within_an_interval_of_its_return() -> None:
    clock = FakeClock()
    async with a_house(clock=clock, providers={"one": {"retries": 0}}) as house:
        everything = Fault(FaultKind.STATUS, status=503, on=Endpoint.ALL)
        number = house.simulator.set_fault(everything, provider="one")
        prober = Prober(house.engine)
        answered: list[str] = []
        for second in range(0, 80, 4):
            if second == 60:
                house.simulator.remove_fault(number)
            await prober.probe_open()
            trace = await house.ask()
            assert trace.outcome is Outcome.OK
            assert trace.answered is not None
            answered.append(trace.answered.provider)
            await clock.advance(4)
        failed = [each for each in house.simulator.requests if each.provider == "one" and each.status == 503]
        assert len(failed) <= 7  # five that open it, then one a half-open period
        assert house.simulator.most_at_once("one") == 1
        assert answered[:15] == ["two"] * 15
        assert answered[15:] == ["one"] * 5


async def test_who_may_not_probe_waits_for_what_comes_of_the_probe() -> None:
    """One route, its circuit open for longer than anybody waits: one request tries it at once, the others follow. They
    all mean to try it, since a key store is asked between plan and call."""
    clock = FakeClock()
    providers: dict[str, Any] = {"one": {"retries": 0, "circuit": {"failures": 1, "open_for": 60}}}
    alone = {"first": {"fallback_profiles": []}}
    async with a_house(clock=clock, providers=providers, profiles=alone) as house:
        number = house.simulator.set_fault(DOWN, provider="one")
        await house.ask()
        house.simulator.remove_fault(number)
        house.simulator.set_model("one/alpha", ModelScript(text="back", first_token_s=0.2))
        providers["one"]["credentials"] = ["cmd:echo quokka-new-zz"]
        house.engine.reconfigure(a_config(house.simulator, providers=providers, profiles=alone))
        tasks = [asyncio.create_task(house.ask()) for _ in range(5)]
        await until(lambda: sum(task.done() for task in tasks) == 1)
        assert house.simulator.most_at_once("one") == 1
        await clock.advance(2)
        await until(lambda: all(task.done() for task in tasks))
        assert [task.result().text for task in tasks] == ["back"] * 5


async def test_twenty_requests_on_a_half_open_circuit_make_one_probe() -> None:
    clock = FakeClock()
    providers = {"one": {"retries": 0, "circuit": {"failures": 1}}}
    async with a_house(clock=clock, providers=providers) as house:
        number = house.simulator.set_fault(DOWN, provider="one")
        await house.ask()
        house.simulator.remove_fault(number)
        house.simulator.set_model("one/alpha", ModelScript(text="back"))
        await clock.advance(31)
        before = house.called().count("one/alpha")
        hang = house.simulator.set_fault(Fault(FaultKind.HANG), provider="one")
        tasks = [asyncio.create_task(house.ask()) for _ in range(20)]
        await until(lambda: sum(task.done() for task in tasks) == 19)
        assert house.called().count("one/alpha") - before == 1
        assert house.simulator.remove_fault(hang)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def test_a_cancelled_probe_frees_its_place_and_says_nothing_of_the_route() -> None:
    clock = FakeClock()
    async with a_house(clock=clock, providers={"one": {"retries": 0, "circuit": {"failures": 1}}}) as house:
        number = house.simulator.set_fault(DOWN, provider="one")
        await house.ask()
        house.simulator.remove_fault(number)
        await clock.advance(31)
        hang = house.simulator.set_fault(Fault(FaultKind.HANG), provider="one")
        task = asyncio.create_task(house.ask())
        await until(lambda: house.simulator.in_flight("one") == 1)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        house.simulator.remove_fault(hang)
        assert (await house.ask()).answered == FIRST


async def test_a_hang_costs_one_first_token_limit_and_opens_the_circuit_when_it_goes_on() -> None:
    clock = FakeClock()
    providers = {"one": {"timeouts": {"first_token": 20.0}, "circuit": {"failures": 2}}}
    async with a_house(clock=clock, providers=providers) as house:
        house.simulator.set_fault(Fault(FaultKind.HANG), provider="one")
        for count in (1, 2):
            task = asyncio.create_task(house.ask())
            await house.simulator.wait_until(lambda wanted=count: house.called().count("one/alpha") == wanted)
            await settle()
            await clock.advance(20)
            trace = await task
            assert trace.answered == SECOND
            assert [each.failure for each in trace.attempts] == [FailureKind.TIMEOUT_FIRST_TOKEN, None]
        assert house.engine.circuits.view(FIRST).state == "open"


async def test_a_late_result_does_not_flip_a_circuit() -> None:
    async with a_house() as house:
        board = house.engine.circuits
        late = board.enter(FIRST)
        assert late is not None
        house.simulator.set_fault(DOWN, provider="one")
        for _ in range(3):
            await house.ask()
        assert board.view(FIRST).state == "open"
        late.succeeded()
        assert board.view(FIRST).state == "open"


async def test_transitions_are_told_with_their_causes() -> None:
    clock = FakeClock()
    async with a_house(clock=clock, providers={"one": {"retries": 0, "circuit": {"failures": 2}}}) as house:
        number = house.simulator.set_fault(DOWN, provider="one")
        await house.ask()
        await house.ask()
        house.simulator.remove_fault(number)
        await clock.advance(30)
        await house.ask()
        moves = [(each.state, each.cause) for each in house.events if isinstance(each, CircuitMoved)]
        assert [state for state, _ in moves] == ["open", "half_open", "closed"]
        assert "503" in moves[0][1]
        assert [step.after for step in board_history(house)] == ["open", "half_open", "closed"]


def board_history(house: House) -> list[object]:
    return list(house.engine.circuits.view(FIRST).history)


# ---- answers that were cut


CUTS = {
    "cut": Fault(FaultKind.CUT, after=3),
    "no end marker": Fault(FaultKind.NO_END, after=3),
    "reset": Fault(FaultKind.RESET, after=3),
}
LONG = ModelScript(text="one two three four five six seven eight nine ten")


@pytest.mark.parametrize("fault", CUTS.values(), ids=CUTS.keys())
@pytest.mark.parametrize("target", ["first", "second", "third", "local"])
async def test_a_truncated_answer_is_never_a_success(fault: Fault, target: str) -> None:
    profiles = {"first": {"fallback_profiles": []}}
    async with a_house(Script(default=LONG), profiles=profiles) as house:
        house.simulator.set_fault(fault)
        trace = await house.ask(target=target, on_interrupted=OnInterrupted.STOP)
        assert trace.outcome is Outcome.INTERRUPTED
        assert trace.text
        assert LONG.text is not None
        assert LONG.text.startswith(trace.text)
        assert trace.error is not None
        assert trace.error.kind == "interrupted"


async def test_restart_supersedes_the_partial_answer_with_a_whole_one_from_the_next_route() -> None:
    async with a_house(Script(default=LONG)) as house:
        house.simulator.set_fault(CUTS["cut"], provider="one")
        events = [event async for event in house.engine.stream(a_request())]
        restarts = [event for event in events if isinstance(event, Restarted)]
        assert [event.route for event in restarts] == [SECOND]
        trace = events[-1].trace  # type: ignore[union-attr]
        assert trace.outcome is Outcome.OK
        assert trace.text == LONG.text
        assert trace.superseded[0].text == "one two three"
        assert [each.outcome for each in trace.attempts] == [AttemptOutcome.SUPERSEDED, AttemptOutcome.OK]


async def test_when_no_whole_answer_follows_the_partial_one_is_kept() -> None:
    async with a_house(Script(default=LONG), providers={"one": {"retries": 0}}) as house:
        house.simulator.set_fault(CUTS["cut"], provider="one")
        house.simulator.set_fault(DOWN, provider="two")
        trace = await house.ask()
        assert trace.outcome is Outcome.INTERRUPTED
        assert trace.text == "one two three"


async def test_a_stream_that_falls_silent_is_cut_after_the_idle_limit() -> None:
    clock = FakeClock()
    async with a_house(Script(default=LONG), clock=clock) as house:
        house.simulator.set_fault(Fault(FaultKind.STALL, after=2), provider="one")
        task = asyncio.create_task(house.ask())
        await house.simulator.wait_until(
            lambda: bool(house.simulator.requests) and house.simulator.requests[0].chunks >= 2
        )
        await asyncio.sleep(0.05)  # the bytes are on their way through a real socket
        await clock.advance(30)
        trace = await task
        assert trace.attempts[0].failure is FailureKind.TIMEOUT_IDLE
        assert (trace.answered, trace.text) == (SECOND, LONG.text)


async def test_errors_inside_a_200_are_failures() -> None:
    async with a_house() as house:
        house.simulator.set_fault(Fault(FaultKind.ERROR_IN_200, problem=ProblemKind.OVERLOADED), provider="one")
        for stream in (True, False):
            trace = await house.ask(stream=stream)
            assert trace.attempts[0].failure is FailureKind.OVERLOADED
            assert trace.answered == SECOND


@pytest.mark.parametrize("kind", [FaultKind.GARBAGE, FaultKind.EMPTY])
async def test_garbage_and_emptiness_are_malformed_and_tried_elsewhere(kind: FaultKind) -> None:
    async with a_house() as house:
        house.simulator.set_fault(Fault(kind), provider="one")
        for stream in (True, False):
            trace = await house.ask(stream=stream)
            assert trace.attempts[0].failure in (FailureKind.MALFORMED, FailureKind.STREAM_CUT)
            assert trace.answered == SECOND


async def test_one_malformed_chunk_in_a_whole_stream_is_passed_over_and_noted() -> None:
    async with a_house(Script(default=LONG)) as house:
        house.simulator.set_fault(Fault(FaultKind.MALFORMED, after=2), provider="one")
        trace = await house.ask()
        assert (trace.outcome, trace.answered, trace.text) == (Outcome.OK, FIRST, LONG.text)
        assert any("malformed" in note for note in trace.notes)


# ---- cancelling


@pytest.mark.parametrize("fault", [Fault(FaultKind.HANG), Fault(FaultKind.STALL, after=2)], ids=["before", "during"])
async def test_a_cancelled_request_stops_at_once_is_settled_once_and_changes_no_health(fault: Fault) -> None:
    async with a_house(Script(default=LONG)) as house:
        house.simulator.set_fault(fault, provider="one")
        task = asyncio.create_task(house.ask())
        await house.simulator.wait_for_request()
        await asyncio.sleep(0.02)
        loop = asyncio.get_running_loop()
        began = loop.time()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert loop.time() - began < 1.0  # a tenth of that on a machine that does nothing else
        await house.simulator.wait_until_idle()
        assert [trace.outcome for trace in house.ledger.settled] == [Outcome.CANCELLED]
        assert house.ledger.open_reservations == 0
        assert house.engine.circuits.view(FIRST).failures == 0
        assert house.engine.stats.in_flight(FIRST) == 0


async def test_leaving_the_stream_half_way_settles_it_as_cancelled() -> None:
    async with a_house(Script(default=LONG)) as house:
        stream = house.engine.stream(a_request())
        async for event in stream:
            if type(event).__name__ == "Delta":
                break
        await stream.aclose()
        assert [trace.outcome for trace in house.ledger.settled] == [Outcome.CANCELLED]
        assert house.ledger.settled[0].usage.output_tokens > 0


# ---- repairs


async def test_a_refused_parameter_is_dropped_once_and_remembered_for_the_route() -> None:
    script = Script(models={"one/alpha": ModelScript(text="fine", unsupported=("temperature",))})
    async with a_house(script) as house:
        trace = await house.ask(temperature=0.5)
        assert [each.decision for each in trace.attempts] == [Decision.REPAIR, None]
        assert trace.answered == FIRST
        again = await house.ask(temperature=0.5)
        assert len(again.attempts) == 1


async def test_an_output_cap_is_clamped_to_what_the_message_states() -> None:
    script = Script(models={"one/alpha": ModelScript(text="fine", max_output=4_096)})
    async with a_house(script) as house:
        trace = await house.ask(max_tokens=90_000)
        assert [each.failure for each in trace.attempts] == [FailureKind.OUTPUT_CAP, None]
        assert trace.answered == FIRST
        assert (await house.ask(max_tokens=90_000)).attempts[0].outcome is AttemptOutcome.OK


async def test_a_refused_long_context_tier_steps_down_and_trims_the_history() -> None:
    from clawtui.engine.request import ChatRequest, assistant, user

    body = {"error": {"type": "rate_limit_error", "message": "Extra usage is required for long context requests."}}
    profiles = {
        "second": {
            "long_context": {"fallback_context_tokens": 2_000},
            "capabilities": {"max_context_tokens": 1_000_000},
        }
    }
    async with a_house(profiles=profiles) as house:
        house.simulator.set_fault(Fault(FaultKind.STATUS, status=429, body=body, times=1), provider="two")
        history = tuple(m for n in range(40) for m in (user(f"question {n} " + "x" * 400), assistant("answer")))
        request = ChatRequest((*history, user("the last")), target="second", max_tokens=100)
        trace = await house.engine.ask(request)
        assert [each.failure for each in trace.attempts] == [FailureKind.LONG_CONTEXT_TIER, None]
        assert trace.answered == SECOND
        first, second = (each.size for each in house.simulator.requests)
        assert second < first / 2
        assert any("left out" in note for note in trace.notes)


# ---- waiting and failing


async def test_a_short_retry_after_is_worth_waiting_for_the_asked_for_model() -> None:
    async with a_house() as house:
        house.simulator.set_fault(Fault(FaultKind.RATE_LIMIT, retry_after=2, times=1), provider="one")
        trace = await house.ask()
        assert trace.answered == FIRST
        assert trace.attempts[0].decision is Decision.RETRY
        assert trace.attempts[1].wait_ms == 2_000


async def test_a_longer_one_is_not_where_somebody_else_can_answer() -> None:
    async with a_house() as house:
        house.simulator.set_fault(Fault(FaultKind.RATE_LIMIT, retry_after=12), provider="one")
        trace = await house.ask()
        assert trace.answered == SECOND
        assert trace.total_ms < 1_000


async def test_when_everything_rests_the_soonest_is_waited_for_and_shown() -> None:
    clock = FakeClock(auto=True)
    profiles = {"first": {"fallback_profiles": []}}
    providers = {"one": {"retries": 0, "circuit": {"failures": 1, "open_for": 15.0}}}
    async with a_house(clock=clock, profiles=profiles, providers=providers) as house:
        house.simulator.set_fault(Fault(FaultKind.STATUS, status=503, times=1), provider="one")
        await house.ask()
        events = [event async for event in house.engine.stream(a_request())]
        waits = [event for event in events if type(event).__name__ == "Waiting"]
        assert [round(event.seconds) for event in waits] == [15]  # type: ignore[union-attr]
        assert events[-1].trace.answered == FIRST  # type: ignore[union-attr]


async def test_what_rests_for_long_is_tried_anyway_where_nothing_else_is_left_and_says_so() -> None:
    profiles = {"first": {"fallback_profiles": []}}
    providers = {"one": {"retries": 0, "circuit": {"failures": 1, "open_for": 200.0}}}
    async with a_house(profiles=profiles, providers=providers) as house:
        house.simulator.set_fault(Fault(FaultKind.STATUS, status=503, times=1), provider="one")
        await house.ask()
        trace = await house.ask()
        assert trace.answered == FIRST
        assert any("frees first" in note for note in trace.notes)


async def test_the_final_error_lists_every_attempt_and_when_the_first_route_is_back() -> None:
    providers = {"one": {"retries": 0, "circuit": {"failures": 1}}, "two": {"retries": 0, "circuit": {"failures": 1}}}
    async with a_house(providers=providers) as house:
        house.simulator.set_fault(DOWN)
        trace = await house.ask()
        assert trace.error is not None
        for words in ("first@one/alpha", "second@two/beta", "env:KEYS_ONE", "503"):
            assert words in trace.error.message
        assert trace.error.retry_in_s == pytest.approx(30, abs=0.5)
        assert "back in 30 s" in trace.error.hint


async def test_when_no_provider_can_be_reached_it_says_that_one_seems_to_be_offline() -> None:
    providers = {
        "one": {"base_url": "http://nowhere.invalid/v1"},
        "two": {"base_url": "http://elsewhere.invalid"},
    }
    async with a_house(providers=providers) as house:
        trace = await house.ask()
        assert trace.error is not None
        assert "offline" in trace.error.message
        assert {each.failure for each in trace.attempts} == {FailureKind.DNS}


async def test_a_redirect_is_refused_and_its_target_named() -> None:
    async with a_house(profiles={"first": {"fallback_profiles": []}}) as house:
        location = "https://elsewhere.example/v1"
        house.simulator.set_fault(Fault(FaultKind.REDIRECT, location=location), provider="one")
        trace = await house.ask()
        assert trace.error is not None
        assert "elsewhere.example" in trace.error.message
        assert len(house.called()) == 1


async def test_a_request_that_came_back_through_this_program_is_refused_by_its_hop_count() -> None:
    async with a_house() as house:
        trace = await house.ask(hops=2)
        assert (trace.outcome, trace.error and trace.error.kind) == (Outcome.REFUSED, "policy")
        assert house.called() == []
        await house.ask()
        assert house.simulator.requests[0].headers["x-clawtui-hops"] == "1"


# ---- every request ends once


async def test_every_request_is_settled_exactly_once_whatever_happens_to_it() -> None:
    async with a_house(Script(default=LONG), providers={"one": {"retries": 0}}) as house:
        faults = [None, DOWN, CUTS["cut"], Fault(FaultKind.GARBAGE), Fault(FaultKind.STATUS, status=400)]
        asked = 0
        for fault in faults:
            number = house.simulator.set_fault(fault, provider="one") if fault else None
            for target in ("first", "nobody", "one/alpha", None):
                await house.ask(target=target)
                asked += 1
            if number is not None:
                house.simulator.remove_fault(number)
        ids = [trace.request_id for trace in house.ledger.settled]
        assert len(ids) == len(set(ids)) == asked
        assert len([event for event in house.events if isinstance(event, RequestEnded)]) == asked
        assert house.ledger.open_reservations == 0


async def test_a_change_of_config_keeps_the_health_of_routes_that_did_not_change() -> None:
    async with a_house(providers={"one": {"retries": 0, "circuit": {"failures": 1}}}) as house:
        house.simulator.set_fault(DOWN, provider="one")
        await house.ask()
        house.engine.reconfigure(a_config(house.simulator, profiles={"second": {"description": "changed"}}))
        assert house.engine.circuits.view(FIRST).state == "open"
