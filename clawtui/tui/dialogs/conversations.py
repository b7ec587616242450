"""All conversations: the newest first, or those that hold what is typed, found in full text."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from textual import work
from textual.widget import Widget
from textual.widgets import Input

from clawtui.runtime import Runtime
from clawtui.text import ago, count
from clawtui.tui.desk import Desk
from clawtui.tui.widgets.columns import Align, Column
from clawtui.tui.widgets.dialog import Choice, Dialog
from clawtui.tui.widgets.picker import PickerField
from clawtui.tui.widgets.table import Table


@dataclass(frozen=True, slots=True)
class Found:
    conversation: str
    title: str
    note: str
    at: float
    turn: int = -1


class Conversations(Dialog[str]):
    """Ends with the id of a conversation, or None."""

    ENTER_DOES = "Open"

    def __init__(self, desk: Desk) -> None:
        super().__init__("Conversations", (Choice("cancel", "Cancel"), Choice("open", "Open")), classes="-wide")
        self._desk = desk

    def body(self) -> Iterable[Widget]:
        yield PickerField(placeholder="Search all conversations", compact=True)
        table: Table[Found] = Table(
            [
                Column("title", "Title", lambda row: row.title, least=16, share=2, priority=0),
                Column("note", "", lambda row: row.note, least=16, share=3, priority=2),
                Column("at", "Changed", lambda row: ago(self._desk.now() - row.at), width=10, align=Align.RIGHT),
            ],
            key=lambda row: (row.conversation, row.turn),
            empty="No conversation yet",
        )
        table.can_focus = False
        yield table

    def on_mount(self) -> None:
        self.query_one(PickerField).focus()
        self._search("")

    @work(group="search", exclusive=True, exit_on_error=False, description="search conversations")
    async def _search(self, text: str) -> None:
        async def read(runtime: Runtime) -> list[Found]:
            conversations = runtime.store.conversations
            if text.strip():
                hits = await conversations.search(text)
                return [Found(hit.conversation, hit.title, hit.snippet, hit.at, hit.turn) for hit in hits]
            return [
                Found(row.id, row.title, f"{count(row.turns)} turns", row.changed)
                for row in await conversations.recent()
            ]

        table = self.query_one(Table)
        table.empty = f"No conversation holds {text}" if text.strip() else "No conversation yet"
        table.show(await self._desk.do(read))

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self._search(event.value)

    def on_picker_field_moved(self, event: PickerField.Moved) -> None:
        event.stop()
        if event.how != "mark":
            getattr(self.query_one(Table), f"action_{event.how}")()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.pressed("open")

    def on_table_selected(self, event: Table.Selected) -> None:
        event.stop()
        self.pressed("open")

    def pressed(self, choice: str) -> None:
        row = self.query_one(Table).cursor_row
        self.dismiss(row.conversation if choice == "open" and row is not None else None)
