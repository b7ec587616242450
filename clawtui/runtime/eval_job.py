"""An eval run that goes on by itself on the engine's loop; who wants to see it asks for what is new."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace

from clawtui.evals.results import Run
from clawtui.evals.runner import CaseEnded, Progress
from clawtui.runtime.evaluating import Evaluating, Prepared
from clawtui.runtime.runtime import Runtime


@dataclass(frozen=True, slots=True)
class News:
    """What has happened since the last look; `run` is there when it is over."""

    progress: tuple[Progress, ...]
    is_over: bool
    run: Run | None


class EvalJob:
    def __init__(self, prepared: Prepared, began: float) -> None:
        self.prepared = prepared
        self.began = began
        self._progress: list[Progress] = []
        self._is_over = False
        self._run: Run | None = None
        self._task: asyncio.Task[None] | None = None

    def _tell(self, progress: Progress) -> None:
        """Without what was said: that lies on disk, and thousands of results would fill the memory with it."""
        if isinstance(progress, CaseEnded):
            progress = CaseEnded(replace(progress.result, transcript=()))
        self._progress.append(progress)

    async def _work(self, runtime: Runtime) -> None:
        try:
            self._run = await Evaluating(runtime).start(self.prepared, self._tell)
        finally:
            self._is_over = True

    async def news(self, since: int) -> News:
        return News(tuple(self._progress[since:]), self._is_over, self._run)

    async def cancel(self) -> None:
        """What is done is kept."""
        if self._task is not None:
            self._task.cancel()


async def start_job(runtime: Runtime, prepared: Prepared) -> EvalJob:
    job = EvalJob(prepared, runtime.clock.wall())
    job._task = runtime.own(lambda: job._work(runtime), "eval run")
    return job
