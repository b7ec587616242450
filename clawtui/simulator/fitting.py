"""Makes a value that fits a JSON schema: always the same for the same schema, and as small as the schema lets it be.
Where a schema cannot be met by construction (odd patterns, `not`), the value is near and nothing is raised."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

_MOST_VALUES = 5_000  # a schema that asks for more, or for itself without end, gets null from there on
_MOST_NESTED = 60
_DEEP = 6  # past this depth only what is required is made, so that recursive schemas end

_FORMATS = {
    "date": "2025-01-15",
    "date-time": "2025-01-15T09:30:00Z",
    "time": "09:30:00Z",
    "duration": "PT1H",
    "email": "someone@example.com",
    "hostname": "example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "uri": "https://example.com/",
    "uuid": "00000000-0000-4000-8000-000000000000",
}
_CANDIDATES = (
    "simulated", "SIMULATED", "Simulated", "a", "A", "1", "12", "123", "1234", "12345", "123456", "A1", "a1", "AB",
    "ABC", "AB12", "AB-12", "ABC-123", "A-1", "a-1", "2025-01-15", "09:30", "1.0", "1.2.3", "someone@example.com",
    "#aabbcc", "+12025550123", "en", "en-GB", "EUR", "", "true", "yes", "https://example.com/", "_",
)  # fmt: skip


def fit(schema: Any, name: str = "value") -> Any:
    """A value that fits; `name` gives a text without other rules its content."""
    return _Fitting(schema).value(schema, name, 0)


class _Fitting:
    def __init__(self, root: Any) -> None:
        self._root = root
        self._made = self._nested = 0

    def value(self, schema: Any, name: str, depth: int) -> Any:
        self._made += 1
        if self._made > _MOST_VALUES or self._nested > _MOST_NESTED:
            return None
        self._nested += 1
        try:
            return self._value(schema, name, depth)
        finally:
            self._nested -= 1

    def _value(self, schema: Any, name: str, depth: int) -> Any:
        if not isinstance(schema, Mapping):
            return "simulated"
        if "$ref" in schema:
            return self._referred(schema, name, depth)
        if "const" in schema:
            return schema["const"]
        if isinstance(choices := schema.get("enum"), list) and choices:
            return choices[0]
        for word in ("anyOf", "oneOf"):
            if isinstance(options := schema.get(word), list) and options:
                rest = {key: value for key, value in schema.items() if key != word}
                return self.value(_joined(rest, self._pick(options, depth)), name, depth)
        if isinstance(parts := schema.get("allOf"), list) and parts:
            whole: Mapping[str, Any] = {key: value for key, value in schema.items() if key != "allOf"}
            for part in parts:
                whole = _joined(whole, self._resolved(part))
            return self.value(whole, name, depth)
        return self._of_type(_type_of(schema, depth), schema, name, depth)

    def _of_type(self, kind: str, schema: Mapping[str, Any], name: str, depth: int) -> Any:
        match kind:
            case "object":
                return self._object(schema, depth)
            case "array":
                return self._array(schema, name, depth)
            case "integer" | "number":
                return _number(schema, whole=kind == "integer")
            case "boolean":
                return True
            case "null":
                return None
            case _:
                return _text(schema, name)

    def _referred(self, schema: Mapping[str, Any], name: str, depth: int) -> Any:
        rest = {key: value for key, value in schema.items() if key != "$ref"}
        return self.value(_joined(rest, self._resolved(schema)), name, depth + 1)

    def _resolved(self, schema: Any) -> Mapping[str, Any]:
        """Follows a local reference (`#/$defs/…`) to what it names."""
        for _ in range(16):
            if not isinstance(schema, Mapping):
                return {}
            reference = schema.get("$ref")
            if not isinstance(reference, str) or not reference.startswith("#"):
                return schema
            found: Any = self._root
            for step in reference.lstrip("#").split("/")[1:]:
                key = step.replace("~1", "/").replace("~0", "~")
                found = found.get(key, {}) if isinstance(found, Mapping) else {}
            schema = found
        return {}

    def _pick(self, options: list[Any], depth: int) -> Mapping[str, Any]:
        resolved = [self._resolved(option) for option in options]
        if depth >= _DEEP:
            return min(resolved, key=_weight)
        return next((option for option in resolved if option.get("type") != "null"), resolved[0])

    def _object(self, schema: Mapping[str, Any], depth: int) -> dict[str, Any]:
        fields = schema.get("properties")
        fields = fields if isinstance(fields, Mapping) else {}
        required = _required(schema)
        names = list(fields) if depth < _DEEP else [name for name in fields if name in required]
        names += [name for name in required if name not in names]
        most = schema.get("maxProperties")
        if isinstance(most, int) and len(names) > most:
            names = sorted(names, key=lambda name: name not in required)[:most]
        extra = schema.get("additionalProperties")
        made = {name: self.value(fields.get(name, extra or {}), name, depth + 1) for name in names}
        number = 1
        while len(made) < _count(schema, "minProperties"):
            made[f"key{number}"] = self.value(extra or {}, f"key{number}", depth + 1)
            number += 1
        return made

    def _array(self, schema: Mapping[str, Any], name: str, depth: int) -> list[Any]:
        leading = schema.get("prefixItems")
        leading = leading if isinstance(leading, list) else []
        items = schema.get("items", {})
        least = _count(schema, "minItems")
        most = schema.get("maxItems")
        size = max(least, len(leading) or (1 if depth < _DEEP and items is not False else 0))
        if isinstance(most, int):
            size = min(size, most)
        made = [self.value(leading[index] if index < len(leading) else items, name, depth + 1) for index in range(size)]
        return self._apart(made, items) if schema.get("uniqueItems") is True else made

    def _apart(self, made: list[Any], items: Any) -> list[Any]:
        """Equal items, told apart by number or by the next choice of an enum."""
        choices = self._resolved(items).get("enum") if isinstance(items, Mapping) else None
        out: list[Any] = []
        for item in made:
            step, value = 1, item
            while value in out and step <= len(made):
                if isinstance(choices, list):
                    value = choices[step % len(choices)]
                elif isinstance(item, bool):
                    value = not item
                elif isinstance(item, (int, float)):
                    value = item + step * (self._resolved(items).get("multipleOf") or 1)
                elif isinstance(item, str):
                    value = f"{item}{step}"
                step += 1
            out.append(value)
        return out


def _required(schema: Mapping[str, Any]) -> list[str]:
    names = schema.get("required")
    return [name for name in names if isinstance(name, str)] if isinstance(names, list) else []


def _joined(first: Mapping[str, Any], second: Mapping[str, Any]) -> dict[str, Any]:
    both = {**first, **second}
    if isinstance(first.get("properties"), Mapping) and isinstance(second.get("properties"), Mapping):
        both["properties"] = {**first["properties"], **second["properties"]}
    if isinstance(first.get("required"), list) and isinstance(second.get("required"), list):
        both["required"] = [*first["required"], *second["required"]]
    return both


def _weight(schema: Mapping[str, Any]) -> int:
    return {"null": 0, "object": 3, "array": 2}.get(str(schema.get("type")).lower(), 4 if "$ref" in schema else 1)


def _type_of(schema: Mapping[str, Any], depth: int) -> str:
    kind = schema.get("type")
    if isinstance(kind, list) and kind:
        kinds = [str(one).lower() for one in kind]
        if depth >= _DEEP and "null" in kinds:
            return "null"
        return next((one for one in kinds if one != "null"), "null")
    if isinstance(kind, str):
        return kind.lower()  # Gemini writes types in capitals
    for word, implied in (
        ("properties", "object"), ("required", "object"), ("additionalProperties", "object"), ("items", "array"),
        ("prefixItems", "array"), ("minItems", "array"), ("minimum", "number"), ("maximum", "number"),
    ):  # fmt: skip
        if word in schema:
            return implied
    return "string"


def _count(schema: Mapping[str, Any], word: str) -> int:
    value = schema.get(word)
    return value if isinstance(value, int) and 0 <= value <= 1_000 else 0


def _limit(schema: Mapping[str, Any], word: str) -> float | None:
    value = schema.get(word)
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        return None
    return value if abs(value) < 1e15 else None  # also no NaN and no infinity


def _number(schema: Mapping[str, Any], *, whole: bool) -> int | float:
    low, high = _limit(schema, "minimum"), _limit(schema, "maximum")
    above, below = _limit(schema, "exclusiveMinimum"), _limit(schema, "exclusiveMaximum")
    step = abs(_limit(schema, "multipleOf") or 0) or (1 if whole else None)
    if step is not None and step < 1e-9:
        step = None
    if step:
        floor = max(
            math.ceil(low / step) if low is not None else -math.inf,
            math.floor(above / step) + 1 if above is not None else -math.inf,
        )
        ceiling = min(
            math.floor(high / step) if high is not None else math.inf,
            math.ceil(below / step) - 1 if below is not None else math.inf,
        )
        factor = int(min(max(1 if ceiling >= 1 else ceiling, floor), ceiling if ceiling >= floor else math.inf))
        made = factor * step
        return int(made) if whole else made
    low_end = max((bound for bound in (low, above) if bound is not None), default=None)
    high_end = min((bound for bound in (high, below) if bound is not None), default=None)
    if low_end is None and high_end is None:
        return 1.5
    if low_end is None:
        return (high_end or 0.0) - 0.5
    if high_end is None:
        return low_end + 0.5
    return low_end if low_end == high_end else (low_end + high_end) / 2


def _text(schema: Mapping[str, Any], name: str) -> str:
    least = _count(schema, "minLength")
    most = schema.get("maxLength")
    most = most if isinstance(most, int) and most >= 0 else None
    if isinstance(pattern := schema.get("pattern"), str):
        return _matching(pattern, least, most)
    made = _FORMATS.get(str(schema.get("format")), f"simulated {name}")
    made += "." * (least - len(made))
    return made if most is None else made[:most]


def _matching(pattern: str, least: int, most: int | None) -> str:
    """A pattern is met by trying: usual shapes first, then runs of one character in the length asked for."""
    try:
        wanted = re.compile(pattern)
    except re.error:
        return "simulated"
    runs = (letter * size for size in range(max(1, least), max(1, least) + 16) for letter in "a1A")
    for candidate in (*_CANDIDATES, *runs):
        if least <= len(candidate) <= (most if most is not None else len(candidate)) and wanted.search(candidate):
            return candidate
    return "simulated"
