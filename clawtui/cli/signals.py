"""Ctrl-C, a polite kill and a terminal that goes away: all three end the work and let everything be closed."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from clawtui.cli.stopping import Status, Stop

T = TypeVar("T")


class Stopping:
    """Runs work that a signal cancels, so that what runs upstream is stopped and settled. Between one work and the next,
    and while all is closed, signals change nothing: closing takes seconds at most."""

    def __init__(self) -> None:
        self._task: asyncio.Future[Any] | None = None
        self._is_stopped = False

    def stop(self) -> None:
        if self._task is not None and not self._is_stopped:
            self._task.cancel()  # once: what settles the work is not to be cancelled, too
        self._is_stopped = True

    async def __call__(self, work: Awaitable[T]) -> T:
        task = asyncio.ensure_future(work)
        self._task = task
        if self._is_stopped:
            task.cancel()
        try:
            return await task
        except asyncio.CancelledError:
            if self._is_stopped:
                raise Stop("interrupted", status=Status.INTERRUPTED) from None
            raise
        finally:
            self._task = None


@contextmanager
def stoppable() -> Iterator[Stopping]:
    """Holds the signals until its end, which is when everything is closed."""
    stopping, loop = Stopping(), asyncio.get_running_loop()
    handled = []
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if number is signal.SIGHUP and signal.getsignal(number) is signal.SIG_IGN:
            continue  # nohup
        try:
            loop.add_signal_handler(number, stopping.stop)
            handled.append(number)
        except (NotImplementedError, RuntimeError, ValueError):
            continue  # not the main thread, as in tests: the caller's own way of cancelling holds
    try:
        yield stopping
    finally:
        for number in handled:
            loop.remove_signal_handler(number)
