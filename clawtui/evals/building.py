"""Makes a case of what a suite's file says, and tells what of it does not fit together."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clawtui.config.layout import Key
from clawtui.engine.request import Media, MediaKind, Message, Role, Text, Tool, ToolCall
from clawtui.evals.cases import Case, Expectation, LongText, Turn
from clawtui.evals.graders import read_expectation
from clawtui.evals.images import picture
from clawtui.evals.suite_schema import CaseTable, ImageTable, MessageTable, TurnTable

LARGEST_IMAGE = 20_000_000  # bytes
_KINDS = {b"\x89PNG": "image/png", b"\xff\xd8\xff": "image/jpeg", b"GIF8": "image/gif", b"RIFF": "image/webp"}


@dataclass(frozen=True, slots=True)
class BadCase:
    """`place` leads to the field, from the case on."""

    place: Key
    message: str
    fix: str


def built(table: CaseTable, suite: str, folder: Path) -> tuple[Case | None, list[BadCase]]:
    """`folder` is where image files are looked for. With anything wrong, there is no case."""
    wrong: list[BadCase] = []
    ways = [name for name in ("input", "messages", "turns") if getattr(table, name)]
    if not ways and table.long_text is None:
        wrong.append(BadCase(("id",), "this case asks nothing", "add input = …, messages or turns"))
    if len(ways) > 1:
        wrong.append(BadCase((ways[1],), f"{ways[0]} and {ways[1]} both say what is asked", "keep one of them"))
    if table.long_text is not None and len(table.long_text.at) != len(table.long_text.needles):
        wrong.append(BadCase(("long_text", "at"), "needles and places are not as many", "one place a needle"))
    if table.long_text is not None and any(not 0 <= share <= 1 for share in table.long_text.at):
        wrong.append(BadCase(("long_text", "at"), "a place is a share of the length", "from 0 to 1"))
    turns = _turns(table, wrong)
    expect = [*_expected(table.expect, ("expect",), wrong), *_ideal(table)]
    if not table.expect and table.ideal is None and not any(turn.expect for turn in table.turns):
        wrong.append(BadCase(("id",), "this case expects nothing, so that every answer would pass", "add expect = […]"))
    images = _images(table.images, folder, wrong)
    if wrong:
        return None, wrong
    long_text = None
    if table.long_text is not None:
        spec = table.long_text
        long_text = LongText(spec.needles, tuple(spec.at), spec.max_tokens, spec.question)
    return (
        Case(
            suite=suite,
            id=table.id,
            turns=turns or (Turn(()),),
            description=table.description,
            system=table.system,
            tools=tuple(Tool(each.name, each.description, each.parameters) for each in table.tools),
            tool_choice=table.tool_choice,
            parallel_tools=table.parallel_tools,
            schema=table.answer_schema,
            needs=frozenset(table.needs),
            max_tokens=table.max_tokens,
            temperature=table.temperature,
            reasoning_effort=table.reasoning_effort,
            images=images,
            long_text=long_text,
            tags=frozenset(table.tags),
            weight=table.weight,
            repeats=table.repeats,
            expect=tuple(expect),
        ),
        [],
    )


def _turns(table: CaseTable, wrong: list[BadCase]) -> tuple[Turn, ...]:
    if table.turns:
        return tuple(_turn(turn, ("turns", place), wrong) for place, turn in enumerate(table.turns))
    if table.messages:
        return (Turn(tuple(_message(each, ("messages", n), wrong) for n, each in enumerate(table.messages))),)
    return (Turn((_said_by_user(table.input),)),) if table.input else ()


def _turn(turn: TurnTable, under: Key, wrong: list[BadCase]) -> Turn:
    if bool(turn.messages) == bool(turn.input):
        wrong.append(BadCase(under, "a turn has either input or messages", "keep one of them"))
    messages = [_message(each, (*under, "messages", n), wrong) for n, each in enumerate(turn.messages)]
    if turn.input:
        messages.append(_said_by_user(turn.input))
    return Turn(tuple(messages), tuple(_expected(turn.expect, (*under, "expect"), wrong)))


def _said_by_user(text: str) -> Message:
    return Message(Role.USER, (Text(text),))


def _message(table: MessageTable, place: Key, wrong: list[BadCase]) -> Message:
    if table.role == "tool" and not (table.name or table.tool_call_id):
        wrong.append(BadCase((*place, "name"), "which call does this answer?", "add name = … of the tool"))
    calls = tuple(
        ToolCall(call.id or f"call_{number}", call.name, json.dumps(call.arguments))
        for number, call in enumerate(table.tool_calls, 1)
    )
    parts = (Text(table.content),) if table.content else ()
    return Message(Role(table.role), parts, calls, table.tool_call_id, table.name)


def _expected(tables: Sequence[Mapping[str, Any]], under: Key, wrong: list[BadCase]) -> list[Expectation]:
    found: list[Expectation] = []
    for place, table in enumerate(tables):
        read = read_expectation(table)
        if isinstance(read, Expectation):
            found.append(read)
        else:
            wrong += [BadCase((*under, place, *each.place), each.message, each.fix) for each in read]
    return found


def _ideal(table: CaseTable) -> Iterable[Expectation]:
    """`{"input": …, "ideal": …}`: the answer is this, or one of these."""
    if table.ideal is None:
        return
    ideals = (table.ideal,) if isinstance(table.ideal, str) else table.ideal
    alternatives = tuple(Expectation("equals", {"value": ideal}) for ideal in ideals)
    yield alternatives[0] if len(alternatives) == 1 else Expectation("any", alternatives=alternatives)


def _images(tables: Sequence[ImageTable], folder: Path, wrong: list[BadCase]) -> tuple[Media, ...]:
    found: list[Media] = []
    for place, table in enumerate(tables):
        if table.file is None:
            shapes = [(each.shape, each.colour) for each in table.shapes]
            if not shapes and table.number is None:
                wrong.append(BadCase(("images", place), "there is nothing on this image", "add shapes, number or file"))
                continue
            found.append(Media(MediaKind.IMAGE, picture(shapes, table.number), "image/png", f"image-{place + 1}.png"))
            continue
        path = folder / table.file
        try:
            data = path.read_bytes() if path.stat().st_size <= LARGEST_IMAGE else b""
        except OSError as error:
            wrong.append(BadCase(("images", place, "file"), f"it cannot be read: {error.strerror}", "name another"))
            continue
        kind = next((kind for head, kind in _KINDS.items() if data.startswith(head)), None)
        if kind is None:
            wrong.append(BadCase(("images", place, "file"), "this is no PNG, JPEG, GIF or WebP", "name another"))
            continue
        found.append(Media(MediaKind.IMAGE, data, kind, path.name))
    return tuple(found)
