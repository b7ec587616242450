"""A strict request that names nobody: the best that can answer now answers, or nobody does."""

from __future__ import annotations

import pytest

from clawtui.engine.outcome import Outcome
from clawtui.engine.request import Route
from clawtui.engine.verdicts import Blocked, Plan, Skip
from clawtui.simulator import Fault, FaultKind
from tests.engine.builders import Present, a_plan, a_profile, a_request, entry, order
from tests.house import a_house

THREE = {"first": a_profile("alpha", tags=["cloud"]), "second": a_profile("beta"), "third": a_profile("gamma")}


def strictly(present: Present | None = None, **tables: object) -> Plan:
    return a_plan(THREE, request=a_request(strict=True), present=present, **tables)


def test_the_best_of_those_permitted_has_no_fallback() -> None:
    plan = strictly()
    assert order(plan) == ["first"]
    assert [(entry(plan, name).skip, entry(plan, name).reason) for name in ("second", "third")] == [
        (Skip.NOT_ASKED, "strict: no fallback")
    ] * 2
    assert len(plan.entries) == 3


def test_who_is_not_permitted_or_out_of_use_now_is_not_the_best() -> None:
    assert order(strictly(policies={"default": {"forbid_tags": ["cloud"]}})) == ["second"]
    plan = strictly(Present(circuits={Route("first", "up", "alpha"): Blocked(30.0, "circuit open")}))
    assert order(plan) == ["second"]
    assert entry(plan, "first").skip is Skip.CIRCUIT_OPEN


def test_where_all_rest_each_may_be_waited_for() -> None:
    resting = {Route(name, "up", each["model"]): Blocked(5.0, "circuit open") for name, each in THREE.items()}
    plan = strictly(Present(circuits=resting))
    assert (order(plan), len(plan.waits)) == ([], 3)


@pytest.mark.parametrize("status", [400, 401, 404, 500])
async def test_a_failure_of_the_best_is_the_failure_of_the_request(status: int) -> None:
    async with a_house(default_profile=None, providers={"one": {"retries": 0}}) as house:
        house.simulator.set_fault(Fault(FaultKind.STATUS, status=status), provider="one")
        trace = await house.ask(strict=True)
        assert (trace.outcome, house.called()) == (Outcome.FAILED, ["one/alpha"])
