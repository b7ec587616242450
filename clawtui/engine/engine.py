"""The engine: asks and answers. Composes the parts, starts one walk (or fusion) a request, and settles each once.

It knows nothing of SQLite, screens or command lines: ledger, state and time are passed in.
"""

from __future__ import annotations

import random
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing

from clawtui.config.schema import CircuitSettings, Config
from clawtui.engine.bus import EventBus
from clawtui.engine.circuit import CircuitBoard
from clawtui.engine.clock import Clock, SystemClock
from clawtui.engine.credentials import CredentialPools
from clawtui.engine.events import Completed, Failed, RequestEvent
from clawtui.engine.fusion import counterfactual, fuse, fusion_plan, resynthesis
from clawtui.engine.health import Health, RouteStats
from clawtui.engine.learned import LearnedFacts
from clawtui.engine.memory import MemoryLedger, MemoryState
from clawtui.engine.outcome import FusionRecord, Trace
from clawtui.engine.ports import Bus, Ledger, StateStore, StoredState
from clawtui.engine.probing import Probe, list_models
from clawtui.engine.registry import build, effective_providers
from clawtui.engine.request import ChatRequest, Route
from clawtui.engine.router import Router
from clawtui.engine.slots import Slots
from clawtui.engine.tokens import Calibration
from clawtui.engine.verdicts import Plan
from clawtui.engine.visit import Parts
from clawtui.engine.wire.http import Transport

FUSION_PREFIX = "fusion/"
MOST_HOPS = 1


class Engine:
    """Asks and answers. One instance a process; all of it runs on one event loop."""

    def __init__(
        self,
        config: Config,
        *,
        environ: Mapping[str, str],
        secret_key: bytes,
        clock: Clock | None = None,
        ledger: Ledger | None = None,
        state: StateStore | None = None,
        bus: Bus | None = None,
        rng: random.Random | None = None,
        discovered: frozenset[str] = frozenset(),
    ) -> None:
        self.clock: Clock = clock or SystemClock()
        self.bus: Bus = bus or EventBus()
        self.ledger: Ledger = ledger or MemoryLedger(self.clock.wall)
        self.state: StateStore = state or MemoryState()
        self._random = rng or random.Random()
        self._environ = environ
        self.transport = Transport()
        self.learned = LearnedFacts(self.clock, self.state)
        self.stats = RouteStats(self.clock)
        self._calibration = Calibration()
        self.circuits = CircuitBoard(self.clock, self.state, self.bus, self._circuit_settings)
        self.pools = CredentialPools(self.clock, self.state, self.bus, self._random)
        self.pools.use(environ, secret_key)
        self._slots = Slots()
        self._disabled: set[Route] = set()
        self.reconfigure(config, discovered)

    # ---- life

    async def start(self) -> None:
        """Takes up circuits, cooldowns and learned facts where the last process left them."""
        self.absorb(await self.state.load())

    def absorb(self, stored: StoredState) -> None:
        """State that was stored, by an earlier process or by another one just now."""
        self.circuits.absorb(stored.circuits)
        self.pools.absorb(stored.credentials)
        self.learned.absorb(stored.learned)

    def reconfigure(self, config: Config, discovered: frozenset[str] = frozenset()) -> None:
        """Puts a config in force. Requests under way finish on the one they began with; health is kept."""
        providers = effective_providers(config, self._environ)
        not_ready: dict[str, str] = {}
        pools = self.pools.successor()  # whoever is under way keeps the keys that belong to its addresses
        for provider in providers.values():
            missing = pools.configure(provider.id, provider.credentials, provider.pool)
            if reason := "; ".join(filter(None, (*provider.problems, missing))):
                not_ready[provider.id] = reason
        pools.keep(providers)
        self.pools = pools
        self.registry = build(config, providers, not_ready, self.learned, self._calibration, discovered)
        self._router = Router(
            Parts(
                registry=self.registry,
                clock=self.clock,
                ledger=self.ledger,
                bus=self.bus,
                circuits=self.circuits,
                pools=pools,
                health=Health(self.circuits, pools, self.stats, self.ledger, self._disabled),
                stats=self.stats,
                transport=self.transport,
                learned=self.learned,
                random=self._random,
                slots=self._slots,
            )
        )

    async def aclose(self) -> None:
        await self.transport.aclose()

    def _circuit_settings(self, route: Route) -> CircuitSettings:
        provider = self.registry.providers.get(route.provider)
        return provider.circuit if provider else CircuitSettings()

    # ---- steering

    def set_disabled(self, route: Route, disabled: bool) -> None:
        """Takes a route out of use, or back, for this run of the program only."""
        if disabled:
            self._disabled.add(route)
        else:
            self._disabled.discard(route)

    def is_disabled(self, route: Route) -> bool:
        return route in self._disabled

    # ---- asking

    def plan(self, request: ChatRequest) -> Plan:
        """Who would answer, and why not the others. No call is made."""
        return self._router.plan(request)

    def explain(self, request: ChatRequest) -> Plan:
        """The plan for any request, a fusion's included: there it is the synthesizer's, proposals counted in."""
        name = self._fusion_name(request)
        return self.plan(request) if name is None else fusion_plan(self._router, request, name)

    async def probe(self, provider_id: str) -> Probe:
        """Asks a provider for its model list: free, and says whether it can be reached."""
        provider = self.registry.providers[provider_id]
        await self.pools.prepare(provider_id)
        if (missing := self.pools.missing(provider_id)) is not None:
            return Probe(provider_id, False, error=missing)
        key, all_keys = self.pools.any_secret(provider_id), self.pools.secrets()
        return await list_models(self.transport, provider, key, self.clock, secrets=all_keys)

    async def ask(self, request: ChatRequest) -> Trace:
        """The whole answer, or why there is none: never raises for a failed request."""
        async with aclosing(self.stream(request)) as events:
            async for event in events:
                if type(event) is Completed or type(event) is Failed:
                    return event.trace
        raise AssertionError("a stream ends with Completed or Failed")

    def stream(self, request: ChatRequest) -> AsyncGenerator[RequestEvent, None]:
        """The request as it happens. Ends with `Completed` or `Failed`; closing it cancels the request."""
        name = self._fusion_name(request)
        return self._router.single(request) if name is None else fuse(self._router, request, name)

    def _fusion_name(self, request: ChatRequest) -> str | None:
        target = request.target
        if target is None or not target.startswith(FUSION_PREFIX):
            return None
        name = target.removeprefix(FUSION_PREFIX)
        return name if name in self.registry.fusions else None  # an unknown one is the plan's to name

    def counterfactual(self, trace: Trace) -> ChatRequest:
        """A fusion's request put to its synthesizer alone. A request like any other: `explain` says its cost first."""
        request, record = _fused(trace)
        return counterfactual(request, record.synthesizer.profile, trace.request_id)

    def resynthesis(self, trace: Trace, profile: str) -> ChatRequest:
        """A fusion's proposals, in the order they were sent, put to another profile. A request like any other."""
        request, record = _fused(trace)
        fusion = self.registry.fusions.get(record.name)
        return resynthesis(trace, request, profile, anonymous=fusion.anonymous if fusion else True)


def _fused(trace: Trace) -> tuple[ChatRequest, FusionRecord]:
    if trace.fusion is None:
        raise NotKept("this request was no fusion")
    if trace.request is None:
        raise NotKept("the request's words were not kept: its policy's retention is not `full`")
    return trace.request, trace.fusion


class NotKept(Exception):
    """What would be needed of an old request is not there; the message says why."""
