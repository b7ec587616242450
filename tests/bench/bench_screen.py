"""The screen in a real pty of 200x50: first frame, memory, idling, the busy demo, a streaming answer.

    python tests/bench/bench_screen.py [start] [idle] [demo] [stream] [foreign]      (all of them, where none is named)

The first frame and idling stand beside Textual's smallest app in the same run.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

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
    print(
        f"first frame: smallest app {medians['smallest']:.3f} s, clawtui {medians['clawtui']:.3f} s: {ratio:.2f}x (2.0x);"
        f" usable after {medians['usable']:.3f} s"
    )


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
                print(f"memory at start: {megabytes(ours):.0f} MB, smallest app {megabytes(smallest):.0f} MB (75 MB)")
                before, bytes_before = (used(smallest), used(ours)), len(ours.raw)
                wakes = switches(ours)
                await asyncio.gather(smallest.rests(IDLE_SECONDS), ours.rests(IDLE_SECONDS))
                shares = [(used(each) - cpu) / IDLE_SECONDS for each, cpu in zip((smallest, ours), before, strict=True)]
                print(
                    f"idle: {shares[1]:.2%} of a core, smallest app {shares[0]:.2%} (0.5 %);"
                    f" {(switches(ours) - wakes) / IDLE_SECONDS:.1f} wake-ups/s over all threads;"
                    f" {len(ours.raw) - bytes_before} bytes to the terminal in {IDLE_SECONDS:.0f} s (0)"
                )
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
            print(f"busy demo, {pane} shown: {share:.1%} of a core (15 %), {megabytes(terminal):.0f} MB")
    finally:
        terminal.close()


async def stream() -> None:
    """Thirty short answers, then long ones: what the screen's own loop felt is told by the program under test."""
    print(f"usual text: {await _streamed(USUAL)}")
    print(f"one paragraph: {await _streamed(ONE_PARAGRAPH)}")


async def foreign() -> None:
    """The same while another program on the same data asks a hundred times a second."""
    print(f"usual text beside 100 requests a second of another program: {await _streamed(USUAL, with_traffic=True)}")
    print(f"one paragraph beside them: {await _streamed(ONE_PARAGRAPH, with_traffic=True)}")


async def _streamed(text: str, *, with_traffic: bool = False) -> str:
    models = {
        "one/alpha-mini": ModelScript(text=text, tokens_per_s=RATE),
        "home/delta:8b": ModelScript(text=SENTENCE * 20),
        "three/gamma-flash": ModelScript(text="short"),
    }
    with tempfile.TemporaryDirectory() as name:
        figures = Path(name) / "figures"
        async with Simulator(Script(models=models)) as simulator:
            arguments = config(Path(name), simulator)
            other: Terminal | None = None
            if with_traffic:
                other = spawned([str(FOREIGN), arguments[1], arguments[3], "100"], KEYS, COLUMNS, ROWS)
            terminal = spawned([str(TICKING), str(figures), *arguments], KEYS, COLUMNS, ROWS)
            try:
                async with asyncio.timeout(180):
                    while not figures.exists():
                        await terminal.rests(0.2)
                return figures.read_text(encoding="utf-8")
            finally:
                terminal.close()
                if other is not None:
                    other.close()


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
