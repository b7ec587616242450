"""Anthropic's messages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from clawtui.simulator.answers import Answer, Usage
from clawtui.simulator.asked import Asked, OfferedTool, Speaker, ToolChoice, Turn
from clawtui.simulator.dialects.protocol import MARK, Arrived, Frames, Limits, ListedModel, Piece, encode, halves, sse
from clawtui.simulator.dialects.reading import count, mapping, mappings, text, words
from clawtui.simulator.problem import Problem, ProblemKind, bad_request
from clawtui.simulator.script import Finish
from clawtui.simulator.tokens import count_tokens

_SIGNATURE = "c2ltdWxhdGVkLXNpZ25hdHVyZQ=="
_CHOICES = {"auto": ToolChoice.AUTO, "any": ToolChoice.REQUIRED, "tool": ToolChoice.REQUIRED, "none": ToolChoice.NONE}


class Anthropic:
    def read(self, arrived: Arrived) -> Asked:
        body = arrived.body
        if "anthropic-version" not in arrived.headers:
            raise bad_request("anthropic-version: header is required")
        limit = count(body.get("max_tokens"), "max_tokens")
        if limit is None:
            raise bad_request("max_tokens: Field required", "max_tokens")
        thinking = mapping(body.get("thinking") or {}, "thinking")
        _check_thinking(thinking, limit, body)
        choice = mapping(body.get("tool_choice") or {"type": "auto"}, "tool_choice")
        if choice.get("type") not in _CHOICES:
            raise bad_request("tool_choice.type: Input should be 'auto', 'any', 'tool' or 'none'", "tool_choice")
        system = _system(body.get("system"))
        schema = _schema(body)
        return Asked(
            model=text(body.get("model"), "model"),
            turns=((Turn(Speaker.SYSTEM, system),) if system else ()) + _turns(body.get("messages")),
            stream=body.get("stream") is True,
            tools=tuple(_tools(body.get("tools"))),
            tool_choice=_CHOICES[choice["type"]],
            named_tool=choice.get("name") if choice["type"] == "tool" else None,
            parallel_tools=choice.get("disable_parallel_tool_use") is not True,
            schema=schema,
            wants_json=schema is not None,
            max_tokens=limit,
            stop=words(body.get("stop_sequences"), "stop_sequences"),
            wants_reasoning=thinking.get("type") in ("enabled", "adaptive"),
            parameters=frozenset(body),
        )

    def whole(self, answer: Answer) -> dict[str, Any]:
        content: list[dict[str, Any]] = []
        if answer.reasoning:
            content.append({"type": "thinking", "thinking": answer.reasoning, "signature": _SIGNATURE})
        if answer.text:
            content.append({"type": "text", "text": answer.text})
        content += [
            {"type": "tool_use", "id": f"toolu_{call.id}", "name": call.name, "input": call.as_json}
            for call in answer.calls
        ]
        body: dict[str, Any] = {
            "id": f"msg_{answer.id}",
            "type": "message",
            "role": "assistant",
            "model": answer.model,
            "content": content,
            "stop_reason": _stop_reason(answer),
            "stop_sequence": answer.stopped_at,
        }
        if answer.usage is not None:
            body["usage"] = {**_input_usage(answer.usage), "output_tokens": answer.usage.output}
        return body

    def frames(self, answer: Answer, asked: Asked) -> Frames:
        message = self.whole(answer) | {"content": [], "stop_reason": None, "stop_sequence": None}
        if answer.usage is not None:
            message["usage"] = {**_input_usage(answer.usage), "output_tokens": 1}
        delta = {"stop_reason": _stop_reason(answer), "stop_sequence": answer.stopped_at}
        usage = {} if answer.usage is None else {"usage": {"output_tokens": answer.usage.output}}
        late = b""
        if answer.usage is not None:
            late = sse({"type": "message_delta", "delta": {}, **usage}, "message_delta")
        return Frames(
            early=sse({"type": "message_start", "message": message}, "message_start") + sse({"type": "ping"}, "ping"),
            pieces=_pieces(answer),
            ending=sse({"type": "message_delta", "delta": delta, **usage}, "message_delta"),
            finish=sse({"type": "message_delta", "delta": delta}, "message_delta"),
            usage=late,
            done=sse({"type": "message_stop"}, "message_stop"),
        )

    def problem(self, problem: Problem) -> tuple[int, dict[str, Any], dict[str, str]]:
        status, message, kind = _worded(problem)
        headers = {} if problem.retry_after is None else {"retry-after": f"{problem.retry_after:g}"}
        body = {"type": "error", "error": {"type": problem.code or kind, "message": message}}
        return status, body | {"request_id": "req_simulated"}, headers

    def problem_frame(self, problem: Problem) -> bytes:
        body = self.problem(problem)[1]
        return sse({"type": "error", "error": body["error"]}, "error")

    def stream_type(self, asked: Asked) -> str:
        return "text/event-stream; charset=utf-8"

    def malformed_frame(self) -> bytes:
        return b'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"type":"text_d\n\n'

    def limit_headers(self, limits: Limits) -> dict[str, str]:
        resets = datetime.fromtimestamp(limits.resets_at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return {
            "anthropic-ratelimit-requests-limit": str(limits.limit),
            "anthropic-ratelimit-requests-remaining": str(limits.remaining),
            "anthropic-ratelimit-requests-reset": resets,
        }

    def answer_headers(self, request_id: str) -> dict[str, str]:
        return {"request-id": f"req_{request_id}"}

    def models(self, listed: list[ListedModel]) -> dict[str, Any]:
        data = [
            {"type": "model", "id": model.name, "display_name": model.name, "created_at": "2025-01-01T00:00:00Z"}
            for model in listed
        ]
        ends = {"first_id": data[0]["id"] if data else None, "last_id": data[-1]["id"] if data else None}
        return {"data": data, "has_more": False, **ends}


def _pieces(answer: Answer) -> Iterator[Piece]:
    index = 0

    def event(kind: str, **fields: Any) -> bytes:
        return sse({"type": kind, "index": index, **fields}, kind)

    for said, begun, delta, field in (
        (answer.reasoning, {"type": "thinking", "thinking": "", "signature": ""}, "thinking_delta", "thinking"),
        (answer.text, {"type": "text", "text": ""}, "text_delta", "text"),
    ):
        if not said:
            continue
        lead = event("content_block_start", content_block=begun)
        marked = {"type": "content_block_delta", "index": index, "delta": {"type": delta, field: MARK}}
        before, after = halves(marked)
        for part in answer.chunks(said):
            data = b"event: content_block_delta\ndata: " + before + encode(part) + after + b"\n\n"
            yield Piece(lead + data, 1 if answer.chunk is None else count_tokens(part))
            lead = b""
        if field == "thinking":
            signed = event("content_block_delta", delta={"type": "signature_delta", "signature": _SIGNATURE})
            yield Piece(signed + event("content_block_stop"), 0)
        else:
            yield Piece(event("content_block_stop"), 0)
        index += 1
    for call in answer.calls:
        block: dict[str, Any] = {"type": "tool_use", "id": f"toolu_{call.id}", "name": call.name, "input": {}}
        lead = event("content_block_start", content_block=block)
        for part in ["", *answer.chunks(call.arguments)]:
            data = event("content_block_delta", delta={"type": "input_json_delta", "partial_json": part})
            yield Piece(lead + data, count_tokens(part))
            lead = b""
        yield Piece(event("content_block_stop"), 0)
        index += 1


def _check_thinking(thinking: Mapping[str, Any], limit: int, body: Mapping[str, Any]) -> None:
    if thinking.get("type") != "enabled":
        return
    budget = count(thinking.get("budget_tokens"), "thinking.budget_tokens") or 0
    if budget < 1024:
        raise bad_request("thinking.enabled.budget_tokens: Input should be greater than or equal to 1024")
    if budget >= limit:
        raise bad_request("`max_tokens` must be greater than `thinking.budget_tokens`.")
    if body.get("temperature", 1) != 1:
        raise bad_request("`temperature` may only be set to 1 when thinking is enabled.")


def _system(system: Any) -> str:
    if system is None or isinstance(system, str):
        return system or ""
    return "\n".join(text(block.get("text"), f"{place}.text") for place, block in mappings(system, "system"))


def _schema(body: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Structured output, by its present name and the one it had in beta."""
    wanted = mapping(body.get("output_config") or {}, "output_config").get("format") or body.get("output_format")
    if wanted is None:
        return None
    described = mapping(wanted, "output_config.format")
    if described.get("type") != "json_schema":
        raise bad_request("output_config.format.type: Input should be 'json_schema'")
    return mapping(described.get("schema"), "output_config.format.schema")


def _turns(messages: Any) -> tuple[Turn, ...]:
    if messages is None:
        raise bad_request("messages: Field required")
    if messages == []:
        raise bad_request("messages: at least one message is required")
    turns: list[Turn] = []
    open_calls: set[str] = set()
    for place, message in mappings(messages, "messages"):
        role = message.get("role")
        if role == "system":
            raise bad_request(
                'messages: Unexpected role "system". The Messages API accepts a top-level `system` parameter, not '
                '"system" as an input message role.'
            )
        if role not in ("user", "assistant"):
            raise bad_request(f"{place}.role: Input should be 'user' or 'assistant'")
        if not turns and role != "user":
            raise bad_request('messages: first message must use the "user" role')
        answered, made, opened = _blocks(message.get("content"), place, Speaker(role), open_calls)
        if open_calls - answered:
            missing = ", ".join(sorted(open_calls - answered))
            raise bad_request(
                f"{place}: `tool_use` ids were found without `tool_result` blocks immediately after: {missing}. Each "
                "`tool_use` block must have a corresponding `tool_result` block in the next message."
            )
        turns += made
        open_calls = opened
    if open_calls:
        raise bad_request("messages: final `tool_use` blocks have no `tool_result`")
    return tuple(turns)


def _blocks(content: Any, place: str, speaker: Speaker, open_calls: set[str]) -> tuple[set[str], list[Turn], set[str]]:
    """Which calls were answered, the turns in this message (results first), the calls it makes."""
    if isinstance(content, str):
        if not content:
            raise bad_request(f"{place}: all messages must have non-empty content")
        return set(), [Turn(speaker, content)], set()
    said: list[str] = []
    results: list[Turn] = []
    calls: dict[str, str] = {}
    answered: set[str] = set()
    images = 0
    for block_place, block in mappings(content, f"{place}.content"):
        match block.get("type"):
            case "text":
                if not (written := text(block.get("text"), f"{block_place}.text")):
                    raise bad_request("messages: text content blocks must be non-empty")
                said.append(written)
            case "image":
                source = mapping(block.get("source"), f"{block_place}.source")
                if source.get("type") not in ("base64", "url"):
                    raise bad_request(f"{block_place}.source.type: Input should be 'base64' or 'url'")
                images += 1
            case "thinking" | "redacted_thinking":
                pass
            case "tool_use":
                mapping(block.get("input"), f"{block_place}.input")
                calls[text(block.get("id"), f"{block_place}.id")] = text(block.get("name"), f"{block_place}.name")
            case "tool_result":
                answers_to = text(block.get("tool_use_id"), f"{block_place}.tool_use_id")
                if answers_to not in open_calls:
                    raise bad_request(
                        f"{block_place}: unexpected `tool_use_id` found in `tool_result` blocks: {answers_to}. Each "
                        "`tool_result` block must have a corresponding `tool_use` block in the previous message."
                    )
                answered.add(answers_to)
                results.append(Turn(Speaker.TOOL, _result(block.get("content"), block_place)))
            case other:
                raise bad_request(f"{block_place}: Input tag '{other}' does not match any of the expected tags")
    turns = results
    if said or images or calls or not results:
        turns = [*results, Turn(speaker, "".join(said), images, calls=tuple(calls.values()))]
    return answered, turns, set(calls)


def _result(content: Any, place: str) -> str:
    if content is None or isinstance(content, str):
        return content or ""
    blocks = mappings(content, f"{place}.content")
    return "".join(text(block.get("text"), at) for at, block in blocks if block.get("type") == "text")


def _tools(tools: Any) -> Iterator[OfferedTool]:
    for place, tool in mappings(tools, "tools"):
        schema = mapping(tool.get("input_schema"), f"{place}.input_schema")
        if schema.get("type") != "object":
            raise bad_request(f"{place}.input_schema.type: Input should be 'object'")
        yield OfferedTool(text(tool.get("name"), f"{place}.name"), schema)


def _stop_reason(answer: Answer) -> str:
    match answer.finish:
        case Finish.STOP:
            return "end_turn" if answer.stopped_at is None else "stop_sequence"
        case Finish.LENGTH:
            return "max_tokens"
        case Finish.TOOLS:
            return "tool_use"
        case Finish.FILTER:
            return "refusal"


def _input_usage(usage: Usage) -> dict[str, int]:
    """Here, cached tokens are not part of the input."""
    return {
        "input_tokens": usage.input - usage.cached,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": usage.cached,
    }


def _worded(problem: Problem) -> tuple[int, str, str]:
    status, said = problem.usual_status, problem.message
    match problem.kind:
        case ProblemKind.INVALID_KEY:
            return status, said or "invalid x-api-key", "authentication_error"
        case ProblemKind.PERMISSION:
            return status, said or "Your API key does not have permission to use this resource.", "permission_error"
        case ProblemKind.BILLING:
            message = said or "Your credit balance is too low to access the Anthropic API."
            return (
                problem.status or 400,
                message,
                "invalid_request_error" if problem.status is None else "billing_error",
            )
        case ProblemKind.MODEL_NOT_FOUND:
            return status, said or f"model: {problem.model}", "not_found_error"
        case ProblemKind.NOT_FOUND:
            return status, said or "Not found", "not_found_error"
        case ProblemKind.TOO_LARGE:
            return status, said or "Request exceeds the maximum size", "request_too_large"
        case ProblemKind.RATE_LIMIT:
            return status, said or "This request would exceed your organization's rate limit.", "rate_limit_error"
        case ProblemKind.OVERLOADED:
            return problem.status or 529, said or "Overloaded", "overloaded_error"
        case ProblemKind.SERVER:
            return status, said or "Internal server error", "timeout_error" if status == 504 else "api_error"
        case ProblemKind.CONTEXT:
            message = said or f"prompt is too long: {problem.given} tokens > {problem.limit} maximum"
            return status, message, "invalid_request_error"
        case ProblemKind.OUTPUT_CAP:
            message = said or (
                f"max_tokens: {problem.given} > {problem.limit}, which is the maximum allowed number of output tokens "
                f"for {problem.model}"
            )
            return status, message, "invalid_request_error"
        case ProblemKind.UNSUPPORTED:
            return status, said or f"{problem.parameter}: Extra inputs are not permitted", "invalid_request_error"
        case ProblemKind.CONTENT_FILTER:
            return status, said or "Output blocked by content filtering policy", "invalid_request_error"
        case ProblemKind.BAD_REQUEST:
            return status, said or "Bad request", "invalid_request_error"
