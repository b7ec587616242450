"""The one table of failures: what kind of failure it was, and what happens next. No `except` elsewhere decides.

Reading a failure off a response or an exception is `classify.py`; this page says what each kind means.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from clawtui.config.schema import OnInterrupted


class FailureKind(StrEnum):
    RATE_LIMIT = "rate_limit"
    UPSTREAM_RATE_LIMIT = "upstream_rate_limit"
    OVERLOADED = "overloaded"
    SERVER = "server"
    BILLING = "billing"
    AUTH = "auth"
    MODEL_NOT_FOUND = "model_not_found"
    NOT_FOUND = "not_found"
    CONTEXT = "context"
    LONG_CONTEXT_TIER = "long_context_tier"
    OUTPUT_CAP = "output_cap"
    BAD_PARAMETER = "bad_parameter"
    CONTENT_FILTER = "content_filter"
    BAD_REQUEST = "bad_request"
    CONNECT = "connect"
    DNS = "dns"
    TLS = "tls"
    TIMEOUT_CONNECT = "timeout_connect"
    TIMEOUT_FIRST_TOKEN = "timeout_first_token"
    TIMEOUT_IDLE = "timeout_idle"
    TIMEOUT_TOTAL = "timeout_total"
    MALFORMED = "malformed"
    STREAM_CUT = "stream_cut"
    INTERRUPTED_TOOL = "interrupted_tool"
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"


class Decision(StrEnum):
    """What happened after an attempt failed. These words are public (`ask --json`)."""

    RETRY = "retry"
    NEXT_CREDENTIAL = "next_credential"
    NEXT_MODEL = "next_model"
    NEXT_PROFILE = "next_profile"
    REPAIR = "repair"
    WAIT = "wait"
    STOP = "stop"


class Cools(StrEnum):
    """What a failure takes out of use for a while."""

    NOTHING = "nothing"
    CREDENTIAL_MODEL = "credential_model"
    CREDENTIAL = "credential"
    ROUTE = "route"
    TIER = "tier"


@dataclass(frozen=True, slots=True)
class Failure:
    """One classified failure. `message` is the server's own words, cleaned and cut."""

    kind: FailureKind
    message: str = ""
    status: int | None = None
    code: str | None = None
    retry_after_s: float | None = None
    limit: int | None = None  # a token limit the message states
    parameter: str | None = None  # a parameter the message refuses
    before_first_token: bool = True


class UpstreamFailed(Exception):
    """An attempt failed; carries the classified failure."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(f"{failure.kind}: {failure.message}")
        self.failure = failure


@dataclass(frozen=True, slots=True)
class Rule:
    """What a kind of failure means. `retries` is the most tries on the same route; the provider's `retries` caps it."""

    retries: int = 0
    rotates: bool = False
    moves_on: bool = False
    repairs: bool = False
    waits: bool = False  # a Retry-After rules whether the same route is tried again
    cools: Cools = Cools.NOTHING
    counts_against_circuit: bool = False


_K = FailureKind
RULES: Mapping[FailureKind, Rule] = {
    _K.RATE_LIMIT: Rule(rotates=True, moves_on=True, waits=True, cools=Cools.CREDENTIAL_MODEL),
    _K.UPSTREAM_RATE_LIMIT: Rule(moves_on=True, cools=Cools.ROUTE),
    _K.OVERLOADED: Rule(retries=2, moves_on=True, counts_against_circuit=True),
    _K.SERVER: Rule(retries=1, moves_on=True, counts_against_circuit=True),
    _K.BILLING: Rule(rotates=True, moves_on=True, cools=Cools.CREDENTIAL),
    _K.AUTH: Rule(rotates=True, moves_on=True, cools=Cools.CREDENTIAL),
    _K.MODEL_NOT_FOUND: Rule(moves_on=True, cools=Cools.ROUTE),
    _K.NOT_FOUND: Rule(),
    _K.CONTEXT: Rule(moves_on=True),
    _K.LONG_CONTEXT_TIER: Rule(repairs=True, moves_on=True, cools=Cools.TIER),
    _K.OUTPUT_CAP: Rule(repairs=True, moves_on=True),
    _K.BAD_PARAMETER: Rule(repairs=True, moves_on=True),
    _K.CONTENT_FILTER: Rule(),
    _K.BAD_REQUEST: Rule(),
    _K.CONNECT: Rule(retries=1, moves_on=True, counts_against_circuit=True),
    _K.DNS: Rule(retries=1, moves_on=True, counts_against_circuit=True),
    _K.TLS: Rule(moves_on=True, counts_against_circuit=True),
    _K.TIMEOUT_CONNECT: Rule(moves_on=True, counts_against_circuit=True),
    _K.TIMEOUT_FIRST_TOKEN: Rule(moves_on=True, counts_against_circuit=True),
    _K.TIMEOUT_IDLE: Rule(moves_on=True, counts_against_circuit=True),
    _K.TIMEOUT_TOTAL: Rule(moves_on=True, counts_against_circuit=True),
    _K.MALFORMED: Rule(retries=1, moves_on=True, counts_against_circuit=True),
    _K.STREAM_CUT: Rule(moves_on=True, counts_against_circuit=True),
    _K.INTERRUPTED_TOOL: Rule(),
    _K.CANCELLED: Rule(),
    _K.UNKNOWN: Rule(retries=1, moves_on=True, counts_against_circuit=True),
}

# The route kept silent: asking it again would cost the same limit once more.
SILENT = frozenset({_K.TIMEOUT_CONNECT, _K.TIMEOUT_FIRST_TOKEN, _K.TIMEOUT_IDLE, _K.TIMEOUT_TOTAL})
BACKOFF_FIRST, BACKOFF_MOST = 1.0, 20.0
LONGEST_WAIT = 20.0


@dataclass(frozen=True, slots=True)
class Situation:
    """Everything a decision depends on besides the failure itself."""

    retries_left: int  # extra tries on this route
    tries_left_here: int  # of this credential on this route
    calls_left: int
    seconds_left: float  # before the first token
    other_credential: float | None  # seconds until another one is free; None: there is none
    next_candidate: str | None  # "model" or "profile"
    next_ready_in_s: float | None
    larger_window: bool
    patience_s: float
    committed: bool  # something of this answer reached the caller
    tool_delivered: bool
    replay_tools: bool
    on_interrupted: OnInterrupted
    repaired: bool  # already, or it cannot be
    stepped_down: bool  # already, or there is no smaller tier
    offline: bool
    content_filter_falls_back: bool
    jitter: float  # [0, 1)
    attempt_on_route: int


@dataclass(frozen=True, slots=True)
class Step:
    decision: Decision
    wait_s: float = 0.0
    reason: str = ""


def decide(failure: Failure, situation: Situation) -> Step:
    """The one place where it is settled what happens after a failure."""
    kind, rule = failure.kind, RULES[failure.kind]
    if situation.calls_left <= 0 or situation.offline:
        return Step(Decision.STOP, reason="offline" if situation.offline else "no calls left")
    if situation.committed:
        return _after_first_token(failure, rule, situation)
    if situation.seconds_left <= 0:
        return Step(Decision.STOP, reason="no time left")
    if rule.repairs:
        exhausted = situation.stepped_down if kind is FailureKind.LONG_CONTEXT_TIER else situation.repaired
        if not exhausted and situation.tries_left_here > 0:
            return Step(Decision.REPAIR, reason="the request is made to fit")
    if (again := _same_route(failure, rule, situation)) is not None:
        return again
    if rule.rotates and situation.other_credential == 0:
        return Step(Decision.NEXT_CREDENTIAL, reason="another credential is free")
    if rule.rotates and (wait := _until_another_credential(situation)) is not None:
        return Step(Decision.WAIT, wait, "another credential is free sooner than anybody else")
    if kind is FailureKind.CONTENT_FILTER and situation.content_filter_falls_back:
        return _onward(situation)
    if kind is FailureKind.CONTEXT and not situation.larger_window:
        return Step(Decision.STOP, reason="no candidate has a larger window")
    return _onward(situation) if rule.moves_on else Step(Decision.STOP, reason=f"{kind} is not tried elsewhere")


def _after_first_token(failure: Failure, rule: Rule, situation: Situation) -> Step:
    """A part of the answer is out: a whole one from elsewhere may supersede it, or it stays as it is."""
    if situation.tool_delivered and not situation.replay_tools:
        return Step(Decision.STOP, reason="a tool call was delivered, and is not replayed unasked")
    if situation.on_interrupted is OnInterrupted.STOP:
        return Step(Decision.STOP, reason="an interrupted answer is kept as it is")
    if failure.kind is FailureKind.CONTENT_FILTER and not situation.content_filter_falls_back:
        return Step(Decision.STOP, reason="content_filter is not tried elsewhere")
    if failure.kind is FailureKind.CONTEXT and not situation.larger_window:
        return Step(Decision.STOP, reason="no candidate has a larger window")
    if rule.rotates and situation.other_credential == 0:
        return Step(Decision.NEXT_CREDENTIAL, reason="another credential is free")
    if situation.next_candidate is not None:
        return _onward(situation)
    if failure.kind in SILENT:
        return Step(Decision.STOP, reason="nobody else can answer")
    if rule.counts_against_circuit and situation.retries_left > 0 and situation.tries_left_here > 0:
        return Step(Decision.RETRY, _backoff(situation), "nobody else can answer")
    return Step(Decision.STOP, reason="nobody else can answer")


def _same_route(failure: Failure, rule: Rule, situation: Situation) -> Step | None:
    """One more try on the same route, if the table and the limits allow it."""
    if situation.retries_left <= 0 or situation.tries_left_here <= 0:
        return None
    if rule.waits:
        wait = failure.retry_after_s
        if wait is None or wait > _worth_waiting(situation, wait) or wait > situation.seconds_left:
            return None
        return Step(Decision.RETRY, wait, "the server asks for a short wait")
    if situation.attempt_on_route > rule.retries:
        return None
    wait = _backoff(situation)
    asked = failure.retry_after_s
    if asked is not None:
        if asked > _worth_waiting(situation, asked):
            return None
        wait = max(wait, asked)
    if wait > situation.seconds_left:
        return None
    return Step(Decision.RETRY, wait, "the same route once more")


def _worth_waiting(situation: Situation, wait: float) -> float:
    """The asked-for route is worth `patience`; more only if nobody else can answer sooner."""
    others = [seconds for seconds in (situation.other_credential, situation.next_ready_in_s) if seconds is not None]
    return situation.patience_s if others and min(others) < wait else max(LONGEST_WAIT, situation.patience_s)


def _until_another_credential(situation: Situation) -> float | None:
    """Seconds worth waiting for another credential of the route: it is free soon, and nobody else is sooner."""
    wait = situation.other_credential
    if wait is None or wait > min(LONGEST_WAIT, situation.seconds_left):
        return None
    ready = situation.next_ready_in_s if situation.next_candidate is not None else None
    return wait if ready is None or wait < ready else None


def _onward(situation: Situation) -> Step:
    match situation.next_candidate:
        case "model":
            return Step(Decision.NEXT_MODEL, reason="another model of the profile")
        case "profile":
            return Step(Decision.NEXT_PROFILE, reason="another profile")
        case _:
            return Step(Decision.STOP, reason="nobody else can answer")


def _backoff(situation: Situation) -> float:
    """Exponential with full jitter, so that many callers do not come back in step."""
    ceiling: float = min(BACKOFF_MOST, BACKOFF_FIRST * 2 ** max(0, situation.attempt_on_route - 1))
    return ceiling * situation.jitter
