"""How sure a rate is, and whether two can be told apart. No figure here is made for large numbers only."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import comb, fsum, sqrt

Z95 = 1.959963984540054
# Student's t, 0.975 quantile, for 1 to 5 degrees of freedom: NIST/SEMATECH e-Handbook of Statistical Methods, 1.3.6.7.2.
T975 = (12.706, 4.303, 3.182, 2.776, 2.571)
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


def t975(freedom: int) -> float:
    """The 0.975 quantile of Student's t; beyond the table by the series of Abramowitz and Stegun, 26.7.5, right to three
    digits behind the point."""
    if freedom <= len(T975):
        return T975[freedom - 1]
    x, f = Z95, freedom
    return (
        x
        + (x**3 + x) / (4 * f)
        + (5 * x**5 + 16 * x**3 + 3 * x) / (96 * f**2)
        + (3 * x**7 + 19 * x**5 + 17 * x**3 - 15 * x) / (384 * f**3)
        + (79 * x**9 + 776 * x**7 + 1482 * x**5 - 1920 * x**3 - 945 * x) / (92160 * f**4)
    )


def clustered_rate(by_case: Mapping[str, Sequence[Outcome]]) -> Rate | None:
    """The weighted rate, with the interval of as many independent results as these are worth: repeats of one case
    resemble each other, and ten of them do not say what ten cases say. None where nothing makes a rate."""
    results = [outcome for outcomes in by_case.values() for outcome in outcomes]
    weights = fsum(weight for _, weight in results)
    if not results or weights <= 0:
        return None
    rate = fsum(weight for passed, weight in results if passed) / weights
    independent = (weights * weights) / sum(weight * weight for _, weight in results)
    effective = independent / _design_effect(by_case, rate, weights, independent)
    low, high = wilson(rate, effective)
    return Rate(rate, low, high, len(results), effective)


def _design_effect(by_case: Mapping[str, Sequence[Outcome]], rate: float, weights: float, independent: float) -> float:
    """How many times wider the variance is than that of independent results. What is estimated from few cases is itself
    unsure: Student's t for their number widens it (Korn and Graubard, Survey Methodology 24 (1998), 193-201), but never
    beyond what as many cases without repeats would say."""
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
    wider = max(1.0, variance / (rate * (1 - rate) / independent))
    return min(most, wider * (t975(count - 1) / Z95) ** 2)


def sign_test(wins: int, losses: int) -> float:
    """The exact two-sided p value of as uneven a split, were both equally good. Ties say nothing."""
    n = wins + losses
    if n == 0:
        return 1.0
    tail = sum(comb(n, k) for k in range(max(wins, losses), n + 1)) / (1 << n)
    return min(1.0, 2 * tail)


SIGNIFICANT = 0.05


def p_words(p_value: float) -> str:
    """`0.021`, `< 0.001`: two digits that say something, and more where they would say another thing than the value."""
    if p_value < 0.001:
        return "< 0.001"
    words = (f"{p_value:.{digits}g}" for digits in range(2, 17))
    return next(each for each in words if (float(each) < SIGNIFICANT) is (p_value < SIGNIFICANT))


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
