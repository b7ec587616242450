"""Graders that read JSON and tool calls."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import Any

from clawtui.evals.graders.wording import as_json, said
from clawtui.evals.results import Answer

Result = tuple[bool, str]
Arguments = Mapping[str, Any]

_FENCE = re.compile(r"\A\s*```[a-zA-Z]*\n(.*?)\n?```\s*\Z", re.DOTALL)
_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+)\]")


class _NoJson(Exception):
    """The answer is none; the message says why."""


def _parsed(arguments: Arguments, answer: Answer) -> Any:
    """The whole answer as JSON. A fence around it is a mistake, but where `fenced` allows one."""
    text = answer.text
    if arguments.get("fenced") and (fence := _FENCE.match(text)):
        text = fence.group(1)
    try:
        return json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        why = f"line {error.lineno}: {error.msg}" if isinstance(error, json.JSONDecodeError) else str(error)
        raise _NoJson(f"it is no JSON ({why}): {said(answer.text)}") from None


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


def is_json(arguments: Arguments, answer: Answer) -> Result:
    try:
        _parsed(arguments, answer)
    except _NoJson as error:
        return False, str(error)
    return True, "it is JSON"


def json_schema(arguments: Arguments, answer: Answer) -> Result:
    import jsonschema

    try:
        value = _parsed(arguments, answer)
    except _NoJson as error:
        return False, str(error)
    validator = jsonschema.Draft202012Validator(arguments["value"])
    errors = sorted(validator.iter_errors(value), key=lambda error: list(map(str, error.absolute_path)))
    if errors:
        places = [f"{_place(error.absolute_path)}: {error.message}" for error in errors[:3]]
        return False, "it does not fit the schema: " + "; ".join(said(place)[1:-1] for place in places)
    return True, "it fits the schema"


def _place(path: Any) -> str:
    return "$" + "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)


def json_path(arguments: Arguments, answer: Answer) -> Result:
    path, wanted = arguments["value"], arguments["is"]
    try:
        value = _parsed(arguments, answer)
    except _NoJson as error:
        return False, str(error)
    for name, index in _STEP.findall(path.removeprefix("$")):
        try:
            value = value[int(index)] if index else value[name]
        except (KeyError, IndexError, TypeError):
            return False, f"there is nothing at {path}"
    if _same(value, wanted):
        return True, f"{path} is {as_json(wanted)}"
    return False, f"{path} is {as_json(value)}, not {as_json(wanted)}"


def tool_call(arguments: Arguments, answer: Answer) -> Result:
    """A call of that name, with these arguments among its own; all of its own, where `exact` is set."""
    name, wanted = arguments["value"], arguments.get("arguments")
    calls = [call for call in answer.tool_calls if call.name == name]
    if not calls:
        others = ", ".join(call.name for call in answer.tool_calls)
        return False, f"{name} was not called" + (f", but {others}" if others else f": {said(answer.text)}")
    if wanted is None:
        return True, f"{name} was called"
    told: list[str] = []
    for call in calls:
        try:
            given = json.loads(call.arguments or "{}")
        except (ValueError, RecursionError):
            told.append(f"{name} was called with what is no JSON: {said(call.arguments)}")
            continue
        if isinstance(given, dict) and _fits(given, wanted, exact=bool(arguments.get("exact"))):
            return True, f"{name} was called with {as_json(wanted)}"
        told.append(f"{name} was called with {as_json(given)}, not {as_json(wanted)}")
    return False, "; ".join(told)


def _fits(given: Mapping[str, Any], wanted: Mapping[str, Any], *, exact: bool) -> bool:
    if exact and given.keys() != wanted.keys():
        return False
    return all(name in given and _same(given[name], value) for name, value in wanted.items())


def no_tool_call(_: Arguments, answer: Answer) -> Result:
    if answer.tool_calls:
        return False, f"{', '.join(call.name for call in answer.tool_calls)} was called"
    return True, "no tool was called"


def _same(value: Any, wanted: Any) -> bool:
    """Equal in kind and value: 1 is 1.0 and is not true, text is compared without regard to case and white space
    around it."""
    if isinstance(value, bool) or isinstance(wanted, bool):
        return value is wanted
    if isinstance(value, (int, float)) and isinstance(wanted, (int, float)):
        return math.isclose(value, wanted, rel_tol=1e-9, abs_tol=1e-9)
    if isinstance(value, str) and isinstance(wanted, str):
        return value.strip().casefold() == wanted.strip().casefold()
    if isinstance(value, list) and isinstance(wanted, list):
        return len(value) == len(wanted) and all(_same(one, other) for one, other in zip(value, wanted, strict=True))
    if isinstance(value, dict) and isinstance(wanted, dict):
        return value.keys() == wanted.keys() and all(_same(value[key], wanted[key]) for key in wanted)
    return bool(value is None and wanted is None)
