"""What a case is, in a few characters: the same in every process and release, and another once what is asked, expected or
counted changes."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping, Set
from dataclasses import MISSING, replace
from typing import Any

from clawtui.evals.cases import Case

LENGTH = 16  # hexadecimal digits


def fingerprint(case: Case) -> str:
    """What a case is said to be about, and how often it is to be run, makes no other of it."""
    asked = replace(case, description="", tags=frozenset(), repeats=1)
    return hashlib.sha256(written(asked).encode()).hexdigest()[:LENGTH]


def written(value: object) -> str:
    """A frozen value as a text of ASCII. Fields that say nothing are left out, so that a release that knows one more of
    them makes no other text."""
    return json.dumps(value, sort_keys=True, default=_plain)


def _plain(value: Any) -> Any:
    """Of what JSON has no word for."""
    if dataclasses.is_dataclass(value):
        said = ((field, getattr(value, field.name)) for field in dataclasses.fields(value))
        return {field.name: content for field, content in said if content != _usual(field)}
    if isinstance(value, bytes):
        return hashlib.sha256(value).hexdigest()
    if isinstance(value, Mapping):
        return dict(value)
    return sorted(map(str, value)) if isinstance(value, Set) else str(value)


def _usual(field: dataclasses.Field[Any]) -> Any:
    return field.default_factory() if field.default_factory is not MISSING else field.default
