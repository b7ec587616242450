"""The seam between a provider's play and its wire format: a dialect reads requests and writes answers and errors."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from clawtui.simulator.answers import Answer
from clawtui.simulator.asked import Asked
from clawtui.simulator.problem import Problem
from clawtui.simulator.script import ModelScript


@dataclass(frozen=True, slots=True)
class Arrived:
    """A chat request as it came: parsed body, lower-case headers, what the path said."""

    body: Mapping[str, Any]
    headers: Mapping[str, str]
    model: str | None = None  # where the path names it
    stream: bool | None = None  # where the path says it
    sse: bool = True


@dataclass(frozen=True, slots=True)
class Piece:
    """What one chunk of the answer looks like on the wire, and for how many tokens it stands."""

    data: bytes
    tokens: int


@dataclass(frozen=True, slots=True)
class Frames:
    """A streamed answer in parts that faults can leave out, move or break."""

    pieces: Iterable[Piece]
    ending: bytes  # finish reason, and usage where this dialect puts it
    finish: bytes  # finish reason alone
    usage: bytes  # usage alone, as some servers send it late
    done: bytes  # end marker
    early: bytes = b""  # goes out before the first token
    opening: bytes = b""  # goes out with the first token


@dataclass(frozen=True, slots=True)
class Limits:
    """What is left of a quota, for the headers that announce it."""

    limit: int
    remaining: int
    resets_in: float
    resets_at: float


@dataclass(frozen=True, slots=True)
class ListedModel:
    name: str
    script: ModelScript = field(default_factory=ModelScript)


class Dialect(Protocol):
    def read(self, arrived: Arrived) -> Asked:
        """Raises `Refused` for what the real service would turn down."""

    def whole(self, answer: Answer) -> dict[str, Any]: ...

    def frames(self, answer: Answer, asked: Asked) -> Frames: ...

    def problem(self, problem: Problem) -> tuple[int, dict[str, Any], dict[str, str]]:
        """Status, body and headers of an error."""

    def problem_frame(self, problem: Problem) -> bytes:
        """The same error inside a stream that began with 200."""

    def stream_type(self, asked: Asked) -> str: ...

    def malformed_frame(self) -> bytes: ...

    def limit_headers(self, limits: Limits) -> dict[str, str]: ...

    def answer_headers(self, request_id: str) -> dict[str, str]: ...

    def models(self, listed: list[ListedModel]) -> dict[str, Any]: ...


# Stands where a chunk's text goes; nothing that a caller names is ever exactly this.
MARK = "\x00\x01simulated"


def encode(value: Any) -> bytes:
    """JSON as services write it: UTF-8, not escaped. A lone surrogate, which UTF-8 cannot carry, becomes `?`."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def sse(value: Any, event: str | None = None) -> bytes:
    head = b"" if event is None else b"event: " + event.encode() + b"\n"
    return head + b"data: " + encode(value) + b"\n\n"


def halves(before: Any, marker: str = MARK) -> tuple[bytes, bytes]:
    """Encodes a frame once and splits it where a chunk's text goes, so that a stream encodes only its text."""
    first, second = encode(before).split(encode(marker))
    return first, second
