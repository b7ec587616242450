"""The record of a fusion for its trace: advisers, order, synthesizer, sums, and what the synthesizer alone would cost."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace

from clawtui.config.schema import Fusion
from clawtui.engine.fusing.advice import Advice
from clawtui.engine.fusing.evidence import Order
from clawtui.engine.outcome import (
    NO_COST,
    NO_USAGE,
    Adviser,
    AdviserOutcome,
    AloneEstimate,
    Cost,
    FusionRecord,
    SynthesizerRecord,
    Trace,
    Usage,
)
from clawtui.engine.pricing import cost_of
from clawtui.engine.registry import Registry
from clawtui.engine.request import RequestId
from clawtui.engine.tokens import tokens_in_chars


def fusion_record(
    *,
    name: str,
    fusion: Fusion,
    advice: Sequence[Advice],
    order: Order,
    sent: set[int],
    seed: int,
    synthesizer_id: RequestId,
    advised_ms: float,
    answer: Trace | None,
    children: list[Trace],
    registry: Registry,
    best_draft: bool,
) -> FusionRecord:
    first = answer.first_token_ms if answer else None
    return FusionRecord(
        name=name,
        advisers=tuple(_adviser(each, order, sent) for each in advice),
        order=order.labels,
        seed=seed,
        synthesizer=SynthesizerRecord(
            profile=fusion.synthesizer,
            route=answer.answered or answer.selected if answer else None,
            request_id=synthesizer_id,
            started_ms=advised_ms or None,
            first_token_ms=None if first is None else round(advised_ms + first, 1),
            ended_ms=round(advised_ms + answer.total_ms, 1) if answer else None,
            usage=answer.usage if answer else NO_USAGE,
            cost=answer.cost if answer else NO_COST,
        ),
        proposals_used=len(sent),
        cost_usd=total_cost(children).usd,
        adviser_ms=advised_ms,
        deadline_ms=fusion.adviser_timeout * 1000,
        quorum=fusion.quorum,
        alone=_alone(answer, sum(each.chars for each in advice if each.index in sent), registry),
        best_draft=best_draft,
    )


def _adviser(advice: Advice, order: Order, sent: set[int]) -> Adviser:
    trace, text = advice.trace, advice.proposal
    return Adviser(
        index=advice.index,
        label=order.label(advice.index),
        profile=advice.profile,
        route=(trace.answered or trace.selected) if trace else None,
        request_id=advice.request_id,
        outcome=advice.outcome or AdviserOutcome.CANCELLED,
        used=advice.index in sent,
        failure=advice.failure,
        message=advice.message,
        text=text,
        text_chars=advice.chars,
        text_hash=hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16] if text else None,
        started_ms=advice.started_ms,
        first_token_ms=advice.first_token_ms,
        ended_ms=advice.ended_ms,
        usage=trace.usage if trace else NO_USAGE,
        cost=trace.cost if trace else NO_COST,
    )


def _alone(answer: Trace | None, evidence_chars: int, registry: Registry) -> AloneEstimate | None:
    """Its own figures less the evidence it read."""
    if answer is None or answer.answered is None:
        return None
    price = registry.price(answer.answered, answer.served_model)
    if price is None:
        return AloneEstimate(None, answer.total_ms, measured=False)
    usage = replace(answer.usage, input_tokens=max(0, answer.usage.input_tokens - tokens_in_chars(evidence_chars)))
    return AloneEstimate(cost_of(usage, price), answer.total_ms, measured=False)


def total_usage(children: list[Trace]) -> Usage:
    total = NO_USAGE
    for child in children:
        total = total + child.usage
    return total


def total_cost(children: list[Trace]) -> Cost:
    """One part of unknown price makes the whole unknown."""
    usd = 0.0
    for child in children:
        if child.cost.usd is None:
            return NO_COST
        usd += child.cost.usd
    sources = {child.cost.source for child in children if child.cost.source}
    return Cost(usd, sources.pop() if len(sources) == 1 else "mixed" if sources else None)
