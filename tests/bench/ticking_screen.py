"""The real app with a 60 Hz tick on its loop, driven from within: thirty answers, then a long one while keys are pressed.
Started in a pty by bench_screen.py; writes what it measured to the file that it is given."""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path

from textual.events import Key

from clawtui.config.paths import Paths
from clawtui.tui.app import ClawApp
from clawtui.tui.opening import Opening
from clawtui.tui.panes.playground import PlaygroundPane
from clawtui.tui.widgets.prompt import Prompt

EARLIER = 30
TICK = 1 / 60


async def main(figures: Path, config: Path, data: Path) -> None:
    opening = Opening(Paths(config, data))
    app = ClawApp(opening)
    driver = asyncio.create_task(drive(app, figures))
    try:
        await app.run_async()
    finally:
        driver.cancel()
        await opening.aclose()


async def drive(app: ClawApp, figures: Path) -> None:
    while app.panes.shown is None:
        await asyncio.sleep(0.05)
    await app.choose_target("local")
    for number in range(EARLIER):
        await ask(app, f"short question {number}")
    await app.choose_target("everyday")
    lags: list[float] = []
    presses: list[float] = []
    ticking = asyncio.create_task(tick(lags))
    pressing = asyncio.create_task(press(app, presses))
    began, cpu = time.perf_counter(), time.process_time()
    thread_cpu = time.thread_time()
    await ask(app, "a long question")
    took = time.perf_counter() - began
    ticking.cancel()
    pressing.cancel()
    share, own = (time.process_time() - cpu) / took, (time.thread_time() - thread_cpu) / took
    lags.sort()
    presses.sort()
    figures.with_suffix(".part").write_text(
        f"streaming below {EARLIER} answers: {own:.0%} of a core for the screen, {share:.0%} with the engine (50 %);"
        f" tick lag p99 {1000 * lags[int(len(lags) * 0.99)]:.1f} ms (50), worst {1000 * lags[-1]:.1f} ms;"
        f" key to painted p99 {1000 * presses[int(len(presses) * 0.99)]:.1f} ms (50); {took:.2f} s in all",
        encoding="utf-8",
    )
    figures.with_suffix(".part").rename(figures)
    app.exit()


async def ask(app: ClawApp, text: str) -> None:
    """Sends, and waits until the answer stands there."""
    app.query_one(Prompt).put(text)
    await app.act("prompt.send")
    dialogue = app.query_one(PlaygroundPane).dialogue
    while not dialogue.is_answering:
        await asyncio.sleep(0.005)
    while dialogue.is_answering:
        await asyncio.sleep(0.005)
    await asyncio.sleep(0.05)


async def tick(lags: list[float]) -> None:
    due = time.perf_counter() + TICK
    while True:
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        lags.append(max(0.0, time.perf_counter() - due))
        due = max(due + TICK, time.perf_counter())


async def press(app: ClawApp, taken: list[float]) -> None:
    """A letter into the prompt four times a second, until the frame after it is painted."""
    while True:
        await asyncio.sleep(0.25)
        painted = asyncio.Event()
        began = time.perf_counter()
        app.post_message(Key("x", "x"))
        app.call_later(app.call_after_refresh, painted.set)
        await painted.wait()
        taken.append(time.perf_counter() - began)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), Path(sys.argv[3]), Path(sys.argv[5])))
