"""Makes the pictures of the documentation from real runs on the demo. Run: python docs/make_screenshots.py"""

from __future__ import annotations

import asyncio
from pathlib import Path

from textual.pilot import Pilot

from clawtui.config.paths import Paths
from clawtui.engine.clock import SystemClock
from clawtui.runtime import open_runtime
from clawtui.runtime.thread import RuntimeThread
from clawtui.tui.app import ClawApp
from clawtui.tui.desk import Desk
from clawtui.tui.remembered import Remembered

IMAGES = Path(__file__).parent / "images"
SIZE = (118, 34)


async def main() -> None:
    IMAGES.mkdir(exist_ok=True)
    clock, nowhere = SystemClock(), Path("unused")
    thread = RuntimeThread(lambda: open_runtime(Paths(nowhere, nowhere), demo=True, clock=clock))
    await thread.start()
    try:
        app = ClawApp(Desk(thread, Paths(nowhere, nowhere), clock, Remembered(), is_demo=True))
        async with app.run_test(size=SIZE) as pilot:
            await pilot.pause(1.5)
            await ask(pilot, "python retry function")
            await pilot.pause(4)
            shot(app, "playground")
            await pilot.press("f2")
            await pilot.pause(12)
            shot(app, "routes")
            await pilot.press("f3")
            await pilot.pause(2)
            await pilot.press("enter")
            await pilot.pause(1)
            shot(app, "traces")
    finally:
        await thread.aclose()


async def ask(pilot: Pilot[None], text: str) -> None:
    for character in text:
        await pilot.press("space" if character == " " else character)
    await pilot.press("enter")


def shot(app: ClawApp, name: str) -> None:
    (IMAGES / f"{name}.svg").write_text(app.export_screenshot(title="clawtui --demo"), encoding="utf-8")


if __name__ == "__main__":
    asyncio.run(main())
