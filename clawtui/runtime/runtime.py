"""A running clawtui: the config in force, the engine, the store, and the once-a-second look at what others changed."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from clawtui.config import disk, document
from clawtui.config.discovery import Discovered
from clawtui.config.findings import Finding, Severity
from clawtui.config.key_checks import KeyCheck
from clawtui.config.paths import Paths
from clawtui.config.schema import Config
from clawtui.engine.bus import EventBus
from clawtui.engine.clock import Clock
from clawtui.engine.engine import Engine
from clawtui.engine.events import ConfigChanged, StateChanged
from clawtui.engine.probing import Probe, Prober
from clawtui.store.store import Store

TICK = 1.0


class Origin(StrEnum):
    """Where the config in force comes from."""

    FILE = "file"
    DISCOVERED = "discovered"
    DEMO = "demo"
    NOTHING = "nothing"  # no file, nothing found, or a file that has never been right since the start


@dataclass(frozen=True, slots=True)
class ConfigState:
    """The config in force, and what stands in the file now: they differ while the file is broken."""

    config: Config
    origin: Origin
    findings: tuple[Finding, ...] = ()
    discovered: Discovered | None = None
    fingerprint: disk.Fingerprint = disk.ABSENT

    @property
    def errors(self) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.severity is Severity.ERROR)


@dataclass(slots=True)
class Runtime:
    paths: Paths
    environ: Mapping[str, str]
    clock: Clock
    bus: EventBus
    store: Store
    engine: Engine
    state: ConfigState
    keys: KeyCheck | None = None  # the screen's actions, for findings in [keys]
    simulator_url: str | None = None  # the demo's, or that of `simulate`
    last_of_all: list[Callable[[], Awaitable[None]]] = field(default_factory=list)  # run when all else is closed
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)
    _watch: disk.Watch | None = None

    @property
    def is_demo(self) -> bool:
        return self.state.origin is Origin.DEMO

    def own(self, work: Callable[[], Awaitable[None]], name: str) -> asyncio.Task[None]:
        """Starts work that lasts as long as the runtime at most, which awaits its end."""

        async def owned() -> None:
            await work()

        task = asyncio.create_task(owned(), name=name)
        self._tasks.append(task)
        return task

    def watch(self) -> None:
        """For programs that stay: probes open circuits, and looks once a second at what others changed."""
        self._watch = disk.Watch(self.paths.config_file, self.state.fingerprint)
        self.own(Prober(self.engine).run, "probe open circuits")
        self.own(self._look_every_second, "look at file and database")

    async def _look_every_second(self) -> None:
        while True:
            await self.clock.sleep(TICK)
            await self.look()

    async def look(self) -> None:
        """Takes over what changed outside: the config file, and state that other processes stored."""
        if self._watch is not None and await asyncio.to_thread(self._watch.has_changed):
            await self.reload()
        if await self.store.has_changed():
            self.engine.absorb(await self.store.state.load())
            self.bus.publish(StateChanged(self.clock.wall()))

    async def reload(self) -> ConfigState:
        """Reads the file again. It comes into force whole or, while it has errors, not at all."""
        loaded = await asyncio.to_thread(document.load, self.paths.config_file, self.environ, self.keys)
        if loaded.config is not None:
            origin = Origin.DEMO if self.is_demo else Origin.FILE
            self.state = ConfigState(loaded.config, origin, loaded.findings, None, loaded.fingerprint)
            self.engine.reconfigure(loaded.config)
        else:
            self.state = ConfigState(
                self.state.config, self.state.origin, loaded.findings, self.state.discovered, loaded.fingerprint
            )
        if self._watch is not None:
            self._watch.saw(loaded.fingerprint)
        self.bus.publish(ConfigChanged(self.clock.wall(), len(self.state.errors)))
        return self.state

    async def probe(self, provider_id: str) -> Probe:
        return await self.engine.probe(provider_id)

    async def aclose(self) -> None:
        """Ends the work it owns, flushes what is to be stored, closes connections. May be called twice."""
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        for task in tasks:
            with contextlib.suppress(asyncio.CancelledError):
                await task
        await self.engine.aclose()
        await self.store.aclose()
        closing, self.last_of_all = self.last_of_all, []
        for close in closing:
            await close()
