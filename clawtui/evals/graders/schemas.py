"""JSON schemas that answers are held against, and what is wrong with one before anything runs. Nothing is fetched."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from clawtui.config.findings import nearest, quoted

LONGEST = 200
# What belongs to JSON Schema without being held against a value.
_MEANING_NOTHING = frozenset(
    {"$schema", "$id", "$anchor", "$dynamicAnchor", "$defs", "$comment", "$vocabulary", "title", "description"}
    | {"default", "deprecated", "examples", "readOnly", "writeOnly", "contentEncoding", "contentMediaType"}
    | {"contentSchema", "then", "else", "minContains", "maxContains"}
)
# Words that say nothing, and stand near one that does.
_HARMLESS = frozenset({"example", "id", "definitions"})


def validator(schema: Mapping[str, Any]) -> Any:
    """With a registry of its own that is empty: the library's would ask the network for what is not there."""
    import jsonschema
    import referencing

    kind = jsonschema.Draft202012Validator
    return kind(schema, registry=referencing.Registry(), format_checker=kind.FORMAT_CHECKER)


def schema_faults(schema: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What is wrong, and what to do about it."""
    import jsonschema
    from referencing import Registry
    from referencing.jsonschema import DRAFT202012

    try:
        jsonschema.Draft202012Validator.check_schema(schema)
    except jsonschema.SchemaError as error:
        yield f"this is no JSON schema: {error.message[:LONGEST]}", "see json-schema.org"
        return
    except RecursionError:
        yield "this schema is nested too deeply", "flatten it"
        return
    root = DRAFT202012.create_resource(schema)
    yield from _faults_of(root, Registry().resolver_with_root(root))


def _faults_of(resource: Any, resolver: Any) -> Iterator[tuple[str, str]]:
    from jsonschema import Draft202012Validator
    from referencing.exceptions import Unresolvable

    schema = resource.contents
    if not isinstance(schema, Mapping):
        return
    for word in ("$ref", "$dynamicRef"):
        if word in schema:
            try:
                resolver.lookup(schema[word])
            except (Unresolvable, ValueError):
                why = f"{word} leads to {quoted(str(schema[word]))}, which is not in this schema"
                yield why, "define it under $defs: nothing is fetched"
    known = [*Draft202012Validator.VALIDATORS, *_MEANING_NOTHING]
    for word in schema:
        near = nearest(word, known) if word not in known and word not in _HARMLESS else None
        if near is not None:
            yield f"{quoted(word)} is no word of JSON Schema, so that it would hold nothing", f"did you mean `{near}`?"
    for inner in resource.subresources():
        yield from _faults_of(inner, resolver.in_subresource(inner))
