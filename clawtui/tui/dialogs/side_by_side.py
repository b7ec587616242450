"""The same question to two to four profiles, side by side, each with its time, tokens and cost below."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from textual import work
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.timer import Timer
from textual.widget import Widget

from clawtui.engine.events import Completed, Delta, Failed, Restarted
from clawtui.engine.request import ChatRequest
from clawtui.runtime.thread import RequestHandle
from clawtui.text import duration_ms
from clawtui.tui.desk import Desk
from clawtui.tui.playground.facts import FactsBelow
from clawtui.tui.state.conversation import Entry, answer_entry
from clawtui.tui.widgets.answer import Answer
from clawtui.tui.widgets.dialog import Choice, Dialog, Sentence
from clawtui.tui.widgets.parts import Tone

TICK_SECONDS = 0.25


class Contender(Vertical):
    def __init__(self, name: str) -> None:
        super().__init__(classes="panel contender")
        self.contender = name
        self.border_title = Content(name)
        self.answer = Answer()
        self.entry = Entry("assistant", "")
        self.is_over = False
        self._facts = FactsBelow(self.entry)
        self._has_text = False

    def compose(self) -> ComposeResult:
        with VerticalScroll():
            yield self.answer
        yield self._facts

    def append(self, text: str) -> None:
        self._has_text = True
        self.answer.append(text)

    def tell(self, seconds: float) -> None:
        if not self.is_over:
            so_far = duration_ms(seconds * 1000)
            self._facts.tell(((f"{so_far} …" if self._has_text else f"◍ waits, {so_far}", Tone.MUTED),))

    def end(self, entry: Entry) -> None:
        self.entry, self.is_over = entry, True
        self.answer.finish()
        self._facts.show(entry)


class SideBySide(Dialog[Entry]):
    """Ends with the answer that was taken into the conversation, or None."""

    def __init__(self, desk: Desk, requests: Mapping[str, ChatRequest], asked: str) -> None:
        choices = [
            Choice(f"take-{place}", f"Take {name} ({place})", str(place)) for place, name in enumerate(requests, 1)
        ]
        super().__init__("Side by side", [Choice("close", "Close"), *choices], classes="-side-by-side")
        self._desk, self._requests, self._asked = desk, dict(requests), asked
        self._handles: list[RequestHandle] = []
        self._began = desk.clock.monotonic()
        self._ticking: Timer | None = None

    def body(self) -> Iterable[Widget]:
        yield Sentence(self._asked[:300], classes="muted")
        yield Horizontal(*(Contender(name) for name in self._requests), classes="contenders")

    def on_mount(self) -> None:
        for contender in self.query(Contender):
            self._run(contender, self._requests[contender.contender])
        self._ticking = self.set_interval(TICK_SECONDS, self._tick)
        self._tick()

    def _tick(self) -> None:
        """Time goes on where no event comes, until all are over."""
        contenders = list(self.query(Contender))
        for contender in contenders:
            contender.tell(self._desk.clock.monotonic() - self._began)
        if self._ticking is not None and all(contender.is_over for contender in contenders):
            self._ticking.stop()

    @work(exit_on_error=False, description="one of several answers")
    async def _run(self, contender: Contender, request: ChatRequest) -> None:
        handle = self._desk.stream(request)
        self._handles.append(handle)
        async for batch in handle.batches():
            for event in batch:
                if type(event) is Delta:
                    contender.append(event.text)
                elif type(event) is Restarted:
                    contender.answer.restart()
                elif type(event) is Completed or type(event) is Failed:
                    contender.end(answer_entry(event.trace, self._desk.now()))
                    break

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
