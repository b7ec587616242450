"""What is asked: messages, tools, wishes and limits of one request, as frozen values that no layer changes on the way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NewType

from clawtui.config.schema import OnInterrupted

RequestId = NewType("RequestId", str)

# A JSON document that came from or goes to a wire. Precise types stop where somebody else's schema begins.
Json = Mapping[str, Any]


class Role(StrEnum):
    SYSTEM = "system"
    DEVELOPER = "developer"
    USER = "user"
    ASSISTANT = "assistant"
    TOOL = "tool"


class MediaKind(StrEnum):
    IMAGE = "image"
    AUDIO = "audio"


@dataclass(frozen=True, slots=True)
class Text:
    text: str


@dataclass(frozen=True, slots=True)
class Media:
    """An image or a sound, carried as bytes: nothing upstream is asked to fetch an address of the caller's."""

    kind: MediaKind
    data: bytes = field(repr=False)
    media_type: str
    name: str = ""


Part = Text | Media


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call the model asks for. `arguments` is JSON text exactly as it came."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Message:
    """One turn. A `tool` message carries the result of the call `tool_call_id`."""

    role: Role
    parts: tuple[Part, ...] = ()
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str | None = None
    name: str | None = None

    @property
    def text(self) -> str:
        return "".join(part.text for part in self.parts if isinstance(part, Text))

    @property
    def media(self) -> tuple[Media, ...]:
        return tuple(part for part in self.parts if isinstance(part, Media))


def system(text: str) -> Message:
    return Message(Role.SYSTEM, (Text(text),))


def user(text: str, *media: Media) -> Message:
    return Message(Role.USER, (Text(text), *media))


def assistant(text: str, *tool_calls: ToolCall) -> Message:
    return Message(Role.ASSISTANT, (Text(text),) if text else (), tool_calls)


def tool_result(call_id: str, text: str, name: str | None = None) -> Message:
    return Message(Role.TOOL, (Text(text),), tool_call_id=call_id, name=name)


@dataclass(frozen=True, slots=True)
class Tool:
    name: str
    description: str = ""
    parameters: Json = field(default_factory=lambda: {"type": "object", "properties": {}})


class Stage(StrEnum):
    """What a child request is to its compound request."""

    ADVISER = "adviser"
    SYNTHESIZER = "synthesizer"
    COUNTERFACTUAL = "counterfactual"
    RESYNTHESIS = "resynthesis"


@dataclass(frozen=True, slots=True)
class Parent:
    """Ties a child request to the compound request that it is part of."""

    request_id: RequestId
    stage: Stage
    index: int = 0


@dataclass(frozen=True, slots=True)
class Require:
    """What the caller insists on beyond what the request itself needs. Names are those of the capabilities."""

    capabilities: frozenset[str] = frozenset()
    min_context_tokens: int = 0
    tags: frozenset[str] = frozenset()
    forbid_tags: frozenset[str] = frozenset()
    allow: tuple[str, ...] = ()
    deny: tuple[str, ...] = ()


NO_REQUIREMENTS = Require()


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """One ask. `None` means the caller said nothing, so that the profile's defaults speak."""

    messages: tuple[Message, ...]
    target: str | None = None  # profile id, fusion/NAME, PROVIDER/MODEL; None: policy and defaults decide
    model: str | None = None  # overrides the named profile's model
    policy: str | None = None
    strict: bool = False  # the named profile answers or nobody does
    tools: tuple[Tool, ...] = ()
    tool_choice: str | None = None  # "auto", "none", "required", or the name of a tool
    parallel_tools: bool | None = None
    schema: Json | None = None  # the answer must be JSON that fits this JSON schema
    schema_name: str = "answer"
    stream: bool = True
    temperature: float | None = None
    top_p: float | None = None
    max_tokens: int | None = None
    stop: tuple[str, ...] = ()
    seed: int | None = None
    reasoning_effort: str | None = None
    require: Require = NO_REQUIREMENTS
    on_interrupted: OnInterrupted | None = None
    replay_tools: bool = False  # allow a restart after a complete tool call was delivered
    caller: str = "embedded"  # ask, playground, eval, …: shown in traces
    request_id: RequestId | None = None  # made by the engine where the caller has none
    parent: Parent | None = None
    conversation: str | None = None  # a conversation stays on its credential, for prompt caches
    hops: int = 0  # how many routers of this program the request already passed


@dataclass(frozen=True, slots=True, order=True)
class Route:
    """Who may be called: has health, a circuit and counters. `profile` is None for a literal model."""

    profile: str | None
    provider: str
    model: str

    def __str__(self) -> str:
        return f"{self.profile or '-'}@{self.provider}/{self.model}"


def parse_route(text: str) -> Route | None:
    """Reads `PROFILE@PROVIDER/MODEL`, cut at the first `@`, then the first `/`; `-` stands for no profile."""
    profile, at, rest = text.partition("@")
    provider, slash, model = rest.partition("/")
    if not (at and slash and profile and provider and model):
        return None
    return Route(None if profile == "-" else profile, provider, model)
