"""One case of a run: every repeat of every profile, with grades, numbers and what was said."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence

from textual import work
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from clawtui.engine.request import Message, RequestId
from clawtui.evals.results import CaseResult
from clawtui.evals.summary import of_profile, summary
from clawtui.text import clean, count, duration_ms, money
from clawtui.tui.evals.summary_columns import summary_columns
from clawtui.tui.state.evals import result_lines, transcript_lines, verdict_cell, why_of
from clawtui.tui.widgets.columns import Align, Column
from clawtui.tui.widgets.dialog import Choice, Dialog
from clawtui.tui.widgets.table import Table

Transcript = Callable[[CaseResult], Awaitable[Sequence[Message]]]


class CaseResults(Dialog[RequestId]):
    """Ends with the request whose trace is to be opened, or None."""

    def __init__(self, case: str, results: Sequence[CaseResult], transcript: Transcript) -> None:
        choices = (Choice("close", "Close"), Choice("trace", "Trace (t)", "t"))
        super().__init__(case, choices, classes="-case-results")
        self._results = tuple(results)
        self._transcript = transcript

    def body(self) -> Iterable[Widget]:
        columns: list[Column[CaseResult]] = [
            Column("profile", "Profile", lambda row: row.key.profile, least=12, share=1, priority=0),
            Column("repeat", "#", lambda row: str(row.key.repeat), width=3, align=Align.RIGHT, priority=1),
            Column("verdict", "Verdict", verdict_cell, width=14, priority=0),
            Column("ms", "Took", lambda row: duration_ms(row.ms), width=7, align=Align.RIGHT, priority=2),
            Column(
                "first", "First", lambda row: duration_ms(row.first_token_ms), width=7, align=Align.RIGHT, priority=5
            ),
            Column("tokens", "Tokens", _tokens, width=6, align=Align.RIGHT, priority=6),
            Column("cost", "Cost", lambda row: money(row.cost.usd), width=9, align=Align.RIGHT, priority=3),
            Column("why", "Why", why_of, least=16, share=3, priority=4),
        ]
        if any(result.key.repeat > 1 for result in self._results):
            yield Table(summary_columns(), key=lambda row: row.profile, empty="", id="case-summary")
        yield Table(columns, key=lambda row: row.key, empty="Nothing of it has ended yet", id="case-results")
        with VerticalScroll(id="case-detail"):
            yield Static("", id="case-lines", markup=False)

    def on_mount(self) -> None:
        self.table.show(self._results)
        self.table.focus()
        for sums in self.query("#case-summary").results(Table):
            profiles = dict.fromkeys(result.key.profile for result in self._results)
            sums.show([summary(profile, of_profile(self._results, profile)) for profile in profiles])

    @property
    def table(self) -> Table[CaseResult]:
        return self.query_one("#case-results", Table)

    def on_table_highlighted(self, event: Table.Highlighted) -> None:
        event.stop()
        if event.table is self.table and event.row is not None:
            self._detail(event.row)

    def on_table_selected(self, event: Table.Selected) -> None:
        event.stop()
        self.pressed("trace")

    @work(group="transcript", exclusive=True, exit_on_error=False, description="a transcript")
    async def _detail(self, result: CaseResult) -> None:
        lines = [*result_lines(result), (), *transcript_lines(await self._transcript(result))]
        text = "\n".join("".join(part for part, _ in line) for line in lines)
        self.query_one("#case-lines", Static).update(Content(clean(text)))

    def pressed(self, choice: str) -> None:
        row = self.table.cursor_row
        if choice != "trace":
            self.dismiss(None)
        elif row is not None and row.request_id is not None:
            self.dismiss(row.request_id)


def _tokens(result: CaseResult) -> str:
    return count(result.usage.input_tokens + result.usage.output_tokens)
