"""Blocks of Markdown as painted lines of a given width. Nothing is cut: what is too long for a line goes on in the next."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import assert_never

from rich._wrap import divide_line
from rich.cells import split_graphemes
from rich.segment import Segment
from textual.content import Content
from textual.style import Style

from clawtui.text import cell_width, cut, pad
from clawtui.tui.widgets.markdown_blocks import Block, Code, Grid, Heading, Item, Listing, Paragraph, Quote, Rule

BULLETS = ("•", "▪", "‣")
LEAST = 2  # cells that text keeps, however deep it is nested: a wide character must fit


@dataclass(slots=True)
class Line:
    segments: list[Segment]
    width: int
    code: Code | None = None


@dataclass(frozen=True, slots=True)
class Paint:
    """How marks look now, and how code is coloured; changes with the theme."""

    base: Style
    style_of: Callable[[str | Style], Style]  # of a mark as in `.em`, or of a style as the highlighter gives it
    highlight: Callable[[Code], Content]


def lines_of(block: Block, width: int, paint: Paint, depth: int = 0) -> list[Line]:
    """`width` is at least `LEAST`; where it is short, marks and margins go before text does."""
    match block:
        case Paragraph(content):
            return wrapped(content, width, paint, paint.base)
        case Heading(level, content):
            return wrapped(content, width, paint, paint.base + paint.style_of(".h1" if level == 1 else ".h2"))
        case Rule():
            return [_line([("─" * width, paint.base + paint.style_of(".rule"))])]
        case Code():
            return _code(block, width, paint)
        case Quote(blocks) if width < LEAST + 2:
            return stacked(blocks, width, paint, depth)
        case Quote(blocks):
            bar = Segment("▎ ", (paint.base + paint.style_of(".rule")).rich_style)
            inside = stacked(blocks, width - 2, paint, depth)
            return [Line([bar, *line.segments], line.width + 2, line.code) for line in inside]
        case Listing(items):
            return _listing(items, width, paint, depth)
        case Grid():
            return _grid(block, width, paint)
        case _:
            assert_never(block)


def stacked(blocks: tuple[Block, ...], width: int, paint: Paint, depth: int = 0) -> list[Line]:
    """Blocks below each other, one line apart."""
    lines: list[Line] = []
    for block in blocks:
        if lines:
            lines.append(Line([], 0))
        lines += lines_of(block, width, paint, depth)
    return lines


def wrapped(content: Content, width: int, paint: Paint, style: Style) -> list[Line]:
    lines: list[Line] = []
    for part in content.split("\n", allow_blank=True):
        if cell_width(part.plain) <= width:
            lines.append(_painted(part, paint, style))
            continue
        cuts = divide_line(part.plain, width)
        lines += [_painted(piece.rstrip(), paint, style) for piece in (part.divide(cuts) if cuts else [part])]
    return lines


def _painted(content: Content, paint: Paint, style: Style) -> Line:
    if not content.spans:
        return Line([Segment(content.plain, style.rich_style)], cell_width(content.plain))
    segments = [
        Segment(text, part.rich_style) for text, part in content.render(style, end="", parse_style=paint.style_of)
    ]
    return Line(segments, sum(cell_width(segment.text) for segment in segments))


def _line(parts: list[tuple[str, Style]]) -> Line:
    return Line([Segment(text, style.rich_style) for text, style in parts], sum(cell_width(text) for text, _ in parts))


def _code(code: Code, width: int, paint: Paint) -> list[Line]:
    """Each line of code folded at the edge, on a ground of its own, so that none is lost and none hides another."""
    ground = paint.base + paint.style_of(".fence")
    label = paint.base + paint.style_of(".label")
    margin = 1 if width >= LEAST + 2 else 0
    room = width - 2 * margin
    heads = [cut(code.language, room)] if code.language else []
    lines = [_on_ground(_line([(head, label)]), width, margin, ground, code) for head in heads]
    content = paint.highlight(code) if code.is_closed else Content(code.text)
    parts = content.split("\n", allow_blank=True) if content.spans else None
    for place, text in enumerate(code.text.split("\n")):
        cuts = fold_cuts(text, room)
        if parts is None:
            pieces = [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]
            painted = [Line([Segment(piece, ground.rich_style)], cell_width(piece)) for piece in pieces]
        else:
            painted = [
                _painted(piece, paint, ground) for piece in (parts[place].divide(cuts) if cuts else [parts[place]])
            ]
        lines += [_on_ground(line, width, margin, ground, code) for line in painted]
    return lines


def _on_ground(line: Line, width: int, margin: int, ground: Style, code: Code) -> Line:
    style = ground.rich_style
    right = max(0, width - line.width - margin)
    return Line([Segment(" " * margin, style), *line.segments, Segment(" " * right, style)], width, code)


def fold_cuts(text: str, width: int) -> list[int]:
    """Where to cut a line that may be cut anywhere but inside a character."""
    if text.isascii():
        return list(range(width, len(text), width))
    if cell_width(text) <= width:
        return []
    cuts: list[int] = []
    used = 0
    for start, _, cells in split_graphemes(text)[0]:
        if used + cells > width:
            cuts.append(start)
            used = 0
        used += cells
    return cuts


def _listing(items: tuple[Item, ...], width: int, paint: Paint, depth: int) -> list[Line]:
    marks = [item.mark or BULLETS[depth % len(BULLETS)] for item in items]
    indent = min(max(cell_width(mark) for mark in marks) + 1, width - LEAST)
    indent = indent if indent >= 2 else 0
    style = (paint.base + paint.style_of(".bullet")).rich_style
    blank = Segment(" " * indent, paint.base.rich_style)
    lines: list[Line] = []
    for mark, item in zip(marks, items, strict=True):
        first = Segment(pad(mark, indent - 1, right=True) + " " if indent else "", style)
        inside = _tight(item, width - indent, paint, depth + 1) or [Line([], 0)]
        for place, line in enumerate(inside):
            lines.append(Line([first if place == 0 else blank, *line.segments], line.width + indent, line.code))
    return lines


def _tight(item: Item, width: int, paint: Paint, depth: int) -> list[Line]:
    """Text and the list below it stand close; anything else of an item is one line apart."""
    lines: list[Line] = []
    for block in item.blocks:
        if lines and not isinstance(block, Listing):
            lines.append(Line([], 0))
        lines += lines_of(block, width, paint, depth)
    return lines


SEPARATOR = " │ "


def _grid(grid: Grid, width: int, paint: Paint) -> list[Line]:
    widths = _column_widths(grid, width)
    if widths is None:
        return _as_pairs(grid, width, paint)
    head = paint.base + paint.style_of(".strong")
    rule = paint.base + paint.style_of(".rule")
    lines = _row(grid.header, widths, grid.aligns, paint, head, rule)
    lines.append(_line([("─┼─".join("─" * cells for cells in widths), rule)]))
    for row in grid.rows:
        lines += _row(row, widths, grid.aligns, paint, paint.base, rule)
    return lines


def _column_widths(grid: Grid, width: int) -> list[int] | None:
    """As wide as their widest cell; where that is too much, the widest give way. None where even that is not enough."""
    rows = (grid.header, *grid.rows)
    widths = [
        max(1, *(cell_width(row[place].plain) for row in rows if place < len(row))) for place in range(len(grid.header))
    ]
    room = width - len(SEPARATOR) * (len(widths) - 1)
    if not widths or room < 2 * LEAST * len(widths):
        return None
    while sum(widths) > room:
        widest = max(widths)
        second = max((cells for cells in widths if cells < widest), default=2 * LEAST)
        places = [place for place, cells in enumerate(widths) if cells == widest]
        step = min(widest - second, max(1, (sum(widths) - room) // len(places)))
        for place in places:
            widths[place] -= max(1, step)
            if sum(widths) <= room:
                break
    return widths


def _row(
    cells: tuple[Content, ...], widths: list[int], aligns: tuple[str, ...], paint: Paint, style: Style, rule: Style
) -> list[Line]:
    columns = [
        wrapped(cells[place] if place < len(cells) else Content(), room, paint, style)
        for place, room in enumerate(widths)
    ]
    lines: list[Line] = []
    for number in range(max(map(len, columns))):
        segments: list[Segment] = []
        for place, room in enumerate(widths):
            line = columns[place][number] if number < len(columns[place]) else Line([], 0)
            spare = max(0, room - line.width)
            align = aligns[place] if place < len(aligns) else "left"
            left = spare if align == "right" else spare // 2 if align == "center" else 0
            if place:
                segments.append(Segment(SEPARATOR, rule.rich_style))
            segments += [
                Segment(" " * left, style.rich_style),
                *line.segments,
                Segment(" " * (spare - left), style.rich_style),
            ]
        lines.append(Line(segments, sum(widths) + len(SEPARATOR) * (len(widths) - 1)))
    return lines


def _as_pairs(grid: Grid, width: int, paint: Paint) -> list[Line]:
    """A table without room for its columns: each cell in a line of its own, behind its heading."""
    lines: list[Line] = []
    for row in grid.rows or (tuple(Content() for _ in grid.header),):
        if lines:
            lines.append(Line([], 0))
        for heading, cell in zip(grid.header, row, strict=False):
            lines += wrapped(Content.assemble(heading.stylize(".strong"), ": ", cell), width, paint, paint.base)
    return lines
