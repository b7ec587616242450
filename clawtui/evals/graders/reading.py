"""Reads an expectation as a suite writes it: `{ contains = "READY", word = true }`, `{ any = [ … ] }`, `not_` before a
name. What is wrong is told in words, before anything runs."""

from __future__ import annotations

import difflib
import math
import re
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from clawtui.config.findings import SHOWN, listed, nearest, quoted, suggestion
from clawtui.evals.cases import Expectation
from clawtui.evals.graders.schemas import schema_faults
from clawtui.evals.graders.values import PATH_FORM, Key, no_json, steps

JUDGE = "judge"
LONGEST_PATTERN = 1_000
FINISHES = ("stop", "length", "tool_calls", "content_filter", "other")
WHITESPACE = ("trim", "collapse", "exact")


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_text(value: object) -> bool:
    return isinstance(value, str) and value != ""


def _are_texts(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(map(_is_text, value))


class Kind(Enum):
    """What may stand behind a name: in words, and the test for it."""

    TEXT = ("text in quotes", _is_text)
    TEXTS = ("a list of texts", _are_texts)
    PRICE = ("a number that is not negative", lambda value: _is_number(value) and value >= 0)
    TIME = ("a number above 0", lambda value: _is_number(value) and value > 0)
    COUNT = ("a whole number from 1 up", lambda value: _is_whole(value) and value > 0)
    YES = ("true or false", lambda value: isinstance(value, bool))
    TABLE = ("a table", lambda value: isinstance(value, dict))
    FINISH = (f"one of {listed(FINISHES)}", lambda value: value in FINISHES)
    WHITESPACE = (f"one of {listed(WHITESPACE)}", lambda value: value in WHITESPACE)
    ANYTHING = ("anything", lambda _: True)

    def __init__(self, words: str, holds: Callable[[Any], bool]) -> None:
        self.words = words
        self.holds = holds


_COMPARING = {"ignore_case": Kind.YES, "whitespace": Kind.WHITESPACE}
_HOLDING = {**_COMPARING, "word": Kind.YES}


@dataclass(frozen=True, slots=True)
class _Form:
    value: Kind
    options: Mapping[str, Kind] = field(default_factory=dict)
    required: tuple[str, ...] = ()


_FORMS = {
    "equals": _Form(Kind.TEXT, _COMPARING),
    "contains": _Form(Kind.TEXT, _HOLDING),
    "contains_any": _Form(Kind.TEXTS, _HOLDING),
    "contains_all": _Form(Kind.TEXTS, _HOLDING),
    "regex": _Form(Kind.TEXT, _COMPARING),
    "max_words": _Form(Kind.COUNT),
    "json": _Form(Kind.YES, {"fenced": Kind.YES}),
    "json_schema": _Form(Kind.TABLE, {"fenced": Kind.YES}),
    "json_path": _Form(Kind.TEXT, {"is": Kind.ANYTHING, "fenced": Kind.YES, **_COMPARING}, ("is",)),
    "tool_call": _Form(Kind.TEXT, {"arguments": Kind.TABLE, "exact": Kind.YES, "calls": Kind.COUNT, **_COMPARING}),
    "no_tool_call": _Form(Kind.YES),
    "max_latency_ms": _Form(Kind.TIME),
    "max_first_token_ms": _Form(Kind.TIME),
    "max_cost_usd": _Form(Kind.PRICE),
    "streamed": _Form(Kind.COUNT),
    "finish": _Form(Kind.FINISH),
    JUDGE: _Form(Kind.TEXT, {"profile": Kind.TEXT}, ("profile",)),
}
NAMES = tuple(_FORMS)


@dataclass(frozen=True, slots=True)
class Fault:
    """`place` leads to the part that is wrong, from the expectation on."""

    place: Key
    message: str
    fix: str


def read_expectation(table: Mapping[str, Any]) -> Expectation | tuple[Fault, ...]:
    """The expectation, or everything that is wrong with it."""
    if "any" in table:
        return _group(table)
    found = [key for key in table if key.removeprefix("not_") in _FORMS]
    if not found:
        return (_unknown(next(iter(table), "")),)
    if len(found) > 1:
        return (Fault((found[1],), "two graders in one table", "give each a table of its own"),)
    key = found[0]
    name = key.removeprefix("not_")
    form, value = _FORMS[name], table[key]
    options = {option: value for option, value in table.items() if option != key}
    faults = [*_wrong_value((key,), value, form.value)]
    for option, given in options.items():
        if option in form.options:
            faults += _wrong_value((option,), given, form.options[option])
            continue
        fix = suggestion(option, form.options, "") if form.options else "remove it"
        faults.append(Fault((option,), f"{quoted(option)} is no field of {name}", fix.removeprefix("; ")))
    for option in form.required:
        if option not in options:
            faults.append(Fault((key,), f"{name} needs {quoted(option)}", f"add {option} = …"))
    if not faults:
        faults = [Fault((key,), message, fix) for message, fix in _senseless(name, key, value, options)]
    return tuple(faults) or Expectation(name, {"value": value, **options}, negated=key != name)


def _unknown(name: str) -> Fault:
    """With the nearest name; where none is near, with all there are, those first that look like it."""
    if not name:
        return Fault((), "this expects nothing", f"there is {', '.join(NAMES)}")
    meant = name.removeprefix("not_")
    near = nearest(meant, NAMES)
    alike = difflib.get_close_matches(meant[:SHOWN], NAMES, n=len(NAMES), cutoff=0)
    fix = f"did you mean {quoted(near)}?" if near else f"there is {', '.join(alike)}"
    return Fault((name,), f"there is no grader {quoted(name)}", fix)


def _group(table: Mapping[str, Any]) -> Expectation | tuple[Fault, ...]:
    members = table["any"]
    if len(table) > 1 or not isinstance(members, Sequence) or isinstance(members, str) or not members:
        return (Fault(("any",), "`any` is a list of graders and stands alone", "any = [ { … }, { … } ]"),)
    faults: list[Fault] = []
    good: list[Expectation] = []
    for place, member in enumerate(members):
        if not isinstance(member, Mapping):
            faults.append(Fault(("any", place), "this is no grader", "write it as a table"))
            continue
        match read_expectation(member):
            case Expectation(grader="judge"):
                words = "a judge stands alone, not in a group"
                faults.append(Fault(("any", place), words, "give it a place of its own"))
            case Expectation() as read:
                good.append(read)
            case wrong:
                faults += [Fault(("any", place, *each.place), each.message, each.fix) for each in wrong]
    return tuple(faults) or Expectation("any", alternatives=tuple(good))


def _wrong_value(place: Key, value: object, kind: Kind) -> list[Fault]:
    if (found := no_json(value)) is not None:
        return [Fault((*place, *found[0]), f"found {found[1]}, which JSON cannot say", "write text or a number")]
    if not kind.holds(value):
        return [Fault(place, f"expected {kind.words}", "correct it")]
    return []


def _senseless(name: str, key: str, value: Any, options: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What is of the right kind, and could still never hold or never fail; with what to do about it."""
    match name:
        case "equals" | "contains" | "contains_any" | "contains_all":
            texts = [value] if isinstance(value, str) else value
            if options.get("whitespace") != "exact" and not all(text.strip() for text in texts):
                return [("blanks alone do not count", 'whitespace = "exact" makes them count')]
        case "json" | "no_tool_call" if value is not True:
            return [(f"{key} = false says nothing", f"write not_{name} = true")]
        case "regex":
            return _pattern_faults(value)
        case "json_path" if steps(value) is None:
            return [("this is no path that can be followed", f"a path is {PATH_FORM}")]
        case "json_schema":
            return list(schema_faults(value))
    return []


def _pattern_faults(pattern: str) -> list[tuple[str, str]]:
    if len(pattern) > LONGEST_PATTERN:
        return [("the pattern is too long", f"at most {LONGEST_PATTERN} characters")]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            re.compile(pattern)
    except (re.error, RecursionError, OverflowError) as error:
        return [(f"this is no pattern: {error}", "see Python's re")]
    return []
