"""Choosing one or several of a list by fuzzy name. What cannot be chosen is there too, and says why."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.fuzzy import FuzzySearch
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input, Static

from clawtui.text import cell_width, clean
from clawtui.tui.widgets.columns import CellValue, Column
from clawtui.tui.widgets.dialog import Choice, Dialog, Sentence
from clawtui.tui.widgets.parts import Tone
from clawtui.tui.widgets.table import Table

LONGEST_NAME = 26  # cells, where columns stand beside it


@dataclass(frozen=True, slots=True)
class Option:
    key: str
    label: str
    note: str = ""  # price, capabilities, readiness: in one line
    mark: CellValue = ""  # a dot
    why_not: str = ""  # not empty: shown instead of the note, and cannot be chosen
    cells: tuple[CellValue, ...] = ()  # the note in columns, where the picker is given some


@cache
def _search() -> FuzzySearch:
    return FuzzySearch()


def ranked(options: Sequence[Option], query: str) -> list[Option]:
    """All without a query, in their order. With one: those that match label, key or note, the best first."""
    words = query.split()
    if not words:
        return list(options)
    scored: list[tuple[float, int, Option]] = []
    for place, option in enumerate(options):
        scores = [_score(word, option) for word in words]
        if all(scores):
            scored.append((-sum(scores), place, option))
    return [option for _, _, option in sorted(scored, key=lambda item: item[:2])]


def _score(word: str, option: Option) -> float:
    name = max(_search().match(word, option.label)[0], _search().match(word, option.key)[0])
    # A note is searched for whole words only: scattered letters are in any of them.
    return name + (1.0 if word.casefold() in option.label.casefold() else 0.0) or (
        0.1 if word.casefold() in option.note.casefold() else 0.0
    )


class PickerField(Input):
    """Moves in the list below while the name is typed."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move('up')", "Up", id="picker.up", show=False),
        Binding("down", "move('down')", "Down", id="picker.down", show=False),
        Binding("pageup", "move('page_up')", "Page up", id="picker.page_up", show=False),
        Binding("pagedown", "move('page_down')", "Page down", id="picker.page_down", show=False),
        Binding("tab", "move('mark')", "Mark", id="picker.mark", show=False),
    ]

    class Moved(Message):
        def __init__(self, how: str) -> None:
            super().__init__()
            self.how = how

    def action_move(self, how: str) -> None:
        self.post_message(self.Moved(how))


class Picker(Dialog[tuple[str, ...]]):
    """Ends with the chosen keys, one of them unless `most` is more; None for `esc`."""

    DEFAULT_CSS = """
    Picker {
        & PickerField { border: none; height: 1; padding: 0 1; background: $panel; }
        & Table { height: auto; max-height: 20; }
        & .picker--why { height: auto; min-height: 1; max-height: 2; padding: 0 1; color: $text-muted; }
    }
    """

    def __init__(
        self,
        title: str,
        options: Sequence[Option],
        *,
        chosen: Iterable[str] = (),
        least: int = 1,
        most: int = 1,
        hint: str = "",
        columns: Sequence[Column[Option]] = (),
    ) -> None:
        choices = (
            Choice("cancel", "Cancel"),
            Choice("choose", "Choose", variant="primary"),
        )
        super().__init__(title, choices, classes="-wide")
        self.options = tuple(options)
        self.least, self.most = least, most
        self._given = tuple(columns)
        self._hint = hint or ("Type a name, enter chooses." if most == 1 else "Type a name, tab marks, enter is done.")
        self._marked = [key for key in chosen if any(option.key == key and not option.why_not for option in options)]
        self._at_first = self._marked[0] if self._marked else None
        self._table: Table[Option] | None = None

    @property
    def is_multiple(self) -> bool:
        return self.most > 1

    def body(self) -> Iterable[Widget]:
        yield PickerField(placeholder=self._hint, compact=True)
        yield Sentence("", classes="picker--why")
        columns: list[Column[Option]] = [
            Column("mark", "", self._mark, width=3 if self.is_multiple else 1, priority=0),
        ]
        if self._given:
            longest = max((cell_width(option.label) for option in self.options), default=0)
            columns.append(Column("label", "Name", self._label, width=min(longest, LONGEST_NAME), priority=0))
            columns += self._given
        else:
            columns.append(Column("label", "Name", self._label, least=16, share=2, priority=0, keeps_end=True))
            columns.append(Column("note", "", self._note, least=20, share=3, priority=2))
        self._table = Table(columns, key=lambda option: option.key, empty="Nothing is called that.")
        self._table.can_focus = False
        yield self._table

    def on_mount(self) -> None:
        self._show("")
        if self._at_first is not None and self._table is not None:
            self._table.move_to_key(self._at_first)
        self.query_one(PickerField).focus()

    def key_hints(self) -> Sequence[tuple[str, str]]:
        if not isinstance(self.focused, PickerField):
            return super().key_hints()
        several = [("tab", "Mark"), ("enter", "Done")] if self.is_multiple else [("enter", "Choose")]
        return [*several, ("↑↓", "Move"), ("esc", "Close")]

    def _mark(self, option: Option) -> CellValue:
        if self.is_multiple:
            return "[x]" if option.key in self._marked else "[ ]"
        return option.mark or ("●" if option.key in self._marked else " ")

    def _label(self, option: Option) -> CellValue:
        return ((option.label, Tone.MUTED if option.why_not else Tone.NORMAL),)

    def _note(self, option: Option) -> CellValue:
        return ((option.why_not or option.note, Tone.WARN if option.why_not else Tone.MUTED),)

    def _show(self, query: str) -> None:
        if self._table is not None:
            self._table.show(ranked(self.options, query))
            if query:
                self._table.move_to(0)

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self._show(event.value)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self._choose()

    def on_picker_field_moved(self, event: PickerField.Moved) -> None:
        event.stop()
        if self._table is None:
            return
        match event.how:
            case "up":
                self._table.action_up()
            case "down":
                self._table.action_down()
            case "page_up":
                self._table.action_page_up()
            case "page_down":
                self._table.action_page_down()
            case _:
                self._toggle()

    @on(Table.Highlighted)
    def _highlighted(self, event: Table.Highlighted) -> None:
        event.stop()
        option = event.row
        text = (option.why_not or option.note) if isinstance(option, Option) else ""
        self._tell(text)

    @on(Table.Selected)
    def _selected(self, event: Table.Selected) -> None:
        event.stop()
        if self.is_multiple:
            self._toggle()
        else:
            self._choose()

    def pressed(self, choice: str) -> None:
        if choice == "choose":
            self._choose()
        else:
            self.dismiss(None)

    def _toggle(self) -> None:
        option = self._table.cursor_row if self._table is not None else None
        if option is None or not self.is_multiple:
            return
        if option.key in self._marked:
            self._marked.remove(option.key)
        elif option.why_not:
            self._tell(option.why_not)
            return
        elif len(self._marked) >= self.most:
            self._tell(f"At most {self.most}.")
            return
        else:
            self._marked.append(option.key)
        if self._table is not None:
            self._table.forget_painted()

    def _choose(self) -> None:
        option = self._table.cursor_row if self._table is not None else None
        if self.is_multiple:
            if not self._marked and option is not None and not option.why_not and self.least <= 1:
                self._marked.append(option.key)
            if len(self._marked) < self.least:
                self._tell(f"At least {self.least}: tab marks.")
                return
            self.dismiss(tuple(self._marked))
        elif option is None:
            return
        elif option.why_not:
            self._tell(option.why_not)
        else:
            self.dismiss((option.key,))

    def _tell(self, text: str) -> None:
        self.query_one(".picker--why", Static).update(Content(clean(text)))
