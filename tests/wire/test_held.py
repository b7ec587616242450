"""What a reader holds back: it says at once that the model is at work, and what of the answer it still has."""

from __future__ import annotations

from typing import Any

import pytest

from clawtui.config.schema import ProviderKind
from clawtui.engine.request import Tool
from clawtui.engine.wire.dialect import HELD, StreamReader, TextPiece, ToolPiece
from tests.wire.conformance import a_call, dialect, framed, sse

SCHEMA = {"type": "array", "items": {"type": "string"}}


def openai(delta: dict[str, Any]) -> bytes:
    return sse({"id": "c", "model": "m", "choices": [{"index": 0, "delta": delta, "finish_reason": None}]})


def openai_call(arguments: str) -> dict[str, Any]:
    return {"tool_calls": [{"index": 0, "function": {"name": "look", "arguments": arguments}}]}


def block(content: dict[str, Any]) -> bytes:
    return sse({"type": "content_block_start", "index": 0, "content_block": content})


def delta(content: dict[str, Any]) -> bytes:
    return sse({"type": "content_block_delta", "index": 0, "delta": content})


def gemini(part: dict[str, Any]) -> bytes:
    return sse({"candidates": [{"content": {"parts": [part]}}]})


def fed(reader: StreamReader, kind: ProviderKind, *chunks: bytes) -> list[Any]:
    return [piece for event, data in framed(chunks, dialect(kind).framing) for piece in reader.feed(event, data)]


@pytest.mark.parametrize(
    ("kind", "chunk"),
    [
        (ProviderKind.OPENAI, openai(openai_call("{"))),
        (ProviderKind.OPENAI, openai({"refusal": "I can"})),
        (ProviderKind.OPENAI, openai({"reasoning_details": [{"type": "reasoning.encrypted", "data": "zzz"}]})),
        (ProviderKind.ANTHROPIC, block({"type": "tool_use", "id": "t", "name": "look", "input": {}})),
        (ProviderKind.ANTHROPIC, block({"type": "redacted_thinking", "data": "zzz"})),
        (ProviderKind.ANTHROPIC, delta({"type": "signature_delta", "signature": "zzz"})),
        (ProviderKind.GEMINI, gemini({"text": "", "thoughtSignature": "zzz"})),
        (ProviderKind.GEMINI, gemini({"executableCode": {"code": "1 + 1"}})),
    ],
)
def test_output_that_is_not_handed_on_is_told_at_once(kind: ProviderKind, chunk: bytes) -> None:
    assert HELD in fed(dialect(kind).reader(a_call()), kind, chunk)


@pytest.mark.parametrize(
    ("kind", "chunk"),
    [
        (ProviderKind.OPENAI, openai({"role": "assistant", "content": ""})),
        (ProviderKind.OPENAI, openai({"content": None, "tool_calls": [], "refusal": None})),
        (ProviderKind.ANTHROPIC, sse({"type": "ping"})),
        (ProviderKind.ANTHROPIC, block({"type": "thinking", "thinking": ""})),
        (ProviderKind.GEMINI, gemini({"text": ""})),
    ],
)
def test_what_carries_nothing_is_no_output(kind: ProviderKind, chunk: bytes) -> None:
    reader = dialect(kind).reader(a_call())
    assert HELD not in fed(reader, kind, chunk)
    assert reader.held == ""


def test_fragments_are_held_until_their_call_is_whole() -> None:
    reader = dialect(ProviderKind.OPENAI).reader(a_call())
    fed(reader, ProviderKind.OPENAI, openai(openai_call('{"a"')), openai(openai_call(": 1}")))
    assert reader.held == 'look{"a": 1}'
    fed(reader, ProviderKind.OPENAI, sse("[DONE]"))
    assert any(type(piece) is ToolPiece for piece in reader.close())
    assert reader.held == ""


def test_an_answer_that_comes_as_a_tools_input_is_held_only_where_it_must_be_unwrapped() -> None:
    def reader_of(schema: Any) -> tuple[StreamReader, list[Any]]:
        call = a_call(model="claude-3-5-haiku-latest", schema=schema, tools=(Tool("look"),))
        reader = dialect(ProviderKind.ANTHROPIC).reader(call)
        start = block({"type": "tool_use", "id": "t", "name": "answer", "input": {}})
        fragment = delta({"type": "input_json_delta", "partial_json": '{"value"'})
        return reader, fed(reader, ProviderKind.ANTHROPIC, start, fragment)

    wrapped, pieces = reader_of(SCHEMA)
    assert wrapped.held.endswith('{"value"')
    assert not any(type(piece) is TextPiece for piece in pieces)
    plain, pieces = reader_of({"type": "object", "properties": {"value": SCHEMA}})
    assert plain.held == ""
    assert TextPiece('{"value"') in pieces
