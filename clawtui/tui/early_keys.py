"""What is typed before the first pane stands: kept, and given to the prompt when it is there."""

from __future__ import annotations

from textual.app import App
from textual.events import Event, Key, Paste

from clawtui.tui.footer import KeyBar

AT_ONCE = ("ctrl+q", "ctrl+c")


class EarlyKeys(App[None]):
    """A part of ClawApp, which calls `give_early` once a pane is in front."""

    _early: list[Key | Paste] | None = None  # None: they go where they belong

    def keep_early(self) -> None:
        self._early = []

    async def on_event(self, event: Event) -> None:
        if isinstance(event, Key | Paste) and not event.is_forwarded:
            if self._early is not None and self.screen.is_modal:
                self._early.clear()  # they were not meant for what has come instead
            elif self._early is not None and not (isinstance(event, Key) and event.key in AT_ONCE):
                self._early.append(event)
                return
            # A sentence in the footer goes with the next key: the keys are back when they are looked for.
            for bar in self.query(KeyBar):
                bar.say_no_more()
        await super().on_event(event)

    async def give_early(self, *, wanted: bool) -> None:
        """In their order, also those that come meanwhile. Where nobody wants them they are forgotten: a letter that was
        meant for the prompt is an action elsewhere."""
        early = self._early
        if early is None:
            return
        while early and wanted:
            await super().on_event(early.pop(0))
        self._early = None
