"""The demo: the real program on the built-in simulator, in a throw-away folder. Nothing of the user's is touched."""

from __future__ import annotations

import asyncio
from importlib.resources import files

from clawtui.config import document
from clawtui.config.key_checks import KeyCheck
from clawtui.config.paths import Paths
from clawtui.engine.clock import Clock
from clawtui.runtime.demo_folder import DemoFolder
from clawtui.runtime.opening import assemble
from clawtui.runtime.runtime import ConfigState, Origin, Runtime
from clawtui.simulator import DialectKind, Simulator, parse_script

PROVIDERS = {
    "cumulus": DialectKind.OPENAI,
    "stratus": DialectKind.ANTHROPIC,
    "nimbus": DialectKind.GEMINI,
    "zephyr": DialectKind.OPENAI,
    "harbor": DialectKind.OLLAMA,
}
# Fake by their looks; the simulator accepts no others.
KEYS = {
    "DEMO_CUMULUS_KEYS": "demo-cumulus-1,demo-cumulus-2",
    "DEMO_STRATUS_KEY": "demo-stratus-1",
    "DEMO_NIMBUS_KEY": "demo-nimbus-1",
    "DEMO_ZEPHYR_KEY": "demo-zephyr-1",
}


async def open_demo(clock: Clock, keys: KeyCheck | None = None) -> Runtime:
    simulator = Simulator(parse_script(files("clawtui.simulator").joinpath("demo.toml").read_text(encoding="utf-8")))
    url = await simulator.start()
    folder = await asyncio.to_thread(DemoFolder)

    async def clear() -> None:
        await simulator.close()
        await asyncio.to_thread(folder.clear)

    try:
        paths = Paths(folder.path / "config" / "config.toml", folder.path / "data")
        await asyncio.to_thread(_lay_out, paths, simulator)
        loaded = await asyncio.to_thread(document.load, paths.config_file, KEYS, keys)
        if loaded.config is None:
            raise AssertionError(f"the demo's own config is broken: {loaded.findings}")
        state = ConfigState(loaded.config, Origin.DEMO, loaded.findings, None, loaded.fingerprint)
        runtime = await assemble(paths, KEYS, clock, state, keys)
    except BaseException:
        await clear()
        raise
    runtime.simulator_url = url
    runtime.last_of_all.append(clear)
    return runtime


def _lay_out(paths: Paths, simulator: Simulator) -> None:
    paths.make_config_dir()
    paths.make_data_dir()
    text = files("clawtui.runtime").joinpath("demo.toml").read_text(encoding="utf-8")
    for provider, dialect in PROVIDERS.items():
        text = text.replace(f"{{{provider}}}", simulator.url(provider, dialect))
    paths.config_file.write_text(text, encoding="utf-8")
    paths.config_file.chmod(0o600)
