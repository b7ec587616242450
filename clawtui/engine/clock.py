"""Time as a value that is passed in: the engine never asks the system for it, so tests never sleep."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from types import TracebackType
from typing import Protocol


class Timer(Protocol):
    def cancel(self) -> None: ...


class Clock(Protocol):
    def monotonic(self) -> float:
        """Seconds that only go forward. For every duration inside the process."""
        ...

    def wall(self) -> float:
        """Seconds since the epoch. For what is stored and shown."""
        ...

    async def sleep(self, seconds: float) -> None: ...

    def call_later(self, seconds: float, callback: Callable[[], None]) -> Timer: ...


class SystemClock:
    """The clock of the machine."""

    def monotonic(self) -> float:
        return time.monotonic()

    def wall(self) -> float:
        return time.time()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    def call_later(self, seconds: float, callback: Callable[[], None]) -> Timer:
        return asyncio.get_running_loop().call_later(seconds, callback)


class Deadline:
    """`async with Deadline(clock, 5.0):` raises TimeoutError inside the block once the clock says so.

    Like asyncio.timeout, but by the injected clock; `extend` restarts it, so that one timer serves a whole stream,
    and `pause` stops the count while a generator has handed a value out: the time its consumer takes is not the
    server's. A cancellation from outside that arrives in the same moment stays a cancellation.
    """

    __slots__ = ("_cancelling", "_clock", "_due", "_expired", "_paused", "_seconds", "_task", "_timer", "_timer_due")

    def __init__(self, clock: Clock, seconds: float | None) -> None:
        self._clock = clock
        self._seconds = seconds
        self._due = 0.0
        self._timer_due = 0.0
        self._task: asyncio.Task[object] | None = None
        self._cancelling = 0
        self._timer: Timer | None = None
        self._expired = False
        self._paused = False

    async def __aenter__(self) -> Deadline:
        self._task = asyncio.current_task()
        self._cancelling = self._task.cancelling() if self._task is not None else 0
        self.extend(self._seconds)
        return self

    def extend(self, seconds: float | None) -> None:
        """From now on `seconds` are left. Cheap when it moves the end away: the running timer fires and looks again."""
        self._paused = False
        if seconds is None:
            self._stop()
            return
        self._due = self._clock.monotonic() + seconds
        if self._timer is not None and self._timer_due <= self._due:
            return
        self._stop()
        self._start(seconds)

    def pause(self) -> None:
        """Until the next `extend` nothing expires."""
        self._paused = True

    def _start(self, seconds: float) -> None:
        self._timer_due = self._due
        self._timer = self._clock.call_later(max(0.0, seconds), self._fire)

    def _fire(self) -> None:
        self._timer = None
        if self._paused:
            return
        left = self._due - self._clock.monotonic()
        if left > 0:
            self._start(left)
            return
        self._expired = True
        if self._task is not None:
            self._task.cancel()

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        self._stop()
        task, self._task = self._task, None
        if self._expired and task is not None:
            # Ours was one of the cancellations; only if it was the last one does it become the timeout.
            ours = task.uncancel() <= self._cancelling
            if ours and kind is not None and issubclass(kind, asyncio.CancelledError):
                raise TimeoutError from error
        return False
