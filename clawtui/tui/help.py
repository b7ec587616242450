"""The help: the keys that work here, found by name or by key as one types; enter does the action."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from textual.widget import Widget
from textual.widgets import Input

from clawtui.tui.state.help import HelpRow, matching
from clawtui.tui.widgets.columns import CellValue, Column
from clawtui.tui.widgets.dialog import Dialog
from clawtui.tui.widgets.parts import Tone
from clawtui.tui.widgets.picker import PickerField
from clawtui.tui.widgets.table import Table


class Help(Dialog[str]):
    """Ends with the id of the action to do, or None."""

    def __init__(self, rows: Sequence[HelpRow]) -> None:
        super().__init__("Keys", classes="-wide")
        self._rows = tuple(rows)
        self._table: Table[HelpRow] | None = None

    def body(self) -> Iterable[Widget]:
        yield PickerField(placeholder="Type a name or a key to look through all of them; enter does it.", compact=True)
        columns: list[Column[HelpRow]] = [
            Column("keys", "Key", _keys, width=14, priority=0),
            Column("label", "Action", lambda row: row.action.label, width=16, priority=0),
            Column("help", "What it does", _help, least=20, share=3, priority=1),
            Column("group", "Where", lambda row: ((row.action.group, Tone.MUTED),), width=11, priority=2),
        ]
        self._table = Table(columns, key=lambda row: row.action.id, empty="No action is called that.")
        self._table.can_focus = False
        yield self._table

    ENTER_DOES = "Do it"

    def on_mount(self) -> None:
        super().on_mount()
        self._show("")
        self.query_one(PickerField).focus()

    def _show(self, query: str) -> None:
        if self._table is not None:
            self._table.show(list(matching(self._rows, query)))
            self._table.move_to(0)

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self._show(event.value)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self._choose()

    def on_table_selected(self, event: Table.Selected) -> None:
        event.stop()
        self._choose()

    def on_picker_field_moved(self, event: PickerField.Moved) -> None:
        event.stop()
        if self._table is not None and event.how in ("up", "down", "page_up", "page_down"):
            getattr(self._table, f"action_{event.how}")()

    def _choose(self) -> None:
        row = self._table.cursor_row if self._table is not None else None
        if row is not None:
            self.dismiss(row.action.id)


def _keys(row: HelpRow) -> CellValue:
    return ((row.keys or "by palette", Tone.ACCENT if row.keys else Tone.MUTED),)


def _help(row: HelpRow) -> CellValue:
    return ((row.action.help, Tone.NORMAL if row.is_here else Tone.MUTED),)
