"""Values made to fit a JSON schema."""

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clawtui.simulator.fitting import fit

NAMES = st.sampled_from(["a", "b", "name", "count"])


def bounds(low_name, high_name, **extra):
    pair = st.tuples(st.integers(0, 6), st.integers(0, 6)).map(sorted)
    return pair.map(lambda two: {low_name: two[0], high_name: two[1], **extra})


LEAVES = st.one_of(
    st.just({"type": "boolean"}),
    st.just({"type": "null"}),
    st.just({"type": ["null", "string"]}),
    st.just({"enum": ["x", 3, None]}),
    st.just({"const": {"k": [1]}}),
    bounds("minLength", "maxLength", type="string"),
    bounds("minimum", "maximum", type="integer"),
    bounds("minimum", "maximum", type="number"),
    st.integers(-20, 20).map(lambda n: {"type": "number", "exclusiveMinimum": n}),
    st.integers(-20, 20).map(lambda n: {"type": "integer", "exclusiveMaximum": n}),
    st.integers(1, 7).map(lambda n: {"type": "integer", "multipleOf": n, "minimum": 5}),
    st.sampled_from([r"^[A-Z]{2}-\d{2}$", r"^\d{4}$", r"^[a-z]+$", r"^\+?\d+$"]).map(
        lambda pattern: {"type": "string", "pattern": pattern}
    ),
)


def compound(inner):
    objects = st.dictionaries(NAMES, inner, max_size=3).map(
        lambda fields: {
            "type": "object",
            "properties": fields,
            "required": sorted(fields),
            "additionalProperties": False,
        }
    )
    return st.one_of(
        objects,
        inner.map(lambda items: {"type": "array", "items": items, "minItems": 2, "maxItems": 3}),
        st.lists(inner, min_size=1, max_size=3).map(lambda options: {"anyOf": options}),
    )


@settings(max_examples=100, deadline=None)
@given(st.recursive(LEAVES, compound, max_leaves=6))
def test_whatever_is_made_fits(schema):
    """A made value is valid under its schema, and the same when made again."""
    referred = {"$defs": {"thing": schema}, "type": "array", "items": {"allOf": [{"$ref": "#/$defs/thing"}]}}
    for asked in (schema, referred):
        jsonschema.validate(fit(asked), asked)
        assert fit(asked) == fit(asked)


@settings(max_examples=100, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda i: (
            st.lists(i)
            | st.dictionaries(
                st.sampled_from(
                    ["type", "properties", "items", "enum", "required", "anyOf", "$ref", "minItems", "pattern"]
                )
                | st.text(max_size=3),
                i,
            )
        ),
        max_leaves=12,
    )
)
def test_what_is_no_schema_raises_nothing(schema):
    """Callers send anything; fitting answers with something."""
    fit(schema)


@pytest.mark.parametrize(
    "schema",
    [
        {
            "$ref": "#/$defs/node",
            "$defs": {"node": {"type": "object", "properties": {"next": {"$ref": "#/$defs/node"}}}},
        },
        {"type": "array", "items": {"enum": ["a", "b", "c"]}, "minItems": 3, "uniqueItems": True},
        {"type": "object", "minProperties": 2, "additionalProperties": {"type": "integer"}},
        {"type": "array", "prefixItems": [{"type": "string"}, {"type": "integer"}], "items": False},
        {
            "allOf": [
                {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]},
                {"required": ["b"]},
            ]
        },
        {"type": "string", "format": "date-time"},
    ],
)
def test_harder_schemas_are_met(schema):
    jsonschema.validate(fit(schema), schema)


def test_a_schema_that_needs_itself_ends():
    fit(
        {
            "$ref": "#/$defs/a",
            "$defs": {"a": {"type": "object", "properties": {"a": {"$ref": "#/$defs/a"}}, "required": ["a"]}},
        }
    )


def test_types_in_capitals_are_read_too():
    assert fit({"type": "OBJECT", "properties": {"n": {"type": "INTEGER"}}}) == {"n": 1}
