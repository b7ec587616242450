"""For what grows while an answer streams: one layout a growth."""

from __future__ import annotations

from typing import ClassVar

from textual.geometry import Size
from textual.reactive import Reactive
from textual.widget import Widget


class LaidOutOnce(Widget):
    """Textual tells a widget its new size within a layout, and takes that for a reason to lay all out again. Nothing in
    these widgets depends on it: scroll bars that come or go ask for a layout by themselves.

    Stands last among the bases of a class: Textual takes styles from the first alone."""

    virtual_size: ClassVar[Reactive[Size]] = Reactive(Size(0, 0), layout=False)  # type: ignore[misc]
