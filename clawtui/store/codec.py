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

T = TypeVar("T")
KIND = "!"  # tells which of several dataclasses a value is


def dumps(value: object) -> str:
    return written(plain(value))


def written(document: Any) -> str:
    return _write(document)


_write = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def loads(kind: type[T], text: str) -> T:
    result: T = _reader_of(kind)(json.loads(text))
    return result


_SCALARS = frozenset({str, int, float, bool, type(None)})


NOTHING: frozenset[str] = frozenset()


def plain(value: Any, without: frozenset[str] = NOTHING) -> Any:
    """`without`: fields of the value itself that are left out."""
    kind = type(value)
    if kind in _SCALARS or isinstance(value, str):  # a StrEnum is the text that JSON writes
        return value
    fields = _fields_of(kind)
    if fields is not None:
        out: dict[str, Any] = {}
        for name, usual in fields:
            item = getattr(value, name)
            if item is usual or item == usual or name in without:
                continue
            out[name] = item if type(item) in _SCALARS or isinstance(item, str) else plain(item)
        if kind.__name__ in _TAGGED:
            out[KIND] = kind.__name__
        return out
    if kind is tuple or kind is list:
        return [plain(item) for item in value]
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, frozenset | set):
        return sorted(value)
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    raise TypeError(f"{kind.__name__} has no place in a record")


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
