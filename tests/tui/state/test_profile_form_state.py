"""Forms made from the schema: kinds of input, bounds, what is typed, what refers to what."""

from __future__ import annotations

import pytest

from clawtui.tui.state.profile_form import (
    FormField,
    Kind,
    Mistyped,
    Names,
    Section,
    entries_of,
    fields_of,
    path_of,
    references_to,
    shown,
    turned,
    typed,
    value_at,
    wrong_item,
)

TREE = {
    "default_profile": "fast",
    "providers": {"mine": {"kind": "openai"}},
    "profiles": {
        "fast": {"provider": "mine", "model": "a", "timeouts": {"connect": 2.0}},
        "deep": {"provider": "mine", "model": "b", "fallback_profiles": ["fast"]},
    },
    "policies": {"default": {"profile": "fusion/both"}},
    "fusion": {"both": {"advisers": ["fast", "deep"], "synthesizer": "fast"}},
}


def field(section: Section, name: str) -> FormField:
    return next(each for each in fields_of(section) if each.label == name)


@pytest.mark.parametrize(
    ("section", "name", "kind", "names"),
    [
        (Section.PROVIDERS, "kind", Kind.CHOICE, Names.NOTHING),
        (Section.PROVIDERS, "credentials", Kind.LIST, Names.SECRET),
        (Section.PROVIDERS, "headers", Kind.TABLE, Names.NOTHING),
        (Section.PROVIDERS, "timeouts.first_token", Kind.NUMBER, Names.NOTHING),
        (Section.PROVIDERS, "retries", Kind.WHOLE, Names.NOTHING),
        (Section.PROFILES, "provider", Kind.TEXT, Names.PROVIDER),
        (Section.PROFILES, "model", Kind.TEXT, Names.MODEL),
        (Section.PROFILES, "fallback_profiles", Kind.LIST, Names.PROFILE),
        (Section.PROFILES, "capabilities.vision", Kind.FLAG, Names.NOTHING),
        (Section.POLICIES, "budget.daily_usd", Kind.NUMBER, Names.NOTHING),
        (Section.POLICIES, "retention", Kind.CHOICE, Names.NOTHING),
        (Section.FUSION, "advisers", Kind.LIST, Names.PROFILE),
        (Section.FUSION, "quorum", Kind.WHOLE, Names.NOTHING),
        (Section.GENERAL, "default_profile", Kind.TEXT, Names.TARGET),
        (Section.GENERAL, "ui.motion", Kind.FLAG, Names.NOTHING),
        (Section.GENERAL, "data.keep_days", Kind.WHOLE, Names.NOTHING),
    ],
)
def test_each_field_has_its_kind_of_input(section: Section, name: str, kind: Kind, names: Names) -> None:
    found = field(section, name)
    assert (found.kind, found.names) == (kind, names)
    assert found.help


def test_every_field_of_the_reference_is_in_a_form() -> None:
    from clawtui.config import schema

    for section, model in (("providers", schema.Provider), ("profiles", schema.Profile), ("policies", schema.Policy),
                           ("fusion", schema.Fusion)):  # fmt: skip
        tops = {each.path[0] for each in fields_of(Section(section))}
        assert tops == set(model.model_fields)


def test_bounds_stand_beside_the_field() -> None:
    assert field(Section.FUSION, "adviser_timeout").bounds == "from 1 to 120"
    assert field(Section.PROVIDERS, "circuit.open_for").bounds == "above 0 to 86400"


@pytest.mark.parametrize(
    ("section", "name", "text", "value"),
    [
        (Section.PROVIDERS, "retries", " 3 ", 3),
        (Section.PROVIDERS, "timeouts.idle", "2,5", 2.5),
        (Section.PROVIDERS, "headers", '{ "x-title" = "mine" }', {"x-title": "mine"}),
        (Section.PROFILES, "description", "quick", "quick"),
        (Section.PROFILES, "description", "  ", None),
    ],
)
def test_what_is_typed_becomes_a_value(section: Section, name: str, text: str, value: object) -> None:
    assert typed(field(section, name), text) == value


@pytest.mark.parametrize(
    ("section", "name", "text", "said"),
    [
        (Section.PROVIDERS, "retries", "two", "a whole number from 0 to 10"),
        (Section.PROVIDERS, "timeouts.idle", "soon", "a number above 0 to 3600"),
        (Section.PROVIDERS, "headers", "x = 1", "a table such as"),
        (Section.PROVIDERS, "headers", '{ authorization = "sk-live-1234567890abcdef" }', "looks like a key"),
        (Section.PROFILES, "description", "sk-ant-1234567890abcdef", "looks like a key"),
    ],
)
def test_what_is_no_value_is_told_in_words(section: Section, name: str, text: str, said: str) -> None:
    with pytest.raises(Mistyped, match=said):
        typed(field(section, name), text)


def test_only_references_go_into_the_list_of_credentials() -> None:
    credentials = field(Section.PROVIDERS, "credentials")
    assert wrong_item(credentials, "env:OPENAI_API_KEY") == ""
    wrong = wrong_item(credentials, "sk-live-wombat-1234567890")
    assert "env:NAME" in wrong
    assert "wombat" not in wrong


def test_a_flag_of_three_states_goes_around_and_one_of_two_turns() -> None:
    vision, enabled = field(Section.PROFILES, "capabilities.vision"), field(Section.PROFILES, "enabled")
    states = [None]
    for _ in range(3):
        states.append(turned(vision, states[-1]))
    assert states == [None, True, False, None]
    assert [turned(enabled, None), turned(enabled, False)] == [False, True]


def test_values_are_found_where_they_stand() -> None:
    fast = TREE["profiles"]["fast"]
    assert value_at(fast, ("timeouts", "connect")) == 2.0
    assert value_at(fast, ("timeouts", "idle")) is None
    assert value_at(fast, ("model", "x")) is None
    assert entries_of(TREE, Section.PROFILES) == ("fast", "deep")
    assert path_of(Section.GENERAL, "", ("ui", "theme")) == ("ui", "theme")


def test_what_would_break_is_known() -> None:
    assert references_to(TREE, Section.PROFILES, "fast") == [
        ("default_profile",),
        ("profiles", "deep", "fallback_profiles"),
        ("fusion", "both", "advisers"),
        ("fusion", "both", "synthesizer"),
    ]
    assert references_to(TREE, Section.FUSION, "both") == [("policies", "default", "profile")]
    assert references_to(TREE, Section.PROVIDERS, "mine") == [
        ("profiles", "fast", "provider"),
        ("profiles", "deep", "provider"),
    ]
    assert references_to(TREE, Section.POLICIES, "default") == []


@pytest.mark.parametrize(
    ("value", "text"),
    [(True, "yes"), (False, "no"), ([], "none"), (["a", "b"], "a, b"), (2.0, "2"), ({"a": 1}, "{ a = 1 }")],
)
def test_values_are_shown_as_people_read_them(value: object, text: str) -> None:
    assert shown(value) == text


def test_numbers_have_their_unit_and_their_bounds_in_few_cells() -> None:
    fusion = {field.label: field for field in fields_of(Section.FUSION)}
    assert (fusion["adviser_timeout"].unit, fusion["adviser_timeout"].range) == ("s", "1–120")
    assert (fusion["max_proposal_chars"].unit, fusion["max_proposal_chars"].range) == ("chars", "256–20000")
    assert (fusion["temperature"].unit, fusion["temperature"].range) == ("", "0–2")
    provider = {field.label: field for field in fields_of(Section.PROVIDERS)}
    assert (provider["timeouts.total"].unit, provider["timeouts.total"].range) == ("s", ">0–86400")
    assert (provider["price.input"].unit, provider["price.input"].range) == ("USD/1M tokens", "≥0")
    assert {field.unit for section in Section for field in fields_of(section) if field.kind is Kind.TEXT} == {""}
