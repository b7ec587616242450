"""What became of a request: usage, cost, attempts and the trace that holds everything the screen shows of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from clawtui.engine.failures import Decision, FailureKind
from clawtui.engine.request import ChatRequest, RequestId, Route, Stage, ToolCall
from clawtui.engine.verdicts import Plan


class Outcome(StrEnum):
    OK = "ok"
    FAILED = "failed"
    INTERRUPTED = "interrupted"
    CANCELLED = "cancelled"
    REFUSED = "refused"


class AttemptOutcome(StrEnum):
    OK = "ok"
    FAILED = "failed"
    CANCELLED = "cancelled"
    SUPERSEDED = "superseded"


class UsageSource(StrEnum):
    REPORTED = "reported"
    ESTIMATED = "estimated"
    MIXED = "mixed"


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens, normalised: cached and cache_write are parts of input, reasoning is a part of output."""

    input_tokens: int = 0
    output_tokens: int = 0
    cached_input_tokens: int = 0
    cache_write_tokens: int = 0
    reasoning_tokens: int = 0
    source: UsageSource = UsageSource.ESTIMATED

    def __add__(self, other: Usage) -> Usage:
        if self == NO_USAGE:
            return other
        if other == NO_USAGE:
            return self
        return Usage(
            self.input_tokens + other.input_tokens,
            self.output_tokens + other.output_tokens,
            self.cached_input_tokens + other.cached_input_tokens,
            self.cache_write_tokens + other.cache_write_tokens,
            self.reasoning_tokens + other.reasoning_tokens,
            self.source if self.source is other.source else UsageSource.MIXED,
        )


NO_USAGE = Usage()


@dataclass(frozen=True, slots=True)
class Cost:
    """`usd` is None where no price is known. Unknown is never 0."""

    usd: float | None = None
    source: str | None = None  # config, provider, catalogue
    version: str | None = None  # of the catalogue that said so


NO_COST = Cost()


@dataclass(frozen=True, slots=True)
class Attempt:
    """One upstream call, as it ended."""

    number: int
    route: Route
    credential: str | None  # its label, never more
    outcome: AttemptOutcome
    started_ms: float  # since the request began
    ms: float
    wait_ms: float = 0.0  # waited before it
    first_token_ms: float | None = None  # since the attempt began
    failure: FailureKind | None = None
    status: int | None = None
    message: str | None = None  # what the server said, cleaned and cut
    decision: Decision | None = None
    retry_after_s: float | None = None
    usage: Usage = NO_USAGE
    cost: Cost = NO_COST
    served_model: str | None = None  # what the server says it ran
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RequestError:
    """Why there is no answer. `kind` is a failure kind or one of: unknown_target no_route not_ready budget policy
    interrupted."""

    kind: str
    message: str
    hint: str = ""
    retry_in_s: float | None = None


@dataclass(frozen=True, slots=True)
class Superseded:
    """A partial answer that a whole one replaced."""

    route: Route
    text: str


class AdviserOutcome(StrEnum):
    OK = "ok"
    PARTIAL = "partial"
    TRUNCATED = "truncated"
    FAILED = "failed"
    TIMED_OUT = "timed_out"
    EMPTY = "empty"
    REFUSED = "refused"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Adviser:
    """What one adviser did. `label` follows the order in which proposals were sent, `index` the config."""

    index: int
    label: str | None
    profile: str
    route: Route | None
    request_id: RequestId | None
    outcome: AdviserOutcome
    used: bool
    failure: str | None = None
    message: str | None = None
    text: str = ""  # the proposal, subject to retention
    text_chars: int = 0
    text_hash: str | None = None
    queued_ms: float = 0.0
    started_ms: float | None = None
    first_token_ms: float | None = None
    ended_ms: float | None = None
    usage: Usage = NO_USAGE
    cost: Cost = NO_COST


@dataclass(frozen=True, slots=True)
class SynthesizerRecord:
    profile: str
    route: Route | None
    request_id: RequestId | None
    started_ms: float | None = None
    first_token_ms: float | None = None
    ended_ms: float | None = None
    usage: Usage = NO_USAGE
    cost: Cost = NO_COST


@dataclass(frozen=True, slots=True)
class AloneEstimate:
    """The synthesizer without advisers: what it would have cost and taken. Measured only if it was run."""

    cost_usd: float | None
    ms: float | None
    measured: bool


@dataclass(frozen=True, slots=True)
class FusionRecord:
    name: str
    advisers: tuple[Adviser, ...]
    order: tuple[str, ...]  # labels in the order the synthesizer saw them
    seed: int
    synthesizer: SynthesizerRecord
    proposals_used: int
    cost_usd: float | None
    adviser_ms: float  # from the start to the moment synthesis began
    deadline_ms: float
    quorum: int = 0
    alone: AloneEstimate | None = None
    best_draft: bool = False  # the answer is the longest proposal, since every synthesizer route was down
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Trace:
    """The whole record of one request, fusion's child requests by id. Immutable: made once, when the request ended."""

    request_id: RequestId
    at: float  # wall clock, seconds since the epoch
    caller: str
    requested: str | None
    policy: str
    outcome: Outcome
    plan: Plan
    attempts: tuple[Attempt, ...] = ()
    selected: Route | None = None  # the plan's first candidate
    answered: Route | None = None
    served_model: str | None = None
    text: str = ""
    reasoning: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    finish_reason: str | None = None
    usage: Usage = NO_USAGE
    cost: Cost = NO_COST
    first_token_ms: float | None = None
    total_ms: float = 0.0
    superseded: tuple[Superseded, ...] = ()
    error: RequestError | None = None
    fusion: FusionRecord | None = None
    children: tuple[RequestId, ...] = ()
    parent: RequestId | None = None
    stage: Stage | None = None
    adviser_index: int | None = None
    request: ChatRequest | None = None  # what was asked; on disk only where retention is full
    notes: tuple[str, ...] = field(default=())

    @property
    def interrupted(self) -> bool:
        return self.outcome is Outcome.INTERRUPTED
