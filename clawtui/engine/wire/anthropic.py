"""Anthropic's messages: what goes out. `anthropic_answer` reads what comes back.

Rules where the wire leaves a choice:
- Thinking is left out, with a note, where the service refuses it: beside a forced tool, a prefill, or (with a budget)
  an answer to tool results, whose thinking blocks nobody kept. Sampling parameters are left out beside it.
- A budget takes at most three quarters of a stated `max_tokens`, which is what was reserved for and never grows; where
  that is less than the service's minimum, thinking is left out too. With nothing stated, the budget comes on top of
  `DEFAULT_MAX_TOKENS`.
- A JSON schema is a forced tool whose input is the answer, which works with every model up to generation 4.5; from 4.6
  on, where forcing tools and thinking exclude each other by default, it is `output_config.format`.
- An assistant message stays last only with `call.prefill`; else a user's word to go on follows it.
"""

from __future__ import annotations

import json
import re
from binascii import b2a_base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from clawtui.config.schema import ProviderKind
from clawtui.config.secrets import Secret
from clawtui.engine.error_words import bare
from clawtui.engine.request import ChatRequest, Json, Media, MediaKind, Part, Role, Text, Tool, ToolCall
from clawtui.engine.wire.anthropic_answer import WRAPPED, AnthropicReader, wire_error
from clawtui.engine.wire.dialect import Call, Framing, ListedModel, Outgoing, Piece, WireError
from clawtui.engine.wire.error_bodies import document_in, parameter_in, text_in, word
from clawtui.engine.wire.outgoing import body_bytes, headers_of, kept, url_of
from clawtui.engine.wire.schemas import DEFINITIONS, closed_schema
from clawtui.engine.wire.turns import ToolResult, Turn, conversation

VERSION = "2023-06-01"
DEFAULT_MAX_TOKENS = 8192  # the wire wants a limit; models older than generation 3.5 take less and say so
MIN_BUDGET = 1024
# Thinking tokens for an effort, where the model takes a budget.
BUDGETS = {"minimal": 1024, "low": 2048, "medium": 8192, "high": 16384, "xhigh": 32768, "max": 49152}
NO_EFFORT = frozenset(["", "none", "off"])
IMAGE_TYPES = frozenset(["image/jpeg", "image/png", "image/gif", "image/webp"])
_DROPPABLE = frozenset(
    [
        "temperature", "top_p", "top_k", "thinking", "output_config", "tool_choice", "stop_sequences", "max_tokens",
        "service_tier", "metadata",
    ]
)  # fmt: skip
_OUR_WORDS = {"stop": "stop_sequences", "reasoning_effort": "thinking", "parallel_tools": "tool_choice"}
_VERSION_IN_URL = re.compile(r"/v\d+[a-z0-9]*$")
_GENERATION = re.compile(r"claude-(?:[a-z]+-)?(\d+)(?:[-.](\d{1,2})(?!\d))?")


@dataclass(frozen=True, slots=True)
class _Model:
    """What a model's name says of what it takes. An unknown name of the family is taken for the newest."""

    is_adaptive: bool  # decides itself how much to think; a budget is refused from 4.7 on
    takes_sampling: bool  # temperature and top_p; refused from 4.7 on


@lru_cache(maxsize=256)
def _model(name: str) -> _Model:
    if "claude" not in name:
        return _Model(is_adaptive=False, takes_sampling=True)
    found = _GENERATION.search(name)
    generation = (int(found[1]), int(found[2] or 0)) if found else (99, 0)
    return _Model(is_adaptive=generation >= (4, 6), takes_sampling=generation < (4, 7))


@dataclass(frozen=True, slots=True)
class _Settled:
    """What of a call's wishes goes out, and how."""

    max_tokens: int
    thinking: Json | None = None
    effort: str | None = None
    format: Json | None = None
    answer_tool: str | None = None
    wrapped: bool = False
    sampling: bool = True
    notes: tuple[str, ...] = ()


def _settled(call: Call) -> _Settled:
    request, model = call.request, _model(call.model)
    notes: list[str] = []
    max_tokens = call.max_tokens or DEFAULT_MAX_TOKENS
    output: Json | None = None
    answer_tool, wrapped = None, False
    if request.schema is not None:
        native = model.is_adaptive and "output_config" not in _dropped(call)
        output = closed_schema(request.schema) if native else None
        if output is None:
            answer_tool = _free_name(request.schema_name, request.tools)
            wrapped = request.schema.get("type") != "object"
    thinking: Json | None = None
    effort = request.reasoning_effort
    dropped = _dropped(call)
    if effort in NO_EFFORT or "thinking" in dropped:
        effort = None
    if effort is not None:
        if obstacle := _obstacle(call, model, answer_tool):
            notes.append(f"reasoning effort was left out: {obstacle}")
        elif model.is_adaptive:
            thinking = {"type": "adaptive", "display": "summarized"}
            if call.max_tokens is None:
                max_tokens += BUDGETS.get(effort, BUDGETS["medium"])
        else:
            budget = BUDGETS.get(effort, BUDGETS["medium"])
            if call.max_tokens is None:
                max_tokens += budget
            else:
                budget = min(budget, _most_thinking(max_tokens))
            thinking = {"type": "enabled", "budget_tokens": budget}
    sampling = thinking is None and model.takes_sampling
    if not sampling and (request.temperature is not None or request.top_p is not None):
        notes.append("temperature and top_p were left out: this model takes none here")
    if request.seed is not None:
        notes.append("the seed was left out: this service takes none")
    takes_effort = model.is_adaptive and "output_config" not in dropped
    return _Settled(
        max_tokens,
        thinking,
        {"minimal": "low"}.get(effort, effort) if effort is not None and takes_effort else None,
        output,
        answer_tool,
        wrapped,
        sampling,
        tuple(notes),
    )


def _refused(call: Call) -> frozenset[str]:
    """The wire's names of what this route refuses, whether named in our words, the wire's, or as a path below them."""
    if not call.dropped:
        return call.dropped
    return frozenset(_OUR_WORDS.get(name, name) for name in map(bare, call.dropped))


def _dropped(call: Call) -> frozenset[str]:
    """What of it may be left out of a body of ours."""
    return _refused(call) & _DROPPABLE - {"max_tokens"}


def _obstacle(call: Call, model: _Model, answer_tool: str | None) -> str | None:
    """Why this call cannot think."""
    request = call.request
    forced = bool(request.tools) and request.tool_choice not in (None, "auto", "none")
    if answer_tool is not None or forced:
        return "a forced tool excludes thinking"
    last = request.messages[-1].role if request.messages else Role.USER
    if last is Role.ASSISTANT and call.prefill:
        return "a prefilled answer excludes thinking"
    if last is Role.TOOL and not model.is_adaptive:
        return "thinking cannot go on after tool results"
    if not model.is_adaptive and call.max_tokens is not None and _most_thinking(call.max_tokens) < MIN_BUDGET:
        return f"an answer of at most {call.max_tokens:,} tokens leaves no room to think"
    return None


def _most_thinking(max_tokens: int) -> int:
    return max_tokens * 3 // 4


def _free_name(wanted: str, tools: Sequence[Tool]) -> str:
    """A name for the answer's tool that the service takes and no other tool has."""
    name = re.sub(r"[^A-Za-z0-9_-]", "_", wanted)[:56] or "answer"
    taken = {tool.name for tool in tools}
    while name in taken:
        name += "_"
    return name


class Anthropic:
    @property
    def kind(self) -> ProviderKind:
        return ProviderKind.ANTHROPIC

    @property
    def framing(self) -> Framing:
        return Framing.SSE

    def encode(self, call: Call) -> Outgoing:
        own = {"anthropic-version": VERSION}
        if call.secret is not None:
            own["x-api-key"] = call.secret.reveal()
        return Outgoing(
            "POST",
            url_of(_endpoint(call.base_url, "messages"), call.query),
            headers_of(own, call.headers, call.request.hops),
            body_bytes(_body(call), kept(call.extra, _refused(call))),
        )

    def reader(self, call: Call) -> AnthropicReader:
        settled = _settled(call)
        earlier = sum(len(message.tool_calls) for message in call.request.messages)
        return AnthropicReader(settled.answer_tool, settled.wrapped, settled.notes, earlier)

    def read_whole(self, document: object, call: Call) -> Sequence[Piece]:
        return self.reader(call).whole(document)

    def read_error(self, status: int, body: bytes) -> WireError:
        document = document_in(body)
        if document is None:
            return WireError(message=text_in(body))
        error = wire_error(document)
        parameter = parameter_in(error.message, _DROPPABLE)
        return WireError(error.code, error.type, error.message, parameter) if parameter else error

    def models_request(
        self, base_url: str, secret: Secret | None, headers: Mapping[str, str], query: Mapping[str, str]
    ) -> Outgoing:
        own = {"anthropic-version": VERSION}
        if secret is not None:
            own["x-api-key"] = secret.reveal()
        return Outgoing(
            "GET", url_of(_endpoint(base_url, "models"), {"limit": "1000", **query}), headers_of(own, headers, 0)
        )

    def read_models(self, document: object) -> Sequence[ListedModel]:
        listed = document.get("data") if isinstance(document, Mapping) else None
        return tuple(
            ListedModel(name, _count(entry.get("max_input_tokens")), _count(entry.get("max_tokens")))
            for entry in (listed if isinstance(listed, list) else ())
            if isinstance(entry, Mapping) and (name := word(entry.get("id")))
        )

    def inexpressible(self, request: ChatRequest) -> str | None:
        for message in request.messages:
            for media in message.media:
                if media.kind is MediaKind.AUDIO:
                    return "this service takes no audio"
                if media.media_type not in IMAGE_TYPES:
                    return f"this service takes no images of type {media.media_type}"
                if message.role is Role.ASSISTANT:
                    return "this service takes no images in the assistant's own messages"
        return None


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


@lru_cache(maxsize=256)
def _endpoint(base_url: str, name: str) -> str:
    base = base_url.rstrip("/")
    return f"{base}/{name}" if _VERSION_IN_URL.search(base) else f"{base}/v1/{name}"


# ---- the body


def _body(call: Call) -> dict[str, Any]:
    request, settled = call.request, _settled(call)
    talk = conversation(request.messages, prefill=call.prefill and settled.answer_tool is None)
    body: dict[str, Any] = {
        "model": call.model,
        "max_tokens": settled.max_tokens,
        "messages": [_message(turn, last=turn is talk.turns[-1]) for turn in talk.turns],
    }
    if talk.system:
        body["system"] = talk.system
    if call.stream:
        body["stream"] = True
    if settled.sampling:
        if request.temperature is not None:
            body["temperature"] = min(request.temperature, 1.0)  # the service's scale ends at 1
        elif request.top_p is not None:  # newer models refuse both at once
            body["top_p"] = request.top_p
    if stop := [text for text in request.stop if text.strip()]:
        body["stop_sequences"] = stop
    if settled.thinking is not None:
        body["thinking"] = settled.thinking
    config: dict[str, Any] = {}
    if settled.effort is not None:
        config["effort"] = settled.effort
    if settled.format is not None:
        config["format"] = {"type": "json_schema", "schema": settled.format}
    if config:
        body["output_config"] = config
    if tools := _tools(request, settled):
        body["tools"] = tools
        if (choice := _choice(request, settled)) is not None:
            body["tool_choice"] = choice
    for name in _dropped(call):
        body.pop(name, None)
    return body


def _message(turn: Turn, *, last: bool) -> dict[str, Any]:
    role = "assistant" if turn.by_model else "user"
    if not turn.calls and not turn.results and len(turn.parts) == 1 and isinstance(turn.parts[0], Text):
        # A prefill must not end in white space.
        text = turn.parts[0].text
        return {"role": role, "content": text.rstrip() if last and turn.by_model else text}
    blocks: list[dict[str, Any]] = [_result(result) for result in turn.results]
    blocks += [_part(part) for part in turn.parts]
    if last and turn.by_model and "text" in blocks[-1]:
        blocks[-1]["text"] = blocks[-1]["text"].rstrip()
    blocks += [{"type": "tool_use", "id": call.id, "name": call.name, "input": _input(call)} for call in turn.calls]
    return {"role": role, "content": blocks}


def _part(part: Part) -> dict[str, Any]:
    if isinstance(part, Media):
        data = b2a_base64(part.data, newline=False).decode("ascii")
        return {"type": "image", "source": {"type": "base64", "media_type": part.media_type, "data": data}}
    return {"type": "text", "text": part.text}


def _result(result: ToolResult) -> dict[str, Any]:
    block: dict[str, Any] = {"type": "tool_result", "tool_use_id": result.call_id}
    if any(isinstance(part, Media) for part in result.parts):
        block["content"] = [_part(part) for part in result.parts if isinstance(part, Media) or part.text.strip()]
    elif text := result.text:
        block["content"] = text
    if result.missing:
        block["is_error"] = True
    return block


def _input(call: ToolCall) -> Any:
    """The wire takes an object; whatever else a model once wrote is kept inside one."""
    if not call.arguments.strip():
        return {}
    try:
        value = json.loads(call.arguments)
    except (ValueError, RecursionError):
        value = call.arguments
    return value if isinstance(value, dict) else {"arguments": value}


def _tools(request: ChatRequest, settled: _Settled) -> list[dict[str, Any]]:
    tools = [_tool(tool.name, tool.description, tool.parameters) for tool in request.tools]
    if settled.answer_tool is not None and request.schema is not None:
        schema = _wrapping(request.schema) if settled.wrapped else request.schema
        tools.append(_tool(settled.answer_tool, "Give your answer by calling this tool.", schema))
    if not tools:
        # A conversation that has calls must name their tools, also when none is offered any more.
        names = dict.fromkeys(call.name for message in request.messages for call in message.tool_calls)
        tools = [_tool(name, "", {"type": "object"}) for name in names]
    return tools


def _tool(name: str, description: str, parameters: Json) -> dict[str, Any]:
    schema = parameters if parameters.get("type") == "object" else {**parameters, "type": "object"}
    return {"name": name, **({"description": description} if description else {}), "input_schema": schema}


def _wrapping(schema: Json) -> dict[str, Any]:
    """The schema as one property of an object; definitions stay at the root, where references look for them."""
    inner = {name: value for name, value in schema.items() if name not in DEFINITIONS}
    lifted = {name: schema[name] for name in DEFINITIONS if name in schema}
    return {"type": "object", "properties": {WRAPPED: inner}, "required": [WRAPPED], **lifted}


def _choice(request: ChatRequest, settled: _Settled) -> dict[str, Any] | None:
    wanted = request.tool_choice
    choice: dict[str, Any] | None
    if settled.answer_tool is not None:
        # Beside other tools any may be called first; the answer's own tool ends the turn.
        others = bool(request.tools) and wanted != "none"
        named = wanted if others and wanted not in (None, "auto", "required") else settled.answer_tool
        choice = {"type": "any"} if others and named == settled.answer_tool else {"type": "tool", "name": named}
    elif not request.tools:
        return {"type": "none"}
    else:
        match wanted:
            case None | "auto":
                choice = {"type": "auto"} if wanted or request.parallel_tools is False else None
            case "none":
                return {"type": "none"}
            case "required":
                choice = {"type": "any"}
            case name:
                choice = {"type": "tool", "name": name}
    if choice is not None and request.parallel_tools is False:
        choice["disable_parallel_tool_use"] = True
    return choice
