"""Values as a database can hold them: numbers within 64 bits, texts without half a surrogate pair."""

from __future__ import annotations

LARGEST = 10**15  # more than any count of tokens; sums of them still fit into 64 bits


def whole(number: int) -> int:
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
