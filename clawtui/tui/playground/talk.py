"""The conversation, scrolled: the newest turns are there, older ones come when they are asked for."""

from __future__ import annotations

from collections.abc import Sequence

from textual.containers import VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Static

from clawtui.tui.playground.blocks import AnswerBlock, AskedBlock
from clawtui.tui.playground.welcome import Welcome
from clawtui.tui.state.conversation import Entry
from clawtui.tui.widgets.laid_out_once import LaidOutOnce

SHOWN = 60  # turns that are mounted at first, and more each time


class Talk(VerticalScroll, LaidOutOnce, can_focus=False):
    """`waits` is whether new text came below what is read."""

    class Waits(Message):
        def __init__(self, waits: bool) -> None:
            super().__init__()
            self.waits = waits

    def __init__(self) -> None:
        super().__init__(id="talk")
        self.entries: list[Entry] = []
        self._first = 0  # the first entry that is mounted
        self._waits = False

    async def on_mount(self) -> None:
        if not self.children:
            await self.show([])

    async def show(self, entries: Sequence[Entry]) -> None:
        """Another conversation."""
        self.entries = list(entries)
        self._first = max(0, len(self.entries) - SHOWN)
        async with self.batch():
            await self.remove_children()
            await self.mount_all([*self._head(), *map(_block, self.entries[self._first :])])
        self.anchor()
        self.tell()

    def _head(self) -> list[Widget]:
        if not self.entries:
            return [Welcome()]
        if self._first:
            return [Static(Content(f"… {self._first} earlier turns: home shows them"), id="earlier", classes="told")]
        return []

    async def show_earlier(self) -> None:
        """So many more at the top; what is read stays where it is."""
        if not self._first:
            return
        begin, self._first = self._first, max(0, self._first - SHOWN)
        height = self.virtual_size.height
        async with self.batch():
            await self.query("#earlier").remove()
            blocks = [*self._head(), *map(_block, self.entries[self._first : begin])]
            await self.mount_all(blocks, before=0)
        self.call_after_refresh(
            lambda: self.scroll_to(y=self.scroll_y + self.virtual_size.height - height, animate=False, immediate=True)
        )

    async def add(self, entry: Entry) -> None:
        self.entries.append(entry)
        await self.query("#welcome").remove()
        await self.mount(_block(entry))
        self.anchor()

    async def begin(self) -> AnswerBlock:
        """An answer that is about to come."""
        await self.query("#welcome").remove()
        block = AnswerBlock(Entry("assistant", ""), is_streaming=True)
        await self.mount(block)
        self.anchor()
        return block

    async def cut_after(self, count: int) -> None:
        """Only the first `count` turns stay."""
        blocks = self._blocks
        for block in blocks[max(0, count - self._first) :]:
            await block.remove()
        self.entries = self.entries[:count]

    @property
    def _blocks(self) -> list[Widget]:
        """One a turn that is mounted."""
        return [child for child in self.children if isinstance(child, AnswerBlock | AskedBlock)]

    @property
    def _welcome(self) -> Welcome | None:
        return next((child for child in self.children if isinstance(child, Welcome)), None)

    @property
    def answers(self) -> list[AnswerBlock]:
        return [child for child in self.children if isinstance(child, AnswerBlock)]

    @property
    def selected(self) -> AnswerBlock | None:
        """The answer that has the focus, else the newest."""
        focused = self.screen.focused
        blocks = self.answers
        if focused is not None:
            for block in blocks:
                if block in focused.ancestors_with_self:
                    return block
        return blocks[-1] if blocks else None

    def step(self, by: int) -> bool:
        """To the answer above or below, the newest where none has the focus yet; False where there is none. Before the
        first question the same among the examples."""
        if (welcome := self._welcome) is not None:
            return welcome.step(by)
        blocks = self.answers
        held = next((place for place, block in enumerate(blocks) if block.answer.has_focus), None)
        place = len(blocks) - 1 if held is None else held + by
        if not 0 <= place < len(blocks):
            return False
        blocks[place].answer.focus()
        return True

    # ---- following

    @property
    def is_at_end(self) -> bool:
        """Also while it follows: within a layout the end is known before the scrolling to it."""
        follows = self.is_anchored and not self._anchor_released  # the second is not public in Textual
        return follows or self.scroll_offset.y >= self.max_scroll_y - 1

    def follow(self) -> None:
        self.anchor()
        self.scroll_end(animate=False)
        self.tell()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        if new_value == 0 < old_value and self._first:
            self.call_later(self.show_earlier)
        self.tell()

    def tell(self) -> None:
        waits = not self.is_at_end
        if waits != self._waits:
            self._waits = waits
            self.post_message(self.Waits(waits))


def _block(entry: Entry) -> Widget:
    return AnswerBlock(entry) if entry.is_answer else AskedBlock(entry)
