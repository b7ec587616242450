"""The engine: asks and answers. Composes the parts, starts one walk (or fusion) a request, and settles each once.

It knows nothing of SQLite, screens or command lines: ledger, state and time are passed in.
"""

from __future__ import annotations

import random
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing

from clawtui.config.schema import CircuitSettings, Config, ProviderKind, Retention
from clawtui.engine import final_error
from clawtui.engine.bus import EventBus
from clawtui.engine.circuit import CircuitBoard
from clawtui.engine.clock import Clock, SystemClock
from clawtui.engine.credentials import CredentialPools
from clawtui.engine.events import Completed, Failed, Planned, RequestBegan, RequestEnded, RequestEvent
from clawtui.engine.fusion import counterfactual, fuse, fusion_plan, resynthesis
from clawtui.engine.health import Health, RouteStats
from clawtui.engine.learned import LearnedFacts
from clawtui.engine.memory import MemoryLedger, MemoryState
from clawtui.engine.outcome import FusionRecord, Outcome, RequestError, Trace
from clawtui.engine.plan import make_plan
from clawtui.engine.ports import Bus, Ledger, StateStore, StoredState
from clawtui.engine.probing import Probe, list_models
from clawtui.engine.registry import build, effective_providers
from clawtui.engine.request import ChatRequest, Route
from clawtui.engine.run import Run, new_request_id
from clawtui.engine.slots import Slots
from clawtui.engine.tokens import Calibration
from clawtui.engine.verdicts import Plan
from clawtui.engine.visit import Parts
from clawtui.engine.walk import Walk
from clawtui.engine.wire import dialect_for
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
        self._health = Health(self.circuits, self.pools, self.stats, self.ledger, self._disabled)
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
        for provider in providers.values():
            missing = self.pools.configure(provider.id, provider.credentials, provider.pool)
            if reason := "; ".join(filter(None, (*provider.problems, missing))):
                not_ready[provider.id] = reason
        self.pools.keep(providers)
        self.registry = build(config, providers, not_ready, self.learned, self._calibration, discovered)
        self._parts = Parts(
            registry=self.registry,
            clock=self.clock,
            ledger=self.ledger,
            bus=self.bus,
            circuits=self.circuits,
            pools=self.pools,
            stats=self.stats,
            transport=self.transport,
            learned=self.learned,
            random=self._random,
            slots=self._slots,
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
        return make_plan(request, self.registry, self._health, inexpressible)

    def explain(self, request: ChatRequest) -> Plan:
        """The plan for any request, a fusion's included: there it is the synthesizer's, proposals counted in."""
        name = self._fusion_name(request)
        return self.plan(request) if name is None else fusion_plan(self, request, name)

    async def probe(self, provider_id: str) -> Probe:
        """Asks a provider for its model list: free, and says whether it can be reached."""
        provider = self.registry.providers[provider_id]
        await self.pools.prepare(provider_id)
        return await list_models(self.transport, provider, self.pools.any_secret(provider_id), self.clock)

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
        return self.single(request) if name is None else fuse(self, request, name)

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

    async def single(
        self, request: ChatRequest, ended: Callable[[Trace], None] | None = None
    ) -> AsyncGenerator[RequestEvent, None]:
        """One walk over one plan, for a request that names no fusion. `ended` is told the trace even if nobody is
        left to read the last event."""
        clock, parts = self.clock, self._parts
        at = clock.wall()
        run = Run(request, request.request_id or new_request_id(at), self.plan(request), at, clock.monotonic())
        self._begun(run)

        def replan() -> None:
            run.plan = make_plan(request, parts.registry, self._health, inexpressible)

        walk: Walk | None = None
        trace: Trace | None = None
        try:
            yield Planned(run.request_id, 0.0, run.plan)
            if run.plan.error is None and request.hops <= MOST_HOPS:
                walk = Walk(parts, request, run, replan)
                async with aclosing(walk.events()) as events:
                    async for event in events:
                        yield event
            trace = self._ended(run, walk)
        finally:
            if trace is None:  # cancelled, or the caller stopped reading
                trace = run.trace(Outcome.CANCELLED, run.t_ms(clock), CANCELLED)
            self.settle(trace)
            if ended is not None:
                ended(trace)
        yield Completed(trace.total_ms, trace) if trace.outcome is Outcome.OK else Failed(trace.total_ms, trace)

    def settle(self, trace: Trace) -> None:
        """Closes a request: the ledger's row, the kept trace, the word to observers. Exactly once a request."""
        policy = self.registry.policies.get(trace.policy)
        self.ledger.settle(trace, policy.retention if policy else Retention.METADATA)
        self.bus.publish(RequestEnded(trace.request_id, trace.at, trace.outcome, trace))

    def _begun(self, run: Run) -> None:
        parent = run.request.parent
        self.bus.publish(
            RequestBegan(
                run.request_id, run.at, run.request.caller, run.request.target, parent.request_id if parent else None
            )
        )

    def _ended(self, run: Run, walk: Walk | None) -> Trace:
        ms = run.t_ms(self.clock)
        if run.answered is not None:
            return run.trace(Outcome.OK, ms)
        if run.request.hops > MOST_HOPS:
            return run.trace(Outcome.REFUSED, ms, final_error.too_many_hops(run.request.hops))
        back_in_s = final_error.first_back(run.plan, self._health)
        if walk is not None and run.attempts:
            failures = walk.failures
            if walk.is_interrupted:
                route, failure = failures[-1]
                return run.trace(Outcome.INTERRUPTED, ms, final_error.interrupted(failure, route))
            offline = final_error.seems_offline(failures, self.registry.providers, ())
            return run.trace(Outcome.FAILED, ms, final_error.after_attempts(run.attempts, failures, back_in_s, offline))
        error = final_error.without_attempts(run.plan, walk.refusals if walk else (), back_in_s)
        refused = error.kind in ("budget", "policy")
        return run.trace(Outcome.REFUSED if refused else Outcome.FAILED, ms, error)


def inexpressible(kind: ProviderKind, request: ChatRequest) -> str | None:
    """What a provider's wire cannot say of the request."""
    return dialect_for(kind).inexpressible(request)


def _fused(trace: Trace) -> tuple[ChatRequest, FusionRecord]:
    if trace.fusion is None:
        raise NotKept("this request was no fusion")
    if trace.request is None:
        raise NotKept("the request's words were not kept: its policy's retention is not `full`")
    return trace.request, trace.fusion


class NotKept(Exception):
    """What would be needed of an old request is not there; the message says why."""


CANCELLED = RequestError("cancelled", "the request was cancelled", "")
