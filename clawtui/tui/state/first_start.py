"""What the first start shows: what was found here, by name, and the file that would be written of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from clawtui.config.catalogue import known_providers
from clawtui.config.discovery import Discovered, as_file

FIRST_PROMPT = "Say hello, and tell me in one sentence what you are good at."
MOST_SERVERS = 12


@dataclass(frozen=True, slots=True)
class FoundLine:
    name: str  # the variable, or the server's address
    words: str
    is_usable: bool = True


@dataclass(frozen=True, slots=True)
class FirstStart:
    file: Path
    found: tuple[FoundLine, ...]
    text: str  # of the file that would be written

    @property
    def can_be_used(self) -> bool:
        return any(line.is_usable for line in self.found)


def first_start(discovered: Discovered | None, file: Path) -> FirstStart:
    discovered = discovered or Discovered()
    known = known_providers()
    lines: list[FoundLine] = []
    for key in discovered.keys:
        provider = known[key.provider]
        model = provider.default_model
        words = f"{provider.name}, {model}" if model else f"{provider.name}: name a model to use it"
        lines.append(FoundLine(key.variable, words, model is not None))
    for server in discovered.servers[:MOST_SERVERS]:
        models = len(server.models)
        words = f"{known[server.provider].name} answers, {models} {'model' if models == 1 else 'models'}"
        lines.append(FoundLine(server.base_url, words, models > 0))
    return FirstStart(file, tuple(lines), as_file(discovered))
