"""Values as TOML text, the strings escaped by tomlkit. Where they go is the subject of `editing`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from clawtui.config.layout import BARE_KEY, Key

INLINE_WIDTH = 100


def dotted(path: Key) -> str:
    """The path as TOML writes it; list items by number."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += f".{written_key(part)}" if text else written_key(part)
    return text


def _escaped(value: Any) -> str:
    import tomlkit  # 4 MB, and only who writes a file needs them

    text: str = tomlkit.item(value).as_string()
    return text


def written_key(name: str) -> str:
    return name if BARE_KEY.fullmatch(name) else _escaped(name)


def written(value: Any) -> str:
    """The value on one line."""
    if isinstance(value, Mapping):
        inner = ", ".join(f"{written_key(name)} = {written(item)}" for name, item in value.items())
        return f"{{ {inner} }}" if inner else "{}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return f"[{', '.join(written(item) for item in value)}]"
    return _escaped(str(value) if isinstance(value, str) else value)


def written_table(path: Key, values: Mapping[str, Any], newline: str = "\n") -> str:
    """A header and its fields; inner tables on one line where they fit, else under headers of their own."""
    lines = [f"[{dotted(path)}]"]
    inner: list[str] = []
    for name, value in values.items():
        line = f"{written_key(name)} = {written(value)}"
        if isinstance(value, Mapping) and len(line) > INLINE_WIDTH:
            inner.append(written_table((*path, name), value, newline))
        else:
            lines.append(line)
    return newline.join(lines) + newline + "".join(newline + table for table in inner)


def written_config(values: Mapping[str, Any]) -> str:
    """A whole config: its plain fields, then one table for each named thing."""
    plain = {name: value for name, value in values.items() if not isinstance(value, Mapping)}
    parts = ["".join(f"{written_key(name)} = {written(value)}\n" for name, value in plain.items())]
    for name, value in values.items():
        if not isinstance(value, Mapping) or not value:
            continue
        if all(isinstance(inner, Mapping) for inner in value.values()):
            parts.extend(written_table((name, inner), table) for inner, table in value.items())
        else:
            parts.append(written_table((name,), value))
    return "\n".join(part for part in parts if part)
