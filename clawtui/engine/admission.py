"""Leave for one more attempt: circuit, credential, money, and one of the calls that may run at once. All or none."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

from clawtui.config.schema import Timeouts
from clawtui.engine.clock import Deadline
from clawtui.engine.events import BudgetReached
from clawtui.engine.failures import FailureKind
from clawtui.engine.ports import Intent, Refusal
from clawtui.engine.request import Route
from clawtui.engine.run import Run
from clawtui.engine.slots import Slot
from clawtui.engine.verdicts import Candidate
from clawtui.engine.visit import Parts, Ticket, Visit

MAX_CALLS = 8
MAX_SECONDS_BEFORE_FIRST_TOKEN = 90.0


@dataclass(frozen=True, slots=True)
class PassedOver:
    """A candidate that was not called, for a reason that no plan could know."""

    route: Route
    kind: str
    reason: str


class Admission:
    """Of one request."""

    def __init__(self, parts: Parts, run: Run) -> None:
        self._parts = parts
        self._run = run
        self._policy = parts.registry.policies[run.plan.policy]
        self._reserved: float | None = None
        self.refusals: list[tuple[Route, Refusal]] = []
        self.passed_over: list[PassedOver] = []
        self._lost_probe = False

    def timeouts(self, route: Route) -> Timeouts:
        profile = self._parts.registry.profiles.get(route.profile or "")
        return profile.timeouts if profile else self._parts.registry.providers[route.provider].timeouts

    def seconds_left(self) -> float:
        """Seconds that are left for a first token. Where one has come, only the time limits of each call hold."""
        if self._run.has_answer_text:
            return inf
        return MAX_SECONDS_BEFORE_FIRST_TOKEN - self._run.t_ms(self._parts.clock) / 1000

    def waits_for_probe(self) -> bool:
        """Whether nobody was called, because somebody else holds the one probe of the last route that could be."""
        return self._lost_probe and not self._run.attempts and self.seconds_left() > 0

    async def admit(self, visit: Visit) -> Ticket | None:
        """The leases and the money for one more attempt; None: not here, not now."""
        parts, route = self._parts, visit.route
        if len(self._run.attempts) >= MAX_CALLS or self.seconds_left() <= 0:
            return None
        await parts.pools.prepare(route.provider)
        if (missing := parts.pools.missing(route.provider)) is not None:
            self.passed_over.append(PassedOver(route, "not_ready", missing))
            return None
        circuit = parts.circuits.enter(route, force=visit.forced)
        self._lost_probe = circuit is None and visit.forced
        if circuit is None:
            return None
        credential = parts.pools.lease(
            route.provider,
            route.model,
            conversation=self._run.request.conversation,
            avoid=frozenset(visit.avoid),
            force=visit.forced,
        )
        if credential is None:
            circuit.released()
            return None
        slot: Slot | None = None
        try:
            refusal = await self._reserve(visit.candidate)
            if refusal is None:
                slot = await self._slot(visit)
        finally:
            if slot is None:  # refused, cancelled, or the store failed: nothing stays leased
                circuit.released()
                credential.released()
        if refusal is not None or slot is None:
            return None
        visit.attempts += 1
        visit.tries[credential.label] = visit.tries.get(credential.label, 0) + 1
        return Ticket(circuit, credential, slot)

    async def _slot(self, visit: Visit) -> Slot | None:
        """One of the calls that a provider lets run at once. Waiting for one is silence like any other: it lasts as long
        as the route may be silent, then others are asked."""
        parts, route = self._parts, visit.route
        most = parts.registry.providers[route.provider].max_concurrency
        slot = parts.slots.take_now(route.provider, most)
        if slot is not None:
            return slot
        try:
            async with Deadline(parts.clock, min(self.timeouts(route).first_token, self.seconds_left())):
                slot = await parts.slots.take(route.provider, most)
        except TimeoutError:
            reason = (
                f"all calls that may run at once ({most}, max_concurrency of {route.provider}) were taken for too long"
            )
            self.passed_over.append(PassedOver(route, FailureKind.OVERLOADED, reason))
            self._run.notes.append(f"{route} was passed over: {reason}")
        return slot

    async def _reserve(self, candidate: Candidate) -> Refusal | None:
        """Writes the intent before the first call, and a larger sum before a dearer one."""
        parts, run, policy = self._parts, self._run, self._policy
        limits = policy.limits
        needed = candidate.reserve_usd
        if needed is not None:
            needed += run.cost().usd or 0.0
        if self._reserved is not None and (limits is None or (needed or 0.0) <= self._reserved):
            return None
        parent = run.request.parent
        intent = Intent(
            request_id=run.request_id,
            at=run.at,
            caller=run.request.caller,
            policy=run.plan.policy,
            requested=run.plan.requested,
            route=candidate.route,
            reserve_usd=needed,
            limits=limits,
            parent=parent.request_id if parent else None,
            stage=parent.stage if parent else None,
            adviser_index=parent.index if parent else None,
        )
        refusal = await parts.ledger.reserve(intent)
        if refusal is None:
            self._reserved = needed or 0.0
            return None
        self.refusals.append((candidate.route, refusal))
        parts.bus.publish(
            BudgetReached(run.plan.policy, refusal.period, refusal.spent_usd, refusal.limit_usd, refused=True)
        )
        return refusal
