"""Estimates come nearer to what a provider reports, route by route; the next plan and reservation go by that."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from clawtui.engine.request import Route
from clawtui.engine.tokens import Calibration
from clawtui.simulator import ModelScript, Script
from tests.house import a_config, a_house, a_request

ROUTE = Route("first", "one", "alpha")
LONG = "unbelievable circumstances notwithstanding " * 200


async def test_the_second_plan_expects_what_the_first_answer_reported() -> None:
    async with a_house() as house:
        before = house.engine.plan(a_request(LONG)).candidates[0]
        reported = (await house.ask(LONG)).usage.input_tokens
        after = house.engine.plan(a_request(LONG)).candidates[0]
        assert before.input_tokens != reported
        assert abs(after.input_tokens - reported) <= 1
        assert after.estimate == before.estimate


async def test_what_one_route_taught_says_nothing_of_another_and_survives_a_new_config() -> None:
    async with a_house() as house:
        untaught = house.engine.plan(a_request(LONG, target="second")).candidates[0].input_tokens
        await house.ask(LONG)
        taught = house.engine.plan(a_request(LONG)).candidates[0].input_tokens
        assert house.engine.plan(a_request(LONG, target="second")).candidates[0].input_tokens == untaught
        house.engine.reconfigure(a_config(house.simulator))
        assert house.engine.plan(a_request(LONG)).candidates[0].input_tokens == taught


async def test_a_provider_that_reports_nothing_teaches_nothing() -> None:
    async with a_house(Script(models={"one/alpha": ModelScript(usage=False)})) as house:
        before = house.engine.plan(a_request(LONG)).candidates[0].input_tokens
        await house.ask(LONG)
        assert house.engine.plan(a_request(LONG)).candidates[0].input_tokens == before


async def test_an_effort_is_not_sent_to_a_model_that_is_known_not_to_reason() -> None:
    for reasons in (True, False):
        async with a_house(profiles={"first": {"capabilities": {"reasoning": reasons}}}) as house:
            await house.ask(reasoning_effort="high")
            assert ("reasoning_effort" in house.simulator.requests[0].body) is reasons


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 10**7), st.integers(-5, 10**9)), max_size=30))
def test_no_figures_move_the_ratio_out_of_its_bounds(figures: list[tuple[int, int]]) -> None:
    calibration = Calibration()
    for estimated, reported in figures:
        calibration.learn(ROUTE, estimated, reported)
        assert Calibration.LEAST <= calibration.ratio(ROUTE) <= Calibration.MOST


@settings(max_examples=60, deadline=None)
@given(st.integers(20, 10_000), st.floats(0.6, 2.9))
def test_a_steady_factor_is_found(estimated: int, factor: float) -> None:
    calibration = Calibration()
    for _ in range(5):
        calibration.learn(ROUTE, estimated, round(estimated * factor))
    assert abs(calibration.ratio(ROUTE) - round(estimated * factor) / estimated) < 1e-6
