"""Runs the cases of a run: several at once, so many a provider, each kept as soon as its result is known."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from clawtui.config.schema import Retention
from clawtui.engine.clock import Clock
from clawtui.engine.engine import Engine
from clawtui.engine.fusing.readiness import TARGET
from clawtui.evals.cache import cache_key
from clawtui.evals.cases import Suite
from clawtui.evals.documents import kept_summary
from clawtui.evals.playing import play
from clawtui.evals.purse import Purse, Spent
from clawtui.evals.records import read_case, stored_case, stored_run
from clawtui.evals.results import CaseKey, CaseResult, Run, Verdict
from clawtui.evals.work import Item, items, left
from clawtui.store.evals import StoredEvals
from clawtui.store.writer import StoreDown

MOST_AT_ONCE = 64  # over all providers: what waits costs memory


@dataclass(frozen=True, slots=True)
class CaseStarted:
    key: CaseKey


@dataclass(frozen=True, slots=True)
class CaseEnded:
    result: CaseResult


Progress = CaseStarted | CaseEnded


class Runner:
    """One run, new or resumed. Cancelling `run` keeps what is done, and so does a kill."""

    def __init__(
        self,
        engine: Engine,
        evals: StoredEvals,
        clock: Clock,
        suites: Sequence[Suite],
        run: Run,
        tell: Callable[[Progress], None] = lambda _: None,
    ) -> None:
        self._engine = engine
        self._evals = evals
        self._clock = clock
        self._run = run
        self._tell = tell
        self._results = {result.key: result for result in run.results}
        self._items = items(suites, run.settings)
        spent = sum(result.cost.usd or 0.0 for result in run.results if not result.is_cached)
        self._purse = Purse(run.settings.max_usd, spent)
        self._slots: defaultdict[str, asyncio.Semaphore] = defaultdict(
            lambda: asyncio.Semaphore(run.settings.concurrency)
        )
        self._stopped = ""
        self._keeps_text = self._retention() is Retention.FULL

    async def run(self) -> Run:
        """The run with all its results. Where it was stopped by its sum of money, `stopped` says so."""
        if not self._run.results:
            await self._kept(self._evals.begin(stored_run(self._run)))
        queue = iter(left(self._items, self._results))
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(MOST_AT_ONCE):
                    group.create_task(self._work(queue))
        except asyncio.CancelledError:
            await self._end("cancelled")
            raise
        return await self._end(self._stopped)

    async def _work(self, queue: Iterator[Item]) -> None:
        """Takes one item after the other. One iterator for all: nothing is awaited between taking and starting."""
        for item in queue:
            async with self._slots[self._provider(item.key.profile)]:
                if self._stopped:
                    return
                self._tell(CaseStarted(item.key))
                try:
                    result = await self._one(item)
                except Spent as spent:
                    self._stopped = self._stopped or f"max_usd: {spent}"
                    return
            self._results[item.key] = result
            await self._kept(self._evals.add(stored_case(self._run.id, result, keeps_text=self._keeps_text)))
            self._tell(CaseEnded(result))

    async def _one(self, item: Item) -> CaseResult:
        settings, at = self._run.settings, self._clock.wall()
        key = cache_key(self._engine, item, settings) if self._keeps_text else None
        if settings.use_cache and key is not None:
            stored = await self._evals.cached(key)
            if stored is not None:
                return replace(read_case(stored), key=item.key, is_cached=True, cache_key=key)
        playing = asyncio.ensure_future(play(self._engine, item.case, item.key, settings, self._purse, at))
        limit = asyncio.ensure_future(self._clock.sleep(settings.case_limit_s))
        try:
            await asyncio.wait({playing, limit}, return_when=asyncio.FIRST_COMPLETED)
            if playing.done():
                result = playing.result()
                graded = result.verdict in (Verdict.PASS, Verdict.FAIL)
                return replace(result, cache_key=key if graded else None)
            reason = f"it took longer than {settings.case_limit_s:g} s"
            return CaseResult(item.key, Verdict.ERROR, reason=reason, weight=item.case.weight, at=at)
        finally:
            limit.cancel()
            if not playing.done():
                playing.cancel()
            await asyncio.gather(playing, limit, return_exceptions=True)

    async def _end(self, stopped: str) -> Run:
        results = tuple(self._results[item.key] for item in self._items if item.key in self._results)
        done = len(results) == len(self._items)
        ended = self._clock.wall() if done else None
        run = replace(self._run, results=results, ended=ended, stopped="" if done else stopped)
        await self._kept(self._evals.end(run.id, ended, kept_summary(run)))
        return run

    @staticmethod
    async def _kept(change: Awaitable[None]) -> None:
        """A store that is down costs the run nothing but its place in the list of runs."""
        try:
            await change
        except StoreDown:
            pass

    def _provider(self, profile: str) -> str:
        spec = self._engine.registry.profiles.get(profile)
        return spec.route.provider if spec else TARGET if profile.startswith(TARGET) else ""

    def _retention(self) -> Retention:
        registry = self._engine.registry
        policy = registry.policies.get(self._run.settings.policy or registry.default_policy)
        return policy.retention if policy else Retention.METADATA
