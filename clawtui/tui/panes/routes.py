"""Routes: who is healthy, who rests and for how long, and what can be done about it. Looked at when something happens,
at most four times a second; once a second while a countdown or an age is in sight."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.events import DescendantFocus
from textual.widgets import Static
from textual.worker import Worker

from clawtui.engine.events import BusEvent
from clawtui.engine.probing import PROBE_SECONDS
from clawtui.engine.request import RequestId, Route
from clawtui.runtime import Runtime
from clawtui.runtime.route_detail import RouteDetail, probe_provider, route_detail
from clawtui.runtime.routes_view import RouteRow, route_rows
from clawtui.text import clean, duration
from clawtui.tui.desk import Desk
from clawtui.tui.messages import ActionsChanged, Copy, Export, LongWorkEnded, OpenTrace
from clawtui.tui.pane import LookingPane
from clawtui.tui.routes.columns import route_columns
from clawtui.tui.routes.detail import RoutePanel
from clawtui.tui.state.route_detail import Probed, heard
from clawtui.tui.state.routes import Chosen, Line, concerns, exported, is_restless, lines_of, named, why_not
from clawtui.tui.widgets.filter_input import FilterInput
from clawtui.tui.widgets.table import Table
from clawtui.tui.widgets.table_rows import read_sort

LEAST_SECONDS = 0.25  # between two looks
QUIET_LOOKS = 30  # of these ticks, one looks where nothing happens
ACTING = ("probe", "reset", "disable", "reset_credential", "copy", "export")
LONG_PROBE = 2.0  # seconds from which on the end of a probe is told


class RoutesPane(LookingPane):
    AREA = "routes"
    TITLE = "Routes"

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._rows: list[RouteRow] = []
        self._detail: RouteDetail | None = None
        self._probed: dict[str, Probed] = {}
        self._probing: tuple[str, Worker[None], float] | None = None
        self._wanted_route: Route | None = None  # to be shown as soon as it is in the list
        self._is_looking = False
        self._looks_again = False
        self._ticks = 0
        self._why: tuple[str | None, ...] = ()

    def compose(self) -> ComposeResult:
        remembered = self.desk.remembered
        with Vertical(id="routes-list", classes="panel") as panel:
            panel.border_title = "Routes"
            yield FilterInput(remembered.filters.get("routes", ""), id="routes-filter")
            yield Table(
                route_columns(),
                key=lambda line: line.route,
                empty="No routes: no profile is written yet. F4 writes one.",
                sort=read_sort(remembered.sorts.get("routes", "")),
                id="routes",
            )
            yield Static(id="routes-note", markup=False)
        yield RoutePanel(id="route-detail", classes="panel")

    @property
    def table(self) -> Table[Line]:
        return self.query_one("#routes", Table)

    @property
    def panel(self) -> RoutePanel:
        return self.query_one(RoutePanel)

    def on_mount(self) -> None:
        self.table.set_filter(self.query_one(FilterInput).text)

    # ---- looking

    def receive(self, events: tuple[BusEvent, ...]) -> None:
        if concerns(events):
            self.look_now()

    def shown(self) -> None:
        super().shown()
        self.look_now()

    def look(self) -> None:
        """Once a second: where nothing counts down and no age is in sight, nothing is looked up."""
        self._ticks += 1
        if self._probing is not None:
            self._say_probing()
        if self._is_restless() or self._ticks % QUIET_LOOKS == 0:
            self.look_now()

    def _is_restless(self) -> bool:
        credentials = self._detail.credentials if self._detail is not None else ()
        return any(view.retry_in_s for view in credentials) or is_restless(self._rows, self.desk.now())

    def look_now(self) -> None:
        """What happens and what is done here come this way; several at once are one look."""
        if not self._is_shown:
            return
        self._looks_again = True
        if not self._is_looking:
            self._is_looking = True
            self._look()

    @work(group="routes", exit_on_error=False, description="routes")
    async def _look(self) -> None:
        try:
            while self._looks_again and self._is_shown:
                self._looks_again = False
                route = self._chosen_route
                rows, detail = await self.desk.do(partial(_read, route=route))
                self._rows = rows
                if detail is not None and route == self._chosen_route:
                    self._detail = detail
                self._show()
                await asyncio.sleep(LEAST_SECONDS)
        finally:
            self._is_looking = False

    @property
    def _chosen_route(self) -> Route | None:
        row = self.table.cursor_row
        return row.route if row is not None else None

    def _show(self) -> None:
        self.table.show(lines_of(self._rows, self.desk.now()))
        shown, total = self.table.row_count, self.table.total
        title = f"Routes, {shown} of {total}" if shown != total else f"Routes, {total}" if total else "Routes"
        self.query_one("#routes-list").border_title = title
        if self._wanted_route is not None and self._rows:
            route, self._wanted_route = self._wanted_route, None
            if not self.table.move_to_key(route):
                self._say(f"{named(route)} is not among the routes")
        self._show_detail()

    def _show_detail(self) -> None:
        line = self.table.cursor_row
        detail = self._detail if line is not None and self._detail and self._detail.route == line.route else None
        probed = self._probed.get(line.route.provider) if line is not None else None
        self.panel.show(line, detail, probed, self.desk.now())
        self._actions_may_have_changed()

    @on(Table.Highlighted, "#routes")
    def _another_route(self) -> None:
        if self._probing is None:
            self._say("")
        self._show_detail()
        self._read_detail()

    @on(Table.Highlighted, "#route-credentials")
    def _actions_may_have_changed(self) -> None:
        why = tuple(self.why_not(verb) for verb in ("probe", "reset", "disable", "reset_credential"))
        if why != self._why:
            self._why = why
            self.post_message(ActionsChanged())

    @work(group="route", exclusive=True, exit_on_error=False, description="one route")
    async def _read_detail(self) -> None:
        """Between two looks, so that the detail follows the cursor at once."""
        route = self._chosen_route
        if route is not None and (self._detail is None or self._detail.route != route):
            detail = await self.desk.do(partial(route_detail, route=route))
            if route == self._chosen_route:
                self._detail = detail
                self._show_detail()

    # ---- going

    def focus_main(self) -> None:
        if self.has_class("-detail"):
            self.panel.attempts.focus()
        else:
            self.table.focus()

    def open(self, route: Route) -> None:
        """Shows this route with its detail."""
        self.query_one(FilterInput).clear()
        self.table.set_filter("")  # at once: what the input says comes later
        self._wanted_route = route
        self._to_detail()
        self.look_now()

    @on(Table.Selected, "#routes")
    def _to_detail(self) -> None:
        self.add_class("-detail")
        self.panel.attempts.focus()
        self.panel.scroll_home(animate=False)

    def _to_list(self) -> None:
        self.remove_class("-detail")
        self.table.focus()

    def on_descendant_focus(self, event: DescendantFocus) -> None:
        """On a narrow screen one of the two is seen: that which has the focus."""
        self.set_class(self.panel in event.widget.ancestors, "-detail")

    def action_back(self) -> bool:
        if self._probing is not None:
            self._probing[1].cancel()
        elif self.has_class("-detail"):
            self._to_list()
        else:
            return self.query_one(FilterInput).clear()
        return True

    @on(Table.Selected, "#route-attempts")
    def _open_trace(self, event: Table.Selected) -> None:
        self.post_message(OpenTrace(RequestId(event.row.row.request_id)))

    # ---- filter and order

    def action_filter(self) -> None:
        self._to_list()
        self.query_one(FilterInput).open()

    def on_filter_input_changed(self, event: FilterInput.Changed) -> None:
        self.table.set_filter(event.text)
        self.desk.remembered.filters["routes"] = event.text
        self._show()

    def on_filter_input_left(self) -> None:
        if not self.has_class("-detail"):
            self.table.focus()

    @on(Table.SortChanged, "#routes")
    def _sorted(self, event: Table.SortChanged) -> None:
        self.desk.remembered.sorts["routes"] = str(event.sort) if event.sort is not None else ""

    # ---- steering

    def why_not(self, verb: str) -> str | None:
        return why_not(verb, self._chosen()) if verb in ACTING else None

    def _chosen(self) -> Chosen:
        panel = self.panel
        return Chosen(
            self.table.cursor_row, panel.credential, panel.credentials.row_count > 0, self._probing is not None
        )

    def action_probe(self) -> None:
        route = self._chosen_route
        if route is not None:
            self._probing = (route.provider, self._probe(route.provider), self.desk.clock.monotonic())
            self._say_probing()
            self._actions_may_have_changed()

    @work(group="probe", exclusive=True, exit_on_error=False, description="probe")
    async def _probe(self, provider: str) -> None:
        began = self.desk.clock.monotonic()
        said = "the probe was cancelled"
        try:
            probe = await self.desk.do(partial(probe_provider, provider_id=provider))
            found = self._probed[provider] = heard(probe, self.desk.now())
            said = f"{provider} {found.words}"
            if self.desk.clock.monotonic() - began >= LONG_PROBE:
                self.post_message(LongWorkEnded(said))
        finally:
            self._probing = None
            self._say(said)
            self._show_detail()
            self.look_now()

    def _say_probing(self) -> None:
        if self._probing is not None:
            provider, _, began = self._probing
            took = duration(self.desk.clock.monotonic() - began)
            self._say(f"probing {provider}, {took} of at most {duration(PROBE_SECONDS)}; esc cancels")

    async def action_reset(self) -> None:
        route = self._chosen_route
        if route is not None:

            async def reset(runtime: Runtime) -> None:
                runtime.engine.circuits.reset([route])

            await self._steer(reset, f"the circuit of {named(route)} is closed; its history stays")

    async def action_disable(self) -> None:
        line = self.table.cursor_row
        if line is not None:
            disabled = not line.row.is_disabled

            async def toggle(runtime: Runtime) -> None:
                runtime.engine.set_disabled(line.route, disabled)

            words = "is out for this run; x takes it back in" if disabled else "is back in"
            await self._steer(toggle, f"{named(line.route)} {words}")

    async def action_reset_credential(self) -> None:
        credential = self.panel.credential
        if credential is not None:

            async def reset(runtime: Runtime) -> None:
                runtime.engine.pools.reset(credential.provider, credential.label)

            await self._steer(reset, f"{credential.label} is usable again")

    async def _steer(self, do: Callable[[Runtime], Awaitable[None]], said: str) -> None:
        await self.desk.do(do)
        self._say(said)
        self.look_now()

    def _say(self, words: str) -> None:
        """What became of the last action, below the list; gone when another route is looked at."""
        note = self.query_one("#routes-note", Static)
        note.update(Content(clean(words)))
        note.set_class(bool(words), "-said")

    # ---- what leaves

    def action_copy(self) -> None:
        panel, route = self.panel, self._chosen_route
        attempt, credential = panel.attempts.cursor_row, panel.credential
        if panel.attempts.has_focus and attempt is not None:
            self.post_message(Copy(attempt.row.request_id, "the request's id"))
        elif panel.credentials.has_focus and credential is not None:
            self.post_message(Copy(credential.label, "the credential's label"))
        elif route is not None:
            self.post_message(Copy(str(route), "the route"))

    def action_export(self) -> None:
        """The routes as they are listed, those that the filter hides left out."""
        shown = [self.table.row_at(place) for place in range(self.table.row_count)]
        self.post_message(Export(exported([line.row for line in shown if line is not None]), "routes.json"))


async def _read(runtime: Runtime, route: Route | None) -> tuple[list[RouteRow], RouteDetail | None]:
    rows = await route_rows(runtime.engine, runtime.store)
    return rows, await route_detail(runtime, route) if route is not None else None
