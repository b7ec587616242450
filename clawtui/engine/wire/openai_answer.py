"""Reads answers of OpenAI-compatible servers: chunks of a stream, or one document. Both go the same way."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from clawtui.engine.outcome import Usage, UsageSource
from clawtui.engine.wire.dialect import (
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
from clawtui.engine.wire.error_bodies import document_in, error_in, message_in, word

_FINISH = {
    "stop": FinishReason.STOP,
    "end_turn": FinishReason.STOP,
    "eos": FinishReason.STOP,
    "length": FinishReason.LENGTH,
    "max_tokens": FinishReason.LENGTH,
    "tool_calls": FinishReason.TOOL_CALLS,
    "function_call": FinishReason.TOOL_CALLS,
    "content_filter": FinishReason.CONTENT_FILTER,
}
_decode = json.JSONDecoder().raw_decode
PLAIN = frozenset({"role", "content"})
_ERROR_FINISH = "error"  # OpenRouter ends a stream so when its upstream failed


def wire_error(document: object) -> WireError:
    """From the usual envelope, OpenRouter's with another provider's words inside, or a bare message."""
    error = error_in(document)
    if error is None:
        code = word(document.get("code")) if isinstance(document, Mapping) else None
        return WireError(code, message=message_in(document))
    code, kind = error.get("code"), word(error.get("type"))
    message = word(error.get("message")) or message_in(error)
    status = code if isinstance(code, int) and 100 <= code < 600 else None
    metadata = error.get("metadata")
    upstream = isinstance(metadata, Mapping) and bool(metadata.get("provider_name"))
    if isinstance(metadata, Mapping) and (raw := word(metadata.get("raw"))):
        inner = document_in(raw.encode("utf-8", "replace"))
        message = f"{message}: {message_in(inner) or raw[:500]}"
    inner_error = error.get("innererror")
    if isinstance(inner_error, Mapping) and word(inner_error.get("code")):
        kind = word(inner_error.get("code"))
    return WireError(
        word(code) or word(error.get("status")) or kind,
        kind,
        message,
        word(error.get("param")),
        status=status,
        upstream=upstream,
    )


class _ToolCall:
    __slots__ = ("arguments", "id", "name")

    def __init__(self) -> None:
        self.id = ""
        self.name = ""
        self.arguments: list[str] = []


class OpenAIReader:
    """One answer. Tool calls are held back until the answer is complete: their fragments may interleave."""

    __slots__ = ("_by_index", "_calls", "_earlier", "_finished", "_has_model", "_marked_done")

    def __init__(self, earlier_calls: int) -> None:
        self._earlier = earlier_calls
        self._calls: list[_ToolCall] = []
        self._by_index: dict[int, _ToolCall] = {}
        self._finished = False
        self._marked_done = False
        self._has_model = False

    @property
    def is_complete(self) -> bool:
        return self._finished or self._marked_done

    def feed(self, event: str, data: str) -> Sequence[Piece]:
        if data == "[DONE]":
            self._marked_done = True
            return ()
        try:
            # Without the search for blanks around the document, which costs a quarter of the whole.
            document = _decode(data)[0] if data.startswith("{") else json.loads(data)
        except (ValueError, RecursionError):
            return (NotePiece("one malformed chunk was passed over"),) if data.strip() else ()
        if not isinstance(document, dict):
            return (NotePiece("one malformed chunk was passed over"),)
        choices = document.get("choices")
        # The common case first: one choice with nothing but new text.
        if type(choices) is list and len(choices) == 1 and self._has_model:
            choice = choices[0]
            if type(choice) is dict and choice.get("finish_reason") is None and document.get("usage") is None:
                delta = choice.get("delta")
                if type(delta) is dict and type(text := delta.get("content")) is str and delta.keys() <= PLAIN:
                    return (TextPiece(text),) if text else ()
        return self._chunk(document, event)

    def close(self) -> Sequence[Piece]:
        if not self.is_complete:
            return ()
        pieces: list[Piece] = list(self._whole_calls())
        if self._marked_done and not self._finished:
            reason = FinishReason.TOOL_CALLS if pieces else FinishReason.STOP
            pieces.append(FinishPiece(reason, "[DONE]"))
        return pieces

    def whole(self, document: object) -> Sequence[Piece]:
        """A non-streaming answer."""
        if not isinstance(document, dict) or not isinstance(document.get("choices"), list):
            return (ErrorPiece(wire_error(document)),)
        pieces = [*self._chunk(document, ""), *self.close()]
        if not self.is_complete and document["choices"] and not any(type(each) is ErrorPiece for each in pieces):
            # Some servers leave the reason out of whole answers; a whole document is an end in itself.
            pieces += [*self._whole_calls(), FinishPiece(FinishReason.STOP, "")]
        return pieces

    def _chunk(self, document: dict[str, Any], event: str) -> list[Piece]:
        if document.get("error") is not None or event == "error":
            return [ErrorPiece(wire_error(document))]
        pieces: list[Piece] = []
        if not self._has_model and (model := word(document.get("model"))):
            self._has_model = True
            pieces.append(ModelPiece(model))
        choices = document.get("choices")
        for choice in choices if isinstance(choices, list) else ():
            if isinstance(choice, Mapping) and choice.get("index", 0) in (0, None):
                self._choice(choice, pieces)
        usage = document.get("usage")
        if isinstance(usage, Mapping):
            pieces.append(UsagePiece(_usage(usage)))
        return pieces

    def _choice(self, choice: Mapping[str, Any], pieces: list[Piece]) -> None:
        delta = choice.get("delta") or choice.get("message")
        if isinstance(delta, Mapping):
            for name in ("reasoning_content", "reasoning"):
                if thought := word(delta.get(name)):
                    pieces.append(ReasoningPiece(thought))
                    break
            if text := _text(delta.get("content")):
                pieces.append(TextPiece(text))
            if refusal := word(delta.get("refusal")):
                pieces.append(TextPiece(refusal))
            calls = delta.get("tool_calls")
            for position, fragment in enumerate(calls if isinstance(calls, list) else ()):
                if isinstance(fragment, Mapping):
                    self._fragment(fragment, position)
        elif plain := word(choice.get("text")):
            pieces.append(TextPiece(plain))
        raw = word(choice.get("finish_reason"))
        if raw == _ERROR_FINISH:
            pieces.append(ErrorPiece(wire_error(choice)))
        elif raw is not None and not self._finished:
            self._finished = True
            pieces.append(FinishPiece(_FINISH.get(raw, FinishReason.OTHER), raw, _filter_words(choice)))

    def _fragment(self, fragment: Mapping[str, Any], position: int) -> None:
        """Joined by index; a server that gives none, or the same for several, starts a new call with each new id."""
        function = fragment.get("function")
        function = function if isinstance(function, Mapping) else {}
        index, id_, name = fragment.get("index"), word(fragment.get("id")), word(function.get("name"))
        index = index if isinstance(index, int) else position
        call = self._by_index.get(index)
        if call is None or (id_ and call.id and id_ != call.id):
            call = self._by_index[index] = _ToolCall()
            self._calls.append(call)
        if id_:
            call.id = id_
        if name and not call.name:  # some servers repeat the name with every fragment
            call.name = name
        arguments = function.get("arguments")
        if isinstance(arguments, str):
            call.arguments.append(arguments)
        elif isinstance(arguments, Mapping):
            call.arguments.append(json.dumps(arguments, ensure_ascii=False))

    def _whole_calls(self) -> list[ToolPiece]:
        calls, self._calls = self._calls, []
        self._by_index.clear()
        pieces: list[ToolPiece] = []
        for number, call in enumerate(calls, start=self._earlier + 1):
            pieces.append(ToolPiece(call.id or f"call_{number}", call.name, "".join(call.arguments).strip() or "{}"))
        return pieces


def _text(content: object) -> str:
    """Mistral and others send a list of parts where most send a string."""
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        return "".join(
            part["text"] for part in content if isinstance(part, Mapping) and isinstance(part.get("text"), str)
        )
    return ""


def _filter_words(choice: Mapping[str, Any]) -> str:
    results = choice.get("content_filter_results")
    if not isinstance(results, Mapping):
        return ""
    caught = [name for name, found in results.items() if isinstance(found, Mapping) and found.get("filtered")]
    return f"the provider's content filter caught: {', '.join(caught)}" if caught else ""


def _usage(usage: Mapping[str, Any]) -> Usage:
    prompt, completion = usage.get("prompt_tokens_details"), usage.get("completion_tokens_details")
    cached = _count(prompt, "cached_tokens") or _count(usage, "prompt_cache_hit_tokens")
    reasoning = _count(completion, "reasoning_tokens")
    output = _count(usage, "completion_tokens")
    # xAI reports reasoning beside the output, everybody else inside it: the total tells which.
    total, given = _count(usage, "total_tokens"), _count(usage, "prompt_tokens")
    if reasoning and total == given + output + reasoning:
        output += reasoning
    return Usage(given, output, cached, _count(prompt, "cache_write_tokens"), reasoning, UsageSource.REPORTED)


def _count(table: object, name: str) -> int:
    value = table.get(name) if isinstance(table, Mapping) else None
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0
