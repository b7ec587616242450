"""What most tests stand on: a clock that goes only when told, and an engine over real sockets to the simulator."""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from clawtui.config.schema import Config, Retention
from clawtui.engine.bus import EventBus
from clawtui.engine.engine import Engine
from clawtui.engine.events import BusEvent
from clawtui.engine.memory import MemoryLedger, MemoryState
from clawtui.engine.outcome import Trace
from clawtui.engine.ports import StateRecord
from clawtui.engine.request import ChatRequest, user
from clawtui.simulator import DialectKind, Script, Simulator

NEW_YEAR = 1_798_761_600.0  # 2027-01-01T00:00Z


class FakeTimer:
    def __init__(self, due: float, callback: Callable[[], None]) -> None:
        self.due = due
        self.callback: Callable[[], None] | None = callback

    def cancel(self) -> None:
        self.callback = None


class FakeClock:
    """Stands still until `advance`. With `auto`, whoever sleeps makes the time pass at once."""

    def __init__(self, wall: float = NEW_YEAR, *, auto: bool = False) -> None:
        self._now = 1_000.0
        self._wall = wall
        self._auto = auto
        self._timers: list[tuple[float, int, FakeTimer]] = []
        self._count = itertools.count()

    def monotonic(self) -> float:
        return self._now

    def wall(self) -> float:
        return self._wall

    def set_back(self, seconds: float) -> None:
        """The machine's clock is corrected; monotonic time knows nothing of it."""
        self._wall -= seconds

    def call_later(self, seconds: float, callback: Callable[[], None]) -> FakeTimer:
        timer = FakeTimer(self._now + seconds, callback)
        heapq.heappush(self._timers, (timer.due, next(self._count), timer))
        return timer

    async def sleep(self, seconds: float) -> None:
        if self._auto:
            self._jump(self._now + seconds)
            await asyncio.sleep(0)
            return
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.call_later(seconds, lambda: done.done() or done.set_result(None))
        await done

    async def advance(self, seconds: float) -> None:
        """Fires what is due on the way, in order, and lets tasks run in between."""
        end = self._now + seconds
        while self._timers and self._timers[0][0] <= end:
            self._jump(self._timers[0][0])
            await settle()
        self._jump(end)
        await settle()

    def _jump(self, to: float) -> None:
        self._wall += to - self._now
        self._now = to
        while self._timers and self._timers[0][0] <= to:
            _, _, timer = heapq.heappop(self._timers)
            if timer.callback is not None:
                timer.callback()

    @property
    def waiting(self) -> int:
        return sum(timer.callback is not None for _, _, timer in self._timers)


async def settle(turns: int = 20) -> None:
    """Lets every task that can run do so."""
    for _ in range(turns):
        await asyncio.sleep(0)


async def until(holds: Callable[[], bool], seconds: float = 5.0) -> None:
    """Waits for real sockets, bounded; fails where it never holds."""
    async with asyncio.timeout(seconds):
        while not holds():
            await asyncio.sleep(0.002)


class RecordingLedger(MemoryLedger):
    """Remembers what was settled, so that `exactly once` can be asked."""

    def __init__(self, wall: Callable[[], float]) -> None:
        super().__init__(wall)
        self.settled: list[Trace] = []

    def settle(self, trace: Trace, retention: Retention) -> None:
        self.settled.append(trace)
        super().settle(trace, retention)

    @property
    def open_reservations(self) -> int:
        return len(self._open)


class RecordingState(MemoryState):
    def __init__(self) -> None:
        self.saved: list[StateRecord] = []

    def save(self, record: StateRecord) -> None:
        self.saved.append(record)


@dataclass
class House:
    simulator: Simulator
    engine: Engine
    clock: FakeClock
    ledger: RecordingLedger
    state: RecordingState
    events: list[BusEvent] = field(default_factory=list)

    async def ask(self, text: str = "hello", **wishes: Any) -> Trace:
        return await self.engine.ask(a_request(text, **wishes))

    def called(self) -> list[str]:
        """Provider/model of every call that reached the simulator."""
        return [f"{each.provider}/{each.model}" for each in self.simulator.requests]


def a_request(text: str = "hello", **wishes: Any) -> ChatRequest:
    return ChatRequest((user(text),), **wishes)


def a_config(simulator: Simulator, **tables: Any) -> Config:
    """Four providers, one a dialect, each with one key; `tables` are laid over it one level deep."""
    config: dict[str, Any] = {
        "default_profile": "first",
        "providers": {
            "one": {"kind": "openai", "base_url": simulator.url("one"), "credentials": ["env:KEYS_ONE"]},
            "two": {
                "kind": "anthropic",
                "base_url": simulator.url("two", DialectKind.ANTHROPIC),
                "credentials": ["env:KEYS_TWO"],
            },
            "three": {
                "kind": "gemini",
                "base_url": simulator.url("three", DialectKind.GEMINI),
                "credentials": ["env:KEYS_THREE"],
            },
            "four": {"kind": "ollama", "base_url": simulator.url("four", DialectKind.OLLAMA), "credentials": []},
        },
        "profiles": {
            "first": {"provider": "one", "model": "alpha", "fallback_profiles": ["second"]},
            "second": {"provider": "two", "model": "beta"},
            "third": {"provider": "three", "model": "gamma"},
            "local": {"provider": "four", "model": "delta:8b", "tags": ["local"]},
        },
    }
    for name, table in tables.items():
        if isinstance(table, Mapping) and isinstance(config.get(name), dict):
            for key, value in table.items():
                before = config[name].get(key)
                both = isinstance(before, dict) and isinstance(value, Mapping)
                config[name][key] = {**before, **value} if both else value
        else:
            config[name] = table
    return Config.model_validate(config)


KEYS = {"KEYS_ONE": "quokka-one-zz", "KEYS_TWO": "quokka-two-zz", "KEYS_THREE": "quokka-three-zz"}


@asynccontextmanager
async def a_house(
    script: Script | None = None,
    *,
    clock: FakeClock | None = None,
    environ: Mapping[str, str] = KEYS,
    ledger: Any = None,
    **tables: Any,
) -> AsyncIterator[House]:
    clock = clock or FakeClock(auto=True)
    async with Simulator(script) as simulator:
        book = ledger or RecordingLedger(clock.wall)
        state, bus = RecordingState(), EventBus()
        engine = Engine(
            a_config(simulator, **tables),
            environ=environ,
            secret_key=b"k" * 32,
            clock=clock,
            ledger=book,
            state=state,
            bus=bus,
        )
        house = House(simulator, engine, clock, book, state)
        bus.subscribe(house.events.append)
        await engine.start()
        try:
            yield house
        finally:
            await engine.aclose()
