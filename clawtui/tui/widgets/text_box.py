"""A box of several lines whose undo holds. Every box of the screen that several lines are typed into is one of these."""

from __future__ import annotations

from textual.events import Paste
from textual.geometry import Offset
from textual.widgets import TextArea

from clawtui.text import clean


class TextBox(TextArea):
    def scroll_cursor_visible(self, center: bool = False, animate: bool = False) -> Offset:
        """While lines are undone the cursor stands for a moment below the last of them, and a scroll bar that goes away
        just then asks for this. Textual fails there; the cursor moves next, which asks again."""
        if self.cursor_location[0] >= self.document.line_count:
            return Offset(0, 0)
        return super().scroll_cursor_visible(center, animate)

    async def _on_paste(self, event: Paste) -> None:
        """One paste is one edit, however many lines it has; it never sends."""
        event.stop()
        event.prevent_default()
        if not self.read_only:
            result = self._replace_via_keyboard(clean(event.text), *self.selection)
            if result is not None:
                self.move_cursor(result.end_location)
