"""Runs the cases of a run: several at once, so many a provider, each kept as soon as its result is known."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from clawtui.engine.clock import Clock
from clawtui.engine.engine import Engine
from clawtui.evals.cache import cache_key
from clawtui.evals.cases import Suite
from clawtui.evals.documents import kept_summary
from clawtui.evals.fingerprint import fingerprint
from clawtui.evals.foreseen import calls_at
from clawtui.evals.places import Places
from clawtui.evals.playing import Game
from clawtui.evals.purse import Purse, Spent
from clawtui.evals.records import keeps_text, read_case, stored_case, stored_run
from clawtui.evals.results import CaseKey, CaseResult, Run, Verdict
from clawtui.evals.work import Item, items, left
from clawtui.store.evals import StoredEvals
from clawtui.store.jobs import StoreDown

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
        known = sum(result.cost.usd or 0.0 for result in run.results if not result.is_cached)
        self._purse = Purse(run.settings.max_usd, max(known, run.spent_usd), self._note_spent)
        self._places = Places(run.settings.concurrency)
        self._stopped = ""
        self._keeps_text = keeps_text(engine, run.settings.policy)

    async def run(self) -> Run:
        """The run with all its results. Where it was stopped by its sum of money, `stopped` says so."""
        await self._kept(self._evals.begin(stored_run(self._run)))
        queue = iter(left(self._items, self._run.done))
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
            async with self._places.taken(calls_at(self._engine.registry, item)):
                if self._stopped:
                    return
                self._tell(CaseStarted(item.key))
                result = await self._cached(item) or await self._played(item)
            await self._keep(result)

    async def _cached(self, item: Item) -> CaseResult | None:
        settings = self._run.settings
        key = cache_key(self._engine, item, settings) if settings.use_cache else None
        try:
            stored = await self._evals.cached(key) if key is not None else None
        except StoreDown:
            return None
        if stored is None:
            return None
        return replace(
            read_case(stored),
            key=item.key,
            at=self._clock.wall(),
            weight=item.case.weight,
            fingerprint=fingerprint(item.case),
            is_cached=True,
            cache_key=key,
        )

    async def _played(self, item: Item) -> CaseResult:
        settings = self._run.settings
        game = Game(self._engine, item.case, item.key, settings, self._purse, self._clock.wall())
        try:
            result = await game.play()
        except asyncio.CancelledError:
            await self._keep(game.ended(Verdict.CANCELLED, "the run was cancelled"))
            raise
        except Spent as spent:
            self._stopped = self._stopped or f"max_usd: {spent}"
            return game.ended(Verdict.CANCELLED, "the run's sum of money would have been passed")
        if result.verdict not in (Verdict.PASS, Verdict.FAIL):
            return result
        return replace(result, cache_key=cache_key(self._engine, item, settings))

    async def _keep(self, result: CaseResult) -> None:
        """On disk at once. What was said lies there alone: thousands of results would fill the memory with it."""
        self._results[result.key] = replace(result, transcript=())
        await self._kept(self._evals.add(stored_case(self._run.id, result, keeps_text=self._keeps_text)))
        self._tell(CaseEnded(result))

    async def _note_spent(self, usd: float) -> None:
        await self._kept(self._evals.note_spent(self._run.id, usd))

    async def _end(self, stopped: str) -> Run:
        results = tuple(self._results[item.key] for item in self._items if item.key in self._results)
        run = replace(self._run, results=results, spent_usd=self._purse.spent_usd, stopped=stopped)
        if len(run.done) == len(self._items):
            run = replace(run, ended=self._clock.wall(), stopped="")
        await self._kept(self._evals.end(run.id, run.ended, kept_summary(run)))
        return run

    @staticmethod
    async def _kept(change: Awaitable[None]) -> None:
        """A store that is down costs the run nothing but its place in the list of runs."""
        try:
            await change
        except StoreDown:
            pass
