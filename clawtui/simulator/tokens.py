"""How the simulator counts: a token is a word of at most eight characters with the white space before it; longer words
are several tokens. Everything that it paces, cuts, limits and reports is counted this way."""

from __future__ import annotations

import re

_TOKEN = re.compile(r"\s*\S{1,8}|\s+")

IMAGE_TOKENS = 256
SOUND_TOKENS = 128
TURN_TOKENS = 4


def split_tokens(text: str) -> list[str]:
    return _TOKEN.findall(text)


def count_tokens(text: str) -> int:
    return len(_TOKEN.findall(text))


def first_tokens(text: str, limit: int) -> str:
    """The text up to its first `limit` tokens."""
    end = 0
    for number, match in enumerate(_TOKEN.finditer(text)):
        if number >= limit:
            break
        end = match.end()
    return text[:end]
