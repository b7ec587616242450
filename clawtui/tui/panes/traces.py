"""Traces: what happened to each request. The list is windowed from the file; enter shows one whole."""

from __future__ import annotations

from textual import work
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from clawtui.engine.outcome import Outcome, Trace
from clawtui.engine.request import RequestId
from clawtui.runtime import Runtime
from clawtui.runtime.trace_lines import lines_of
from clawtui.store.traces import TraceRow
from clawtui.text import clean, clock_time, count, duration_ms, money
from clawtui.tui.pane import LookingPane
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


class TracesPane(LookingPane):
    AREA = "traces"
    TITLE = "Traces"

    def compose(self) -> ComposeResult:
        yield Table(_columns(), key=lambda row: row.request_id, empty="No traces: nothing was asked yet", id="traces")
        with VerticalScroll(id="detail"):
            yield Static(Content("enter shows the whole of a request"), id="whole")

    def look(self) -> None:
        self._looked()

    @work(group="traces", exclusive=True, exit_on_error=False, description="traces")
    async def _looked(self) -> None:
        self.query_one(Table).show(await self.desk.do(lambda runtime: runtime.store.traces.window(0, SHOWN)))

    def on_table_selected(self, event: Table.Selected) -> None:
        self.open(RequestId(str(event.key)))

    @work(group="one trace", exclusive=True, exit_on_error=False, description="one trace")
    async def open(self, request_id: RequestId) -> None:
        async def read(runtime: Runtime) -> Trace | None:
            return await runtime.store.traces.one(request_id)

        trace = await self.desk.do(read)
        words = "This trace is not kept any more." if trace is None else "\n".join(lines_of(trace))
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
