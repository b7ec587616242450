"""Short builders for what plans are made of: a config, a registry, a request, and a present that stands still."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from clawtui.config.schema import Config
from clawtui.engine.learned import LearnedFacts
from clawtui.engine.memory import MemoryState
from clawtui.engine.plan import Inexpressible, make_plan
from clawtui.engine.ports import NO_SPENDING, Spending
from clawtui.engine.registry import Registry, build, effective_providers
from clawtui.engine.request import ChatRequest, Route, user
from clawtui.engine.tokens import Calibration
from clawtui.engine.verdicts import Blocked, Plan, PlanEntry
from tests.house import FakeClock

FREE = {"input": 0.0, "output": 0.0}


def a_profile(model: str = "m", provider: str = "up", **fields: Any) -> dict[str, Any]:
    return {"provider": provider, "model": model, **fields}


def a_config(profiles: Mapping[str, Any] | None = None, **tables: Any) -> Config:
    """One provider `up` without a key, unless `providers` says otherwise."""
    providers = {
        "up": {"kind": "openai", "base_url": "http://127.0.0.1:9/v1", "credentials": []},
        **tables.pop("providers", {}),
    }
    chosen = {"first": a_profile("alpha")} if profiles is None else dict(profiles)
    return Config.model_validate({"providers": providers, "profiles": chosen, **tables})


def a_registry(
    profiles: Mapping[str, Any] | None = None,
    *,
    not_ready: Mapping[str, str] | None = None,
    learned: LearnedFacts | None = None,
    calibration: Calibration | None = None,
    **tables: Any,
) -> Registry:
    config = a_config(profiles, **tables)
    facts = learned or LearnedFacts(FakeClock(), MemoryState())
    return build(config, effective_providers(config, {}), not_ready or {}, facts, calibration or Calibration())


def a_request(text: str = "hello", **wishes: Any) -> ChatRequest:
    return ChatRequest((user(text),), **wishes)


@dataclass
class Present:
    """A HealthView that says what it was told; by default all is well."""

    circuits: dict[Route, Blocked] = field(default_factory=dict)
    credentials: dict[tuple[str, str], Blocked] = field(default_factory=dict)
    ranks: dict[Route, tuple[float, float]] = field(default_factory=dict)
    spent: Spending = NO_SPENDING
    off: set[Route] = field(default_factory=set)

    def circuit_wait(self, route: Route) -> Blocked | None:
        return self.circuits.get(route)

    def credential_wait(self, provider: str, model: str) -> Blocked | None:
        return self.credentials.get((provider, model))

    def rank(self, route: Route) -> tuple[float, float]:
        return self.ranks.get(route, (0.0, 0.0))

    def spending(self, policy: str) -> Spending:
        return self.spent

    def disabled(self, route: Route) -> bool:
        return route in self.off


def a_plan(
    profiles: Mapping[str, Any] | None = None,
    *,
    request: ChatRequest | None = None,
    present: Present | None = None,
    inexpressible: Inexpressible = lambda kind, asked: None,
    **tables: Any,
) -> Plan:
    return make_plan(request or a_request(), a_registry(profiles, **tables), present or Present(), inexpressible)


def order(plan: Plan) -> list[str]:
    """Who may answer, in order: profiles by id, other models as `profile:model` or `provider/model`."""
    return [_name(each.route, plan) for each in plan.candidates]


def entry(plan: Plan, profile: str | None, model: str | None = None) -> PlanEntry:
    return next(
        each for each in plan.entries if each.route.profile == profile and (model is None or each.route.model == model)
    )


def _name(route: Route, plan: Plan) -> str:
    if route.profile is None:
        return f"{route.provider}/{route.model}"
    first = next(each.route for each in plan.entries if each.route.profile == route.profile)
    return route.profile if route == first else f"{route.profile}:{route.model}"
