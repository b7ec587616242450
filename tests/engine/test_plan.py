"""Who is asked, in which order, and what is said of the others."""

from __future__ import annotations

from math import inf

import pytest

from clawtui.engine.plan import apply_defaults
from clawtui.engine.request import (
    ChatRequest,
    Media,
    MediaKind,
    Require,
    Role,
    Route,
    Tool,
    assistant,
    system,
    tool_result,
    user,
)
from clawtui.engine.verdicts import Blocked, RouteRole, Skip, Verdict
from tests.engine.builders import Present, a_plan, a_profile, a_registry, a_request, entry, order

THREE = {
    "first": a_profile("alpha", fallback_models=["alpha-mini"], fallback_profiles=["second"]),
    "second": a_profile("beta"),
    "third": a_profile("gamma"),
}
PICTURE = Media(MediaKind.IMAGE, b"\x89PNG", "image/png")
SOUND = Media(MediaKind.AUDIO, b"RIFF", "audio/wav")


# ---- who is asked


def test_a_named_profile_is_followed_by_its_models_then_its_fallback_profiles() -> None:
    plan = a_plan(THREE, request=a_request(target="first"))
    assert order(plan) == ["first", "first:alpha-mini", "second"]
    assert [each.role for each in plan.candidates] == [
        RouteRole.PRIMARY,
        RouteRole.FALLBACK_MODEL,
        RouteRole.FALLBACK_PROFILE,
    ]
    assert entry(plan, "first").reason == "asked for"
    assert (entry(plan, "third").skip, entry(plan, "third").reason) == (Skip.NOT_ASKED, "not a fallback of first")


def test_a_pinned_profile_gets_no_fallback() -> None:
    plan = a_plan(
        THREE, request=a_request(target="first", strict=True), policies={"default": {"fallback_profiles": ["third"]}}
    )
    assert order(plan) == ["first"]
    assert entry(plan, "second").reason == "strict: no fallback"


def test_the_policys_fallbacks_come_after_the_profiles_own() -> None:
    plan = a_plan(THREE, request=a_request(target="first"), policies={"default": {"fallback_profiles": ["third"]}})
    assert order(plan) == ["first", "first:alpha-mini", "second", "third"]


def test_nothing_named_asks_the_policys_profile_before_the_default_one() -> None:
    tables = {"default_profile": "second", "policies": {"default": {"profile": "third"}, "plain": {}}}
    ruled = a_plan(THREE, **tables)
    assert (order(ruled), entry(ruled, "third").reason) == (["third"], "the policy's profile")
    plain = a_plan(THREE, request=a_request(policy="plain"), **tables)
    assert (order(plain), entry(plain, "second").reason) == (["second"], "default profile")


def test_nothing_named_and_no_default_asks_all_in_the_order_of_the_file() -> None:
    assert order(a_plan(THREE)) == ["first", "second", "third"]


def test_among_all_a_preferred_tag_comes_first_then_health_then_speed() -> None:
    profiles = {
        "slow": a_profile("a"),
        "failing": a_profile("b"),
        "quick": a_profile("c"),
        "cheap": a_profile("d", tags=["cheap"]),
    }
    routes = {name: Route(name, "up", table["model"]) for name, table in profiles.items()}
    present = Present(
        ranks={routes["slow"]: (0.0, 9.0), routes["failing"]: (0.5, 0.1), routes["quick"]: (0.0, 0.2)}
        | {routes["cheap"]: (0.9, 20.0)}
    )
    plan = a_plan(profiles, present=present, policies={"default": {"prefer_tags": ["cheap"]}})
    assert order(plan) == ["cheap", "quick", "slow", "failing"]


def test_a_literal_model_of_a_provider_needs_no_profile() -> None:
    plan = a_plan(THREE, request=a_request(target="up/some/other:1"))
    assert plan.candidates[0].route == Route(None, "up", "some/other:1")
    assert plan.candidates[0].role is RouteRole.OVERRIDE


def test_a_model_alone_is_a_literal_model() -> None:
    plan = a_plan(THREE, request=a_request(model="up/other"), default_profile="first")
    assert [each.route for each in plan.candidates] == [Route(None, "up", "other")]
    assert plan.requested == "up/other"


def test_a_literal_model_of_a_known_provider_without_its_key_names_the_variable() -> None:
    plan = a_plan(THREE, request=a_request(target="groq/llama"), not_ready={"groq": "GROQ_API_KEY is not set"})
    assert plan.candidates == ()
    assert (entry(plan, None).skip, entry(plan, None).reason) == (Skip.NOT_READY, "GROQ_API_KEY is not set")


def test_a_named_profile_with_another_model_keeps_its_fallbacks() -> None:
    plan = a_plan(THREE, request=a_request(target="first", model="omega"))
    assert [each.route.model for each in plan.candidates] == ["omega", "alpha-mini", "beta"]
    assert plan.candidates[0].role is RouteRole.OVERRIDE


def test_a_model_cannot_replace_that_of_a_literal() -> None:
    plan = a_plan(THREE, request=a_request(target="up/alpha", model="beta"))
    assert plan.error is not None
    assert "names its model already" in plan.error


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        (a_request(target="frist"), "no profile frist; near to it: first"),
        (a_request(target="upp/x"), "no provider upp; near to it: up"),
        (a_request(target="fusion/defualt"), "near to it: fusion/default"),
        (a_request(target="default"), "no profile default"),
        (a_request(target="up/"), "no profile up/"),
        (a_request(target=""), "no profile "),
        (a_request(policy="strct"), "no policy strct; near to it: strict"),
        (a_request(require=Require(capabilities=frozenset({"tolls"}))), "no capability tolls; near to it: tools"),
    ],
)
def test_what_does_not_exist_fails_at_once_with_the_nearest_names(request_: ChatRequest, words: str) -> None:
    plan = a_plan(
        THREE,
        request=request_,
        policies={"strict": {}},
        fusion={"default": {"advisers": ["first"], "synthesizer": "second"}},
    )
    assert plan.error is not None
    assert words in plan.error
    assert (plan.candidates, plan.entries) == ((), ())


# ---- what the request needs


@pytest.mark.parametrize(
    ("lacking", "request_"),
    [
        ("tools", a_request(tools=(Tool("look"),))),
        ("json_schema", a_request(schema={"type": "object"})),
        ("vision", ChatRequest((user("see", PICTURE),))),
        ("vision", ChatRequest((user("see", PICTURE), assistant("seen"), user("and?")))),
        ("audio", ChatRequest((user("hear", SOUND),))),
        ("system_messages", ChatRequest((system("be brief"), user("x")))),
        ("prefill", a_request(require=Require(capabilities=frozenset({"prefill"})))),
    ],
)
def test_only_a_model_known_to_lack_what_is_needed_is_passed_over(lacking: str, request_: ChatRequest) -> None:
    profiles = {
        "without": a_profile("a", capabilities={lacking: False}),
        "unknown": a_profile("b", capabilities={lacking: True} if lacking == "prefill" else {}),
    }
    plan = a_plan(profiles, request=request_)
    assert order(plan) == ["unknown"]
    assert entry(plan, "without").reason == f"lacks {lacking.replace('_', ' ')} (config)"


def test_what_the_policy_requires_is_needed_of_every_model() -> None:
    profiles = {"plain": a_profile("a", capabilities={"reasoning": False}), "clever": a_profile("b")}
    plan = a_plan(profiles, policies={"default": {"require": {"reasoning": True}}})
    assert order(plan) == ["clever"]


def test_wishes_are_dropped_with_a_note_and_reject_nobody() -> None:
    lacking = {"streaming": False, "parallel_tools": False, "reasoning": False}
    plan = a_plan(
        {"plain": a_profile(capabilities=lacking)},
        request=a_request(tools=(Tool("a"), Tool("b")), reasoning_effort="high"),
    )
    assert set(plan.candidates[0].notes) == {
        "streaming is dropped",
        "parallel tools is dropped",
        "reasoning is dropped",
    }


def test_results_of_earlier_tools_need_no_tools_of_the_next_model() -> None:
    talk = ChatRequest((user("x"), tool_result("1", "done")))
    assert order(a_plan({"plain": a_profile(capabilities={"tools": False})}, request=talk)) == ["plain"]


def test_what_a_wire_cannot_say_is_refused_in_the_plan() -> None:
    plan = a_plan(THREE, inexpressible=lambda kind, asked: f"{kind} has no word for it")
    assert plan.candidates == ()
    assert (entry(plan, "first").skip, entry(plan, "first").reason) == (
        Skip.INEXPRESSIBLE,
        "openai has no word for it",
    )


# ---- windows and lengths


def test_a_window_that_is_too_small_is_told_with_both_numbers() -> None:
    profiles = {
        "small": a_profile("a", capabilities={"max_context_tokens": 1_500}),
        "large": a_profile("b", capabilities={"max_context_tokens": 9_000}),
        "unknown": a_profile("c"),
    }
    plan = a_plan(profiles, request=a_request("x" * 4_000))
    assert order(plan) == ["large", "unknown"]
    assert entry(plan, "small").skip is Skip.CONTEXT
    assert entry(plan, "small").reason == "needs about 2,028 tokens, the window is 1,500"


def test_a_required_window_rejects_only_known_smaller_ones() -> None:
    profiles = {"small": a_profile("a", capabilities={"max_context_tokens": 8_000}), "unknown": a_profile("b")}
    policy = {"default": {"require": {"min_context_tokens": 32_000}}}
    plan = a_plan(profiles, policies=policy)
    assert order(plan) == ["unknown"]
    assert entry(plan, "small").reason == "window 8,000, required 32,000"
    asked = a_plan(profiles, request=a_request(require=Require(min_context_tokens=9_000)))
    assert order(asked) == ["unknown"]


def test_a_default_system_message_counts_only_where_it_is_sent() -> None:
    profiles = {
        "wordy": a_profile(capabilities={"max_context_tokens": 1_200}, defaults={"system": "x" * 4_000}),
    }
    assert a_plan(profiles).candidates == ()
    brief = ChatRequest((system("be brief"), user("hello")))
    assert order(a_plan(profiles, request=brief)) == ["wordy"]


def test_the_answers_length_is_the_callers_then_the_profiles_cut_to_the_models() -> None:
    profiles = {"p": a_profile(capabilities={"max_output_tokens": 500}, defaults={"max_tokens": 300})}
    assert a_plan(profiles).candidates[0].max_tokens == 300
    assert a_plan(profiles, request=a_request(max_tokens=400)).candidates[0].max_tokens == 400
    cut = a_plan(profiles, request=a_request(max_tokens=4_000)).candidates[0]
    assert (cut.max_tokens, cut.notes) == (500, ("max tokens 4,000 cut to the model's 500",))


def test_without_a_budget_nobodys_word_on_the_length_leaves_it_to_the_provider() -> None:
    assert a_plan(THREE).candidates[0].max_tokens is None


# ---- what is in the way


def test_a_provider_that_is_not_ready_says_which_variable_is_missing() -> None:
    profiles = {"first": a_profile("a", provider="openai", fallback_profiles=["second"]), "second": a_profile("b")}
    plan = a_plan(profiles, default_profile="first", not_ready={"openai": "OPENAI_API_KEY is not set"})
    assert order(plan) == ["second"]
    assert entry(plan, "first").reason == "OPENAI_API_KEY is not set"
    assert entry(plan, "second").reason == "first of the chain that can answer (fallback profile)"


def test_disabled_profiles_providers_and_routes_say_which_of_them_is() -> None:
    profiles = {
        "first": a_profile("a", enabled=False),
        "second": a_profile("b", provider="off"),
        "third": a_profile("c"),
        "fourth": a_profile("d"),
    }
    off = {"kind": "openai", "base_url": "http://127.0.0.1:9/v1", "credentials": [], "enabled": False}
    plan = a_plan(profiles, providers={"off": off}, present=Present(off={Route("third", "up", "c")}))
    assert order(plan) == ["fourth"]
    assert [entry(plan, name).reason for name in ("first", "second", "third")] == [
        "disabled",
        "provider off is disabled",
        "disabled for this run",
    ]


def test_open_circuits_and_cooling_credentials_wait_soonest_first() -> None:
    present = Present(
        circuits={Route("first", "up", "alpha"): Blocked(12.0, "circuit open, 12 s left")},
        credentials={("up", "beta"): Blocked(4.0, "all credentials cooling, 4 s")},
    )
    plan = a_plan(THREE, present=present, request=a_request(target="first"))
    assert order(plan) == ["first:alpha-mini"]
    assert [each.route.model for each in plan.waits] == ["beta", "alpha"]
    assert (entry(plan, "first").skip, entry(plan, "first").available_in_s) == (Skip.CIRCUIT_OPEN, 12.0)
    assert (entry(plan, "second").skip, entry(plan, "second").available_in_s) == (Skip.COOLING, 4.0)


def test_of_two_waits_the_longer_counts() -> None:
    route = Route("first", "up", "alpha")
    present = Present(
        circuits={route: Blocked(3.0, "circuit open")}, credentials={("up", "alpha"): Blocked(50.0, "cooling")}
    )
    found = entry(a_plan(present=present), "first")
    assert (found.skip, found.available_in_s) == (Skip.COOLING, 50.0)


def test_dead_credentials_are_not_ready_whatever_the_circuit_says() -> None:
    route = Route("first", "up", "alpha")
    present = Present(
        circuits={route: Blocked(3.0, "circuit open")}, credentials={("up", "alpha"): Blocked(inf, "all are dead")}
    )
    plan = a_plan(present=present)
    assert (entry(plan, "first").skip, entry(plan, "first").reason) == (Skip.NOT_READY, "all are dead")
    assert plan.waits == ()


def test_the_same_model_stands_once() -> None:
    profiles = {"first": a_profile("a", fallback_profiles=["twin", "other"]), "twin": a_profile("a")}
    profiles["other"] = a_profile("b")
    plan = a_plan(profiles, default_profile="first")
    assert order(plan) == ["first", "other"]
    assert entry(plan, "twin").skip is Skip.DUPLICATE


def test_the_twin_of_a_resting_route_does_not_answer_in_its_place() -> None:
    profiles = {"first": a_profile("a", fallback_profiles=["twin"]), "twin": a_profile("a")}
    present = Present(circuits={Route("first", "up", "a"): Blocked(9.0, "circuit open")})
    plan = a_plan(profiles, default_profile="first", present=present)
    assert plan.candidates == ()
    assert [each.route.profile for each in plan.waits] == ["first"]


def test_the_twin_of_a_profile_that_may_not_answer_does() -> None:
    profiles = {"first": a_profile("a", enabled=False, fallback_profiles=["twin"]), "twin": a_profile("a")}
    assert order(a_plan(profiles, default_profile="first")) == ["twin"]


# ---- defaults


def test_a_profiles_defaults_speak_where_the_caller_said_nothing() -> None:
    defaults = {"temperature": 0.3, "max_tokens": 50, "system": "be brief", "reasoning_effort": "low"}
    spec = a_registry({"p": a_profile(defaults=defaults)}).profiles["p"]
    filled = apply_defaults(a_request(), spec)
    assert (filled.temperature, filled.max_tokens, filled.reasoning_effort) == (0.3, 50, "low")
    assert filled.messages[0].role is Role.SYSTEM
    own = ChatRequest((system("mine"), user("x")), temperature=0.0, max_tokens=7, reasoning_effort="high")
    assert apply_defaults(own, spec) == own


def test_a_reasoning_effort_is_left_out_where_the_model_is_known_not_to_take_one() -> None:
    for table in ({"defaults": {"reasoning_effort": "low"}}, {}):
        registry = a_registry({"p": a_profile(capabilities={"reasoning": False}, **table)})
        spec = registry.profiles["p"]
        asked = apply_defaults(a_request(reasoning_effort="high"), spec, registry.capabilities(spec.route))
        assert asked.reasoning_effort is None


def test_every_profile_of_a_plan_is_named_with_a_reason() -> None:
    plan = a_plan(THREE, request=a_request(target="second"))
    assert {each.route.profile for each in plan.entries} == set(THREE)
    assert all(each.reason for each in plan.entries)
    assert [each.verdict for each in plan.entries].count(Verdict.CHOSEN) == 1
