"""What a plan is made of: a verdict for every profile, and the ordered candidates that may be called."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from clawtui.engine.request import Route


class Verdict(StrEnum):
    CHOSEN = "chosen"
    FALLBACK = "fallback"
    SKIPPED = "skipped"


class Skip(StrEnum):
    """Why a route may not answer. The wording for people is `PlanEntry.reason`."""

    NOT_READY = "not_ready"
    DISABLED = "disabled"
    POLICY = "policy"
    CAPABILITY = "capability"
    INEXPRESSIBLE = "inexpressible"  # the provider's wire cannot say what is asked
    CONTEXT = "context"
    CIRCUIT_OPEN = "circuit_open"
    COOLING = "cooling"
    BUDGET = "budget"
    PRICE_UNKNOWN = "price_unknown"
    DUPLICATE = "duplicate"
    NOT_ASKED = "not_asked"  # able, but neither named nor anybody's fallback in this request


@dataclass(frozen=True, slots=True)
class Blocked:
    """Out of use for a while, and why."""

    seconds: float
    reason: str


class RouteRole(StrEnum):
    PRIMARY = "primary"
    FALLBACK_MODEL = "fallback_model"
    FALLBACK_PROFILE = "fallback_profile"
    OVERRIDE = "override"


@dataclass(frozen=True, slots=True)
class PlanEntry:
    route: Route
    verdict: Verdict
    reason: str
    skip: Skip | None = None
    available_in_s: float | None = None  # for temporary skips: when it frees


@dataclass(frozen=True, slots=True)
class Needs:
    """What a request needs of a model, read off the request, the policy and the caller's own requirements."""

    tools: bool = False
    vision: bool = False
    audio: bool = False
    json_schema: bool = False
    system_messages: bool = False
    prefill: bool = False
    extra: frozenset[str] = frozenset()  # capability names required by policy or caller
    context_tokens: int = 0  # estimated input and reserved output
    input_tokens: int = 0
    min_context_tokens: int = 0
    wishes: tuple[str, ...] = ()  # streaming, parallel_tools, reasoning: missing ones are dropped with a note


@dataclass(frozen=True, slots=True)
class Candidate:
    """A route that may be called, with what the planner already settled for it."""

    route: Route
    role: RouteRole
    hop: int  # 0 for the asked-for profile
    max_tokens: int | None  # to send; None leaves it to the provider
    reserve_usd: float | None  # upper bound under the known price; None where the price is unknown
    input_tokens: int
    notes: tuple[str, ...] = ()
    estimate: int = 0  # `input_tokens` before calibration: what reported figures are held against


@dataclass(frozen=True, slots=True)
class Plan:
    """Who may answer, in order, and why not the others. Pure: made from values, without I/O."""

    requested: str | None
    policy: str
    needs: Needs
    candidates: tuple[Candidate, ...]
    entries: tuple[PlanEntry, ...]
    waits: tuple[Candidate, ...] = ()  # could serve later: temporarily skipped, soonest first
    error: str | None = None  # unknown target: what was not found, with the nearest names
    notes: tuple[str, ...] = ()
