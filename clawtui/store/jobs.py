"""Changes on their way to the writer's thread, and the word that goes back to the loop that waits for one."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Change = Callable[[sqlite3.Connection], object]


class StoreDown(Exception):
    """Nothing can be written now; the message says why."""


@dataclass(slots=True, eq=False)
class Job:
    change: Change
    loop: asyncio.AbstractEventLoop | None = None
    future: asyncio.Future[object] | None = None

    @property
    def is_abandoned(self) -> bool:
        return self.future is not None and self.future.done()


def resolve(done: list[tuple[Job, object]]) -> None:
    """One wake-up of a loop for all of a batch that it waits for."""
    by_loop: dict[asyncio.AbstractEventLoop, list[tuple[asyncio.Future[object], object]]] = {}
    for job, result in done:
        if job.future is not None and job.loop is not None:
            by_loop.setdefault(job.loop, []).append((job.future, result))
    for loop, results in by_loop.items():
        _on_loop(loop, results, asyncio.Future.set_result)


def reject(job: Job, error: Exception) -> None:
    if job.future is not None and job.loop is not None:
        _on_loop(job.loop, [(job.future, error)], asyncio.Future.set_exception)


def _on_loop(
    loop: asyncio.AbstractEventLoop,
    results: list[tuple[asyncio.Future[object], Any]],
    act: Callable[[asyncio.Future[object], Any], None],
) -> None:
    def tell() -> None:
        for future, result in results:
            if not future.done():  # whoever waited may have been cancelled
                act(future, result)

    try:
        loop.call_soon_threadsafe(tell)
    except RuntimeError:  # the loop has ended
        pass
