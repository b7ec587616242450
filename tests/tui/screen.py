"""A screen for tests: the real app on a real runtime over loopback to the simulator, with throw-away data and a clock
that stands still. `a_screen` opens it, `screen_text` and `sees` read it as a person would."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from textual.pilot import Pilot

from clawtui.config.paths import Paths
from clawtui.engine.clock import SystemClock
from clawtui.runtime import Runtime, open_runtime
from clawtui.runtime.thread import RuntimeThread
from clawtui.simulator import DialectKind, Script, Simulator
from clawtui.tui.app import ClawApp
from clawtui.tui.desk import Desk
from clawtui.tui.opening import Opening
from clawtui.tui.remembered import Remembered

NARROW, FULL = (80, 24), (160, 45)
SIZES = [NARROW, FULL]
PATIENCE_SECONDS = 20.0  # only what fails waits so long
NEW_YEAR = 1_798_761_600.0  # 2027-01-01T00:00Z
KEYS = {"KEYS_ONE": "wombat-one-zz,wombat-uno-zz", "KEY_TWO": "wombat-two-zz", "KEY_THREE": "wombat-three-zz"}


class StillClock(SystemClock):
    """Says the same time until it is moved, so that ages and durations are the same in every run. Whoever waits, waits
    for real: the engine's thread goes on."""

    def __init__(self, wall: float = NEW_YEAR) -> None:
        self._wall = wall
        self._monotonic = 1_000.0

    def wall(self) -> float:
        return self._wall

    def monotonic(self) -> float:
        return self._monotonic

    def move(self, seconds: float) -> None:
        self._wall += seconds
        self._monotonic += seconds


def demo_like(simulator: Simulator, more: str = "") -> str:
    """One of everything: four dialects, fallbacks, a missing key, a budget, a boundary, a fusion."""
    return f"""
default_profile = "everyday"
[providers.one]
kind = "openai"
base_url = "{simulator.url("one")}"
credentials = ["env:KEYS_ONE"]
price = {{ input = 1.0, output = 2.0 }}
[providers.two]
kind = "anthropic"
base_url = "{simulator.url("two", DialectKind.ANTHROPIC)}"
credentials = ["env:KEY_TWO"]
price = {{ input = 5.0, output = 25.0 }}
[providers.three]
kind = "gemini"
base_url = "{simulator.url("three", DialectKind.GEMINI)}"
credentials = ["env:KEY_THREE"]
price = {{ input = 0.1, output = 0.4 }}
[providers.home]
kind = "ollama"
base_url = "{simulator.url("home", DialectKind.OLLAMA)}"
credentials = []
price = {{ input = 0.0, output = 0.0 }}
[profiles.everyday]
provider = "one"
model = "alpha-mini"
tags = ["cloud", "cheap"]
fallback_profiles = ["swift", "local"]
[profiles.deep]
provider = "two"
model = "beta-opus"
tags = ["cloud"]
fallback_profiles = ["everyday"]
[profiles.swift]
provider = "three"
model = "gamma-flash"
tags = ["cloud", "cheap"]
fallback_models = ["gamma-pro"]
[profiles.local]
provider = "home"
model = "delta:8b"
tags = ["local"]
[profiles.waiting]
provider = "openai"
model = "gpt-4.1-mini"
tags = ["cloud"]
[policies.default]
retention = "full"
budget = {{ daily_usd = 2.0 }}
[policies.private]
require_tags = ["local"]
retention = "none"
[fusion.council]
advisers = ["swift", "deep"]
synthesizer = "everyday"
{more}"""


@dataclass(slots=True)
class Shown:
    """An open screen and what stands behind it."""

    app: ClawApp
    pilot: Pilot[None]
    simulator: Simulator
    clock: StillClock
    paths: Paths

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)

    async def type(self, text: str) -> None:
        await self.pilot.press(*("space" if letter == " " else letter for letter in text))

    async def sees(self, words: str) -> str:
        return await sees(self.app, self.pilot, words)

    async def misses(self, words: str) -> str:
        return await sees(self.app, self.pilot, words, lambda text, word: word not in text)

    @property
    def text(self) -> str:
        return screen_text(self.app)


@asynccontextmanager
async def a_screen(
    folder: Path,
    *,
    size: tuple[int, int] = (110, 32),
    script: Script | None = None,
    config: str | Callable[[Simulator], str] = demo_like,
    environ: Mapping[str, str] = KEYS,
    remembered: Remembered | None = None,
    pane: str = "",
    prepare: Callable[[Runtime], object] | None = None,
) -> AsyncIterator[Shown]:
    """`prepare` is awaited on the engine's loop before the screen opens: to fill a store, to open a circuit."""
    async with Simulator(script) as simulator:
        paths = Paths(folder / "config.toml", folder / "data")
        paths.config_file.write_text(config if isinstance(config, str) else config(simulator), encoding="utf-8")
        clock = StillClock()
        thread = RuntimeThread(lambda: open_runtime(paths, environ=environ, clock=clock))
        await thread.start()
        try:
            if prepare is not None:
                await thread.do(prepare)  # type: ignore[arg-type]  # any coroutine function of a runtime
            memory = remembered or Remembered()
            memory.pane = pane or memory.pane
            app = ClawApp(Desk(thread, paths, clock, memory))
            async with app.run_test(size=size, notifications=True) as pilot:
                await opened(app, pilot)
                yield Shown(app, pilot, simulator, clock, paths)
        finally:
            await thread.aclose()


@asynccontextmanager
async def a_start(
    folder: Path, *, size: tuple[int, int] = NARROW, environ: Mapping[str, str] | None = None, config: str | None = None
) -> AsyncIterator[Shown]:
    """The screen as the program opens it, its engine included; without `config` there is no file."""
    paths = Paths(folder / "config" / "config.toml", folder / "data")
    if config is not None:
        paths.make_config_dir()
        paths.config_file.write_text(config, encoding="utf-8")
    clock = StillClock()
    opening = Opening(paths, environ=environ or {}, clock=clock)
    app = ClawApp(opening)
    async with Simulator() as simulator:
        try:
            async with app.run_test(size=size, notifications=True) as pilot:
                await until(pilot, lambda: app.session is not None)
                yield Shown(app, pilot, simulator, clock, paths)
        finally:
            await opening.aclose()


async def opened(app: ClawApp, pilot: Pilot[None]) -> None:
    """Until a pane, or what stands before the first one, is in front."""
    await until(pilot, lambda: app.panes.shown is not None or app.screen.is_modal or not app.is_running)
    await pilot.pause()


async def until(pilot: Pilot[None], holds: Callable[[], bool]) -> None:
    """Looks again and again rather than asking the pilot to wait: it waits for widgets that have gone meanwhile."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not holds():
            await asyncio.sleep(0.01)
    await pilot.pause()


def screen_text(app: ClawApp) -> str:
    """What is in front, as text: one line a row, blanks at the ends cut."""
    strips = app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in strip).rstrip() for strip in strips)


async def sees(
    app: ClawApp, pilot: Pilot[None], words: str, holds: Callable[[str, str], bool] = str.__contains__
) -> str:
    patient_until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < patient_until:
        text = screen_text(app)
        if holds(text, words):
            return text
        await asyncio.sleep(0.02)
    raise AssertionError(f"{words!r} is not as expected on the screen:\n{screen_text(app)}")
