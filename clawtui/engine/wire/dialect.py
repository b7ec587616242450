"""The seam between the engine and a wire protocol: what is to be sent, and the pieces that come back.

A dialect does no I/O. It writes one `Outgoing`, reads one whole document or one stream of messages (framing is done
by `http.py`), and says how the service words its errors.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from clawtui.config.schema import ProviderKind
from clawtui.config.secrets import Secret
from clawtui.engine.outcome import Usage
from clawtui.engine.request import ChatRequest, Json


class Framing(StrEnum):
    SSE = "sse"
    NDJSON = "ndjson"


class FinishReason(StrEnum):
    STOP = "stop"
    LENGTH = "length"
    TOOL_CALLS = "tool_calls"
    CONTENT_FILTER = "content_filter"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Call:
    """One upstream call, settled: the request with defaults applied, for one route and one credential."""

    request: ChatRequest
    base_url: str
    model: str
    secret: Secret | None
    stream: bool
    max_tokens: int | None = None
    context_tokens: int = 0  # what the request needs in all; a local server sets its window to it
    headers: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    extra: Json = field(default_factory=dict)  # body fields put in as they are
    dropped: frozenset[str] = frozenset()  # parameters this route is known to refuse, in our words or the wire's
    stream_usage: bool = True  # ask for usage in the stream; False where the server is known to refuse that
    prefill: bool = False  # the last assistant message may stay last


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One HTTP request. The header values hold a secret: never shown, never logged."""

    method: str
    url: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes | None = field(default=None, repr=False)


# ---- what comes back, piece by piece


@dataclass(frozen=True, slots=True)
class TextPiece:
    text: str


@dataclass(frozen=True, slots=True)
class ReasoningPiece:
    text: str


@dataclass(frozen=True, slots=True)
class ToolPiece:
    """A whole tool call: dialects join the fragments."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class UsagePiece:
    usage: Usage  # the totals known so far; a later piece replaces an earlier one


@dataclass(frozen=True, slots=True)
class ModelPiece:
    """The model that the server says it runs."""

    model: str


@dataclass(frozen=True, slots=True)
class FinishPiece:
    """The answer is complete. `raw` is the service's own word; `detail` what it says of a refusal."""

    reason: FinishReason
    raw: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class ErrorPiece:
    """An error inside a 200 answer or stream."""

    error: WireError


@dataclass(frozen=True, slots=True)
class NotePiece:
    """Something odd that was passed over, such as one malformed chunk."""

    text: str


@dataclass(frozen=True, slots=True)
class HeldPiece:
    """Output came that is handed on later or never, such as a fragment of a tool call: the model is not silent."""


HELD = HeldPiece()

Piece = (
    TextPiece | ReasoningPiece | ToolPiece | UsagePiece | ModelPiece | FinishPiece | ErrorPiece | NotePiece | HeldPiece
)


@dataclass(frozen=True, slots=True)
class WireError:
    """An error as the service words it, read from any dialect's error body; `engine.classify` says what it means."""

    code: str | None = None  # error.code where it is a word, else error.status or error.type
    type: str | None = None
    message: str = ""
    parameter: str | None = None
    retry_after_s: float | None = None  # body hints only, such as Gemini's retryDelay; headers are read elsewhere
    status: int | None = None  # where the body itself states one
    upstream: bool = False  # the service passes on another provider's error (OpenRouter's metadata.provider_name)


class StreamReader(Protocol):
    """Reads one stream. `feed` takes one framed message (SSE event name and data, or one NDJSON line with event "")."""

    def feed(self, event: str, data: str) -> Sequence[Piece]:
        """Malformed data gives a NotePiece, never an exception."""
        ...

    def close(self) -> Sequence[Piece]:
        """The connection ended: pieces that were still held back (whole tool calls of a complete answer)."""
        ...

    @property
    def is_complete(self) -> bool:
        """Whether the answer's end marker was seen (`finish_reason`, `[DONE]`, `message_stop`, `done`)."""
        ...

    @property
    def is_ended(self) -> bool:
        """Whether nothing more is to come, usage included (`[DONE]`, `message_stop`, `done`)."""
        ...

    @property
    def held(self) -> str:
        """Output that came and was not handed on (yet): it was made, and is charged for."""
        ...


@dataclass(frozen=True, slots=True)
class ListedModel:
    id: str
    context_tokens: int | None = None
    output_tokens: int | None = None


class Dialect(Protocol):
    @property
    def kind(self) -> ProviderKind: ...

    @property
    def framing(self) -> Framing: ...

    def encode(self, call: Call) -> Outgoing: ...

    def reader(self, call: Call) -> StreamReader: ...

    def read_whole(self, document: object, call: Call) -> Sequence[Piece]:
        """Reads a non-streaming answer: ends with a FinishPiece, or an ErrorPiece for an error inside 200."""
        ...

    def read_error(self, status: int, body: bytes) -> WireError:
        """Reads an error body of any shape: JSON, HTML, text, nothing."""
        ...

    def models_request(
        self, base_url: str, secret: Secret | None, headers: Mapping[str, str], query: Mapping[str, str]
    ) -> Outgoing: ...

    def read_models(self, document: object) -> Sequence[ListedModel]: ...

    def inexpressible(self, request: ChatRequest) -> str | None:
        """What this wire cannot say of the request, in words; None if it can say it all."""
        ...
