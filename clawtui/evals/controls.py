"""What a fusion must be held against: its synthesizer alone, and its synthesizer fused with itself. Only what beats both
is a gain of having several opinions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from clawtui.config.schema import Config
from clawtui.engine.fusing.readiness import TARGET

ITSELF = ".itself"


@dataclass(frozen=True, slots=True)
class Controlled:
    config: Config  # with a fusion of the synthesizer with itself for each fusion
    profiles: tuple[str, ...]  # who was asked for, then the controls
    held_against: Mapping[str, tuple[str, ...]]


def with_controls(config: Config, profiles: Sequence[str]) -> Controlled:
    """What it takes to compare these profiles. Of a control that is named itself, as in a run that goes on, only the
    fusion is made."""
    fusions = dict(config.fusion)
    held_against: dict[str, tuple[str, ...]] = {}
    for target in profiles:
        name = target.removeprefix(TARGET).removesuffix(ITSELF)
        if not target.startswith(TARGET) or (fusion := config.fusion.get(name)) is None:
            continue
        itself = (fusion.synthesizer,) * len(fusion.advisers)
        fusions[name + ITSELF] = fusion.model_copy(update={"advisers": itself})
        if target == TARGET + name:
            held_against[target] = (fusion.synthesizer, target + ITSELF)
    everybody = [*profiles, *(control for controls in held_against.values() for control in controls)]
    return Controlled(config.model_copy(update={"fusion": fusions}), tuple(dict.fromkeys(everybody)), held_against)
