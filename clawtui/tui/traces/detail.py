"""One trace whole: why it was answered by whom, what was tried, what it cost; of a fusion, who advised what."""

from __future__ import annotations

from collections.abc import Iterator

from textual.containers import VerticalScroll
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from clawtui.engine.outcome import Trace
from clawtui.text import clean
from clawtui.tui.state.fusion_view import fusion_view
from clawtui.tui.state.trace_detail import attempt_lines, attempt_spans, head_lines, prompt_of
from clawtui.tui.state.why import verdict_lines
from clawtui.tui.traces.proposals import Proposals
from clawtui.tui.widgets.toned import Wrapped
from clawtui.tui.widgets.waterfall import Waterfall

NOTHING = "enter shows a request whole: its plan, attempts, cost, answer"
GONE = "This trace is not kept: its policy keeps none, or it was pruned."
NO_WORDS = "The words were not kept: the policy's retention is not full."
LONGEST_SHOWN = 60_000  # characters of a prompt or an answer; the export has all


class TraceDetail(VerticalScroll, can_focus=True):
    def __init__(self) -> None:
        super().__init__(id="trace-detail", classes="panel")
        self.trace: Trace | None = None
        self.border_title = "Trace"

    def compose(self) -> Iterator[Widget]:
        yield Static(Content(NOTHING), classes="muted")

    async def show(self, trace: Trace | None) -> None:
        self.trace = trace
        self.border_title = Content(f"Trace {trace.request_id}") if trace else "Trace"
        async with self.batch():
            await self.remove_children()
            await self.mount_all(_parts(trace) if trace is not None else [Static(Content(GONE), classes="muted")])
        self.scroll_home(animate=False)

    def forget(self) -> None:
        """What was shown is closed: nothing acts on it any more."""
        self.trace = None

    @property
    def proposals(self) -> Proposals | None:
        return next(iter(self.query(Proposals)), None)


def _parts(trace: Trace) -> list[Widget]:
    parts: list[Widget] = [Wrapped(head_lines(trace))]
    if trace.fusion is not None:
        view = fusion_view(trace, trace.fusion)
        waterfall = Waterfall()
        waterfall.show(view.spans, deadline_ms=view.deadline_ms)
        parts += [_heading(f"Fusion {trace.fusion.name}, ┊ is the deadline"), waterfall, Wrapped(view.lines)]
        parts += [_heading("Proposals, [ and ] between them, d compares"), Proposals(view.proposals)]
    parts += [_heading("Plan"), Wrapped(verdict_lines(trace.plan))]
    if trace.attempts:
        waterfall = Waterfall()
        waterfall.show(attempt_spans(trace))
        parts += [_heading("Attempts"), waterfall]
        if told := attempt_lines(trace):
            parts.append(Wrapped(told))
    prompt = prompt_of(trace)
    if prompt is not None:
        parts += [_heading("Prompt"), _words(prompt)]
    for partial in trace.superseded:
        parts += [_heading(f"Given up, from {partial.route}"), _words(partial.text, muted=True)]
    if trace.reasoning:
        parts += [_heading("Reasoning"), _words(trace.reasoning, muted=True)]
    for call in trace.tool_calls:
        parts += [_heading(f"Calls {call.name}"), _words(call.arguments)]
    if trace.text:
        parts += [_heading("Answer"), _words(trace.text)]
    elif trace.request is None:
        parts.append(Static(Content(NO_WORDS), classes="muted kept-not"))
    return parts


def _heading(text: str) -> Static:
    return Static(Content(clean(text)), classes="heading")


def _words(text: str, *, muted: bool = False) -> Static:
    shown = clean(text[:LONGEST_SHOWN])
    if len(text) > LONGEST_SHOWN:
        shown += f"\n… {len(text) - LONGEST_SHOWN:,} more characters: e exports all"
    return Static(Content(shown), classes="words muted" if muted else "words")
