"""What of a case does not fit together, though each field is right by itself: tools that are not offered, results of calls
that nobody made, images without a message to go with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from clawtui.config.findings import nearest, quoted
from clawtui.config.layout import Key
from clawtui.evals.suite_schema import CaseTable, MessageTable

CHOICES = ("auto", "none", "required")


@dataclass(frozen=True, slots=True)
class BadCase:
    """`place` leads to the field, from the case on."""

    place: Key
    message: str
    fix: str


def tool_faults(table: CaseTable) -> Iterator[BadCase]:
    """Names of tools that no answer could call, or that two tools have."""
    names = [tool.name for tool in table.tools]
    for place, name in enumerate(names):
        if name in names[:place]:
            yield BadCase(("tools", place, "name"), f"{quoted(name)} is the name of two tools", "rename one of them")
    if table.tool_choice is not None and table.tool_choice not in (*CHOICES[:2], *names):
        if table.tool_choice == CHOICES[2]:
            if not names:
                yield BadCase(("tool_choice",), "there is no tool to choose from", "add [[cases.tools]]")
        else:
            yield _not_offered(("tool_choice",), table.tool_choice, [*CHOICES, *names])
    expected: list[tuple[Key, Mapping[str, Any]]] = [(("expect", n), each) for n, each in enumerate(table.expect)]
    for turn, told in enumerate(table.turns):
        expected += [(("turns", turn, "expect", n), each) for n, each in enumerate(told.expect)]
    for under, each in expected:
        yield from _not_called(under, each, names)


def _not_called(under: Key, table: Mapping[str, Any], names: Sequence[str]) -> Iterator[BadCase]:
    members = table.get("any")
    for place, member in enumerate(members if isinstance(members, list) else ()):
        if isinstance(member, dict):
            yield from _not_called((*under, "any", place), member, names)
    for key in ("tool_call", "not_tool_call"):
        name = table.get(key)
        if isinstance(name, str) and name not in names:
            yield _not_offered((*under, key), name, names)


def _not_offered(place: Key, name: str, names: Sequence[str]) -> BadCase:
    near = nearest(name, names)
    fix = f"did you mean {quoted(near)}?" if near else "add it to [[cases.tools]]"
    return BadCase(place, f"no tool {quoted(name)} is offered", fix)


def result_faults(table: CaseTable) -> Iterator[BadCase]:
    """Results that answer no call; images of which no message of the user can take care."""
    spoken: list[tuple[Key, Sequence[MessageTable]]] = [(("messages",), table.messages)] if table.messages else []
    spoken += [(("turns", n, "messages"), turn.messages) for n, turn in enumerate(table.turns)]
    offered = [tool.name for tool in table.tools]
    for number, (under, messages) in enumerate(spoken):
        calls: list[str] | None = (
            [] if number == 0 else None
        )  # None: those of the answer before, known when it has come
        for place, message in enumerate(messages):
            if message.tool_calls:
                calls = [call.name for call in message.tool_calls]
            if message.role != "tool" or message.tool_call_id or not message.name:
                continue
            if calls is None:
                if message.name not in offered:
                    yield _not_offered((*under, place, "name"), message.name, offered)
            elif message.name in calls:
                calls.remove(message.name)
            else:
                words = f"no call of {quoted(message.name)} stands before it"
                yield BadCase((*under, place, "name"), words, "add tool_calls to the assistant's message before it")
    first = spoken[0][1] if spoken else ()
    is_asked = table.long_text is not None or table.input or (table.turns and table.turns[0].input)
    if table.images and not is_asked and all(message.role != "user" for message in first):
        words = "images go with the first message of the user, and there is none"
        yield BadCase(("images",), words, "add one, in the first turn")
