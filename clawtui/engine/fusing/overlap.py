"""How much texts have in common, by shared runs of four words. A heuristic and named so wherever it is shown: it sees
wording, not thought. Pure and quick: sets of integers, no library."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

RUN = 4
WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Overlap:
    """`pairs[(i, j)]` is the share of the smaller text's runs found in the other; `of_answer[i]` the share of the
    answer's runs found in proposal i."""

    pairs: dict[tuple[int, int], float]
    of_answer: tuple[float, ...]


def runs(text: str) -> frozenset[int]:
    """Hashes of every four words in a row; of all words where there are fewer."""
    words = [hash(word) for word in WORD.findall(text.casefold())]
    if not words:
        return frozenset()
    if len(words) < RUN:
        return frozenset((hash(tuple(words)),))
    return frozenset(map(hash, zip(words, words[1:], words[2:], words[3:], strict=False)))


def overlap(proposals: Sequence[str], answer: str) -> Overlap:
    found = [runs(text) for text in proposals]
    pairs = {
        (first, second): _share(found[first], found[second], min(len(found[first]), len(found[second])))
        for first in range(len(found))
        for second in range(first + 1, len(found))
    }
    said = runs(answer)
    return Overlap(pairs, tuple(_share(each, said, len(said)) for each in found))


def _share(first: frozenset[int], second: frozenset[int], whole: int) -> float:
    return len(first & second) / whole if whole else 0.0
