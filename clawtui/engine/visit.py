"""What a walk works with, and what it holds of one route and one attempt."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from clawtui.engine.circuit import CircuitBoard, CircuitLease
from clawtui.engine.clock import Clock
from clawtui.engine.credentials import CredentialLease, CredentialPools
from clawtui.engine.health import Health, RouteStats
from clawtui.engine.learned import LearnedFacts
from clawtui.engine.ports import Bus, Ledger
from clawtui.engine.registry import Registry
from clawtui.engine.request import ChatRequest, Route
from clawtui.engine.slots import Slot, Slots
from clawtui.engine.verdicts import Candidate
from clawtui.engine.wire.http import Transport


@dataclass(slots=True)
class Parts:
    """What a walk works with. Registry and keys are those its request began on; the rest is shared by all requests."""

    registry: Registry
    clock: Clock
    ledger: Ledger
    bus: Bus
    circuits: CircuitBoard
    pools: CredentialPools
    health: Health
    stats: RouteStats
    transport: Transport
    learned: LearnedFacts
    random: random.Random
    slots: Slots


@dataclass(slots=True)
class Visit:
    """What this request did on one route so far."""

    candidate: Candidate
    request: ChatRequest  # with the profile's defaults, and trimmed where a smaller window forced it
    forced: bool = False  # everything is blocked, and this route frees first
    attempts: int = 0
    retries: int = 0
    tries: dict[str | None, int] = field(default_factory=dict)
    avoid: set[str] = field(default_factory=set)
    repaired: bool = False
    stepped_down: bool = False
    wait_s: float = 0.0

    @property
    def route(self) -> Route:
        return self.candidate.route


@dataclass(slots=True)
class Ticket:
    """The leases of one attempt. Closed exactly once, whatever happens."""

    circuit: CircuitLease
    credential: CredentialLease
    slot: Slot
    sent: bool = False
    closed: bool = False
