"""What the simulator was asked: one record a request, and waiting for records to come. Keys are known by label only."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from clawtui.simulator.script import DialectKind, FaultKind

KEPT_RECORDS = 10_000


class Outcome(StrEnum):
    RUNNING = "running"
    ANSWERED = "answered"
    REFUSED = "refused"  # the request or the key was no good
    FAULTED = "faulted"  # the script had something go wrong, and it went wrong
    DISCONNECTED = "disconnected"  # the caller went away first
    CLOSED = "closed"  # the simulator was closed first


@dataclass(slots=True)
class Received:
    number: int
    provider: str
    dialect: DialectKind
    path: str
    started: float
    headers: Mapping[str, str]  # without those that carry keys
    body: Any = None
    size: int = 0
    key: str | None = None
    model: str = ""
    stream: bool = False
    roles: tuple[str, ...] = ()
    images: int = 0
    sounds: int = 0
    tools: tuple[str, ...] = ()
    fault: FaultKind | None = None
    status: int | None = None
    chunks: int = 0
    first_chunk: float | None = None
    ended: float | None = None
    outcome: Outcome = Outcome.RUNNING

    @property
    def disconnected(self) -> bool:
        return self.outcome is Outcome.DISCONNECTED

    def as_json(self) -> dict[str, Any]:
        return {
            "number": self.number,
            "provider": self.provider,
            "dialect": self.dialect.value,
            "path": self.path,
            "model": self.model,
            "key": self.key,
            "stream": self.stream,
            "roles": list(self.roles),
            "images": self.images,
            "sounds": self.sounds,
            "tools": list(self.tools),
            "size": self.size,
            "headers": dict(self.headers),
            "body": self.body,
            "fault": None if self.fault is None else self.fault.value,
            "status": self.status,
            "chunks": self.chunks,
            "started": self.started,
            "first_chunk": self.first_chunk,
            "ended": self.ended,
            "outcome": self.outcome.value,
        }


@dataclass(slots=True)
class RequestLog:
    """Counts go on where old records have been dropped."""

    requests: deque[Received] = field(default_factory=lambda: deque(maxlen=KEPT_RECORDS))
    listings: deque[Received] = field(default_factory=lambda: deque(maxlen=KEPT_RECORDS))
    received: int = 0
    ended: int = 0
    disconnects: int = 0
    running: Counter[str] = field(default_factory=Counter)
    most_at_once: Counter[str] = field(default_factory=Counter)
    _waiting: list[asyncio.Future[None]] = field(default_factory=list)

    def opened(self, record: Received) -> None:
        self.requests.append(record)
        self.received += 1
        self.running[record.provider] += 1
        self.most_at_once[record.provider] = max(self.most_at_once[record.provider], self.running[record.provider])
        self.changed()

    def closed(self, record: Received) -> None:
        self.ended += 1
        self.disconnects += record.outcome is Outcome.DISCONNECTED
        self.running[record.provider] -= 1
        self.changed()

    def reset(self) -> None:
        """Forgets what is over; what still runs stays counted as running, and ends into the new count."""
        self.requests.clear()
        self.listings.clear()
        self.most_at_once.clear()
        self.received = self.ended = self.disconnects = 0

    async def until(self, holds: Callable[[], bool]) -> None:
        """Returns as soon as the condition holds; looked at again whenever a request comes, sends a chunk or ends."""
        while not holds():
            waiter = asyncio.get_running_loop().create_future()
            self._waiting.append(waiter)
            await waiter

    def changed(self) -> None:
        """Lets those who wait look again."""
        if self._waiting:
            waiting, self._waiting = self._waiting, []
            for waiter in waiting:
                if not waiter.done():
                    waiter.set_result(None)
