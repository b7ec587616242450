"""Where everything stands in a TOML text: lines for findings, spans for edits. For text that is known to be right.

tomllib tells values without places and tomlkit neither lines nor spans, so the places are found by a scan of our own.
"""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_right
from dataclasses import dataclass, field

Key = tuple[str | int, ...]
Span = tuple[int, int]

TRIVIA = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
BLANKS = re.compile(r"[ \t]*")
BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
QUOTED = re.compile(r"\"(?:[^\"\\\n]|\\.)*\"|'[^'\n]*'")
STRING = re.compile(r"\"\"\"(?:[^\\]|\\.)*?\"{3,5}|'''.*?'{3,5}|\"(?:[^\"\\\n]|\\.)*\"|'[^'\n]*'", re.DOTALL)
SCALAR = re.compile(r"[^\s,\]}#][^,\]}#\r\n]*")
REST_OF_LINE = re.compile(r"[^\n]*\n?")


@dataclass(frozen=True, slots=True)
class Entry:
    """`key = value`. `end` is behind its line's end for a statement, behind the value inside an inline table."""

    path: Key
    start: int
    value: Span
    end: int
    is_inline: bool


@dataclass(slots=True)
class Section:
    """A header and its statements; the first section of a text is the part before any header, with an empty path."""

    path: Key
    start: int
    body: int  # behind the header's line
    is_element: bool = False  # [[one of several]]
    entries: list[Entry] = field(default_factory=list)

    @property
    def end(self) -> int:
        """Behind the last statement: comments after it may belong to what follows."""
        return self.entries[-1].end if self.entries else self.body


@dataclass(slots=True)
class Layout:
    text: str
    sections: list[Section] = field(default_factory=list)
    entries: dict[Key, Entry] = field(default_factory=dict)
    values: dict[Key, Span] = field(default_factory=dict)  # of entries and of list items
    _places: dict[Key, int] = field(default_factory=dict)
    _line_starts: list[int] = field(default_factory=list)

    def line_at(self, offset: int) -> int:
        if not self._line_starts:
            self._line_starts = [0, *(match.end() for match in re.finditer("\n", self.text))]
        return bisect_right(self._line_starts, offset)

    def line(self, path: Key) -> int | None:
        """The line of the field, or of the nearest table around it that is written down."""
        for length in range(len(path), 0, -1):
            if (offset := self._places.get(path[:length])) is not None:
                return self.line_at(offset)
        return None

    def section(self, path: Key) -> Section | None:
        return next((section for section in self.sections if section.path == path), None)

    def note(self, path: Key, offset: int) -> None:
        for length in range(len(path), 0, -1):
            if path[:length] in self._places:
                break
            self._places[path[:length]] = offset


def lay_out(text: str) -> Layout:
    """Scans text that tomllib reads without complaint."""
    return _Scanner(text).run()


class _Scanner:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.layout = Layout(text)
        self.elements: dict[Key, int] = {}

    def run(self) -> Layout:
        section = Section((), 0, 0)
        self.layout.sections.append(section)
        while True:
            self._skip(TRIVIA)
            if self.at >= len(self.text):
                return self.layout
            if self.text[self.at] == "[":
                section = self._header()
                self.layout.sections.append(section)
            else:
                section.entries.append(self._statement(section.path))

    def _skip(self, what: re.Pattern[str]) -> str:
        match = what.match(self.text, self.at)
        assert match is not None
        self.at = match.end()
        return match.group()

    def _header(self) -> Section:
        start = self.at
        is_element = self.text.startswith("[[", start)
        self.at += 2 if is_element else 1
        path = self._in_elements(self._dotted_key(), is_element)
        self._skip(REST_OF_LINE)
        self.layout.note(path, start)
        return Section(path, start, self.at, is_element)

    def _in_elements(self, names: Key, is_element: bool) -> Key:
        """The header's path with the number of the current element behind each name that stands for a list."""
        path: Key = ()
        for position, name in enumerate(names):
            path = (*path, name)
            if is_element and position == len(names) - 1:
                self.elements[path] = self.elements.get(path, -1) + 1
            if path in self.elements:
                path = (*path, self.elements[path])
        return path

    def _dotted_key(self) -> Key:
        names: list[str] = []
        while True:
            self._skip(BLANKS)
            if self.text[self.at] in "\"'":
                names.append(tomllib.loads(f"key = {self._skip(QUOTED)}")["key"])
            else:
                names.append(self._skip(BARE_KEY))
            self._skip(BLANKS)
            if self.text[self.at] != ".":
                return tuple(names)
            self.at += 1

    def _statement(self, parent: Key) -> Entry:
        start, path, value = self._pair(parent)
        self._skip(REST_OF_LINE)
        return self._record(Entry(path, start, value, self.at, False))

    def _pair(self, parent: Key) -> tuple[int, Key, Span]:
        start = self.at
        path = (*parent, *self._dotted_key())
        self.at += 1  # the equals sign
        self._skip(BLANKS)
        self.layout.note(path, start)
        return start, path, self._value(path)

    def _record(self, entry: Entry) -> Entry:
        self.layout.entries[entry.path] = entry
        return entry

    def _value(self, path: Key) -> Span:
        start = self.at
        match self.text[start]:
            case "[":
                self._list(path)
            case "{":
                self._inline_table(path)
            case '"' | "'":
                self._skip(STRING)
            case _:
                self.at += len(self._peek_scalar())
        self.layout.values[path] = (start, self.at)
        return start, self.at

    def _peek_scalar(self) -> str:
        match = SCALAR.match(self.text, self.at)
        assert match is not None
        return match.group().rstrip()

    def _list(self, path: Key) -> None:
        self.at += 1
        number = 0
        while True:
            self._skip(TRIVIA)
            if self.text[self.at] == "]":
                break
            self.layout.note((*path, number), self.at)
            self._value((*path, number))
            number += 1
            self._skip(TRIVIA)
            if self.text[self.at] == ",":
                self.at += 1
        self.at += 1

    def _inline_table(self, path: Key) -> None:
        self.at += 1
        while True:
            self._skip(TRIVIA)
            if self.text[self.at] == "}":
                break
            start, inner, value = self._pair(path)
            self._record(Entry(inner, start, value, self.at, True))
            self._skip(TRIVIA)
            if self.text[self.at] == ",":
                self.at += 1
        self.at += 1
