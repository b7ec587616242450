"""What comes back while a request runs (to its caller), and the coarse events that observers see on the bus."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from clawtui.engine.failures import Decision, FailureKind
from clawtui.engine.outcome import AdviserOutcome, Outcome, Trace
from clawtui.engine.request import RequestId, Route, ToolCall
from clawtui.engine.verdicts import Plan

# ---- to the caller of Engine.stream, in this order; `t_ms` is since the request began


@dataclass(frozen=True, slots=True)
class Planned:
    request_id: RequestId
    t_ms: float
    plan: Plan


@dataclass(frozen=True, slots=True)
class Waiting:
    """Nothing can serve right now; the soonest route frees in `seconds`, or a short Retry-After is obeyed."""

    t_ms: float
    route: Route
    seconds: float
    reason: str


@dataclass(frozen=True, slots=True)
class AttemptStarted:
    t_ms: float
    number: int
    route: Route
    credential: str | None


@dataclass(frozen=True, slots=True)
class Delta:
    t_ms: float
    text: str


@dataclass(frozen=True, slots=True)
class ReasoningDelta:
    t_ms: float
    text: str


@dataclass(frozen=True, slots=True)
class ToolCalled:
    """A tool call, whole. Fragments are joined before they leave the wire."""

    t_ms: float
    call: ToolCall


@dataclass(frozen=True, slots=True)
class AttemptFailed:
    t_ms: float
    number: int
    route: Route
    credential: str | None
    failure: FailureKind
    status: int | None
    message: str
    decision: Decision


@dataclass(frozen=True, slots=True)
class Restarted:
    """What came so far is superseded; a whole answer follows from `route`."""

    t_ms: float
    route: Route
    superseded_chars: int


class AdviserPhase(StrEnum):
    QUEUED = "queued"
    STARTED = "started"
    FIRST_TOKEN = "first_token"
    TEXT = "text"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class AdviserProgress:
    t_ms: float
    index: int
    profile: str
    phase: AdviserPhase
    outcome: AdviserOutcome | None = None
    failure: str | None = None
    text: str = ""  # new text for TEXT, else empty
    request_id: RequestId | None = None


@dataclass(frozen=True, slots=True)
class SynthesisStarted:
    t_ms: float
    profile: str
    proposals: int


@dataclass(frozen=True, slots=True)
class Completed:
    t_ms: float
    trace: Trace


@dataclass(frozen=True, slots=True)
class Failed:
    """No answer, or not a whole one: failed, interrupted, refused. `trace.error` says why."""

    t_ms: float
    trace: Trace


RequestEvent = (
    Planned
    | Waiting
    | AttemptStarted
    | Delta
    | ReasoningDelta
    | ToolCalled
    | AttemptFailed
    | Restarted
    | AdviserProgress
    | SynthesisStarted
    | Completed
    | Failed
)


# ---- on the bus: coarse, never deltas, frozen, safe to hand across threads


@dataclass(frozen=True, slots=True)
class RequestBegan:
    request_id: RequestId
    at: float
    caller: str
    requested: str | None
    parent: RequestId | None


@dataclass(frozen=True, slots=True)
class RequestEnded:
    request_id: RequestId
    at: float
    outcome: Outcome
    trace: Trace


@dataclass(frozen=True, slots=True)
class AttemptBegan:
    request_id: RequestId
    number: int
    route: Route
    credential: str | None
    at: float


@dataclass(frozen=True, slots=True)
class AttemptEnded:
    request_id: RequestId
    number: int
    route: Route
    failure: FailureKind | None
    ms: float
    at: float


@dataclass(frozen=True, slots=True)
class CircuitMoved:
    route: Route
    state: str  # closed, open, half_open
    cause: str
    at: float
    retry_in_s: float | None


@dataclass(frozen=True, slots=True)
class CredentialMoved:
    provider: str
    label: str
    state: str  # ok, cooling, dead
    cause: str
    model: str | None
    until: float | None


@dataclass(frozen=True, slots=True)
class BudgetReached:
    """A policy's spending passed `warn_at`, or a request was refused for money."""

    policy: str
    period: str  # day, month
    spent_usd: float
    limit_usd: float
    refused: bool


@dataclass(frozen=True, slots=True)
class ConfigChanged:
    at: float
    findings: int  # 0: the new config is in force


@dataclass(frozen=True, slots=True)
class StoreChanged:
    """Whether usage and traces are being saved, and if not why."""

    saving: bool
    waiting_rows: int
    message: str


@dataclass(frozen=True, slots=True)
class StateChanged:
    """Another process on the same file changed circuits, credentials or spending."""

    at: float


BusEvent = (
    RequestBegan
    | RequestEnded
    | AttemptBegan
    | AttemptEnded
    | CircuitMoved
    | CredentialMoved
    | BudgetReached
    | ConfigChanged
    | StoreChanged
    | StateChanged
)
