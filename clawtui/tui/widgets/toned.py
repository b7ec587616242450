"""A widget of lines made of toned parts: for everything that is drawn with characters rather than composed of widgets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.segment import Segment
from textual.geometry import Size
from textual.strip import Strip

from clawtui.text import cell_width
from clawtui.tui.widgets.laid_out_once import LaidOutOnce
from clawtui.tui.widgets.parts import PartLine, Tone, fitted, wrap


class Toned(LaidOutOnce):
    """`lines(width)` says what is painted; `changed()` when that is something else now."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {f"toned--{tone.value}" for tone in Tone}
    DEFAULT_CSS = """
    Toned {
        height: auto;
        width: 1fr;
        & > .toned--strong { text-style: bold; }
        & > .toned--muted { color: $text-muted; }
        & > .toned--accent { color: $text-accent; }
        & > .toned--ok { color: $state-ok; }
        & > .toned--warn { color: $state-warn; }
        & > .toned--bad { color: $state-bad; }
        & > .toned--idle { color: $state-idle; }
    }
    """

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._laid_out: tuple[int, Sequence[PartLine]] | None = None

    def lines(self, width: int) -> Sequence[PartLine]:
        return ()

    def changed(self) -> None:
        before = len(self._laid_out[1]) if self._laid_out is not None else -1
        width = self._laid_out[0] if self._laid_out is not None else 0
        self._laid_out = None
        grows = not width or len(self._lines(width)) != before
        self.refresh(layout=grows)

    def _lines(self, width: int) -> Sequence[PartLine]:
        if self._laid_out is None or self._laid_out[0] != width:
            self._laid_out = (width, self.lines(width) if width > 0 else ())
        return self._laid_out[1]

    def get_content_width(self, container: Size, viewport: Size) -> int:
        return container.width

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return len(self._lines(width))

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        lines = self._lines(width)
        base = self.visual_style.rich_style
        if y >= len(lines):
            return Strip.blank(width, base)
        segments = [
            Segment(text, self.get_visual_style(f"toned--{tone.value}").rich_style)
            for text, tone in fitted(lines[y], width)
        ]
        used = sum(segment.cell_length for segment in segments)
        return Strip([*segments, Segment(" " * (width - used), base)], width)


class Lines(Toned):
    """Lines that are given as they are."""

    def __init__(self, lines: Sequence[PartLine] = (), *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._given: Sequence[PartLine] = tuple(lines)

    def show(self, lines: Sequence[PartLine]) -> None:
        if tuple(lines) != self._given:
            self._given = tuple(lines)
            self.changed()

    def lines(self, width: int) -> Sequence[PartLine]:
        return self._given


class Wrapped(Lines):
    """Lines that go on below where they are longer than the widget is wide: what a server says has to be read whole."""

    def lines(self, width: int) -> Sequence[PartLine]:
        return [piece for line in self._given for piece in _pieces(line, width)]


def _pieces(line: PartLine, width: int) -> Sequence[PartLine]:
    return [line] if sum(cell_width(text) for text, _ in line) <= width else wrap(line, width)
