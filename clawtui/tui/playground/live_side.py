"""Beside the conversation: how the routes in question do, and the why of the answer as it comes."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Static

from clawtui.engine.verdicts import Plan
from clawtui.runtime.routes_view import RouteRow
from clawtui.text import duration, duration_ms, percent
from clawtui.tui.state.header import state_of
from clawtui.tui.state.why import Why, verdict_lines
from clawtui.tui.widgets.dots import MARKS, State
from clawtui.tui.widgets.parts import PartLine, Tone
from clawtui.tui.widgets.toned import Lines
from clawtui.tui.widgets.waterfall import Waterfall


class LiveSide(VerticalScroll, can_focus=True):
    def __init__(self) -> None:
        super().__init__(id="live", classes="panel")
        self.border_title = "Live: who answers, and why"
        self._why: Why | None = None
        self.counts_down = False  # a route of the plan is out of use for a while

    def compose(self) -> ComposeResult:
        yield Static("Routes of the plan", classes="heading")
        yield Lines(id="live-routes")
        yield Static("Why", classes="heading")
        yield Lines(id="live-verdicts")
        yield Waterfall(id="live-axis")
        yield Lines(id="live-told")

    def show_routes(self, rows: Sequence[RouteRow], plan: Plan) -> None:
        asked = {entry.route for entry in plan.entries if entry.skip is None or entry.skip.value != "not_asked"}
        shown = [row for row in rows if row.route in asked]
        self.counts_down = any(row.circuit.retry_in_s is not None or row.in_flight for row in shown)
        lines = [_route_line(row) for row in shown]
        self.query_one("#live-routes", Lines).show(lines)
        if self._why is None or self._why.plan is None:
            self.query_one("#live-verdicts", Lines).show(verdict_lines(plan, most=8))

    def show_why(self, why: Why) -> None:
        self._why = why
        if why.plan is not None:
            self.query_one("#live-verdicts", Lines).show(verdict_lines(why.plan, most=8))
        self._show_axis(why)
        self.query_one("#live-told", Lines).show(why.told)

    def tick(self, why: Why) -> None:
        """Between events only time has moved."""
        if self.display:
            self._show_axis(why)

    def _show_axis(self, why: Why) -> None:
        self.query_one("#live-axis", Waterfall).show(why.spans(), now_ms=why.last_ms)


def _route_line(row: RouteRow) -> PartLine:
    state = state_of(row)
    mark = MARKS[state]
    words = mark.word
    if state is State.NOT_READY:
        words = row.reason
    elif state is State.CLOSED:
        is_known = row.requests > 0
        words = f"{percent(row.success_rate)}, first {duration_ms(row.first_token_p50_ms)}" if is_known else ""
    elif row.circuit.retry_in_s is not None:
        words += f", {duration(row.circuit.retry_in_s)} left"
    name = f"{row.route.provider}/{row.route.model}"
    flying = f" {row.in_flight} in flight" if row.in_flight else ""
    told = f"  {words}" if words else ""
    return ((f"{mark.shape} ", mark.tone), (name, Tone.NORMAL), (told, Tone.MUTED), (flying, Tone.ACCENT))
