"""Makes a case of what a suite's file says, and tells what of it does not fit together."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from clawtui.config.layout import Key
from clawtui.engine.request import Media, MediaKind, Message, Role, Text, Tool, ToolCall
from clawtui.evals.cases import Case, Expectation, LongText, Turn
from clawtui.evals.fitting import BadCase, result_faults, tool_faults
from clawtui.evals.graders import read_expectation
from clawtui.evals.graders.values import no_json
from clawtui.evals.images import picture
from clawtui.evals.suite_schema import CaseTable, ImageTable, MessageTable, TurnTable

ASKING = ("input", "messages", "turns", "long_text")
LARGEST_IMAGE = 20_000_000  # bytes
_KINDS = {b"\x89PNG": "image/png", b"\xff\xd8\xff": "image/jpeg", b"GIF8": "image/gif", b"RIFF": "image/webp"}


def built(
    tree: Mapping[str, Any], table: CaseTable | None, suite: str, folder: Path
) -> tuple[Case | None, list[BadCase]]:
    """`tree` is what the file says, `table` the same where each field is right by itself; `folder` is where image files
    are looked for. With anything wrong, there is no case."""
    wrong = [*_not_json(tree), *_says_nothing(tree)]
    if table is None:
        _check_graders(tree, wrong)
        return None, wrong
    _check_long_text(table, wrong)
    turns = _turns(table, wrong)
    expect = [*_expected(table.expect, ("expect",), wrong), *_ideal(table, wrong)]
    wrong += [*tool_faults(table), *result_faults(table)]
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


def _says_nothing(tree: Mapping[str, Any]) -> Iterator[BadCase]:
    """What is asked twice, or not at all; what expects nothing. A misspelt field may be the one that is missed."""
    ways = [name for name in ASKING[:3] if _is_said(tree.get(name))]
    if len(ways) > 1:
        yield BadCase((ways[1],), f"{ways[0]} and {ways[1]} both say what is asked", "keep one of them")
    if any(name not in CaseTable.model_fields and name != "schema" for name in tree):
        return
    if not any(_is_said(tree.get(name)) for name in ASKING):
        yield BadCase(("id",), "this case asks nothing", "add input = …, messages or turns")
    turns = tree["turns"] if isinstance(tree.get("turns"), list) else []
    expecting = [tree, *(turn for turn in turns if isinstance(turn, dict))]
    if tree.get("ideal") is None and not any(_is_said(each.get("expect")) for each in expecting):
        yield BadCase(("id",), "this case expects nothing, so that every answer would pass", "add expect = […]")


def _is_said(value: object) -> bool:
    return bool(value.strip() if isinstance(value, str) else value)


def _not_json(tree: Mapping[str, Any]) -> Iterator[BadCase]:
    """Dates and the like, where the wire carries JSON. In graders, they are found with the rest."""
    turns = tree["turns"] if isinstance(tree.get("turns"), list) else []
    parts: list[tuple[Key, Any]] = [((name,), tree.get(name)) for name in ("schema", "tools", "messages")]
    parts += [
        (("turns", n, "messages"), turn.get("messages")) for n, turn in enumerate(turns) if isinstance(turn, dict)
    ]
    for place, part in parts:
        if (found := no_json(part)) is not None:
            yield BadCase((*place, *found[0]), f"found {found[1]}, which JSON cannot say", "write text or a number")


def _check_graders(tree: Mapping[str, Any], wrong: list[BadCase]) -> None:
    """Where some field is wrong, so that no case can be built: what is wrong besides."""
    turns = tree["turns"] if isinstance(tree.get("turns"), list) else []
    for under, each in [((), tree), *((("turns", n), turn) for n, turn in enumerate(turns))]:
        tables = each.get("expect") if isinstance(each, dict) else None
        if isinstance(tables, list):
            _expected(tables, (*under, "expect"), wrong)


def _check_long_text(table: CaseTable, wrong: list[BadCase]) -> None:
    spec = table.long_text
    if spec is not None and len(spec.at) != len(spec.needles):
        wrong.append(BadCase(("long_text", "at"), "needles and places are not as many", "one place a needle"))
    if spec is not None and any(not 0 <= share <= 1 for share in spec.at):
        wrong.append(BadCase(("long_text", "at"), "a place is a share of the length", "from 0 to 1"))


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
    if table.role != "assistant" and table.tool_calls:
        wrong.append(BadCase((*place, "tool_calls"), "only an assistant calls tools", 'role = "assistant"'))
    unique = "_".join(str(part) for part in place if isinstance(part, int))
    calls = tuple(
        ToolCall(call.id or f"call_{unique}_{number}", call.name, json.dumps(call.arguments))
        for number, call in enumerate(table.tool_calls, 1)
    )
    parts = (Text(table.content),) if table.content else ()
    return Message(Role(table.role), parts, calls, table.tool_call_id, table.name)


def _expected(tables: Sequence[Any], under: Key, wrong: list[BadCase]) -> list[Expectation]:
    found: list[Expectation] = []
    for place, table in enumerate(tables):
        if not isinstance(table, Mapping):
            continue  # told with the fields
        read = read_expectation(table)
        if isinstance(read, Expectation):
            found.append(read)
        else:
            wrong += [BadCase((*under, place, *each.place), each.message, each.fix) for each in read]
    return found


def _ideal(table: CaseTable, wrong: list[BadCase]) -> Iterator[Expectation]:
    """`{"input": …, "ideal": …}`: the answer is this, or one of these."""
    if table.ideal is None:
        return
    ideals = table.ideal if isinstance(table.ideal, list) else [table.ideal]
    if not ideals or not all(isinstance(each, str) and each.strip() for each in ideals):
        wrong.append(BadCase(("ideal",), "this is no answer", "a text that is not empty, or a list of such"))
        return
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
        except (OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) else str(error)
            wrong.append(BadCase(("images", place, "file"), f"it cannot be read: {why}", "name another"))
            continue
        kind = next((kind for head, kind in _KINDS.items() if data.startswith(head)), None)
        if kind is None:
            wrong.append(BadCase(("images", place, "file"), "this is no PNG, JPEG, GIF or WebP", "name another"))
            continue
        found.append(Media(MediaKind.IMAGE, data, kind, path.name))
    return tuple(found)
