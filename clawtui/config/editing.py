"""Changes to a TOML text that leave every other line as it was. Pure: text in, text out; values are written by tomlkit.

tomlkit's own documents are not used: taking a table out of one takes the comments in front of the next with it, and
a new key lands behind them. Here spans are replaced, and each result is read back and compared before it counts.
"""

from __future__ import annotations

import copy
import tomllib
from collections.abc import Mapping, Sequence
from typing import Any

from clawtui.config.layout import Entry, Key, Layout, Section, lay_out
from clawtui.config.writing import INLINE_WIDTH, dotted, written, written_key, written_table

Value = str | bool | int | float | Sequence["Value"] | Mapping[str, "Value"]


class EditRefused(Exception):
    """The change cannot be made without disturbing the file."""

    def __init__(self, path: Key, reason: str) -> None:
        super().__init__(f"{dotted(path)}: {reason}")
        self.path = path
        self.reason = reason


def set_value(text: str, path: Key, value: Value) -> str:
    """The text with the field or table set. A table is brought to hold exactly these fields."""
    tree = _read(text, path)
    if _lookup(tree, path) == value and _same_types(_lookup(tree, path), value):
        return text
    return _checked(_set(text, tree, path, value), path, _with(tree, path, value))


def remove(text: str, path: Key) -> str:
    """The text without the field or table; without either it stays as it is."""
    tree = _read(text, path)
    if _lookup(tree, path) is None:
        return text
    return _checked(_remove(text, path), path, _with(tree, path, None))


def value_in(text: str, path: Key) -> Any:
    """What stands there; None for nothing. Raises EditRefused."""
    return _lookup(_read(text, path), path)


def stands(text: str, path: Key, value: Value | None) -> bool:
    """True where exactly this stands there; with None, where nothing does. Raises EditRefused."""
    found = value_in(text, path)
    return bool(found == value) and _same_types(found, value)


# ---- reading back


def _read(text: str, path: Key) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError):
        raise EditRefused(path, "the file is not right as it is; mend it first") from None


def _lookup(tree: Any, path: Key) -> Any:
    for part in path:
        if isinstance(tree, dict) and isinstance(part, str):
            tree = tree.get(part)
        elif isinstance(tree, list) and isinstance(part, int) and part < len(tree):
            tree = tree[part]
        else:
            return None
    return tree


def _same_types(one: Any, other: Any) -> bool:
    """1, 1.0 and True are equal to Python and three things to TOML."""
    if isinstance(one, dict):
        return isinstance(other, Mapping) and all(_same_types(value, other[name]) for name, value in one.items())
    if isinstance(one, list):
        return isinstance(other, Sequence) and all(map(_same_types, one, other))
    return type(one) is type(other) or (isinstance(one, str) and isinstance(other, str))


def _with(tree: dict[str, Any], path: Key, value: Any) -> dict[str, Any]:
    changed = copy.deepcopy(tree)
    place: Any = changed
    for part in path[:-1]:
        place = place.setdefault(part, {}) if isinstance(place, dict) else place[part]
    if value is None:
        del place[path[-1]]
    else:
        place[path[-1]] = _plain(value)
    return changed


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _plain(inner) for name, inner in value.items()}
    if isinstance(value, str):
        return str(value)
    if isinstance(value, Sequence):
        return [_plain(inner) for inner in value]
    return value


def _without_empty(tree: Any) -> Any:
    """Tables that hold nothing do not count: taking the last field out may take its table with it."""
    if not isinstance(tree, dict):
        return tree
    kept = {name: _without_empty(value) for name, value in tree.items()}
    return {name: value for name, value in kept.items() if value != {}}


def _checked(text: str, path: Key, expected: dict[str, Any]) -> str:
    try:
        text.encode("utf-8")
        found = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError, UnicodeEncodeError):
        raise EditRefused(path, "this file's layout does not allow it; change it in an editor") from None
    same = _without_empty(found) == _without_empty(expected)
    if not same or not _same_types(_without_empty(expected), _without_empty(found)):
        raise EditRefused(path, "this file's layout does not allow it; change it in an editor")
    return text


# ---- setting


def _newline(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"


def _set(text: str, tree: dict[str, Any], path: Key, value: Any) -> str:
    layout = lay_out(text)
    if path in layout.values:
        return _replace(layout, path, value)
    old = _lookup(tree, path)
    if isinstance(old, dict):
        if not isinstance(value, Mapping):
            raise EditRefused(path, "a table stands there; remove it first")
        return _bring_table_to(text, path, old, value)
    if old is not None:
        raise EditRefused(path, "a list of tables stands there; change it in an editor")
    return _add(layout, tree, path, value)


def _bring_table_to(text: str, path: Key, old: dict[str, Any], new: Mapping[str, Any]) -> str:
    for name in old:
        if name not in new:
            text = _remove(text, (*path, name))
    for name, value in new.items():
        if old.get(name) != value or not _same_types(old.get(name), value):
            text = _set(text, tomllib.loads(text), (*path, name), value)
    return text


def _replace(layout: Layout, path: Key, value: Any) -> str:
    text = layout.text
    start, end = layout.values[path]
    before = text[start:end]
    new = written(value)
    if isinstance(value, Sequence) and not isinstance(value, str) and value and "\n" in before:
        new = _list_by_lines(text, layout, path, value)
    kept = _comments_inside(layout, path)
    if kept:
        # Comments between the items of a list go above it rather than away.
        line_start = text.rfind("\n", 0, _statement_of(layout, path).start) + 1
        indent = text[line_start : _statement_of(layout, path).start]
        above = "".join(f"{indent}{comment}{_newline(text)}" for comment in kept)
        return text[:line_start] + above + text[line_start:start] + new + text[end:]
    return text[:start] + new + text[end:]


def _list_by_lines(text: str, layout: Layout, path: Key, value: Sequence[Any]) -> str:
    newline = _newline(text)
    line_start = text.rfind("\n", 0, _statement_of(layout, path).start) + 1
    indent = text[line_start : _statement_of(layout, path).start]
    items = "".join(f"{indent}  {written(item)},{newline}" for item in value)
    return f"[{newline}{items}{indent}]"


def _statement_of(layout: Layout, path: Key) -> Entry:
    """The whole statement that a value stands in."""
    for length in range(len(path), 0, -1):
        entry = layout.entries.get(path[:length])
        if entry is not None and not entry.is_inline:
            return entry
    raise EditRefused(path, "this file's layout does not allow it; change it in an editor")


def _comments_inside(layout: Layout, path: Key) -> list[str]:
    """Comments within a value that spans lines; a `#` inside a string is none."""
    start, end = layout.values[path]
    leaves = sorted(
        span
        for key, span in layout.values.items()
        if key[: len(path)] == path and start <= span[0] and layout.text[span[0]] not in "[{"
    )
    comments: list[str] = []
    at = start
    for leaf_start, leaf_end in [*leaves, (end, end)]:
        for line in layout.text[at:leaf_start].splitlines():
            _, mark, comment = line.partition("#")
            if mark:
                comments.append(f"#{comment}".rstrip())
        at = max(at, leaf_end)
    return comments


def _add(layout: Layout, tree: dict[str, Any], path: Key, value: Any) -> str:
    parent = path[:-1]
    if parent in layout.values:
        return _add_inline(layout, path, value)
    dotted_in = _section_with_dotted(layout, parent)
    if dotted_in is not None:
        return _add_line(layout, dotted_in, path, value)
    section = layout.sections[0] if not parent else layout.section(parent)
    as_line = f"{dotted(path[-1:])} = {written(value)}"
    wants_header = isinstance(value, Mapping) and (len(path) <= 2 or len(as_line) > INLINE_WIDTH)
    if section is not None and not wants_header:
        return _add_line(layout, section, path, value)
    ancestor = parent
    while ancestor and _lookup(tree, ancestor) is None:
        ancestor = ancestor[:-1]
    is_closed = ancestor in layout.values or _section_with_dotted(layout, ancestor) is not None
    if ancestor and ancestor != parent and is_closed:
        return _add(layout, tree, path[: len(ancestor) + 1], _nested(path[len(ancestor) + 1 :], value))
    if any(isinstance(part, int) for part in path):
        raise EditRefused(path, "a list of tables is changed in an editor")
    if isinstance(value, Mapping):
        return _add_section(layout, path, value)
    return _add_section(layout, parent, {str(path[-1]): value})


def _nested(path: Key, value: Any) -> Any:
    for part in reversed(path):
        value = {str(part): value}
    return value


def _section_with_dotted(layout: Layout, path: Key) -> Section | None:
    """The section whose dotted keys make this table, which then can have no header."""
    for section in layout.sections:
        for entry in section.entries:
            if len(section.path) < len(path) < len(entry.path) and entry.path[: len(path)] == path:
                return section
    return None


def _add_inline(layout: Layout, path: Key, value: Any) -> str:
    text = layout.text
    start, end = layout.values[path[:-1]]
    if text[start] != "{" or not isinstance(path[-1], str):
        raise EditRefused(path, "no table stands there")
    inside = text[start + 1 : end - 1]
    pair = f"{written_key(path[-1])} = {written(value)}"
    body = f"{inside.rstrip()}, {pair} " if inside.strip() else f" {pair} "
    return text[: start + 1] + body + text[end - 1 :]


def _add_line(layout: Layout, section: Section, path: Key, value: Any) -> str:
    text, newline = layout.text, _newline(layout.text)
    relative = path[len(section.path) :]
    siblings = [entry for entry in section.entries if entry.path[: len(path) - 1] == path[:-1]]
    after = siblings[-1] if siblings else (section.entries[-1] if section.entries else None)
    at = after.end if after else section.body
    indent = ""
    if after:
        line_start = text.rfind("\n", 0, after.start) + 1
        indent = text[line_start : after.start]
    line = f"{indent}{dotted(relative)} = {written(value)}{newline}"
    if not section.path and after is None:
        at = _behind_opening_comment(text)
        rest = text[at:].lstrip("\r\n")
        return text[:at] + line + (newline + text[at:] if rest and rest is text[at:] else text[at:])
    return _insert(text, at, line, newline)


def _behind_opening_comment(text: str) -> int:
    """Behind the comment a file begins with, if a blank line parts it from the first table."""
    at = 0
    while text.startswith("#", at):
        end = text.find("\n", at)
        if end < 0:
            return 0
        at = end + 1
    return at if not text[at:].strip() or text[at : at + 2].strip("\r")[:1] == "\n" else 0


def _insert(text: str, at: int, addition: str, newline: str) -> str:
    if at and text[at - 1] != "\n":
        addition = newline + addition
    return text[:at] + addition + text[at:]


def _add_section(layout: Layout, path: Key, values: Mapping[str, Any]) -> str:
    text, newline = layout.text, _newline(layout.text)
    at = _place_for_section(layout, path)
    table = written_table(path, values, newline)
    before = text[:at]
    if before and not before.endswith("\n"):
        table = newline + newline + table
    elif before.strip() and not before.endswith(("\n\n", "\n\r\n")):
        table = newline + table
    after = text[at:]
    if after.strip() and not after.startswith(("\n", "\r\n")):
        table += newline
    return before + table + after


def _place_for_section(layout: Layout, path: Key) -> int:
    """Behind the last table that shares most of the path, else at the end of the file."""
    best, place = 0, len(layout.text)
    for section in layout.sections[1:]:
        shared = 0
        for one, other in zip(section.path, path, strict=False):
            if one != other:
                break
            shared += 1
        if shared and shared >= best:
            best, place = shared, _end_with_comments(layout.text, section.end)
    return place


def _end_with_comments(text: str, at: int) -> int:
    """Comment lines right below the last statement belong to it, unless a header follows them at once."""
    end = at
    while end < len(text):
        line_end = text.find("\n", end) + 1 or len(text)
        line = text[end:line_end].strip()
        if not line:
            return end
        if not line.startswith("#"):
            return at
        end = line_end
    return end


# ---- removing


def _remove(text: str, path: Key) -> str:
    layout = lay_out(text)
    entry = layout.entries.get(path)
    if entry is not None and entry.is_inline:
        return _remove_inline(layout, entry)
    if path in layout.values and entry is None:
        raise EditRefused(path, "set the list without it instead")
    spans = [(section.start, section.end) for section in layout.sections[1:] if section.path[: len(path)] == path]
    spans += [
        (text.rfind("\n", 0, item.start) + 1, item.end)
        for section in layout.sections
        if section.path[: len(path)] != path
        for item in section.entries
        if item.path[: len(path)] == path
    ]
    if not spans:
        raise EditRefused(path, "this file's layout does not allow it; change it in an editor")
    for start, end in sorted(spans, reverse=True):
        after = text[end:]
        if text[start] == "[" and (not text[:start].strip() or text[:start].endswith(("\n\n", "\n\r\n"))):
            after = after.removeprefix("\r\n").removeprefix("\n") if after.startswith(("\n", "\r\n")) else after
        text = text[:start] + after
    return text


def _remove_inline(layout: Layout, entry: Entry) -> str:
    text = layout.text
    parent = next(
        path for path in (entry.path[:length] for length in range(len(entry.path) - 1, 0, -1)) if path in layout.values
    )
    start, end = layout.values[parent]
    siblings = sorted(
        (
            item
            for item in layout.entries.values()
            if item.is_inline and start < item.start < end and item.path[: len(parent)] == parent
        ),
        key=lambda item: item.start,
    )
    # Only the table's own pairs: those of tables inside it begin before the pair around them has ended.
    own: list[Entry] = []
    for item in siblings:
        if not own or item.start >= own[-1].end:
            own.append(item)
    position = own.index(entry)
    if position + 1 < len(own):
        return text[: entry.start] + text[own[position + 1].start :]
    if position:
        return text[: own[position - 1].end] + text[entry.end :]
    return f"{text[: start + 1]}{text[end - 1 :]}"
