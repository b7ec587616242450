"""Wire protocols: one file a protocol, none of which does I/O, and `http` that does."""

from __future__ import annotations

from functools import cache
from typing import assert_never

from clawtui.config.schema import ProviderKind
from clawtui.engine.wire.dialect import Dialect


@cache
def dialect_for(kind: ProviderKind) -> Dialect:
    """The dialect of a provider kind, loaded at its first use."""
    match kind:
        case ProviderKind.OPENAI:
            from clawtui.engine.wire.openai import OpenAI

            return OpenAI()
        case ProviderKind.ANTHROPIC:
            from clawtui.engine.wire.anthropic import Anthropic

            return Anthropic()
        case ProviderKind.GEMINI:
            from clawtui.engine.wire.gemini import Gemini

            return Gemini()
        case ProviderKind.OLLAMA:
            from clawtui.engine.wire.ollama import Ollama

            return Ollama()
        case _:
            assert_never(kind)
