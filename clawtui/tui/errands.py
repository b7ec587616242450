"""What panes and dialogs ask of the app by message, and what it does for them: go there, copy, export, say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clawtui.text import clean
from clawtui.tui import outbox
from clawtui.tui.footer import KeyBar
from clawtui.tui.tabs import PaneTabs

if TYPE_CHECKING:
    from clawtui.tui import messages
    from clawtui.tui.app import ClawApp


class Errands:
    """A part of ClawApp: Textual looks for the handlers of messages in all classes that an app is made of."""

    def tell(self: ClawApp, text: str, severity: str = "information") -> None:
        self.notify(clean(text), severity=severity, markup=False)  # type: ignore[arg-type]  # panes say it in words

    async def on_open_pane(self: ClawApp, message: messages.OpenPane) -> None:
        await self.open_in(message.area)

    async def on_open_trace(self: ClawApp, message: messages.OpenTrace) -> None:
        await self.open_in("traces", message.request_id)

    async def on_open_route(self: ClawApp, message: messages.OpenRoute) -> None:
        await self.open_in("routes", message.route)

    async def on_open_profile(self: ClawApp, message: messages.OpenProfile) -> None:
        await self.open_in("profiles", message.kind, message.name, message.field)

    def on_copy(self: ClawApp, message: messages.Copy) -> None:
        outbox.copy(self, message.text, message.what)

    def on_export(self: ClawApp, message: messages.Export) -> None:
        outbox.export(self, message.text, message.name)

    def on_say(self: ClawApp, message: messages.Say) -> None:
        self.tell(message.text, message.severity)

    def on_long_work_ended(self: ClawApp, message: messages.LongWorkEnded) -> None:
        self.tell(message.text)
        if not self.app_focus:
            self.bell()

    def on_actions_changed(self: ClawApp) -> None:
        self.query_one(KeyBar).look_again()

    def on_refused(self: ClawApp, message: messages.Refused) -> None:
        self.query_one(KeyBar).say(message.text)

    def on_wishes_changed(self: ClawApp) -> None:
        self.wishes_changed()

    async def on_key_bar_pressed(self: ClawApp, message: KeyBar.Pressed) -> None:
        await self.act(message.action_id)

    async def on_pane_tabs_chosen(self: ClawApp, message: PaneTabs.Chosen) -> None:
        await self.open_in(message.area)

    async def choose_target(self: ClawApp, name: str) -> None:
        """Who is to answer from now on: a profile, `fusion/NAME`, or nobody by name."""
        self.desk.remembered.target = name
        await self.open_in("playground")
        self.wishes_changed()

    def choose_policy(self: ClawApp, name: str) -> None:
        self.desk.remembered.policy = name
        self.wishes_changed()

    def wishes_changed(self: ClawApp) -> None:
        """Another target or policy: panes that show it, and the header, look again."""
        for pane in self.panes.all_mounted:
            look = getattr(pane, "wishes_changed", None)
            if look is not None:
                look()
        if self.session is not None:
            self.session.look()
