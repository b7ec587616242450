"""What the results of a run come to for each profile."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from clawtui.evals.results import CaseResult, Run, Verdict
from clawtui.evals.statistics import Rate, clustered_rate, quantile

SLACK = 1e-9  # what rounding makes of weights


@dataclass(frozen=True, slots=True)
class ProfileSummary:
    profile: str
    counts: dict[Verdict, int]
    rate: Rate | None  # None: nothing passed or failed
    cost_usd: float | None  # None: some of it is unknown
    p50_ms: float | None
    p95_ms: float | None
    first_token_p50_ms: float | None
    input_tokens: int
    output_tokens: int
    failovers: int

    @property
    def cost_per_pass_usd(self) -> float | None:
        passed = self.counts[Verdict.PASS]
        return None if self.cost_usd is None or not passed else self.cost_usd / passed

    def reaches(self, threshold: float) -> bool:
        """Without a rate, nothing is reached."""
        return self.rate is not None and self.rate.rate >= threshold - SLACK


def summaries(run: Run) -> list[ProfileSummary]:
    """In the order in which the profiles were asked for."""
    return [summary(profile, of_profile(run.results, profile)) for profile in run.settings.profiles]


def of_profile(results: Iterable[CaseResult], profile: str) -> list[CaseResult]:
    return [result for result in results if result.key.profile == profile]


def summary(profile: str, results: Sequence[CaseResult]) -> ProfileSummary:
    graded = [result for result in results if result.verdict in (Verdict.PASS, Verdict.FAIL)]
    by_case: dict[str, list[tuple[bool, float]]] = {}
    for result in graded:
        name = f"{result.key.suite}/{result.key.case}"
        by_case.setdefault(name, []).append((result.verdict is Verdict.PASS, result.weight))
    costs = [result.cost.usd for result in results if result.request_ids]
    times = [result.ms for result in graded if result.ms is not None]
    firsts = [result.first_token_ms for result in graded if result.first_token_ms is not None]
    return ProfileSummary(
        profile=profile,
        counts={verdict: sum(result.verdict is verdict for result in results) for verdict in Verdict},
        rate=clustered_rate(by_case),
        cost_usd=None if any(cost is None for cost in costs) else sum(cost or 0.0 for cost in costs),
        p50_ms=quantile(times, 0.5),
        p95_ms=quantile(times, 0.95),
        first_token_p50_ms=quantile(firsts, 0.5),
        input_tokens=sum(result.usage.input_tokens for result in results),
        output_tokens=sum(result.usage.output_tokens for result in results),
        failovers=sum(result.failovers for result in results),
    )


def ranked(run: Run) -> list[ProfileSummary]:
    """The best rate first; of equal ones that which was asked for first; who has none last."""
    return sorted(summaries(run), key=lambda each: -each.rate.rate if each.rate else 1.0)


def under_threshold(run: Run) -> list[str]:
    """Who misses it; controls are not held to it."""
    threshold, controls = run.settings.threshold, run.settings.controls
    if threshold is None:
        return []
    return [each.profile for each in summaries(run) if each.profile not in controls and not each.reaches(threshold)]


def passed_threshold(run: Run) -> bool | None:
    """For every profile; None where none was asked for."""
    return None if run.settings.threshold is None else not under_threshold(run)
