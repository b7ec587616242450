"""What an adviser reads: the caller's conversation as plain text turns, cut to size, under a role of its own. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from clawtui.engine.request import MediaKind, Message, Role, Text

CUT = "[… cut …]"
LEFT_OUT = "[… earlier turns left out …]"
WORTH_READING = 200  # characters of a turn that does not fit whole
MOST_GAPS = 4  # before the first pinned turn, between each two of three, behind the last

ROLES = (
    "Work out your own complete solution, from the question alone.",
    "Be the sceptic: look for wrong assumptions, edge cases and the usual mistakes, and say what the right answer is.",
    "Give concrete steps, and say how each result can be verified.",
    "Take another line of reasoning than the obvious one, and see whether it leads to the same answer.",
)


def adviser_system(index: int) -> str:
    return (
        "You are a private adviser. Another model will read what you write and answer the user; the user never sees it,"
        " so do not address them. You have no tools and see text only. Give facts and reasoning, briefly. "
        + ROLES[index % len(ROLES)]
    )


def adviser_messages(messages: tuple[Message, ...], index: int, max_chars: int) -> tuple[Message, ...]:
    """The adviser's own instruction, then the conversation as text, within `max_chars`.

    The caller's system prompt, first and last user message are pinned, each cut in its middle if it alone is too
    long; the rest is kept from the newest backwards, the last of it cut where a part is worth reading, and a mark
    stands where something was left out.
    """
    instruction = Message(Role.SYSTEM, (Text(adviser_system(index)),))
    return (instruction, *_fitted([_flattened(message) for message in messages], _pinned(messages), max_chars))


def _flattened(message: Message) -> Message:
    """One turn as text only: media become placeholders, tool traffic becomes words."""
    pieces = [part.text if isinstance(part, Text) else _placeholder(part.kind) for part in message.parts]
    match message.role:
        case Role.TOOL:
            name = f" of {message.name}" if message.name else ""
            return Message(Role.USER, (Text(f"[tool result{name}]\n" + "\n".join(pieces)),))
        case Role.ASSISTANT:
            pieces.extend(f"[called {call.name} with {call.arguments or '{}'}]" for call in message.tool_calls)
            return Message(Role.ASSISTANT, (Text("\n".join(pieces)),))
        case Role.DEVELOPER:
            return Message(Role.SYSTEM, (Text("\n".join(pieces)),))
        case _:
            return Message(message.role, (Text("\n".join(pieces)),))


def _placeholder(kind: MediaKind) -> str:
    return f"[{kind}]"


def _fitted(messages: list[Message], pinned: list[int], max_chars: int) -> list[Message]:
    if sum(len(message.text) for message in messages) <= max_chars:
        return messages
    kept: dict[int, Message] = {}
    room = max_chars - MOST_GAPS * len(LEFT_OUT)
    # The shortest first: what one does not use of its share, the longer ones may.
    for position, number in enumerate(sorted(pinned, key=lambda each: len(messages[each].text))):
        share = max(1, room // (len(pinned) - position))
        kept[number] = _cut(messages[number], share)
        room -= len(kept[number].text)
    for number in range(len(messages) - 1, -1, -1):
        if number in kept:
            continue
        size = len(messages[number].text)
        if size > room:
            if room >= WORTH_READING:
                kept[number] = _cut(messages[number], room)
            break
        kept[number] = messages[number]
        room -= size
    return _with_marks(messages, kept)


def _cut(message: Message, limit: int) -> Message:
    return Message(message.role, (Text(cut_in_middle(message.text, limit)),))


def _pinned(messages: Sequence[Message]) -> list[int]:
    """By the roles that the caller gave: what becomes user text for an adviser, a tool result, is no question."""
    users = [number for number, message in enumerate(messages) if message.role is Role.USER]
    system = [number for number, each in enumerate(messages) if each.role in (Role.SYSTEM, Role.DEVELOPER)][:1]
    return sorted({*system, *users[:1], *users[-1:]})


def _with_marks(messages: list[Message], kept: dict[int, Message]) -> list[Message]:
    result: list[Message] = []
    in_gap = False
    for number in range(len(messages)):
        if number in kept:
            result.append(kept[number])
            in_gap = False
        elif not in_gap:
            result.append(Message(Role.USER, (Text(LEFT_OUT),)))
            in_gap = True
    return result


def cut_in_middle(text: str, limit: int) -> str:
    """At most `limit` characters, beginning and end kept. Python strings hold code points, so none is split; a pair
    of surrogates that came in as two is not parted either."""
    if len(text) <= limit:
        return text
    if limit <= len(CUT) + 2:
        return text[: _whole(text, limit)]
    room = limit - len(CUT)
    head = _whole(text, (room + 1) // 2)
    tail = len(text) - room // 2
    if tail < len(text) and "\udc00" <= text[tail] <= "\udfff":
        tail += 1
    return text[:head] + CUT + text[tail:]


def _whole(text: str, end: int) -> int:
    """The end, moved back where it would part a surrogate pair."""
    return end - 1 if 0 < end < len(text) and "\ud800" <= text[end - 1] <= "\udbff" else end
