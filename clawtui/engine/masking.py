"""Takes secrets out of a server's words, in part and in whole. Pure."""

from __future__ import annotations

SHORTEST_PART = 6
SHORTEST_WHOLE = 12


def masked(text: str, *secrets: str) -> str:
    """The text with `…` where six characters or more of a secret stood. Shorter values are no secrets worth the name."""
    for secret in secrets:
        if len(secret) >= SHORTEST_PART:
            text = _without(text, secret)
    return text


def masked_name(name: str, *secrets: str) -> str:
    """A model's name as a server gave it. Only whole secrets are taken out: `ollama` may well be a key, and stand in a
    name by right."""
    for secret in secrets:
        if len(secret) >= SHORTEST_WHOLE:
            name = name.replace(secret, "…")
    return name


def _without(text: str, secret: str) -> str:
    parts = {secret[start : start + SHORTEST_PART] for start in range(len(secret) - SHORTEST_PART + 1)}
    hidden = [False] * len(text)
    for start in range(len(text) - SHORTEST_PART + 1):
        if text[start : start + SHORTEST_PART] in parts:
            hidden[start : start + SHORTEST_PART] = [True] * SHORTEST_PART
    shown: list[str] = []
    for character, is_hidden in zip(text, hidden, strict=True):
        if not is_hidden:
            shown.append(character)
        elif not shown or shown[-1] != "…":
            shown.append("…")
    return "".join(shown)
