"""What the simulator plays: providers, keys, models, replies and faults, as frozen values. Reading them from a file is
`script_file`'s business, playing them is the server's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal

from clawtui.simulator.problem import ProblemKind


class DialectKind(StrEnum):
    OPENAI = "openai"
    ANTHROPIC = "anthropic"
    GEMINI = "gemini"
    OLLAMA = "ollama"


class FaultKind(StrEnum):
    STATUS = "status"  # `status` with `body` and `headers`, or the dialect's own words
    RATE_LIMIT = "rate_limit"  # 429 with `retry_after`
    HANG = "hang"  # takes the request and never answers
    SLOW_FIRST_TOKEN = "slow_first_token"  # `seconds` later
    CUT = "cut"  # closes the socket after `after` chunks
    STALL = "stall"  # falls silent after `after` chunks
    MALFORMED = "malformed"  # one unreadable chunk after `after` chunks, the rest is fine
    NO_END = "no_end"  # neither finish reason nor end marker
    NO_DONE = "no_done"  # finish reason, but no end marker
    RESET = "reset"  # RST; before the headers, or after `after` chunks
    ERROR_IN_200 = "error_in_200"  # an error in the dialect's shape after `after` chunks; `whole`: as plain JSON
    GARBAGE = "garbage"  # bytes that are nothing
    JSON_INSTEAD_OF_STREAM = "json_instead_of_stream"  # a whole answer where a stream was due
    EMPTY = "empty"  # 200 and no body
    REDIRECT = "redirect"  # 307 to `location`
    USAGE_AFTER_FINISH = "usage_after_finish"  # usage in a frame of its own, `seconds` after the finish reason
    HUGE = "huge"  # `size` bytes of text


class Endpoint(StrEnum):
    """What a fault holds for: answers, everything else (model lists), or both."""

    CHAT = "chat"
    LISTS = "lists"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong, and when. All conditions that are given must hold; none given means always."""

    kind: FaultKind
    status: int | None = None
    problem: ProblemKind | None = None
    message: str | None = None
    code: str | None = None
    body: Any = None  # text as it is, anything else as JSON; None: the dialect's own words
    headers: tuple[tuple[str, str], ...] = ()
    retry_after: float | None = None
    seconds: float = 0.0
    after: int | None = None
    whole: bool = False
    location: str = "/elsewhere/v1/chat/completions"
    size: int = 1_000_000
    on: Endpoint = Endpoint.CHAT
    times: int | None = None  # the next `times` requests
    every: int | None = None  # every `every`-th request
    probability: float | None = None  # drawn from the script's seed
    down_from: float | None = None  # seconds after the start (or after it was set)
    down_for: float | None = None
    period: float | None = None  # the window comes again after this many seconds


class Source(StrEnum):
    """Where a reply comes from. AUTO: JSON when a schema is asked for, a call when one is required, else a sentence."""

    AUTO = "auto"
    TEXT = "text"
    ECHO = "echo"
    JSON = "json"
    TOOLS = "tools"


class Finish(StrEnum):
    STOP = "stop"
    LENGTH = "length"
    TOOLS = "tools"
    FILTER = "filter"


@dataclass(frozen=True, slots=True)
class ScriptedCall:
    """`arguments` of None are made to fit the offered tool's schema; text goes out as it is, however broken."""

    name: str
    arguments: Mapping[str, Any] | str | None = None


class Where(StrEnum):
    USER = "user"  # the last user message
    SYSTEM = "system"
    TOOL = "tool"  # the results that the conversation ends with
    ANY = "any"


@dataclass(frozen=True, slots=True)
class Rule:
    """If the conversation looks like this, reply so. `user` and `system` rules pass when a tool result came last."""

    match: str = ""
    where: Where = Where.USER
    has_image: bool | None = None
    has_tools: bool | None = None
    has_schema: bool | None = None
    text: str | None = None
    source: Source = Source.AUTO
    tool_calls: tuple[ScriptedCall, ...] = ()
    reasoning: str | None = None
    finish: Finish | None = None


@dataclass(frozen=True, slots=True)
class ModelScript:
    """How a model answers. The defaults answer at once, in one sentence that says it is simulated."""

    text: str | None = None
    variants: tuple[str, ...] = ()  # taken in turn where there is no `text`
    source: Source = Source.AUTO
    rules: tuple[Rule, ...] = ()
    reasoning: str = ""
    reasoning_field: str = "reasoning_content"  # what OpenAI-compatible servers call it; OpenRouter: `reasoning`
    tool_calls: tuple[ScriptedCall, ...] = ()
    finish: Finish = Finish.STOP
    tokens_per_s: float | None = None
    first_token_s: float = 0.0
    jitter: float = 0.0  # share of both times that varies, drawn from the seed
    chunk: Literal["word"] | int = "word"  # a token, or this many characters
    coalesce: bool = False  # whole stream in one write, where nothing is slow
    torn: bool = False  # every frame in two writes, cut anywhere, also inside a character
    comments: bool = False  # SSE comments before the first token
    usage: bool = True
    cached_tokens: int = 0
    context: int | None = None
    max_output: int | None = None
    unsupported: tuple[str, ...] = ()  # request parameters that are refused
    lacks: tuple[str, ...] = ()  # tools, images: asked for, they are refused
    serves_as: str | None = None  # the model name that the answer reports
    faults: tuple[Fault, ...] = ()


class Exhausted(StrEnum):
    RATE_LIMIT = "rate_limit"
    BILLING = "billing"


@dataclass(frozen=True, slots=True)
class Quota:
    """So many requests a window; then 429 until the window ends."""

    requests: int
    window_s: float
    exhausted: Exhausted = Exhausted.RATE_LIMIT
    announce: bool = True  # tell what is left in rate-limit headers


@dataclass(frozen=True, slots=True)
class KeyScript:
    secret: str = field(repr=False)
    label: str = ""
    quota: Quota | None = None
    faults: tuple[Fault, ...] = ()


@dataclass(frozen=True, slots=True)
class ProviderScript:
    """`models` pins what it serves: any other is not found. No `keys`: every caller is let in."""

    dialect: DialectKind | None = None
    models: tuple[str, ...] = ()
    keys: tuple[KeyScript, ...] = ()
    faults: tuple[Fault, ...] = ()


@dataclass(frozen=True, slots=True)
class Script:
    """Models are named `model`, or `provider/model` where two providers play the same name differently."""

    seed: int = 0
    providers: Mapping[str, ProviderScript] = field(default_factory=dict)
    models: Mapping[str, ModelScript] = field(default_factory=dict)
    default: ModelScript = field(default_factory=ModelScript)
