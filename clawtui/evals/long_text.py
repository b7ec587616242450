"""Long texts with needles: as long as a model can read, and the same each time."""

from __future__ import annotations

from clawtui.engine.tokens import tokens_in
from clawtui.evals.cases import LongText

WHERE_UNKNOWN = 6_000  # tokens, for a model whose window nobody knows
SHARE = 0.7  # of the window: question, answer and other ways of counting need the rest
_SUBJECTS = ("The harbour master", "A clerk of the mill", "The night ferry", "Our neighbour", "The old surveyor")
_VERBS = ("noted", "repaired", "counted", "carried", "described", "weighed")
_OBJECTS = ("the ropes", "nine barrels", "a lamp", "the ledgers", "two maps", "the north gate", "a crate of nails")
_PLACES = ("before noon", "by the quay", "without a word", "in the rain", "as every week", "for the third time")


def long_text(spec: LongText, window: int | None) -> str:
    """Filler of the right length with each needle as a sentence of its own."""
    length = min(spec.max_tokens, WHERE_UNKNOWN if window is None else int(window * SHARE))
    per_sentence = tokens_in(" ".join(_sentence(number) for number in range(200))) / 200
    count = max(20, int(length / per_sentence))
    sentences = [_sentence(number) for number in range(count)]
    places = sorted(zip(spec.at, spec.needles, strict=True), reverse=True)
    for share, needle in places:
        sentences.insert(int(share * count), needle)
    paragraphs = [" ".join(sentences[start : start + 8]) for start in range(0, len(sentences), 8)]
    return "\n\n".join(paragraphs)


def _sentence(number: int) -> str:
    parts = (_SUBJECTS, _VERBS, _OBJECTS, _PLACES)
    # Strides that share no factor with the lengths, so that neighbours differ.
    words = [part[(number * (3 + 2 * place) + number // 7) % len(part)] for place, part in enumerate(parts)]
    return " ".join(words) + "."
