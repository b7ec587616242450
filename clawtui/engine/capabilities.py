"""What a model can do and how we know: every flag is yes, no or unknown, and keeps the source of the answer.

Merged flag by flag: config, then catalogue, then a guess by wire kind. Unknown never rejects a profile.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import StrEnum


class Source(StrEnum):
    CONFIG = "config"
    CATALOGUE = "catalogue"
    PROBE = "probe"
    LEARNED = "learned"  # an upstream refused and said its limit
    GUESS = "guess"


@dataclass(frozen=True, slots=True)
class Flag:
    value: bool | None = None
    source: Source = Source.GUESS


@dataclass(frozen=True, slots=True)
class Limit:
    value: int | None = None
    source: Source = Source.GUESS


UNKNOWN_FLAG = Flag()
UNKNOWN_LIMIT = Limit()


@dataclass(frozen=True, slots=True)
class Capabilities:
    tools: Flag = UNKNOWN_FLAG
    parallel_tools: Flag = UNKNOWN_FLAG
    vision: Flag = UNKNOWN_FLAG
    audio: Flag = UNKNOWN_FLAG
    json_schema: Flag = UNKNOWN_FLAG
    streaming: Flag = UNKNOWN_FLAG
    reasoning: Flag = UNKNOWN_FLAG
    system_messages: Flag = UNKNOWN_FLAG
    prefill: Flag = UNKNOWN_FLAG
    max_context_tokens: Limit = UNKNOWN_LIMIT
    max_output_tokens: Limit = UNKNOWN_LIMIT


FLAG_NAMES: tuple[str, ...] = (
    "tools",
    "parallel_tools",
    "vision",
    "audio",
    "json_schema",
    "streaming",
    "reasoning",
    "system_messages",
    "prefill",
)
LIMIT_NAMES: tuple[str, ...] = ("max_context_tokens", "max_output_tokens")
UNKNOWN = Capabilities()


def merged(*layers: Capabilities) -> Capabilities:
    """Flag by flag, the first layer that knows wins. One flag given never wipes what another layer says of the rest."""
    chosen: dict[str, Flag | Limit] = {}
    for item in fields(Capabilities):
        for layer in layers:
            known: Flag | Limit = getattr(layer, item.name)
            if known.value is not None:
                chosen[item.name] = known
                break
    return Capabilities(**chosen)  # type: ignore[arg-type]  # names and kinds are those of the fields walked above
