"""The form of one entry: its fields as rows, help and complaints of the chosen one below, a line to type its value."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, Static

from clawtui.text import clean
from clawtui.tui.state.profile_form import FormField, Mistyped, Path, shown, typed
from clawtui.tui.state.profiles import FormRow, finding_cell, help_text, label_cell, value_cell
from clawtui.tui.widgets.columns import Column
from clawtui.tui.widgets.parts import PartLine
from clawtui.tui.widgets.table import Table
from clawtui.tui.widgets.toned import Lines


class Form(Vertical):
    class Typed(Message):
        """Another value of a field, with every key. `value` of None: nothing is to stand there."""

        def __init__(self, field: FormField, value: object) -> None:
            super().__init__()
            self.field = field
            self.value = value

    def __init__(self) -> None:
        super().__init__(id="profile-form", classes="panel")
        self._typing: FormRow | None = None  # the row as it was when typing began

    def compose(self) -> ComposeResult:
        yield Lines(id="form-preview")
        columns: list[Column[FormRow]] = [
            Column("label", "Field", label_cell, least=18, share=2, priority=0),
            Column("value", "Value", value_cell, least=18, share=3, priority=0),
            Column("finding", "", finding_cell, least=12, share=2, priority=1),
        ]
        yield Table(columns, key=lambda row: row.key, empty="Choose something on the left", id="form-fields")
        yield Input("", id="form-input", compact=True)
        yield Static("", id="form-help", markup=False)

    def on_mount(self) -> None:
        self.query_one("#form-input").display = False
        self.query_one("#form-preview").display = False

    @property
    def fields(self) -> Table[FormRow]:
        return self.query_one("#form-fields", Table)

    @property
    def line(self) -> Input:
        return self.query_one("#form-input", Input)

    @property
    def is_typing(self) -> bool:
        return self._typing is not None

    def show(self, title: str, rows: Sequence[FormRow], preview: Sequence[PartLine] = ()) -> None:
        self.border_title = Content(title)
        shown_preview = self.query_one("#form-preview", Lines)
        shown_preview.display = bool(preview)
        shown_preview.show(preview)
        self.fields.show(rows)
        self._tell(self.fields.cursor_row)

    def go_to(self, field: Path) -> None:
        if not self.fields.move_to_key(field):
            self.fields.move_to(0)
        self.fields.focus()

    def on_table_highlighted(self, event: Table.Highlighted) -> None:
        event.stop()
        self._tell(event.row)

    def _tell(self, row: FormRow | None, wrong: str = "") -> None:
        words = clean(help_text(row)) if row is not None else ""
        self.query_one("#form-help", Static).update(Content(f"{words}\n✗ {wrong}" if wrong else words))

    # ---- typing a value

    def type(self, row: FormRow) -> None:
        self._typing = row
        self.line.value = "" if row.value is None else clean(shown(row.value))
        self.line.placeholder = row.instead
        self.line.border_title = row.field.label
        self.line.display = True
        self.line.focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        if self._typing is None:
            return
        try:
            value = typed(self._typing.field, event.value)
        except Mistyped as error:
            self._tell(self._typing, str(error))
            return
        self.post_message(self.Typed(self._typing.field, value))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        if self._typing is None:
            return
        try:
            typed(self._typing.field, event.value)
        except Mistyped as error:
            self._tell(self._typing, str(error))
            return
        self._end()

    def give_up(self) -> bool:
        """Back to what stood there when typing began."""
        row = self._typing
        if row is None:
            return False
        self._end()
        self.post_message(self.Typed(row.field, row.value))
        return True

    def _end(self) -> None:
        self._typing = None
        self.line.display = False
        self.fields.focus()
