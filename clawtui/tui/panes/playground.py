"""The playground: ask, and read the answer as it comes. Under each answer stands who gave it, how fast, for how much."""

from __future__ import annotations

from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Input, Static

from clawtui.engine.events import (
    AdviserPhase,
    AdviserProgress,
    AttemptFailed,
    Completed,
    Delta,
    Failed,
    Restarted,
    SynthesisStarted,
    Waiting,
)
from clawtui.engine.outcome import Trace
from clawtui.engine.request import ChatRequest, Message, assistant, user
from clawtui.runtime.thread import RequestHandle
from clawtui.text import clean, count, duration_ms, money, one_line
from clawtui.tui.pane import Pane

FLUSH_SECONDS = 0.1
MOST_TURNS = 40  # read by the model again with each question


class PlaygroundPane(Pane):
    AREA = "playground"
    TITLE = "Playground"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "Cancel", id="playground.cancel"),
        Binding("ctrl+n", "new", "New", priority=True, id="playground.new"),
        Binding("ctrl+g", "next_target", "Who answers", priority=True, id="playground.who"),
    ]

    def compose(self) -> ComposeResult:
        yield VerticalScroll(id="talk")
        yield Input(placeholder="Ask, enter sends", id="prompt")

    def on_mount(self) -> None:
        self._messages: list[Message] = []
        self._running: RequestHandle | None = None
        self._text = ""
        self._shown = 0
        self._answer: Static | None = None
        self.query_one("#talk").anchor()
        self.query_one("#prompt", Input).value = self.desk.remembered.drafts.get("", "")
        self._show_target()

    def focus_main(self) -> None:
        self.query_one("#prompt", Input).focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        self.desk.remembered.drafts[""] = event.value

    async def on_input_submitted(self, event: Input.Submitted) -> None:
        text = event.value.strip()
        if not text or self._running is not None:
            return
        event.input.value = ""
        await self._say(text, "asked")
        self._messages.append(user(text))
        request = ChatRequest(
            tuple(self._messages[-MOST_TURNS:]), target=self.desk.remembered.target or None, caller="playground"
        )
        self._ask(request)

    @work(group="ask", exclusive=True, exit_on_error=False, description="one request")
    async def _ask(self, request: ChatRequest) -> None:
        talk = self.query_one("#talk")
        self._text, self._shown = "", 0
        self._answer = Static(Content(""), classes="answer")
        await talk.mount(self._answer)
        self._running = handle = self.desk.stream(request)
        timer = self.set_interval(FLUSH_SECONDS, self._flush)
        trace: Trace | None = None
        try:
            async for batch in handle.batches():
                for event in batch:
                    if type(event) is Delta:
                        self._text += event.text
                    elif type(event) is Completed or type(event) is Failed:
                        trace = event.trace
                    elif type(event) is Restarted:
                        self._text = ""
                        await self._say(f"the answer was cut; a whole one follows from {event.route}", "told")
                        self._answer = Static(Content(""), classes="answer")
                        await talk.mount(self._answer)
                    else:
                        line = _told(event)
                        if line:
                            await self._say(line, "told", before=self._answer)
        finally:
            timer.stop()
            self._running = None
            self._flush()
        if trace is None:
            await self._say("cancelled; what came is kept", "told")
        elif trace.error is not None:
            await self._say(f"{trace.error.message}. {trace.error.hint}", "failed")
        else:
            await self._say(_summary(trace), "told")
        if self._text:
            self._messages.append(assistant(self._text))

    def _flush(self) -> None:
        """At most ten times a second, however fast the words come."""
        if self._answer is not None and len(self._text) != self._shown:
            self._shown = len(self._text)
            self._answer.update(Content(clean(self._text)))

    async def _say(self, text: str, kind: str, before: Static | None = None) -> None:
        words = clean(text) if kind == "asked" else one_line(text)
        await self.query_one("#talk").mount(Static(Content(words), classes=kind), before=before)

    def action_cancel(self) -> None:
        if self._running is not None:
            self._running.cancel()

    async def action_new(self) -> None:
        self.action_cancel()
        self._messages.clear()
        await self.query_one("#talk").remove_children()

    @work(group="target", exclusive=True, exit_on_error=False, description="who answers")
    async def action_next_target(self) -> None:
        """Goes through profiles that are ready, and fusions; nothing named comes first."""
        names = ["", *await self.desk.do(_targets)]
        now = self.desk.remembered.target
        self.desk.remembered.target = names[(names.index(now) + 1) % len(names)] if now in names else ""
        self._show_target()

    def _show_target(self) -> None:
        target = self.desk.remembered.target or "whoever the policy says"
        self.query_one("#prompt", Input).placeholder = f"Ask {target}; enter sends, ctrl+g chooses who answers"


async def _targets(runtime: object) -> list[str]:
    from clawtui.runtime import Runtime
    from clawtui.runtime.models_view import fusion_rows, model_rows

    assert isinstance(runtime, Runtime)
    ready = [row.id for row in model_rows(runtime.engine) if row.ready]
    return ready + [f"fusion/{row.name}" for row in fusion_rows(runtime.engine) if row.ready]


def _told(event: object) -> str:
    match event:
        case AttemptFailed():
            status = f" {event.status}" if event.status else ""
            return f"{event.route}: {event.failure.value}{status} → {event.decision.value.replace('_', ' ')}"
        case Waiting():
            return f"waiting {event.seconds:.1f} s for {event.route}: {event.reason}"
        case AdviserProgress() if event.phase is AdviserPhase.ENDED:
            return f"adviser {event.profile}: {event.outcome} after {duration_ms(event.t_ms)}"
        case SynthesisStarted():
            return f"{event.profile} writes the answer from {event.proposals} proposals"
        case _:
            return ""


def _summary(trace: Trace) -> str:
    parts = [f"answered by {trace.answered}"]
    if trace.selected is not None and trace.answered != trace.selected:
        parts.append(f"instead of {trace.selected}")
    parts.append(f"first token {duration_ms(trace.first_token_ms)}, total {duration_ms(trace.total_ms)}")
    parts.append(
        f"{count(trace.usage.input_tokens)} in, {count(trace.usage.output_tokens)} out, {money(trace.cost.usd)}"
    )
    return " · ".join(parts)
