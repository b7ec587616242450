"""One run: how far it is, what each profile came to, and the matrix of cases and profiles."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content

from clawtui.evals.summary import ranked
from clawtui.text import count
from clawtui.tui.evals.summary_columns import summary_columns
from clawtui.tui.state.evals import (
    MatrixRow,
    Sight,
    matrix,
    progress_lines,
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
        yield Table(summary_columns(), key=lambda row: row.profile, empty="", id="eval-summary")
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
