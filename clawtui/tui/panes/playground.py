"""The playground: ask, and read the answer as it comes. Under each answer stands who gave it, how fast, for how much."""

from __future__ import annotations

from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

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
from clawtui.runtime import Runtime
from clawtui.runtime.models_view import fusion_rows, model_rows
from clawtui.runtime.thread import RequestHandle
from clawtui.text import clean, count, duration_ms, money, one_line
from clawtui.tui.pane import Pane
from clawtui.tui.widgets.answer import Answer
from clawtui.tui.widgets.picker import Option, Picker
from clawtui.tui.widgets.prompt import Prompt

ANYBODY = "-"  # nobody is named: the policy says who
MOST_TURNS = 40  # read by the model again with each question


class PlaygroundPane(Pane):
    AREA = "playground"
    TITLE = "Playground"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "Cancel", id="playground.cancel"),
        Binding("ctrl+n", "new", "New", priority=True, id="playground.new"),
        Binding("ctrl+g", "who", "Who answers", priority=True, id="playground.who"),
    ]

    def compose(self) -> ComposeResult:
        yield VerticalScroll(id="talk")
        yield Prompt(placeholder="Ask", id="prompt")

    def on_mount(self) -> None:
        self._messages: list[Message] = []
        self._running: RequestHandle | None = None
        self._asked: list[str] = []
        self.query_one("#talk").anchor()
        self.query_one(Prompt).put(self.desk.remembered.drafts.get("", ""))
        self._show_target()

    def focus_main(self) -> None:
        self.query_one(Prompt).focus()

    def on_text_area_changed(self) -> None:
        self.desk.remembered.drafts[""] = self.query_one(Prompt).text

    async def on_prompt_submitted(self, event: Prompt.Submitted) -> None:
        if self._running is not None:
            return
        text = event.prompt.take().strip()
        self._asked.append(text)
        event.prompt.set_history(self._asked)
        await self._say(text, "asked")
        self._messages.append(user(text))
        request = ChatRequest(
            tuple(self._messages[-MOST_TURNS:]), target=self.desk.remembered.target or None, caller="playground"
        )
        self._ask(request)

    @work(group="ask", exclusive=True, exit_on_error=False, description="one request")
    async def _ask(self, request: ChatRequest) -> None:
        answer = Answer(classes="answer")
        await self.query_one("#talk").mount(answer)
        self._running = handle = self.desk.stream(request)
        trace: Trace | None = None
        try:
            async for batch in handle.batches():
                for event in batch:
                    if type(event) is Delta:
                        answer.append(event.text)
                    elif type(event) is Completed or type(event) is Failed:
                        trace = event.trace
                    elif type(event) is Restarted:
                        answer.restart()
                        await self._say(f"the answer was cut; a whole one follows from {event.route}", "told", answer)
                    elif line := _told(event):
                        await self._say(line, "told", answer)
        finally:
            self._running = None
            answer.finish()
        if trace is None:
            await self._say("cancelled; what came is kept", "told")
        elif trace.error is not None:
            await self._say(f"{trace.error.message}. {trace.error.hint}", "failed")
        else:
            await self._say(_summary(trace), "told")
        if answer.text:
            self._messages.append(assistant(answer.text))

    async def _say(self, text: str, kind: str, before: Answer | None = None) -> None:
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
    async def action_who(self) -> None:
        """Profiles and fusions; what is not ready is there too, and says why."""
        options = await self.desk.do(_options)
        chosen = await self.app.push_screen_wait(
            Picker("Who answers", options, chosen=(self.desk.remembered.target or ANYBODY,))
        )
        if chosen:
            self.desk.remembered.target = "" if chosen[0] == ANYBODY else chosen[0]
            self._show_target()

    def _show_target(self) -> None:
        target = self.desk.remembered.target or "whoever the policy says"
        self.query_one(Prompt).placeholder = f"Ask {target}; enter sends, ctrl+j new line, ctrl+g chooses who answers"


async def _options(runtime: Runtime) -> list[Option]:
    options = [Option(ANYBODY, "whoever the policy says", "profile, fallbacks and budget by the policy's rules")]
    for row in model_rows(runtime.engine):
        price = "price unknown" if row.price is None else f"${row.price.input:g} in, ${row.price.output:g} out"
        note = f"{row.provider}/{row.model}  {price}  {row.description}"
        options.append(Option(row.id, row.id, note, "●" if row.ready else "⚠", "" if row.ready else row.reason))
    for each in fusion_rows(runtime.engine):
        if each.ready:
            options.append(Option(f"fusion/{each.name}", f"fusion/{each.name}", "advisers and a synthesizer", "●"))
    return options


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
