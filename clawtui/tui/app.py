"""The app: composes header, panes and footer, binds keys, sets themes, and keeps crashes to one sentence."""

from __future__ import annotations

import gc
import logging
from collections.abc import Iterable
from typing import ClassVar

from textual import work
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.filter import LineFilter
from textual.widgets import ContentSwitcher, Footer, Static

from clawtui.engine.events import BusEvent
from clawtui.runtime import Runtime
from clawtui.text import money, one_line
from clawtui.tui import themes
from clawtui.tui.desk import Desk
from clawtui.tui.messages import OpenTrace
from clawtui.tui.pane import Pane
from clawtui.tui.panes.playground import PlaygroundPane
from clawtui.tui.panes.routes import RoutesPane
from clawtui.tui.panes.traces import TracesPane
from clawtui.tui.widgets.safe_text import SafeText

log = logging.getLogger(__name__)
PANES: tuple[type[Pane], ...] = (PlaygroundPane, RoutesPane, TracesPane)
HEADER_SECONDS = 1.0


class ClawApp(App[None]):
    TITLE = "clawtui"
    CSS_PATH = "app.tcss"
    ENABLE_COMMAND_PALETTE = True
    BINDINGS: ClassVar[list[BindingType]] = [
        *(
            Binding(f"f{number}", f"open('{pane.AREA}')", pane.TITLE, priority=True, id=f"app.{pane.AREA}")
            for number, pane in enumerate(PANES, start=1)
        ),
        Binding("ctrl+q", "quit", "Quit", priority=True, id="app.quit"),
    ]

    def __init__(self, desk: Desk, complaint: str | None = None) -> None:
        super().__init__()
        self.desk = desk
        self.crashed: str | None = None
        self._complaint = complaint
        self._leave_bus: object = None

    def compose(self) -> ComposeResult:
        yield Static(id="header")
        with ContentSwitcher(id="panes"):
            for pane in PANES:
                yield pane(self.desk)
        yield Footer(show_command_palette=False)

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """The colours of states, for themes that name none."""
        return themes.state_variables(self.current_theme)

    def get_line_filters(self) -> Iterable[LineFilter]:
        """What leaves for the terminal holds nothing that it would obey."""
        return [*super().get_line_filters(), SafeText()]

    async def on_mount(self) -> None:
        found = themes.load(themes.folders(self.desk.paths.themes))
        for theme in found.themes:
            self.register_theme(theme)
        wanted = self.desk.remembered.theme or themes.DEFAULT
        if wanted in self.available_themes:
            self.theme = wanted
        for broken in found.broken:
            self.notify(f"theme {broken.name} is left out: {broken.reason}", severity="warning", markup=False)
        if self._complaint:
            self.notify(self._complaint, severity="warning", markup=False)
        self.theme_changed_signal.subscribe(self, self._theme_changed)
        self.call_after_refresh(self.action_open, self.desk.remembered.pane or PlaygroundPane.AREA)
        self._leave_bus = await self.desk.thread.subscribe(self._received)
        self.set_interval(HEADER_SECONDS, self._show_header)
        self._show_header()
        self._begin()

    @work(group="begin", exit_on_error=False, description="what begins after the first frame")
    async def _begin(self) -> None:
        async def begin(runtime: Runtime) -> None:
            runtime.watch()
            if runtime.is_demo:
                from clawtui.runtime.demo_caller import BackgroundCaller
                from clawtui.runtime.demo_past import seed_past

                await seed_past(runtime)
                runtime.own(BackgroundCaller(runtime.engine).run, "background caller")

        # What is mounted now stays: the collector need not walk it while answers stream (a full walk costs 25 ms and more).
        gc.collect()
        gc.freeze()
        await self.desk.do(begin)

    def _received(self, events: tuple[BusEvent, ...]) -> None:
        for pane in self.query(Pane):
            pane.receive(events)

    @work(group="header", exclusive=True, exit_on_error=False, description="header")
    async def _show_header(self) -> None:
        self.query_one("#header", Static).update(Content(await self.desk.do(_header)))

    def _theme_changed(self, theme: object) -> None:
        self.desk.remembered.theme = self.theme

    def action_open(self, area: str) -> None:
        switcher = self.query_one("#panes", ContentSwitcher)
        areas = {pane.AREA for pane in PANES}
        area = area if area in areas else PlaygroundPane.AREA
        for pane in self.query(Pane):
            if area == pane.AREA:
                switcher.current = pane.id
                self.desk.remembered.pane = area
                pane.shown()
                pane.focus_main()
            else:
                pane.hidden()

    def on_open_trace(self, message: OpenTrace) -> None:
        self.action_open(TracesPane.AREA)
        self.query_one(TracesPane).open(message.request_id)

    def _handle_exception(self, error: Exception) -> None:
        """Without local variables: they may hold what nobody should read on a screen or in a log."""
        self.crashed = type(error).__name__
        log.error("the screen failed: %s", type(error).__name__)
        self.exit(return_code=1)


async def _header(runtime: Runtime) -> str:
    """One line, from the same plan that a request would get."""
    from clawtui.engine.request import ChatRequest, user
    from clawtui.runtime.budgets_view import budget_rows

    state, engine = runtime.state, runtime.engine
    parts = ["DEMO, all simulated" if runtime.is_demo else "clawtui"]
    if state.errors:
        parts.append(f"config has {len(state.errors)} errors: clawtui config check")
    plan = engine.plan(ChatRequest((user("…"),)))
    if plan.candidates:
        route = plan.candidates[0].route
        parts.append(f"{plan.policy} · {route.profile or '-'} → {route.provider}/{route.model}")
    else:
        parts.append(f"{plan.policy} · nobody can answer: clawtui models doctor")
    for budget in budget_rows(engine):
        if budget.policy == plan.policy and budget.period == "day":
            parts.append(f"today {money(budget.spent_usd)} of {money(budget.limit_usd)}")
    views = {view.route: view.state for view in engine.circuits.views()}
    marks = {"closed": "●", "half_open": "◐", "open": "○"}
    parts.append(
        "".join(marks[views.get(spec.route, "closed")] for spec in list(engine.registry.profiles.values())[:12])
    )
    if runtime.store.down is not None:
        parts.append("usage is not being saved")
    return one_line("  │  ".join(parts))
