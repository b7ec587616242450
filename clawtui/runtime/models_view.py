"""Profiles and fusions as rows: readiness, capabilities with their sources, prices. Read by command line and screen."""

from __future__ import annotations

from dataclasses import dataclass

from clawtui.engine.capabilities import Capabilities
from clawtui.engine.engine import Engine
from clawtui.engine.fusing.readiness import readiness
from clawtui.engine.pricing import PricedBy
from clawtui.engine.request import Route


@dataclass(frozen=True, slots=True)
class ModelRow:
    id: str
    provider: str
    model: str
    description: str
    tags: tuple[str, ...]
    enabled: bool
    ready: bool
    reason: str  # why not, empty where it is ready
    discovered: bool
    capabilities: Capabilities
    price: PricedBy | None
    fallback_models: tuple[str, ...]
    fallback_profiles: tuple[str, ...]

    @property
    def route(self) -> Route:
        return Route(self.id, self.provider, self.model)


@dataclass(frozen=True, slots=True)
class FusionRow:
    name: str
    ready: bool
    reason: str


def model_rows(engine: Engine) -> list[ModelRow]:
    """In file order."""
    registry = engine.registry
    rows: list[ModelRow] = []
    for spec in registry.profiles.values():
        route = Route(spec.id, spec.provider, spec.model)
        reason = registry.not_ready(spec.provider) or ""
        if not spec.enabled:
            reason = "disabled"
        rows.append(
            ModelRow(
                id=spec.id,
                provider=spec.provider,
                model=spec.model,
                description=spec.description,
                tags=tuple(sorted(spec.tags)),
                enabled=spec.enabled,
                ready=not reason,
                reason=reason,
                discovered=spec.discovered,
                capabilities=registry.capabilities(route),
                price=registry.price(route),
                fallback_models=tuple(spec.fallback_models),
                fallback_profiles=tuple(spec.fallback_profiles),
            )
        )
    return rows


def fusion_rows(engine: Engine, policy: str | None = None) -> list[FusionRow]:
    rows = []
    for name in engine.registry.fusions:
        state = readiness(engine, name, policy)
        rows.append(FusionRow(name, state.ready, state.reason))
    return rows
