"""Traces: what happened to each request. The list is windowed from the file; enter shows one whole."""

from __future__ import annotations

from textual import work
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.timer import Timer
from textual.widgets import Static

from clawtui.engine.outcome import Outcome, Trace
from clawtui.engine.request import RequestId
from clawtui.engine.verdicts import Skip
from clawtui.runtime import Runtime
from clawtui.store.traces import TraceRow
from clawtui.text import clean, clock_time, count, day_and_time, duration_ms, money
from clawtui.tui.pane import Pane
from clawtui.tui.widgets.columns import Align, CellValue, Column, Tone
from clawtui.tui.widgets.table import Table

SHOWN = 500
TONES = {
    Outcome.OK: Tone.OK,
    Outcome.FAILED: Tone.BAD,
    Outcome.INTERRUPTED: Tone.WARN,
    Outcome.CANCELLED: Tone.IDLE,
    Outcome.REFUSED: Tone.WARN,
}


class TracesPane(Pane):
    AREA = "traces"
    TITLE = "Traces"

    _timer: Timer | None = None
    _is_shown = False

    def compose(self) -> ComposeResult:
        yield Table(_columns(), key=lambda row: row.request_id, empty="No traces: nothing was asked yet", id="traces")
        with VerticalScroll(id="detail"):
            yield Static(Content("enter shows the whole of a request"), id="whole")

    def on_mount(self) -> None:
        self._timer = self.set_interval(1.0, self._look, pause=not self._is_shown)

    def shown(self) -> None:
        self._is_shown = True
        if self._timer is not None:
            self._timer.resume()
        self._look()

    def hidden(self) -> None:
        self._is_shown = False
        if self._timer is not None:
            self._timer.pause()

    def focus_main(self) -> None:
        self.query_one(Table).focus()

    @work(group="traces", exclusive=True, exit_on_error=False, description="traces")
    async def _look(self) -> None:
        self.query_one(Table).show(await self.desk.do(lambda runtime: runtime.store.traces.window(0, SHOWN)))

    def on_table_selected(self, event: Table.Selected) -> None:
        self.open(RequestId(str(event.key)))

    @work(group="one trace", exclusive=True, exit_on_error=False, description="one trace")
    async def open(self, request_id: RequestId) -> None:
        async def read(runtime: Runtime) -> Trace | None:
            return await runtime.store.traces.one(request_id)

        trace = await self.desk.do(read)
        words = "This trace is not kept any more." if trace is None else told(trace)
        self.query_one("#whole", Static).update(Content(clean(words)))


def _columns() -> list[Column[TraceRow]]:
    def outcome(row: TraceRow) -> CellValue:
        words = row.outcome.value if row.error_kind is None else f"{row.outcome.value}: {row.error_kind}"
        return ((words, TONES[row.outcome]),)

    def badges(row: TraceRow) -> str:
        marks = [f"fusion {row.fusion}"] if row.fusion else []
        if row.failovers:
            marks.append(f"failover {row.failovers}")
        return ", ".join(marks)

    right = Align.RIGHT
    return [
        Column("at", "Time", lambda row: clock_time(row.at), width=8, priority=1, order=lambda row: row.at),
        Column("caller", "Caller", lambda row: row.caller, width=10, priority=4),
        Column("asked", "Asked", lambda row: row.requested or "-", least=10, priority=2),
        Column("answered", "Answered", lambda row: row.answered or "-", least=16, share=2, priority=0),
        Column("outcome", "Outcome", outcome, least=10, priority=1),
        Column("first", "First", lambda row: duration_ms(row.first_token_ms), width=8, align=right, priority=4),
        Column("total", "Total", lambda row: duration_ms(row.total_ms), width=8, align=right, priority=2),
        Column(
            "tokens",
            "In/out",
            lambda row: f"{count(row.input_tokens)}/{count(row.output_tokens)}",
            width=10,
            align=right,
            priority=3,
        ),
        Column("cost", "Cost", lambda row: money(row.cost_usd), width=9, align=right, priority=2),
        Column("badges", "", badges, least=12, priority=3),
    ]


def told(trace: Trace) -> str:
    """The whole of a request in lines: plan, attempts, advisers, numbers."""
    lines = [
        f"{trace.request_id}  {day_and_time(trace.at)}  {trace.caller}  {trace.outcome.value}  policy {trace.policy}",
        f"asked {trace.requested or 'nobody by name'}, answered by {trace.answered or 'nobody'}",
    ]
    if trace.error is not None:
        lines.append(f"{trace.error.kind}: {trace.error.message}")
    lines.append("plan")
    for entry in trace.plan.entries:
        if entry.skip is not Skip.NOT_ASKED:
            lines.append(f"  {entry.verdict.value:<9} {entry.route}  {entry.reason}")
    lines.append("attempts")
    for each in trace.attempts:
        failure = f" {each.failure.value}" if each.failure else ""
        label = f" with {each.credential}" if each.credential else ""
        onward = f" → {each.decision.value}" if each.decision else ""
        lines.append(
            f"  {each.number}. {each.route}{label}: {each.outcome.value}{failure} in {duration_ms(each.ms)}{onward}"
        )
    if trace.fusion is not None:
        lines.append(f"fusion {trace.fusion.name}, {trace.fusion.proposals_used} proposals used")
        for adviser in trace.fusion.advisers:
            lines.append(
                f"  {adviser.label or '-'} {adviser.profile}: {adviser.outcome.value}, {adviser.text_chars} characters,"
                f" {money(adviser.cost.usd)}"
            )
            if adviser.text:
                lines.append("    " + adviser.text.strip().replace("\n", "\n    "))
    if trace.text:
        lines += ["answer", trace.text]
    return "\n".join(lines)
