"""Durations in logarithmic buckets: small, mergeable, and true within about 4.4 %. Figures read from one are marked ≈."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

GROWTH = 1.09  # neighbouring bounds; a bucket's middle is at most 4.4 % off
_LOG = math.log(GROWTH)


def bucket(ms: float) -> int:
    """Everything under a millisecond is one bucket."""
    return 0 if ms < 1.0 else int(math.log(ms) / _LOG) + 1


def middle(number: int) -> float:
    return 0.5 if number == 0 else GROWTH ** (number - 0.5)


def quantile(counts: Mapping[int, int], share: float) -> float | None:
    """The duration under which `share` of what was counted lies; None where nothing was."""
    total = sum(counts.values())
    if total == 0:
        return None
    wanted = share * total
    seen = 0
    for number in sorted(counts):
        seen += counts[number]
        if seen >= wanted:
            return round(middle(number), 1)
    return round(middle(max(counts)), 1)


def merged(parts: Iterable[Mapping[int, int]]) -> dict[int, int]:
    total: dict[int, int] = {}
    for part in parts:
        for number, count in part.items():
            total[number] = total.get(number, 0) + count
    return total
