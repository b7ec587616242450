"""What makes two results interchangeable: the same case, the same model, the same settings, the same number."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from clawtui.engine.engine import Engine
from clawtui.evals.cases import Case
from clawtui.evals.graders import JUDGE
from clawtui.evals.records import keeps_text
from clawtui.evals.results import RunSettings
from clawtui.evals.work import Item


def cache_key(engine: Engine, item: Item, settings: RunSettings) -> str | None:
    """None where it is not known what would answer (a fusion, a chain of fallbacks), or where no text may be kept."""
    profile = item.key.profile
    if profile not in engine.registry.profiles or settings.with_fallbacks or not keeps_text(engine, settings.policy):
        return None
    digest = hashlib.sha256()
    asked = [profile, *judges(item.case)]
    parts = (*_said(item.case), *(_setting(engine, name) for name in asked), settings.policy, item.key.repeat)
    for part in parts:
        digest.update(str(part).encode("utf-8", "surrogatepass"))
        digest.update(b"\0")
    for image in item.case.images:
        digest.update(hashlib.sha256(image.data).digest())
    return digest.hexdigest()


def _said(case: Case) -> tuple[str, str]:
    """The same in every process, which sets are not. What the case is called, said to be about and counts for does
    not change what is answered."""
    asked = replace(case, tags=frozenset(), needs=frozenset(), description="", weight=1.0, repeats=1)
    return repr(asked), repr(sorted(case.needs))


def judges(case: Case) -> list[str]:
    """The profiles that grade its answers."""
    expected = [*case.expect, *(each for turn in case.turns for each in turn.expect)]
    return [each.arguments["profile"] for each in expected if each.grader == JUDGE]


def _setting(engine: Engine, profile: str) -> str:
    spec = engine.registry.profiles.get(profile)
    return profile if spec is None else repr((spec.provider, spec.model, spec.defaults, spec.extra, spec.query))
