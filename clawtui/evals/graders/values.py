"""JSON values: read strictly out of an answer, found by a path, and compared. Nothing here knows what is expected."""

from __future__ import annotations

import datetime
import json
import math
import re
from collections.abc import Mapping
from typing import Any

from clawtui.evals.graders.wording import comparable

Key = tuple[str | int, ...]
PATH_FORM = "`$`, then .name, ['any name'], [0] or [-1]"
_STEP = re.compile(r"""\.(?P<name>[\w-]+)|\[(?P<index>-?\d{1,9})\]|\[(?P<quote>['"])(?P<quoted>[^'"]+)(?P=quote)\]""")


def read_json(text: str) -> Any:
    """Raises ValueError and RecursionError. A field that stands twice is an error: who reads it could take either."""
    return json.loads(text, parse_constant=_no_constant, object_pairs_hook=_no_twins)


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


def _no_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twin = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"{json.dumps(twin[:40], ensure_ascii=False)} stands twice in one object")
    return found


def no_json(value: object) -> tuple[Key, str] | None:
    """What of a value that TOML or Python can say JSON cannot: where, and what it is."""
    match value:
        case datetime.date() | datetime.time():
            return (), "a date or time"
        case float() if not math.isfinite(value):
            return (), f"{value}"
        case dict() | list():
            for place, inner in value.items() if isinstance(value, dict) else enumerate(value):
                if (found := no_json(inner)) is not None:
                    return (place, *found[0]), found[1]
    return None


def steps(path: str) -> Key | None:
    """`$.items[0]['unit price']` as names and numbers; None: this is no path."""
    found: list[str | int] = []
    at = 1
    while at < len(path):
        match = _STEP.match(path, at)
        if match is None:
            return None
        index = match["index"]
        found.append(int(index) if index else match["name"] or match["quoted"])
        at = match.end()
    return tuple(found) if path.startswith("$") else None


def value_at(value: Any, place: Key) -> Any:
    """Raises LookupError. Only lists have numbers, and only objects have names: a text is no list of its letters."""
    for step in place:
        match value, step:
            case (list(), int()) | (dict(), str()):
                value = value[step]
            case _:
                raise LookupError(step)
    return value


def same(value: Any, wanted: Any, arguments: Mapping[str, Any]) -> bool:
    """Equal in kind and value: 1 is 1.0 and is not true. Text is compared exactly, but for what `ignore_case` and
    `whitespace` say."""
    if isinstance(value, bool) or isinstance(wanted, bool):
        return value is wanted
    if isinstance(value, (int, float)) and isinstance(wanted, (int, float)):
        return _same_number(value, wanted)
    if isinstance(value, str) and isinstance(wanted, str):
        rules = {"whitespace": "exact", **arguments}
        return comparable(value, rules) == comparable(wanted, rules)
    if isinstance(value, list) and isinstance(wanted, list):
        pairs = zip(value, wanted, strict=False)
        return len(value) == len(wanted) and all(same(one, other, arguments) for one, other in pairs)
    if isinstance(value, dict) and isinstance(wanted, dict):
        return value.keys() == wanted.keys() and all(same(value[key], wanted[key], arguments) for key in wanted)
    return bool(value is None and wanted is None)


def _same_number(value: float, wanted: float) -> bool:
    """Whole numbers exactly, however long; fractions but for what rounding makes of them."""
    if value == wanted or (_is_whole(value) and _is_whole(wanted)):
        return value == wanted
    try:
        return math.isclose(value, wanted, rel_tol=1e-9)
    except OverflowError:  # no fraction is near a whole number that no float can hold
        return False


def _is_whole(value: float) -> bool:
    return isinstance(value, int) or value.is_integer()
