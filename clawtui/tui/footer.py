"""The footer: the keys that work here and now. One that cannot act is in brackets, and says why when it is pressed."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual.events import Click
from textual.message import Message
from textual.timer import Timer

from clawtui.text import ELLIPSIS, cell_width, cut, one_line
from clawtui.tui.state.footer import ALWAYS, FooterKey
from clawtui.tui.widgets.parts import Part, PartLine, Tone
from clawtui.tui.widgets.toned import Toned

GAP = "  "
SAID_SECONDS = 4.0

Span = tuple[int, int, str]  # from cell, to cell, action id


def lay_out(keys: Sequence[FooterKey], width: int) -> tuple[PartLine, tuple[Span, ...]]:
    """What always works stands on the right and stays; of the others as many as there is room for."""
    left = [key for key in keys if key.action.id not in ALWAYS]
    right = [key for key in keys if key.action.id in ALWAYS]
    while right and _cells(right) > width:
        right.pop(0)
    room = width - (_cells(right) + cell_width(GAP) if right else 0)
    is_cut = _cells(left) > room
    while left and _cells(left) + (cell_width(GAP) + 1 if is_cut else 0) > room:
        left.pop()
    parts: list[Part] = []
    spans: list[Span] = []
    x = 0
    for group, begin in ((left, 0), (right, width - _cells(right))):
        parts.append((" " * (begin - x), Tone.NORMAL))
        x = begin
        for place, key in enumerate(group):
            if place:
                parts.append((GAP, Tone.NORMAL))
                x += cell_width(GAP)
            shown = _parts(key)
            cells = sum(cell_width(text) for text, _ in shown)
            parts += shown
            spans.append((x, x + cells, key.action.id))
            x += cells
        if group is left and is_cut:
            parts.append((f"{GAP if left else ''}{ELLIPSIS}", Tone.MUTED))
            x += (cell_width(GAP) if left else 0) + 1
    return tuple(part for part in parts if part[0]), tuple(spans)


def _parts(key: FooterKey) -> list[Part]:
    if key.why_not is not None:
        return [(f"({key.key} {key.action.label})", Tone.MUTED)]
    return [(key.key, Tone.ACCENT), (f" {key.action.label}", Tone.NORMAL)]


def _cells(keys: Sequence[FooterKey]) -> int:
    cells = sum(cell_width(text) for key in keys for text, _ in _parts(key))
    return cells + cell_width(GAP) * max(0, len(keys) - 1)


class KeyBar(Toned):
    """Asks for its keys whenever the focus or the actions have changed."""

    DEFAULT_CSS = """
    KeyBar {
        dock: bottom;
        height: 1;
        padding: 0 1;
        background: $panel;
        color: $foreground;
    }
    """

    class Pressed(Message):
        def __init__(self, action_id: str) -> None:
            super().__init__()
            self.action_id = action_id

    def __init__(self, look: Callable[[], Sequence[FooterKey]]) -> None:
        super().__init__(id="footer")
        self._look = look
        self._keys: tuple[FooterKey, ...] = ()
        self._spans: tuple[Span, ...] = ()
        self._said = ""
        self._timer: Timer | None = None

    def on_mount(self) -> None:
        self.screen.bindings_updated_signal.subscribe(self, lambda _: self.look_again())
        self.look_again()

    def look_again(self) -> None:
        keys = tuple(self._look())
        if keys != self._keys:
            self._keys = keys
            self.changed()

    def say(self, sentence: str) -> None:
        """Why a key did nothing: in the place of the keys, for some seconds or until the next key."""
        self._said = one_line(sentence)
        self.changed()
        if self._timer is not None:
            self._timer.stop()
        self._timer = self.set_timer(SAID_SECONDS, self.say_no_more)

    def say_no_more(self) -> None:
        if self._said:
            self._said = ""
            self.changed()

    def lines(self, width: int) -> list[PartLine]:
        if self._said:
            self._spans = ()
            return [((cut(self._said, width), Tone.WARN),)]
        line, self._spans = lay_out(self._keys, width)
        return [line]

    def on_click(self, event: Click) -> None:
        offset = event.get_content_offset(self)
        if offset is None:
            return
        for begin, end, action_id in self._spans:
            if begin <= offset.x < end:
                self.post_message(self.Pressed(action_id))
