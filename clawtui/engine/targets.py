"""Which routes a request is about, in the order in which they are worth asking. Whether each may answer is `plan`'s."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from clawtui.engine.capabilities import FLAG_NAMES
from clawtui.engine.registry import Link, PolicySpec, ProfileSpec, Registry
from clawtui.engine.request import ChatRequest, Route
from clawtui.engine.verdicts import RouteRole

FUSION = "fusion/"
NAMES_SHOWN = 8

Rank = Callable[[Route], tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Target:
    links: tuple[Link, ...]
    reason: str  # why the first one is first
    others: str  # why a profile outside the chain is not asked


@dataclass(frozen=True, slots=True)
class Unknown:
    """What was asked for does not exist; the sentence names what is near to it."""

    sentence: str


def find_policy(request: ChatRequest, registry: Registry) -> PolicySpec | Unknown:
    name = request.policy or registry.default_policy
    return registry.policies.get(name) or unknown("policy", name, registry.policies)


def find_target(request: ChatRequest, registry: Registry, policy: PolicySpec, rank: Rank) -> Target | Unknown:
    for name in request.require.capabilities:
        if name not in FLAG_NAMES:
            return unknown("capability", name, FLAG_NAMES)
    if request.target is not None:
        return _named(request.target, request, registry, policy)
    if request.model is not None:  # alone it is PROVIDER/MODEL
        return _literal(request.model, request, registry, policy)
    for first, reason in ((policy.profile, "the policy's profile"), (registry.default_profile, "default profile")):
        if first is not None and first in registry.profiles:
            links = _with_policy(registry.chain(first), registry, policy, request.strict)
            return Target(links, reason, f"not a fallback of {first}")
    specs = registry.profiles.values()
    # A merit ends with a place of its own, so that no two routes are ever compared.
    ranked = sorted((_merit(spec, route := spec.route, registry, policy, rank), route) for spec in specs)
    return Target(
        tuple(
            Link(route, RouteRole.PRIMARY if n == 0 else RouteRole.FALLBACK_PROFILE, 0)
            for n, (_, route) in enumerate(ranked)
        ),
        "best of those permitted",
        "",
    )


def unknown(what: str, name: str, known: Iterable[str]) -> Unknown:
    names = list(known)
    near = difflib.get_close_matches(name, names, n=3, cutoff=0.5)
    if near:
        return Unknown(f"there is no {what} {name}; near to it: {', '.join(near)}")
    more = ", …" if len(names) > NAMES_SHOWN else ""
    return Unknown(
        f"there is no {what} {name}; there is {', '.join(names[:NAMES_SHOWN])}{more}"
        if names
        else f"there is no {what} {name}"
    )


def _named(name: str, request: ChatRequest, registry: Registry, policy: PolicySpec) -> Target | Unknown:
    spec = registry.profiles.get(name)
    if spec is None:
        if name.startswith(FUSION):
            return unknown("fusion", name, [FUSION + each for each in registry.fusions])
        if request.model is not None and "/" in name:
            return Unknown(f"{name} names its model already, so {request.model} cannot be put in its place")
        return _literal(name, request, registry, policy)
    chain = registry.chain(name)
    if request.model is not None and request.model != spec.model:
        chain = (Link(Route(name, spec.provider, request.model), RouteRole.OVERRIDE, 0), *chain[1:])
    return Target(_with_policy(chain, registry, policy, request.strict), "asked for", f"not a fallback of {name}")


def _literal(name: str, request: ChatRequest, registry: Registry, policy: PolicySpec) -> Target | Unknown:
    """A model by the name of its provider and its own, with no profile."""
    provider, slash, model = name.partition("/")
    if slash and model and provider in registry.providers:
        links = (Link(Route(None, provider, model), RouteRole.OVERRIDE, 0),)
        return Target(
            _with_policy(links, registry, policy, request.strict),
            "asked for by its name",
            f"not a fallback of {name}",
        )
    if slash and model:
        return Unknown(f"{name}: {unknown('provider', provider, registry.providers).sentence}")
    return unknown("profile", name, [*registry.profiles, *(FUSION + each for each in registry.fusions)])


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
    spec: ProfileSpec, route: Route, registry: Registry, policy: PolicySpec, rank: Rank
) -> tuple[int, bool, float, float, int]:
    """Preferred tags first (a preference beats being the default), then default, health, file order."""
    failing, seconds = rank(route)
    return (
        -len(spec.tags & policy.prefer_tags),
        spec.id != registry.default_profile,
        failing,
        seconds,
        spec.position,
    )
