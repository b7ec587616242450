"""Who may answer a request, in order, with a reason for every profile that may not. Pure: no I/O, no clock of its own.

`explain` shows exactly what this makes, and only what this makes is ever called.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from math import inf
from typing import Protocol

from clawtui.config.effective import EffectiveProvider
from clawtui.config.schema import ProviderKind
from clawtui.engine.capabilities import UNKNOWN, Capabilities
from clawtui.engine.fusing.evidence import is_caution
from clawtui.engine.needs import USUAL_OUTPUT, hard_needs, needs_of
from clawtui.engine.ports import Prepaid, Spending
from clawtui.engine.pricing import worst_cost
from clawtui.engine.registry import Link, PolicySpec, ProfileSpec, Registry
from clawtui.engine.request import ChatRequest, Message, Role, Route, Text
from clawtui.engine.targets import Target, Unknown, find_policy, find_target
from clawtui.engine.tokens import MESSAGE_OVERHEAD, tokens_in, worst_input, worst_tokens_in
from clawtui.engine.verdicts import Blocked, Candidate, Needs, Plan, PlanEntry, RouteRole, Skip, Verdict

UNLIMITED_OUTPUT = 8_192  # sent and reserved under a budget where nobody says how long the answer may be
SLACK_USD = 5e-10  # a sum of floats must not refuse what fits to the cent; the ledger grants the same
STRICT = "strict: no fallback"
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


def apply_defaults(request: ChatRequest, profile: ProfileSpec, capabilities: Capabilities = UNKNOWN) -> ChatRequest:
    """The profile's defaults where the caller said nothing. A system prompt of the caller's keeps the default out.

    A reasoning effort that the model is known not to take is left out: it is a wish, and the plan says so.
    """
    effort, reasons = request.reasoning_effort, capabilities.reasoning.value is not False
    if not profile.has_defaults:
        return request if reasons or effort is None else replace(request, reasoning_effort=None)
    defaults = profile.defaults
    messages = request.messages
    if defaults.system and not has_system_prompt(messages):
        messages = (Message(Role.SYSTEM, (Text(defaults.system),)), *messages)
    return replace(
        request,
        messages=messages,
        temperature=request.temperature if request.temperature is not None else defaults.temperature,
        max_tokens=request.max_tokens if request.max_tokens is not None else defaults.max_tokens,
        reasoning_effort=(effort or defaults.reasoning_effort) if reasons else None,
    )


def has_system_prompt(messages: Sequence[Message]) -> bool:
    """Whether the caller gave one; a fusion's word of caution is none."""
    return any((each.role is Role.SYSTEM or each.role is Role.DEVELOPER) and not is_caution(each) for each in messages)


def make_plan(
    request: ChatRequest,
    registry: Registry,
    health: HealthView,
    inexpressible: Inexpressible = lambda kind, asked: None,
) -> Plan:
    requested = request.target if request.target is not None else request.model
    policy = find_policy(request, registry)
    if isinstance(policy, Unknown):
        asked = request.policy or registry.default_policy
        return Plan(requested, asked, Needs(), (), (), error=policy.sentence)
    target = find_target(request, registry, policy, health.rank)
    if isinstance(target, Unknown):
        return Plan(requested, policy.id, Needs(), (), (), error=target.sentence)
    return _Planning(request, registry, health, policy, inexpressible).plan(requested, target)


@dataclass(frozen=True, slots=True)
class _Size:
    """What a request comes to on one route."""

    input_tokens: int
    worst_input_tokens: int
    max_tokens: int | None  # to send; None: nobody says
    notes: tuple[str, ...]
    estimate: int  # of the input, before calibration


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
        self._unsaid: dict[ProviderKind, str | None] = {}
        self._needs = needs_of(request, policy)
        self._hard = hard_needs(self._needs)
        self._has_system_prompt = self._needs.system_messages and has_system_prompt(request.messages)
        self._worst = worst_input(request)
        require = request.require
        self._open = policy.allows_all and not (require.tags or require.forbid_tags or require.allow or require.deny)
        self._prepaid = request.parent if isinstance(request.parent, Prepaid) else None
        self._left = self._budget_left()
        self._waits: list[tuple[float, Candidate]] = []

    def plan(self, requested: str | None, target: Target) -> Plan:
        candidates: list[Candidate] = []
        entries: list[PlanEntry] = []
        seen: set[tuple[str, str]] = set()
        asked: set[str | None] = set()
        for link in target.links:
            route = link.route
            asked.add(route.profile)
            if (
                self._request.strict and candidates
            ):  # where nothing was named: the best that can answer, and nobody else
                entries.append(_skipped(route, Skip.NOT_ASKED, STRICT))
                continue
            same = (route.provider, route.model)
            if same in seen:
                entries.append(_skipped(route, Skip.DUPLICATE, "same provider and model as an earlier route"))
                continue
            found = self._judge(link)
            if isinstance(found, PlanEntry):
                entries.append(found)
                if found.available_in_s is not None:
                    seen.add(same)
                continue
            seen.add(same)
            candidates.append(found)
            if len(candidates) == 1:
                entries.append(PlanEntry(route, Verdict.CHOSEN, _why(link, target, len(entries))))
            else:
                entries.append(PlanEntry(route, Verdict.FALLBACK, f"fallback {len(candidates) - 1}"))
        others = STRICT if self._request.strict else target.others
        for spec in self._registry.profiles.values():
            if spec.id not in asked:
                entries.append(PlanEntry(spec.route, Verdict.SKIPPED, others, Skip.NOT_ASKED))
        self._waits.sort(key=lambda pair: pair[0])
        return Plan(
            requested=requested,
            policy=self._policy.id,
            needs=self._needs,
            candidates=tuple(candidates),
            entries=tuple(entries),
            waits=tuple(candidate for _, candidate in self._waits),
        )

    def _judge(self, link: Link) -> Candidate | PlanEntry:
        """The candidate, or what speaks against it: what it cannot, then what it may not, then what passes.

        A rule is the reason only where nothing else stands in the way, since a refusal by policy tells the caller
        that another policy would have helped.
        """
        route, registry = link.route, self._registry
        spec = registry.profiles.get(route.profile) if route.profile is not None else None
        provider = registry.providers.get(route.provider)
        rule = None if self._open else self._forbidden(link, spec)
        if provider is None:
            return _skipped(route, Skip.NOT_READY, f"provider {route.provider} is not known", rule)
        if (unusable := self._unusable(route, spec, provider)) is not None:
            return _skipped(route, *unusable, rule)
        capabilities = registry.capabilities(route)
        size = self._sized(route, spec, provider.kind, capabilities)
        if (unable := self._unable(route, provider.kind, capabilities, size)) is not None:
            return _skipped(route, *unable, rule)
        if rule is not None:
            return _skipped(route, Skip.POLICY, rule)
        candidate = self._affordable(link, capabilities, size)
        return candidate if isinstance(candidate, PlanEntry) else self._free_now(candidate)

    def _unusable(self, route: Route, spec: ProfileSpec | None, provider: EffectiveProvider) -> tuple[Skip, str] | None:
        if not provider.enabled:
            return Skip.DISABLED, f"provider {provider.id} is disabled"
        if spec is not None and not spec.enabled:
            return Skip.DISABLED, "disabled"
        if self._health.disabled(route):
            return Skip.DISABLED, "disabled for this run"
        reason = self._registry.not_ready(route.provider)
        return None if reason is None else (Skip.NOT_READY, reason)

    def _sized(self, route: Route, spec: ProfileSpec | None, kind: ProviderKind, capabilities: Capabilities) -> _Size:
        raw, worst = self._needs.input_tokens, self._worst.on(kind, route.model)
        wanted, notes = self._request.max_tokens, []
        if spec is not None and spec.has_defaults:
            defaults = spec.defaults
            wanted = wanted or defaults.max_tokens
            if defaults.system and not self._has_system_prompt:
                raw += tokens_in(defaults.system) + MESSAGE_OVERHEAD
                worst += worst_tokens_in(defaults.system)
        expected = round(raw * self._registry.calibration.ratio(route))
        most = capabilities.max_output_tokens.value
        if wanted is not None and most is not None and wanted > most:
            notes.append(f"max tokens {wanted:,} cut to the model's {most:,}")
            wanted = most
        if wanted is None and self._policy.limits is not None:
            wanted = min(most or UNLIMITED_OUTPUT, UNLIMITED_OUTPUT)
            if (window := capabilities.max_context_tokens.value) is not None:
                # A window holds the answer too: asked for more than is left of it, some servers refuse the request.
                wanted = min(wanted, max(window - expected, min(USUAL_OUTPUT, wanted)))
            if self._prepaid is not None and self._prepaid.max_tokens is not None:
                wanted = min(wanted, self._prepaid.max_tokens)
            notes.append(f"max tokens {wanted:,}, since the policy has a budget")
        return _Size(expected, worst, wanted, tuple(notes), raw)

    def _unable(
        self, route: Route, kind: ProviderKind, capabilities: Capabilities, size: _Size
    ) -> tuple[Skip, str] | None:
        for name in self._hard:
            flag = getattr(capabilities, name)
            if flag.value is False:
                return Skip.CAPABILITY, f"lacks {name.replace('_', ' ')} ({flag.source.value})"
        if kind not in self._unsaid:  # it takes the whole conversation, and is the same for all routes of a kind
            self._unsaid[kind] = self._inexpressible(kind, self._request)
        if (words := self._unsaid[kind]) is not None:
            return Skip.INEXPRESSIBLE, words
        window = capabilities.max_context_tokens.value
        if window is None:
            return None
        if window < self._needs.min_context_tokens:
            return Skip.CONTEXT, f"window {window:,}, required {self._needs.min_context_tokens:,}"
        usual = min(USUAL_OUTPUT, capabilities.max_output_tokens.value or USUAL_OUTPUT)
        needed = size.input_tokens + (size.max_tokens or usual)
        if needed <= window:
            return None
        # While the smaller tier is in force the history is cut to it, so it fits.
        if (tier := self._registry.learned.tier(route)) is not None and tier <= window:
            return None
        return Skip.CONTEXT, f"needs about {needed:,} tokens, the window is {window:,}"

    def _affordable(self, link: Link, capabilities: Capabilities, size: _Size) -> Candidate | PlanEntry:
        route, limits = link.route, self._policy.limits
        price = self._registry.price(route)
        reserve: float | None = None
        if price is not None:
            output = size.max_tokens or capabilities.max_output_tokens.value or UNLIMITED_OUTPUT
            reserve = worst_cost(size.worst_input_tokens, output, price)
        if limits is not None:
            if reserve is None:
                return _skipped(route, Skip.PRICE_UNKNOWN, "price unknown, and the policy has a budget")
            if self._left is not None and 0 < reserve > self._left + SLACK_USD:
                return _skipped(route, Skip.BUDGET, f"may cost ${reserve:.4f}, ${self._left:.4f} are left")
        dropped = tuple(
            f"{wish.replace('_', ' ')} is dropped"
            for wish in self._needs.wishes
            if wish != "prefill" and getattr(capabilities, wish).value is False
        )
        notes = size.notes + dropped
        return Candidate(route, link.role, link.hop, size.max_tokens, reserve, size.input_tokens, notes, size.estimate)

    def _free_now(self, candidate: Candidate) -> Candidate | PlanEntry:
        """Circuit and credentials: of two waits the longer counts, for both must be over."""
        route = candidate.route
        circuit = self._health.circuit_wait(route)
        credential = self._health.credential_wait(route.provider, route.model)
        if credential is not None and (circuit is None or credential.seconds > circuit.seconds):
            blocked, skip = credential, Skip.COOLING
        elif circuit is not None:
            blocked, skip = circuit, Skip.CIRCUIT_OPEN
        else:
            return candidate
        if blocked.seconds == inf:
            return _skipped(route, Skip.NOT_READY, blocked.reason)  # nothing but a person brings it back
        self._waits.append((blocked.seconds, candidate))
        return PlanEntry(route, Verdict.SKIPPED, blocked.reason, skip, blocked.seconds)

    def _forbidden(self, link: Link, spec: ProfileSpec | None) -> str | None:
        """The rule that keeps a route out.

        Required tags are a boundary that a profile's word carries for the models it names. A model that the caller
        names has no tags, and what is denied or forbidden stays so under the name of its model.
        """
        policy, require, route = self._policy, self._request.require, link.route
        name = route.profile or f"{route.provider}/{route.model}"
        has = tags = spec.tags if spec is not None else NO_TAGS
        names = [name]
        if link.role is RouteRole.OVERRIDE:
            same = self._registry.profiles_of(route.provider, route.model)
            names += [each.id for each in same]
            tags = tags.union(*(each.tags for each in same))
            if spec is None or route.model not in spec.fallback_models:
                has = NO_TAGS
        if not _matches(name, policy.allow) or (require.allow and not _matches(name, require.allow)):
            return "not among the allowed"
        if any(_matches(each, policy.deny) or _matches(each, require.deny) for each in names):
            return "denied"
        for wanted in (policy.require_tags, require.tags):
            if missing := wanted - has:
                who = "; a model outside a profile has no tags" if link.role is RouteRole.OVERRIDE else ""
                return f"lacks the tag {', '.join(sorted(missing))}{who}"
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
        if not left:
            return None
        return max(0.0, min(left)) + (self._prepaid.held_usd if self._prepaid else 0.0)


def _why(link: Link, target: Target, passed_over: int) -> str:
    if passed_over == 0:
        return target.reason
    return f"first of the chain that can answer ({link.role.value.replace('_', ' ')})"


def _matches(name: str, globs: Iterable[str]) -> bool:
    return any(fnmatchcase(name, glob) for glob in globs)


def _skipped(route: Route, skip: Skip, reason: str, rule: str | None = None) -> PlanEntry:
    """`rule`: what the policy has against it besides."""
    return PlanEntry(route, Verdict.SKIPPED, reason if rule is None else f"{reason}; by policy: {rule}", skip)
