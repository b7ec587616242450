"""Whether a fusion would be admitted now, who of it is ready, and the most it could cost. Plans only: no call is made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from clawtui.config.families import model_family
from clawtui.engine import final_error
from clawtui.engine.fusing.adviser_prompt import adviser_messages
from clawtui.engine.fusing.requests import largest_request
from clawtui.engine.request import ChatRequest, Route, user
from clawtui.engine.verdicts import Plan

if TYPE_CHECKING:
    from clawtui.engine.engine import Engine

TARGET = "fusion/"
SAMPLE = "…"  # the shortest of requests: what it needs, every request needs


@dataclass(frozen=True, slots=True)
class PartState:
    """An adviser or the synthesizer, as a plan for it would go now."""

    profile: str
    ready: bool
    reason: str
    route: Route | None
    reserve_usd: float | None  # None: price unknown, or nobody would be called


@dataclass(frozen=True, slots=True)
class FusionState:
    name: str
    enabled: bool
    ready: bool
    reason: str
    advisers: tuple[PartState, ...]
    synthesizer: PartState

    @property
    def calls(self) -> int:
        return len(self.advisers) + 1


@dataclass(frozen=True, slots=True)
class Preview:
    state: FusionState
    worst_case_usd: float | None
    findings: tuple[str, ...]


def readiness(engine: Engine, name: str, policy: str | None = None) -> FusionState:
    """Ready means that one live request for it would be admitted now under this policy; advisers need not be."""
    fusion = engine.registry.fusions[name]
    asked = ChatRequest((user(SAMPLE),), policy=policy)
    # Not by `explain`: of a disabled fusion one wants to know what it would be if it were enabled.
    synthesizer = _part(fusion.synthesizer, engine.plan(largest_request(asked, fusion)))
    advisers = tuple(
        _part(
            profile,
            engine.plan(
                ChatRequest(
                    adviser_messages((user("x" * fusion.max_input_chars),), index, fusion.max_input_chars),
                    target=profile,
                    policy=policy,
                    max_tokens=fusion.adviser_max_tokens,
                )
            ),
        )
        for index, profile in enumerate(fusion.advisers)
    )
    if not fusion.enabled:
        return FusionState(name, False, False, "disabled", advisers, synthesizer)
    reason = "" if synthesizer.ready else f"synthesizer {fusion.synthesizer}: {synthesizer.reason}"
    return FusionState(name, True, synthesizer.ready, reason, advisers, synthesizer)


def preview(engine: Engine, name: str, policy: str | None = None) -> Preview:
    """What one request would do and could cost at most, and what speaks against it."""
    state = readiness(engine, name, policy)
    fusion = engine.registry.fusions[name]
    findings: list[str] = [] if state.ready else [state.reason]
    worst: float | None = 0.0
    for part in (*state.advisers, state.synthesizer):
        if not part.ready:
            if part is not state.synthesizer:
                findings.append(f"adviser {part.profile} is not ready: {part.reason}")
            continue
        if part.reserve_usd is None:
            findings.append(f"the price of {part.profile} is unknown, so the worst case is unknown too")
            worst = None
        elif worst is not None:
            worst += part.reserve_usd
    if fusion.anonymous:
        ours = _family(state.synthesizer)
        same = [part.profile for part in state.advisers if ours is not None and _family(part) == ours]
        if same:
            findings.append(
                f"synthesizer and {', '.join(dict.fromkeys(same))} are of one model family: models tend to prefer their own"
            )
    return Preview(state, worst, tuple(dict.fromkeys(findings)))


def _part(profile: str, plan: Plan) -> PartState:
    if plan.candidates:
        first = plan.candidates[0]
        return PartState(profile, True, "", first.route, first.reserve_usd)
    return PartState(profile, False, final_error.without_attempts(plan, (), None).message, None, None)


def _family(part: PartState) -> str | None:
    return model_family(part.route.model) if part.route else None
