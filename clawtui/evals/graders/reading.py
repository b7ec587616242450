"""Reads an expectation as a suite writes it: `{ contains = "READY", word = true }`, `{ any = [ … ] }`, `not_` before a
name. What is wrong is told in words, before anything runs."""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from clawtui.config.findings import listed, quoted, suggestion
from clawtui.evals.cases import Expectation

JUDGE = "judge"
LONGEST_PATTERN = 1_000
# Repeats of what repeats: the patterns that can take for ever.
_EXPLOSIVE = re.compile(r"\((?:[^()\\]|\\.)*[+*](?:[^()\\]|\\.)*\)\s*(?:[+*]|\{\d*,\d*\})")

TEXT, TEXTS, NUMBER, WHOLE, YES, TABLE, ANYTHING = "text", "texts", "number", "whole", "yes", "table", "anything"
_KINDS = {
    TEXT: "text in quotes",
    TEXTS: "a list of texts",
    NUMBER: "a number that is not negative",
    WHOLE: "a whole number that is not negative",
    YES: "true or false",
    TABLE: "a table",
    ANYTHING: "anything",
}
_COMPARING = {"ignore_case": YES, "whitespace": TEXT}


@dataclass(frozen=True, slots=True)
class _Form:
    value: str
    options: Mapping[str, str] = field(default_factory=dict)
    required: tuple[str, ...] = ()


_FORMS = {
    "equals": _Form(TEXT, _COMPARING),
    "contains": _Form(TEXT, {**_COMPARING, "word": YES}),
    "contains_any": _Form(TEXTS, {**_COMPARING, "word": YES}),
    "contains_all": _Form(TEXTS, {**_COMPARING, "word": YES}),
    "regex": _Form(TEXT, {"ignore_case": YES}),
    "max_words": _Form(WHOLE),
    "json": _Form(YES, {"fenced": YES}),
    "json_schema": _Form(TABLE, {"fenced": YES}),
    "json_path": _Form(TEXT, {"is": ANYTHING, "fenced": YES}, ("is",)),
    "tool_call": _Form(TEXT, {"arguments": TABLE, "exact": YES}),
    "no_tool_call": _Form(YES),
    "max_latency_ms": _Form(NUMBER),
    "max_first_token_ms": _Form(NUMBER),
    "max_cost_usd": _Form(NUMBER),
    "streamed": _Form(WHOLE),
    "finish": _Form(TEXT),
    JUDGE: _Form(TEXT, {"profile": TEXT}, ("profile",)),
}
NAMES = tuple(_FORMS)


class BadExpectation(Exception):
    """`place` leads to the part that is wrong, from the expectation on."""

    def __init__(self, place: tuple[str | int, ...], message: str, fix: str) -> None:
        super().__init__(message)
        self.place = place
        self.message = message
        self.fix = fix


def read_expectation(table: Mapping[str, Any]) -> Expectation:
    """Raises BadExpectation."""
    if "any" in table:
        return _group(table)
    found = [key for key in table if key.removeprefix("not_") in _FORMS]
    if not found:
        unknown = next(iter(table), "")
        raise BadExpectation(
            (unknown,) if unknown else (),
            f"there is no grader {quoted(unknown)}" if unknown else "this expects nothing",
            suggestion(unknown.removeprefix("not_"), NAMES, f"there is {listed(NAMES)}"),
        )
    if len(found) > 1:
        raise BadExpectation((found[1],), "two graders in one table", "give each a table of its own")
    key = found[0]
    name = key.removeprefix("not_")
    form, options = _FORMS[name], {option: value for option, value in table.items() if option != key}
    _check_value((key,), table[key], form.value)
    for option, value in options.items():
        if option not in form.options:
            fix = suggestion(option, form.options, f"there is {listed(form.options)}" if form.options else "remove it")
            raise BadExpectation((option,), f"{quoted(option)} is no field of {name}", fix)
        _check_value((option,), value, form.options[option])
    for option in form.required:
        if option not in options:
            raise BadExpectation((key,), f"{name} needs {quoted(option)}", f"add {option} = …")
    if options.get("whitespace", "trim") not in ("trim", "collapse", "exact"):
        raise BadExpectation(("whitespace",), "no such rule for white space", "trim, collapse or exact")
    if name == "regex":
        _check_pattern(key, table[key])
    if name == "json_schema":
        _check_schema(key, table[key])
    if name in ("json", "no_tool_call") and table[key] is not True:
        raise BadExpectation((key,), f"{key} = false says nothing", f"write not_{name} = true")
    return Expectation(name, {"value": table[key], **options}, negated=key != name)


def _group(table: Mapping[str, Any]) -> Expectation:
    members = table["any"]
    if len(table) > 1 or not isinstance(members, Sequence) or isinstance(members, str) or not members:
        raise BadExpectation(("any",), "`any` is a list of graders and stands alone", "any = [ { … }, { … } ]")
    read: list[Expectation] = []
    for place, member in enumerate(members):
        if not isinstance(member, Mapping):
            raise BadExpectation(("any", place), "this is no grader", "write it as a table")
        try:
            read.append(read_expectation(member))
        except BadExpectation as error:
            raise BadExpectation(("any", place, *error.place), error.message, error.fix) from None
        if read[-1].grader == JUDGE:
            raise BadExpectation(("any", place), "a judge stands alone, not in a group", "give it a place of its own")
    return Expectation("any", alternatives=tuple(read))


def _check_value(place: tuple[str | int, ...], value: object, kind: str) -> None:
    match kind:
        case "text":
            fits = isinstance(value, str) and value != ""
        case "texts":
            fits = isinstance(value, list) and bool(value) and all(isinstance(item, str) and item for item in value)
        case "number":
            fits = isinstance(value, (int, float)) and not isinstance(value, bool) and value >= 0
        case "whole":
            fits = isinstance(value, int) and not isinstance(value, bool) and value >= 0
        case "yes":
            fits = isinstance(value, bool)
        case "table":
            fits = isinstance(value, dict)
        case _:
            fits = True
    if not fits:
        raise BadExpectation(place, f"expected {_KINDS[kind]}", "correct it")


def _check_pattern(key: str, pattern: str) -> None:
    if len(pattern) > LONGEST_PATTERN:
        raise BadExpectation((key,), "the pattern is too long", f"at most {LONGEST_PATTERN} characters")
    if _EXPLOSIVE.search(pattern):
        raise BadExpectation(
            (key,), "the pattern repeats what repeats, and could run for ever", "unroll one of the two"
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            re.compile(pattern)
    except (re.error, RecursionError, OverflowError) as error:
        raise BadExpectation((key,), f"this is no pattern: {error}", "see Python's re") from None


def _check_schema(key: str, schema: Mapping[str, Any]) -> None:
    import jsonschema

    try:
        jsonschema.Draft202012Validator.check_schema(schema)
    except jsonschema.SchemaError as error:
        raise BadExpectation((key,), f"this is no JSON schema: {error.message[:200]}", "see json-schema.org") from None
