"""Opens a runtime: finds the config (file, else what is discovered, else the demo's), the store and the engine."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping

from clawtui.config import document
from clawtui.config.discovery import as_config
from clawtui.config.document import Loaded
from clawtui.config.fingerprints import fingerprint_key
from clawtui.config.key_checks import KeyCheck
from clawtui.config.paths import Paths
from clawtui.config.schema import Config
from clawtui.engine.bus import EventBus
from clawtui.engine.clock import Clock, SystemClock
from clawtui.engine.engine import Engine
from clawtui.runtime.discovering import discovered_here
from clawtui.runtime.runtime import ConfigState, Origin, Runtime
from clawtui.store.store import Store


async def open_runtime(
    paths: Paths,
    *,
    environ: Mapping[str, str] | None = None,
    demo: bool = False,
    clock: Clock | None = None,
    keys: KeyCheck | None = None,
) -> Runtime:
    """A runtime on the caller's loop. With `demo`, nothing of the user's is read or written."""
    clock = clock or SystemClock()
    if demo:
        from clawtui.runtime.demo import open_demo

        return await open_demo(clock, keys)
    environ = os.environ if environ is None else environ
    loaded = await asyncio.to_thread(document.load, paths.config_file, environ, keys)
    state = await config_state(loaded, environ)
    return await assemble(paths, environ, clock, state, keys)


async def config_state(loaded: Loaded, environ: Mapping[str, str]) -> ConfigState:
    if loaded.config is not None:
        return ConfigState(loaded.config, Origin.FILE, loaded.findings, None, loaded.fingerprint)
    if loaded.exists:
        return ConfigState(Config(), Origin.NOTHING, loaded.findings, None, loaded.fingerprint)
    discovered = await discovered_here(environ)
    origin = Origin.NOTHING if discovered.is_empty else Origin.DISCOVERED
    return ConfigState(as_config(discovered), origin, (), discovered, loaded.fingerprint)


async def assemble(
    paths: Paths, environ: Mapping[str, str], clock: Clock, state: ConfigState, keys: KeyCheck | None
) -> Runtime:
    bus = EventBus()
    store = await Store.open(paths.database, wall=clock.wall, publish=bus.publish)
    try:
        engine = Engine(
            state.config,
            environ=environ,
            secret_key=await asyncio.to_thread(fingerprint_key, paths.fingerprint_key),
            clock=clock,
            ledger=store.ledger,
            state=store.state,
            bus=bus,
            discovered=frozenset(state.config.profiles) if state.origin is Origin.DISCOVERED else frozenset(),
        )
        await engine.start()
    except BaseException:
        await store.aclose()
        raise
    return Runtime(paths, environ, clock, bus, store, engine, state, keys)
