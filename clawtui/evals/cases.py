"""What a case asks and what it expects: frozen values that a suite's file is read into."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from clawtui.engine.request import Json, Media, Message, Tool


@dataclass(frozen=True, slots=True)
class Expectation:
    """One thing that must hold. `arguments` is what the file says beside the grader's name, checked by the loader.

    A group (`any`) holds where one of `alternatives` does; its grader is "any".
    """

    grader: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    negated: bool = False
    alternatives: tuple[Expectation, ...] = ()

    @property
    def name(self) -> str:
        return f"not_{self.grader}" if self.negated else self.grader


@dataclass(frozen=True, slots=True)
class Turn:
    """One call of a case: what is said before it, and what its answer must satisfy.

    The answers of the turns before stand in front of `messages`. A `tool` message without a call id answers the call of
    that name in the answer before.
    """

    messages: tuple[Message, ...]
    expect: tuple[Expectation, ...] = ()


@dataclass(frozen=True, slots=True)
class LongText:
    """A text as long as the profile can read, with needles in it: built when the profile is known."""

    needles: tuple[str, ...]
    at: tuple[float, ...]  # where, as shares of the length
    max_tokens: int  # never longer than this
    question: str


@dataclass(frozen=True, slots=True)
class Case:
    suite: str
    id: str
    turns: tuple[Turn, ...]
    description: str = ""
    system: str = ""
    tools: tuple[Tool, ...] = ()
    tool_choice: str | None = None
    parallel_tools: bool | None = None
    schema: Json | None = None
    needs: frozenset[str] = frozenset()  # capabilities; where one is a known no, the case is unsupported
    max_tokens: int | None = None
    temperature: float | None = None
    reasoning_effort: str | None = None
    images: tuple[Media, ...] = ()  # of the first turn
    long_text: LongText | None = None  # of the first turn
    tags: frozenset[str] = frozenset()
    weight: float = 1.0
    repeats: int = 1  # every case of a reliability suite asks to be run several times
    expect: tuple[Expectation, ...] = ()  # of the last answer


@dataclass(frozen=True, slots=True)
class Suite:
    id: str
    description: str
    cases: tuple[Case, ...]
    source: str  # "shipped", or the file
