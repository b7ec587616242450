"""Makes the pictures of the documentation from real runs on the demo. Run: python docs/make_screenshots.py"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from textual.pilot import Pilot

from clawtui.config.paths import Paths
from clawtui.engine.clock import SystemClock
from clawtui.runtime import open_runtime
from clawtui.runtime.demo_past import seed_past
from clawtui.runtime.thread import RuntimeThread
from clawtui.tui.app import ClawApp
from clawtui.tui.desk import Desk
from clawtui.tui.remembered import Remembered

IMAGES = Path(__file__).parent / "images"
SIZE = (132, 38)


async def main() -> None:
    IMAGES.mkdir(exist_ok=True)
    clock, nowhere = SystemClock(), Path("unused")
    thread = RuntimeThread(lambda: open_runtime(Paths(nowhere, nowhere), demo=True, clock=clock))
    await thread.start()
    try:
        paths = await thread.do(_paths)
        await thread.do(seed_past)
        app = ClawApp(Desk(thread, paths, clock, Remembered(), is_demo=True))
        async with app.run_test(size=SIZE) as pilot:
            await pilot.pause(1.5)
            await playground(app, pilot)
            await lists(app, pilot)
            await evals(app, pilot)
    finally:
        await thread.aclose()


async def playground(app: ClawApp, pilot: Pilot[None]) -> None:
    await ask(app, pilot, "python retry function")
    await app.choose_target("fusion/council")
    await ask(app, pilot, "should we cache this")
    shot(app, "playground")
    await app.choose_target("")


async def lists(app: ClawApp, pilot: Pilot[None]) -> None:
    await pilot.press("f2")
    await pilot.pause(25)  # until a circuit has opened and a credential has run dry
    await pilot.press("down", "down", "down")
    await pilot.pause(1)
    shot(app, "routes")
    await pilot.press("f3")
    await pilot.pause(1)
    await pilot.press("f")
    await until(pilot, lambda: app.screen.is_modal)
    await pilot.press(*"fusion", "enter")
    await pilot.pause(1)
    await pilot.press("enter")
    await pilot.pause(1)
    shot(app, "traces")
    await pilot.press("f4")
    await pilot.pause(1.5)
    shot(app, "profiles")
    await pilot.press("f6")
    await pilot.pause(1.5)
    shot(app, "usage")


async def evals(app: ClawApp, pilot: Pilot[None]) -> None:
    await pilot.press("f5", "n")
    await pilot.pause(1)
    await pilot.press("tab", "down", "tab", "enter")  # the first two profiles
    await pilot.pause(1)
    await pilot.press("tab", *"core", "tab", "enter")
    await pilot.pause(1.5)
    await pilot.press("enter")
    await pilot.pause(3)
    shot(app, "evals")


async def ask(app: ClawApp, pilot: Pilot[None], text: str) -> None:
    await pilot.press(*("space" if letter == " " else letter for letter in text), "enter")
    dialogue = app.panes.shown.dialogue  # type: ignore[union-attr]  # the playground is shown
    await until(pilot, lambda: dialogue.is_answering)
    await until(pilot, lambda: not dialogue.is_answering)
    await pilot.pause(1)


async def until(pilot: Pilot[None], holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not holds():
            await pilot.pause(0.05)


def shot(app: ClawApp, name: str) -> None:
    (IMAGES / f"{name}.svg").write_text(app.export_screenshot(title="clawtui --demo"), encoding="utf-8")


async def _paths(runtime) -> Paths:
    return runtime.paths


if __name__ == "__main__":
    asyncio.run(main())
