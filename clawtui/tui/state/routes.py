"""The list of routes as values: what each line says just now, what can be done with it, and what is exported."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from clawtui.engine.credentials import CredentialState, CredentialView
from clawtui.engine.events import (
    AttemptBegan,
    AttemptEnded,
    BusEvent,
    CircuitMoved,
    ConfigChanged,
    CredentialMoved,
    StateChanged,
)
from clawtui.engine.request import Route
from clawtui.engine.verdicts import RouteRole
from clawtui.runtime.routes_document import row_document
from clawtui.runtime.routes_view import RouteRow
from clawtui.text import ago, duration
from clawtui.tui.state.header import state_of
from clawtui.tui.widgets.dots import MARKS, State
from clawtui.tui.widgets.parts import PartLine, Tone

NEWS = (AttemptBegan, AttemptEnded, CircuitMoved, CredentialMoved, ConfigChanged, StateChanged)
FRESH = 120.0  # seconds during which the age of a failure is worth a look every second
ROLES = {
    RouteRole.PRIMARY: "primary",
    RouteRole.FALLBACK_MODEL: "fallback model",
    RouteRole.FALLBACK_PROFILE: "fallback profile",
    RouteRole.OVERRIDE: "override",
}


@dataclass(frozen=True, slots=True)
class Line:
    """A row with the words that the passing of time changes, so that equal lines are painted alike."""

    row: RouteRow
    state: State
    words: str  # of the state, with what is left of it
    last: str  # the last failure, or why the route is not ready

    @property
    def route(self) -> Route:
        return self.row.route


def concerns(events: Iterable[BusEvent]) -> bool:
    """Whether anything that happened can be seen in the list or the detail."""
    return any(isinstance(event, NEWS) for event in events)


def named(route: Route) -> str:
    """`profile → provider/model`; a literal model has no profile."""
    model = f"{route.provider}/{route.model}"
    return f"{route.profile} → {model}" if route.profile is not None else model


def words_of(kind: str) -> str:
    return kind.replace("_", " ")


def left(seconds: float) -> str:
    """A countdown in few cells: seconds while they matter."""
    if seconds < 0.05:
        return "now"
    return duration(seconds) if seconds < 99.5 or seconds >= 172_800 else _minutes(round(seconds / 60))


def _minutes(minutes: int) -> str:
    return f"{minutes} m" if minutes < 100 else f"{minutes // 60} h {minutes % 60:02d} m"


def is_resting(row: RouteRow) -> bool:
    """Out of use for a while though its circuit is not open: the model is unknown, or its upstream limits it."""
    return row.circuit.retry_in_s is not None and row.circuit.state.value == "closed"


def lines_of(rows: Iterable[RouteRow], now: float) -> list[Line]:
    return [line_of(row, now) for row in rows]


def line_of(row: RouteRow, now: float) -> Line:
    state = state_of(row)
    words = MARKS[state].word
    retry_in = row.circuit.retry_in_s
    if row.ready and is_resting(row):
        words = f"resting {left(retry_in or 0.0)}"
    elif row.is_disabled:
        words = "disabled"
    elif state is State.OPEN and retry_in is not None:
        words = f"{words} {left(retry_in)}"
    return Line(row, state, words, _last(row, now))


def _last(row: RouteRow, now: float) -> str:
    if row.last_failure is not None and row.last_failure_at is not None:
        return f"{words_of(row.last_failure)}, {ago(max(0.0, now - row.last_failure_at)).removesuffix(' ago')}"
    return "" if row.ready or row.is_disabled else row.reason


def state_cell(line: Line) -> PartLine:
    mark = MARKS[line.state]
    return ((mark.shape, mark.tone), (f" {line.words}", mark.tone if line.state is State.OPEN else Tone.NORMAL))


def is_restless(rows: Iterable[RouteRow], now: float) -> bool:
    """Whether something in the list changes with time alone: a countdown, an age in seconds, bars that move on."""
    return any(
        row.circuit.retry_in_s is not None
        or row.in_flight
        or (row.last_failure_at is not None and now - row.last_failure_at < FRESH)
        or any(row.buckets)
        for row in rows
    )


# ---- what can be done


@dataclass(frozen=True, slots=True)
class Chosen:
    """What the actions of the pane act on."""

    line: Line | None = None
    credential: CredentialView | None = None
    has_credentials: bool = False  # the detail is there and names some
    is_probing: bool = False


def why_not(verb: str, chosen: Chosen) -> str | None:
    line = chosen.line
    if line is None:
        return "no route is selected"
    row = line.row
    match verb:
        case "probe":
            if chosen.is_probing:
                return "a probe is under way; esc cancels it"
            return None if row.ready or row.is_disabled else row.reason
        case "reset":
            circuit = row.circuit
            is_well = circuit.state.value == "closed" and not circuit.failures and circuit.retry_in_s is None
            return "the circuit is closed and counts no failures" if is_well else None
        case "reset_credential":
            credential = chosen.credential
            if credential is None:
                return (
                    "no credential is selected"
                    if chosen.has_credentials
                    else f"{row.route.provider} holds no credentials"
                )
            if credential.state is CredentialState.OK:
                return f"{credential.label} is usable already"
            return None
        case _:
            return None  # disabling, copying and exporting need a route, and there is one


# ---- what leaves


def exported(rows: Sequence[RouteRow]) -> str:
    """What `clawtui routes --json` says of these routes."""
    return json.dumps({"routes": [row_document(row) for row in rows]}, ensure_ascii=False, indent=2) + "\n"
