"""Reading what a caller sent, without trusting its shape: a wrong shape is a refusal that names the field."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from clawtui.simulator.problem import bad_request


def mapping(value: Any, field: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise bad_request(f"Invalid type for '{field}': expected an object, but got {kind_of(value)} instead.", field)
    return value


def mappings(value: Any, field: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The objects of a list, each with its place. None is an empty list."""
    if value is None:
        return
    if not isinstance(value, list):
        raise bad_request(f"Invalid type for '{field}': expected an array, but got {kind_of(value)} instead.", field)
    for index, item in enumerate(value):
        place = f"{field}[{index}]"
        yield place, mapping(item, place)


def text(value: Any, field: str) -> str:
    if not isinstance(value, str):
        raise bad_request(f"Invalid type for '{field}': expected a string, but got {kind_of(value)} instead.", field)
    return value


def count(value: Any, field: str) -> int | None:
    """A number of tokens: at least 1, or not said."""
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool):
        raise bad_request(f"Invalid type for '{field}': expected an integer, but got {kind_of(value)} instead.", field)
    if value < 1:
        raise bad_request(f"Invalid '{field}': integer below minimum value. Expected a value >= 1, got {value}.", field)
    return value


def words(value: Any, field: str) -> tuple[str, ...]:
    """Stop sequences: one, several or none."""
    if value is None:
        return ()
    if isinstance(value, str):
        return (value,)
    if not isinstance(value, list):
        raise bad_request(f"Invalid type for '{field}': expected a list of strings.", field)
    return tuple(text(item, field) for item in value)


def kind_of(value: Any) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "a boolean"
        case int() | float():
            return "a number"
        case str():
            return "a string"
        case list():
            return "an array"
        case _:
            return "an object"
