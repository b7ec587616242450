"""Beside the conversation: how the routes in question do, and the why of the answer as it comes."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Static

from clawtui.engine.verdicts import Plan
from clawtui.runtime.routes_view import RouteRow
from clawtui.text import duration, duration_ms, percent
from clawtui.tui.state.why import Why, verdict_lines
from clawtui.tui.widgets.parts import PartLine, Tone
from clawtui.tui.widgets.toned import Lines
from clawtui.tui.widgets.waterfall import Waterfall

_STATES = {"closed": ("●", Tone.OK), "half_open": ("◐", Tone.WARN), "open": ("○", Tone.BAD)}


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
        self.query_one("#live-axis", Waterfall).show(why.spans(), now_ms=why.last_ms)
        self.query_one("#live-told", Lines).show(why.told)


def _route_line(row: RouteRow) -> PartLine:
    if not row.ready:
        mark, tone, state = "⚠", Tone.WARN, row.reason
    elif not row.requests and not row.circuit.failures:
        mark, tone, state = "◌", Tone.IDLE, "idle"
    else:
        mark, tone = _STATES[row.circuit.state.value]
        left = f", {duration(row.circuit.retry_in_s)} left" if row.circuit.retry_in_s is not None else ""
        figures = f"{percent(row.success_rate)}, first {duration_ms(row.first_token_p50_ms)}"
        state = figures if row.circuit.state.value == "closed" else f"{row.circuit.state.value.replace('_', '-')}{left}"
    name = f"{row.route.provider}/{row.route.model}"
    flying = f" {row.in_flight} in flight" if row.in_flight else ""
    return ((f"{mark} ", tone), (name, Tone.NORMAL), (f"  {state}", Tone.MUTED), (flying, Tone.ACCENT))
