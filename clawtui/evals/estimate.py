"""What a run would do and could cost, before anything is called."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from clawtui.engine.engine import Engine
from clawtui.evals.cases import Suite
from clawtui.evals.playing import cannot, window_of, worst_usd
from clawtui.evals.requests import request_for
from clawtui.evals.results import CaseKey, RunSettings
from clawtui.evals.work import items, left


@dataclass(frozen=True, slots=True)
class Estimate:
    cases: int  # results that are still to be made
    unsupported: int
    calls: int  # at least; a fusion counts as one
    worst_usd: float  # of those whose price is known
    unpriced: tuple[str, ...]  # profiles whose price is unknown


def estimate(engine: Engine, suites: Sequence[Suite], settings: RunSettings, done: Sequence[CaseKey] = ()) -> Estimate:
    """By plans: one for each case and profile, so that thousands of repeats cost no time."""
    to_do = left(items(suites, settings), done)
    known: dict[tuple[str, str, str], tuple[float | None, bool]] = {}
    calls = unsupported = 0
    total = 0.0
    unpriced: dict[str, None] = {}
    for item in to_do:
        place = (item.key.suite, item.key.case, item.key.profile)
        if place not in known:
            request = request_for(
                item.case,
                (),
                target=item.key.profile,
                window=window_of(engine, item.key.profile),
                strict=not settings.with_fallbacks,
                policy=settings.policy,
            )
            plan = engine.plan(request)
            known[place] = (worst_usd(engine, request, plan), cannot(plan) is not None)
        worst, is_unsupported = known[place]
        if is_unsupported:
            unsupported += 1
            continue
        calls += len(item.case.turns)
        if worst is None:
            unpriced[item.key.profile] = None
        else:
            total += worst * len(item.case.turns)
    return Estimate(len(to_do), unsupported, calls, total, tuple(unpriced))
