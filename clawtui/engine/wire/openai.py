"""OpenAI's chat completions, as every compatible server speaks them: what goes out. `openai_answer` reads what returns.

Rules where the wire leaves a choice:
- `max_completion_tokens` goes to OpenAI itself and to Azure, whose newer models refuse the older name; `max_tokens` to
  everybody else, who may not know the newer one.
- Reasoning models of OpenAI's (o1, o3, gpt-5 …, not gpt-5-chat) take the `developer` role and no temperature.
- Usage in a stream is asked for with `stream_options`, unless the route is known to refuse it.
- An assistant message stays last only with `call.prefill`; else a user's word to go on follows it.
"""

from __future__ import annotations

import re
from binascii import b2a_base64
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from clawtui.config.schema import ProviderKind
from clawtui.config.secrets import Secret
from clawtui.engine.error_words import bare
from clawtui.engine.request import ChatRequest, Media, MediaKind, Message, Role, Text, Tool
from clawtui.engine.wire.dialect import Call, Framing, ListedModel, Outgoing, Piece, WireError
from clawtui.engine.wire.error_bodies import document_in, text_in, word
from clawtui.engine.wire.openai_answer import OpenAIReader, wire_error
from clawtui.engine.wire.outgoing import body_bytes, headers_of, kept, url_of
from clawtui.engine.wire.turns import ended

REASONING_MODEL = re.compile(r"^(?:openai/)?(?:o[1-9](?:-|$)|gpt-5(?!.*-chat))")
AUDIO_FORMATS = {"audio/wav": "wav", "audio/x-wav": "wav", "audio/mpeg": "mp3", "audio/mp3": "mp3"}
TOOL_CHOICES = frozenset({"auto", "none", "required"})
# The wire's names for what `dropped` may say in our words.
NAMES = {"parallel_tools": "parallel_tool_calls", "schema": "response_format"}


class OpenAI:
    @property
    def kind(self) -> ProviderKind:
        return ProviderKind.OPENAI

    @property
    def framing(self) -> Framing:
        return Framing.SSE

    def encode(self, call: Call) -> Outgoing:
        own = _authorization(call.secret, call.base_url)
        if call.stream:
            own["Accept"] = "text/event-stream"
        return Outgoing(
            "POST",
            url_of(f"{call.base_url.rstrip('/')}/chat/completions", call.query),
            headers_of(own, call.headers, call.request.hops),
            body_bytes(_body(call), kept(call.extra, _dropped(call))),
        )

    def reader(self, call: Call) -> OpenAIReader:
        return OpenAIReader(sum(len(message.tool_calls) for message in call.request.messages))

    def read_whole(self, document: object, call: Call) -> Sequence[Piece]:
        return self.reader(call).whole(document)

    def read_error(self, status: int, body: bytes) -> WireError:
        document = document_in(body)
        return WireError(message=text_in(body)) if document is None else wire_error(document)

    def models_request(
        self, base_url: str, secret: Secret | None, headers: Mapping[str, str], query: Mapping[str, str]
    ) -> Outgoing:
        own = _authorization(secret, base_url)
        return Outgoing("GET", url_of(f"{base_url.rstrip('/')}/models", query), headers_of(own, headers, 0))

    def read_models(self, document: object) -> Sequence[ListedModel]:
        listed = document.get("data", document.get("models")) if isinstance(document, Mapping) else document
        return tuple(
            ListedModel(name, _window(entry), _longest_answer(entry))
            for entry in (listed if isinstance(listed, list) else ())
            if isinstance(entry, Mapping) and (name := word(entry.get("id")) or word(entry.get("name")))
        )

    def inexpressible(self, request: ChatRequest) -> str | None:
        for message in request.messages:
            for media in message.media:
                if message.role is not Role.USER:
                    return (
                        f"this wire takes images and sound from the user, not in a message of role {message.role.value}"
                    )
                if media.kind is MediaKind.AUDIO and media.media_type not in AUDIO_FORMATS:
                    return f"this wire takes sound as WAV or MP3, not as {media.media_type}"
        return None


def _authorization(secret: Secret | None, base_url: str) -> dict[str, str]:
    if secret is None:
        return {}
    if _is_azure(base_url):
        return {"api-key": secret.reveal()}
    return {"Authorization": f"Bearer {secret.reveal()}"}


@lru_cache(maxsize=64)
def _is_azure(base_url: str) -> bool:
    host = urlsplit(base_url).hostname or ""
    return host.endswith((".openai.azure.com", ".services.ai.azure.com", ".cognitiveservices.azure.com"))


@lru_cache(maxsize=64)
def _is_openai(base_url: str) -> bool:
    host = urlsplit(base_url).hostname or ""
    return host == "api.openai.com" or host.endswith(".api.openai.com") or _is_azure(base_url)


def _window(entry: Mapping[str, Any]) -> int | None:
    """OpenRouter, vLLM and Groq tell the window in the list, each under a name of its own."""
    for name in ("context_length", "max_model_len", "context_window", "max_context_length"):
        if (value := entry.get(name)) and type(value) is int and value > 0:
            return value
    return None


def _longest_answer(entry: Mapping[str, Any]) -> int | None:
    """Groq says it beside the window, OpenRouter of the provider that it would choose."""
    best = entry.get("top_provider")
    for table in (entry, best if isinstance(best, Mapping) else {}):
        value = table.get("max_completion_tokens")
        if type(value) is int and value > 0:
            return value
    return None


def _body(call: Call) -> dict[str, Any]:
    request, dropped = call.request, _dropped(call)
    reasons = _is_openai(call.base_url) and REASONING_MODEL.match(call.model) is not None
    body: dict[str, Any] = {"model": call.model, "messages": _messages(call, reasons)}
    if call.stream:
        body["stream"] = True
        if call.stream_usage and "stream_options" not in dropped:
            body["stream_options"] = {"include_usage": True}
    if call.max_tokens is not None:
        name = "max_completion_tokens" if _is_openai(call.base_url) else "max_tokens"
        if name in dropped:
            name = "max_tokens" if name == "max_completion_tokens" else "max_completion_tokens"
        if name not in dropped:
            body[name] = call.max_tokens
    tools = () if "tools" in dropped else request.tools
    wishes: dict[str, Any] = {
        "temperature": None if reasons else request.temperature,
        "top_p": None if reasons else request.top_p,
        "seed": request.seed,
        "stop": list(request.stop) or None,
        "reasoning_effort": request.reasoning_effort,
        "tools": [_tool(tool) for tool in tools] or None,
        "tool_choice": _tool_choice(request.tool_choice) if tools else None,
        "parallel_tool_calls": request.parallel_tools if tools else None,
        "response_format": _response_format(request),
    }
    body.update((name, value) for name, value in wishes.items() if value is not None and name not in dropped)
    return body


def _dropped(call: Call) -> frozenset[str]:
    """The wire's names of what this route refuses, whether named in our words, the wire's, or as a path below them."""
    if not call.dropped:
        return call.dropped
    return frozenset(NAMES.get(name, name) for name in map(bare, call.dropped))


def _messages(call: Call, reasons: bool) -> list[dict[str, Any]]:
    return [_message(message, reasons) for message in ended(call.request.messages, prefill=call.prefill)]


def _message(message: Message, reasons: bool) -> dict[str, Any]:
    match message.role:
        case Role.SYSTEM | Role.DEVELOPER:
            return {"role": "developer" if reasons else "system", "content": message.text}
        case Role.TOOL:
            return {"role": "tool", "tool_call_id": message.tool_call_id or "", "content": message.text}
        case Role.ASSISTANT if message.tool_calls:
            calls = [
                {
                    "id": each.id,
                    "type": "function",
                    "function": {"name": each.name, "arguments": each.arguments or "{}"},
                }
                for each in message.tool_calls
            ]
            return {"role": "assistant", "content": message.text or None, "tool_calls": calls}
        case _:
            return {"role": message.role.value, "content": _content(message)}


def _content(message: Message) -> str | list[dict[str, Any]]:
    parts = message.parts
    if len(parts) == 1 and isinstance(parts[0], Text):
        return parts[0].text
    if not message.media:
        return message.text
    return [{"type": "text", "text": part.text} if isinstance(part, Text) else _media(part) for part in parts]


def _media(media: Media) -> dict[str, Any]:
    data = b2a_base64(media.data, newline=False).decode("ascii")
    if media.kind is MediaKind.IMAGE:
        return {"type": "image_url", "image_url": {"url": f"data:{media.media_type};base64,{data}"}}
    return {"type": "input_audio", "input_audio": {"data": data, "format": AUDIO_FORMATS.get(media.media_type, "wav")}}


def _tool(tool: Tool) -> dict[str, Any]:
    return {
        "type": "function",
        "function": {"name": tool.name, "description": tool.description, "parameters": tool.parameters},
    }


def _tool_choice(choice: str | None) -> str | dict[str, Any] | None:
    if choice is None or choice in TOOL_CHOICES:
        return choice
    return {"type": "function", "function": {"name": choice}}


def _response_format(request: ChatRequest) -> dict[str, Any] | None:
    if request.schema is None:
        return None
    schema = {"name": request.schema_name, "schema": request.schema, "strict": _fits_strict(request.schema)}
    return {"type": "json_schema", "json_schema": schema}


def _fits_strict(schema: Any) -> bool:
    """Strict mode refuses schemas whose objects leave fields open or optional."""
    if isinstance(schema, list):
        return all(_fits_strict(entry) for entry in schema)
    if not isinstance(schema, Mapping):
        return True
    if schema.get("type") == "object" or "properties" in schema:
        named, required = schema.get("properties", {}), schema.get("required", [])
        if schema.get("additionalProperties") is not False or not isinstance(named, Mapping):
            return False
        if not isinstance(required, (list, tuple)) or sorted(map(str, required)) != sorted(named):
            return False
    return all(_fits_strict(value) for value in schema.values())
