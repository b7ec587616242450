"""Evals on an open runtime, for the command line and the screen: what can be run, what it would cost, runs and results."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from clawtui.config.findings import Finding, listed, nearest, quoted
from clawtui.config.paths import expanded
from clawtui.config.schema import Config
from clawtui.engine.events import BusEvent, ConfigChanged
from clawtui.engine.fusing.readiness import TARGET
from clawtui.engine.request import Message
from clawtui.evals.cache import cache_key, judges
from clawtui.evals.cases import Suite
from clawtui.evals.controls import with_controls
from clawtui.evals.estimate import Estimate, estimate
from clawtui.evals.foreseen import is_foreseeable, with_most_calls
from clawtui.evals.records import keeps_text, read_case, read_run
from clawtui.evals.results import CaseKey, Run, RunId, RunSettings
from clawtui.evals.runner import Progress, Runner
from clawtui.evals.suite_files import EXTENSIONS, load_suites
from clawtui.evals.trends import TrendPoint, trend
from clawtui.evals.work import changed, items, left
from clawtui.runtime.runtime import Origin, Runtime
from clawtui.store.evals import StoredRun
from clawtui.store.jobs import StoreDown

MOST_NAMED = 5


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

    async def suite(self, name: str) -> Suite:
        """By its name, or by its file. Raises CannotRun."""
        (suite,) = await self._loaded(RunSettings((name,), ()))
        return suite

    async def prepare(self, settings: RunSettings, *, controls: bool = False) -> Prepared:
        """Raises CannotRun: an unknown name, a broken file, nothing to run. `controls` joins those of fusions."""
        suites = await self._loaded(settings)
        asked = self._profiles(settings.profiles)
        settings = replace(settings, suites=_places(settings.suites or ("core",)), profiles=asked)
        if controls:
            controlled = with_controls(self._runtime.state.config, asked)
            added = tuple(name for name in controlled.profiles if name not in asked)
            settings = replace(
                settings, profiles=controlled.profiles, controls=added, held_against=controlled.held_against
            )
        at = self._runtime.clock.wall()
        return await self._prepared(Run(RunId(f"{int(at):08x}{secrets.token_hex(2)}"), at, settings), suites)

    async def resume(self, id: str, max_usd: float | None = None) -> Prepared:
        """The rest of a run that was cut, with another sum of money where one is given. Raises CannotRun."""
        run = await self.run(id)
        if run.ended is not None:
            raise CannotRun(f"run {run.id} is finished", f"clawtui eval show {run.id}")
        if max_usd is not None:
            run = replace(run, settings=replace(run.settings, max_usd=max_usd))
        suites = await self._loaded(run.settings)
        if others := changed(items(suites, run.settings), run.results):
            told = listed(f"{name} is {what}" for name, what in others.items())
            raise CannotRun(
                f"the suites are others than when run {run.id} began: {told}",
                "put them back as they were, or begin a new run",
            )
        return await self._prepared(run, suites)

    async def _prepared(self, run: Run, suites: tuple[Suite, ...]) -> Prepared:
        engine, settings = self._runtime.engine, run.settings
        to_do = left(items(suites, settings), run.done)
        with self._in_force(settings):
            self._profiles(settings.profiles)  # a run that goes on may name what is there no more
            self._check_policy(settings.policy)
            cached: frozenset[CaseKey] = frozenset()
            if settings.use_cache:
                keys = {item.key: cache_key(engine, item, settings) for item in to_do}
                with _told():
                    known = await self._runtime.store.evals.are_cached([key for key in keys.values() if key])
                cached = frozenset(item for item, key in keys.items() if key in known)
            found = estimate(engine, suites, settings, run.done, cached)
        if not found.cases and not run.results:
            raise CannotRun("there is nothing to run", "`clawtui eval list SUITE` shows the cases of a suite")
        return Prepared(run, suites, found)

    async def start(self, prepared: Prepared, tell: Callable[[Progress], None] = lambda _: None) -> Run:
        """To its end. Cancelled, it keeps what is done."""
        runtime, settings = self._runtime, prepared.run.settings
        most_calls = None if is_foreseeable(settings, prepared.suites) else settings.concurrency
        with self._in_force(settings, most_calls):
            return await Runner(
                runtime.engine, runtime.store.evals, runtime.clock, prepared.suites, prepared.run, tell
            ).run()

    @contextmanager
    def _in_force(self, settings: RunSettings, most_calls: int | None = None) -> Iterator[None]:
        """The engine knows the fusions of controls, and makes no more calls at once at a provider, for as long as a run
        needs it; a config that comes into force meanwhile changes neither."""
        runtime = self._runtime
        if not settings.controls and most_calls is None:
            yield
            return

        def put_in_force() -> None:
            config = runtime.state.config
            if settings.controls:
                config = with_controls(config, settings.profiles).config
            self._put_in_force(config if most_calls is None else with_most_calls(config, most_calls))

        def see(event: BusEvent) -> None:
            if type(event) is ConfigChanged:
                put_in_force()

        put_in_force()
        leave = runtime.bus.subscribe(see)
        try:
            yield
        finally:
            leave()
            self._put_in_force(runtime.state.config)

    def _put_in_force(self, config: Config) -> None:
        is_discovered = self._runtime.state.origin is Origin.DISCOVERED
        self._runtime.engine.reconfigure(config, frozenset(config.profiles) if is_discovered else frozenset())

    @property
    def unsaved(self) -> str | None:
        """Why nothing of a run is saved now; None while all is well."""
        return self._runtime.store.down

    def keeps_text(self, policy: str | None) -> bool:
        """Whether transcripts are kept under a policy, and results can be taken from earlier runs."""
        return keeps_text(self._runtime.engine, policy)

    async def runs(self, limit: int = 200) -> list[StoredRun]:
        """The newest first. Raises CannotRun, as all that reads."""
        with _told():
            return await self._runtime.store.evals.runs(limit)

    async def run(self, id: str) -> Run:
        """With all its results; by its id or the beginning of it. Raises CannotRun."""
        evals = self._runtime.store.evals
        with _told():
            stored = await evals.run(id)
            if stored is None:
                several = await evals.ids(id, MOST_NAMED + 1) if id else []
                if len(several) > 1:
                    raise CannotRun(
                        f"several runs begin with {quoted(id)}: {listed(several, MOST_NAMED)}",
                        "say more of the one that is meant",
                    )
                raise CannotRun(f"there is no run {quoted(id)}", "`clawtui eval list` shows them")
            return read_run(stored, await evals.cases(stored.id))

    async def transcript(self, run: RunId, key: CaseKey) -> tuple[Message, ...]:
        """What was said in one case; nothing where it is not kept. Raises CannotRun."""
        with _told():
            stored = await self._runtime.store.evals.case(run, key.suite, key.case, key.profile, key.repeat)
            return read_case(stored).transcript if stored is not None else ()

    async def trend(self, profile: str, limit: int = 50) -> list[TrendPoint]:
        """What a profile came to in its newest runs, the oldest first."""
        with _told():
            return trend(await self._runtime.store.evals.trend(profile, limit))

    async def _loaded(self, settings: RunSettings) -> tuple[Suite, ...]:
        asked = settings.suites or ("core",)
        loaded = await asyncio.to_thread(load_suites, asked, self._folder)
        if loaded.unknown:
            raise CannotRun("; ".join(loaded.unknown), "`clawtui eval list` shows the suites")
        if loaded.findings:
            raise CannotRun("a suite cannot be read", findings=loaded.findings)
        cases = [case.id for suite in loaded.suites for case in suite.cases]
        if unknown := [wanted for wanted in settings.cases if wanted not in cases]:
            raise CannotRun(f"there is no case {_each(unknown)} in these suites", _meant(unknown, cases))
        known = self._targets()
        chosen = [
            case for suite in loaded.suites for case in suite.cases if case.id in settings.cases or not settings.cases
        ]
        for case in chosen:
            for judge in judges(case):
                if judge not in known:
                    raise CannotRun(
                        f"case {quoted(case.id)} is judged by {quoted(judge)}, and there is no such profile",
                        _meant([judge], known),
                    )
        return loaded.suites

    def _targets(self) -> list[str]:
        registry = self._runtime.engine.registry
        return [*registry.profiles, *(TARGET + name for name in registry.fusions)]

    def _check_policy(self, policy: str | None) -> None:
        known = list(self._runtime.engine.registry.policies)
        if policy is not None and policy not in known:
            raise CannotRun(f"there is no policy {quoted(policy)}", _meant([policy], known))

    def _profiles(self, asked: Sequence[str]) -> tuple[str, ...]:
        registry = self._runtime.engine.registry
        known = self._targets()
        if not asked:
            usual = registry.default_profile or next(iter(registry.profiles), None)
            if usual is None:
                raise CannotRun("there is no profile to run cases against", "`clawtui config init`, or --demo")
            return (usual,)
        if unknown := [name for name in asked if name not in known]:
            raise CannotRun(f"there is no profile {_each(unknown)}", _meant(unknown, known))
        return tuple(dict.fromkeys(asked))


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except StoreDown as error:
        raise CannotRun(f"runs cannot be read: {error}", "`clawtui data size` says where they lie") from None


def _each(names: Sequence[str]) -> str:
    """All of them: who mends one wants to know of the others too."""
    told = [quoted(name) for name in dict.fromkeys(names)]
    return told[0] if len(told) == 1 else f"{', '.join(told[:-1])} or {told[-1]}"


def _meant(names: Sequence[str], known: Sequence[str]) -> str:
    near = dict.fromkeys(each for name in names if (each := nearest(name, known)))
    return f"did you mean {_each([*near])}?" if near else f"there is {listed(known)}"


def _places(suites: Sequence[str]) -> tuple[str, ...]:
    """Files by their whole path, so that a run goes on from any folder."""
    return tuple(str(expanded(name).absolute()) if Path(name).suffix in EXTENSIONS else name for name in suites)
