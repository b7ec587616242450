"""Frozen dataclasses as JSON and back. Fields at their defaults are left out, unknown ones passed over, so that records
written by a neighbouring version still read."""

from __future__ import annotations

import base64
import dataclasses
import json
import types
import typing
from collections.abc import Callable, Mapping
from enum import Enum
from functools import lru_cache
from typing import Any, TypeVar

from clawtui.engine.request import Route

T = TypeVar("T")
KIND = "!"  # tells which of several dataclasses a value is


def dumps(value: object) -> str:
    return written(value)


def written(document: object) -> str:
    """Containers and texts by the C encoder; dataclasses, as it meets them, by `fields`."""
    return _write(document)


def loads(kind: type[T], text: str) -> T:
    result: T = _reader_of(kind)(json.loads(text))
    return result


NOTHING: frozenset[str] = frozenset()


def fields(value: Any, without: frozenset[str] = NOTHING) -> dict[str, Any]:
    """One dataclass by its fields, what is in them as it is. `without`: fields that are left out."""
    kind = type(value)
    out: dict[str, Any] = {}
    for name, usual in _fields_of(kind) or ():
        item = getattr(value, name)
        if item is usual or item == usual or name in without:
            continue
        out[name] = item
    if kind.__name__ in _TAGGED:
        out[KIND] = kind.__name__
    return out


def _plain(value: Any) -> Any:
    """What the encoder does not know."""
    if type(value) is Route:  # a trace names the same few again and again
        return _route(value)
    if _fields_of(type(value)) is not None:
        return fields(value)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, frozenset | set):
        return sorted(value)
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    if isinstance(value, Mapping):
        return {str(key): item for key, item in value.items()}
    raise TypeError(f"{type(value).__name__} has no place in a record")


@lru_cache(maxsize=4096)
def _route(route: Route) -> dict[str, Any]:
    return fields(route)


_write = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=_plain, check_circular=False).encode

_TAGGED = frozenset({"Text", "Media"})  # members of unions of dataclasses
_MISSING = object()


_KNOWN_FIELDS: dict[Any, tuple[tuple[str, Any], ...] | None] = {}


def _fields_of(kind: Any) -> tuple[tuple[str, Any], ...] | None:
    try:
        return _KNOWN_FIELDS[kind]
    except KeyError:
        return _KNOWN_FIELDS.setdefault(kind, _fields(kind))


def _fields(kind: Any) -> tuple[tuple[str, Any], ...] | None:
    if not dataclasses.is_dataclass(kind):
        return None
    return tuple(
        (item.name, item.default if item.default is not dataclasses.MISSING else _MISSING)
        for item in dataclasses.fields(kind)
    )


Reader = Callable[[Any], Any]


def _reader_of(kind: Any) -> Reader:
    return _reader(kind)


@lru_cache(maxsize=512)
def _reader(kind: Any) -> Reader:
    origin = typing.get_origin(kind)
    if origin is typing.Union or origin is types.UnionType:
        return _union(typing.get_args(kind))
    if origin in (tuple, list):
        inner = _reader(typing.get_args(kind)[0])
        return lambda value: tuple(inner(item) for item in value)
    if origin in (frozenset, set):
        return frozenset
    if origin is not None and issubclass(origin, Mapping):
        return dict
    if dataclasses.is_dataclass(kind):
        return _dataclass(kind)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind
    if kind is bytes:
        return base64.b64decode
    if kind is float:
        return lambda value: float(value)
    return lambda value: value


def _union(members: tuple[Any, ...]) -> Reader:
    rest = [member for member in members if member is not type(None)]
    tagged: dict[str, Reader] = {m.__name__: _reader_of(m) for m in rest if isinstance(m, type)}
    if len(rest) == 1:
        inner = _reader(rest[0])
        return lambda value: None if value is None else inner(value)

    def read(value: Any) -> Any:
        if isinstance(value, dict) and KIND in value:
            return tagged[value[KIND]](value)
        return value

    return read


def _dataclass(kind: Any) -> Reader:
    hints: dict[str, Any] = {}
    readers: dict[str, Reader] = {}

    def read(value: dict[str, Any]) -> Any:
        if not readers:
            hints.update(typing.get_type_hints(kind))
            readers.update((item.name, _reader(hints[item.name])) for item in dataclasses.fields(kind))
        return kind(**{name: readers[name](item) for name, item in value.items() if name in readers})

    return read
