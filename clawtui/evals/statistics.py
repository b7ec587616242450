"""How sure a rate is, and whether two can be told apart. No figure here is made for large numbers only."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import comb, sqrt

Z95 = 1.959963984540054
BOOTSTRAP_ROUNDS = 2_000

Outcome = tuple[bool, float]  # passed or not, and its weight


@dataclass(frozen=True, slots=True)
class Rate:
    rate: float
    low: float
    high: float
    n: int  # results that make the rate
    effective_n: float  # as many independent ones would be worth


def wilson(rate: float, n: float, z: float = Z95) -> tuple[float, float]:
    """Wilson's score interval of a share; right also near 0 and 1 and for small n."""
    if n <= 0:
        return 0.0, 1.0
    centre = (rate + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * sqrt(rate * (1 - rate) / n + z * z / (4 * n * n))
    return max(0.0, centre - half), min(1.0, centre + half)


def clustered_rate(by_case: Mapping[str, Sequence[Outcome]]) -> Rate | None:
    """The weighted rate, with the interval of as many independent results as these are worth: repeats of one case
    resemble each other, and ten of them do not say what ten cases say. None where nothing makes a rate."""
    results = [outcome for outcomes in by_case.values() for outcome in outcomes]
    weights = sum(weight for _, weight in results)
    if not results or weights <= 0:
        return None
    rate = sum(weight for passed, weight in results if passed) / weights
    independent = (weights * weights) / sum(weight * weight for _, weight in results)
    effective = independent / _design_effect(by_case, rate, weights, independent)
    low, high = wilson(rate, effective)
    return Rate(rate, low, high, len(results), effective)


def _design_effect(by_case: Mapping[str, Sequence[Outcome]], rate: float, weights: float, independent: float) -> float:
    """How many times wider the variance is than that of independent results."""
    clusters = [outcomes for outcomes in by_case.values() if outcomes]
    count = len(clusters)
    most = max(1.0, independent / count)  # repeats that agree wholly are worth one
    if most == 1.0:
        return 1.0
    if count < 2 or rate in (0.0, 1.0):
        return most  # nothing to see how far they agree: the cautious end
    sums = [sum(weight * (passed - rate) for passed, weight in each) for each in clusters]
    spread = sum((each * each for each in sums), 0.0)
    variance = spread / (weights * weights) * count / (count - 1)
    return min(most, max(1.0, variance / (rate * (1 - rate) / independent)))


def sign_test(wins: int, losses: int) -> float:
    """The exact two-sided p value of as uneven a split, were both equally good. Ties say nothing."""
    n = wins + losses
    if n == 0:
        return 1.0
    tail = sum(comb(n, k) for k in range(max(wins, losses), n + 1)) / (1 << n)
    return min(1.0, 2 * tail)


def bootstrap_difference(differences: Sequence[float], seed: int = 0) -> tuple[float, float]:
    """The 95 % interval of the mean of differences by case, by drawing cases again. The same each time."""
    if not differences:
        return 0.0, 0.0
    rng, n = random.Random(seed), len(differences)
    means = sorted(sum(rng.choices(differences, k=n)) / n for _ in range(BOOTSTRAP_ROUNDS))
    return means[int(0.025 * BOOTSTRAP_ROUNDS)], means[int(0.975 * BOOTSTRAP_ROUNDS) - 1]


def quantile(values: Sequence[float], share: float) -> float | None:
    """Nearest rank: a value that was seen."""
    if not values:
        return None
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, int(share * len(ordered) + 0.999999) - 1))]
