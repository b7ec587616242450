"""What holds of every plan, whatever the config, the request and the present are like."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from clawtui.engine.request import ChatRequest, Require, Route, Tool, user
from clawtui.engine.verdicts import Blocked, Plan, Verdict
from tests.engine.builders import Present, a_plan

NAMES = ("ash", "birch", "cedar", "dogwood")
TAGS = ("local", "cloud", "cheap")
FLAG = st.sampled_from([None, True, False])

capabilities = st.fixed_dictionaries(
    {},
    optional={
        "tools": st.booleans(),
        "vision": st.booleans(),
        "max_context_tokens": st.sampled_from([50, 2_000, 100_000]),
        "max_output_tokens": st.sampled_from([64, 4_096]),
    },
)
profile = st.fixed_dictionaries(
    {
        "provider": st.sampled_from(["up", "down"]),
        "model": st.sampled_from(["m1", "m2", "m3"]),
        "enabled": st.booleans(),
        "tags": st.lists(st.sampled_from(TAGS), unique=True, max_size=2),
        "capabilities": capabilities,
        "fallback_models": st.lists(st.sampled_from(["m4", "m5"]), unique=True, max_size=2),
        "fallback_profiles": st.lists(st.sampled_from(NAMES), unique=True, max_size=3),
    },
    optional={"price": st.just({"input": 1.0, "output": 2.0})},
)


@st.composite
def houses(draw: st.DrawFn) -> dict[str, Any]:
    """Profiles with any fallbacks among them, circles included."""
    names = draw(st.lists(st.sampled_from(NAMES), unique=True, min_size=1))
    profiles = {name: draw(profile) for name in names}
    for name, table in profiles.items():
        table["fallback_profiles"] = [other for other in table["fallback_profiles"] if other in names and other != name]
    return profiles


policies = st.fixed_dictionaries(
    {},
    optional={
        "deny": st.lists(st.sampled_from(NAMES), max_size=2),
        "require_tags": st.lists(st.sampled_from(TAGS), unique=True, max_size=1),
        "prefer_tags": st.lists(st.sampled_from(TAGS), unique=True, max_size=2),
        "budget": st.just({"daily_usd": 0.5}),
    },
)
requests = st.builds(
    lambda target, strict, has_tools, tags: ChatRequest(
        (user("what now?"),),
        target=target,
        strict=strict,
        tools=(Tool("look"),) if has_tools else (),
        require=Require(tags=frozenset(tags)),
    ),
    st.sampled_from([None, *NAMES, "up/m9"]),
    st.booleans(),
    st.booleans(),
    st.lists(st.sampled_from(TAGS), unique=True, max_size=1),
)


@st.composite
def presents(draw: st.DrawFn) -> Present:
    """Circuits that are open and credentials that cool, anywhere."""
    present = Present()
    for name in NAMES:
        for model in ("m1", "m2", "m3", "m4"):
            for provider in ("up", "down"):
                if draw(st.integers(0, 9)) == 0:
                    seconds = float(draw(st.integers(1, 60)))
                    present.circuits[Route(name, provider, model)] = Blocked("circuit open", seconds)
    return present


def planned(profiles: dict[str, Any], policy: dict[str, Any], request: ChatRequest, present: Present) -> Plan:
    return a_plan(
        profiles,
        request=request,
        present=present,
        providers={"down": {"kind": "openai", "base_url": "http://127.0.0.1:8/v1", "credentials": []}},
        policies={"default": policy},
    )


@settings(max_examples=100, deadline=None)
@given(houses(), policies, requests, presents())
def test_what_holds_of_every_plan(
    profiles: dict[str, Any], policy: dict[str, Any], request: ChatRequest, present: Present
) -> None:
    plan = planned(profiles, policy, request, present)
    if plan.error is not None:
        assert not plan.candidates
        return
    routes = [candidate.route for candidate in plan.candidates]
    by_route = {entry.route: entry for entry in plan.entries}
    # Every profile has a verdict and a reason, each route one.
    assert {entry.route.profile for entry in plan.entries} >= set(profiles)
    assert len(by_route) == len(plan.entries)
    assert all(entry.reason for entry in plan.entries)
    # One is chosen, it is the first, the others are fallbacks, and nothing skipped is among them.
    assert [by_route[route].verdict for route in routes] == [Verdict.CHOSEN, *[Verdict.FALLBACK] * 9][: len(routes)]
    assert {route for route, entry in by_route.items() if entry.verdict is not Verdict.SKIPPED} == set(routes)
    assert all(by_route[wait.route].verdict is Verdict.SKIPPED for wait in plan.waits)
    # No two candidates are the same model of the same provider.
    assert len({(route.provider, route.model) for route in routes}) == len(routes)
    # Boundaries.
    for route in routes:
        tags = set(profiles[route.profile]["tags"]) if route.profile else set()
        assert set(policy.get("require_tags", ())) | request.require.tags <= tags
        assert route.profile not in policy.get("deny", ())
        assert route not in present.circuits
        if request.strict and request.target in profiles:
            assert route.profile == request.target
        if request.tools and route.profile and profiles[route.profile]["model"] == route.model:
            assert profiles[route.profile]["capabilities"].get("tools") is not False
    # Money: with a budget nobody without a price, nor for more than is left.
    if "budget" in policy:
        assert all(each.reserve_usd is not None and each.reserve_usd <= 0.5 + 1e-9 for each in plan.candidates)


@settings(max_examples=60, deadline=None)
@given(houses(), policies, requests, presents(), st.sampled_from(NAMES))
def test_a_plan_is_the_same_each_time_and_a_denial_never_lets_anybody_in(
    profiles: dict[str, Any], policy: dict[str, Any], request: ChatRequest, present: Present, denied: str
) -> None:
    plan = planned(profiles, policy, request, present)
    assert plan == planned(profiles, policy, request, present)
    stricter = {**policy, "deny": [*policy.get("deny", ()), denied]}
    narrowed = {candidate.route for candidate in planned(profiles, stricter, request, present).candidates}
    assert all(route.profile != denied for route in narrowed)
