"""What became of the cases of a run: verdicts, grades, numbers. Only pass and fail make a rate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NewType

from clawtui.engine.outcome import NO_COST, NO_USAGE, Cost, Usage
from clawtui.engine.request import Message, RequestId, Route, ToolCall

RunId = NewType("RunId", str)


class Verdict(StrEnum):
    PASS = "pass"
    FAIL = "fail"
    ERROR = "error"  # upstream or a limit: not the model's fault
    UNSUPPORTED = "unsupported"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Grade:
    grader: str
    passed: bool
    reason: str  # in words, always


@dataclass(frozen=True, slots=True)
class Answer:
    """One call of a case as it came back: what graders look at."""

    text: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    finish_reason: str | None = None
    deltas: int = 0  # how many pieces of text came
    streamed_text: str = ""  # the pieces put together
    first_token_ms: float | None = None
    total_ms: float = 0.0
    usage: Usage = NO_USAGE
    cost: Cost = NO_COST
    request_id: RequestId | None = None
    answered: Route | None = None
    failovers: int = 0


@dataclass(frozen=True, slots=True, order=True)
class CaseKey:
    """Which cell of the matrix: a run holds each at most once."""

    suite: str
    case: str
    profile: str
    repeat: int  # from 1


@dataclass(frozen=True, slots=True)
class CaseResult:
    key: CaseKey
    verdict: Verdict
    grades: tuple[Grade, ...] = ()
    reason: str = ""  # why it is an error, unsupported or cancelled
    kind: str = ""  # where the reason quotes somebody: what it is about in a word, which may always be kept
    ms: float | None = None  # of all its calls
    first_token_ms: float | None = None  # of the first
    usage: Usage = NO_USAGE
    cost: Cost = NO_COST  # judges included
    request_ids: tuple[RequestId, ...] = ()
    failovers: int = 0
    model: str = ""  # that answered
    weight: float = 1.0
    fingerprint: str = ""  # of the case as it was asked
    at: float = 0.0
    is_cached: bool = False  # taken from an earlier run
    transcript: tuple[Message, ...] = ()  # empty where retention keeps no text
    cache_key: str | None = None

    @property
    def request_id(self) -> RequestId | None:
        return self.request_ids[0] if self.request_ids else None


@dataclass(frozen=True, slots=True)
class RunSettings:
    """What was asked for: enough to finish the run later."""

    suites: tuple[str, ...]  # names of suites, or files
    profiles: tuple[str, ...]  # profiles, or fusion/NAME
    cases: tuple[str, ...] = ()  # only these; empty: all
    repeats: int = 1
    threshold: float | None = None
    max_usd: float | None = None
    with_fallbacks: bool = False
    use_cache: bool = False
    policy: str | None = None
    case_limit_s: float = 120.0
    concurrency: int = 4  # calls at once for each provider
    controls: tuple[str, ...] = ()  # of the profiles: those that nobody asked for, but a fusion is held against
    held_against: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # fusion -> all its controls


@dataclass(frozen=True, slots=True)
class Run:
    id: RunId
    at: float
    settings: RunSettings
    results: tuple[CaseResult, ...] = field(default=())
    ended: float | None = None  # None: it was cut, and can be resumed
    stopped: str = ""  # why it ended early: cancelled, max_usd
    spent_usd: float = 0.0  # so far, also on what left no result: of a call that was cut the most it could cost

    @property
    def done(self) -> tuple[CaseKey, ...]:
        """What need not be run again when the run is resumed."""
        return tuple(result.key for result in self.results if result.verdict is not Verdict.CANCELLED)
