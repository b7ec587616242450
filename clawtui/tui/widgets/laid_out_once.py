"""For what grows while an answer streams: one layout and one frame a growth."""

from __future__ import annotations

from typing import ClassVar

from textual.geometry import Size
from textual.reactive import Reactive
from textual.widget import Widget


class LaidOutOnce(Widget):
    """Textual tells a widget its new size within a layout, and takes that for a reason to lay all out and paint it again.
    Nothing in these widgets depends on it: scroll bars that come or go ask for a layout by themselves.

    Stands last among the bases of a class: Textual takes styles from the first alone."""

    virtual_size: ClassVar[Reactive[Size]] = Reactive(Size(0, 0), layout=False, repaint=False)  # type: ignore[misc]

    def _size_updated(
        self, size: Size, virtual_size: Size, container_size: Size, layout: bool = True
    ) -> bool:  # Textual's own; nothing public knows of a layout before it is painted
        is_changed = super()._size_updated(size, virtual_size, container_size, layout)
        if is_changed and self.is_scrollable and self.show_vertical_scrollbar:
            # The bar belongs to this frame. In one of its own it would cost as much as all that lies between it and
            # whatever else is painted then.
            bar = self.vertical_scrollbar
            self.screen._compositor.update_widgets({bar})
            bar._repaint_required = False
        return is_changed
