"""A config that cannot be used: everything that is wrong with it, the editor at hand, and on as soon as it is right."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable, Sequence
from pathlib import Path
from typing import Any, ClassVar

from textual import work
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from clawtui.config.findings import Finding, Severity
from clawtui.text import clean
from clawtui.tui.editor import NoEditor, edit_file
from clawtui.tui.widgets.columns import CellValue, Column
from clawtui.tui.widgets.dialog import Choice, Dialog, Sentence
from clawtui.tui.widgets.parts import Tone
from clawtui.tui.widgets.table import Table

TONES = {Severity.ERROR: Tone.BAD, Severity.WARNING: Tone.WARN, Severity.INFO: Tone.MUTED}
MARKS = {Severity.ERROR: "✗", Severity.WARNING: "⚠", Severity.INFO: "·"}
Row = tuple[int, Finding]


class FindingsScreen(Dialog[None]):
    """Leaves by itself when there are no errors any more; `esc` goes on with what was last right."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("e", "edit", "Editor", id="findings.edit"),
        Binding("r", "reload", "Reload", id="findings.reload"),
    ]

    def __init__(
        self, file: Path, findings: Sequence[Finding], reload: Callable[[], Coroutine[Any, Any, Sequence[Finding]]]
    ) -> None:
        choices = (
            Choice("leave", "Go on without it"),
            Choice("reload", "Reload (r)"),
            Choice("edit", "Edit (e)", variant="primary"),
        )
        super().__init__("The config cannot be used yet", choices, classes="-wide")
        self._file = file
        self._findings = tuple(findings)
        self._reload = reload
        self._table: Table[Row] | None = None

    def body(self) -> Iterable[Widget]:
        yield Sentence(clean(str(self._file)), classes="muted")
        columns: list[Column[Row]] = [
            Column("mark", "", _mark, width=1, priority=0),
            Column("line", "Line", lambda row: str(row[1].line or "–"), width=5, priority=1),
            Column("message", "What is wrong", lambda row: _what(row[1]), least=30, share=2, priority=0),
        ]
        self._table = Table(columns, key=lambda row: row[0], empty="Nothing is wrong any more.")
        yield self._table
        yield Sentence("", classes="fix")

    def on_mount(self) -> None:
        super().on_mount()
        self.show(self._findings)
        if self._table is not None:
            self._table.focus()

    def show(self, findings: Sequence[Finding]) -> None:
        """Called also when the file has changed behind us."""
        self._findings = tuple(findings)
        if not any(finding.severity is Severity.ERROR for finding in findings):
            self.dismiss(None)
        elif self._table is not None:
            self._table.show(list(enumerate(self._findings)))

    def pressed(self, choice: str) -> None:
        match choice:
            case "edit":
                self.action_edit()
            case "reload":
                self.action_reload()
            case _:
                self.dismiss(None)

    def on_table_highlighted(self, event: Table.Highlighted) -> None:
        event.stop()
        row = event.row
        if isinstance(row, tuple):
            finding: Finding = row[1]
            self._tell(f"{_what(finding)}\n→ {finding.fix}" if finding.fix else _what(finding))

    def on_table_selected(self, event: Table.Selected) -> None:
        event.stop()
        self.action_edit()

    @work(group="edit", exclusive=True, exit_on_error=False, description="config in the editor")
    async def action_edit(self) -> None:
        row = self._table.cursor_row if self._table is not None else None
        try:
            await edit_file(self.app, self._file, row[1].line if row else None)
        except NoEditor as error:
            self._tell(str(error))
            return
        self.show(await self._reload())

    @work(group="reload", exclusive=True, exit_on_error=False, description="read the config again")
    async def action_reload(self) -> None:
        self.show(await self._reload())

    def _tell(self, words: str) -> None:
        self.query_one(".fix", Static).update(Content(clean(words)))


def _mark(row: Row) -> CellValue:
    return ((MARKS[row[1].severity], TONES[row[1].severity]),)


def _what(finding: Finding) -> str:
    return f"{finding.path}: {finding.message}" if finding.path else finding.message
