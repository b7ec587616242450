"""One route in detail: what its circuit did, who falls back to it, its provider's credentials, its last calls. And the
free call that asks whether its provider is back."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from clawtui.engine.credentials import CredentialView
from clawtui.engine.engine import Engine
from clawtui.engine.ports import Transition
from clawtui.engine.probing import Probe
from clawtui.engine.request import Route
from clawtui.runtime.runtime import Runtime
from clawtui.store.traces import AttemptRow

MOST_TRANSITIONS = 20
MOST_ATTEMPTS = 50


@dataclass(frozen=True, slots=True)
class TimeLimits:
    connect_s: float
    first_token_s: float
    idle_s: float
    total_s: float
    retries: int
    at_once: int  # calls of the provider
    open_for_s: float  # of the circuit, the first time
    open_for_max_s: float


@dataclass(frozen=True, slots=True)
class FallsBack:
    """Who comes to this route when others fail, and in which place of its chain."""

    name: str
    place: int  # 1: the first fallback
    is_policy: bool = False


@dataclass(frozen=True, slots=True)
class RouteDetail:
    route: Route
    limits: TimeLimits | None  # None: its provider is not in the config
    fallback_of: tuple[FallsBack, ...]
    credentials: tuple[CredentialView, ...]
    keyless: bool
    provider_in_flight: int
    transitions: tuple[Transition, ...]  # newest first, of all processes
    attempts: tuple[AttemptRow, ...]  # newest first, of all processes


async def route_detail(runtime: Runtime, route: Route) -> RouteDetail:
    engine = runtime.engine
    provider = engine.registry.providers.get(route.provider)
    transitions, attempts = await _stored(runtime, route)
    return RouteDetail(
        route=route,
        limits=_limits(engine, route),
        fallback_of=tuple(_fallback_of(engine, route)),
        credentials=tuple(view for view in engine.pools.views() if view.provider == route.provider),
        keyless=provider is not None and provider.keyless,
        provider_in_flight=sum(
            view.in_flight for view in engine.stats.views() if view.route.provider == route.provider
        ),
        transitions=transitions,
        attempts=attempts,
    )


async def _stored(runtime: Runtime, route: Route) -> tuple[tuple[Transition, ...], tuple[AttemptRow, ...]]:
    """Nothing where the file cannot be read: the writer tells what is wrong with it."""
    store = runtime.store
    try:
        return (
            tuple(await store.state.transitions(route, MOST_TRANSITIONS)),
            tuple(await store.traces.attempts_of(route.profile, route.provider, route.model, MOST_ATTEMPTS)),
        )
    except sqlite3.Error:
        return tuple(reversed(runtime.engine.circuits.view(route).history)), ()


def _limits(engine: Engine, route: Route) -> TimeLimits | None:
    provider = engine.registry.providers.get(route.provider)
    if provider is None:
        return None
    spec = engine.registry.profiles.get(route.profile or "")
    times = provider.timeouts if spec is None else spec.timeouts
    return TimeLimits(
        times.connect,
        times.first_token,
        times.idle,
        times.total,
        provider.retries,
        provider.max_concurrency,
        provider.circuit.open_for,
        provider.circuit.open_for_max,
    )


def _fallback_of(engine: Engine, route: Route) -> list[FallsBack]:
    """By what is laid out for each profile; the place counts routes, as a request walks them."""
    registry = engine.registry
    found: list[FallsBack] = []
    for name in registry.profiles:
        routes = [link.route for link in registry.chain(name)]
        if route in routes[1:]:
            found.append(FallsBack(name, routes.index(route, 1)))
    found += [
        FallsBack(name, policy.fallback_profiles.index(route.profile) + 1, is_policy=True)
        for name, policy in registry.policies.items()
        if route.profile in policy.fallback_profiles
    ]
    return found


async def probe_provider(runtime: Runtime, provider_id: str) -> Probe:
    """Asks for the model list. An answer lets every open circuit of the provider try a real call at once."""
    probe = await runtime.probe(provider_id)
    if probe.error is None:
        for view in runtime.engine.circuits.views():
            if view.route.provider == provider_id:
                runtime.engine.circuits.probe_answered(view.route)
    return probe
