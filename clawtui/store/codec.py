"""Frozen dataclasses as JSON and back. Fields at their defaults are left out, unknown ones passed over, so that records
written by a neighbouring version still read."""

from __future__ import annotations

import json
from collections.abc import Set
from typing import Any, TypeVar

from pydantic import ConfigDict, TypeAdapter
from pydantic_core import PydanticSerializationError

from clawtui.store.values import storable

T = TypeVar("T")

CONFIG = ConfigDict(ser_json_bytes="base64", val_json_bytes="base64", ser_json_inf_nan="constants")
NOTHING: frozenset[str] = frozenset()
_KNOWN: dict[Any, TypeAdapter[Any]] = {}


def dumps(value: object, without: Set[str] = NOTHING) -> str:
    """`without`: fields of the value itself that are left out."""
    adapter = _adapter(type(value))
    try:
        return adapter.dump_json(value, exclude_defaults=True, exclude=set(without)).decode()
    except PydanticSerializationError:  # half a surrogate pair: nothing else in a record can fail to be written
        plain = adapter.dump_python(value, mode="json", exclude_defaults=True, exclude=set(without))
        return storable(json.dumps(plain, ensure_ascii=False, separators=(",", ":")))


def loads(kind: type[T], text: str) -> T:
    result: T = _adapter(kind).validate_json(text)
    return result


def _adapter(kind: Any) -> TypeAdapter[Any]:
    known = _KNOWN.get(kind)
    if known is None:
        # Pydantic takes settings for a union of somebody's dataclasses, though not for one of them alone.
        known = _KNOWN[kind] = TypeAdapter(kind | None, config=CONFIG)
    return known
