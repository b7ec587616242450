"""Schemas in narrower words: whatever fits the closed one fits the original, and what cannot be said is not guessed."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clawtui.engine.wire.schemas import closed_schema, openapi_schema

LEAVES: list[dict[str, Any]] = [
    {"type": "string"},
    {"type": "string", "enum": ["a", "b"]},
    {"type": "string", "minLength": 2},
    {"type": "integer", "minimum": 1, "maximum": 9},
    {"type": ["string", "null"]},
    {"type": "boolean"},
    {"$ref": "#/$defs/Leaf"},
    {"anyOf": [{"type": "integer"}, {"type": "null"}]},
]


def an_object(inner: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    properties = st.dictionaries(st.sampled_from(["x", "y", "type", "items"]), inner, min_size=1, max_size=3)
    return properties.map(lambda given: {"type": "object", "properties": given, "required": sorted(given)[:1]})


def an_array(inner: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    return inner.map(lambda items: {"type": "array", "items": items, "minItems": 2})


NODES = st.recursive(st.sampled_from(LEAVES), lambda inner: an_object(inner) | an_array(inner), max_leaves=8)
SCHEMAS = an_object(NODES).map(lambda schema: {**schema, "$defs": {"Leaf": {"type": "string", "maxLength": 4}}})


def fitting(schema: dict[str, Any], root: dict[str, Any], *, full: bool) -> Any:
    """A value that fits: the smallest, or with every property."""
    if "$ref" in schema:
        return fitting(root["$defs"]["Leaf"], root, full=full)
    if "anyOf" in schema:
        return fitting(schema["anyOf"][0], root, full=full)
    kind = schema.get("type")
    match kind[0] if isinstance(kind, list) else kind:
        case "object":
            names = schema["properties"] if full else schema["required"]
            return {name: fitting(schema["properties"][name], root, full=full) for name in names}
        case "array":
            return [fitting(schema["items"], root, full=full)] * 2
        case "integer":
            return 5
        case "boolean":
            return True
        case _:
            return schema.get("enum", ["abc"])[0]


@settings(max_examples=80, deadline=None)
@given(schema=SCHEMAS, full=st.booleans())
def test_what_fits_the_original_without_extras_fits_the_closed_schema(schema, full):
    """Closing takes away further properties and bounds, nothing else."""
    closed = closed_schema(schema)
    assert closed is not None
    value = fitting(schema, schema, full=full)
    jsonschema.validate(value, schema)
    jsonschema.validate(value, closed)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({**value, "surplus": 1}, closed)


@settings(max_examples=80, deadline=None)
@given(schema=SCHEMAS)
def test_the_openapi_form_has_no_references_no_lists_of_types_and_no_unknown_words(schema):
    known = {"type", "properties", "required", "propertyOrdering", "items", "enum", "nullable", "anyOf"}
    known |= {"minLength", "maxLength", "minimum", "maximum", "minItems"}

    def check(node: Any) -> None:
        assert set(node) <= known
        assert isinstance(node.get("type", ""), str)
        for inner in [*node.get("properties", {}).values(), *node.get("anyOf", [])]:
            check(inner)
        if "items" in node:
            check(node["items"])

    narrowed = openapi_schema(schema)
    assert narrowed is not None
    check(narrowed)


@pytest.mark.parametrize(
    ("schema", "narrowed"),
    [
        ({"type": ["integer", "null"]}, {"type": "integer", "nullable": True}),
        ({"type": ["integer", "string"]}, {"anyOf": [{"type": "integer"}, {"type": "string"}]}),
        ({"oneOf": [{"type": "integer"}, {"type": "null"}]}, {"type": "integer", "nullable": True}),
        ({"const": "yes"}, {"type": "string", "enum": ["yes"]}),
        ({"enum": ["a", None]}, {"type": "string", "enum": ["a"], "nullable": True}),
        ({"allOf": [{"type": "string"}], "title": "T"}, {"type": "string", "title": "T"}),
        ({"type": "string", "format": "email", "examples": ["x"]}, {"type": "string"}),
        ({"type": "string", "format": "date-time"}, {"type": "string", "format": "date-time"}),
    ],
)
def test_what_openapi_words_can_say(schema, narrowed):
    assert openapi_schema(schema) == narrowed


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object", "properties": {}},
        {"type": "object", "additionalProperties": {"type": "string"}},
        {"type": "integer", "enum": [1, 2]},
        {"type": "array"},
        {"$ref": "#/$defs/missing"},
        {"$ref": "https://elsewhere.example/schema"},
        {"type": "object", "properties": {"child": {"$ref": "#"}}},
        {"allOf": [{"type": "string"}, {"minLength": 2}]},
        {"description": "anything"},
        {"type": "object", "properties": {"a": True}},
        {"type": "object", "properties": 5},
        {"enum": 7},
    ],
)
def test_what_openapi_words_cannot_say(schema):
    assert openapi_schema(schema) is None


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "array", "items": {"type": "string"}},
        {"type": "object"},
        {"type": "object", "properties": {"a": {"$ref": "#"}}},
        {
            "type": "object",
            "properties": {"a": {"$ref": "#/$defs/A"}},
            "$defs": {"A": {"anyOf": [{"$ref": "#/$defs/A"}]}},
        },
        {"type": "object", "properties": {"a": {"not": {"type": "string"}}}},
        {"type": "object", "properties": {"a": 5}},
        {"type": "object", "properties": [1]},
    ],
)
def test_what_cannot_be_closed(schema):
    assert closed_schema(schema) is None
