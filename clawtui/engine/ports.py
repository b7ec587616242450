"""What the engine needs of the outside, as small Protocols; `store` implements them, `memory.py` serves without one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from clawtui.config.schema import Retention
from clawtui.engine.events import BusEvent
from clawtui.engine.outcome import Trace
from clawtui.engine.request import Parent, RequestId, Route, Stage

# ---- money


@dataclass(frozen=True, slots=True)
class Limits:
    """A policy's budget. Periods are days and months of the local time zone."""

    daily_usd: float | None
    monthly_usd: float | None
    warn_at: float


@dataclass(frozen=True, slots=True)
class Intent:
    """Written and durable before the first upstream call of a request, so that a crash cannot lose it."""

    request_id: RequestId
    at: float
    caller: str
    policy: str
    requested: str | None
    route: Route
    reserve_usd: float | None  # upper bound; None: price unknown, possible only without a budget
    limits: Limits | None
    parent: RequestId | None = None
    stage: Stage | None = None
    adviser_index: int | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """The budget does not hold the reservation, or cannot be checked (`store_down`)."""

    period: str  # day, month, store
    limit_usd: float
    spent_usd: float
    reserved_usd: float
    asked_usd: float
    store_down: str | None = None


@dataclass(frozen=True, slots=True)
class Spending:
    """What a policy spent and holds reserved, today and this month."""

    day_usd: float = 0.0
    day_reserved_usd: float = 0.0
    month_usd: float = 0.0
    month_reserved_usd: float = 0.0


NO_SPENDING = Spending()


@dataclass(frozen=True, slots=True)
class Prepaid(Parent):
    """Of a child for which its compound request has reserved already, under the child's own id: spending holds that
    sum, and the child's own plan must not count it against the child."""

    held_usd: float = 0.0
    max_tokens: int | None = None  # that the sum pays for, where the caller names no number


class Ledger(Protocol):
    async def reserve(self, intent: Intent) -> Refusal | None:
        """Opens the request's row, or sets its reservation anew when a later attempt needs another sum (the sum is
        the whole of the request: what earlier attempts metered and the bound of the next). Checks and books in one
        transaction that holds across processes; durable on return. With the store down: a Refusal under limits,
        else None."""
        ...

    def settle(self, trace: Trace, retention: Retention) -> None:
        """Closes the row with what was metered and keeps the trace as far as retention allows. Never waits. Also
        called for requests that never made a call; a second call for the same request changes nothing."""
        ...

    def spending(self, policy: str) -> Spending:
        """The last known figures, from memory: for plans and the screen, not for admission."""
        ...


# ---- state that survives


@dataclass(frozen=True, slots=True)
class CircuitRecord:
    """The circuit of a route as it is kept. Deadlines keep their duration too: remaining = min(stored, duration)."""

    route: Route
    state: str  # closed, open, half_open
    failures: int
    opened_at: float | None  # wall
    open_for_s: float
    cause: str
    changed_at: float  # wall
    rest_until: float | None = None  # model not found, upstream rate limit: out of use without a circuit
    rest_for_s: float = 0.0
    rest_cause: str = ""


@dataclass(frozen=True, slots=True)
class Transition:
    """One step of a circuit, kept as history."""

    route: Route
    at: float
    before: str
    after: str
    cause: str


@dataclass(frozen=True, slots=True)
class CredentialRecord:
    """One credential's state for one model, or for all (`model` None). Known by fingerprint: a new secret is clean."""

    provider: str
    fingerprint: str
    label: str
    model: str | None
    state: str  # ok, cooling, dead
    cause: str
    at: float  # wall
    until: float | None
    for_s: float
    strikes: int  # in a row, for growing cooldowns


@dataclass(frozen=True, slots=True)
class Learned:
    """What an upstream taught us of a route: a refused parameter, an output cap, a context window, a tier."""

    route: Route
    fact: str  # drop:NAME, max_tokens, max_context_tokens, no_stream_usage, tier
    value: str
    at: float
    for_s: float


StateRecord = CircuitRecord | Transition | CredentialRecord | Learned


@dataclass(frozen=True, slots=True)
class StoredState:
    circuits: Sequence[CircuitRecord] = ()
    credentials: Sequence[CredentialRecord] = ()
    learned: Sequence[Learned] = ()


class StateStore(Protocol):
    async def load(self) -> StoredState: ...

    def save(self, record: StateRecord) -> None:
        """Takes note of a change. Never waits."""
        ...


# ---- observers


class Bus(Protocol):
    def publish(self, event: BusEvent) -> None:
        """Hands the event to every subscriber. Never waits, never raises."""
        ...
