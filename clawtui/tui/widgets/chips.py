"""A list of short texts as chips that wrap: tags, fallbacks, filters. Can be walked, removed and put in another order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.segment import Segment
from textual.binding import Binding, BindingType
from textual.events import Click
from textual.geometry import Size
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from clawtui.text import cell_width, cut, one_line

CROSS = " ×"


def wrap_chips(texts: Sequence[str], width: int) -> list[list[tuple[int, int, int]]]:
    """Lines of (index, x, width). A chip longer than the line is cut where it is painted, so it gets the whole line."""
    lines: list[list[tuple[int, int, int]]] = []
    x = 0
    for index, text in enumerate(texts):
        cells = min(cell_width(text), width)
        if not lines or (x and x + cells > width):
            lines.append([])
            x = 0
        lines[-1].append((index, x, cells))
        x += cells + 1
    return lines


class Chips(Widget, can_focus=True):
    COMPONENT_CLASSES: ClassVar[set[str]] = {"chips--chip", "chips--selected", "chips--empty"}
    DEFAULT_CSS = """
    Chips {
        height: auto;
        width: 1fr;
        & > .chips--chip { background: $panel; color: $foreground; }
        & > .chips--selected { background: $block-cursor-blurred-background; color: $block-cursor-blurred-foreground; }
        &:focus > .chips--selected {
            background: $block-cursor-background;
            color: $block-cursor-foreground;
            text-style: $block-cursor-text-style;
        }
        & > .chips--empty { color: $text-muted; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "step(-1)", "Chip before", id="chips.left", show=False),
        Binding("right", "step(1)", "Chip after", id="chips.right", show=False),
        Binding("alt+up", "shift(-1)", "Move up", id="chips.move_up", show=False),
        Binding("alt+down", "shift(1)", "Move down", id="chips.move_down", show=False),
        Binding("delete,backspace", "remove", "Remove", id="chips.remove", show=False),
        Binding("enter", "press", "Choose", id="chips.press", show=False),
    ]

    class Changed(Message):
        """A chip was removed or moved."""

        def __init__(self, chips: Chips, values: tuple[str, ...]) -> None:
            super().__init__()
            self.chips = chips
            self.values = values

        @property
        def control(self) -> Chips:
            return self.chips

    class Pressed(Message):
        """Enter or a click on a chip; `value` is None where there is none: the owner may offer to add one."""

        def __init__(self, chips: Chips, value: str | None) -> None:
            super().__init__()
            self.chips = chips
            self.value = value

        @property
        def control(self) -> Chips:
            return self.chips

    def __init__(
        self,
        values: Sequence[str] = (),
        *,
        can_remove: bool = True,
        can_move: bool = False,
        empty: str = "none",
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self.values = tuple(values)
        self.selected = 0
        self.can_remove = can_remove
        self.can_move = can_move
        self.empty = empty

    def show(self, values: Sequence[str]) -> None:
        if tuple(values) != self.values:
            self.values = tuple(values)
            self.selected = max(0, min(self.selected, len(self.values) - 1))
            self.refresh(layout=True)

    def action_step(self, step: int) -> None:
        self.selected = max(0, min(len(self.values) - 1, self.selected + step))
        self.refresh()

    def action_shift(self, step: int) -> None:
        place = self.selected + step
        if self.can_move and 0 <= place < len(self.values):
            values = list(self.values)
            values[place], values[self.selected] = values[self.selected], values[place]
            self.selected = place
            self._change(values)

    def action_remove(self) -> None:
        if self.can_remove and self.values:
            self._change([value for place, value in enumerate(self.values) if place != self.selected])

    def action_press(self) -> None:
        self.post_message(self.Pressed(self, self.values[self.selected] if self.values else None))

    def _change(self, values: Sequence[str]) -> None:
        self.show(values)
        self.post_message(self.Changed(self, self.values))

    def _texts(self) -> list[str]:
        return [f" {one_line(value)}{CROSS if self.can_remove else ''} " for value in self.values]

    def on_click(self, event: Click) -> None:
        offset = event.get_content_offset(self)
        lines = wrap_chips(self._texts(), self.size.width)
        if offset is None or not 0 <= offset.y < max(1, len(lines)):
            return
        for index, x, cells in lines[offset.y] if lines else ():
            if x <= offset.x < x + cells:
                self.selected = index
                self.refresh()
                if self.can_remove and offset.x >= x + cells - len(CROSS):
                    self.action_remove()
                else:
                    self.action_press()
                return
        if not self.values:
            self.action_press()

    def get_content_width(self, container: Size, viewport: Size) -> int:
        return container.width

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return max(1, len(wrap_chips(self._texts(), max(1, width))))

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        base = self.visual_style.rich_style
        texts = self._texts()
        lines = wrap_chips(texts, max(1, width))
        if not lines and y == 0:
            return Strip(
                [Segment(cut(self.empty, width), self.get_visual_style("chips--empty").rich_style)]
            ).extend_cell_length(width, base)
        if y >= len(lines):
            return Strip.blank(width, base)
        segments: list[Segment] = []
        used = 0
        for index, x, cells in lines[y]:
            kind = "chips--selected" if index == self.selected else "chips--chip"
            segments.append(Segment(" " * (x - used), base))
            segments.append(Segment(cut(texts[index], cells), self.get_visual_style(kind).rich_style))
            used = x + cells
        return Strip(segments).extend_cell_length(width, base).crop(0, width)
