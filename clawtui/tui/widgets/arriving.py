"""Text that arrives in pieces, which may end in the middle of what is to be cleaned away."""

from __future__ import annotations


def whole_until(text: str) -> int:
    """Where to cut a piece so that nothing to be cleaned is in two pieces."""
    if text.endswith("\r"):
        return len(text) - 1
    escape = text.rfind("\x1b", max(0, len(text) - 64))
    if escape >= 0 and not any(character.isalpha() or character in "~\x07" for character in text[escape + 1 :]):
        return escape
    return len(text)
