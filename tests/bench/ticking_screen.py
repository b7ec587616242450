"""The real app with a 60 Hz tick on its loop, driven from within: thirty answers, then long ones while keys are pressed.
Started in a pty by bench_screen.py; writes what it measured to the file that it is given."""

from __future__ import annotations

import asyncio
import json
import random
import sys
import time
from pathlib import Path

from textual.events import Key
from textual.geometry import Region
from textual.screen import Screen
from textual.strip import Strip

from clawtui.config.paths import Paths
from clawtui.tui.app import ClawApp
from clawtui.tui.opening import Opening
from clawtui.tui.panes.playground import PlaygroundPane
from clawtui.tui.widgets.prompt import Prompt

EARLIER = 30
LONG = 3
TICK = 1 / 60
PRESSES = 0.04, 0.10  # seconds between two, as by a quick typist


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
    for number in range(LONG):
        await ask(app, f"a long question {number}")
    took = time.perf_counter() - began
    ticking.cancel()
    pressing.cancel()
    share, own = (time.process_time() - cpu) / took, (time.thread_time() - thread_cpu) / took
    lags.sort()
    presses.sort()
    found = {
        "screen": own,
        "process": share,
        "tick_p99": 1000 * lags[int(len(lags) * 0.99)],
        "presses": len(presses),
        "press_p50": 1000 * presses[len(presses) // 2],
        "press_p99": 1000 * presses[int(len(presses) * 0.99)],
    }
    figures.with_suffix(".part").write_text(json.dumps(found), encoding="utf-8")
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
    """A letter into the prompt, again and again; each counts until a frame with it has gone to the terminal."""
    rng = random.Random(7)
    prompt = app.query_one(Prompt)
    painted = asyncio.Event()
    wanted, at = 0, 0.0
    is_drawn = False
    draw, display = prompt.render_lines, app._display

    def drawn(crop: Region) -> list[Strip]:
        nonlocal is_drawn
        is_drawn = is_drawn or len(prompt.text) >= wanted
        return draw(crop)

    def displayed(screen: Screen[object], renderable: object) -> None:
        nonlocal at
        display(screen, renderable)
        if is_drawn and not painted.is_set():
            at = time.perf_counter()
            painted.set()

    # Each widget draws itself through the one, all that is painted goes through the other.
    prompt.render_lines = drawn  # type: ignore[method-assign]
    app._display = displayed  # type: ignore[method-assign]
    while True:
        await asyncio.sleep(rng.uniform(*PRESSES))
        wanted, is_drawn = len(prompt.text) + 1, False
        painted.clear()
        began = time.perf_counter()
        app.post_message(Key("x", "x"))
        while not painted.is_set() and len(prompt.text) >= wanted - 1:
            await asyncio.sleep(0.001)
        if painted.is_set():  # else the prompt was sent meanwhile, and the letter with it
            taken.append(at - began)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), Path(sys.argv[3]), Path(sys.argv[5])))
