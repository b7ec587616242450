"""What every dialect must do, as canned transcripts: the same answer in the words of four services.

The transcripts are written by hand after the services' own shapes; the simulator is not asked.
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from clawtui.config.schema import ProviderKind
from clawtui.config.secrets import Secret
from clawtui.engine.outcome import Usage, UsageSource
from clawtui.engine.request import ChatRequest, Message, user
from clawtui.engine.wire.dialect import (
    Call,
    Dialect,
    ErrorPiece,
    FinishPiece,
    FinishReason,
    Framing,
    ModelPiece,
    NotePiece,
    Piece,
    ReasoningPiece,
    TextPiece,
    ToolPiece,
    UsagePiece,
    WireError,
)
from clawtui.engine.wire.framing import LineFraming, SseFraming

KINDS = (ProviderKind.OPENAI, ProviderKind.ANTHROPIC, ProviderKind.GEMINI, ProviderKind.OLLAMA)
# Rare letters, so that a secret is found wherever it shows up.
SECRET = "zqxjkv-WIRE-zqxjkv-0001"
MODEL = "some-model"


def dialect(kind: ProviderKind) -> Dialect:
    """A new one: the one class of its module that has a dialect's methods."""
    module = importlib.import_module(f"clawtui.engine.wire.{kind.value}")
    made: Dialect = next(
        one
        for one in vars(module).values()
        if isinstance(one, type) and one.__module__ == module.__name__ and hasattr(one, "inexpressible")
    )()
    return made


def a_call(*messages: Message, base_url: str = "http://127.0.0.1:1/base", stream: bool = True, **wishes: Any) -> Call:
    """Wishes that are a call's own go there, all others into the request."""
    own = {name: wishes.pop(name) for name in list(wishes) if name in Call.__dataclass_fields__}
    own = {"model": MODEL, "secret": Secret(SECRET), **own}
    request = ChatRequest(messages or (user("hello"),), stream=stream, **wishes)
    return Call(request, base_url, stream=stream, **own)


# ---- folding pieces into an answer


@dataclass
class Answer:
    text: str = ""
    reasoning: str = ""
    tools: list[ToolPiece] = field(default_factory=list)
    usage: Usage | None = None
    model: str | None = None
    finish: FinishReason | None = None
    raw: str = ""
    detail: str = ""
    notes: list[str] = field(default_factory=list)
    errors: list[WireError] = field(default_factory=list)
    complete: bool = False

    @property
    def called(self) -> list[tuple[str, Any]]:
        return [(piece.name, json.loads(piece.arguments)) for piece in self.tools]


def folded(pieces: Iterable[Piece], complete: bool) -> Answer:
    answer = Answer(complete=complete)
    for piece in pieces:
        match piece:
            case TextPiece(text):
                answer.text += text
            case ReasoningPiece(text):
                answer.reasoning += text
            case ToolPiece():
                answer.tools.append(piece)
            case UsagePiece(usage):
                answer.usage = usage
            case ModelPiece(model):
                answer.model = model
            case FinishPiece(reason, raw, detail):
                answer.finish, answer.raw, answer.detail = reason, raw, detail
            case NotePiece(text):
                answer.notes.append(text)
            case ErrorPiece(error):
                answer.errors.append(error)
    return answer


def framed(chunks: Iterable[bytes], framing: Framing) -> Iterator[tuple[str, str]]:
    frames = SseFraming() if framing is Framing.SSE else LineFraming()
    for chunk in chunks:
        yield from frames.feed(chunk)
    yield from frames.end()


def read_stream(kind: ProviderKind, chunks: Iterable[bytes], call: Call | None = None) -> Answer:
    speaks = dialect(kind)
    reader = speaks.reader(call or a_call())
    pieces = [piece for event, data in framed(chunks, speaks.framing) for piece in reader.feed(event, data)]
    pieces += reader.close()
    return folded(pieces, reader.is_complete)


def read_whole(kind: ProviderKind, document: object, call: Call | None = None) -> Answer:
    pieces = dialect(kind).read_whole(document, call or a_call(stream=False))
    return folded(pieces, any(isinstance(piece, FinishPiece) for piece in pieces))


# ---- transcripts


class Behaviour(StrEnum):
    TEXT = "text"
    REASONING = "reasoning"
    TOOL = "tool"
    PARALLEL_TOOLS = "parallel tools"
    TOOLS_WITHOUT_IDS = "tools without ids"
    LENGTH = "length"
    FILTERED = "filtered"
    ERROR = "error"


# A line separator, a next line, a combining accent and a character outside the basic plane.
SAID = ["Hel", "lo,\u2028wor", "ld\u0085 — ", "e\u0301 🦞", "!"]
THOUGHT = ["First ", "this, ", "then that."]
USAGE = Usage(input_tokens=20, output_tokens=9, cached_input_tokens=5, source=UsageSource.REPORTED)
THINKING_USAGE = Usage(input_tokens=20, output_tokens=9, reasoning_tokens=4, source=UsageSource.REPORTED)
WEATHER = {"city": "Zürich \u2028 🦞", "days": 3}


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def sse(value: Any, event: str | None = None) -> bytes:
    head = f"event: {event}\n" if event else ""
    return f"{head}data: {value if isinstance(value, str) else _json(value)}\n\n".encode()


def line(value: Any) -> bytes:
    return f"{_json(value)}\n".encode()


def cut_in_three(text: str) -> list[str]:
    third = len(text) // 3
    return [text[:third], text[third : 2 * third], text[2 * third :]]


@dataclass(frozen=True)
class Transcript:
    """One answer on the wire: its frames in order, and the same as one document. `final` frames end the stream."""

    frames: Sequence[bytes]
    final: Sequence[bytes]
    whole: Any

    @property
    def stream(self) -> bytes:
        return b"".join([*self.frames, *self.final])


class OpenAITranscripts:
    malformed = b'data: {"choices":[{"index":0,"delta":{"content":"br\n\n'
    unknown = sse({"object": "surprise", "choices": [{"index": 0, "delta": {"holograms": [1]}}], "news": True})

    def chunk(self, delta: Any, finish: str | None = None, **more: Any) -> bytes:
        head = {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": MODEL}
        return sse({**head, "choices": [{"index": 0, "delta": delta, "finish_reason": finish}], **more})

    def ended(self, finish: str, usage: Any | None) -> list[bytes]:
        late = [sse({"id": "c1", "model": MODEL, "choices": [], "usage": usage})] if usage else []
        return [self.chunk({}, finish), *late, sse("[DONE]")]

    def whole(self, message: Any, finish: str, usage: Any | None) -> Any:
        choice = {"index": 0, "message": {"role": "assistant", **message}, "finish_reason": finish}
        return {"id": "c1", "object": "chat.completion", "model": MODEL, "choices": [choice], "usage": usage}

    def of(self, behaviour: Behaviour) -> Transcript:
        usage = {"prompt_tokens": 20, "completion_tokens": 9, "prompt_tokens_details": {"cached_tokens": 5}}
        match behaviour:
            case Behaviour.TEXT:
                frames = [self.chunk({"role": "assistant", "content": ""}), *(self.chunk({"content": t}) for t in SAID)]
                whole = self.whole({"content": "".join(SAID)}, "stop", usage)
                return Transcript(frames, self.ended("stop", usage), whole)
            case Behaviour.REASONING:
                usage = {
                    "prompt_tokens": 20,
                    "completion_tokens": 9,
                    "completion_tokens_details": {"reasoning_tokens": 4},
                }
                frames = [self.chunk({"reasoning_content": t}) for t in THOUGHT]
                frames += [self.chunk({"content": t}) for t in SAID]
                message = {"content": "".join(SAID), "reasoning_content": "".join(THOUGHT)}
                return Transcript(frames, self.ended("stop", usage), self.whole(message, "stop", usage))
            case Behaviour.TOOL | Behaviour.PARALLEL_TOOLS | Behaviour.TOOLS_WITHOUT_IDS:
                return self.tools(behaviour)
            case Behaviour.LENGTH:
                whole = self.whole({"content": "Hel"}, "length", usage)
                return Transcript([self.chunk({"content": "Hel"})], self.ended("length", usage), whole)
            case Behaviour.FILTERED:
                whole = self.whole({"content": None}, "content_filter", usage)
                return Transcript([self.chunk({"content": ""})], self.ended("content_filter", usage), whole)
            case Behaviour.ERROR:
                error = {"error": {"message": "the engine caught fire", "type": "server_error", "code": "fire"}}
                return Transcript([self.chunk({"content": "Hel"})], [sse(error)], error)

    def tools(self, behaviour: Behaviour) -> Transcript:
        calls = expected_calls(behaviour)
        frames: list[bytes] = []
        fragments: list[list[bytes]] = []
        for index, (name, arguments) in enumerate(calls):
            id = {} if behaviour is Behaviour.TOOLS_WITHOUT_IDS else {"id": f"call_{index}"}
            start = {"index": index, **id, "type": "function", "function": {"name": name, "arguments": ""}}
            parts = cut_in_three(_json(arguments)) if arguments else []
            rest = [{"index": index, "function": {"arguments": part}} for part in parts]
            fragments.append([self.chunk({"tool_calls": [one]}) for one in (start, *rest)])
        for step in range(max(map(len, fragments))):
            frames += [one[step] for one in fragments if step < len(one)]
        made = [
            {
                **({} if behaviour is Behaviour.TOOLS_WITHOUT_IDS else {"id": f"call_{index}"}),
                "type": "function",
                "function": {"name": name, "arguments": _json(arguments) if arguments else ""},
            }
            for index, (name, arguments) in enumerate(calls)
        ]
        whole = self.whole({"content": None, "tool_calls": made}, "tool_calls", None)
        return Transcript(frames, self.ended("tool_calls", None), whole)


class AnthropicTranscripts:
    malformed = b'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"type":"te\n\n'
    unknown = sse({"type": "aurora", "colours": ["green"]}, "aurora") + sse({"type": "ping"}, "ping")

    def event(self, kind: str, **fields: Any) -> bytes:
        return sse({"type": kind, **fields}, kind)

    def block(self, index: int, block: Any, deltas: Iterable[Any]) -> list[bytes]:
        return [
            self.event("content_block_start", index=index, content_block=block),
            *(self.event("content_block_delta", index=index, delta=delta) for delta in deltas),
            self.event("content_block_stop", index=index),
        ]

    def text(self, index: int, parts: Iterable[str]) -> list[bytes]:
        return self.block(index, {"type": "text", "text": ""}, [{"type": "text_delta", "text": t} for t in parts])

    def start(self) -> bytes:
        usage = {"input_tokens": 15, "cache_read_input_tokens": 5, "cache_creation_input_tokens": 0, "output_tokens": 1}
        message = {"id": "m1", "type": "message", "role": "assistant", "model": MODEL, "content": [], "usage": usage}
        return self.event("message_start", message={**message, "stop_reason": None})

    def ended(self, reason: str, output: int = 9, **more: Any) -> list[bytes]:
        delta = {"stop_reason": reason, "stop_sequence": None, **more}
        return [self.event("message_delta", delta=delta, usage={"output_tokens": output}), self.event("message_stop")]

    def whole(self, content: list[Any], reason: str, **more: Any) -> Any:
        usage = {"input_tokens": 15, "cache_read_input_tokens": 5, "output_tokens": 9}
        head = {"id": "m1", "type": "message", "role": "assistant", "model": MODEL}
        return {**head, "content": content, "stop_reason": reason, "usage": usage, **more}

    def of(self, behaviour: Behaviour) -> Transcript:
        text = {"type": "text", "text": "".join(SAID)}
        match behaviour:
            case Behaviour.TEXT:
                frames = [self.start(), *self.text(0, SAID)]
                return Transcript(frames, self.ended("end_turn"), self.whole([text], "end_turn"))
            case Behaviour.REASONING:
                return self.reasoning(text)
            case Behaviour.TOOL | Behaviour.PARALLEL_TOOLS | Behaviour.TOOLS_WITHOUT_IDS:
                return self.tools(behaviour)
            case Behaviour.LENGTH:
                whole = self.whole([{"type": "text", "text": "Hel"}], "max_tokens")
                return Transcript([self.start(), *self.text(0, ["Hel"])], self.ended("max_tokens"), whole)
            case Behaviour.FILTERED:
                details = {"type": "refusal", "category": "cyber", "explanation": "not this"}
                whole = self.whole([], "refusal", stop_details=details)
                return Transcript([self.start()], self.ended("refusal", stop_details=details), whole)
            case Behaviour.ERROR:
                error = {"type": "error", "error": {"type": "fire", "message": "the engine caught fire"}}
                return Transcript([self.start(), *self.text(0, ["Hel"])], [sse(error, "error")], error)

    def reasoning(self, text: Any) -> Transcript:
        usage = {"input_tokens": 20, "output_tokens": 9, "output_tokens_details": {"thinking_tokens": 4}}
        thinking = {"type": "thinking", "thinking": "".join(THOUGHT), "signature": "c2ln"}
        redacted = {"type": "redacted_thinking", "data": "b3BhcXVl"}
        deltas: list[Any] = [{"type": "thinking_delta", "thinking": t} for t in THOUGHT]
        message = {"id": "m1", "type": "message", "role": "assistant", "model": MODEL, "content": []}
        frames = [
            self.event("message_start", message={**message, "usage": {"input_tokens": 20, "output_tokens": 1}}),
            *self.block(0, {**thinking, "thinking": ""}, [*deltas, {"type": "signature_delta", "signature": "c2ln"}]),
            *self.block(1, redacted, []),
            *self.text(2, SAID),
        ]
        end = {"stop_reason": "end_turn"}
        final = [self.event("message_delta", delta=end, usage=usage), self.event("message_stop")]
        return Transcript(frames, final, self.whole([thinking, redacted, text], "end_turn") | {"usage": usage})

    def tools(self, behaviour: Behaviour) -> Transcript:
        frames = [self.start()]
        content = []
        for index, (name, arguments) in enumerate(expected_calls(behaviour)):
            id = {} if behaviour is Behaviour.TOOLS_WITHOUT_IDS else {"id": f"call_{index}"}
            block = {"type": "tool_use", **id, "name": name, "input": {}}
            parts = ["", *cut_in_three(_json(arguments))] if arguments else [""]
            frames += self.block(index, block, [{"type": "input_json_delta", "partial_json": part} for part in parts])
            content.append({**block, "input": arguments})
        return Transcript(frames, self.ended("tool_use"), self.whole(content, "tool_use"))


class GeminiTranscripts:
    malformed = b'data: {"candidates": [{"content": {"parts": [{"te\n\n'
    unknown = sse({"aurora": ["green"], "candidates": [{"content": {"parts": [{"hologram": {}}]}}]})

    def chunk(self, *parts: Any, **more: Any) -> bytes:
        return sse({"candidates": [{"content": {"parts": list(parts), "role": "model"}, "index": 0}], **more})

    def ended(self, reason: str, usage: Any, **more: Any) -> list[bytes]:
        candidate = {"content": {"parts": [{"text": ""}], "role": "model"}, "finishReason": reason, "index": 0, **more}
        return [sse({"candidates": [candidate], "usageMetadata": usage, "modelVersion": MODEL})]

    def whole(self, parts: list[Any], reason: str, usage: Any, **more: Any) -> Any:
        candidate = {"content": {"parts": parts, "role": "model"}, "finishReason": reason, "index": 0, **more}
        return {"candidates": [candidate], "usageMetadata": usage, "modelVersion": MODEL}

    def of(self, behaviour: Behaviour) -> Transcript:
        usage = {"promptTokenCount": 20, "candidatesTokenCount": 9, "cachedContentTokenCount": 5, "totalTokenCount": 29}
        match behaviour:
            case Behaviour.TEXT:
                frames = [self.chunk({"text": t}, usageMetadata={"promptTokenCount": 20}) for t in SAID]
                whole = self.whole([{"text": "".join(SAID)}], "STOP", usage)
                return Transcript(frames, self.ended("STOP", usage), whole)
            case Behaviour.REASONING:
                usage = {"promptTokenCount": 20, "candidatesTokenCount": 5, "thoughtsTokenCount": 4}
                frames = [self.chunk({"text": t, "thought": True}) for t in THOUGHT]
                frames += [self.chunk({"text": t}) for t in SAID]
                parts = [{"text": "".join(THOUGHT), "thought": True}, {"text": "".join(SAID)}]
                return Transcript(frames, self.ended("STOP", usage), self.whole(parts, "STOP", usage))
            case Behaviour.TOOL | Behaviour.PARALLEL_TOOLS | Behaviour.TOOLS_WITHOUT_IDS:
                calls = [
                    {"functionCall": {"name": name, **({"args": arguments} if arguments else {})}}
                    for name, arguments in expected_calls(behaviour)
                ]
                frames = [self.chunk(call) for call in calls]
                return Transcript(frames, self.ended("STOP", usage), self.whole(calls, "STOP", usage))
            case Behaviour.LENGTH:
                whole = self.whole([{"text": "Hel"}], "MAX_TOKENS", usage)
                return Transcript([self.chunk({"text": "Hel"})], self.ended("MAX_TOKENS", usage), whole)
            case Behaviour.FILTERED:
                ratings = [{"category": "HARM_CATEGORY_DANGEROUS_CONTENT", "probability": "HIGH", "blocked": True}]
                whole = self.whole([], "SAFETY", usage, safetyRatings=ratings)
                return Transcript([], self.ended("SAFETY", usage, safetyRatings=ratings), whole)
            case Behaviour.ERROR:
                error = {"error": {"code": 500, "message": "the engine caught fire", "status": "INTERNAL"}}
                return Transcript([self.chunk({"text": "Hel"})], [sse(error)], [error])


class OllamaTranscripts:
    malformed = b'{"model":"some-model","message":{"role":"assi\n'
    unknown = line({"model": MODEL, "aurora": ["green"]})

    def chunk(self, message: Any) -> bytes:
        return line({"model": MODEL, "message": {"role": "assistant", "content": "", **message}, "done": False})

    def ended(self, reason: str = "stop") -> list[bytes]:
        return [line(self.whole({"content": ""}, reason))]

    def whole(self, message: Any, reason: str = "stop") -> Any:
        counts = {"prompt_eval_count": 20, "eval_count": 9, "total_duration": 5}
        head = {"model": MODEL, "message": {"role": "assistant", "content": "", **message}}
        return {**head, "done": True, "done_reason": reason, **counts}

    def of(self, behaviour: Behaviour) -> Transcript:
        match behaviour:
            case Behaviour.TEXT:
                frames = [self.chunk({"content": t}) for t in SAID]
                return Transcript(frames, self.ended(), self.whole({"content": "".join(SAID)}))
            case Behaviour.REASONING:
                frames = [self.chunk({"thinking": t}) for t in THOUGHT] + [self.chunk({"content": t}) for t in SAID]
                whole = self.whole({"content": "".join(SAID), "thinking": "".join(THOUGHT)})
                return Transcript(frames, self.ended(), whole)
            case Behaviour.TOOL | Behaviour.PARALLEL_TOOLS | Behaviour.TOOLS_WITHOUT_IDS:
                calls = [
                    {"function": {"name": name, "arguments": arguments}}
                    for name, arguments in expected_calls(behaviour)
                ]
                frames = [self.chunk({"tool_calls": [call]}) for call in calls]
                return Transcript(frames, self.ended(), self.whole({"tool_calls": calls}))
            case Behaviour.LENGTH:
                whole = self.whole({"content": "Hel"}, "length")
                return Transcript([self.chunk({"content": "Hel"})], self.ended("length"), whole)
            case Behaviour.ERROR:
                error = {"error": "the engine caught fire"}
                return Transcript([self.chunk({"content": "Hel"})], [line(error)], error)
            case Behaviour.FILTERED:
                raise NotImplementedError("a local server refuses nothing")


def expected_calls(behaviour: Behaviour) -> list[tuple[str, dict[str, Any]]]:
    """Name and arguments; empty arguments are left out or sent as nothing, whichever the wire has."""
    if behaviour is Behaviour.TOOL:
        return [("weather", WEATHER)]
    return [("weather", WEATHER), ("weather", {"city": "Basel"}), ("now", {})]


TRANSCRIPTS = {
    ProviderKind.OPENAI: OpenAITranscripts(),
    ProviderKind.ANTHROPIC: AnthropicTranscripts(),
    ProviderKind.GEMINI: GeminiTranscripts(),
    ProviderKind.OLLAMA: OllamaTranscripts(),
}


def transcript(kind: ProviderKind, behaviour: Behaviour) -> Transcript:
    return TRANSCRIPTS[kind].of(behaviour)


def has(kind: ProviderKind, behaviour: Behaviour) -> bool:
    return not (kind is ProviderKind.OLLAMA and behaviour is Behaviour.FILTERED)
