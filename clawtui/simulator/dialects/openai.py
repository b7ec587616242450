"""OpenAI's chat completions, as it and the many compatible servers speak it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from clawtui.simulator.answers import Answer, Usage
from clawtui.simulator.asked import Asked, OfferedTool, Speaker, ToolChoice, Turn
from clawtui.simulator.dialects.protocol import MARK, Arrived, Frames, Limits, ListedModel, Piece, encode, halves, sse
from clawtui.simulator.dialects.reading import count, mapping, mappings, text, words
from clawtui.simulator.problem import Problem, ProblemKind, bad_request
from clawtui.simulator.script import Finish
from clawtui.simulator.tokens import count_tokens

_FINISH = {Finish.STOP: "stop", Finish.LENGTH: "length", Finish.TOOLS: "tool_calls", Finish.FILTER: "content_filter"}
_SPEAKERS = {
    "system": Speaker.SYSTEM,
    "developer": Speaker.SYSTEM,
    "user": Speaker.USER,
    "assistant": Speaker.ASSISTANT,
    "tool": Speaker.TOOL,
}


class OpenAI:
    def read(self, arrived: Arrived) -> Asked:
        body = arrived.body
        choice, named = _tool_choice(body.get("tool_choice"))
        wants_json, schema = _response_format(body.get("response_format"))
        stream_options = mapping(body.get("stream_options") or {}, "stream_options")
        if stream_options and not body.get("stream"):
            raise bad_request(
                "The 'stream_options' parameter is only allowed when 'stream' is enabled.", "stream_options"
            )
        if "max_tokens" in body and "max_completion_tokens" in body:
            raise bad_request("Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported.")
        return Asked(
            model=text(body.get("model"), "model"),
            turns=_turns(body.get("messages")),
            stream=body.get("stream") is True,
            tools=tuple(_tools(body.get("tools"))),
            tool_choice=choice,
            named_tool=named,
            parallel_tools=body.get("parallel_tool_calls") is not False,
            schema=schema,
            wants_json=wants_json,
            max_tokens=count(body.get("max_completion_tokens", body.get("max_tokens")), "max_tokens"),
            stop=words(body.get("stop"), "stop"),
            wants_usage=stream_options.get("include_usage") is True,
            wants_reasoning=body.get("reasoning_effort") != "none",
            parameters=frozenset(body),
        )

    def whole(self, answer: Answer) -> dict[str, Any]:
        message: dict[str, Any] = {
            "role": "assistant",
            "content": answer.text if answer.text or not answer.calls else None,
            "refusal": None,
        }
        if answer.reasoning:
            message[answer.reasoning_field] = answer.reasoning
        if answer.calls:
            message["tool_calls"] = [
                {
                    "id": f"call_{call.id}",
                    "type": "function",
                    "function": {"name": call.name, "arguments": call.arguments},
                }
                for call in answer.calls
            ]
        body = {
            "id": f"chatcmpl-{answer.id}",
            "object": "chat.completion",
            "created": answer.created,
            "model": answer.model,
            "choices": [
                {"index": 0, "message": message, "logprobs": None, "finish_reason": _FINISH[answer.finish]},
            ],
            "system_fingerprint": "fp_simulated",
        }
        if answer.usage is not None:
            body["usage"] = _usage(answer.usage)
        return body

    def frames(self, answer: Answer, asked: Asked) -> Frames:
        metered = asked.wants_usage and answer.usage is not None
        envelope: dict[str, Any] = {
            "id": f"chatcmpl-{answer.id}",
            "object": "chat.completion.chunk",
            "created": answer.created,
            "model": answer.model,
            "system_fingerprint": "fp_simulated",
        }

        def chunk(delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
            choices = [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}]
            return {**envelope, "choices": choices, **({"usage": None} if metered else {})}

        def pieces() -> Iterator[Piece]:
            for field, said in ((answer.reasoning_field, answer.reasoning), ("content", answer.text)):
                if said:
                    before, after = halves(chunk({field: MARK}))
                    for part in answer.chunks(said):
                        data = b"data: " + before + encode(part) + after + b"\n\n"
                        yield Piece(data, 1 if answer.chunk is None else count_tokens(part))
            for index, call in enumerate(answer.calls):
                head = {
                    "index": index,
                    "id": f"call_{call.id}",
                    "type": "function",
                    "function": {"name": call.name, "arguments": ""},
                }
                yield Piece(sse(chunk({"tool_calls": [head]})), 1)
                for part in answer.chunks(call.arguments):
                    delta = {"tool_calls": [{"index": index, "function": {"arguments": part}}]}
                    yield Piece(sse(chunk(delta)), count_tokens(part))

        finish = sse(chunk({}, _FINISH[answer.finish]))
        usage = b""
        if metered and answer.usage is not None:
            usage = sse({**envelope, "choices": [], "usage": _usage(answer.usage)})
        return Frames(
            opening=sse(chunk({"role": "assistant", "content": "", "refusal": None})),
            pieces=pieces(),
            ending=finish + usage,
            finish=finish,
            usage=usage,
            done=b"data: [DONE]\n\n",
        )

    def problem(self, problem: Problem) -> tuple[int, dict[str, Any], dict[str, str]]:
        status, message, kind, code = _worded(problem)
        headers: dict[str, str] = {}
        if problem.retry_after is not None:
            headers = {
                "retry-after": f"{problem.retry_after:g}",
                "retry-after-ms": str(round(problem.retry_after * 1000)),
            }
        error = {"message": message, "type": kind, "param": problem.parameter, "code": problem.code or code}
        return status, {"error": error}, headers

    def problem_frame(self, problem: Problem) -> bytes:
        return sse(self.problem(problem)[1])

    def stream_type(self, asked: Asked) -> str:
        return "text/event-stream; charset=utf-8"

    def malformed_frame(self) -> bytes:
        return (
            b'data: {"id":"chatcmpl-broken","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"conte\n\n'
        )

    def limit_headers(self, limits: Limits) -> dict[str, str]:
        return {
            "x-ratelimit-limit-requests": str(limits.limit),
            "x-ratelimit-remaining-requests": str(limits.remaining),
            "x-ratelimit-reset-requests": _go_duration(limits.resets_in),
        }

    def answer_headers(self, request_id: str) -> dict[str, str]:
        return {"x-request-id": f"req_{request_id}", "openai-version": "2020-10-01"}

    def models(self, listed: list[ListedModel]) -> dict[str, Any]:
        return {"object": "list", "data": [listed_model(model.name) for model in listed]}


def listed_model(name: str) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": 1_700_000_000, "owned_by": "simulator"}


def _turns(messages: Any) -> tuple[Turn, ...]:
    if messages is None:
        raise bad_request("Missing required parameter: 'messages'.", "messages")
    if messages == []:
        raise bad_request("Invalid 'messages': empty array. Expected an array with minimum length 1.", "messages")
    turns: list[Turn] = []
    open_calls: list[str] = []
    for place, message in mappings(messages, "messages"):
        role = message.get("role")
        if role not in _SPEAKERS:
            supported = "', '".join(_SPEAKERS)
            raise bad_request(f"Invalid value: '{role}'. Supported values are: '{supported}'.", f"{place}.role")
        if role == "tool":
            answered = message.get("tool_call_id")
            if answered not in open_calls:
                raise bad_request(
                    "Invalid parameter: messages with role 'tool' must be a response to a preceeding message with "
                    "'tool_calls'.",
                    f"{place}.role",
                )
            open_calls.remove(answered)
        elif open_calls:
            raise bad_request(_unanswered(open_calls), place)
        said, images, sounds = _content(message.get("content"), f"{place}.content")
        names: list[str] = []
        for call_place, call in mappings(message.get("tool_calls"), f"{place}.tool_calls"):
            function = mapping(call.get("function"), f"{call_place}.function")
            text(function.get("arguments"), f"{call_place}.function.arguments")
            names.append(text(function.get("name"), f"{call_place}.function.name"))
            open_calls.append(text(call.get("id"), f"{call_place}.id"))
        if role == "assistant" and message.get("content") is None and not names:
            raise bad_request("Invalid value for 'content': expected a string, got null.", f"{place}.content")
        turns.append(Turn(_SPEAKERS[role], said, images, sounds, tuple(names)))
    if open_calls:
        raise bad_request(_unanswered(open_calls), "messages")
    return tuple(turns)


def _unanswered(open_calls: list[str]) -> str:
    return (
        "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. "
        f"The following tool_call_ids did not have response messages: {', '.join(open_calls)}"
    )


def _content(content: Any, field: str) -> tuple[str, int, int]:
    if content is None or isinstance(content, str):
        return content or "", 0, 0
    said: list[str] = []
    images = sounds = 0
    for place, part in mappings(content, field):
        match part.get("type"):
            case "text":
                said.append(text(part.get("text"), f"{place}.text"))
            case "refusal":
                said.append(text(part.get("refusal"), f"{place}.refusal"))
            case "image_url":
                url = text(mapping(part.get("image_url"), f"{place}.image_url").get("url"), f"{place}.image_url.url")
                if not url.startswith(("data:image/", "https://", "http://")):
                    raise bad_request("Invalid image URL: expected a data URL or an https address.", place)
                images += 1
            case "input_audio":
                text(mapping(part.get("input_audio"), f"{place}.input_audio").get("data"), f"{place}.input_audio.data")
                sounds += 1
            case other:
                raise bad_request(f"Invalid value: '{other}'. Supported values are: 'text', 'image_url', …", place)
    return "".join(said), images, sounds


def _tools(tools: Any) -> Iterator[OfferedTool]:
    for place, tool in mappings(tools, "tools"):
        function = mapping(tool.get("function"), f"{place}.function")
        parameters = mapping(function.get("parameters") or {"type": "object"}, f"{place}.function.parameters")
        yield OfferedTool(text(function.get("name"), f"{place}.function.name"), parameters)


def _tool_choice(choice: Any) -> tuple[ToolChoice, str | None]:
    if isinstance(choice, Mapping):
        function = mapping(choice.get("function"), "tool_choice.function")
        return ToolChoice.REQUIRED, text(function.get("name"), "tool_choice.function.name")
    if choice is None:
        return ToolChoice.AUTO, None
    if choice not in ("auto", "none", "required"):
        raise bad_request(f"Invalid value: '{choice}'. Supported values are: 'none', 'auto', and 'required'.")
    return ToolChoice(choice), None


def _response_format(asked: Any) -> tuple[bool, Mapping[str, Any] | None]:
    if asked is None:
        return False, None
    match mapping(asked, "response_format").get("type"):
        case "text":
            return False, None
        case "json_object":
            return True, None
        case "json_schema":
            described = mapping(asked.get("json_schema"), "response_format.json_schema")
            text(described.get("name"), "response_format.json_schema.name")
            return True, mapping(described.get("schema"), "response_format.json_schema.schema")
        case other:
            raise bad_request(f"Invalid value: '{other}'.", "response_format.type")


def _usage(usage: Usage) -> dict[str, Any]:
    return {
        "prompt_tokens": usage.input,
        "completion_tokens": usage.output,
        "total_tokens": usage.input + usage.output,
        "prompt_tokens_details": {"cached_tokens": usage.cached, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": usage.reasoning, "audio_tokens": 0},
    }


def _worded(problem: Problem) -> tuple[int, str, str, str | None]:
    status, said, model = problem.usual_status, problem.message, problem.model
    match problem.kind:
        case ProblemKind.INVALID_KEY:
            return status, said or "Incorrect API key provided.", "invalid_request_error", "invalid_api_key"
        case ProblemKind.PERMISSION:
            message = said or "You are not allowed to sample from this model."
            return status, message, "invalid_request_error", None
        case ProblemKind.BILLING:
            message = said or "You exceeded your current quota, please check your plan and billing details."
            return problem.status or 429, message, "insufficient_quota", "insufficient_quota"
        case ProblemKind.MODEL_NOT_FOUND:
            message = said or f"The model `{model}` does not exist or you do not have access to it."
            return status, message, "invalid_request_error", "model_not_found"
        case ProblemKind.NOT_FOUND:
            return status, said or "Invalid URL", "invalid_request_error", None
        case ProblemKind.CONTEXT:
            message = said or (
                f"This model's maximum context length is {problem.limit} tokens. However, your messages resulted in "
                f"{problem.given} tokens. Please reduce the length of the messages."
            )
            return status, message, "invalid_request_error", "context_length_exceeded"
        case ProblemKind.OUTPUT_CAP:
            message = said or (
                f"max_tokens is too large: {problem.given}. This model supports at most {problem.limit} completion "
                f"tokens, whereas you provided {problem.given}."
            )
            return status, message, "invalid_request_error", "invalid_value"
        case ProblemKind.UNSUPPORTED:
            instead = " Use 'max_completion_tokens' instead." if problem.parameter == "max_tokens" else ""
            message = said or f"Unsupported parameter: '{problem.parameter}' is not supported with this model.{instead}"
            return status, message, "invalid_request_error", "unsupported_parameter"
        case ProblemKind.CONTENT_FILTER:
            message = said or "The response was filtered due to the prompt triggering our content management policy."
            return status, message, "invalid_request_error", "content_filter"
        case ProblemKind.RATE_LIMIT:
            wait = "" if problem.retry_after is None else f" Please try again in {problem.retry_after:g}s."
            message = said or f"Rate limit reached for {model or 'this model'} on requests per min (RPM).{wait}"
            return status, message, "requests", "rate_limit_exceeded"
        case ProblemKind.OVERLOADED:
            message = said or "The engine is currently overloaded, please try again later."
            return status, message, "server_error", "server_overloaded"
        case ProblemKind.SERVER:
            return status, said or "The server had an error while processing your request.", "server_error", None
        case ProblemKind.BAD_REQUEST | ProblemKind.TOO_LARGE:
            return status, said or "Bad request.", "invalid_request_error", None


def _go_duration(seconds: float) -> str:
    """As OpenAI writes it: `6m0s`, `1s`, `20ms`."""
    if seconds < 1:
        return f"{round(seconds * 1000)}ms"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}m{rest}s" if minutes else f"{rest}s"
