"""The screen in a real pty of 200x50: first frame, memory, idling, the busy demo, a streaming answer.

    python tests/bench/bench_screen.py [start] [idle] [demo] [stream] [foreign]      (all of them, where none is named)

The first frame and idling stand beside Textual's smallest app in the same run.
"""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from figures import figure

from clawtui.simulator import ModelScript, Script, Simulator
from tests.tui.screen import KEYS, demo_like
from tests.tui.terminal import Terminal, spawned

COLUMNS, ROWS = 200, 50
SMALLEST = """
from textual.app import App
from textual.widgets import Static
class Smallest(App):
    def compose(self):
        yield Static("smallest")
Smallest().run()
"""
TICKING = Path(__file__).with_name("ticking_screen.py")
FOREIGN = Path(__file__).with_name("foreign_traffic.py")
STARTS = 9
IDLE_SECONDS = 20.0
DEMO_SECONDS = 30.0
TOKENS, RATE = 2_000, 1_000.0
SENTENCE = "The route that answered is **not** `the one` that was asked. "  # ten tokens
CODE = "\n\n```python\n" + "x = 1  # and so on\n" * 40 + "```\n\n"
PARAGRAPH = SENTENCE * 8 + "\n\n- " + SENTENCE + "\n- " + SENTENCE + "\n\n"
USUAL = PARAGRAPH * (TOKENS // 200) + CODE + PARAGRAPH * (TOKENS // 200)
ONE_PARAGRAPH = SENTENCE * (TOKENS // 10) + CODE + "and that is all.\n"  # the worst: all of it is open until its end


def main(asked: list[str]) -> None:
    for name, bench in {"start": start, "idle": idle, "demo": demo, "stream": stream, "foreign": foreign}.items():
        if not asked or name in asked:
            asyncio.run(bench())


def config(folder: Path, simulator: Simulator) -> list[str]:
    file = folder / "config.toml"
    file.write_text(demo_like(simulator), encoding="utf-8")
    return ["--config", str(file), "--data", str(folder / "data")]


async def start() -> None:
    times: dict[str, list[float]] = {"smallest": [], "clawtui": [], "usable": []}
    with tempfile.TemporaryDirectory() as name:
        async with Simulator() as simulator:
            arguments = config(Path(name), simulator)
            for _ in range(STARTS):
                times["smallest"].append(await first_frame(["-c", SMALLEST], "smallest"))
                times["clawtui"].append(await first_frame(["-m", "clawtui", *arguments], "Playground"))
                times["usable"].append(await first_frame(["-m", "clawtui", *arguments], "Quit"))
    medians = {name: statistics.median(taken) for name, taken in times.items()}
    ratio = medians["clawtui"] / medians["smallest"]
    figure("first painted frame of the smallest app", medians["smallest"], "s")
    figure("first painted frame", medians["clawtui"], "s")
    figure("first painted frame beside the smallest app's", ratio, "x", 2.0)
    figure("usable after", medians["usable"], "s")


async def first_frame(arguments: list[str], words: str) -> float:
    began = time.perf_counter()
    terminal = spawned(arguments, KEYS, COLUMNS, ROWS)
    try:
        while words not in terminal.words:
            terminal.read()
            await asyncio.sleep(0.002)
        return time.perf_counter() - began
    finally:
        terminal.close()


async def idle() -> None:
    with tempfile.TemporaryDirectory() as name:
        async with Simulator() as simulator:
            smallest = spawned(["-c", SMALLEST], {}, COLUMNS, ROWS)
            ours = spawned(["-m", "clawtui", *config(Path(name), simulator)], KEYS, COLUMNS, ROWS)
            try:
                await asyncio.gather(smallest.rests(6.0), ours.rests(6.0))
                figure("memory of the smallest app", megabytes(smallest), "MB")
                figure("memory at the start", megabytes(ours), "MB", 75)
                before, bytes_before = (used(smallest), used(ours)), len(ours.raw)
                wakes = switches(ours)
                await asyncio.gather(smallest.rests(IDLE_SECONDS), ours.rests(IDLE_SECONDS))
                shares = [(used(each) - cpu) / IDLE_SECONDS for each, cpu in zip((smallest, ours), before, strict=True)]
                figure("idle, the smallest app: of a core", shares[0], "%")
                figure("idle: of a core", shares[1], "%", 0.005)
                figure("idle: wake-ups of all threads", (switches(ours) - wakes) / IDLE_SECONDS, "/s")
                figure(f"idle: bytes to the terminal in {IDLE_SECONDS:.0f} s", len(ours.raw) - bytes_before, "", 0)
            finally:
                smallest.close()
                ours.close()


async def demo() -> None:
    terminal = spawned(["-m", "clawtui", "--demo"], {}, COLUMNS, ROWS)
    try:
        for key, pane in (("\x1bOQ", "Routes"), ("\x1bOR", "Traces"), ("\x1bOP", "Playground")):
            await terminal.rests(6.0)
            terminal.type(key)
            await terminal.rests(2.0)
            cpu = used(terminal)
            await terminal.rests(DEMO_SECONDS)
            share = (used(terminal) - cpu) / DEMO_SECONDS
            figure(f"busy demo, {pane} shown: of a core", share, "%", 0.15)
            figure(f"busy demo, {pane} shown: memory", megabytes(terminal), "MB", 200)
    finally:
        terminal.close()


async def stream() -> None:
    """Thirty short answers, then long ones: what the screen's own loop felt is told by the program under test."""
    await _streamed("usual text", USUAL)
    await _streamed("one paragraph", ONE_PARAGRAPH)


async def foreign() -> None:
    """The same while another program on the same data asks a hundred times a second."""
    await _streamed("usual text, 100/s of another program", USUAL, with_traffic=True)
    await _streamed("one paragraph, 100/s of another program", ONE_PARAGRAPH, with_traffic=True)


async def _streamed(name: str, text: str, *, with_traffic: bool = False) -> None:
    models = {
        "one/alpha-mini": ModelScript(text=text, tokens_per_s=RATE),
        "home/delta:8b": ModelScript(text=SENTENCE * 20),
        "three/gamma-flash": ModelScript(text="short"),
    }
    with tempfile.TemporaryDirectory() as folder:
        figures = Path(folder) / "figures"
        async with Simulator(Script(models=models)) as simulator:
            arguments = config(Path(folder), simulator)
            other: Terminal | None = None
            if with_traffic:
                other = spawned([str(FOREIGN), arguments[1], arguments[3], "100"], KEYS, COLUMNS, ROWS)
            terminal = spawned([str(TICKING), str(figures), *arguments], KEYS, COLUMNS, ROWS)
            try:
                async with asyncio.timeout(180):
                    while not figures.exists():
                        await terminal.rests(0.2)
            finally:
                terminal.close()
                if other is not None:
                    other.close()
        found = json.loads(figures.read_text(encoding="utf-8"))
    figure(f"{name}: the screen's own thread, of a core", found["screen"], "%", 0.5)
    figure(f"{name}: with the engine's, of a core", found["process"], "%")
    figure(f"{name}: 60 Hz tick late, p99", found["tick_p99"], "ms", 50)
    figure(f"{name}: key to painted, p50 of {found['presses']}", found["press_p50"], "ms")
    figure(f"{name}: key to painted, p99 of {found['presses']}", found["press_p99"], "ms", 50)


def used(terminal: Terminal) -> float:
    """CPU seconds of the program, all threads."""
    fields = Path(f"/proc/{terminal.pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def megabytes(terminal: Terminal) -> float:
    status = _status(Path(f"/proc/{terminal.pid}/status"))
    return int(status["VmRSS"].split()[0]) / 1024


def switches(terminal: Terminal) -> int:
    """How often a thread of it went to sleep of its own will."""
    tasks = Path(f"/proc/{terminal.pid}/task").iterdir()
    return sum(int(_status(task / "status")["voluntary_ctxt_switches"]) for task in tasks)


def _status(file: Path) -> Mapping[str, str]:
    lines = file.read_text(encoding="utf-8").splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


if __name__ == "__main__":
    main(sys.argv[1:])
