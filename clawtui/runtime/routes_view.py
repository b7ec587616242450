"""Routes as rows: declared and seen, with circuit, counters of all processes and what this one watches live."""

from __future__ import annotations

from dataclasses import dataclass

from clawtui.engine.circuit import CircuitView
from clawtui.engine.engine import Engine
from clawtui.engine.health import LiveView
from clawtui.engine.request import Route
from clawtui.engine.verdicts import RouteRole
from clawtui.store.routes import RouteFigures
from clawtui.store.store import Store


@dataclass(frozen=True, slots=True)
class RouteRow:
    route: Route
    role: RouteRole
    circuit: CircuitView
    ready: bool
    reason: str  # why not ready, or disabled
    requests: int
    retries: int
    failures: int
    in_flight: int
    success_rate: float | None
    p50_ms: float | None
    p95_ms: float | None
    first_token_p50_ms: float | None
    tokens_per_s: float | None
    last_failure: str | None
    last_failure_at: float | None
    buckets: tuple[int, ...]
    failed_buckets: tuple[int, ...]
    is_disabled: bool = False  # by hand, for this run


async def route_rows(engine: Engine, store: Store) -> list[RouteRow]:
    """In file order, fallback models behind their profile, then what was only seen at run time."""
    counters = await store.routes.all()
    roles = declared(engine)
    live = {view.route: view for view in engine.stats.views()}
    seen = [*roles, *(route for route in sorted({*counters, *live}, key=str) if route not in roles)]
    return [
        _row(engine, route, roles.get(route, RouteRole.OVERRIDE), counters.get(route), live.get(route))
        for route in seen
    ]


def declared(engine: Engine) -> dict[Route, RouteRole]:
    """A profile's own route is primary; one that some profile falls back to keeps that role only if it is no profile."""
    roles: dict[Route, RouteRole] = {}
    fallbacks = {name for spec in engine.registry.profiles.values() for name in spec.fallback_profiles}
    asked = {engine.registry.default_profile, *(policy.profile for policy in engine.registry.policies.values())}
    for spec in engine.registry.profiles.values():
        is_only_fallback = spec.id in fallbacks and spec.id not in asked
        roles[spec.route] = RouteRole.FALLBACK_PROFILE if is_only_fallback else RouteRole.PRIMARY
        for model in spec.fallback_models:
            roles.setdefault(Route(spec.id, spec.provider, model), RouteRole.FALLBACK_MODEL)
    return roles


def _row(
    engine: Engine, route: Route, role: RouteRole, counted: RouteFigures | None, live: LiveView | None
) -> RouteRow:
    spec = engine.registry.profiles.get(route.profile or "")
    reason = engine.registry.not_ready(route.provider) or ""
    if route.provider not in engine.registry.providers:
        reason = "not in the config"
    elif engine.is_disabled(route):
        reason = "disabled for this run"
    elif (spec is not None and not spec.enabled) or not engine.registry.providers[route.provider].enabled:
        reason = "disabled"
    return RouteRow(
        route=route,
        role=role,
        circuit=engine.circuits.view(route),
        ready=not reason,
        reason=reason,
        requests=counted.requests if counted else 0,
        retries=counted.retries if counted else 0,
        failures=counted.failures if counted else 0,
        in_flight=live.in_flight if live else 0,
        success_rate=counted.success_rate if counted else None,
        p50_ms=counted.p50_ms if counted else None,
        p95_ms=counted.p95_ms if counted else None,
        first_token_p50_ms=counted.first_token_p50_ms if counted else None,
        tokens_per_s=counted.tokens_per_s if counted else None,
        last_failure=counted.last_failure if counted else None,
        last_failure_at=counted.last_failure_at if counted else None,
        buckets=live.buckets if live else (),
        failed_buckets=live.failed_buckets if live else (),
        is_disabled=engine.is_disabled(route),
    )
