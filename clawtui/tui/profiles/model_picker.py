"""A provider's models to pick from, and what is typed where it is none of them: lists are seldom complete."""

from __future__ import annotations

from collections.abc import Sequence

from textual.widgets import Input

from clawtui.text import one_line
from clawtui.tui.widgets.picker import Option, Picker

TYPED = "="
# Without letters, so that any model that is called so comes before it.
TYPED_LABEL = "→"


class ModelPicker(Picker):
    """Ends with TYPED for what was typed; `typed` says what. Empty: it is still to be asked for."""

    def __init__(self, title: str, models: Sequence[Option], now: str) -> None:
        super().__init__(title, (*models, _as_typed("")), chosen=[now])
        self._models = tuple(models)
        self.typed = ""

    def on_input_changed(self, event: Input.Changed) -> None:
        """Before the list is searched, which the picker's own handler does next."""
        self.typed = one_line(event.value)
        is_listed = any(model.key == self.typed for model in self._models)
        self.options = self._models if is_listed else (*self._models, _as_typed(self.typed))


def _as_typed(text: str) -> Option:
    return Option(TYPED, TYPED_LABEL, f'use "{text}"' if text else "another: type its name")
