"""A conversation in the form that alternating wires take: system text apart, neighbours joined, every call answered.

Knows no wire format. It only repairs what services refuse outright: an answer that nobody asked for becomes plain text,
a call that nobody answered gets an answer that says so, and an identifier that occurs twice is made unique.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from clawtui.engine.request import Media, Message, Part, Role, Text, ToolCall, user

# Stands where a service insists on words and the conversation has none.
NOTHING_SAID = "…"
# Follows an assistant message that would otherwise be taken for a prefill.
GO_ON = "Continue."
NO_RESULT = "This call was not carried out: there is no result."
MAX_ID = 64
NOT_IN_IDS = re.compile(r"[^A-Za-z0-9_-]")


@dataclass(frozen=True, slots=True)
class ToolResult:
    """The answer to one call of the turn before. `missing`: the conversation has none."""

    call_id: str
    name: str
    parts: tuple[Part, ...]
    missing: bool = False

    @property
    def text(self) -> str:
        if self.missing:
            return NO_RESULT
        return "".join(part.text for part in self.parts if isinstance(part, Text))


@dataclass(frozen=True, slots=True)
class Turn:
    """`results` answer the calls of the turn before, in their order; only a user's turn has them."""

    by_model: bool
    parts: tuple[Part, ...] = ()
    calls: tuple[ToolCall, ...] = ()
    results: tuple[ToolResult, ...] = ()


@dataclass(frozen=True, slots=True)
class Conversation:
    system: str
    turns: tuple[Turn, ...]


def conversation(messages: Sequence[Message], *, prefill: bool) -> Conversation:
    """`prefill`: whether an assistant message may stay last; else a user's word to go on follows it.

    A conversation of system messages alone is sent as the user's; one that begins with the assistant gets a user's turn
    before it, since services want one.
    """
    system: list[str] = []
    turns: list[Turn] = []
    used: set[str] = set()
    waiting: dict[str, deque[ToolCall]] = {}  # calls of the last turn, by the id the caller knows them by
    for by_model, group in _groups(messages, system):
        if not by_model:
            turns.append(_user_turn(group, turns[-1].calls if turns else (), waiting))
            continue
        if not turns:
            turns.append(Turn(False, (Text(NOTHING_SAID),)))
        waiting = {}
        calls: list[ToolCall] = []
        for message in group:
            for call in message.tool_calls:
                calls.append(_with_own_id(call, used))
                waiting.setdefault(call.id, deque()).append(calls[-1])
        turns.append(Turn(True, _spoken(group), tuple(calls)))
    if not turns:
        return Conversation("", (Turn(False, (Text("\n\n".join(system) or NOTHING_SAID),)),))
    if turns[-1].calls:
        turns.append(_user_turn([], turns[-1].calls, waiting))
    elif turns[-1].by_model and not prefill:
        turns.append(Turn(False, (Text(GO_ON),)))
    return Conversation("\n\n".join(system), tuple(turns))


def ended(messages: Sequence[Message], *, prefill: bool) -> Sequence[Message]:
    """The same for wires that take messages as they are: not ending in the assistant's words but where they may be
    gone on with."""
    if prefill or not messages or messages[-1].role is not Role.ASSISTANT or messages[-1].tool_calls:
        return messages
    return (*messages, user(GO_ON))


def _groups(messages: Iterable[Message], system: list[str]) -> list[tuple[bool, list[Message]]]:
    """Neighbours of the same side together; system messages are lifted out, empty ones passed over."""
    groups: list[tuple[bool, list[Message]]] = []
    for message in messages:
        role = message.role
        if role is Role.SYSTEM or role is Role.DEVELOPER:
            if text := message.text.strip():
                system.append(text)
            continue
        if not (role is Role.TOOL or message.tool_calls or _spoken([message])):
            continue
        by_model = role is Role.ASSISTANT
        if groups and groups[-1][0] is by_model:
            groups[-1][1].append(message)
        else:
            groups.append((by_model, [message]))
    return groups


def _spoken(group: Iterable[Message]) -> tuple[Part, ...]:
    """Services refuse text of nothing but white space."""
    return tuple(
        part
        for message in group
        if message.role is not Role.TOOL
        for part in message.parts
        if isinstance(part, Media) or part.text.strip()
    )


def _user_turn(group: list[Message], calls: tuple[ToolCall, ...], waiting: dict[str, deque[ToolCall]]) -> Turn:
    """Results first and in the order of their calls, as services insist, whatever came between them."""
    if not calls and not any(message.role is Role.TOOL for message in group):
        return Turn(False, _spoken(group))
    answered: dict[str, ToolResult] = {}
    spoken: list[Part] = []
    for message in group:
        if message.role is not Role.TOOL:
            spoken.extend(_spoken([message]))
            continue
        same_id = waiting.get(message.tool_call_id or "")
        if same_id:
            call = same_id.popleft()
            answered[call.id] = ToolResult(call.id, call.name, message.parts)
        else:
            spoken.append(Text(f"Result of {message.name or 'a tool'}: {message.text or '(empty)'}"))
            spoken.extend(message.media)
    results = (answered.get(call.id) or ToolResult(call.id, call.name, (), missing=True) for call in calls)
    return Turn(False, tuple(spoken), results=tuple(results))


def _with_own_id(call: ToolCall, used: set[str]) -> ToolCall:
    """The same call under an id that every service takes and no other call of the conversation has."""
    clean = NOT_IN_IDS.sub("_", call.id)[:MAX_ID] or "call"
    own, count = clean, 1
    while own in used:
        count += 1
        own = f"{clean[: MAX_ID - 6]}_{count}"
    used.add(own)
    return call if own == call.id else ToolCall(own, call.name, call.arguments)
