"""What every pane has at hand: the runtime on its own thread, the clock, and what the screen remembers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from clawtui.config.paths import Paths
from clawtui.engine.clock import Clock
from clawtui.engine.request import ChatRequest
from clawtui.runtime import Runtime
from clawtui.runtime.thread import RequestHandle, RuntimeThread, Source
from clawtui.tui.remembered import Remembered

T = TypeVar("T")


@dataclass(slots=True)
class Desk:
    thread: RuntimeThread
    paths: Paths
    clock: Clock
    remembered: Remembered  # last pane, theme, conversation, drafts, sorts: saved by the app, off the loop
    is_demo: bool = False
    vim_keys: bool = True

    async def do(self, ask: Callable[[Runtime], Awaitable[T]]) -> T:
        """Runs `ask(runtime)` on the engine's loop. Everything a pane reads or changes goes through here."""
        return await self.thread.do(ask)

    def stream(self, request: ChatRequest, source: Source | None = None) -> RequestHandle:
        """Starts a request; it runs on even if the pane goes away, and ends by itself or by `cancel`."""
        return self.thread.stream(request, source)

    def now(self) -> float:
        return self.clock.wall()
