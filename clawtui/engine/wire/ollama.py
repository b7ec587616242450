"""Ollama's own protocol, `/api/chat` with NDJSON: both ways.

Rules where the wire leaves a choice:
- `num_ctx` is set to what the request needs, in steps of doubling from 4,096: a server reloads the model when the figure
  changes, and forgets the oldest turns without a word when it is too small.
- `think` is sent only where an effort is asked for or refused; a model that cannot think refuses it with a 400. Steps of
  effort go to gpt-oss alone: every other model refuses them ("think value … is not supported for this model").
- An assistant message stays last only with `call.prefill`; else a user's word to go on follows it.
"""

from __future__ import annotations

import json
from binascii import b2a_base64
from collections.abc import Mapping, Sequence
from typing import Any

from clawtui.config.schema import ProviderKind
from clawtui.config.secrets import Secret
from clawtui.engine.error_words import bare
from clawtui.engine.outcome import Usage, UsageSource
from clawtui.engine.request import ChatRequest, MediaKind, Message, Role
from clawtui.engine.wire.dialect import (
    Call,
    ErrorPiece,
    FinishPiece,
    FinishReason,
    Framing,
    ListedModel,
    ModelPiece,
    NotePiece,
    Outgoing,
    Piece,
    ReasoningPiece,
    TextPiece,
    ToolPiece,
    UsagePiece,
    WireError,
)
from clawtui.engine.wire.error_bodies import document_in, message_in, text_in, word
from clawtui.engine.wire.outgoing import body_bytes, headers_of, kept, url_of
from clawtui.engine.wire.turns import ended

SMALLEST_WINDOW = 4_096
LEVELS = {"minimal": "low", "low": "low", "medium": "medium", "high": "high", "xhigh": "high"}
NO_EFFORT = frozenset({"none", "off"})
_OUR_WORDS = {"max_tokens": "num_predict", "reasoning_effort": "think", "thinking": "think", "schema": "format"}
BROKE_OFF = "the answer ended before it was done"
_FINISH = {"stop": FinishReason.STOP, "length": FinishReason.LENGTH}


class Ollama:
    @property
    def kind(self) -> ProviderKind:
        return ProviderKind.OLLAMA

    @property
    def framing(self) -> Framing:
        return Framing.NDJSON

    def encode(self, call: Call) -> Outgoing:
        return Outgoing(
            "POST",
            url_of(f"{_base(call.base_url)}/api/chat", call.query),
            headers_of(_authorization(call.secret), call.headers, call.request.hops),
            body_bytes(_body(call), kept(call.extra, _dropped(call), "options")),
        )

    def reader(self, call: Call) -> OllamaReader:
        return OllamaReader(sum(len(message.tool_calls) for message in call.request.messages))

    def read_whole(self, document: object, call: Call) -> Sequence[Piece]:
        return self.reader(call).whole(document)

    def read_error(self, status: int, body: bytes) -> WireError:
        document = document_in(body)
        return WireError(message=text_in(body)) if document is None else _wire_error(document)

    def models_request(
        self, base_url: str, secret: Secret | None, headers: Mapping[str, str], query: Mapping[str, str]
    ) -> Outgoing:
        return Outgoing(
            "GET", url_of(f"{_base(base_url)}/api/tags", query), headers_of(_authorization(secret), headers, 0)
        )

    def read_models(self, document: object) -> Sequence[ListedModel]:
        listed = document.get("models") if isinstance(document, Mapping) else None
        return tuple(
            ListedModel(name)
            for entry in (listed if isinstance(listed, list) else ())
            if isinstance(entry, Mapping) and (name := word(entry.get("name")) or word(entry.get("model")))
        )

    def inexpressible(self, request: ChatRequest) -> str | None:
        if any(media.kind is MediaKind.AUDIO for message in request.messages for media in message.media):
            return "this wire takes no sound"
        if request.tools and request.tool_choice not in (None, "auto", "none"):
            return "this wire leaves it to the model whether to call a tool"
        return None


def _base(base_url: str) -> str:
    """The address of Ollama's own API, also where somebody gave the one of its OpenAI-compatible side."""
    return base_url.rstrip("/").removesuffix("/v1").removesuffix("/api")


def _authorization(secret: Secret | None) -> dict[str, str]:
    return {} if secret is None else {"Authorization": f"Bearer {secret.reveal()}"}


def window_for(tokens: int) -> int:
    """The step of doubling that holds so many tokens."""
    size = SMALLEST_WINDOW
    while size < tokens:
        size *= 2
    return size


def _body(call: Call) -> dict[str, Any]:
    request, dropped = call.request, _dropped(call)
    options: dict[str, Any] = {
        "num_ctx": window_for(call.context_tokens) if call.context_tokens else None,
        "num_predict": call.max_tokens,
        "temperature": request.temperature,
        "top_p": request.top_p,
        "seed": request.seed,
        "stop": list(request.stop) or None,
    }
    body: dict[str, Any] = {
        "model": call.model,
        "messages": _messages(call),
        "stream": call.stream,
        "options": {name: value for name, value in options.items() if value is not None and name not in dropped},
    }
    if request.tools and request.tool_choice != "none" and "tools" not in dropped:
        body["tools"] = [
            {
                "type": "function",
                "function": {"name": tool.name, "description": tool.description, "parameters": tool.parameters},
            }
            for tool in request.tools
        ]
    if request.schema is not None and "format" not in dropped:
        body["format"] = request.schema
    effort = request.reasoning_effort
    if effort and "think" not in dropped:
        body["think"] = _thinking(effort, call.model)
    return body


def _dropped(call: Call) -> frozenset[str]:
    """The wire's names of what this route refuses, whether named in our words, the wire's, or by a path to them."""
    if not call.dropped:
        return call.dropped
    names = (bare(path.removeprefix("options.")) for path in call.dropped)
    return frozenset(_OUR_WORDS.get(name, name) for name in names)


def _thinking(effort: str, model: str) -> bool | str:
    if effort in NO_EFFORT:
        return False
    return LEVELS.get(effort, True) if "gpt-oss" in model.lower() else True


def _messages(call: Call) -> list[dict[str, Any]]:
    messages = ended(call.request.messages, prefill=call.prefill)
    # Results are matched by the tool's name, which a result need not say: its call does.
    names = {call.id: call.name for message in messages for call in message.tool_calls}
    return [_message(message, names) for message in messages]


def _message(message: Message, names: Mapping[str, str]) -> dict[str, Any]:
    role = Role.SYSTEM if message.role is Role.DEVELOPER else message.role
    body: dict[str, Any] = {"role": role.value, "content": message.text}
    if role is Role.TOOL and (name := message.name or names.get(message.tool_call_id or "")):
        body["tool_name"] = name
    images = [b2a_base64(media.data, newline=False).decode("ascii") for media in message.media]
    if images:
        body["images"] = images
    if message.tool_calls:
        body["tool_calls"] = [
            {"function": {"name": call.name, "arguments": _object(call.arguments)}} for call in message.tool_calls
        ]
    return body


def _object(arguments: str) -> Any:
    """This wire wants arguments as an object, not as text."""
    try:
        value = json.loads(arguments or "{}")
    except ValueError:
        return {"arguments": arguments}
    return value if isinstance(value, dict) else {"arguments": value}


def _wire_error(document: object) -> WireError:
    error = document.get("error") if isinstance(document, Mapping) else None
    if isinstance(error, Mapping):
        return WireError(word(error.get("code")) or word(error.get("type")), word(error.get("type")), message_in(error))
    return WireError(message=error if isinstance(error, str) else message_in(document))


class OllamaReader:
    """One answer, line by line. Calls come whole, without ids: they are numbered over the conversation."""

    __slots__ = ("_called", "_calls", "_complete", "_has_model")

    def __init__(self, earlier_calls: int) -> None:
        self._calls = earlier_calls
        self._called = False
        self._complete = False
        self._has_model = False

    @property
    def is_complete(self) -> bool:
        return self._complete

    @property
    def is_ended(self) -> bool:
        return self._complete

    @property
    def held(self) -> str:
        return ""

    def feed(self, event: str, data: str) -> Sequence[Piece]:
        try:
            document = json.loads(data)
        except (ValueError, RecursionError):
            return (NotePiece("one malformed chunk was passed over"),) if data.strip() else ()
        if not isinstance(document, dict):
            return (NotePiece("one malformed chunk was passed over"),)
        return self._line(document)

    def close(self) -> Sequence[Piece]:
        return ()

    def whole(self, document: object) -> Sequence[Piece]:
        if not isinstance(document, dict) or "message" not in document:
            return (ErrorPiece(_wire_error(document)),)
        pieces = self._line({"done": True, **document})
        return pieces if self._complete or not pieces else [*pieces, ErrorPiece(WireError(message=BROKE_OFF))]

    def _line(self, document: dict[str, Any]) -> list[Piece]:
        if document.get("error"):
            return [ErrorPiece(_wire_error(document))]
        pieces: list[Piece] = []
        if not self._has_model and (model := word(document.get("model"))):
            self._has_model = True
            pieces.append(ModelPiece(model))
        message = document.get("message")
        if isinstance(message, Mapping):
            if thought := word(message.get("thinking")):
                pieces.append(ReasoningPiece(thought))
            if text := word(message.get("content")):
                pieces.append(TextPiece(text))
            calls = message.get("tool_calls")
            for call in calls if isinstance(calls, list) else ():
                function = call.get("function") if isinstance(call, Mapping) else None
                if isinstance(function, Mapping) and (name := word(function.get("name"))):
                    self._called = True
                    pieces.append(ToolPiece(self._id_of(call), name, _text_of(function.get("arguments"))))
        if document.get("done") is True:
            self._complete = True
            usage = _usage(document)
            if usage.input_tokens or usage.output_tokens:
                pieces.append(UsagePiece(usage))
            raw = word(document.get("done_reason")) or "stop"
            reason = _FINISH.get(raw, FinishReason.OTHER)
            if self._called and reason is FinishReason.STOP:
                reason = FinishReason.TOOL_CALLS
            pieces.append(FinishPiece(reason, raw))
        return pieces

    def _id_of(self, call: Mapping[str, Any]) -> str:
        self._calls += 1
        return word(call.get("id")) or f"call_{self._calls}"


def _text_of(arguments: object) -> str:
    if isinstance(arguments, str):
        return arguments.strip() or "{}"
    return json.dumps(arguments, ensure_ascii=False) if arguments else "{}"


def _usage(document: Mapping[str, Any]) -> Usage:
    def count(name: str) -> int:
        value = document.get(name)
        return value if type(value) is int and value > 0 else 0

    return Usage(count("prompt_eval_count"), count("eval_count"), source=UsageSource.REPORTED)
