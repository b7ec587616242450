"""References between profiles, policies, fusions and keys: what leads nowhere, to itself, in circles or to less."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clawtui.config.checks import examine
from clawtui.config.families import model_family
from clawtui.config.findings import KeyFinding, Severity
from clawtui.config.schema import Config
from tests.config.builders import FAST, STRONG, errors, findings, warnings

KEYED = {"ANTHROPIC_API_KEY": "x", "OPENAI_API_KEY": "x"}


def profile(name: str, *fallbacks: str, **fields: str) -> str:
    lines = [f"[profiles.{name}]", 'provider = "ollama"', f'model = "{fields.pop("model", name)}"']
    lines += [f"fallback_profiles = {list(fallbacks)!r}", *(f"{key} = {value}" for key, value in fields.items())]
    return "\n".join(lines) + "\n"


def test_every_field_of_the_reference_is_read() -> None:
    text = (Path(__file__).parent / "everything.toml").read_text()
    config, found = examine(text, {**KEYED, "OPENAI_API_KEY_2": "y", "TEAM": "t"})
    assert {f.severity for f in found} <= {Severity.WARNING}
    assert config is not None
    written = config.model_dump(exclude_unset=True)
    for table in ("providers", "profiles", "policies", "fusion"):
        (field,) = [Config.model_fields[table].annotation]
        model = field.__args__[1]  # type: ignore[union-attr]  # dict[Id, Model]
        named = set().union(*(entry.keys() for entry in written[table].values()))
        assert named == set(model.model_fields), table


def test_a_missing_profile_is_an_error_with_the_nearest_name() -> None:
    found = errors(FAST + STRONG + '[profiles.x]\nprovider = "ollama"\nmodel = "x"\nfallback_profiles = ["strnog"]\n')
    assert "`strong`" in found["profiles.x.fallback_profiles[0]"].fix


def test_a_profile_that_falls_back_to_itself_is_an_error() -> None:
    assert "itself" in errors(profile("a", "a"))["profiles.a.fallback_profiles[0]"].message


def test_a_fallback_that_stands_twice_is_an_error() -> None:
    assert "twice" in errors(profile("a", "b", "b") + profile("b"))["profiles.a.fallback_profiles[1]"].message


def test_fallbacks_in_a_circle_are_one_error_that_shows_the_circle() -> None:
    found = errors(profile("a", "b") + profile("b", "c") + profile("c", "a"))
    assert [f.message for f in found.values()] == ["the fallbacks go in a circle: a → b → c → a"]


def test_two_ways_to_one_fallback_are_no_circle() -> None:
    assert errors(profile("a", "b", "c") + profile("b", "d") + profile("c", "d") + profile("d")) == {}


def test_a_chain_of_fifteen_hundred_fallbacks_is_checked() -> None:
    chain = "".join(profile(f"p{n}", f"p{n + 1}") for n in range(1500)) + profile("p1500", "p0")
    assert len([f for f in errors(chain).values() if "circle" in f.message]) == 1


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(st.integers(0, 5), max_size=3), min_size=6, max_size=6))
def test_an_error_is_told_exactly_when_following_fallbacks_could_come_back(graph: list[list[int]]) -> None:
    """Acyclic, without repeats and loops ⇔ no error."""
    found = errors("".join(profile(f"p{n}", *(f"p{m}" for m in after)) for n, after in enumerate(graph)))

    def comes_back(start: int) -> bool:
        seen, todo = set(), list(graph[start])
        while todo:
            here = todo.pop()
            if here == start:
                return True
            if here not in seen:
                seen.add(here)
                todo += graph[here]
        return False

    expected = any(comes_back(n) for n in range(6)) or any(len(set(after)) != len(after) for after in graph)
    assert bool(found) == expected


def test_a_fallback_that_can_do_less_is_a_warning() -> None:
    text = profile("a", "b", capabilities="{ tools = true, max_context_tokens = 200000 }") + profile(
        "b", capabilities="{ tools = false, max_context_tokens = 8000 }"
    )
    finding = warnings(text)["profiles.a.fallback_profiles[0]"]
    assert "tools" in finding.message
    assert "8000 instead of 200000" in finding.message
    assert errors(text) == {}


def test_a_fallback_of_unknown_capabilities_is_not_called_lesser() -> None:
    assert warnings(profile("a", "b", capabilities="{ tools = true }") + profile("b")) == {}


def test_the_same_fallback_model_twice_is_an_error() -> None:
    found = errors(profile("a", fallback_models='["x", "x", "a"]'))
    assert set(found) == {"profiles.a.fallback_models[1]", "profiles.a.fallback_models[2]"}


def test_a_provider_neither_known_nor_declared_is_an_error_with_the_nearest_name() -> None:
    finding = errors('[profiles.a]\nprovider = "opnai"\nmodel = "m"\n')["profiles.a.provider"]
    assert "`openai`" in finding.fix


def test_the_provider_id_fusion_is_reserved() -> None:
    text = '[providers.fusion]\nkind = "openai"\nbase_url = "https://x.org"\n'
    text += '[profiles.a]\nprovider = "fusion"\nmodel = "m"\n'
    found = errors(text)
    assert "reserved" in found["providers.fusion"].message
    assert "reserved" in found["profiles.a.provider"].message


def test_a_profile_of_a_disabled_provider_is_a_warning() -> None:
    assert "disabled" in warnings("[providers.ollama]\nenabled = false\n" + FAST)["profiles.fast.provider"].message


def test_policies_may_name_only_profiles_that_exist() -> None:
    text = (
        FAST
        + '[policies.p]\nprofile = "fsat"\nfallback_profiles = ["fast", "fast", "nope"]\n'
        + 'allow = ["fast", "f*", "fust"]\n'
        + 'deny = ["zz*", "fusion/*"]\nrequire_tags = ["local"]\n'
    )
    assert set(errors(text)) == {
        "policies.p.profile",
        "policies.p.fallback_profiles[1]",
        "policies.p.fallback_profiles[2]",
        "policies.p.allow[2]",
    }
    assert set(warnings(text)) == {"policies.p.deny[0]", "policies.p.deny[1]", "policies.p.require_tags[0]"}


def test_the_default_policy_need_not_be_written_but_others_must() -> None:
    assert errors('default_policy = "default"\n') == {}
    assert set(errors('default_policy = "strict"\n')) == {"default_policy"}


def test_without_policies_there_is_an_implicit_default_one() -> None:
    assert set(Config().all_policies) == {"default"}


def fusion(**fields: str) -> str:
    return "[fusion.f]\n" + "".join(f"{key} = {value}\n" for key, value in fields.items())


def test_a_fusion_is_no_part_of_itself_or_another() -> None:
    text = FAST + fusion(advisers='["fusion/f", "fast"]', synthesizer='"fusion/g"')
    found = errors(text + '[fusion.g]\nadvisers = ["fast"]\nsynthesizer = "fast"\nanonymous = false\n')
    assert "itself" in found["fusion.f.advisers[0]"].message
    assert "part of a fusion" in found["fusion.f.synthesizer"].message


def test_no_default_may_be_a_fusion() -> None:
    assert "asked for by name" in errors('default_profile = "fusion/f"\n')["default_profile"].message


@pytest.mark.parametrize(
    ("field", "bad", "good"),
    [
        ("advisers", "[]", '["fast", "fast", "fast", "fast"]'),
        ("advisers", '["fast", "fast", "fast", "fast", "fast"]', '["fast"]'),
        ("adviser_timeout", "0.5", "1"),
        ("adviser_timeout", "121", "120"),
        ("adviser_max_tokens", "63", "64"),
        ("adviser_max_tokens", "4097", "4096"),
        ("max_input_chars", "999", "1000"),
        ("max_input_chars", "200001", "200000"),
        ("max_proposal_chars", "255", "256"),
        ("max_proposal_chars", "20001", "20000"),
        ("temperature", "2.1", "2"),
        ("quorum", "2", "1"),
    ],
)
def test_fusion_bounds_are_errors_at_the_field(field: str, bad: str, good: str) -> None:
    fields = {"advisers": '["fast"]', "synthesizer": '"fast"', "anonymous": "false"}
    assert set(errors(FAST + fusion(**{**fields, field: bad}))) == {f"fusion.f.{field}"}
    assert errors(FAST + fusion(**{**fields, field: good})) == {}


def test_a_synthesizer_of_its_advisers_family_is_a_warning_where_names_are_hidden() -> None:
    text = profile("a", model="gpt-5") + profile("b", model="openai/o3-mini") + profile("c", model="llama3:8b")
    kin = text + fusion(advisers='["a", "c"]', synthesizer='"b"')
    assert "a," in warnings(kin)["fusion.f.synthesizer"].message
    assert warnings(kin + "anonymous = false\n") == {}
    assert warnings(text + fusion(advisers='["c"]', synthesizer='"b"')) == {}


@pytest.mark.parametrize(
    ("model", "family"),
    [
        ("gpt-4.1-mini", "gpt"),
        ("mistralai/Mixtral-8x7B", "mistral"),
        ("qwen3:8b", "qwen"),
        ("claude-opus-5", "claude"),
        ("4o", None),
    ],
)
def test_families_are_told_by_name(model: str, family: str | None) -> None:
    assert model_family(model) == family


def no_such(written: Mapping[str, str], has_vim_keys: bool) -> list[KeyFinding]:
    """Of a screen that has one action, and none on letters where these move in lists."""
    unknown = [KeyFinding(name, "there is no such action", "see the help") for name in written if name != "app.zoom"]
    taken = [
        KeyFinding(name, "j moves in lists", "another") for name in written if has_vim_keys and written[name] == "j"
    ]
    return unknown + taken


def test_what_the_screen_says_of_keys_is_a_warning_at_the_action() -> None:
    found = warnings('[keys]\n"routes.prob" = "x"\n', keys=no_such)['keys."routes.prob"']
    assert (found.message, found.fix, found.line) == ("there is no such action", "see the help", 2)
    assert errors('[keys]\n"routes.prob" = "x"\n', keys=no_such) == {}
    assert findings('[keys]\n"app.zoom" = "x"\n', keys=no_such) == ()


def test_the_rules_for_keys_know_whether_letters_move_in_lists() -> None:
    assert set(warnings('[keys]\n"app.zoom" = "j"\n', keys=no_such)) == {'keys."app.zoom"'}
    assert findings('[ui]\nvim_keys = false\n[keys]\n"app.zoom" = "j"\n', keys=no_such) == ()


def test_actions_are_not_checked_by_those_who_know_none() -> None:
    assert findings('[keys]\n"anything.goes" = "x"\n') == ()
