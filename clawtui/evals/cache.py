"""What makes two results interchangeable: the same case, the same model, the same settings, the same number."""

from __future__ import annotations

import hashlib

from clawtui.engine.engine import Engine
from clawtui.engine.fusing.readiness import TARGET
from clawtui.evals.results import RunSettings
from clawtui.evals.work import Item


def cache_key(engine: Engine, item: Item, settings: RunSettings) -> str | None:
    """None where it is not known what would answer: a fusion, a chain of fallbacks."""
    profile = item.key.profile
    spec = engine.registry.profiles.get(profile)
    if spec is None or profile.startswith(TARGET) or settings.with_fallbacks:
        return None
    digest = hashlib.sha256()
    parts = (repr(item.case), str(spec.route), repr(spec.defaults), str(settings.policy), str(item.key.repeat))
    for part in parts:
        digest.update(part.encode("utf-8", "surrogatepass"))
        digest.update(b"\0")
    for image in item.case.images:
        digest.update(hashlib.sha256(image.data).digest())
    return digest.hexdigest()
