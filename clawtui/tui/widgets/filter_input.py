"""The filter of a list: an input that opens on `/`, and the chip that stays as long as a filter is set."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input

from clawtui.text import one_line
from clawtui.tui.widgets.chips import Chips


class FilterField(Input):
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "give_up", "Clear filter", id="filter.clear"),
        Binding("down", "keep", "To the list", id="filter.keep", show=False),
    ]

    class GaveUp(Message):
        pass

    def action_give_up(self) -> None:
        self.post_message(self.GaveUp())

    async def action_keep(self) -> None:
        await self.action_submit()


class FilterInput(Horizontal):
    """Takes no room until it is opened or holds a filter. The owner gets `Changed` and gives the focus back on `Left`."""

    DEFAULT_CSS = """
    FilterInput {
        height: auto;
        max-height: 1;
        display: none;
        &.-open, &.-set { display: block; }
        & > FilterField { display: none; border: none; height: 1; padding: 0 1; background: $panel; }
        &.-open > FilterField { display: block; }
        & > Chips { display: none; }
        &.-set > Chips { display: block; }
        &.-open > Chips { display: none; }
    }
    """

    class Changed(Message):
        def __init__(self, filter: FilterInput, text: str) -> None:
            super().__init__()
            self.filter = filter
            self.text = text

        @property
        def control(self) -> FilterInput:
            return self.filter

    class Left(Message):
        """The input is closed; the filter is as it was last told."""

        def __init__(self, filter: FilterInput) -> None:
            super().__init__()
            self.filter = filter

        @property
        def control(self) -> FilterInput:
            return self.filter

    def __init__(self, text: str = "", *, hint: str = "text, or column:value", id: str | None = None) -> None:
        super().__init__(id=id)
        self.text = one_line(text)
        self._hint = hint
        self.set_class(bool(self.text), "-set")

    def compose(self) -> ComposeResult:
        yield FilterField(self.text, placeholder=f"/ {self._hint}", compact=True)
        yield Chips([self.text] if self.text else [], empty="")

    @property
    def is_open(self) -> bool:
        return self.has_class("-open")

    def open(self) -> None:
        self.add_class("-open")
        field = self.query_one(FilterField)
        field.focus()

    def close(self) -> None:
        """Keeps the filter."""
        if self.is_open:
            self.remove_class("-open")
            self.post_message(self.Left(self))

    def clear(self) -> bool:
        """Whether there was a filter to clear: the next `esc` then does something else."""
        had = bool(self.text) or self.is_open
        self.query_one(FilterField).value = ""
        self._tell("")
        self.close()
        return had

    def _tell(self, text: str) -> None:
        if text != self.text:
            self.text = text
            self.set_class(bool(text), "-set")
            self.query_one(Chips).show([text] if text else [])
            self.post_message(self.Changed(self, text))

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self._tell(one_line(event.value))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.close()

    def on_filter_field_gave_up(self, event: FilterField.GaveUp) -> None:
        event.stop()
        self.clear()

    def on_chips_changed(self, event: Chips.Changed) -> None:
        event.stop()
        self.clear()

    def on_chips_pressed(self, event: Chips.Pressed) -> None:
        event.stop()
        self.open()

    def on_descendant_blur(self) -> None:
        focused: Widget | None = self.screen.focused
        if self.is_open and (focused is None or self not in focused.ancestors):
            self.remove_class("-open")
