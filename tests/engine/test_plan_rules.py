"""What a policy lets a plan do: names, tags and money."""

from __future__ import annotations

import pytest

from clawtui.engine.ports import Spending
from clawtui.engine.request import ChatRequest, Media, MediaKind, Require, user
from clawtui.engine.verdicts import Skip
from tests.engine.builders import FREE, Present, a_plan, a_profile, a_request, entry, order

HOUSE = {
    "home": a_profile("h", tags=["local"], fallback_models=["h-small"]),
    "cloud": a_profile("c", tags=["cloud"]),
    "bare": a_profile("b"),
}
DOLLAR = {"input": 1.0, "output": 1.0}


def under(**policy: object) -> dict[str, object]:
    return {"policies": {"default": policy}}


# ---- names


@pytest.mark.parametrize(
    ("policy", "left"),
    [
        ({"allow": ["home"]}, ["home"]),
        ({"allow": ["*o*"]}, ["home", "cloud"]),
        ({"deny": ["cloud"]}, ["home", "bare"]),
        ({"allow": ["*"], "deny": ["c*", "b*"]}, ["home"]),
        ({"require_tags": ["local"]}, ["home"]),
        ({"forbid_tags": ["cloud"]}, ["home", "bare"]),
    ],
)
def test_only_what_the_policy_permits_is_a_candidate(policy: dict[str, object], left: list[str]) -> None:
    plan = a_plan(HOUSE, **under(**policy))
    assert order(plan) == left
    assert {each.skip for each in plan.entries if each.skip} == {Skip.POLICY}


def test_the_caller_may_narrow_what_the_policy_permits_and_never_widen_it() -> None:
    narrow = Require(tags=frozenset({"local"}), deny=("bare",))
    assert order(a_plan(HOUSE, request=a_request(require=narrow))) == ["home"]
    wide = Require(allow=("*",))
    assert order(a_plan(HOUSE, request=a_request(require=wide), **under(allow=["home"]))) == ["home"]
    assert order(a_plan(HOUSE, request=a_request(require=Require(allow=("bare",))))) == ["bare"]
    assert order(a_plan(HOUSE, request=a_request(require=Require(forbid_tags=frozenset({"cloud"}))))) == [
        "home",
        "bare",
    ]


def test_a_required_tag_holds_for_fallbacks_too() -> None:
    profiles = {**HOUSE, "home": a_profile("h", tags=["local"], fallback_profiles=["cloud"])}
    plan = a_plan(profiles, request=a_request(target="home"), **under(require_tags=["local"]))
    assert order(plan) == ["home"]
    assert entry(plan, "cloud").reason == "lacks the tag local"


@pytest.mark.parametrize("asked", [{"target": "up/h"}, {"target": "home", "model": "h:cloud"}])
def test_a_model_that_the_caller_names_has_no_tags_and_stays_outside_the_boundary(asked: dict[str, str]) -> None:
    plan = a_plan(HOUSE, request=a_request(**asked, strict=True), **under(require_tags=["local"]))
    assert plan.candidates == ()
    assert "a model outside a profile has no tags" in plan.entries[0].reason


def test_a_model_that_the_profile_itself_names_stands_under_its_tags() -> None:
    plan = a_plan(
        HOUSE, request=a_request(target="home", model="h-small", strict=True), **under(require_tags=["local"])
    )
    assert [each.route.model for each in plan.candidates] == ["h-small"]


@pytest.mark.parametrize("policy", [{"deny": ["cloud"]}, {"forbid_tags": ["cloud"]}])
@pytest.mark.parametrize("asked", [{"target": "up/c"}, {"target": "bare", "model": "c"}])
def test_what_is_refused_by_its_profile_is_refused_by_its_models_name(
    policy: dict[str, object], asked: dict[str, str]
) -> None:
    plan = a_plan(HOUSE, request=a_request(**asked, strict=True), **under(**policy))
    assert plan.candidates == ()
    assert plan.entries[0].skip is Skip.POLICY


def test_a_rule_is_the_reason_only_where_nothing_else_stands_in_the_way() -> None:
    profiles = {"one": a_profile("a", provider="openai"), "two": a_profile("b", capabilities={"tools": False})}
    plan = a_plan(
        profiles,
        request=a_request(require=Require(capabilities=frozenset({"tools"}))),
        not_ready={"openai": "OPENAI_API_KEY is not set"},
        **under(require_tags=["local"]),
    )
    assert entry(plan, "one").skip is Skip.NOT_READY
    assert entry(plan, "one").reason == "OPENAI_API_KEY is not set; by policy: lacks the tag local"
    assert entry(plan, "two").skip is Skip.CAPABILITY


# ---- money


def test_over_budget_the_plan_names_what_is_left_and_what_it_may_cost() -> None:
    profiles = {
        "dear": a_profile("a", price={"input": 0.0, "output": 1_000.0}, fallback_profiles=["free"]),
        "free": a_profile("b", price=FREE),
    }
    present = Present(spent=Spending(day_usd=0.9, day_reserved_usd=0.05))
    plan = a_plan(
        profiles,
        request=a_request(target="dear", max_tokens=100),
        present=present,
        **under(budget={"daily_usd": 1.0}),
    )
    assert order(plan) == ["free"]
    assert entry(plan, "dear").reason == "may cost $0.1000, $0.0500 are left"
    assert plan.candidates[0].reserve_usd == 0.0


def test_the_tighter_of_day_and_month_rules() -> None:
    profiles = {"p": a_profile("a", price={"input": 0.0, "output": 1_000.0})}
    present = Present(spent=Spending(month_usd=9.95))
    plan = a_plan(
        profiles,
        request=a_request(max_tokens=100),
        present=present,
        **under(budget={"daily_usd": 5.0, "monthly_usd": 10.0}),
    )
    assert entry(plan, "p").skip is Skip.BUDGET


def test_a_sum_that_fits_to_the_cent_is_admitted() -> None:
    profiles = {"p": a_profile("a", price={"input": 0.0, "output": 1_000.0})}
    present = Present(spent=Spending(day_usd=0.1 + 0.2))
    plan = a_plan(profiles, request=a_request(max_tokens=100), present=present, **under(budget={"daily_usd": 0.4}))
    assert order(plan) == ["p"]


def test_under_a_budget_an_unknown_price_is_refused_and_without_one_it_is_not() -> None:
    plan = a_plan(**under(budget={"daily_usd": 1.0}))
    assert (plan.candidates, entry(plan, "first").skip) == ((), Skip.PRICE_UNKNOWN)
    assert a_plan().candidates[0].reserve_usd is None


def test_a_literal_model_has_its_providers_price() -> None:
    up = {"kind": "openai", "base_url": "http://127.0.0.1:9/v1", "credentials": [], "price": DOLLAR}
    plan = a_plan(request=a_request(target="up/other"), providers={"up": up}, **under(budget={"daily_usd": 1.0}))
    assert plan.candidates[0].reserve_usd is not None


@pytest.mark.parametrize(
    ("capabilities", "sent"),
    [
        ({}, 8_192),
        ({"max_output_tokens": 2_000}, 2_000),
        ({"max_output_tokens": 100_000}, 8_192),
        ({"max_context_tokens": 8_192}, 8_192 - 6),
        ({"max_context_tokens": 100_000}, 8_192),
    ],
)
def test_under_a_budget_the_answer_is_bounded_by_the_model_its_window_and_8192(
    capabilities: dict[str, int], sent: int
) -> None:
    profiles = {"p": a_profile(price=DOLLAR, capabilities=capabilities)}
    candidate = a_plan(profiles, **under(budget={"daily_usd": 1.0})).candidates[0]
    assert candidate.max_tokens == sent
    assert candidate.notes == (f"max tokens {sent:,}, since the policy has a budget",)


def test_an_image_is_reserved_by_the_rule_of_whoever_reads_it() -> None:
    profiles = {
        name: a_profile(model, price={"input": 1.0, "output": 0.0}, provider=provider)
        for name, model, provider in (
            ("plain", "gpt-4.1", "up"),
            ("dear", "gpt-4o-mini", "up"),
            ("claude", "claude-x", "anthropic"),
        )
    }
    see = ChatRequest((user("", Media(MediaKind.IMAGE, b"x", "image/png")),))
    plan = a_plan(profiles, request=see)
    tokens = {each.route.profile: round((each.reserve_usd or 0) * 1e6) for each in plan.candidates}
    assert tokens["plain"] > 4_096
    assert tokens["dear"] > 48_169
    assert tokens["claude"] > 4_784
