"""The header's line as values: who would answer now, what today has cost, how routes do, what must not be missed."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from clawtui.engine.events import BusEvent, RequestBegan
from clawtui.engine.request import Route
from clawtui.engine.verdicts import Plan
from clawtui.runtime.budgets_view import BudgetRow
from clawtui.runtime.routes_view import RouteRow
from clawtui.tui.widgets.dots import State
from clawtui.tui.widgets.parts import Tone

PACE_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Notice:
    """`short` is for narrow screens. The first of several matters most."""

    words: str
    short: str
    tone: Tone


@dataclass(frozen=True, slots=True)
class HeaderView:
    policy: str
    asked: str  # the profile or fusion that was named; empty: whoever the policy says
    route: Route | None  # who would answer now; None: nobody
    spent_usd: float
    reserved_usd: float
    limit_usd: float | None
    states: tuple[State, ...]
    notices: tuple[Notice, ...] = ()


def header_view(
    plan: Plan,
    asked: str,
    spent_usd: float,
    budgets: Iterable[BudgetRow],
    routes: Iterable[RouteRow],
    notices: Sequence[Notice],
) -> HeaderView:
    """From the plan that a request would get and the rows that the panes show."""
    budget = next((row for row in budgets if row.policy == plan.policy and row.period == "day"), None)
    return HeaderView(
        policy=plan.policy,
        asked=asked,
        route=plan.candidates[0].route if plan.candidates else None,
        spent_usd=budget.spent_usd if budget else spent_usd,
        reserved_usd=budget.reserved_usd if budget else 0.0,
        limit_usd=budget.limit_usd if budget else None,
        states=tuple(state_of(row) for row in routes),
        notices=tuple(notices),
    )


def notices_of(
    *, is_demo: bool, is_simulated: bool, errors: int, has_file: bool, store_down: str | None
) -> tuple[Notice, ...]:
    found = []
    if store_down is not None:
        found.append(Notice("usage is not being saved", "not saving", Tone.BAD))
    if errors:
        words = f"config has {errors} {'error' if errors == 1 else 'errors'}"
        found.append(Notice(words, "config broken", Tone.BAD))
    if is_demo:
        found.append(Notice("DEMO, all simulated", "DEMO", Tone.ACCENT))
    elif is_simulated:
        found.append(Notice("simulator", "sim", Tone.ACCENT))
    elif not has_file and not errors:
        found.append(Notice("no config file", "no config", Tone.MUTED))
    return tuple(found)


def state_of(row: RouteRow) -> State:
    if not row.ready:
        return State.NOT_READY
    match row.circuit.state.value:
        case "open":
            return State.OPEN
        case "half_open":
            return State.HALF_OPEN
        case _ if row.circuit.retry_in_s is not None:
            return State.OPEN  # told to wait by its provider: nothing is sent to it before
        case _:
            return State.CLOSED if row.requests or row.in_flight or row.circuit.failures else State.IDLE


class Pace:
    """Requests that began within the last minute; an adviser's is part of its fusion's."""

    def __init__(self) -> None:
        self._began: deque[float] = deque()

    def fold(self, events: Iterable[BusEvent]) -> None:
        self._began.extend(event.at for event in events if isinstance(event, RequestBegan) and event.parent is None)

    def a_minute(self, now: float) -> int:
        while self._began and self._began[0] <= now - PACE_SECONDS:
            self._began.popleft()
        return len(self._began)
