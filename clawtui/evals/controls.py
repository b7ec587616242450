"""What a fusion must be held against: its synthesizer alone, and its synthesizer fused with itself. Only what beats both
is a gain of having several opinions."""

from __future__ import annotations

from collections.abc import Sequence

from clawtui.config.schema import Config
from clawtui.engine.fusing.readiness import TARGET

ITSELF = ".itself"


def with_controls(config: Config, profiles: Sequence[str]) -> tuple[Config, tuple[str, ...]]:
    """The config with a fusion of the synthesizer with itself for each fusion compared, and all who take part."""
    fusions = dict(config.fusion)
    asked = list(profiles)
    for name in (profile.removeprefix(TARGET) for profile in profiles if profile.startswith(TARGET)):
        fusion = config.fusion.get(name)
        if fusion is None or name.endswith(ITSELF):
            continue
        fusions[name + ITSELF] = fusion.model_copy(update={"advisers": (fusion.synthesizer,) * len(fusion.advisers)})
        asked += [fusion.synthesizer, TARGET + name + ITSELF]
    return config.model_copy(update={"fusion": fusions}), tuple(dict.fromkeys(asked))
