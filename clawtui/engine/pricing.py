"""What tokens cost. A price has a source; where none is known there is none, and none never means 0."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from clawtui.config.schema import Price
from clawtui.engine.outcome import Usage

MILLION = 1_000_000


class PriceSource(StrEnum):
    CONFIG = "config"  # the profile's own
    PROVIDER = "provider"  # the provider's table, for all of its models
    CATALOGUE = "catalogue"


@dataclass(frozen=True, slots=True)
class Tier:
    """Above `from_tokens` of input the whole request is charged at these prices."""

    from_tokens: int
    input: float
    output: float
    cached_input: float | None
    cache_write: float | None = None


@dataclass(frozen=True, slots=True)
class PricedBy:
    """USD per million tokens, and who says so."""

    input: float
    output: float
    cached_input: float | None
    cache_write: float | None
    source: PriceSource
    version: str | None = None
    tiers: tuple[Tier, ...] = ()  # smallest first


def priced(price: Price, source: PriceSource) -> PricedBy:
    return PricedBy(price.input, price.output, price.cached_input, None, source)


def cost_of(usage: Usage, price: PricedBy) -> float:
    """USD. Cached tokens are a part of the input and cost their own price where there is one."""
    rate: PricedBy | Tier = price
    for tier in price.tiers:
        if usage.input_tokens > tier.from_tokens:
            rate = tier
    cached = min(usage.cached_input_tokens, usage.input_tokens)
    written = min(usage.cache_write_tokens, usage.input_tokens - cached)
    total = (usage.input_tokens - cached - written) * rate.input
    total += cached * (rate.input if rate.cached_input is None else rate.cached_input)
    total += written * (rate.input if rate.cache_write is None else rate.cache_write)
    return (total + usage.output_tokens * rate.output) / MILLION


def worst_cost(input_tokens: int, output_tokens: int, price: PricedBy) -> float:
    """The most that so many tokens, or fewer, can cost, whatever the cache does."""
    rates: list[PricedBy | Tier] = [price, *(tier for tier in price.tiers if tier.from_tokens < input_tokens)]
    dearest_input = max(max(rate.input, rate.cached_input or 0.0, rate.cache_write or 0.0) for rate in rates)
    dearest_output = max(rate.output for rate in rates)
    return (input_tokens * dearest_input + output_tokens * dearest_output) / MILLION
