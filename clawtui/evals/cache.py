"""What makes two results interchangeable: the same case, the same model, the same settings, the same number."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from clawtui.engine.engine import Engine
from clawtui.engine.registry import ProfileSpec, Registry
from clawtui.evals.cases import Case
from clawtui.evals.fingerprint import fingerprint, written
from clawtui.evals.graders import JUDGE
from clawtui.evals.records import keeps_text
from clawtui.evals.results import RunSettings
from clawtui.evals.work import Item

GRADING = 2  # raised when graders come to judge differently: results of old rules are not taken over


def cache_key(engine: Engine, item: Item, settings: RunSettings) -> str | None:
    """None where it is not known what would answer (a fusion, a chain of fallbacks), or where no text may be kept."""
    specs = [engine.registry.profiles.get(name) for name in (item.key.profile, *judges(item.case))]
    if None in specs or settings.with_fallbacks or not keeps_text(engine, settings.policy):
        return None
    # What the case counts for is no matter here: the same is answered.
    parts = (
        GRADING,
        fingerprint(replace(item.case, weight=1.0)),
        *(_setting(engine.registry, spec) for spec in specs if spec),
        settings.policy,
        item.key.repeat,
    )
    return hashlib.sha256(written(parts).encode()).hexdigest()


def judges(case: Case) -> list[str]:
    """The profiles that grade its answers."""
    expected = [*case.expect, *(each for turn in case.turns for each in turn.expect)]
    return [each.arguments["profile"] for each in expected if each.grader == JUDGE]


def _setting(registry: Registry, spec: ProfileSpec) -> object:
    """What would answer: a model behind an address, and all that a call of it carries."""
    provider = registry.providers.get(spec.provider)
    endpoint = (provider.kind, provider.base_url, provider.query) if provider else ()
    return (spec.provider, endpoint, spec.model, spec.defaults, spec.extra, spec.query)
