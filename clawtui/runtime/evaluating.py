"""Evals on an open runtime, for the command line and the screen: what can be run, what it would cost, runs and results."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from clawtui.config.findings import Finding, nearest, quoted
from clawtui.engine.fusing.readiness import TARGET
from clawtui.evals.cases import Suite
from clawtui.evals.controls import with_controls
from clawtui.evals.estimate import Estimate, estimate
from clawtui.evals.records import read_run
from clawtui.evals.results import Run, RunId, RunSettings
from clawtui.evals.runner import Progress, Runner
from clawtui.evals.suite_files import load_suites
from clawtui.runtime.runtime import Runtime


class CannotRun(Exception):
    """Nothing can be run as asked; the message says why, the hint what to do."""

    def __init__(self, message: str, hint: str = "", findings: Sequence[Finding] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.findings = tuple(findings)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A run that could begin now, or go on."""

    run: Run
    suites: tuple[Suite, ...]
    estimate: Estimate


class Evaluating:
    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._folder = runtime.paths.config_file.parent / "suites"

    async def suites(self) -> tuple[tuple[Suite, ...], tuple[Finding, ...]]:
        """All there are, and what is wrong with those that cannot be read."""
        loaded = await asyncio.to_thread(load_suites, (), self._folder)
        return loaded.suites, loaded.findings

    async def prepare(self, settings: RunSettings, *, controls: bool = False) -> Prepared:
        """Raises CannotRun: an unknown name, a broken file, nothing to run. `controls` joins those of fusions."""
        suites = await self._loaded(settings)
        profiles = self._profiles(settings.profiles)
        if controls:
            config, profiles = with_controls(self._runtime.state.config, profiles)
            self._runtime.engine.reconfigure(config)
        settings = replace(settings, suites=settings.suites or tuple(suite.id for suite in suites), profiles=profiles)
        if settings.policy is not None and settings.policy not in self._runtime.engine.registry.policies:
            raise CannotRun(
                f"there is no policy {quoted(settings.policy)}",
                _meant(settings.policy, list(self._runtime.engine.registry.policies)),
            )
        at = self._runtime.clock.wall()
        run = Run(RunId(f"{int(at):08x}{secrets.token_hex(2)}"), at, settings)
        return await self._prepared(run, suites)

    async def resume(self, id: str) -> Prepared:
        """The rest of a run that was cut. Raises CannotRun."""
        run = await self.run(id)
        if run.ended is not None:
            raise CannotRun(f"run {run.id} is finished", f"clawtui eval show {run.id}")
        suites = await self._loaded(run.settings)
        return await self._prepared(run, suites)

    async def _prepared(self, run: Run, suites: tuple[Suite, ...]) -> Prepared:
        done = [result.key for result in run.results]
        found = estimate(self._runtime.engine, suites, run.settings, done)
        if not found.cases and not done:
            raise CannotRun("there is nothing to run", "`clawtui eval list SUITE` shows the cases of a suite")
        return Prepared(run, suites, found)

    async def start(self, prepared: Prepared, tell: Callable[[Progress], None] = lambda _: None) -> Run:
        """To its end. Cancelled, it keeps what is done."""
        runtime = self._runtime
        return await Runner(
            runtime.engine, runtime.store.evals, runtime.clock, prepared.suites, prepared.run, tell
        ).run()

    async def run(self, id: str) -> Run:
        """With all its results; by its id or the beginning of it. Raises CannotRun."""
        evals = self._runtime.store.evals
        stored = await evals.run(id)
        if stored is None:
            raise CannotRun(f"there is no run {quoted(id)}", "`clawtui eval list` shows them")
        return read_run(stored, await evals.cases(stored.id))

    async def history(self, profile: str, limit: int = 50) -> list[Run]:
        """The runs that a profile took part in, the oldest first: for trends."""
        evals = self._runtime.store.evals
        stored = [each for each in await evals.runs(limit) if profile in read_run(each).settings.profiles]
        return [read_run(each, await evals.cases(each.id)) for each in reversed(stored)]

    async def _loaded(self, settings: RunSettings) -> tuple[Suite, ...]:
        asked = settings.suites or ("core",)
        loaded = await asyncio.to_thread(load_suites, asked, self._folder)
        if loaded.unknown:
            raise CannotRun("; ".join(loaded.unknown), "`clawtui eval list` shows the suites")
        if loaded.findings:
            raise CannotRun("a suite cannot be read", findings=loaded.findings)
        cases = [case.id for suite in loaded.suites for case in suite.cases]
        for wanted in settings.cases:
            if wanted not in cases:
                raise CannotRun(f"there is no case {quoted(wanted)} in these suites", _meant(wanted, cases))
        return loaded.suites

    def _profiles(self, asked: Sequence[str]) -> tuple[str, ...]:
        registry = self._runtime.engine.registry
        known = [*registry.profiles, *(TARGET + name for name in registry.fusions)]
        if not asked:
            usual = registry.default_profile or next(iter(registry.profiles), None)
            if usual is None:
                raise CannotRun("there is no profile to run cases against", "`clawtui config init`, or --demo")
            return (usual,)
        for name in asked:
            if name not in known:
                raise CannotRun(f"there is no profile {quoted(name)}", _meant(name, known))
        return tuple(dict.fromkeys(asked))


def _meant(name: str, known: Sequence[str]) -> str:
    near = nearest(name, known)
    return f"did you mean {quoted(near)}?" if near else f"there is {', '.join(known[:12])}"
