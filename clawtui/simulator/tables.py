"""One table of a script, field by field. A wrong type or word, or an unknown field, is an error that names it."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar

_Word = TypeVar("_Word", bound=StrEnum)
_Made = TypeVar("_Made")


class ScriptError(Exception):
    """What is wrong, in which field, of which file (None: it came from elsewhere)."""

    def __init__(self, path: Path | None, field: str, message: str) -> None:
        self.path, self.field, self.message = path, field, message
        super().__init__(": ".join(part for part in (str(path or ""), field, message) if part))


class Table:
    """One table of the file. `done` complains about what nobody asked for."""

    def __init__(self, values: Mapping[str, Any], place: str, path: Path | None) -> None:
        self._values, self._place, self._path = values, place, path
        self._known: list[str] = []

    @classmethod
    def of(cls, value: Any, place: str, path: Path | None) -> Table:
        if not isinstance(value, Mapping):
            raise ScriptError(path, place, f"must be a table, not {kind_of(value)}")
        return cls(value, place, path)

    def field(self, name: str) -> str:
        return f"{self._place}.{name}" if self._place else name

    def error(self, name: str, message: str) -> ScriptError:
        return ScriptError(self._path, self.field(name), message)

    def raw(self, name: str) -> Any:
        self._known.append(name)
        return self._values.get(name)

    def done(self) -> None:
        for name in self._values:
            if name not in self._known:
                near = difflib.get_close_matches(name, self._known, 1)
                hint = f"; did you mean {near[0]}?" if near else f"; known are {', '.join(sorted(self._known))}"
                raise self.error(name, f"is not known{hint}")

    def _typed(self, name: str, kind: type | tuple[type, ...], wanted: str) -> Any:
        value = self.raw(name)
        if value is not None and (not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool)):
            raise self.error(name, f"must be {wanted}, not {kind_of(value)}")
        return value

    def text(self, name: str, default: str = "") -> str:
        value = self._typed(name, str, "text")
        return default if value is None else value

    def maybe_text(self, name: str) -> str | None:
        value: str | None = self._typed(name, str, "text")
        return value

    def flag(self, name: str, *, default: bool = False) -> bool:
        value = self._typed(name, bool, "true or false")
        return default if value is None else value

    def maybe_flag(self, name: str) -> bool | None:
        value: bool | None = self._typed(name, bool, "true or false")
        return value

    def whole(self, name: str, least: int = 0) -> int | None:
        value: int | None = self._typed(name, int, "a whole number")
        if value is not None and value < least:
            raise self.error(name, f"must be {least} or more, not {value}")
        return value

    def number(self, name: str, most: float | None = None) -> float | None:
        value = self._typed(name, (int, float), "a number")
        if value is None:
            return None
        if value < 0 or (most is not None and value > most):
            raise self.error(name, f"must be between 0 and {most:g}" if most is not None else "must not be negative")
        return float(value)

    def word(self, name: str, kind: type[_Word]) -> _Word | None:
        value = self._typed(name, str, "text")
        if value is None:
            return None
        try:
            return kind(value)
        except ValueError:
            raise self.error(name, f"must be one of {', '.join(kind)}, not {value!r}") from None

    def texts(self, name: str) -> tuple[str, ...]:
        value = self._typed(name, list, "a list of texts") or []
        if not all(isinstance(item, str) for item in value):
            raise self.error(name, "must be a list of texts")
        return tuple(value)

    def pairs(self, name: str) -> tuple[tuple[str, str], ...]:
        value = self._typed(name, Mapping, "a table of texts") or {}
        if not all(isinstance(item, str) for item in value.values()):
            raise self.error(name, "must be a table of texts")
        return tuple(value.items())

    def table(self, name: str) -> Table | None:
        value = self.raw(name)
        return None if value is None else Table.of(value, self.field(name), self._path)

    def tables(self, name: str, make: Callable[[Table], _Made]) -> tuple[_Made, ...]:
        """A list of tables, `[[name]]`."""
        value = self._typed(name, list, "a list of tables") or []
        place = self.field(name)
        return tuple(make(Table.of(item, f"{place}[{index}]", self._path)) for index, item in enumerate(value))

    def named(self, name: str, make: Callable[[Table], _Made]) -> dict[str, _Made]:
        """A table of tables, `[name.X]`."""
        table = self.table(name)
        if table is None:
            return {}
        return {key: make(Table.of(value, table.field(key), self._path)) for key, value in table._values.items()}


def kind_of(value: Any) -> str:
    match value:
        case bool():
            return "true or false"
        case int() | float():
            return "a number"
        case str():
            return "text"
        case list():
            return "a list"
        case Mapping():
            return "a table"
        case _:
            return type(value).__name__
