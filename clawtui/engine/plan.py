"""Who may answer a request, in order, with a reason for every profile that may not. Pure: no I/O, no clock of its own.

`explain` shows exactly what this makes, and only what this makes is ever called.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import Protocol

from clawtui.config.schema import ProviderKind
from clawtui.engine.needs import USUAL_OUTPUT, hard_needs, needs_of
from clawtui.engine.ports import Spending
from clawtui.engine.pricing import worst_cost
from clawtui.engine.registry import Link, PolicySpec, ProfileSpec, Registry
from clawtui.engine.request import ChatRequest, Message, Role, Route, Text
from clawtui.engine.tokens import tokens_in, worst_input_tokens
from clawtui.engine.verdicts import Blocked, Candidate, Needs, Plan, PlanEntry, RouteRole, Skip, Verdict

FUSION = "fusion/"
UNLIMITED_OUTPUT = 8_192  # sent and reserved under a budget where nobody says how long the answer may be
NO_TAGS: frozenset[str] = frozenset()


class HealthView(Protocol):
    """What a plan knows of the present. Reading it changes nothing."""

    def circuit_wait(self, route: Route) -> Blocked | None: ...

    def credential_wait(self, provider: str, model: str) -> Blocked | None: ...

    def rank(self, route: Route) -> tuple[float, float]:
        """Share of failures and seconds to the first token: smaller is better, neutral where unknown."""
        ...

    def spending(self, policy: str) -> Spending: ...

    def disabled(self, route: Route) -> bool: ...


Inexpressible = Callable[[ProviderKind, ChatRequest], str | None]


def apply_defaults(request: ChatRequest, profile: ProfileSpec) -> ChatRequest:
    """The profile's defaults where the caller said nothing. A system message of the caller's keeps the default out."""
    if not profile.has_defaults:
        return request
    defaults = profile.defaults
    messages = request.messages
    if defaults.system and not any(each.role is Role.SYSTEM or each.role is Role.DEVELOPER for each in messages):
        messages = (Message(Role.SYSTEM, (Text(defaults.system),)), *messages)
    return replace(
        request,
        messages=messages,
        temperature=request.temperature if request.temperature is not None else defaults.temperature,
        max_tokens=request.max_tokens if request.max_tokens is not None else defaults.max_tokens,
        reasoning_effort=request.reasoning_effort or defaults.reasoning_effort,
    )


def make_plan(
    request: ChatRequest,
    registry: Registry,
    health: HealthView,
    inexpressible: Inexpressible = lambda kind, asked: None,
) -> Plan:
    policy_id = request.policy or registry.default_policy
    policy = registry.policies.get(policy_id)
    if policy is None:
        error = _unknown("policy", policy_id, registry.policies)
        return Plan(request.target, policy_id, Needs(), (), (), error=error)
    target = _target(request, registry, policy, health)
    if isinstance(target, str):
        return Plan(request.target, policy_id, Needs(), (), (), error=target)
    return _Planning(request, registry, health, policy, inexpressible).plan(target)


@dataclass(frozen=True, slots=True)
class _Target:
    links: tuple[Link, ...]
    reason: str  # why the first one is first
    others: str  # why a profile outside the chain is not asked


def _target(request: ChatRequest, registry: Registry, policy: PolicySpec, health: HealthView) -> _Target | str:
    """The chain to walk, or why what was asked for does not exist."""
    name = request.target
    if name is not None:
        return _named(name, request, registry, policy)
    first = policy.profile or registry.default_profile
    if first is not None and first in registry.profiles:
        reason = "the policy's profile" if policy.profile else "default profile"
        return _Target(
            _with_policy(registry.chain(first), registry, policy, request.strict), reason, f"not a fallback of {first}"
        )
    ranked = sorted(registry.profiles.values(), key=lambda spec: _merit(spec, registry, policy, health))
    links = (
        Link(spec.route, RouteRole.PRIMARY if n == 0 else RouteRole.FALLBACK_PROFILE, 0)
        for n, spec in enumerate(ranked)
    )
    return _Target(tuple(links), "best of those permitted", "")


def _named(name: str, request: ChatRequest, registry: Registry, policy: PolicySpec) -> _Target | str:
    spec = registry.profiles.get(name)
    if spec is not None:
        if request.model is not None and request.model != spec.model:
            override = Link(Route(name, spec.provider, request.model), RouteRole.OVERRIDE, 0)
            rest = () if request.strict else registry.chain(name)[1:]
            chain: tuple[Link, ...] = (override, *rest)
        else:
            chain = registry.chain(name)
        return _Target(_with_policy(chain, registry, policy, request.strict), "asked for", f"not a fallback of {name}")
    if name.startswith(FUSION):
        return _unknown("fusion", name, [FUSION + each for each in registry.fusions])
    provider, slash, model = name.partition("/")
    if slash and model and provider in registry.providers:
        literal = (Link(Route(None, provider, model), RouteRole.OVERRIDE, 0),)
        return _Target(
            _with_policy(literal, registry, policy, request.strict),
            "asked for by its name",
            f"not a fallback of {name}",
        )
    return _unknown("profile", name, [*registry.profiles, *(FUSION + each for each in registry.fusions)])


def _with_policy(chain: tuple[Link, ...], registry: Registry, policy: PolicySpec, strict: bool) -> tuple[Link, ...]:
    """A strict caller gets the first route alone; else the policy's fallbacks follow, each with its chain."""
    if strict:
        return chain[:1]
    if not policy.fallback_profiles:
        return chain
    more = [link for name in policy.fallback_profiles for link in registry.chain(name)]
    own_role = {RouteRole.PRIMARY: RouteRole.FALLBACK_PROFILE}
    return (*chain, *(Link(each.route, own_role.get(each.role, each.role), each.hop + 1) for each in more))


def _merit(
    spec: ProfileSpec, registry: Registry, policy: PolicySpec, health: HealthView
) -> tuple[int, bool, float, float, int]:
    """Preferred tags first (a preference beats being the default), then default, health, file order."""
    failing, seconds = health.rank(spec.route)
    return (
        -len(spec.tags & policy.prefer_tags),
        spec.id != registry.default_profile,
        failing,
        seconds,
        spec.position,
    )


def _unknown(what: str, name: str, known: Iterable[str]) -> str:
    names = list(known)
    near = difflib.get_close_matches(name, names, n=3, cutoff=0.5)
    if near:
        return f"there is no {what} {name}; near to it: {', '.join(near)}"
    there = f"; there is {', '.join(names[:8])}{', …' if len(names) > 8 else ''}" if names else ""
    return f"there is no {what} {name}{there}"


class _Planning:
    """One plan in the making."""

    def __init__(
        self,
        request: ChatRequest,
        registry: Registry,
        health: HealthView,
        policy: PolicySpec,
        inexpressible: Inexpressible,
    ) -> None:
        self._request = request
        self._registry = registry
        self._health = health
        self._policy = policy
        self._inexpressible = inexpressible
        self._needs = needs_of(request, policy)
        self._hard = hard_needs(self._needs)
        self._worst_input = worst_input_tokens(request)
        require = request.require
        self._open = policy.allows_all and not (require.tags or require.forbid_tags or require.allow or require.deny)
        self._left = self._budget_left()
        self._waits: list[tuple[float, Candidate]] = []

    def plan(self, target: _Target) -> Plan:
        candidates: list[Candidate] = []
        entries: list[PlanEntry] = []
        seen: set[tuple[str, str]] = set()
        asked: set[str | None] = set()
        for link in target.links:
            route = link.route
            asked.add(route.profile)
            same = (route.provider, route.model)
            if same in seen:
                entries.append(_skipped(route, Skip.DUPLICATE, "same provider and model as an earlier route"))
                continue
            found = self._judge(link)
            if isinstance(found, PlanEntry):
                entries.append(found)
                if found.skip is not None and found.available_in_s is not None:
                    seen.add(same)
                continue
            seen.add(same)
            candidates.append(found)
            if len(candidates) == 1:
                entries.append(PlanEntry(route, Verdict.CHOSEN, self._why(link, target, len(entries))))
            else:
                entries.append(PlanEntry(route, Verdict.FALLBACK, f"fallback {len(candidates) - 1}"))
        for spec in self._registry.profiles.values():
            if spec.id not in asked:
                entries.append(
                    _skipped(
                        spec.route, Skip.NOT_ASKED, "strict: no fallback" if self._request.strict else target.others
                    )
                )
        self._waits.sort(key=lambda pair: pair[0])
        return Plan(
            requested=self._request.target,
            policy=self._policy.id,
            needs=self._needs,
            candidates=tuple(candidates),
            entries=tuple(entries),
            waits=tuple(candidate for _, candidate in self._waits),
        )

    def _why(self, link: Link, target: _Target, passed_over: int) -> str:
        if passed_over == 0:
            return target.reason
        return f"first of the chain that can answer ({link.role.value.replace('_', ' ')})"

    def _judge(self, link: Link) -> Candidate | PlanEntry:
        """The candidate, or the first thing that speaks against it; the lasting reasons before the passing ones."""
        route, registry = link.route, self._registry
        spec = registry.profiles.get(route.profile) if route.profile is not None else None
        provider = registry.providers.get(route.provider)
        if not self._open and (rule := self._forbidden(route, spec.tags if spec else NO_TAGS)):
            return _skipped(route, Skip.POLICY, rule)
        if provider is None:
            return _skipped(route, Skip.NOT_READY, f"provider {route.provider} is not known")
        if not provider.enabled or (spec is not None and not spec.enabled):
            return _skipped(
                route, Skip.DISABLED, "disabled" if provider.enabled else f"provider {provider.id} is disabled"
            )
        if self._health.disabled(route):
            return _skipped(route, Skip.DISABLED, "disabled for this run")
        if (reason := registry.not_ready(route.provider)) is not None:
            return _skipped(route, Skip.NOT_READY, reason)
        capabilities = registry.capabilities(route)
        for name in self._hard:
            flag = getattr(capabilities, name)
            if flag.value is False:
                return _skipped(route, Skip.CAPABILITY, f"lacks {name.replace('_', ' ')} ({flag.source.value})")
        if (words := self._inexpressible(provider.kind, self._request)) is not None:
            return _skipped(route, Skip.INEXPRESSIBLE, words)
        window, most_output = capabilities.max_context_tokens.value, capabilities.max_output_tokens.value
        extra = tokens_in(spec.defaults.system) if spec is not None and spec.defaults.system else 0
        input_tokens = self._needs.input_tokens + extra
        wanted = self._request.max_tokens or (spec.defaults.max_tokens if spec is not None else None)
        notes: list[str] = []
        if wanted is not None and most_output is not None and wanted > most_output:
            notes.append(f"max tokens {wanted} cut to the model's {most_output}")
            wanted = most_output
        if window is not None:
            if window < self._needs.min_context_tokens:
                return _skipped(route, Skip.CONTEXT, f"window {window:,}, required {self._needs.min_context_tokens:,}")
            needed = input_tokens + (wanted if wanted is not None else min(USUAL_OUTPUT, most_output or USUAL_OUTPUT))
            tier = registry.learned.step_down_to(route)
            if needed > window and (tier is None or tier > window):
                return _skipped(route, Skip.CONTEXT, f"needs about {needed:,} tokens, the window is {window:,}")
        price = registry.price(route)
        limits = self._policy.limits
        if limits is not None and wanted is None:
            wanted = min(most_output or UNLIMITED_OUTPUT, UNLIMITED_OUTPUT)
            notes.append(f"max tokens {wanted}, since the policy has a budget")
        reserve: float | None = None
        if price is not None:
            output = wanted if wanted is not None else most_output or UNLIMITED_OUTPUT
            reserve = worst_cost(self._worst_input + 2 * extra, output, price)
        if limits is not None:
            if reserve is None:
                return _skipped(route, Skip.PRICE_UNKNOWN, "price unknown, and the policy has a budget")
            if self._left is not None and reserve > 0 and reserve > self._left + 5e-10:
                return _skipped(route, Skip.BUDGET, f"may cost ${reserve:.4f}, ${max(0.0, self._left):.4f} are left")
        notes.extend(
            f"{wish.replace('_', ' ')} is dropped"
            for wish in self._needs.wishes
            if getattr(capabilities, wish).value is False and wish != "prefill"
        )
        candidate = Candidate(route, link.role, link.hop, wanted, reserve, input_tokens, tuple(notes))
        blocked, skip = self._health.circuit_wait(route), Skip.CIRCUIT_OPEN
        if blocked is None:
            blocked, skip = self._health.credential_wait(route.provider, route.model), Skip.COOLING
        if blocked is not None and blocked.seconds == float("inf"):
            return _skipped(route, Skip.NOT_READY, blocked.reason)  # nothing but a person brings it back
        if blocked is not None:
            self._waits.append((blocked.seconds, candidate))
            return PlanEntry(route, Verdict.SKIPPED, blocked.reason, skip, blocked.seconds)
        return candidate

    def _forbidden(self, route: Route, tags: frozenset[str]) -> str | None:
        """The rule that keeps a route out. Tags are a boundary: a literal model has none."""
        policy, require = self._policy, self._request.require
        name = route.profile or f"{route.provider}/{route.model}"
        if not _matches(name, policy.allow) or (require.allow and not _matches(name, require.allow)):
            return "not among the allowed"
        if _matches(name, policy.deny) or _matches(name, require.deny):
            return "denied"
        for wanted in (policy.require_tags, require.tags):
            if missing := wanted - tags:
                return f"lacks the tag {', '.join(sorted(missing))}"
        for unwanted in (policy.forbid_tags, require.forbid_tags):
            if found := unwanted & tags:
                return f"has the forbidden tag {', '.join(sorted(found))}"
        return None

    def _budget_left(self) -> float | None:
        limits = self._policy.limits
        if limits is None:
            return None
        spent = self._health.spending(self._policy.id)
        left: list[float] = []
        if limits.daily_usd is not None:
            left.append(limits.daily_usd - spent.day_usd - spent.day_reserved_usd)
        if limits.monthly_usd is not None:
            left.append(limits.monthly_usd - spent.month_usd - spent.month_reserved_usd)
        return min(left, default=None)


def _matches(name: str, globs: Iterable[str]) -> bool:
    return any(fnmatchcase(name, glob) for glob in globs)


def _skipped(route: Route, skip: Skip, reason: str) -> PlanEntry:
    return PlanEntry(route, Verdict.SKIPPED, reason, skip)
