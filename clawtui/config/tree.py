"""The parsed file before the schema has its say: what has the right type is taken, the rest is passed over.

So that references are checked although some other field is wrong, and all findings come at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Tree = Mapping[str, Any]
NOTHING: Tree = {}


def table(tree: Tree, name: str) -> Tree:
    value = tree.get(name)
    return value if isinstance(value, Mapping) else NOTHING


def tables(tree: Tree, name: str) -> dict[str, Tree]:
    """The tables in a table, by id."""
    return {key: value for key, value in table(tree, name).items() if isinstance(value, Mapping)}


def text(tree: Tree, name: str) -> str | None:
    value = tree.get(name)
    return value if isinstance(value, str) else None


def texts(tree: Tree, name: str) -> list[tuple[int, str]]:
    """The strings of a list, each with its place in the list."""
    value = tree.get(name)
    return (
        [(place, item) for place, item in enumerate(value) if isinstance(item, str)] if isinstance(value, list) else []
    )


def flag(tree: Tree, name: str, default: bool) -> bool:
    value = tree.get(name)
    return value if isinstance(value, bool) else default


def whole(tree: Tree, name: str) -> int | None:
    value = tree.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def number(tree: Tree, name: str) -> float | None:
    value = tree.get(name)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def is_enabled(tree: Tree) -> bool:
    return flag(tree, "enabled", True)
