"""What the price catalogue knows of a model, and what is guessed by wire kind where it knows nothing.

The catalogue (genai-prices, offline) is loaded at the first question: it takes time that a start does not have. Which of
its providers is meant is the `prices` field of a known provider; one that the file alone declares has none.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any

from clawtui.config.schema import ProviderKind
from clawtui.engine.capabilities import Capabilities, Flag, Limit, Source
from clawtui.engine.pricing import PricedBy, PriceSource, Tier

_YES = Flag(True)
_NO = Flag(False)
_GUESSES = {
    ProviderKind.OPENAI: Capabilities(streaming=_YES, system_messages=_YES, prefill=_NO),
    ProviderKind.ANTHROPIC: Capabilities(
        tools=_YES, parallel_tools=_YES, vision=_YES, audio=_NO, json_schema=_YES, streaming=_YES, system_messages=_YES
    ),
    ProviderKind.GEMINI: Capabilities(
        tools=_YES,
        parallel_tools=_YES,
        vision=_YES,
        json_schema=_YES,
        streaming=_YES,
        system_messages=_YES,
        prefill=_NO,
    ),
    ProviderKind.OLLAMA: Capabilities(streaming=_YES, system_messages=_YES, audio=_NO, json_schema=_YES, prefill=_NO),
}


def guess(kind: ProviderKind) -> Capabilities:
    """What nearly every model behind such a wire can do; the rest is unknown."""
    return _GUESSES[kind]


@dataclass(frozen=True, slots=True)
class Known:
    price: PricedBy | None
    capabilities: Capabilities


NOTHING = Known(None, Capabilities())


@lru_cache(maxsize=4096)
def look_up(catalogue_id: str | None, model: str) -> Known:
    """By provider and model; a model that only another provider's list has is not this one."""
    if catalogue_id is None:
        return NOTHING
    provider = _providers().get(catalogue_id)
    found = provider.find_model(model.lower()) if provider is not None else None
    if found is None:
        return NOTHING
    window = Limit(found.context_window, Source.CATALOGUE) if found.context_window else Limit()
    return Known(_price(found), Capabilities(max_context_tokens=window))


@lru_cache(maxsize=1)
def _providers() -> dict[str, Any]:
    from genai_prices.data import providers

    return {provider.id: provider for provider in providers}


@lru_cache(maxsize=1)
def catalogue_version() -> str:
    from importlib.metadata import version

    return f"genai-prices {version('genai-prices')}"


def _price(found: Any) -> PricedBy | None:
    fields = vars(_in_force(found))
    base_in, base_out = _base(fields.get("input_mtok")), _base(fields.get("output_mtok"))
    if base_in is None or base_out is None:
        return None
    return PricedBy(
        base_in,
        base_out,
        _base(fields.get("cache_read_mtok")),
        _base(fields.get("cache_write_mtok")),
        PriceSource.CATALOGUE,
        catalogue_version(),
        _tiers(fields),
    )


def _in_force(found: Any) -> Any:
    """Today's prices. Of prices that change with the hour the dearest: what is looked up once must hold all day."""
    from datetime import UTC, datetime, time, timedelta

    midnight = datetime.combine(datetime.now(UTC).date(), time(), UTC)
    through_the_day = (found.get_prices(midnight + timedelta(minutes=30 * n)) for n in range(48))
    return max(through_the_day, key=lambda prices: _base(vars(prices).get("output_mtok")) or 0.0)


def _base(value: Any) -> float | None:
    if value is None:
        return None
    return float(value if isinstance(value, Decimal | int | float) else value.base)


def _tiers(fields: dict[str, Any]) -> tuple[Tier, ...]:
    starts = sorted({tier.start for value in fields.values() for tier in getattr(value, "tiers", ())})

    def at(value: Any, start: int) -> float | None:
        price = _base(value)
        for tier in getattr(value, "tiers", ()):
            if tier.start <= start:
                price = float(tier.price)
        return price

    return tuple(
        Tier(
            start,
            at(fields.get("input_mtok"), start) or 0.0,
            at(fields.get("output_mtok"), start) or 0.0,
            at(fields.get("cache_read_mtok"), start),
            at(fields.get("cache_write_mtok"), start),
        )
        for start in starts
    )
