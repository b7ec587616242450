"""Ollama's own chat: lines of JSON, no key, a window that forgets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from clawtui.simulator.answers import Answer, Call
from clawtui.simulator.asked import Asked, OfferedTool, Speaker, ToolChoice, Turn
from clawtui.simulator.dialects.protocol import MARK, Arrived, Frames, Limits, ListedModel, Piece, encode, halves
from clawtui.simulator.dialects.reading import mapping, mappings, text, words
from clawtui.simulator.problem import Problem, ProblemKind, bad_request
from clawtui.simulator.script import Finish, ModelScript
from clawtui.simulator.tokens import count_tokens

_USUAL_WINDOW = 4096
_SPEAKERS = {
    "system": Speaker.SYSTEM,
    "user": Speaker.USER,
    "assistant": Speaker.ASSISTANT,
    "tool": Speaker.TOOL,
}


class Ollama:
    def read(self, arrived: Arrived) -> Asked:
        body = arrived.body
        options = mapping(body.get("options") or {}, "options")
        wanted = body.get("format")
        if wanted not in (None, "", "json") and not isinstance(wanted, Mapping):
            raise bad_request('invalid format: expected "json" or a JSON schema')
        limit = options.get("num_predict")
        window = options.get("num_ctx", _USUAL_WINDOW)
        return Asked(
            model=text(body.get("model"), "model"),
            turns=tuple(_turns(body.get("messages"))),
            stream=body.get("stream") is not False,
            tools=tuple(_tools(body.get("tools"))),
            tool_choice=ToolChoice.AUTO,
            schema=wanted if isinstance(wanted, Mapping) else None,
            wants_json=bool(wanted),
            max_tokens=limit if isinstance(limit, int) and limit > 0 else None,
            stop=words(options.get("stop"), "options.stop"),
            wants_reasoning=body.get("think") is not False,
            window=window if isinstance(window, int) and window > 0 else _USUAL_WINDOW,
            parameters=frozenset(body) | frozenset(options),
        )

    def whole(self, answer: Answer) -> dict[str, Any]:
        message: dict[str, Any] = {"role": "assistant", "content": answer.text}
        if answer.reasoning:
            message["thinking"] = answer.reasoning
        if answer.calls:
            message["tool_calls"] = [_called(call) for call in answer.calls]
        return {**_head(answer), "message": message, **_closing(answer)}

    def frames(self, answer: Answer, asked: Asked) -> Frames:
        head = _head(answer)

        def pieces() -> Iterator[Piece]:
            for said, field in ((answer.reasoning, "thinking"), (answer.text, "content")):
                if said:
                    message = {"role": "assistant", "content": "", field: MARK}
                    before, after = halves({**head, "message": message, "done": False})
                    for part in answer.chunks(said):
                        data = before + encode(part) + after + b"\n"
                        yield Piece(data, 1 if answer.chunk is None else count_tokens(part))
            for call in answer.calls:
                called = {"role": "assistant", "content": "", "tool_calls": [_called(call)]}
                line = encode({**head, "message": called, "done": False}) + b"\n"
                yield Piece(line, count_tokens(call.arguments))

        last = {**head, "message": {"role": "assistant", "content": ""}}
        reason = {"done": True, "done_reason": _done_reason(answer)}
        ending = encode({**last, **_closing(answer)}) + b"\n"
        return Frames(
            pieces=pieces(),
            ending=ending,
            finish=encode({**last, **reason}) + b"\n",
            usage=ending if answer.usage is not None else b"",
            done=b"",
        )

    def problem(self, problem: Problem) -> tuple[int, dict[str, Any], dict[str, str]]:
        headers = {} if problem.retry_after is None else {"retry-after": f"{problem.retry_after:g}"}
        return problem.usual_status, {"error": problem.message or _worded(problem)}, headers

    def problem_frame(self, problem: Problem) -> bytes:
        return encode(self.problem(problem)[1]) + b"\n"

    def stream_type(self, asked: Asked) -> str:
        return "application/x-ndjson"

    def malformed_frame(self) -> bytes:
        return b'{"model":"broken","message":{"role":"assist\n'

    def limit_headers(self, limits: Limits) -> dict[str, str]:
        return {}

    def answer_headers(self, request_id: str) -> dict[str, str]:
        return {}

    def models(self, listed: list[ListedModel]) -> dict[str, Any]:
        return {
            "models": [
                {
                    "name": model.name,
                    "model": model.name,
                    "modified_at": "2025-01-01T00:00:00Z",
                    "size": 4_000_000_000,
                    "digest": "0" * 64,
                    "details": _details(),
                }
                for model in listed
            ]
        }


def shown_model(script: ModelScript) -> dict[str, Any]:
    """What `/api/show` tells of a model."""
    able = ["completion"]
    able += [word for word, lack in (("tools", "tools"), ("vision", "images")) if lack not in script.lacks]
    if script.reasoning:
        able.append("thinking")
    return {
        "details": _details(),
        "model_info": {
            "general.architecture": "simulated",
            "general.parameter_count": 8_000_000_000,
            "simulated.context_length": script.context or 131_072,
        },
        "capabilities": able,
        "modified_at": "2025-01-01T00:00:00Z",
    }


def _details() -> dict[str, Any]:
    return {
        "parent_model": "",
        "format": "gguf",
        "family": "simulated",
        "families": ["simulated"],
        "parameter_size": "8B",
        "quantization_level": "Q4_K_M",
    }


def _head(answer: Answer) -> dict[str, Any]:
    made = datetime.fromtimestamp(answer.created, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return {"model": answer.model, "created_at": made}


def _closing(answer: Answer) -> dict[str, Any]:
    closing: dict[str, Any] = {"done": True, "done_reason": _done_reason(answer)}
    if answer.usage is not None:
        spent = answer.usage.output / (answer.tokens_per_s or 1000.0)
        read = answer.usage.input / 5000.0
        closing |= {
            "total_duration": round((spent + read) * 1e9) + 30_000_000,
            "load_duration": 30_000_000,
            "prompt_eval_count": answer.usage.input,
            "prompt_eval_duration": round(read * 1e9),
            "eval_count": answer.usage.output,
            "eval_duration": round(spent * 1e9),
        }
    return closing


def _done_reason(answer: Answer) -> str:
    return "length" if answer.finish is Finish.LENGTH else "stop"


def _called(call: Call) -> dict[str, Any]:
    return {"function": {"name": call.name, "arguments": call.as_json}}


def _turns(messages: Any) -> Iterator[Turn]:
    for place, message in mappings(messages, "messages"):
        role = message.get("role")
        if role not in _SPEAKERS:
            raise bad_request(f"invalid role {role!r}: must be one of system, user, assistant, tool")
        images = message.get("images") or []
        if not isinstance(images, list) or not all(isinstance(image, str) for image in images):
            raise bad_request("json: cannot unmarshal images into Go struct field Message.messages.images")
        names: list[str] = []
        for at, call in mappings(message.get("tool_calls"), f"{place}.tool_calls"):
            function = mapping(call.get("function"), f"{at}.function")
            if not isinstance(function.get("arguments"), Mapping):
                raise bad_request(
                    "json: cannot unmarshal string into Go struct field "
                    "ToolCallFunction.messages.tool_calls.function.arguments of type api.ToolCallFunctionArguments"
                )
            names.append(text(function.get("name"), f"{at}.function.name"))
        said = message.get("content") or ""
        if not isinstance(said, str):
            raise bad_request(
                "json: cannot unmarshal array into Go struct field Message.messages.content of type string"
            )
        yield Turn(_SPEAKERS[role], said, len(images), calls=tuple(names))


def _tools(tools: Any) -> Iterator[OfferedTool]:
    for place, tool in mappings(tools, "tools"):
        function = mapping(tool.get("function"), f"{place}.function")
        parameters = mapping(function.get("parameters") or {"type": "object"}, f"{place}.function.parameters")
        yield OfferedTool(text(function.get("name"), f"{place}.function.name"), parameters)


def _worded(problem: Problem) -> str:
    match problem.kind:
        case ProblemKind.INVALID_KEY | ProblemKind.PERMISSION:
            return "unauthorized"
        case ProblemKind.BILLING:
            return "you have reached your usage limit, please upgrade to continue"
        case ProblemKind.MODEL_NOT_FOUND:
            return f'model "{problem.model}" not found, try pulling it first'
        case ProblemKind.NOT_FOUND:
            return "not found"
        case ProblemKind.RATE_LIMIT:
            return "too many requests"
        case ProblemKind.OVERLOADED:
            return "server busy, please try again.  maximum pending requests exceeded"
        case ProblemKind.SERVER:
            return "llama runner process has terminated: signal: killed"
        case ProblemKind.CONTEXT:
            return "the input length exceeds the context length"
        case ProblemKind.OUTPUT_CAP:
            return f"num_predict {problem.given} is larger than {problem.limit}"
        case ProblemKind.UNSUPPORTED:
            return f"{problem.model!r} does not support {problem.parameter}"
        case ProblemKind.CONTENT_FILTER:
            return "the prompt was refused"
        case ProblemKind.TOO_LARGE | ProblemKind.BAD_REQUEST:
            return "invalid request"
