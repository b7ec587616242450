"""Gemini's generateContent: what goes out. `gemini_answer` reads what comes back.

Rules where the wire leaves a choice:
- Schemas go as the service's own part of OpenAPI, which every model takes; one that cannot be said there goes as JSON
  schema (`responseJsonSchema`, `parametersJsonSchema`), which newer models take.
- Before generation 3 the service refuses tools beside a response schema: the schema is then put into words, with a
  note.
- Effort is a level from generation 3 on and a budget in 2.5, at most three quarters of a stated `max_tokens`; older
  models do not think, and the effort is left out with a note.
- A call that a thinking model made must go back with its signature. Signatures are kept in memory, for this process; a
  call from elsewhere goes out with the word that the service documents for that.
- An assistant message stays last only with `call.prefill`; else a user's word to go on follows it.
"""

from __future__ import annotations

import json
import re
from binascii import b2a_base64
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any
from urllib.parse import quote

from clawtui.config.schema import ProviderKind
from clawtui.config.secrets import Secret
from clawtui.engine.request import ChatRequest, Json, Media, MediaKind, Part, Text, Tool
from clawtui.engine.wire.dialect import Call, Framing, ListedModel, Outgoing, Piece, WireError
from clawtui.engine.wire.error_bodies import document_in, text_in, word
from clawtui.engine.wire.gemini_answer import GeminiReader, wire_error
from clawtui.engine.wire.outgoing import body_bytes, headers_of, kept, url_of
from clawtui.engine.wire.schemas import openapi_schema
from clawtui.engine.wire.turns import ToolResult, Turn, conversation

BUDGETS = {"minimal": 512, "low": 1024, "medium": 8192, "high": 24576, "xhigh": 24576, "max": 24576}
SMALLEST_BUDGET = 512  # the largest of the models' minimums
NO_EFFORT = frozenset(["none", "off"])
IMAGE_TYPES = frozenset(["image/png", "image/jpeg", "image/webp", "image/heic", "image/heif"])
KEPT_SIGNATURES = 512
FOREIGN_SIGNATURE = "skip_thought_signature_validator"
SCHEMA_IN_WORDS = "Your final answer must be one JSON document, without any other text, that fits this JSON schema:\n"
_VERSION_IN_URL = re.compile(r"/v\d+[a-z0-9]*$")
_GENERATION = re.compile(r"gemini-(\d+)(?:\.(\d+))?(?!\d)")
_NEWEST = (99, 0)
_SNAKE = re.compile(r"_([a-z])")
_STEPS = re.compile(r"[.\[\]]+")


@lru_cache(maxsize=256)
def _generation(model: str) -> tuple[int, int] | None:
    """None for a model of another family; an alias such as `gemini-flash-latest` is taken for the newest."""
    if "gemini" not in model:
        return None
    found = _GENERATION.search(model)
    return (int(found[1]), int(found[2] or 0)) if found else _NEWEST


class Signatures:
    """What the service wants back with its own calls, by call id and model. The oldest go first."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, str], str] = OrderedDict()

    def keep(self, model: str, id: str, signature: str) -> None:
        self._kept[model, id] = signature
        self._kept.move_to_end((model, id))
        while len(self._kept) > KEPT_SIGNATURES:
            self._kept.popitem(last=False)

    def of(self, model: str, id: str) -> str | None:
        return self._kept.get((model, id))


class Gemini:
    def __init__(self) -> None:
        self._signatures = Signatures()

    @property
    def kind(self) -> ProviderKind:
        return ProviderKind.GEMINI

    @property
    def framing(self) -> Framing:
        return Framing.SSE

    def encode(self, call: Call) -> Outgoing:
        verb, query = (
            ("streamGenerateContent", {"alt": "sse", **call.query}) if call.stream else ("generateContent", call.query)
        )
        return Outgoing(
            "POST",
            url_of(_endpoint(call.base_url, call.model, verb), query),
            headers_of(_key(call.secret), call.headers, call.request.hops),
            body_bytes(_body(call, self._signatures), kept(call.extra, _dropped(call), "generationConfig")),
        )

    def reader(self, call: Call) -> GeminiReader:
        earlier = sum(len(message.tool_calls) for message in call.request.messages)

        def keep(id: str, signature: str) -> None:
            self._signatures.keep(call.model, id, signature)

        return GeminiReader(_notes(call), earlier, keep)

    def read_whole(self, document: object, call: Call) -> Sequence[Piece]:
        return self.reader(call).whole(document)

    def read_error(self, status: int, body: bytes) -> WireError:
        document = document_in(body)
        return WireError(message=text_in(body)) if document is None else wire_error(document)

    def models_request(
        self, base_url: str, secret: Secret | None, headers: Mapping[str, str], query: Mapping[str, str]
    ) -> Outgoing:
        address = url_of(f"{_base(base_url)}/models", {"pageSize": "1000", **query})
        return Outgoing("GET", address, headers_of(_key(secret), headers, 0))

    def read_models(self, document: object) -> Sequence[ListedModel]:
        listed = document.get("models") if isinstance(document, Mapping) else None
        return tuple(
            ListedModel(
                name.removeprefix("models/"),
                _count(entry.get("inputTokenLimit")),
                _count(entry.get("outputTokenLimit")),
            )
            for entry in (listed if isinstance(listed, list) else ())
            if isinstance(entry, Mapping)
            and (name := word(entry.get("name")))
            and "generateContent" in (entry.get("supportedGenerationMethods") or ("generateContent",))
        )

    def inexpressible(self, request: ChatRequest) -> str | None:
        for message in request.messages:
            for media in message.media:
                if media.kind is MediaKind.IMAGE and media.media_type not in IMAGE_TYPES:
                    return f"this service takes no images of type {media.media_type}"
        return None


def _key(secret: Secret | None) -> dict[str, str]:
    return {} if secret is None else {"x-goog-api-key": secret.reveal()}


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


@lru_cache(maxsize=64)
def _base(base_url: str) -> str:
    base = base_url.rstrip("/")
    return base if _VERSION_IN_URL.search(base) else f"{base}/v1beta"


@lru_cache(maxsize=256)
def _endpoint(base_url: str, model: str, verb: str) -> str:
    name = model if model.startswith(("models/", "tunedModels/")) else f"models/{model}"
    return f"{_base(base_url)}/{quote(name, safe='/:@')}:{verb}"


# ---- what of the wishes goes out


def _schema_in_words(call: Call) -> bool:
    generation = _generation(call.model)
    return bool(
        call.request.schema is not None and call.request.tools and generation is not None and generation < (3, 0)
    )


def _cannot_think(call: Call) -> bool:
    generation = _generation(call.model)
    return generation is not None and generation < (2, 5)


def _notes(call: Call) -> tuple[str, ...]:
    request = call.request
    notes: list[str] = []
    if _schema_in_words(call):
        notes.append("the schema was put into words: this model takes none beside tools")
    if request.reasoning_effort and request.reasoning_effort not in NO_EFFORT and _cannot_think(call):
        notes.append("reasoning effort was left out: this model does not think")
    if request.parallel_tools is False and request.tools:
        notes.append("parallel tool calls cannot be turned off on this service")
    return tuple(notes)


def _thinking(call: Call) -> dict[str, Any] | None:
    effort = call.request.reasoning_effort
    if not effort or "thinkingConfig" in _dropped(call) or _cannot_think(call):
        return None
    generation = _generation(call.model)
    if generation is not None and generation >= (3, 0):
        return _level(call.model, effort)
    if effort in NO_EFFORT:
        # The large model cannot stop thinking; it takes 128 at the least.
        return {"thinkingBudget": 128 if "pro" in call.model else 0}
    budget = BUDGETS.get(effort, BUDGETS["medium"])
    if call.max_tokens is not None:
        budget = min(budget, max(call.max_tokens * 3 // 4, SMALLEST_BUDGET))
    return {"includeThoughts": True, "thinkingBudget": budget}


def _level(model: str, effort: str) -> dict[str, Any]:
    """Only the small models take `minimal`, and the first large one has no `medium`."""
    if effort in NO_EFFORT or effort == "minimal":
        level = "minimal" if "flash" in model else "low"
        return {"thinkingLevel": level} if effort in NO_EFFORT else {"includeThoughts": True, "thinkingLevel": level}
    level = effort if effort in ("low", "medium", "high") else "high" if effort in ("xhigh", "max") else "medium"
    if level == "medium" and "gemini-3-pro" in model:
        level = "high"
    return {"includeThoughts": True, "thinkingLevel": level}


# ---- the body

_OUR_WORDS = {
    "maxTokens": "maxOutputTokens",
    "stop": "stopSequences",
    "reasoningEffort": "thinkingConfig",
    "thinkingBudget": "thinkingConfig",
    "thinkingLevel": "thinkingConfig",
}
# Without these it would be another request.
_NEVER_DROPPED = frozenset(
    [
        "contents", "systemInstruction", "tools", "generationConfig", "responseMimeType", "responseSchema",
        "responseJsonSchema",
    ]
)  # fmt: skip


def _body(call: Call, signatures: Signatures) -> dict[str, Any]:
    request = call.request
    talk = conversation(request.messages, prefill=call.prefill)
    system = [talk.system] if talk.system else []
    settings: dict[str, Any] = {}
    if request.schema is not None:
        if _schema_in_words(call):
            system.append(SCHEMA_IN_WORDS + json.dumps(request.schema, ensure_ascii=False))
        else:
            settings["responseMimeType"] = "application/json"
            settings |= _either_schema("responseSchema", "responseJsonSchema", request.schema)
    if call.max_tokens is not None:
        settings["maxOutputTokens"] = call.max_tokens
    if request.temperature is not None:
        settings["temperature"] = request.temperature
    if request.top_p is not None:
        settings["topP"] = request.top_p
    if request.seed is not None:
        settings["seed"] = request.seed
    if request.stop:
        settings["stopSequences"] = list(request.stop)
    if (thinking := _thinking(call)) is not None:
        settings["thinkingConfig"] = thinking
    body: dict[str, Any] = {"contents": _contents(talk.turns, call.model, signatures)}
    if system:
        body["systemInstruction"] = {"parts": [{"text": "\n\n".join(system)}]}
    if request.tools:
        body["tools"] = [{"functionDeclarations": [_declared(tool) for tool in request.tools]}]
        if (choice := _choice(request.tool_choice)) is not None:
            body["toolConfig"] = {"functionCallingConfig": choice}
    for name in _dropped(call):
        settings.pop(name, None)
        body.pop(name, None)
    if settings:
        body["generationConfig"] = settings
    return body


def _dropped(call: Call) -> frozenset[str]:
    """The wire's names of what this route refuses, whether named in our words, the wire's, or by a path to or below
    them; also as they were written, since the service takes both spellings from the config."""
    if not call.dropped:
        return call.dropped
    steps = [step for path in call.dropped for step in _STEPS.split(path)]
    names = (_SNAKE.sub(lambda found: found[1].upper(), step) for step in steps)
    return frozenset([*steps, *(_OUR_WORDS.get(name, name) for name in names)]) - _NEVER_DROPPED


def _either_schema(own: str, standard: str, schema: Json) -> dict[str, Any]:
    narrowed = openapi_schema(schema)
    if narrowed is not None:
        return {own: narrowed}
    return {standard: {name: value for name, value in schema.items() if name not in ("$schema", "$id")}}


def _declared(tool: Tool) -> dict[str, Any]:
    declared: dict[str, Any] = {"name": tool.name}
    if tool.description:
        declared["description"] = tool.description
    # An object without properties is refused; a function without parameters says the same.
    if tool.parameters.get("properties") or tool.parameters.get("additionalProperties") or "$ref" in tool.parameters:
        declared |= _either_schema("parameters", "parametersJsonSchema", tool.parameters)
    return declared


def _choice(wanted: str | None) -> dict[str, Any] | None:
    match wanted:
        case None:
            return None
        case "auto" | "none":
            return {"mode": wanted.upper()}
        case "required":
            return {"mode": "ANY"}
        case name:
            return {"mode": "ANY", "allowedFunctionNames": [name]}


def _contents(turns: Sequence[Turn], model: str, signatures: Signatures) -> list[dict[str, Any]]:
    contents: list[dict[str, Any]] = []
    for turn in turns:
        if turn.by_model:
            contents.append({"role": "model", "parts": [*map(_part, turn.parts), *_calls(turn, model, signatures)]})
            continue
        if turn.results:
            # Apart from what the user says next: the service counts the parts of this content against the calls.
            contents.append({"role": "user", "parts": [_result(result) for result in turn.results]})
        media = [part for result in turn.results for part in result.parts if isinstance(part, Media)]
        if parts := [_part(part) for part in (*media, *turn.parts)]:
            contents.append({"role": "user", "parts": parts})
    return contents


def _part(part: Part) -> dict[str, Any]:
    if isinstance(part, Text):
        return {"text": part.text}
    return {"inlineData": {"mimeType": part.media_type, "data": b2a_base64(part.data, newline=False).decode("ascii")}}


def _calls(turn: Turn, model: str, signatures: Signatures) -> list[dict[str, Any]]:
    parts: list[dict[str, Any]] = []
    generation = _generation(model)
    for number, call in enumerate(turn.calls):
        part: dict[str, Any] = {"functionCall": {"name": call.name, "args": _object(call.arguments)}}
        signature = signatures.of(model, call.id)
        if signature is None and number == 0 and generation is not None and generation >= (3, 0):
            signature = FOREIGN_SIGNATURE
        if signature is not None:
            part["thoughtSignature"] = signature
        parts.append(part)
    return parts


def _result(result: ToolResult) -> dict[str, Any]:
    if result.missing:
        return {"functionResponse": {"name": result.name, "response": {"error": result.text}}}
    return {"functionResponse": {"name": result.name, "response": {"result": result.text}}}


def _object(arguments: str) -> dict[str, Any]:
    """The wire takes an object; whatever else a model once wrote is kept inside one."""
    if not arguments.strip():
        return {}
    try:
        value = json.loads(arguments)
    except (ValueError, RecursionError):
        value = arguments
    return value if isinstance(value, dict) else {"arguments": value}
