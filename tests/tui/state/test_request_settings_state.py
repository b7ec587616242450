"""What is typed into the settings of a request: a complaint at each field, and the request that comes of it."""

from __future__ import annotations

import pytest

from clawtui.engine.request import Role, user
from clawtui.tui.state.request_settings import Settings, complaints, fits, request_with

SCHEMA = '{"type": "object", "required": ["n"], "properties": {"n": {"type": "integer"}}}'


@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [
        ("temperature", "9", "a number from 0 to 2"),
        ("temperature", "warm", "a number from 0 to 2"),
        ("max_tokens", "0", "a whole number from 1"),
        ("max_tokens", "1.5", "a whole number from 1"),
        ("effort", "some", "one of none, minimal, low, medium, high"),
        ("schema", "{", "not JSON"),
        ("schema", "[]", "a JSON schema is an object"),
        ("tools", '{"name": "x"}', "a list such as"),
        ("require", "tools flying", "flying is none of"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(field: str, typed: str, said: str) -> None:
    found = complaints(Settings(**{field: typed}))
    assert list(found) == [field]
    assert said in found[field]


def test_nothing_typed_says_nothing_to_the_model() -> None:
    assert complaints(Settings()) == {}
    request = request_with(Settings(), (user("a"),), "", "", None)
    assert (request.temperature, request.max_tokens, request.schema, request.tools) == (None, None, None, ())
    assert Settings().words == ""


def test_all_that_is_typed_goes_along() -> None:
    settings = Settings("be brief", "0,5", "200", "low", SCHEMA, '[{"name": "look"}]', "tools, vision", "local fast")
    assert complaints(settings) == {}
    request = request_with(settings, (user("a"),), "fast", "private", "c1")
    assert (request.messages[0].role, request.messages[0].text) == (Role.SYSTEM, "be brief")
    assert (request.temperature, request.max_tokens, request.reasoning_effort) == (0.5, 200, "low")
    assert request.tools[0].parameters["type"] == "object"
    assert request.require.capabilities == {"tools", "vision"}
    assert request.require.tags == {"local", "fast"}
    assert (request.target, request.policy, request.conversation) == ("fast", "private", "c1")
    assert settings.words == "system, temperature, max tokens, effort, schema, tools, require, tags"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"n": 3}', "fits the schema"),
        ('{"n": "3"}', "does not fit: '3' is not of type 'integer'"),
        ("{}", "does not fit: 'n' is a required property"),
        ("three", "the answer is no JSON"),
    ],
)
def test_an_answer_is_held_against_the_schema(text: str, said: str) -> None:
    import json

    assert fits(json.loads(SCHEMA), text) == said
