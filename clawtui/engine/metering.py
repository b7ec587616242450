"""What one attempt used and cost: reported where the provider says so, else estimated and marked as such."""

from __future__ import annotations

from dataclasses import replace

from clawtui.engine.attempt import Progress
from clawtui.engine.outcome import NO_COST, NO_USAGE, AttemptOutcome, Cost, Usage, UsageSource
from clawtui.engine.pricing import PricedBy, cost_of
from clawtui.engine.tokens import input_tokens
from clawtui.engine.verdicts import Candidate


def metered(
    progress: Progress, outcome: AttemptOutcome, candidate: Candidate, price: PricedBy | None
) -> tuple[Usage, Cost]:
    usage = _usage(progress, outcome, candidate)
    if price is None:
        return usage, NO_COST
    return usage, Cost(cost_of(usage, price), price.source, price.version)


def _usage(progress: Progress, outcome: AttemptOutcome, candidate: Candidate) -> Usage:
    whole = outcome is AttemptOutcome.OK
    if progress.usage is not None:
        if whole or progress.finish is not None:
            return progress.usage
        # A cut stream reported what it knew at its start: the output that came after is our estimate.
        seen = progress.output_tokens
        if seen <= progress.usage.output_tokens:
            return progress.usage
        return replace(progress.usage, output_tokens=seen, source=UsageSource.MIXED)
    began = progress.first_token_at is not None
    if whole or began or outcome is AttemptOutcome.CANCELLED:
        # The prompt was on its way when a call was cancelled: providers charge for what they have read.
        return Usage(_sent(progress, candidate), progress.output_tokens, source=UsageSource.ESTIMATED)
    return NO_USAGE


def _sent(progress: Progress, candidate: Candidate) -> int:
    """The estimate of the prompt that went out, calibrated as the plan's was: a step-down sends less than was planned."""
    if progress.sent is None:
        return 0
    ratio = candidate.input_tokens / candidate.estimate if candidate.estimate else 1.0
    return round(input_tokens(progress.sent) * ratio)
