"""The line of panes: where one is, where else one can go, by mouse too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual.events import Click
from textual.message import Message

from clawtui.text import cell_width
from clawtui.tui.widgets.parts import Part, PartLine, Tone
from clawtui.tui.widgets.toned import Toned

GAP = "   "


@dataclass(frozen=True, slots=True)
class Tab:
    area: str
    key: str
    title: str


def lay_out(tabs: Sequence[Tab], shown: str, width: int) -> tuple[PartLine, tuple[tuple[int, int, str], ...]]:
    """All names where there is room, else the name of the shown one alone."""
    is_short = sum(_width(tab) for tab in tabs) + cell_width(GAP) * (len(tabs) - 1) > width
    gap = " " if is_short else GAP
    parts: list[Part] = []
    spans: list[tuple[int, int, str]] = []
    x = 0
    for place, tab in enumerate(tabs):
        if place:
            parts.append((gap, Tone.NORMAL))
            x += cell_width(gap)
        is_shown = tab.area == shown
        begin = x
        mark = "▸" if is_shown else " "
        words = f" {tab.title}" if is_shown or not is_short else ""
        parts.append((f"{mark}{tab.key}", Tone.ACCENT if is_shown else Tone.MUTED))
        parts.append((words, Tone.STRONG if is_shown else Tone.NORMAL))
        x += cell_width(mark + tab.key + words)
        spans.append((begin, x, tab.area))
    return tuple(part for part in parts if part[0]), tuple(spans)


def _width(tab: Tab) -> int:
    return cell_width(tab.key) + cell_width(tab.title) + 2


class PaneTabs(Toned):
    DEFAULT_CSS = """
    PaneTabs {
        height: 1;
        padding: 0 1;
        background: $background;
    }
    """

    class Chosen(Message):
        def __init__(self, area: str) -> None:
            super().__init__()
            self.area = area

    def __init__(self, tabs: Sequence[Tab]) -> None:
        super().__init__(id="tabs")
        self._tabs = tuple(tabs)
        self._shown = ""
        self._spans: tuple[tuple[int, int, str], ...] = ()

    def show(self, area: str) -> None:
        if area != self._shown:
            self._shown = area
            self.changed()

    def lines(self, width: int) -> list[PartLine]:
        line, self._spans = lay_out(self._tabs, self._shown, width)
        return [line]

    def on_click(self, event: Click) -> None:
        offset = event.get_content_offset(self)
        if offset is None:
            return
        for begin, end, area in self._spans:
            if begin <= offset.x < end:
                self.post_message(self.Chosen(area))
