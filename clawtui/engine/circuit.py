"""One breaker a route: closed, open, half-open. Leases always come back, late results flip nothing, state survives."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from clawtui.config.schema import CircuitSettings
from clawtui.engine.clock import Clock
from clawtui.engine.events import CircuitMoved
from clawtui.engine.failures import RULES, Cools, Failure, FailureKind
from clawtui.engine.ports import Bus, CircuitRecord, StateStore, Transition
from clawtui.engine.request import Route
from clawtui.engine.verdicts import Blocked

WINDOW = 60.0
LEAST_IN_WINDOW = 10
WORST_SHARE = 0.5
PROBE_LEASE = 120.0  # a probe that never came back frees its place
MOST_HISTORY = 50
LEAST_STEP = 1e-3  # between two words on one route
RESTS = {FailureKind.MODEL_NOT_FOUND: 3_600.0, FailureKind.UPSTREAM_RATE_LIMIT: 60.0}


class State(StrEnum):
    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


@dataclass(frozen=True, slots=True)
class CircuitView:
    route: Route
    state: State
    failures: int
    threshold: int
    retry_in_s: float | None
    cause: str
    history: tuple[Transition, ...]


@dataclass(slots=True)
class _Circuit:
    state: State = State.CLOSED
    failures: int = 0  # in a row
    opened_at: float = 0.0  # monotonic
    open_for: float = 0.0
    generation: int = 0  # counts transitions: results of an earlier one are ignored
    cause: str = ""
    changed_at: float = 0.0  # wall
    probe: CircuitLease | None = None  # who holds the half-open probe
    probe_since: float = 0.0  # monotonic
    rest_until: float = 0.0  # monotonic
    rest_for: float = 0.0
    rest_cause: str = ""
    history: deque[Transition] = field(default_factory=lambda: deque(maxlen=MOST_HISTORY))


class _Window:
    """Results of the last minute, counted by the second, so that a busy route costs no more than a quiet one."""

    __slots__ = ("_failed", "_seconds", "_total")

    def __init__(self) -> None:
        self._seconds: deque[list[int]] = deque()  # [second, results, failures]
        self._total = self._failed = 0

    def count(self, now: float, *, ok: bool) -> None:
        second = int(now)
        seconds = self._seconds
        if not seconds or seconds[-1][0] != second:
            while seconds and seconds[0][0] <= second - WINDOW:
                _, total, failed = seconds.popleft()
                self._total -= total
                self._failed -= failed
            seconds.append([second, 0, 0])
        seconds[-1][1] += 1
        seconds[-1][2] += not ok
        self._total += 1
        self._failed += not ok

    def clear(self) -> None:
        self._seconds.clear()
        self._total = self._failed = 0

    @property
    def is_failing(self) -> bool:
        return self._total >= LEAST_IN_WINDOW and self._failed >= WORST_SHARE * self._total


class CircuitBoard:
    def __init__(self, clock: Clock, state: StateStore, bus: Bus, settings: Callable[[Route], CircuitSettings]) -> None:
        self._clock = clock
        self._store = state
        self._bus = bus
        self._settings = settings
        self._circuits: dict[Route, _Circuit] = {}  # only routes that ever failed
        self._windows: dict[Route, _Window] = {}

    # ---- asking

    def wait(self, route: Route) -> Blocked | None:
        """How long the route lets nobody through; None: now."""
        circuit = self._circuits.get(route)
        if circuit is None:
            return None
        now = self._clock.monotonic()
        if circuit.rest_until > now:
            left = circuit.rest_until - now
            return Blocked(left, f"{circuit.rest_cause}, {_left(left)}")
        if circuit.state is State.OPEN:
            left = circuit.opened_at + circuit.open_for - now
            if left > 0:
                return Blocked(left, f"circuit open, {_left(left)}")
        if circuit.state is State.HALF_OPEN and self._probe_is_out(circuit, now):
            return Blocked(1.0, "circuit half-open, a probe is under way")
        return None

    def enter(self, route: Route, *, force: bool = False) -> CircuitLease | None:
        """Leave to call; None while the circuit is open, or half-open with its probe out. `force`: everything is
        blocked, and this route frees first; even so there is one probe at a time."""
        circuit = self._circuits.get(route)
        if circuit is None:
            return CircuitLease(self, route, 0, probe=False)
        now = self._clock.monotonic()
        if not force and self.wait(route) is not None:
            return None
        if circuit.state is State.HALF_OPEN and self._probe_is_out(circuit, now):
            return None
        if circuit.state is State.OPEN:
            self._move(route, circuit, State.HALF_OPEN, "time for a probe" if not force else "nothing else is free")
        if circuit.state is State.CLOSED:
            return CircuitLease(self, route, circuit.generation, probe=False)
        circuit.probe = CircuitLease(self, route, circuit.generation, probe=True)
        circuit.probe_since = now
        return circuit.probe

    def view(self, route: Route) -> CircuitView:
        circuit = self._circuits.get(route)
        threshold = self._settings(route).failures
        if circuit is None:
            return CircuitView(route, State.CLOSED, 0, threshold, None, "", ())
        blocked = self.wait(route)
        shown = State.HALF_OPEN if circuit.state is State.OPEN and blocked is None else circuit.state
        return CircuitView(
            route,
            shown,
            circuit.failures,
            threshold,
            None if blocked is None else round(blocked.seconds, 1),
            circuit.rest_cause if circuit.rest_until > self._clock.monotonic() else circuit.cause,
            tuple(circuit.history),
        )

    def views(self) -> list[CircuitView]:
        """Of the routes that ever failed."""
        return [self.view(route) for route in self._circuits]

    # ---- what leases report

    def _succeeded(self, lease: CircuitLease) -> None:
        route, circuit = lease.route, self._circuits.get(lease.route)
        if circuit is None:
            self._window(route).count(self._clock.monotonic(), ok=True)
            return
        self._give_back(circuit, lease)
        if circuit.generation != lease.generation:
            return
        circuit.failures = 0
        rested, circuit.rest_until = circuit.rest_until, 0.0
        if circuit.state is State.HALF_OPEN:
            self._move(route, circuit, State.CLOSED, "the probe was answered")
            return
        self._window(route).count(self._clock.monotonic(), ok=True)
        if rested > self._clock.monotonic():  # answered although it was to rest: others should know
            circuit.changed_at = self._stamp(circuit)
            self._save(route, circuit)

    def _failed(self, lease: CircuitLease, failure: Failure) -> None:
        route, circuit = lease.route, self._circuits.get(lease.route)
        rule = RULES[failure.kind]
        if circuit is None:
            if not rule.counts_against_circuit and rule.cools is not Cools.ROUTE:
                return
            circuit = self._circuits[route] = _Circuit()
        self._give_back(circuit, lease)
        if circuit.generation != lease.generation:
            return
        if rule.cools is Cools.ROUTE:
            seconds = max(RESTS.get(failure.kind, 60.0), failure.retry_after_s or 0.0)
            self.rest(route, seconds, failure.kind.value.replace("_", " "))
            return
        if not rule.counts_against_circuit:
            return
        circuit.failures += 1
        window = self._window(route)
        window.count(self._clock.monotonic(), ok=False)
        settings = self._settings(route)
        if circuit.state is State.HALF_OPEN:
            self._open(route, circuit, failure, min(circuit.open_for * 2, settings.open_for_max))
        elif circuit.failures >= settings.failures or window.is_failing:
            self._open(route, circuit, failure, settings.open_for)

    def _released(self, lease: CircuitLease) -> None:
        circuit = self._circuits.get(lease.route)
        if circuit is not None:
            self._give_back(circuit, lease)

    # ---- steering

    def rest(self, route: Route, seconds: float, cause: str) -> None:
        """Takes a route out of use without a circuit: its model is unknown, or its upstream is limited. What is under
        way there says nothing about it any more."""
        circuit = self._circuits.setdefault(route, _Circuit())
        circuit.rest_until = self._clock.monotonic() + seconds
        circuit.rest_for = seconds
        circuit.rest_cause = cause
        circuit.generation += 1
        circuit.probe = None
        circuit.changed_at = self._stamp(circuit)
        self._save(route, circuit)
        self._bus.publish(CircuitMoved(route, circuit.state.value, cause, self._clock.wall(), seconds))

    def probe_answered(self, route: Route) -> None:
        """A free call was answered: an open circuit may try a real one at once. Only that closes it."""
        circuit = self._circuits.get(route)
        if circuit is not None and circuit.state is State.OPEN:
            self._move(route, circuit, State.HALF_OPEN, "the model list was answered")

    def reset(self, routes: Iterable[Route]) -> list[Route]:
        """Closes by hand; counters and history stay. Returns what was reset."""
        done: list[Route] = []
        for route in routes:
            circuit = self._circuits.get(route)
            if circuit is not None:
                circuit.failures = 0
                circuit.rest_until = 0.0
                self._window(route).clear()
                self._move(route, circuit, State.CLOSED, "reset by hand")
            done.append(route)
        return done

    def absorb(self, records: Iterable[CircuitRecord]) -> None:
        """What an earlier process, or another one just now, stored. The newest word on a route wins."""
        wall, now = self._clock.wall(), self._clock.monotonic()
        for record in records:
            circuit = self._circuits.get(record.route)
            if circuit is not None and circuit.changed_at >= record.changed_at:
                continue
            if circuit is None:
                circuit = self._circuits[record.route] = _Circuit()
            circuit.state = State(record.state)
            circuit.failures = record.failures
            circuit.open_for = record.open_for_s
            circuit.cause = record.cause
            circuit.changed_at = record.changed_at
            circuit.generation += 1
            circuit.probe = None
            # A wall clock that was set back must lengthen nothing: never more than the whole span is left.
            opened = record.opened_at if record.opened_at is not None else wall
            left = min(opened + record.open_for_s - wall, record.open_for_s)
            circuit.opened_at = now + left - record.open_for_s
            if record.rest_until is not None:
                circuit.rest_until = now + min(record.rest_until - wall, record.rest_for_s)
                circuit.rest_for = record.rest_for_s
                circuit.rest_cause = record.rest_cause
            else:
                circuit.rest_until = 0.0

    # ---- inside

    def _open(self, route: Route, circuit: _Circuit, failure: Failure, seconds: float) -> None:
        circuit.open_for = max(seconds, failure.retry_after_s or 0.0)
        circuit.opened_at = self._clock.monotonic()
        self._window(route).clear()
        status = f" ({failure.status})" if failure.status else ""
        self._move(route, circuit, State.OPEN, f"{failure.kind.value.replace('_', ' ')}{status}")

    def _move(self, route: Route, circuit: _Circuit, after: State, cause: str) -> None:
        before, circuit.state = circuit.state, after
        circuit.generation += 1
        circuit.probe = None
        circuit.cause = cause
        circuit.changed_at = self._stamp(circuit)
        if after is State.CLOSED:
            circuit.failures = 0
            circuit.open_for = 0.0
        at = self._clock.wall()
        step = Transition(route, at, before.value, after.value, cause)
        circuit.history.append(step)
        self._store.save(step)
        self._save(route, circuit)
        retry_in = circuit.open_for if after is State.OPEN else None
        self._bus.publish(CircuitMoved(route, after.value, cause, at, retry_in))

    def _save(self, route: Route, circuit: _Circuit) -> None:
        wall, now = self._clock.wall(), self._clock.monotonic()
        rests = circuit.rest_until > now
        self._store.save(
            CircuitRecord(
                route=route,
                state=circuit.state.value,
                failures=circuit.failures,
                opened_at=wall - (now - circuit.opened_at) if circuit.state is State.OPEN else None,
                open_for_s=circuit.open_for,
                cause=circuit.cause,
                changed_at=circuit.changed_at,
                rest_until=wall + circuit.rest_until - now if rests else None,
                rest_for_s=circuit.rest_for if rests else 0.0,
                rest_cause=circuit.rest_cause if rests else "",
            )
        )

    def _stamp(self, circuit: _Circuit) -> float:
        """The newest word wins, here and in other processes: a wall clock that was set back must not make it older."""
        return max(self._clock.wall(), circuit.changed_at + LEAST_STEP)

    def _window(self, route: Route) -> _Window:
        window = self._windows.get(route)
        if window is None:
            window = self._windows[route] = _Window()
        return window

    @staticmethod
    def _give_back(circuit: _Circuit, lease: CircuitLease) -> None:
        if circuit.probe is lease:
            circuit.probe = None

    @staticmethod
    def _probe_is_out(circuit: _Circuit, now: float) -> bool:
        return circuit.probe is not None and now - circuit.probe_since < PROBE_LEASE


class CircuitLease:
    """Leave for one call. Reported back once; more often changes nothing."""

    __slots__ = ("_board", "generation", "probe", "route")

    def __init__(self, board: CircuitBoard, route: Route, generation: int, *, probe: bool) -> None:
        self._board: CircuitBoard | None = board
        self.route = route
        self.generation = generation
        self.probe = probe

    def succeeded(self) -> None:
        board, self._board = self._board, None
        if board is not None:
            board._succeeded(self)

    def failed(self, failure: Failure) -> None:
        board, self._board = self._board, None
        if board is not None:
            board._failed(self, failure)

    def released(self) -> None:
        """Cancelled, or the caller's own fault: nothing is said about the route."""
        board, self._board = self._board, None
        if board is not None:
            board._released(self)


def _left(seconds: float) -> str:
    return f"{seconds:.0f} s left" if seconds < 120 else f"{seconds / 60:.0f} min left"
