"""The four wire formats that the simulator speaks, one file each."""

from clawtui.simulator.dialects.anthropic import Anthropic
from clawtui.simulator.dialects.gemini import Gemini
from clawtui.simulator.dialects.ollama import Ollama
from clawtui.simulator.dialects.openai import OpenAI
from clawtui.simulator.dialects.protocol import Dialect
from clawtui.simulator.script import DialectKind

DIALECTS: dict[DialectKind, Dialect] = {
    DialectKind.OPENAI: OpenAI(),
    DialectKind.ANTHROPIC: Anthropic(),
    DialectKind.GEMINI: Gemini(),
    DialectKind.OLLAMA: Ollama(),
}

__all__ = ["DIALECTS"]
