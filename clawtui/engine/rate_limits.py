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
)
LONGEST = 3_600.0


def used_up_for(headers: Mapping[str, str], now_wall: float) -> float | None:
    """Seconds until the credential may be used again; None while something remains of every limit told."""
    longest: float | None = None
    for remaining, reset in PAIRS:
        left = headers.get(remaining)
        if left is None or not _is_zero(left):
            continue
        seconds = until(headers.get(reset, ""), now_wall)
        if seconds is not None and seconds > 0:
            # OpenRouter tells milliseconds since the epoch.
            seconds = (
                seconds if seconds <= LONGEST else min(LONGEST, max(0.0, _from_ms(headers.get(reset, ""), now_wall)))
            )
            longest = seconds if longest is None else max(longest, seconds)
    return longest


def _is_zero(text: str) -> bool:
    try:
        return float(text) <= 0
    except ValueError:
        return False


def _from_ms(text: str, now_wall: float) -> float:
    try:
        number = float(text)
    except ValueError:
        return LONGEST
    return number / 1000 - now_wall if number > 1e12 else LONGEST
