"""Everything that is wrong with the draft; `enter` leads to the field."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from clawtui.config.findings import Finding
from clawtui.text import clean
from clawtui.tui.findings import MARKS, TONES
from clawtui.tui.widgets.columns import Column
from clawtui.tui.widgets.dialog import Choice, Dialog
from clawtui.tui.widgets.table import Table

Row = tuple[int, Finding]


class FindingsList(Dialog[Finding]):
    def __init__(self, findings: Sequence[Finding]) -> None:
        super().__init__("Findings", (Choice("close", "Close"), Choice("go", "Go to the field")), classes="-wide")
        self._findings = tuple(findings)

    def body(self) -> Iterable[Widget]:
        columns: list[Column[Row]] = [
            Column("mark", "", lambda row: ((MARKS[row[1].severity], TONES[row[1].severity]),), width=1, priority=0),
            Column("line", "Line", lambda row: str(row[1].line or "–"), width=5, priority=2),
            Column("path", "Field", lambda row: row[1].path, least=16, share=2, priority=1),
            Column("message", "What is wrong", lambda row: row[1].message, least=20, share=3, priority=0),
        ]
        yield Table(columns, key=lambda row: row[0], empty="Nothing is wrong.", id="findings")
        yield Static("", id="finding-fix", markup=False)

    def on_mount(self) -> None:
        table = self.query_one(Table)
        table.show(list(enumerate(self._findings)))
        table.focus()

    def on_table_highlighted(self, event: Table.Highlighted) -> None:
        event.stop()
        if event.row is not None:
            finding: Finding = event.row[1]
            words = f"{finding.message}\n→ {finding.fix}" if finding.fix else finding.message
            self.query_one("#finding-fix", Static).update(Content(clean(words)))

    def on_table_selected(self, event: Table.Selected) -> None:
        event.stop()
        self.pressed("go")

    def pressed(self, choice: str) -> None:
        row = self.query_one(Table).cursor_row
        self.dismiss(row[1] if choice == "go" and row is not None else None)
