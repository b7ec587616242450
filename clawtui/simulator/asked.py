"""What a request asks for, in words that all four dialects share. Read by the dialects, used to choose an answer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from clawtui.simulator.tokens import IMAGE_TOKENS, SOUND_TOKENS, TURN_TOKENS, count_tokens


class Speaker(StrEnum):
    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"
    TOOL = "tool"


@dataclass(frozen=True, slots=True)
class Turn:
    speaker: Speaker
    text: str = ""
    images: int = 0
    sounds: int = 0
    calls: tuple[str, ...] = ()

    @property
    def tokens(self) -> int:
        media = self.images * IMAGE_TOKENS + self.sounds * SOUND_TOKENS
        return count_tokens(self.text) + media + TURN_TOKENS * (1 + len(self.calls))


@dataclass(frozen=True, slots=True)
class OfferedTool:
    name: str
    parameters: Mapping[str, Any]


class ToolChoice(StrEnum):
    AUTO = "auto"
    NONE = "none"
    REQUIRED = "required"


@dataclass(frozen=True, slots=True)
class Asked:
    model: str
    turns: tuple[Turn, ...]
    stream: bool = False
    tools: tuple[OfferedTool, ...] = ()
    tool_choice: ToolChoice = ToolChoice.AUTO
    named_tool: str | None = None
    parallel_tools: bool = True
    schema: Mapping[str, Any] | None = None
    wants_json: bool = False
    max_tokens: int | None = None
    stop: tuple[str, ...] = ()
    wants_usage: bool = True
    wants_reasoning: bool = True
    as_array: bool = False  # the stream is one JSON array (Gemini without alt=sse)
    window: int | None = None  # the context size that the caller asked for (Ollama's num_ctx)
    parameters: frozenset[str] = field(default_factory=frozenset)

    @property
    def last_user(self) -> str:
        return next((turn.text for turn in reversed(self.turns) if turn.speaker is Speaker.USER), "")

    @property
    def system(self) -> str:
        return "\n".join(turn.text for turn in self.turns if turn.speaker is Speaker.SYSTEM)

    @property
    def everything(self) -> str:
        return "\n".join(turn.text for turn in self.turns)

    @property
    def tool_results(self) -> tuple[str, ...]:
        """The results that the conversation ends with; empty when the last word is somebody else's."""
        results: list[str] = []
        for turn in reversed(self.turns):
            if turn.speaker is not Speaker.TOOL:
                break
            results.append(turn.text)
        return tuple(reversed(results))

    @property
    def images(self) -> int:
        return sum(turn.images for turn in self.turns)

    @property
    def sounds(self) -> int:
        return sum(turn.sounds for turn in self.turns)

    @property
    def input_tokens(self) -> int:
        offered = sum(count_tokens(json.dumps(tool.parameters)) + TURN_TOKENS for tool in self.tools)
        return sum(turn.tokens for turn in self.turns) + offered

    def forget_oldest(self, limit: int) -> Asked:
        """What a server with a window of `limit` tokens still sees: system messages and the newest turns."""
        left = limit - sum(turn.tokens for turn in self.turns if turn.speaker is Speaker.SYSTEM)
        kept: list[Turn] = []
        for index in range(len(self.turns) - 1, -1, -1):
            turn = self.turns[index]
            if turn.speaker is not Speaker.SYSTEM:
                left -= turn.tokens
                if left < 0 and index != len(self.turns) - 1:
                    continue
            kept.append(turn)
        return replace(self, turns=tuple(reversed(kept)))
