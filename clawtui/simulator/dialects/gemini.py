"""Gemini's generateContent and streamGenerateContent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from clawtui.simulator.answers import Answer, Usage
from clawtui.simulator.asked import Asked, OfferedTool, Speaker, ToolChoice, Turn
from clawtui.simulator.dialects.gemini_errors import STATUS_WORDS, worded
from clawtui.simulator.dialects.protocol import MARK, Arrived, Frames, Limits, ListedModel, Piece, encode, halves, sse
from clawtui.simulator.dialects.reading import count, mapping, mappings, text, words
from clawtui.simulator.problem import Problem, bad_request
from clawtui.simulator.script import Finish
from clawtui.simulator.tokens import count_tokens

_FINISH = {Finish.STOP: "STOP", Finish.LENGTH: "MAX_TOKENS", Finish.TOOLS: "STOP", Finish.FILTER: "SAFETY"}
_TOP_LEVEL = frozenset(
    {
        *(
            "contents",
            "systemInstruction",
            "system_instruction",
            "tools",
            "toolConfig",
            "tool_config",
            "labels",
            "model",
        ),
        *("safetySettings", "safety_settings", "generationConfig", "generation_config", "cachedContent"),
        "cached_content",
    }
)
# The service's Schema is a part of OpenAPI 3.0; JSON schema proper goes into the fields named …JsonSchema.
_SCHEMA_WORDS = frozenset(
    {
        *("type", "format", "title", "description", "nullable", "enum", "default", "example", "anyOf"),
        *("items", "minItems", "maxItems", "minimum", "maximum", "minLength", "maxLength", "pattern"),
        *("properties", "required", "minProperties", "maxProperties", "propertyOrdering"),
    }
)


class Gemini:
    def read(self, arrived: Arrived) -> Asked:
        body = arrived.body
        for name in body:
            if name not in _TOP_LEVEL:
                raise bad_request(f'Invalid JSON payload received. Unknown name "{name}": Cannot find field.')
        settings = mapping(_either(body, "generationConfig") or {}, "generation_config")
        calling = mapping(_either(body, "toolConfig") or {}, "tool_config")
        calling = mapping(_either(calling, "functionCallingConfig") or {}, "function_calling_config")
        mode = str(calling.get("mode", "AUTO")).upper()
        names = _either(calling, "allowedFunctionNames") or []
        thinking = mapping(_either(settings, "thinkingConfig") or {}, "thinking_config")
        schema = _schema(settings)
        wants_json = _either(settings, "responseMimeType") == "application/json"
        if schema is not None and not wants_json:
            raise bad_request("response_schema is only supported with response mime type application/json.")
        return Asked(
            model=arrived.model or "",
            turns=_system(_either(body, "systemInstruction")) + _turns(body.get("contents")),
            stream=arrived.stream is True,
            tools=tuple(_tools(body.get("tools"))),
            tool_choice={"ANY": ToolChoice.REQUIRED, "NONE": ToolChoice.NONE}.get(mode, ToolChoice.AUTO),
            named_tool=names[0] if mode == "ANY" and isinstance(names, list) and len(names) == 1 else None,
            schema=schema,
            wants_json=wants_json,
            max_tokens=count(_either(settings, "maxOutputTokens"), "max_output_tokens"),
            stop=words(_either(settings, "stopSequences"), "stop_sequences"),
            as_array=not arrived.sse,
            wants_reasoning=_either(thinking, "includeThoughts") is True,
            parameters=frozenset(body) | frozenset(settings),
        )

    def whole(self, answer: Answer) -> dict[str, Any]:
        parts: list[dict[str, Any]] = []
        if answer.reasoning:
            parts.append({"text": answer.reasoning, "thought": True})
        if answer.text:
            parts.append({"text": answer.text})
        parts += [{"functionCall": {"name": call.name, "args": call.as_json}} for call in answer.calls]
        if answer.finish is Finish.FILTER and not parts:
            return {"promptFeedback": {"blockReason": "SAFETY"}, **_closing(answer)}
        candidate = _candidate(parts) | {"finishReason": _FINISH[answer.finish]}
        return {"candidates": [candidate], **_closing(answer)}

    def frames(self, answer: Answer, asked: Asked) -> Frames:
        frames = _frames(answer)
        return _as_array(frames) if asked.as_array else frames

    def problem(self, problem: Problem) -> tuple[int, dict[str, Any], dict[str, str]]:
        status, message, details = worded(problem)
        error: dict[str, Any] = {
            "code": status,
            "message": message,
            "status": problem.code or STATUS_WORDS.get(status, "UNKNOWN"),
        }
        if problem.retry_after is not None:
            delay = f"{problem.retry_after:g}s"
            details = [*details, {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": delay}]
        if details:
            error["details"] = details
        return status, {"error": error}, {}

    def problem_frame(self, problem: Problem) -> bytes:
        return sse(self.problem(problem)[1])

    def stream_type(self, asked: Asked) -> str:
        return "application/json; charset=UTF-8" if asked.as_array else "text/event-stream"

    def malformed_frame(self) -> bytes:
        return b'data: {"candidates": [{"content": {"parts": [{"te\n\n'

    def limit_headers(self, limits: Limits) -> dict[str, str]:
        return {}  # the service announces nothing

    def answer_headers(self, request_id: str) -> dict[str, str]:
        return {"x-gemini-service-tier": "simulated"}

    def models(self, listed: list[ListedModel]) -> dict[str, Any]:
        return {
            "models": [
                {
                    "name": f"models/{model.name}",
                    "baseModelId": model.name,
                    "version": "simulated",
                    "displayName": model.name,
                    "inputTokenLimit": model.script.context or 1_048_576,
                    "outputTokenLimit": model.script.max_output or 65_536,
                    "supportedGenerationMethods": ["generateContent", "countTokens"],
                }
                for model in listed
            ]
        }


def _frames(answer: Answer) -> Frames:
    tail = {"modelVersion": answer.model, "responseId": answer.id}
    blocked = answer.finish is Finish.FILTER and not (answer.text or answer.reasoning)
    last = _candidate([{"text": ""}]) | {"finishReason": _FINISH[answer.finish]}
    finish: dict[str, Any] = {"candidates": [last]}
    if blocked:
        finish = {"promptFeedback": {"blockReason": "SAFETY"}}

    def pieces() -> Iterator[Piece]:
        for said, thought in ((answer.reasoning, {"thought": True}), (answer.text, {})):
            if said:
                part = {"text": MARK, **thought}
                before, after = halves({"candidates": [_candidate([part])], **tail})
                for chunk in answer.chunks(said):
                    data = b"data: " + before + encode(chunk) + after + b"\n\n"
                    yield Piece(data, 1 if answer.chunk is None else count_tokens(chunk))
        for call in answer.calls:
            part = {"functionCall": {"name": call.name, "args": call.as_json}}
            yield Piece(sse({"candidates": [_candidate([part])], **tail}), count_tokens(call.arguments))

    usage = b""
    if answer.usage is not None:
        usage = sse({"usageMetadata": _usage(answer.usage), **tail})
    return Frames(
        pieces=pieces(),
        ending=sse({**finish, **_closing(answer)}),
        finish=sse({**finish, **tail}),
        usage=usage,
        done=b"",
    )


def _as_array(frames: Frames) -> Frames:
    """The same frames as elements of one JSON array."""

    def elements() -> Iterator[Piece]:
        lead = b"["
        for piece in frames.pieces:
            yield Piece(lead + _bare(piece.data), piece.tokens)
            lead = b",\r\n"

    def later(frame: bytes) -> bytes:
        return b",\r\n" + _bare(frame) if frame else b""

    return Frames(elements(), later(frames.ending), later(frames.finish), later(frames.usage), done=b"]")


def _bare(frame: bytes) -> bytes:
    return frame.removeprefix(b"data: ").strip()


def _either(body: Mapping[str, Any], name: str) -> Any:
    """The service takes every field in camelCase and in snake_case."""
    if name in body:
        return body[name]
    return body.get("".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name))


def _candidate(parts: list[dict[str, Any]]) -> dict[str, Any]:
    return {"content": {"parts": parts, "role": "model"}, "index": 0}


def _closing(answer: Answer) -> dict[str, Any]:
    usage = {} if answer.usage is None else {"usageMetadata": _usage(answer.usage)}
    return {**usage, "modelVersion": answer.model, "responseId": answer.id}


def _usage(usage: Usage) -> dict[str, Any]:
    """Here, thoughts are counted apart from the candidates."""
    counted = {
        "promptTokenCount": usage.input,
        "candidatesTokenCount": usage.output - usage.reasoning,
        "totalTokenCount": usage.input + usage.output,
    }
    if usage.reasoning:
        counted["thoughtsTokenCount"] = usage.reasoning
    if usage.cached:
        counted["cachedContentTokenCount"] = usage.cached
    return counted


def _system(instruction: Any) -> tuple[Turn, ...]:
    if instruction is None:
        return ()
    said, _, _, _, _ = _parts(mapping(instruction, "system_instruction").get("parts"), "system_instruction.parts")
    return (Turn(Speaker.SYSTEM, said),) if said else ()


def _turns(contents: Any) -> tuple[Turn, ...]:
    if not contents:
        raise bad_request("* GenerateContentRequest.contents: contents is not specified\n")
    turns: list[Turn] = []
    open_calls = 0
    for place, content in mappings(contents, "contents"):
        role = content.get("role", "user")
        if role not in ("user", "model", "function"):
            raise bad_request("Please use a valid role: user, model.")
        said, images, sounds, calls, results = _parts(content.get("parts"), f"{place}.parts")
        if (open_calls or results) and len(results) != open_calls:
            raise bad_request(
                "Please ensure that the number of function response parts is equal to the number of function call "
                "parts of the function call turn."
            )
        open_calls = len(calls)
        turns += [Turn(Speaker.TOOL, result) for result in results]
        if said or images or sounds or calls:
            speaker = Speaker.ASSISTANT if role == "model" else Speaker.USER
            turns.append(Turn(speaker, said, images, sounds, tuple(calls)))
    return tuple(turns)


def _parts(parts: Any, field: str) -> tuple[str, int, int, list[str], list[str]]:
    """Text, images, sounds, names of calls, results."""
    if not parts:
        raise bad_request(f"Unable to submit request because it must have at least one parts field: {field}")
    said: list[str] = []
    calls: list[str] = []
    results: list[str] = []
    images = sounds = 0
    for place, part in mappings(parts, field):
        if "text" in part:
            if not part.get("thought"):
                said.append(text(part["text"], f"{place}.text"))
        elif (media := _either(part, "inlineData")) is not None or (media := _either(part, "fileData")) is not None:
            kind = str(_either(mapping(media, place), "mimeType"))
            images, sounds = (images, sounds + 1) if kind.startswith("audio/") else (images + 1, sounds)
        elif (call := _either(part, "functionCall")) is not None:
            mapping(mapping(call, place).get("args", {}), f"{place}.function_call.args")
            calls.append(text(call.get("name"), f"{place}.function_call.name"))
        elif (response := _either(part, "functionResponse")) is not None:
            given = mapping(mapping(response, place).get("response"), f"{place}.function_response.response")
            text(response.get("name"), f"{place}.function_response.name")
            results.append(_only_text(given))
        else:
            raise bad_request(f"Invalid value at '{place}': oneof field 'data' is not set.")
    return "".join(said), images, sounds, calls, results


def _only_text(response: Mapping[str, Any]) -> str:
    """A response that wraps one text, as most callers do, is that text; anything else is its JSON."""
    values = list(response.values())
    if len(values) == 1 and isinstance(values[0], str):
        return values[0]
    return encode(dict(response)).decode()


def _tools(tools: Any) -> Iterator[OfferedTool]:
    for place, tool in mappings(tools, "tools"):
        for at, declared in mappings(_either(tool, "functionDeclarations"), f"{place}.function_declarations"):
            schema = _either(declared, "parametersJsonSchema")
            if schema is None and (schema := declared.get("parameters")) is not None:
                _check_schema(schema, f"{at}.parameters")
            parameters = mapping(schema or {"type": "object"}, f"{at}.parameters")
            yield OfferedTool(text(declared.get("name"), f"{at}.name"), parameters)


def _schema(settings: Mapping[str, Any]) -> Mapping[str, Any] | None:
    full = _either(settings, "responseJsonSchema")
    if full is not None:
        return mapping(full, "generation_config.response_json_schema")
    small = _either(settings, "responseSchema")
    if small is None:
        return None
    _check_schema(small, "generation_config.response_schema")
    return mapping(small, "generation_config.response_schema")


def _check_schema(schema: Any, place: str) -> None:
    for name, value in mapping(schema, place).items():
        if name not in _SCHEMA_WORDS:
            raise bad_request(
                f"Invalid JSON payload received. Unknown name \"{name}\" at '{place}': Cannot find field."
            )
        if name == "properties":
            for key, inner in mapping(value, place).items():
                _check_schema(inner, f"{place}.properties[{key}]")
        elif name == "items":
            _check_schema(value, f"{place}.items")
        elif name == "anyOf":
            for at, inner in mappings(value, f"{place}.any_of"):
                _check_schema(inner, at)
