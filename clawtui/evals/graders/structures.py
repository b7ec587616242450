"""Graders that read JSON and tool calls."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from clawtui.evals.graders.schemas import validator
from clawtui.evals.graders.values import read_json, same, steps, value_at
from clawtui.evals.graders.wording import as_json, said
from clawtui.evals.results import Answer

Result = tuple[bool, str]
Arguments = Mapping[str, Any]

_FENCE = re.compile(r"\A\s*```[a-zA-Z]*\n(.*?)\n?```\s*\Z", re.DOTALL)


class _NoJson(Exception):
    """The answer is none; the message says why."""


def _parsed(arguments: Arguments, answer: Answer) -> Any:
    """The whole answer as JSON. A fence around it is a mistake, but where `fenced` allows one."""
    text = answer.text
    if arguments.get("fenced") and (fence := _FENCE.match(text)):
        text = fence.group(1)
    try:
        return read_json(text)
    except (ValueError, RecursionError) as error:
        why = f"line {error.lineno}: {error.msg}" if isinstance(error, json.JSONDecodeError) else str(error)
        raise _NoJson(f"it is no JSON ({why}): {said(answer.text)}") from None


def is_json(arguments: Arguments, answer: Answer) -> Result:
    try:
        _parsed(arguments, answer)
    except _NoJson as error:
        return False, str(error)
    return True, "it is JSON"


def json_schema(arguments: Arguments, answer: Answer) -> Result:
    try:
        value = _parsed(arguments, answer)
    except _NoJson as error:
        return False, str(error)
    errors = sorted(
        validator(arguments["value"]).iter_errors(value), key=lambda error: list(map(str, error.absolute_path))
    )
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
    try:
        value = value_at(value, steps(path) or ())
    except LookupError:
        return False, f"there is nothing at {path}"
    if same(value, wanted, arguments):
        return True, f"{path} is {as_json(wanted)}"
    return False, f"{path} is {as_json(value)}, not {as_json(wanted)}"


def tool_call(arguments: Arguments, answer: Answer) -> Result:
    """A call of that name, with these arguments among its own; all of its own, where `exact` is set. With `calls`, so
    many calls were made in all."""
    name, wanted = arguments["value"], arguments.get("arguments")
    made, most = len(answer.tool_calls), arguments.get("calls")
    if most is not None and made != most:
        return False, f"calls made: {made}, not {most}"
    calls = [call for call in answer.tool_calls if call.name == name]
    if not calls:
        others = ", ".join(call.name for call in answer.tool_calls)
        return False, f"{name} was not called" + (f", but {others}" if others else f": {said(answer.text)}")
    if wanted is None:
        return True, f"{name} was called"
    told: list[str] = []
    for call in calls:
        try:
            given = read_json(call.arguments or "{}")
        except (ValueError, RecursionError):
            told.append(f"{name} was called with what is no JSON: {said(call.arguments)}")
            continue
        if isinstance(given, dict) and _fits(given, wanted, arguments):
            return True, f"{name} was called with {as_json(wanted)}"
        told.append(f"{name} was called with {as_json(given)}, not {as_json(wanted)}")
    return False, "; ".join(told)


def _fits(given: Mapping[str, Any], wanted: Mapping[str, Any], arguments: Arguments) -> bool:
    if arguments.get("exact") and given.keys() != wanted.keys():
        return False
    return all(name in given and same(given[name], value, arguments) for name, value in wanted.items())


def no_tool_call(_: Arguments, answer: Answer) -> Result:
    if answer.tool_calls:
        return False, f"{', '.join(call.name for call in answer.tool_calls)} was called"
    return True, "no tool was called"
