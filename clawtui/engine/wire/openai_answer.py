"""Reads answers of OpenAI-compatible servers: chunks of a stream, or one document. Both go the same way."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from clawtui.engine.outcome import Usage, UsageSource
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
_BLANKS = re.compile(r"\s*")
PLAIN = frozenset({"role", "content"})
MALFORMED = NotePiece("one malformed chunk was passed over")
DONE = "[DONE]"
_ERROR_FINISH = "error"  # OpenRouter ends a stream so when its upstream failed


def wire_error(document: object) -> WireError:
    """From the usual envelope, OpenRouter's with another provider's words inside, or a bare message."""
    error = error_in(document)
    if error is None:  # vLLM and Mistral have no envelope: the same fields stand at the top
        if not isinstance(document, Mapping):
            return WireError(message=message_in(document))
        error = document
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

    __slots__ = ("_by_index", "_calls", "_earlier", "_finished", "_has_model", "_marked_done", "_refusal")

    def __init__(self, earlier_calls: int) -> None:
        self._earlier = earlier_calls
        self._calls: list[_ToolCall] = []
        self._by_index: dict[int, _ToolCall] = {}
        self._finished = False
        self._marked_done = False
        self._has_model = False
        self._refusal = ""

    @property
    def is_complete(self) -> bool:
        return self._finished or self._marked_done

    @property
    def is_ended(self) -> bool:
        return self._marked_done

    @property
    def held(self) -> str:
        return "".join(part for call in self._calls for part in (call.name, *call.arguments)) + self._refusal

    def feed(self, event: str, data: str) -> Sequence[Piece]:
        if data == DONE:
            self._marked_done = True
            return ()
        try:
            # Without the search for blanks around the document, which costs a quarter of the whole.
            document, end = _decode(data)
        except (ValueError, RecursionError):
            return self._odd(event, data)
        if end != len(data):
            return self._odd(event, data)
        if type(document) is not dict:
            return (MALFORMED,)
        choices = document.get("choices")
        # The common case first: one choice with nothing but new text.
        if type(choices) is list and len(choices) == 1 and self._has_model:
            choice = choices[0]
            if (
                type(choice) is dict
                and choice.get("finish_reason") is None
                and not choice.get("index")
                and document.get("usage") is None
                and "error" not in document
            ):
                delta = choice.get("delta")
                if type(delta) is dict and type(text := delta.get("content")) is str and delta.keys() <= PLAIN:
                    return (TextPiece(text),) if text else ()
        return self._chunk(document, event)

    def close(self) -> Sequence[Piece]:
        if not self.is_complete:
            return ()
        pieces: list[Piece] = list(self._whole_calls())
        if self._marked_done and not self._finished:
            pieces.append(self._finish(FinishReason.TOOL_CALLS if pieces else FinishReason.STOP, DONE, ""))
        return pieces

    def whole(self, document: object) -> Sequence[Piece]:
        """A non-streaming answer."""
        if not isinstance(document, dict) or not isinstance(document.get("choices"), list):
            return (ErrorPiece(wire_error(document)),)
        pieces = [*self._chunk(document, ""), *self.close()]
        if not self.is_complete and document["choices"] and not any(type(each) is ErrorPiece for each in pieces):
            # Some servers leave the reason out of whole answers; a whole document is an end in itself.
            calls = self._whole_calls()
            pieces += [*calls, self._finish(FinishReason.TOOL_CALLS if calls else FinishReason.STOP, "", "")]
        return pieces

    def _odd(self, event: str, data: str) -> Sequence[Piece]:
        """Blanks around a document, or several in one message, from servers that forget the blank line between them."""
        pieces: list[Piece] = []
        at = 0
        while True:
            at = _BLANKS.match(data, at).end()  # type: ignore[union-attr]  # no blank is a match too
            if at == len(data):
                return pieces
            if data.startswith(DONE, at):
                self._marked_done = True
                at += len(DONE)
                continue
            try:
                document, at = _decode(data, at)
            except (ValueError, RecursionError):
                document = None
            if not isinstance(document, dict):
                pieces.append(MALFORMED)
                return pieces
            pieces += self._chunk(document, event)

    def _chunk(self, document: dict[str, Any], event: str) -> list[Piece]:
        if document.get("error") or event == "error":
            if self.is_complete:
                return [NotePiece(f"an error after the answer was complete: {wire_error(document).message}")]
            return [ErrorPiece(wire_error(document))]
        pieces: list[Piece] = []
        if not self._has_model and (model := word(document.get("model"))):
            self._has_model = True
            pieces.append(ModelPiece(model))
        choices = document.get("choices")
        for choice in choices if isinstance(choices, list) else ():
            if isinstance(choice, Mapping) and choice.get("index", 0) in (0, None):
                self._choice(choice, pieces)
        if (usage := _usage(document.get("usage"))) is not None:
            pieces.append(UsagePiece(usage))
        return pieces

    def _choice(self, choice: Mapping[str, Any], pieces: list[Piece]) -> None:
        delta = choice.get("delta") or choice.get("message")
        if isinstance(delta, Mapping):
            for name in ("reasoning_content", "reasoning"):
                if thought := word(delta.get(name)):
                    pieces.append(ReasoningPiece(thought))
                    break
            content = delta.get("content")
            if isinstance(content, list) and (thought := "".join(map(_thought, content))):
                pieces.append(ReasoningPiece(thought))
            if text := _text(content):
                pieces.append(TextPiece(text))
            if refusal := word(delta.get("refusal")):
                self._refusal += refusal
            calls = delta.get("tool_calls")
            if refusal or calls or delta.get("reasoning_details"):  # the last: thoughts, encrypted ones too
                pieces.append(HELD)
            for position, fragment in enumerate(calls if isinstance(calls, list) else ()):
                if isinstance(fragment, Mapping):
                    self._fragment(fragment, position)
        elif plain := word(choice.get("text")):
            pieces.append(TextPiece(plain))
        raw = word(choice.get("finish_reason"))
        if raw == _ERROR_FINISH:
            error = wire_error(choice)
            pieces.append(ErrorPiece(error if error.message else WireError(message="the server broke the answer off")))
        elif raw is not None and not self._finished:
            self._finished = True
            reason = _FINISH.get(raw, FinishReason.OTHER)
            if reason is FinishReason.STOP and self._calls:
                reason = FinishReason.TOOL_CALLS  # some servers say `stop` after calls too
            pieces.append(self._finish(reason, raw, _filter_words(choice)))
        if (usage := _usage(choice.get("usage"))) is not None:  # where Moonshot puts it
            pieces.append(UsagePiece(usage))

    def _finish(self, reason: FinishReason, raw: str, detail: str) -> FinishPiece:
        """A model's own refusal is no answer in the form that was asked for: it ends as one for its content."""
        if self._refusal:
            return FinishPiece(FinishReason.CONTENT_FILTER, raw, self._refusal)
        return FinishPiece(reason, raw, detail)

    def _fragment(self, fragment: Mapping[str, Any], position: int) -> None:
        """Joined by index; a server that gives none, or the same for several, starts a new call with each new id, or,
        where it gives no ids either, with a name and arguments after arguments that were whole."""
        function = fragment.get("function")
        function = function if isinstance(function, Mapping) else {}
        index, id_, name = fragment.get("index"), word(fragment.get("id")), word(function.get("name"))
        index = index if isinstance(index, int) else position
        arguments = function.get("arguments")
        call = self._by_index.get(index)
        if (
            call is None
            or (id_ and call.id and id_ != call.id)
            or (name and arguments and not id_ and _is_whole("".join(call.arguments)))
        ):
            call = self._by_index[index] = _ToolCall()
            self._calls.append(call)
        if id_:
            call.id = id_
        if name and not call.name:  # some servers repeat the name with every fragment
            call.name = name
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


def _is_whole(arguments: str) -> bool:
    try:
        return isinstance(json.loads(arguments), dict)
    except (ValueError, RecursionError):
        return False


def _text(content: object) -> str:
    """Mistral and others send a list of parts where most send a string."""
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        return "".join(
            part["text"] for part in content if isinstance(part, Mapping) and isinstance(part.get("text"), str)
        )
    return ""


def _thought(part: object) -> str:
    """Mistral's reasoning models put their thoughts among the parts."""
    return _text(part.get("thinking")) if isinstance(part, Mapping) and part.get("type") == "thinking" else ""


def _filter_words(choice: Mapping[str, Any]) -> str:
    results = choice.get("content_filter_results")
    if not isinstance(results, Mapping):
        return ""
    caught = [name for name, found in results.items() if isinstance(found, Mapping) and found.get("filtered")]
    return f"the provider's content filter caught: {', '.join(caught)}" if caught else ""


def _usage(usage: object) -> Usage | None:
    """None where nothing is reported: no table, or one of zeros, which some servers send with every chunk."""
    if not isinstance(usage, Mapping):
        return None
    prompt, completion = usage.get("prompt_tokens_details"), usage.get("completion_tokens_details")
    given, output = _count(usage, "prompt_tokens"), _count(usage, "completion_tokens")
    if not given and not output:
        return None
    cached = (
        _count(prompt, "cached_tokens") or _count(usage, "prompt_cache_hit_tokens") or _count(usage, "cached_tokens")
    )
    reasoning = _count(completion, "reasoning_tokens")
    # xAI reports reasoning beside the output, everybody else inside it: the total tells which.
    if reasoning > output or (reasoning and _count(usage, "total_tokens") == given + output + reasoning):
        output += reasoning
    written = _count(prompt, "cache_write_tokens")
    return Usage(given, output, min(cached, given), min(written, given), reasoning, UsageSource.REPORTED)


def _count(table: object, name: str) -> int:
    value = table.get(name) if isinstance(table, Mapping) else None
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0
