"""Values as a database can hold them: numbers within 64 bits, texts without half a surrogate pair."""

from __future__ import annotations

from dataclasses import replace

from clawtui.engine.outcome import Usage

LARGEST = 10**15  # more than any count of tokens; sums of them still fit into 64 bits


def fitting(usage: Usage) -> Usage:
    """The counts as they are reported, and those that no model can have used cut."""
    most = max(usage.input_tokens, usage.output_tokens, usage.cached_input_tokens, usage.reasoning_tokens)
    least = min(usage.input_tokens, usage.output_tokens, usage.cached_input_tokens, usage.reasoning_tokens)
    if least >= -LARGEST and most <= LARGEST:
        return usage
    return replace(
        usage,
        input_tokens=_cut(usage.input_tokens),
        output_tokens=_cut(usage.output_tokens),
        cached_input_tokens=_cut(usage.cached_input_tokens),
        reasoning_tokens=_cut(usage.reasoning_tokens),
    )


def _cut(number: int) -> int:
    return min(max(number, -LARGEST), LARGEST)


def storable(text: str) -> str:
    """What no encoding carries is replaced by a mark: better a mended text than none."""
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def storable_or_none(text: str | None) -> str | None:
    return None if text is None else storable(text)
