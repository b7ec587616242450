"""The same question to two to four profiles, side by side, each with its time, tokens and cost below."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping

from textual import work
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widget import Widget

from clawtui.engine.events import Completed, Delta, Failed, Restarted
from clawtui.engine.request import ChatRequest
from clawtui.runtime.thread import RequestHandle
from clawtui.text import duration
from clawtui.tui.desk import Desk
from clawtui.tui.state.conversation import Entry, answer_entry, answer_lines
from clawtui.tui.widgets.answer import Answer
from clawtui.tui.widgets.dialog import Choice, Dialog, Sentence
from clawtui.tui.widgets.parts import Tone
from clawtui.tui.widgets.toned import Lines


class Contender(Vertical):
    def __init__(self, name: str) -> None:
        super().__init__(classes="panel contender")
        self.contender = name
        self.border_title = Content(name)
        self.answer = Answer()
        self.entry = Entry("assistant", "")

    def compose(self) -> ComposeResult:
        with VerticalScroll():
            yield self.answer
        yield Lines([(("waiting", Tone.MUTED),)], classes="facts")

    def tell(self, seconds: float) -> None:
        self.query_one(".facts", Lines).show([((f"{duration(seconds)} …", Tone.MUTED),)])

    def end(self, entry: Entry) -> None:
        self.entry = entry
        self.answer.finish()
        self.query_one(".facts", Lines).show(answer_lines(entry, self.content_size.width))


class SideBySide(Dialog[Entry]):
    """Ends with the answer that was taken into the conversation, or None."""

    def __init__(self, desk: Desk, requests: Mapping[str, ChatRequest], asked: str) -> None:
        choices = [
            Choice(f"take-{place}", f"Take {name} ({place})", str(place)) for place, name in enumerate(requests, 1)
        ]
        super().__init__("Side by side", [Choice("close", "Close"), *choices], classes="-side-by-side")
        self._desk, self._requests, self._asked = desk, dict(requests), asked
        self._handles: list[RequestHandle] = []

    def body(self) -> Iterable[Widget]:
        yield Sentence(self._asked[:300], classes="muted")
        yield Horizontal(*(Contender(name) for name in self._requests), classes="contenders")

    def on_mount(self) -> None:
        for contender in self.query(Contender):
            self._run(contender, self._requests[contender.contender])

    @work(exit_on_error=False, description="one of several answers")
    async def _run(self, contender: Contender, request: ChatRequest) -> None:
        handle = self._desk.stream(request)
        self._handles.append(handle)
        began = time.monotonic()
        async for batch in handle.batches():
            for event in batch:
                if type(event) is Delta:
                    contender.answer.append(event.text)
                elif type(event) is Restarted:
                    contender.answer.restart()
                elif type(event) is Completed or type(event) is Failed:
                    contender.end(answer_entry(event.trace, self._desk.now()))
                    break
            else:
                contender.tell(time.monotonic() - began)

    def pressed(self, choice: str) -> None:
        taken: Entry | None = None
        if choice.startswith("take-"):
            taken = list(self.query(Contender))[int(choice.removeprefix("take-")) - 1].entry
            if not taken.text:
                return  # it has nothing to take yet
        self._leave(taken)

    def action_leave(self) -> None:
        self._leave(None)

    def _leave(self, taken: Entry | None) -> None:
        for handle in self._handles:
            if not handle.is_done:
                handle.cancel()
        self.dismiss(taken)
