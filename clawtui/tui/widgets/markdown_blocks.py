"""Markdown as values: blocks and inline text with marks. Whole, or as it streams in, where only the open block is read again.

Nothing is painted here. Raw HTML is text like any other, links are shown and never followed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from textual.content import Content, Span

from clawtui.text import clean

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token


@dataclass(frozen=True, slots=True)
class Paragraph:
    content: Content


@dataclass(frozen=True, slots=True)
class Heading:
    level: int
    content: Content


@dataclass(frozen=True, slots=True)
class Code:
    text: str
    language: str
    is_closed: bool = True


@dataclass(frozen=True, slots=True)
class Quote:
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Item:
    mark: str  # a number with its point, or nothing
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Listing:
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Grid:
    header: tuple[Content, ...]
    rows: tuple[tuple[Content, ...], ...]
    aligns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rule:
    pass


Block = Paragraph | Heading | Code | Quote | Listing | Grid | Rule

# Definitions of link targets are the one thing in Markdown that reaches back into blocks that are closed.
_DEFINITION = re.compile(r"^ {0,3}\[[^\]\n]+\]:", re.MULTILINE)


@lru_cache(maxsize=1)
def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt  # not before there is an answer

    return MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])


def parse(source: str) -> tuple[Block, ...]:
    return tuple(block for block, _ in _blocks_and_starts(source))


class Growing:
    """A text that grows. `closed` holds blocks that nothing after them can change; `open` is what is still being written."""

    def __init__(self) -> None:
        self.source = ""
        self.closed: list[Block] = []
        self.open: tuple[Block, ...] = ()
        self._tail = 0  # where in the source the open part begins

    def append(self, text: str) -> None:
        self.source += text
        tail = self.source[self._tail :]
        complete = tail.rfind("\n") + 1
        ends_complete = complete == len(tail)
        found = _blocks_and_starts(tail[:complete])
        # Only a line that is complete decides where a block begins: `#` may yet become `#5 is wrong`.
        if len(found) > 1:
            self.closed += [block for block, _ in found[:-1]]
            begin = _offset_of_line(tail, found[-1][1])
            self._tail += begin
            tail = tail[begin:]
            found = found[-1:]
        self.open = tuple(block for block, _ in found) if ends_complete else parse(tail)

    def finish(self) -> bool:
        """No more text comes. Whether blocks that were closed are different now: a link was defined behind its use."""
        self.closed += self.open
        self.open = ()
        self._tail = len(self.source)
        if not _DEFINITION.search(self.source):
            return False
        self.closed = list(parse(self.source))
        return True


def codes_in(blocks: Sequence[Block]) -> list[Code]:
    """All blocks of code, in their order, nested ones too."""
    found: list[Code] = []
    for block in blocks:
        match block:
            case Code():
                found.append(block)
            case Listing(items):
                found += [code for item in items for code in codes_in(item.blocks)]
            case Quote(inside):
                found += codes_in(inside)
            case _:
                pass
    return found


def _offset_of_line(text: str, line: int) -> int:
    offset = 0
    for _ in range(line):
        offset = text.index("\n", offset) + 1
    return offset


def _blocks_and_starts(source: str) -> list[tuple[Block, int]]:
    """Top-level blocks with the line each begins in."""
    tokens = _parser().parse(source)
    found: list[tuple[Block, int]] = []
    place = 0
    while place < len(tokens):
        start = tokens[place].map
        block, place = _block(tokens, place)
        if block is not None:
            found.append((block, start[0] if start else 0))
    return found


def _block(tokens: Sequence[Token], place: int) -> tuple[Block | None, int]:
    """The block that begins here, and the place behind it."""
    token = tokens[place]
    match token.type:
        case "fence" | "code_block":
            # markdown-it counts the closing line in, so a fence that is still open has one line fewer.
            lines = token.content.count("\n")
            is_closed = token.type == "code_block" or not token.map or token.map[1] - token.map[0] >= lines + 2
            language = token.info.strip().split(maxsplit=1)[0] if token.info.strip() else ""
            return Code(token.content.removesuffix("\n").expandtabs(4), language, is_closed), place + 1
        case "hr":
            return Rule(), place + 1
        case "inline":
            return Paragraph(inline(token)), place + 1
    if not token.type.endswith("_open"):
        return None, place + 1
    end = _closing(tokens, place)
    inside = tokens[place + 1 : end]
    match token.type:
        case "heading_open":
            block: Block | None = Heading(int(token.tag[1:]), inline(inside[0]) if inside else Content())
        case "paragraph_open":
            block = Paragraph(inline(inside[0]) if inside else Content())
        case "blockquote_open":
            block = Quote(tuple(_nested(inside)))
        case "bullet_list_open" | "ordered_list_open":
            block = Listing(tuple(_items(inside, token.type == "ordered_list_open")))
        case "table_open":
            block = _grid(inside)
        case _:
            block = None
    return block, end + 1


def _closing(tokens: Sequence[Token], place: int) -> int:
    level = tokens[place].level
    closing = tokens[place].type.removesuffix("_open") + "_close"
    return next(at for at in range(place + 1, len(tokens)) if tokens[at].level == level and tokens[at].type == closing)


def _nested(tokens: Sequence[Token]) -> Iterator[Block]:
    place = 0
    while place < len(tokens):
        block, place = _block(tokens, place)
        if block is not None:
            yield block


def _items(tokens: Sequence[Token], is_ordered: bool) -> Iterator[Item]:
    place = 0
    while place < len(tokens):
        end = _closing(tokens, place)
        # markdown-it keeps the number of an item in `info`, the point or bracket behind it in `markup`.
        mark = f"{tokens[place].info}{tokens[place].markup}" if is_ordered else ""
        yield Item(mark, tuple(_nested(tokens[place + 1 : end])))
        place = end + 1


def _grid(tokens: Sequence[Token]) -> Grid:
    rows: list[list[Content]] = []
    aligns: list[str] = []
    for place, token in enumerate(tokens):
        if token.type == "tr_open":
            rows.append([])
        elif token.type in ("th_open", "td_open"):
            rows[-1].append(inline(tokens[place + 1]))
            if token.type == "th_open":
                aligns.append(str(token.attrs.get("style", "")).removeprefix("text-align:") or "left")
    header = rows[0] if rows else []
    return Grid(tuple(header), tuple(tuple(row[: len(header)]) for row in rows[1:]), tuple(aligns))


_MARKS = {"em": ".em", "strong": ".strong", "s": ".strike", "link": ".link"}


def inline(token: Token) -> Content:
    """Inline text with its marks. Entities can bring back what was cleaned away, so the text is cleaned once more."""
    texts: list[str] = []
    spans: list[Span] = []
    open_marks: list[tuple[str, int, str]] = []
    length = 0

    def add(text: str, mark: str = "") -> None:
        nonlocal length
        texts.append(text)
        if mark and text:
            spans.append(Span(length, length + len(text), mark))
        length += len(text)

    for child in token.children or ():
        kind, _, edge = child.type.rpartition("_")
        if child.type == "softbreak":
            add(" ")
        elif child.type == "hardbreak":
            add("\n")
        elif child.type == "code_inline":
            add(_flat(child.content), ".code")
        elif child.type == "image":
            add(f"[{_flat(child.content) or 'image'}]", ".link")
            add(f" ({_flat(str(child.attrs.get('src', '')))})", ".url")
        elif edge == "open":
            open_marks.append((_MARKS.get(kind, ""), length, str(child.attrs.get("href", ""))))
        elif edge == "close" and open_marks:
            mark, start, href = open_marks.pop()
            if mark and length > start:
                spans.append(Span(start, length, mark))
            if kind == "link":
                shown = "".join(texts)[start:]
                if href and href not in (shown, f"mailto:{shown}"):
                    add(f" ({_flat(href)})", ".url")
        else:
            add(_flat(child.content))
    return Content("".join(texts), spans)


def _flat(text: str) -> str:
    return clean(text).replace("\n", " ").replace("\t", " ")
