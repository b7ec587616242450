"""The config compiled once into what hot paths read: plain frozen values, chains laid out, prices looked up once."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
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
from clawtui.engine.tokens import Calibration
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


@dataclass(frozen=True, slots=True)
class Registry:
    """What the config says, frozen. `learned` and `calibration` outlive it: they are what routes taught us."""

    providers: Mapping[str, EffectiveProvider]
    profiles: Mapping[str, ProfileSpec]
    policies: Mapping[str, PolicySpec]
    fusions: Mapping[str, schema.Fusion]
    default_profile: str | None
    default_policy: str
    learned: LearnedFacts
    calibration: Calibration
    _not_ready: Mapping[str, str]
    _capabilities: dict[Route, Capabilities] = field(default_factory=dict)
    _prices: dict[Route, PricedBy | None] = field(default_factory=dict)
    _chains: dict[str, tuple[Link, ...]] = field(default_factory=dict)

    def not_ready(self, provider_id: str) -> str | None:
        """What keeps a provider's profiles from being ready, naming the variable."""
        return self._not_ready.get(provider_id)

    def capabilities(self, route: Route) -> Capabilities:
        known = self._capabilities.get(route)
        if known is None:
            known = self._capabilities[route] = self._merged(route)
        window, cap = self.learned.window(route), self.learned.output_cap(route)
        return known if window is None and cap is None else _narrowed(known, window, cap)

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
        """Profile, then provider, then catalogue by the model that was served; None: unknown.

        A served name that the catalogue does not have is charged as the model that was asked for: servers answer
        with aliases of their own, and a cost that nobody knows would leave a budget untouched.
        """
        if route not in self._prices:
            self._prices[route] = self._stated_price(route) or self._catalogued(route.provider, route.model)
        asked = self._prices[route]
        if served_model is None or served_model == route.model:
            return asked
        if asked is not None and asked.source is not PriceSource.CATALOGUE:
            return asked
        return self._catalogued(route.provider, served_model) or asked

    def _stated_price(self, route: Route) -> PricedBy | None:
        spec = self.profiles.get(route.profile or "")
        if spec is not None and spec.price is not None and spec.model == route.model:
            return priced(spec.price, PriceSource.CONFIG)
        provider = self.providers.get(route.provider)
        if provider is not None and provider.price is not None:
            return priced(provider.price, PriceSource.PROVIDER)
        return None

    def _catalogued(self, provider_id: str, model: str) -> PricedBy | None:
        provider = self.providers.get(provider_id)
        return look_up(provider.prices, model).price if provider is not None else None

    def profiles_of(self, provider_id: str, model: str) -> list[ProfileSpec]:
        """Every profile whose own model this is."""
        return [spec for spec in self.profiles.values() if spec.model == model and spec.provider == provider_id]

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


def build(
    config: schema.Config,
    providers: Mapping[str, EffectiveProvider],
    not_ready: Mapping[str, str],
    learned: LearnedFacts,
    calibration: Calibration,
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
        calibration=calibration,
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


def _narrowed(known: Capabilities, window: int | None, cap: int | None) -> Capabilities:
    """What an upstream said of its limits rules where it is less than what was thought."""
    return replace(
        known,
        max_context_tokens=_lesser(known.max_context_tokens, window),
        max_output_tokens=_lesser(known.max_output_tokens, cap),
    )


def _lesser(known: Limit, learned: int | None) -> Limit:
    if learned is None or (known.value is not None and known.value <= learned):
        return known
    return Limit(learned, Source.LEARNED)
