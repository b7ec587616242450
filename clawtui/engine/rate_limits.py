"""Rate-limit headers of an answer: what is used up, and until when. Read before a 429 is earned. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from clawtui.engine.retry_after import until

# (remaining, reset) by family; several limits may be told at once, and any that is used up counts.
PAIRS = (
    ("x-ratelimit-remaining-requests", "x-ratelimit-reset-requests"),
    ("x-ratelimit-remaining-tokens", "x-ratelimit-reset-tokens"),
    ("x-ratelimit-remaining", "x-ratelimit-reset"),
    ("anthropic-ratelimit-requests-remaining", "anthropic-ratelimit-requests-reset"),
    ("anthropic-ratelimit-tokens-remaining", "anthropic-ratelimit-tokens-reset"),
    ("anthropic-ratelimit-input-tokens-remaining", "anthropic-ratelimit-input-tokens-reset"),
    ("anthropic-ratelimit-output-tokens-remaining", "anthropic-ratelimit-output-tokens-reset"),
    ("x-ratelimit-remaining-requests-day", "x-ratelimit-reset-requests-day"),  # Cerebras
    ("x-ratelimit-remaining-tokens-minute", "x-ratelimit-reset-tokens-minute"),
)
LONGEST = 3_600.0  # a header alone puts nothing away for longer: a 429 would say so itself


def used_up_for(headers: Mapping[str, str], now_wall: float) -> float | None:
    """Seconds until the credential may be used again; None while something remains of every limit told."""
    longest: float | None = None
    for remaining, reset in PAIRS:
        left = headers.get(remaining)
        if left is None or not _is_zero(left):
            continue
        seconds = until(headers.get(reset, ""), now_wall)
        if seconds is not None and seconds > 0:
            longest = max(longest or 0.0, min(LONGEST, seconds))
    return longest


def _is_zero(text: str) -> bool:
    try:
        return float(text) <= 0
    except ValueError:
        return False
