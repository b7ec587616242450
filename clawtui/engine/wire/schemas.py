"""JSON schemas in the narrower forms that some services take; None for one that cannot be said there.

Narrowing may loosen (a bound is only described) or close (no further properties), never change what fits in between.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from clawtui.engine.request import Json

MAX_DEPTH = 48  # nobody means a deeper schema; the walk must end
DEFINITIONS = ("$defs", "definitions")


class _NotSayable(Exception):
    """The narrower form has no words for this."""


# The last two: a schema that is none. It goes out as it is, and the service says what is wrong with it.
NOT_NARROWED = (_NotSayable, TypeError, AttributeError)


# ---- OpenAPI 3.0's part of JSON schema (Gemini's `Schema`)

_KEPT = frozenset(
    [
        "title", "description", "nullable", "minItems", "maxItems", "minLength", "maxLength", "pattern",
        "minimum", "maximum", "minProperties", "maxProperties",
    ]
)  # fmt: skip
_FORMATS = frozenset(["date-time", "int32", "int64", "float", "double"])


def openapi_schema(schema: Json) -> dict[str, Any] | None:
    """References put in place, unions by `anyOf`, null by `nullable`; keywords that the service refuses left out."""
    try:
        return _openapi(schema, schema, 0)
    except NOT_NARROWED:
        return None


def _openapi(node: Any, root: Json, depth: int) -> dict[str, Any]:
    node = _resolved(node, root, depth)
    options = [*node.get("anyOf", ()), *node.get("oneOf", ())]
    result: dict[str, Any] = {name: node[name] for name in node if name in _KEPT}
    if options:
        return result | _union(options, root, depth)
    kinds = node.get("type")
    if isinstance(kinds, list):
        present = [kind for kind in kinds if kind != "null"]
        if len(present) < len(kinds):
            result["nullable"] = True
        if len(present) != 1:
            apart = [{**node, "type": kind} for kind in present]
            return {"nullable": True} if not apart else _union(apart, root, depth) | _nullable(result)
        kinds = present[0]
    if "const" in node or "enum" in node:
        return result | _enum(node)
    match kinds:
        case "object":
            result |= _object(node, root, depth)
        case "array":
            if "items" not in node:
                raise _NotSayable
            result["items"] = _openapi(node["items"], root, depth + 1)
        case "string" | "number" | "integer" | "boolean":
            if node.get("format") in _FORMATS:
                result["format"] = node["format"]
        case _:
            raise _NotSayable
    return {"type": kinds, **result}


def _nullable(result: Mapping[str, Any]) -> dict[str, Any]:
    return {name: result[name] for name in ("nullable", "description", "title") if name in result}


def _union(options: list[Any], root: Json, depth: int) -> dict[str, Any]:
    present = [option for option in options if not (isinstance(option, Mapping) and option.get("type") == "null")]
    nullable = {"nullable": True} if len(present) < len(options) else {}
    if not present:
        raise _NotSayable
    narrowed = [_openapi(option, root, depth + 1) for option in present]
    return narrowed[0] | nullable if len(narrowed) == 1 else {"anyOf": narrowed, **nullable}


def _enum(node: Json) -> dict[str, Any]:
    values = [node["const"]] if "const" in node else list(node["enum"])
    words = [value for value in values if value is not None]
    if not words or not all(isinstance(word, str) for word in words):
        raise _NotSayable  # the service's enums are of strings
    return {"type": "string", "enum": words, **({"nullable": True} if len(words) < len(values) else {})}


def _object(node: Json, root: Json, depth: int) -> dict[str, Any]:
    properties = node.get("properties")
    if not isinstance(properties, Mapping) or not properties or isinstance(node.get("additionalProperties"), Mapping):
        raise _NotSayable  # no maps, and no objects without properties
    narrowed = {name: _openapi(inner, root, depth + 1) for name, inner in properties.items()}
    result: dict[str, Any] = {"properties": narrowed}
    if len(narrowed) > 1:
        # Without it, some models write the properties by alphabet; order matters where reasons come before a verdict.
        result["propertyOrdering"] = list(narrowed)
    if required := [name for name in node.get("required", ()) if name in narrowed]:
        result["required"] = required
    return result


def _resolved(node: Any, root: Json, depth: int) -> dict[str, Any]:
    """The node with its reference and its single `allOf` put in place."""
    for _ in range(MAX_DEPTH):
        if not isinstance(node, Mapping) or depth > MAX_DEPTH:
            raise _NotSayable
        if (reference := node.get("$ref")) is not None:
            node = {**_referred(reference, root), **{name: node[name] for name in node if name != "$ref"}}
        elif (parts := node.get("allOf")) is not None:
            if len(parts) != 1 or not isinstance(parts[0], Mapping):
                raise _NotSayable
            node = {**parts[0], **{name: node[name] for name in node if name != "allOf"}}
        else:
            return dict(node)
    raise _NotSayable


def _referred(reference: Any, root: Json) -> Json:
    if not isinstance(reference, str) or not reference.startswith("#"):
        raise _NotSayable
    found: Any = root
    for step in reference.removeprefix("#").removeprefix("/").split("/"):
        if step:
            found = found.get(step.replace("~1", "/").replace("~0", "~")) if isinstance(found, Mapping) else None
    if not isinstance(found, Mapping):
        raise _NotSayable
    return found


# ---- closed objects without bounds (Anthropic's structured output)

_BOUNDS = frozenset(
    [
        "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minLength", "maxLength", "pattern",
        "maxItems", "uniqueItems", "minProperties", "maxProperties",
    ]
)  # fmt: skip
_LEFT_OUT = frozenset(["$schema", "$id", "$comment", "examples", "additionalProperties", "title"])
_UNSAYABLE = frozenset(
    ["not", "if", "prefixItems", "patternProperties", "contains", "propertyNames", "dependentSchemas"]
)
_CLOSED_FORMATS = frozenset(
    ["date-time", "time", "date", "duration", "email", "hostname", "uri", "ipv4", "ipv6", "uuid"]
)


def closed_schema(schema: Json) -> dict[str, Any] | None:
    """Every object closed; bounds, which the service refuses, move into the description."""
    try:
        if schema.get("type") != "object" or _refers_to_itself(schema):
            return None
        return _closed(schema, 0)
    except NOT_NARROWED:
        return None


def _closed(node: Any, depth: int) -> dict[str, Any]:
    if not isinstance(node, Mapping) or depth > MAX_DEPTH or any(name in _UNSAYABLE for name in node):
        raise _NotSayable
    result: dict[str, Any] = {}
    bounds: list[str] = []
    for name, value in node.items():
        if name in _LEFT_OUT:
            continue
        if name in _BOUNDS or (name == "minItems" and value not in (0, 1)):
            bounds.append(f"{name}: {json.dumps(value)}")
        elif name == "properties" or name in DEFINITIONS:
            result[name] = {key: _closed(inner, depth + 1) for key, inner in value.items()}
        elif name == "items":
            result[name] = _closed(value, depth + 1)
        elif name in ("anyOf", "oneOf", "allOf"):
            result["allOf" if name == "allOf" else "anyOf"] = [_closed(option, depth + 1) for option in value]
        elif name != "format" or value in _CLOSED_FORMATS:
            result[name] = value
    if bounds:
        said = result.get("description")
        result["description"] = f"{said} ({', '.join(bounds)})" if said else ", ".join(bounds)
    if node.get("type") == "object" or "properties" in node:
        if not node.get("properties") or isinstance(node.get("additionalProperties"), Mapping):
            raise _NotSayable  # a map, whose keys nobody knows
        result["additionalProperties"] = False
    return result


def _refers_to_itself(schema: Json) -> bool:
    """Whether following references ever comes back to where it is."""

    def walk(node: Any, inside: frozenset[str]) -> bool:
        if isinstance(node, list):
            return any(walk(item, inside) for item in node)
        if not isinstance(node, Mapping):
            return False
        reference = node.get("$ref")
        if isinstance(reference, str):
            if reference in inside or reference == "#" or len(inside) > MAX_DEPTH:
                return True
            if walk(_referred(reference, schema), inside | {reference}):
                return True
        return any(walk(value, inside) for name, value in node.items() if name not in DEFINITIONS)

    return walk(schema, frozenset())
