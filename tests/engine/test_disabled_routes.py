"""A route that somebody took out for this run: no plan calls it, every plan says why, and it comes back as it was."""

from __future__ import annotations

from clawtui.engine.engine import Engine
from clawtui.engine.request import Route
from clawtui.engine.verdicts import Skip
from tests.engine.builders import a_config, a_profile, a_request, entry, order
from tests.house import FakeClock

PROFILES = {
    "first": a_profile("alpha", fallback_models=["alpha-mini"], fallback_profiles=["second"]),
    "second": a_profile("beta"),
}
FIRST = Route("first", "up", "alpha")


def an_engine() -> Engine:
    config = a_config(PROFILES, default_profile="first")
    return Engine(config, environ={}, secret_key=b"k" * 32, clock=FakeClock())


def test_a_disabled_route_is_passed_over_with_its_reason_and_the_next_one_is_chosen() -> None:
    engine = an_engine()
    engine.set_disabled(FIRST, True)
    plan = engine.plan(a_request())
    assert order(plan) == ["first:alpha-mini", "second"]
    skipped = entry(plan, "first", "alpha")
    assert (skipped.skip, skipped.reason) == (Skip.DISABLED, "disabled for this run")


def test_only_that_route_is_out_not_its_profile_nor_its_model_by_another_name() -> None:
    engine = an_engine()
    engine.set_disabled(Route("first", "up", "alpha-mini"), True)
    assert order(engine.plan(a_request())) == ["first", "second"]
    assert order(engine.plan(a_request(model="up/alpha-mini"))) == ["up/alpha-mini"]


def test_a_disabled_route_is_not_waited_for() -> None:
    engine = an_engine()
    for route in (FIRST, Route("first", "up", "alpha-mini"), Route("second", "up", "beta")):
        engine.set_disabled(route, True)
    plan = engine.plan(a_request())
    assert not plan.candidates
    assert not plan.waits


def test_it_stays_out_when_the_config_is_read_again_and_comes_back_by_hand() -> None:
    engine = an_engine()
    engine.set_disabled(FIRST, True)
    engine.reconfigure(a_config(PROFILES, default_profile="first"))
    assert engine.is_disabled(FIRST)
    engine.set_disabled(FIRST, False)
    engine.set_disabled(FIRST, False)
    assert order(engine.plan(a_request()))[0] == "first"


async def test_a_request_that_has_no_route_left_calls_nobody_and_says_so() -> None:
    engine = an_engine()
    for route in (FIRST, Route("first", "up", "alpha-mini"), Route("second", "up", "beta")):
        engine.set_disabled(route, True)
    trace = await engine.ask(a_request())
    await engine.aclose()
    assert not trace.attempts
    assert trace.error is not None
    assert "disabled for this run" in f"{trace.error.message} {trace.error.hint}"
