"""One answer: Markdown that streams in, in a single widget. Closed blocks are laid out once, only the open one again.

Textual's Markdown mounts about twenty widgets an answer, which makes thirty answers heavy and a long list a stall.
"""

from __future__ import annotations

import asyncio
import time
from typing import ClassVar

from rich.segment import Segment
from textual.content import Content
from textual.events import Click
from textual.geometry import Region, Size
from textual.message import Message
from textual.selection import Selection
from textual.strip import Strip
from textual.style import Style
from textual.timer import Timer
from textual.widget import Widget

from clawtui.text import clean
from clawtui.tui.widgets.arriving import whole_until
from clawtui.tui.widgets.code_colours import coloured, is_worth_a_thread
from clawtui.tui.widgets.laid_out_once import LaidOutOnce
from clawtui.tui.widgets.markdown_blocks import Code, Growing, codes_in
from clawtui.tui.widgets.markdown_lines import LEAST, Line, Paint, lines_of
from clawtui.tui.widgets.selected_text import with_selection

USUAL_PAUSE = 0.1
FAST_PAUSE = 0.2
FAST = 600  # characters a second
SHARE = 4  # a flush may take one part in so many of the time between two


class Answer(LaidOutOnce, can_focus=True):
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        *("answer--em", "answer--strong", "answer--strike", "answer--link", "answer--url", "answer--code"),
        *("answer--h1", "answer--h2", "answer--rule", "answer--bullet", "answer--fence", "answer--label"),
        "answer--selected",
    }
    DEFAULT_CSS = """
    Answer {
        height: auto;
        width: 1fr;
        color: $foreground;
        & > .answer--em { text-style: italic; }
        & > .answer--strong { text-style: bold; }
        & > .answer--strike { text-style: strike; }
        & > .answer--link { text-style: underline; }
        & > .answer--url { color: $text-muted; }
        & > .answer--code { color: $text-accent; }
        & > .answer--h1 { color: $text-primary; text-style: bold underline; }
        & > .answer--h2 { color: $text-primary; text-style: bold; }
        & > .answer--rule { color: $text-muted; }
        & > .answer--bullet { color: $text-primary; }
        & > .answer--fence { background: $panel; }
        & > .answer--label { background: $panel; color: $text-muted; }
        & > .answer--selected { background: $primary; color: $text; }
    }
    """

    class CodeSelected(Message):
        def __init__(self, answer: Answer, code: Code | None) -> None:
            super().__init__()
            self.answer = answer
            self.code = code

        @property
        def control(self) -> Answer:
            return self.answer

    def __init__(self, text: str = "", *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.is_finished = bool(text)
        self.superseded: list[str] = []  # partial answers that another route's whole answer took the place of
        self._growing = Growing()
        if text:
            self._growing.append(clean(text))
            self._growing.finish()
        self._pending: list[str] = []
        self._held = ""  # the end of a piece that may be half of something to be cleaned
        self._rate = 0.0
        self._flushed_at = 0.0
        self._cost = 0.0
        self._flush_timer: Timer | None = None
        self._selected: int | None = None
        self._width = -1
        self._paint: Paint | None = None
        self._look: tuple[str, Style] | None = None
        self._done_lines: list[Line] = []
        self._done_count = 0
        self._open_lines: list[Line] = []
        self._strips: dict[int, Strip] = {}
        self._colours: dict[Code, Content] = {}
        self._colouring: set[Code] = set()

    # ---- text

    @property
    def text(self) -> str:
        """All that came, cleaned, what is not painted yet included."""
        return self._growing.source + clean("".join(self._pending) + self._held)

    def append(self, text: str) -> None:
        """More text. It is painted at once if nothing was for a while, else with the next flush."""
        if self.is_finished or not text:
            return
        self._pending.append(text)
        if self._flush_timer is None and self.is_attached:
            wait = self._flushed_at + self._pause() - time.monotonic()
            if wait <= 0:
                self.flush()
            else:
                self._flush_timer = self.set_timer(wait, self.flush, name="paint what came")

    def finish(self) -> None:
        """No more comes: everything is painted now."""
        if self.is_finished:
            return
        self._pending.append(self._held)
        self._held = ""
        self._take(is_last=True)
        self.is_finished = True
        if self._growing.finish():
            self._forget_lines()
        self._show_lines()

    def restart(self) -> None:
        """What came so far is superseded; a whole answer follows."""
        self.flush()
        if self._growing.source:
            self.superseded.append(self._growing.source)
        self._stop_timer()
        self._pending.clear()
        self._held = ""
        self._growing = Growing()
        self.is_finished = False
        self._selected = None
        self._forget_lines()
        self.refresh(layout=True)

    def flush(self) -> None:
        """Paints what has come."""
        began = time.monotonic()
        if self._take(is_last=False):
            self._show_lines()
        self._flushed_at = time.monotonic()
        self._cost = self._flushed_at - began

    def _take(self, *, is_last: bool) -> bool:
        self._stop_timer()
        text = self._held + "".join(self._pending)
        self._pending.clear()
        self._held = ""
        if not is_last:
            # A line break of two characters, or a sequence that would be cleaned, may have come by halves.
            cut = whole_until(text)
            text, self._held = text[:cut], text[cut:]
        if not text:
            return False
        elapsed = max(0.05, time.monotonic() - self._flushed_at)
        self._rate = len(text) / elapsed
        self._growing.append(clean(text))
        return True

    def _pause(self) -> float:
        usual = FAST_PAUSE if self._rate > FAST else USUAL_PAUSE
        return max(usual, self._cost * SHARE)

    def _stop_timer(self) -> None:
        if self._flush_timer is not None:
            self._flush_timer.stop()
            self._flush_timer = None

    # ---- code blocks

    @property
    def code_blocks(self) -> tuple[Code, ...]:
        return tuple(codes_in((*self._growing.closed, *self._growing.open)))

    @property
    def selected_code(self) -> Code | None:
        codes = self.code_blocks
        return codes[self._selected] if self._selected is not None and self._selected < len(codes) else None

    def select_code(self, step: int) -> None:
        """The next or previous code block; beyond the last one, none."""
        count = len(self.code_blocks)
        place = (0 if step > 0 else count - 1) if self._selected is None else self._selected + step
        self._set_selected(place if 0 <= place < count else None)

    def _set_selected(self, place: int | None) -> None:
        if place != self._selected:
            self._selected = place
            self._strips.clear()
            self.refresh()
            self.post_message(self.CodeSelected(self, self.selected_code))
            selected = self.selected_code
            lines = self._lines()
            at = next((y for y, line in enumerate(lines) if selected is not None and line.code is selected), None)
            if at is not None:
                self.scroll_to_region_of_line(at)

    def scroll_to_region_of_line(self, y: int) -> None:
        if isinstance(self.parent, Widget):
            line = Region(self.virtual_region.x, self.virtual_region.y + y, self.size.width, 1)
            self.parent.scroll_to_region(line, animate=False)

    def on_click(self, event: Click) -> None:
        offset = event.get_content_offset(self)
        lines = self._lines()
        if offset is None or not 0 <= offset.y < len(lines):
            return
        code = lines[offset.y].code
        codes = self.code_blocks
        self._set_selected(next((place for place, one in enumerate(codes) if one is code), None))

    # ---- lines

    def on_mount(self) -> None:
        if self._pending and not self.is_finished:
            self.flush()

    def _show_lines(self) -> None:
        if not self.is_attached or self._width < 0:
            return
        before = self._count()
        unchanged = len(self._done_lines)
        seen = self._open_lines
        self._lay_out()
        if self._count() != before:
            self.refresh(layout=True)
            return
        # As many lines as before: only the end of the open block has changed.
        same = 0
        if unchanged == len(self._done_lines):
            for old, new in zip(seen, self._open_lines, strict=False):
                if old.segments != new.segments:
                    break
                same += 1
        first = unchanged + same
        self.refresh(Region(0, first, self.size.width, max(1, self._count() - first)))

    def _forget_lines(self) -> None:
        self._done_lines.clear()
        self._done_count = 0
        self._open_lines = []
        self._strips.clear()

    def _count(self) -> int:
        return len(self._done_lines) + len(self._open_lines)

    def _lines(self) -> list[Line]:
        self._lay_out()
        return self._done_lines + self._open_lines

    def _lay_out(self) -> None:
        width = max(LEAST, self._width)
        if self._width <= 0:
            return
        paint = self._paint_now()
        closed = self._growing.closed
        unchanged = len(self._done_lines)
        for block in closed[self._done_count :]:
            if self._done_lines:
                self._done_lines.append(Line([], 0))
            self._done_lines += lines_of(block, width, paint)
        self._done_count = len(closed)
        self._open_lines = []
        for block in self._growing.open:
            if self._done_lines or self._open_lines:
                self._open_lines.append(Line([], 0))
            self._open_lines += lines_of(block, width, paint)
        for y in [y for y in self._strips if y >= unchanged]:
            del self._strips[y]

    def get_content_width(self, container: Size, viewport: Size) -> int:
        return container.width

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        if width != self._width:
            self._width = width
            self._forget_lines()
        if not self._count():
            self._lay_out()
        return self._count()

    def notify_style_update(self) -> None:
        super().notify_style_update()
        # Told for every change of focus of the whole terminal; what is painted stays unless it would look different.
        look = (self.app.theme, self.visual_style) if self.is_attached else None
        if look is not None and look == self._look:
            return
        self._look = look
        self._paint = None
        self._colours.clear()
        self._forget_lines()

    def _paint_now(self) -> Paint:
        if self._paint is None:
            held: dict[str, Style] = {}

            def style_of(mark: str | Style) -> Style:
                if isinstance(mark, Style):
                    return mark
                style = held.get(mark)
                if style is None:
                    is_own = mark.startswith(".")
                    style = self.get_visual_style(f"answer--{mark[1:]}", partial=True) if is_own else Style.parse(mark)
                    held[mark] = style
                return style

            self._paint = Paint(self.visual_style, style_of, self._highlighted)
        return self._paint

    def _highlighted(self, code: Code) -> Content:
        """Coloured code. What takes long is coloured beside the loop, and is plain until then."""
        held = self._colours.get(code)
        if held is not None:
            return held
        theme = self.app.current_theme
        if not is_worth_a_thread(code):
            content = coloured(code, is_ansi=self.app.native_ansi_color, is_dark=theme.dark)
            self._colours[code] = content
            return content
        if code not in self._colouring:
            self._colouring.add(code)
            self.run_worker(
                self._colour_aside(code, self.app.native_ansi_color, theme.dark),
                group="colours",
                description="colour a long block of code",
                exit_on_error=False,
            )
        return Content(code.text)

    async def _colour_aside(self, code: Code, is_ansi: bool, is_dark: bool) -> None:
        try:
            content = await asyncio.to_thread(coloured, code, is_ansi=is_ansi, is_dark=is_dark)
        finally:
            self._colouring.discard(code)
        self._colours[code] = content
        self._forget_lines()
        self._lay_out()
        self.refresh()

    def render_line(self, y: int) -> Strip:
        selection = self.text_selection
        strip = self._strips.get(y)
        if strip is None:
            strip = self._strip(y).apply_offsets(0, y)
            self._strips[y] = strip
        if selection is not None and (span := selection.get_span(y)) is not None:
            return with_selection(strip, span, self.screen.get_visual_style("screen--selection").rich_style)
        return strip

    def _strip(self, y: int) -> Strip:
        width = self.size.width
        if self._width < 0:
            self._width = width
        if not self._count():
            self._lay_out()
        base = self.visual_style.rich_style
        if y >= self._count():
            return Strip.blank(width, base)
        line = self._done_lines[y] if y < len(self._done_lines) else self._open_lines[y - len(self._done_lines)]
        segments = list(line.segments)
        if line.code is not None and line.code is self.selected_code:
            segments = [Segment("▌", self.get_visual_style("answer--selected").rich_style), *_without_first(segments)]
        strip = Strip([*segments, Segment(" " * max(0, width - line.width), base)], max(width, line.width))
        return strip.crop(0, width)

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        text = "\n".join("".join(segment.text for segment in line.segments).rstrip() for line in self._lines())
        return selection.extract(text), "\n"

    def selection_updated(self, selection: Selection | None) -> None:
        self.refresh()


def _without_first(segments: list[Segment]) -> list[Segment]:
    """Without the first cell, which code leaves blank."""
    first, *rest = segments
    return [Segment(first.text[1:], first.style), *rest]
