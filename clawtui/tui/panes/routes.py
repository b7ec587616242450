"""Routes: who is healthy, who rests and for how long. Looked at once a second while it is shown."""

from __future__ import annotations

from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from clawtui.runtime import Runtime
from clawtui.runtime.routes_view import RouteRow, route_rows
from clawtui.text import ago, count, duration, duration_ms, percent
from clawtui.tui.pane import LookingPane
from clawtui.tui.widgets.columns import Align, CellValue, Column, Tone
from clawtui.tui.widgets.table import Table

MARKS = {"closed": ("● closed", Tone.OK), "half_open": ("◐ half-open", Tone.WARN), "open": ("○ open", Tone.BAD)}


class RoutesPane(LookingPane):
    AREA = "routes"
    TITLE = "Routes"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("r", "reset", "Reset circuit", id="routes.reset")]

    def compose(self) -> ComposeResult:
        yield Table(
            self._columns(), key=lambda row: row.route, empty="No routes: no profile is written yet", id="routes"
        )

    def look(self) -> None:
        self._looked()

    @work(group="routes", exclusive=True, exit_on_error=False, description="routes")
    async def _looked(self) -> None:
        self.query_one(Table).show(await self.desk.do(lambda runtime: route_rows(runtime.engine, runtime.store)))

    @work(group="reset", exit_on_error=False, description="reset a circuit")
    async def action_reset(self) -> None:
        row = self.query_one(Table).cursor_row
        if row is None:
            return

        async def reset(runtime: Runtime) -> None:
            runtime.engine.circuits.reset([row.route])

        await self.desk.do(reset)
        self.look()

    def _columns(self) -> list[Column[RouteRow]]:
        def last(row: RouteRow) -> str:
            at = row.last_failure_at
            return "" if row.last_failure is None or at is None else f"{row.last_failure} {ago(self.desk.now() - at)}"

        right = Align.RIGHT
        return [
            Column("state", "State", _state, width=20, order=lambda row: row.circuit.state.value),
            Column(
                "route",
                "Route",
                lambda row: str(row.route),
                least=18,
                share=2,
                priority=0,
                order=lambda row: str(row.route),
            ),
            Column("role", "Role", lambda row: row.role.value.replace("_", " "), width=16, priority=5),
            Column("ok", "OK", lambda row: percent(row.success_rate), width=6, align=right, priority=2),
            Column("p50", "p50≈", lambda row: duration_ms(row.p50_ms), width=8, align=right, priority=3),
            Column("p95", "p95≈", lambda row: duration_ms(row.p95_ms), width=8, align=right, priority=4),
            Column(
                "first", "First≈", lambda row: duration_ms(row.first_token_p50_ms), width=8, align=right, priority=3
            ),
            Column("flying", "Now", lambda row: count(row.in_flight), width=4, align=right, priority=2),
            Column("asked", "Asked", lambda row: count(row.requests), width=6, align=right, priority=2),
            Column("last", "Last failure", last, least=14, priority=3),
        ]


def _state(row: RouteRow) -> CellValue:
    if not row.ready:
        return ((f"⚠ {row.reason}", Tone.WARN),)
    if not row.requests and not row.circuit.failures:
        return (("◌ idle", Tone.IDLE),)
    text, tone = MARKS[row.circuit.state.value]
    left = f" {duration(row.circuit.retry_in_s)}" if row.circuit.retry_in_s is not None else ""
    return ((text + left, tone),)
