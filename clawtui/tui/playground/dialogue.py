"""The conversation that is in front: what is asked in it, the answer as it comes, and where it is kept."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial

from clawtui.engine.events import Completed, Delta, Failed, Planned, ReasoningDelta, RequestEvent, Restarted
from clawtui.engine.request import ChatRequest, Message
from clawtui.runtime import Runtime
from clawtui.runtime.conversing import answering, begin_conversation, open_conversation, user_document
from clawtui.runtime.thread import RequestHandle
from clawtui.store.conversations import TurnStatus
from clawtui.tui.desk import Desk
from clawtui.tui.playground.blocks import AnswerBlock
from clawtui.tui.playground.live_side import LiveSide
from clawtui.tui.playground.talk import Talk
from clawtui.tui.state.conversation import Entry, answer_entry, asked_entry, kept_entry, messages_of
from clawtui.tui.state.request_settings import Settings, fits, request_with
from clawtui.tui.state.why import Why

TICK_SECONDS = 0.25


class Dialogue:
    """One request at a time. `changed` is called when what can be done has changed."""

    def __init__(self, desk: Desk, talk: Talk, live: LiveSide, changed: Callable[[], None]) -> None:
        self._desk = desk
        self._talk = talk
        self._live = live
        self._changed = changed
        self._handle: RequestHandle | None = None
        self._is_asking = False  # from the key press to the end of the answer
        self._read: tuple[list[Entry], int, tuple[Message, ...]] = ([], 0, ())
        self.settings = Settings()
        self.id: str | None = None  # None: not kept, or not begun
        self.title = ""
        self.deleted: str | None = None

    # ---- which conversation

    async def open(self, id: str) -> None:
        opened = await self._desk.do(lambda runtime: open_conversation(runtime, id))
        if opened is None:
            self._desk.remembered.conversation = ""
            return
        self.id, self.title = opened.id, opened.title
        self._desk.remembered.conversation = opened.id
        await self._talk.show([kept_entry(turn) for turn in opened.turns])
        self._changed()

    async def begin_new(self) -> None:
        self.id, self.title = None, ""
        self._desk.remembered.conversation = ""
        await self._talk.show([])
        self._changed()

    async def rename(self, title: str) -> None:
        id = self.id
        if id is not None:
            self.title = title
            await self._desk.do(lambda runtime: runtime.store.conversations.rename(id, title))

    async def delete(self) -> None:
        id = self.id
        assert id is not None
        await self._desk.do(lambda runtime: runtime.store.conversations.delete(id))
        self.deleted = id
        await self.begin_new()

    async def undelete(self) -> None:
        id, self.deleted = self.deleted, None
        assert id is not None
        await self._desk.do(lambda runtime: runtime.store.conversations.restore(id))
        await self.open(id)

    async def branch(self, count: int) -> None:
        """A conversation of its own that begins with the first `count` turns of this one."""
        id = self.id
        if id is None:
            await self._talk.show(self._talk.entries[:count])
            return
        await self.open(await self._desk.do(lambda runtime: runtime.store.conversations.branch(id, count - 1)))

    async def _ensure(self) -> None:
        if self.id is None:
            target = self._desk.remembered.target
            self.id = await self._desk.do(lambda runtime: begin_conversation(runtime, target))
            self._desk.remembered.conversation = self.id or ""

    # ---- what is said in it

    @property
    def entries(self) -> list[Entry]:
        return self._talk.entries

    @property
    def is_answering(self) -> bool:
        return self._is_asking

    def cancel(self) -> None:
        if self._handle is not None:
            self._handle.cancel()

    def request(self, *more: Message, target: str | None = None) -> ChatRequest:
        """All that was said, and `more`, to whom is chosen unless `target` says otherwise."""
        remembered = self._desk.remembered
        asked = remembered.target if target is None else target
        return request_with(self.settings, (*self._said(), *more), asked, remembered.policy, self.id)

    def _said(self) -> tuple[Message, ...]:
        """Looked at once a second by the live side, so it is made anew only when a turn has come or gone."""
        entries, count, messages = self._read
        if entries is not self.entries or count != len(self.entries):
            messages = messages_of(self.entries)
            self._read = (self.entries, len(self.entries), messages)
        return messages

    async def ask(self, asked: Message) -> None:
        with self._asking():
            await self._ensure()
            await self._talk.add(asked_entry(asked, self._desk.now()))
            self.title = self.title or " ".join(asked.text.split())[:60]
            await self._answer(asked, self._desk.remembered.target)

    async def ask_again(self, answer: Entry | None, target: str) -> bool:
        """For this answer, or for the first one where there is none yet. What followed it stays in the conversation
        that was; True where this became a branch for that."""
        place = self.entries.index(answer) if answer in self.entries else len(self.entries)
        is_branch = place < len(self.entries) - 1
        with self._asking():
            if is_branch:
                await self.branch(place)
            else:
                await self._cut_after(place)
            await self._answer(None, target)
        return is_branch

    @contextmanager
    def _asking(self) -> Iterator[None]:
        self._is_asking = True
        self._changed()
        try:
            yield
        finally:
            self._is_asking = False
            self._changed()

    async def _cut_after(self, count: int) -> None:
        await self._talk.cut_after(count)
        id = self.id
        if id is not None:
            await self._desk.do(lambda runtime: runtime.store.conversations.cut_after(id, count - 1))

    async def keep(self, message: Message) -> None:
        """A turn that asks for nothing by itself."""
        await self._ensure()
        entry = asked_entry(message, self._desk.now())
        id = self.id
        if id is not None:
            document = user_document(message)
            await self._desk.do(
                lambda runtime: runtime.store.conversations.add(id, entry.role, entry.text, document=document)
            )
        await self._talk.add(entry)

    async def take(self, asked: Message, answer: Entry) -> None:
        """A question and an answer that were given elsewhere."""
        await self.keep(asked)
        id = self.id
        if id is not None:
            await self._desk.do(
                lambda runtime: runtime.store.conversations.add(id, "assistant", answer.text, document=answer.facts)
            )
        await self._talk.add(answer)

    async def _answer(self, asked: Message | None, target: str) -> None:
        request = self.request(target=target)
        source = partial(_answering, conversation=self.id, asked=asked)
        # Of the conversation that is in front now: another may be by the time this answer has come.
        entries, block, why = self.entries, await self._talk.begin(), Why()
        self._handle = handle = self._desk.stream(request, source)
        entry = Entry("assistant", "", TurnStatus.CANCELLED, at=self._desk.now())
        tick = partial(self._tick, block, why, self._desk.clock.monotonic())
        ticking = self._talk.set_interval(TICK_SECONDS, tick)  # while this request runs, and no longer
        tick()
        try:
            async for batch in handle.batches():
                entry = self._show(batch, block, why, entry)
        finally:
            ticking.stop()
            self._handle = None
            entry = await self._checked(replace(entry, text=entry.text or block.answer.text), request.schema)
            entries.append(entry)
            if block.is_attached:
                await block.end(entry)
            self._talk.tell()

    def _tick(self, block: AnswerBlock, why: Why, began: float) -> None:
        """Time goes on where no event comes."""
        why.last_ms = max(why.last_ms, (self._desk.clock.monotonic() - began) * 1000)
        block.wait(why.waits_for(why.last_ms))
        self._live.tick(why)

    def _show(self, batch: tuple[RequestEvent, ...], block: AnswerBlock, why: Why, entry: Entry) -> Entry:
        """What a batch of events changes on the screen, at once."""
        is_news = False
        thoughts: list[str] = []
        for event in batch:
            is_news = why.fold(event) or is_news
            match event:
                case Delta():
                    block.append(event.text)
                case ReasoningDelta():
                    thoughts.append(event.text)
                case Restarted():
                    block.restart()
                case Planned():
                    entry = replace(entry, facts={"request_id": event.request_id})
                case Completed() | Failed():
                    entry = answer_entry(event.trace, self._desk.now())
                case _:
                    pass
        if thoughts:
            block.reason("".join(thoughts))
        if is_news:
            self._live.show_why(why)
        return entry

    async def _checked(self, entry: Entry, schema: object) -> Entry:
        """What is said of an answer that was to fit a schema."""
        if schema is None or entry.status is not TurnStatus.DONE or entry.tool_calls:
            return entry
        return replace(entry, facts={**entry.facts, "json": await asyncio.to_thread(fits, schema, entry.text)})


def _answering(
    runtime: Runtime, request: ChatRequest, *, conversation: str | None, asked: Message | None
) -> AsyncGenerator[RequestEvent, None]:
    return answering(runtime, request, conversation, asked)
