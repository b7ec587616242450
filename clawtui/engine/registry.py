"""The config compiled once into what hot paths read: plain frozen values, chains laid out, prices looked up once."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from clawtui.config import schema
from clawtui.config.effective import EffectiveProvider, UnknownProvider, effective_provider, provider_ids
from clawtui.engine import capabilities as caps
from clawtui.engine.capabilities import Capabilities, Flag, Limit, Source
from clawtui.engine.known_models import guess, look_up
from clawtui.engine.learned import LearnedFacts
from clawtui.engine.ports import Limits
from clawtui.engine.pricing import PricedBy, PriceSource, priced
from clawtui.engine.request import Route
from clawtui.engine.verdicts import RouteRole

MOST_HOPS = 5


@dataclass(frozen=True, slots=True)
class ProfileSpec:
    id: str
    provider: str
    model: str
    description: str
    tags: frozenset[str]
    enabled: bool
    discovered: bool
    fallback_models: tuple[str, ...]
    fallback_profiles: tuple[str, ...]
    defaults: schema.Defaults
    has_defaults: bool
    tier_tokens: int | None  # the smaller window to step down to
    timeouts: schema.Timeouts
    extra: Mapping[str, Any]
    query: Mapping[str, str]
    price: schema.Price | None
    stated: Capabilities
    position: int

    @property
    def route(self) -> Route:
        return Route(self.id, self.provider, self.model)


@dataclass(frozen=True, slots=True)
class PolicySpec:
    id: str
    profile: str | None
    fallback_profiles: tuple[str, ...]
    allow: tuple[str, ...]
    deny: tuple[str, ...]
    require_tags: frozenset[str]
    forbid_tags: frozenset[str]
    prefer_tags: frozenset[str]
    require: frozenset[str]
    min_context_tokens: int
    limits: Limits | None
    retention: schema.Retention
    on_interrupted: schema.OnInterrupted
    patience: float
    fallback_on_content_filter: bool
    allows_all: bool  # neither allow, deny nor tags say anything: the common case, decided once


@dataclass(frozen=True, slots=True)
class Link:
    """One route of a chain."""

    route: Route
    role: RouteRole
    hop: int


@dataclass(slots=True)
class Registry:
    providers: Mapping[str, EffectiveProvider]
    profiles: Mapping[str, ProfileSpec]
    policies: Mapping[str, PolicySpec]
    fusions: Mapping[str, schema.Fusion]
    default_profile: str | None
    default_policy: str
    learned: LearnedFacts
    _not_ready: Mapping[str, str]
    _capabilities: dict[Route, Capabilities] = field(default_factory=dict)
    _prices: dict[tuple[Route, str | None], PricedBy | None] = field(default_factory=dict)
    _chains: dict[str, tuple[Link, ...]] = field(default_factory=dict)

    def not_ready(self, provider_id: str) -> str | None:
        """What keeps a provider's profiles from being ready, naming the variable."""
        return self._not_ready.get(provider_id)

    def capabilities(self, route: Route) -> Capabilities:
        known = self._capabilities.get(route)
        if known is None:
            known = self._capabilities[route] = self._merged(route)
        window = self.learned.window(route)
        if window is not None and (known.max_context_tokens.value or window + 1) > window:
            return _with_window(known, window)
        return known

    def _merged(self, route: Route) -> Capabilities:
        spec = self.profiles.get(route.profile or "")
        provider = self.providers.get(route.provider)
        layers: list[Capabilities] = []
        if spec is not None and spec.model == route.model:
            layers.append(spec.stated)
        if provider is not None:
            layers += [look_up(provider.prices, route.model).capabilities, guess(provider.kind)]
        return caps.merged(*layers)

    def price(self, route: Route, served_model: str | None = None) -> PricedBy | None:
        """Profile, then provider, then catalogue by the model that was served; None: unknown."""
        key = (route, served_model)
        if key not in self._prices:
            self._prices[key] = self._priced(route, served_model)
        return self._prices[key]

    def _priced(self, route: Route, served_model: str | None) -> PricedBy | None:
        spec = self.profiles.get(route.profile or "")
        if spec is not None and spec.price is not None and spec.model == route.model:
            return priced(spec.price, PriceSource.CONFIG)
        provider = self.providers.get(route.provider)
        if provider is None:
            return None
        if provider.price is not None:
            return priced(provider.price, PriceSource.PROVIDER)
        if served_model is not None and (known := look_up(provider.prices, served_model).price) is not None:
            return known
        return look_up(provider.prices, route.model).price

    def chain(self, profile_id: str) -> tuple[Link, ...]:
        """The profile, its models, then its fallback profiles with theirs, followed at most five hops deep."""
        known = self._chains.get(profile_id)
        if known is None:
            known = self._chains[profile_id] = tuple(self._laid_out(profile_id))
        return known

    def _laid_out(self, profile_id: str) -> list[Link]:
        links: list[Link] = []
        seen: set[str] = set()
        # In rounds: all that the asked-for profile names itself comes before what its fallbacks name.
        waiting = deque([(profile_id, 0)])
        while waiting:
            name, hop = waiting.popleft()
            spec = self.profiles.get(name)
            if spec is None or name in seen or hop > MOST_HOPS:
                continue
            seen.add(name)
            first = RouteRole.PRIMARY if hop == 0 else RouteRole.FALLBACK_PROFILE
            links.append(Link(spec.route, first, hop))
            links.extend(
                Link(Route(name, spec.provider, model), RouteRole.FALLBACK_MODEL, hop) for model in spec.fallback_models
            )
            waiting.extend((each, hop + 1) for each in spec.fallback_profiles)
        return links

    def provider_of(self, provider_id: str) -> EffectiveProvider | None:
        return self.providers.get(provider_id)


def build(
    config: schema.Config,
    providers: Mapping[str, EffectiveProvider],
    not_ready: Mapping[str, str],
    learned: LearnedFacts,
    discovered: frozenset[str] = frozenset(),
) -> Registry:
    profiles = {
        name: _profile(name, table, providers.get(table.provider), position, name in discovered)
        for position, (name, table) in enumerate(config.profiles.items())
    }
    learned.use_tiers({spec.route: spec.tier_tokens for spec in profiles.values() if spec.tier_tokens is not None})
    policies = {name: _policy(name, table) for name, table in config.all_policies.items()}
    return Registry(
        providers=providers,
        profiles=profiles,
        policies=policies,
        fusions=config.fusion,
        default_profile=config.default_profile,
        default_policy=config.default_policy or schema.DEFAULT_POLICY,
        learned=learned,
        _not_ready=not_ready,
    )


def effective_providers(config: schema.Config, environ: Mapping[str, str]) -> dict[str, EffectiveProvider]:
    """Every declared and every known provider: a literal PROVIDER/MODEL may name any of them."""
    found: dict[str, EffectiveProvider] = {}
    for name in provider_ids(config):
        try:
            found[name] = effective_provider(config, name, environ)
        except UnknownProvider:  # a reference that the checks have told as an error
            continue
    return found


def _profile(
    name: str, table: schema.Profile, provider: EffectiveProvider | None, position: int, discovered: bool
) -> ProfileSpec:
    base = provider.timeouts if provider is not None else schema.Timeouts()
    return ProfileSpec(
        id=name,
        provider=table.provider,
        model=table.model,
        description=table.description,
        tags=frozenset(table.tags),
        enabled=table.enabled and (provider is None or provider.enabled),
        discovered=discovered,
        fallback_models=table.fallback_models,
        fallback_profiles=table.fallback_profiles,
        defaults=table.defaults,
        has_defaults=bool(table.defaults.model_fields_set),
        tier_tokens=table.long_context.fallback_context_tokens if table.long_context else None,
        timeouts=table.timeouts.over(base),
        extra=table.extra,
        query=table.query,
        price=table.price,
        stated=_stated(table.capabilities),
        position=position,
    )


def _stated(table: schema.Capabilities) -> Capabilities:
    stated: dict[str, Any] = {}
    for name in (*caps.FLAG_NAMES, *caps.LIMIT_NAMES):
        value = getattr(table, name)
        if value is not None:
            stated[name] = Flag(value, Source.CONFIG) if name in caps.FLAG_NAMES else Limit(value, Source.CONFIG)
    return Capabilities(**stated)


def _policy(name: str, table: schema.Policy) -> PolicySpec:
    budget = table.budget
    has_limits = budget.daily_usd is not None or budget.monthly_usd is not None
    require_tags, forbid_tags = frozenset(table.require_tags), frozenset(table.forbid_tags)
    return PolicySpec(
        id=name,
        profile=table.profile,
        fallback_profiles=table.fallback_profiles,
        allow=table.allow,
        deny=table.deny,
        require_tags=require_tags,
        forbid_tags=forbid_tags,
        prefer_tags=frozenset(table.prefer_tags),
        require=frozenset(flag for flag in caps.FLAG_NAMES if getattr(table.require, flag)),
        min_context_tokens=table.require.min_context_tokens,
        limits=Limits(budget.daily_usd, budget.monthly_usd, budget.warn_at) if has_limits else None,
        retention=table.retention,
        on_interrupted=table.on_interrupted,
        patience=table.patience,
        fallback_on_content_filter=table.fallback_on_content_filter,
        allows_all=table.allow == ("*",) and not (table.deny or require_tags or forbid_tags),
    )


def _with_window(known: Capabilities, window: int) -> Capabilities:
    values = {name: getattr(known, name) for name in (*caps.FLAG_NAMES, *caps.LIMIT_NAMES)}
    values["max_context_tokens"] = Limit(window, Source.LEARNED)
    return Capabilities(**values)
