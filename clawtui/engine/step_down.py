"""Fits a conversation into a smaller window: system messages and the newest turns stay, the oldest go."""

from __future__ import annotations

from clawtui.engine.request import Message, Role
from clawtui.engine.tokens import message_tokens


def fitted(messages: tuple[Message, ...], tokens: int) -> tuple[tuple[Message, ...], int]:
    """The messages that fit and how many were left out. The last user turn is always kept, whatever its size.

    A tool result never stays without the call it answers: whole turns go, from one user message to the next.
    """
    pinned = [message for message in messages if message.role in (Role.SYSTEM, Role.DEVELOPER)]
    rest = [message for message in messages if message.role not in (Role.SYSTEM, Role.DEVELOPER)]
    turns: list[list[Message]] = []
    for message in rest:
        if message.role is Role.USER or not turns:
            turns.append([])
        turns[-1].append(message)
    room = tokens - sum(message_tokens(message) for message in pinned)
    kept: list[list[Message]] = []
    for turn in reversed(turns):
        room -= sum(message_tokens(message) for message in turn)
        if room < 0 and kept:
            break
        kept.append(turn)
    chosen = {id(message) for turn in kept for message in turn} | {id(message) for message in pinned}
    result = tuple(message for message in messages if id(message) in chosen)
    return result, len(messages) - len(result)
