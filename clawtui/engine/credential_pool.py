"""One provider's credentials as they are now: which cool, for which model, and which is chosen next."""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass, field
from typing import assert_never

from clawtui.config.schema import PoolStrategy
from clawtui.config.secrets import Credential

MOST_CONVERSATIONS = 1_000


@dataclass(slots=True)
class Cooling:
    """Out of use for one model or for all. `until` is monotonic; a dead one has none."""

    until: float | None
    cause: str
    strikes: int
    since: float  # monotonic; what began before it says nothing new
    passes_by: bool = False  # told by headers before a refusal: not a strike

    def left(self, now: float) -> float:
        return float("inf") if self.until is None else self.until - now


@dataclass(slots=True)
class Entry:
    credential: Credential
    uses: int = 0
    in_flight: int = 0
    cooling: dict[str | None, Cooling] = field(default_factory=dict)
    stamps: dict[str | None, float] = field(default_factory=dict)  # wall, of the newest word for a model or all

    @property
    def label(self) -> str:
        return self.credential.label

    def left(self, model: str, now: float) -> float:
        """Seconds until it is free for the model; 0: now; infinite: dead."""
        if not self.cooling:
            return 0.0
        return max(0.0, *(self.cooling[key].left(now) for key in (None, model) if key in self.cooling), 0.0)

    def is_old_news(self, began: float, model: str | None) -> bool:
        """Whether a call began before the present cooling did: of many refused at once, one is the news."""
        cooling = self.cooling.get(model)
        return cooling is not None and not cooling.passes_by and began <= cooling.since


@dataclass(slots=True)
class Pool:
    provider: str
    strategy: PoolStrategy
    references: tuple[str, ...]
    entries: list[Entry]
    deferred: bool  # commands and keyrings that nobody asked yet
    keyless: bool
    missing: str = ""  # why asking led nowhere
    ask_after: float = 0.0  # monotonic; then a command that failed is asked again
    asking: asyncio.Lock = field(default_factory=asyncio.Lock)
    turn: int = 0
    conversations: dict[str, str] = field(default_factory=dict)  # conversation -> label it stays on

    def chosen(self, free: list[Entry], conversation: str | None, rng: random.Random) -> Entry:
        """One of those that are free. Prompt caches are kept by key: a conversation stays where it began."""
        if conversation is None or self.strategy is not PoolStrategy.FILL_FIRST:
            return self._by_strategy(free, rng)
        label = self.conversations.pop(conversation, None)
        entry = next((each for each in free if each.label == label), None) or self._by_strategy(free, rng)
        if len(self.conversations) >= MOST_CONVERSATIONS:
            self.conversations.pop(next(iter(self.conversations)))
        self.conversations[conversation] = entry.label
        return entry

    def _by_strategy(self, free: list[Entry], rng: random.Random) -> Entry:
        match self.strategy:
            case PoolStrategy.FILL_FIRST:
                return free[0]
            case PoolStrategy.ROUND_ROBIN:
                self.turn += 1
                order = self.entries
                for step in range(len(order)):
                    entry = order[(self.turn - 1 + step) % len(order)]
                    if entry in free:
                        self.turn += step
                        return entry
                return free[0]
            case PoolStrategy.LEAST_USED:
                return min(free, key=lambda entry: (entry.in_flight, entry.uses))
            case PoolStrategy.RANDOM:
                return rng.choice(free)
            case _:
                assert_never(self.strategy)
