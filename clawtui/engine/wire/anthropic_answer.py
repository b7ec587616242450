"""Reads Anthropic's answers: events of a stream, or one message. Blocks of both go the same way."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from clawtui.engine.outcome import Usage, UsageSource
from clawtui.engine.request import Json
from clawtui.engine.wire.dialect import (
    HELD,
    ErrorPiece,
    FinishPiece,
    FinishReason,
    ModelPiece,
    NotePiece,
    Piece,
    ReasoningPiece,
    TextPiece,
    ToolPiece,
    UsagePiece,
    WireError,
)
from clawtui.engine.wire.error_bodies import message_in, word

_FINISH = {
    "end_turn": FinishReason.STOP,
    "stop_sequence": FinishReason.STOP,
    "max_tokens": FinishReason.LENGTH,
    "model_context_window_exceeded": FinishReason.LENGTH,
    "tool_use": FinishReason.TOOL_CALLS,
    "refusal": FinishReason.CONTENT_FILTER,
}
_COUNTERS = ("input_tokens", "output_tokens", "cache_read_input_tokens", "cache_creation_input_tokens")
# The name under which a schema's value is wrapped where it is no object: a tool's input must be one.
WRAPPED = "value"


def wire_error(document: object) -> WireError:
    """From `{"type": "error", "error": {…}}` or whatever else stands in its place."""
    error = document.get("error") if isinstance(document, Mapping) else None
    if not isinstance(error, Mapping):
        return WireError(message=message_in(document))
    kind = word(error.get("type"))
    return WireError(word(error.get("code")) or kind, kind, word(error.get("message")) or message_in(error))


class _Block:
    """A tool call under way, or the answer where it comes as a tool's input."""

    __slots__ = ("fragments", "id", "input", "is_answer", "name")

    def __init__(self, id: str, name: str, input: Any, is_answer: bool) -> None:
        self.id, self.name, self.input, self.is_answer = id, name, input, is_answer
        self.fragments: list[str] = []

    @property
    def arguments(self) -> str:
        """Fragments win; some gateways send the whole input with the block's start instead."""
        joined = "".join(self.fragments)
        if joined.strip():
            return joined
        return json.dumps(self.input, ensure_ascii=False) if self.input else "{}"


class AnthropicReader:
    """One answer. `answer_tool`: the tool whose input is the answer; `wrapped`: inside `WRAPPED`."""

    __slots__ = (
        "_answer_tool", "_answered", "_blocks", "_called", "_counters", "_earlier", "_ended", "_finished", "_latest",
        "_notes", "_uncertain", "_wrapped",
    )  # fmt: skip

    def __init__(self, answer_tool: str | None, wrapped: bool, notes: Sequence[str], earlier_calls: int) -> None:
        self._answer_tool = answer_tool
        self._wrapped = wrapped
        self._notes = notes
        self._earlier = earlier_calls
        self._blocks: dict[int, _Block] = {}
        self._uncertain: list[ToolPiece] = []
        self._counters: dict[str, int] = {}
        self._latest = -1
        self._called = 0
        self._answered = False
        self._finished = False
        self._ended = False

    @property
    def is_complete(self) -> bool:
        return self._finished

    @property
    def is_ended(self) -> bool:
        return self._ended

    @property
    def held(self) -> str:
        calls = [piece.name + piece.arguments for piece in self._uncertain]
        for block in self._blocks.values():
            if self._wrapped or not block.is_answer:  # else its fragments were handed on as they came
                calls += (block.name, *block.fragments)
        return "".join(calls)

    def feed(self, event: str, data: str) -> Sequence[Piece]:
        try:
            message = json.loads(data)
        except (ValueError, RecursionError):
            return self._unreadable(data)
        try:
            # Nearly every event is this one.
            delta = message["delta"]
            if delta["type"] == "text_delta" and message["type"] == "content_block_delta":
                text = delta["text"]
                if type(text) is str:
                    return (TextPiece(text),)
        except (KeyError, TypeError):
            pass
        if not isinstance(message, dict):
            return (NotePiece("passed over an event that is no object"),)
        return self._event(word(message.get("type")) or event, message)

    def close(self) -> Sequence[Piece]:
        return ()

    def whole(self, document: object) -> list[Piece]:
        """One message that did not come in events."""
        if not isinstance(document, Mapping):
            return [FinishPiece(FinishReason.OTHER, "")]
        if document.get("type") == "error" or ("error" in document and "content" not in document):
            return [ErrorPiece(wire_error(document))]
        pieces = self._start(document)
        content = document.get("content")
        if isinstance(content, str):
            content = [{"type": "text", "text": content}]
        for index, block in enumerate(content if isinstance(content, list) else ()):
            pieces += self._open(index, block)
            pieces += self._shut(index)
        pieces += self._finish(document.get("stop_reason"), document)
        return pieces

    # ---- events

    def _event(self, kind: str, message: dict[str, Any]) -> Sequence[Piece]:
        match kind:
            case "content_block_delta":
                delta = message.get("delta")
                return self._delta(self._index(message), delta) if isinstance(delta, dict) else ()
            case "content_block_start":
                index = message.get("index")
                return self._open(index if type(index) is int else self._latest + 1, message.get("content_block"))
            case "content_block_stop":
                return self._shut(self._index(message))
            case "message_start":
                start = message.get("message")
                return self._start(start) if isinstance(start, dict) else ()
            case "message_delta":
                pieces = self._usage(message.get("usage"))
                delta = message.get("delta")
                if isinstance(delta, dict) and word(delta.get("stop_reason")):
                    pieces += self._finish(delta["stop_reason"], delta)
                return pieces
            case "message_stop":
                self._ended = True
                return () if self._finished else self._finish(None, {})
            case "error":
                if self._finished:
                    return (NotePiece(f"an error after the answer was complete: {wire_error(message).message}"),)
                return (ErrorPiece(wire_error(message)),)
            case _:
                if "error" in message and "type" not in message and not self._finished:
                    return (ErrorPiece(wire_error(message)),)
                return ()  # ping, and whatever will be invented

    def _index(self, message: Json) -> int:
        """Blocks may interleave; where a server numbers none, the latest is meant."""
        index = message.get("index")
        return index if type(index) is int else self._latest

    def _unreadable(self, data: str) -> Sequence[Piece]:
        text = data.strip()
        if text == "[DONE]":  # some gateways end every stream as another dialect does
            self._ended = True
            return () if self._finished else self._finish(None, {})
        return (NotePiece("passed over one malformed chunk"),) if text else ()

    def _start(self, message: Json) -> list[Piece]:
        pieces: list[Piece] = [NotePiece(note) for note in self._notes]
        self._notes = ()
        if model := word(message.get("model")):
            pieces.append(ModelPiece(model))
        return pieces + self._usage(message.get("usage"))

    def _open(self, index: int, block: object) -> Sequence[Piece]:
        self._latest = index
        if not isinstance(block, Mapping):
            return ()
        match block.get("type"):
            case "text":
                text = word(block.get("text"))
                return (TextPiece(text),) if text else ()
            case "thinking":
                thinking = word(block.get("thinking"))
                return (ReasoningPiece(thinking),) if thinking else ()
            case "tool_use":
                name = word(block.get("name")) or ""
                is_answer = name == self._answer_tool
                made = f"call_{self._earlier + self._called + len(self._blocks)}"
                self._blocks[index] = _Block(word(block.get("id")) or made, name, block.get("input"), is_answer)
        return (HELD,)  # also redacted thinking, and tools of the service's own

    def _delta(self, index: int, delta: dict[str, Any]) -> Sequence[Piece]:
        match delta.get("type"):
            case "thinking_delta":
                thinking = word(delta.get("thinking"))
                return (ReasoningPiece(thinking),) if thinking else ()
            case "input_json_delta":
                fragment = word(delta.get("partial_json"))
                block = self._blocks.get(index)
                if fragment is None:
                    return ()
                if block is not None:
                    block.fragments.append(fragment)
                    if block.is_answer and not self._wrapped:
                        return (TextPiece(fragment),)
        return (HELD,)  # also signatures and citations

    def _shut(self, index: int) -> Sequence[Piece]:
        block = self._blocks.pop(index, None)
        if block is None:
            return ()
        if block.is_answer:
            self._answered = True
            if self._wrapped:
                return (TextPiece(_unwrapped(block.arguments)),)
            return () if block.fragments else (TextPiece(block.arguments),)
        self._called += 1
        piece = ToolPiece(block.id, block.name, block.arguments)
        if _is_json(piece.arguments):
            return (piece,)
        self._uncertain.append(piece)  # cut off by a limit, or written wrongly: the end of the answer tells
        return ()

    # ---- the end

    def _finish(self, stop_reason: object, said: Json) -> list[Piece]:
        pieces: list[Piece] = []
        for index in list(self._blocks):
            pieces += self._shut(index)
        raw = stop_reason if isinstance(stop_reason, str) else ""
        reason = _FINISH.get(raw, FinishReason.OTHER) if raw else FinishReason.STOP
        if reason is FinishReason.LENGTH and self._uncertain:
            names = ", ".join(piece.name for piece in self._uncertain)
            pieces.append(NotePiece(f"a tool call was cut off by the token limit and left out: {names}"))
            self._called -= len(self._uncertain)
        else:
            pieces += self._uncertain
        self._uncertain = []
        if reason in (FinishReason.STOP, FinishReason.TOOL_CALLS):
            reason = FinishReason.TOOL_CALLS if self._called else FinishReason.STOP
        self._finished = True
        return [*pieces, FinishPiece(reason, raw, _refusal(said) if reason is FinishReason.CONTENT_FILTER else "")]

    def _usage(self, usage: object) -> list[Piece]:
        """Counters only grow: some gateways send zeroes at the start or at the end."""
        if not isinstance(usage, Mapping):
            return []
        counters = self._counters
        for name in _COUNTERS:
            count = usage.get(name)
            if type(count) is int and count > counters.get(name, 0):
                counters[name] = count
        details = usage.get("output_tokens_details")
        thought = details.get("thinking_tokens") if isinstance(details, Mapping) else None
        if type(thought) is int:
            counters["thinking"] = thought
        cached, written = counters.get("cache_read_input_tokens", 0), counters.get("cache_creation_input_tokens", 0)
        output = counters.get("output_tokens", 0)
        return [
            UsagePiece(
                Usage(
                    counters.get("input_tokens", 0) + cached + written,
                    output,
                    cached,
                    written,
                    min(counters.get("thinking", 0), output),
                    UsageSource.REPORTED,
                )
            )
        ]


def _refusal(said: Json) -> str:
    details = said.get("stop_details")
    if not isinstance(details, Mapping):
        return ""
    return ": ".join(text for name in ("category", "explanation") if (text := word(details.get(name))))


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _unwrapped(arguments: str) -> str:
    try:
        value = json.loads(arguments)[WRAPPED]
    except (ValueError, RecursionError, KeyError, TypeError):
        return arguments
    return json.dumps(value, ensure_ascii=False)
