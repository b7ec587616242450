"""One run: how far it is, what each profile came to, and the matrix of cases and profiles."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content

from clawtui.evals.results import Verdict
from clawtui.evals.summary import ProfileSummary, ranked
from clawtui.text import count, duration_ms, money
from clawtui.tui.state.evals import (
    MatrixRow,
    Sight,
    cost_per_pass,
    interval_words,
    matrix,
    progress_lines,
    rate_words,
)
from clawtui.tui.widgets.columns import Align, CellValue, Column
from clawtui.tui.widgets.table import Table
from clawtui.tui.widgets.toned import Lines

NOTHING = "Choose a run on the left, or begin one: n"


class RunView(Vertical):
    def __init__(self) -> None:
        super().__init__(id="eval-run", classes="panel")
        self.border_title = "Run"
        self._profiles: tuple[str, ...] = ()

    def compose(self) -> ComposeResult:
        yield Lines(id="eval-progress")
        yield Table(_summary_columns(), key=lambda row: row.profile, empty="", id="eval-summary")
        yield Table([], key=lambda row: (row.suite, row.case), empty=NOTHING, id="eval-matrix")

    def on_mount(self) -> None:
        self.query_one("#eval-summary").display = False

    @property
    def matrix(self) -> Table[MatrixRow]:
        return self.query_one("#eval-matrix", Table)

    def show(self, sight: Sight | None, now: float) -> None:
        summary = self.query_one("#eval-summary", Table)
        summary.display = sight is not None
        if sight is None:
            self.border_title = "Run"
            self.query_one("#eval-progress", Lines).show([])
            self.matrix.show([])
            return
        self.border_title = Content(f"Run {sight.run.id}")
        if sight.run.settings.profiles != self._profiles:
            self._profiles = sight.run.settings.profiles
            self.matrix.set_columns(_matrix_columns(self._profiles))
        self.tick(sight, now)
        summary.show(ranked(sight.as_run()))
        self.matrix.show(matrix(sight))

    def tick(self, sight: Sight, now: float) -> None:
        """Time alone has gone on."""
        self.query_one("#eval-progress", Lines).show(progress_lines(sight, now))


def _summary_columns() -> list[Column[ProfileSummary]]:
    def number(key: str, label: str, show: object, width: int, priority: int) -> Column[ProfileSummary]:
        return Column(key, label, show, width=width, align=Align.RIGHT, priority=priority)  # type: ignore[arg-type]

    return [
        Column("profile", "Profile", lambda row: row.profile, least=12, share=2, priority=0),
        number("rate", "Passed", lambda row: rate_words(row.rate), 7, 0),
        number("interval", "95 %", lambda row: interval_words(row.rate), 8, 1),
        number("fail", "Fail", lambda row: count(row.counts[Verdict.FAIL]), 4, 2),
        number("error", "Err", lambda row: count(row.counts[Verdict.ERROR]), 4, 1),
        number("unsupported", "Uns", lambda row: count(row.counts[Verdict.UNSUPPORTED]), 4, 3),
        number("p50", "p50", lambda row: duration_ms(row.p50_ms), 7, 2),
        number("p95", "p95", lambda row: duration_ms(row.p95_ms), 7, 4),
        number("first", "First", lambda row: duration_ms(row.first_token_p50_ms), 7, 4),
        number("tokens", "Tokens", lambda row: count(row.input_tokens + row.output_tokens), 7, 4),
        number("cost", "Cost", lambda row: money(row.cost_usd), 9, 2),
        number("per", "Per pass", cost_per_pass, 9, 3),
    ]


def _matrix_columns(profiles: tuple[str, ...]) -> list[Column[MatrixRow]]:
    def cell(place: int) -> Column[MatrixRow]:
        def show(row: MatrixRow) -> CellValue:
            return row.cells[place]

        return Column(f"p{place}", profiles[place], show, least=11, priority=place + 1, filters=False)

    return [
        Column("case", "Case", lambda row: row.case, least=18, share=2, priority=0, order=lambda row: row.case),
        Column("suite", "Suite", lambda row: row.suite, width=12, priority=40, order=lambda row: row.suite),
        Column("trouble", "Not passed", lambda row: count(row.trouble) if row.trouble else "", width=10, priority=30,
               align=Align.RIGHT, order=lambda row: -row.trouble, filters=False),
        *(cell(place) for place in range(len(profiles))),
    ]  # fmt: skip
