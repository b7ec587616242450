"""How many calls at once a case makes at each provider; and, where nobody can know before, a config under which no
provider gets more."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from clawtui.config.schema import Config, Provider
from clawtui.engine.fusing.readiness import TARGET
from clawtui.engine.registry import Registry
from clawtui.evals.cache import judges
from clawtui.evals.cases import Suite
from clawtui.evals.results import RunSettings
from clawtui.evals.work import Item


def calls_at(registry: Registry, item: Item) -> Counter[str]:
    """Of who is asked, and of its judges afterwards."""
    calls = _calls_of(registry, item.key.profile)
    for judge in judges(item.case):
        calls |= _calls_of(registry, judge)
    return calls


def _calls_of(registry: Registry, target: str) -> Counter[str]:
    """A fusion's advisers are asked together, then its synthesizer."""
    fusion = registry.fusions.get(target.removeprefix(TARGET)) if target.startswith(TARGET) else None
    if fusion is None:
        return _at_once(registry, (target,))
    return _at_once(registry, fusion.advisers) | _at_once(registry, (fusion.synthesizer,))


def _at_once(registry: Registry, profiles: Iterable[str]) -> Counter[str]:
    specs = [registry.profiles.get(name) for name in profiles]
    return Counter(spec.route.provider for spec in specs if spec)


def is_foreseeable(settings: RunSettings, suites: Iterable[Suite]) -> bool:
    """A profile alone calls its provider and nobody else. Whom a fallback goes to is known when it is needed, and in a
    fusion anybody may stand in for an adviser; its advisers may also be more than may be asked at once."""
    judging = (judge for suite in suites for case in suite.cases for judge in judges(case))
    return not settings.with_fallbacks and not any(name.startswith(TARGET) for name in (*settings.profiles, *judging))


def with_most_calls(config: Config, most: int) -> Config:
    """With at most so many calls at once at each provider, whoever makes them."""
    used = (*config.providers, *(profile.provider for profile in config.profiles.values()))
    tables = {id: config.providers.get(id) or Provider() for id in used}
    capped = {
        id: table.model_copy(update={"max_concurrency": min(most, table.max_concurrency)})
        for id, table in tables.items()
    }
    return config.model_copy(update={"providers": capped})
