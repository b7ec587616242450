"""What befalls a program in a terminal: it is killed, stopped, resized at any moment, or nobody reads what it writes."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from clawtui.simulator import ModelScript, Script, Simulator
from tests.tui.screen import KEYS, demo_like
from tests.tui.terminal import Terminal, a_terminal

LINES = "\n\n".join(f"paragraph {number} of a long answer, **bold** and `code`" for number in range(120))
FAST = Script(models={"one/alpha-mini": ModelScript(text=LINES, tokens_per_s=900)})
SLOW = Script(models={"one/alpha-mini": ModelScript(text="one two three four five six seven", tokens_per_s=3)})


@asynccontextmanager
async def a_program(folder: Path, simulator: Simulator, columns: int = 80, rows: int = 24) -> AsyncIterator[Terminal]:
    (folder / "config.toml").write_text(demo_like(simulator), encoding="utf-8")
    arguments = ["--config", str(folder / "config.toml"), "--data", str(folder / "data")]
    async with a_terminal(arguments, KEYS, columns, rows) as terminal:
        await terminal.sees("Ask")
        await terminal.rests(0.5)
        yield terminal


def settled(folder: Path) -> list[tuple[str, float]]:
    with sqlite3.connect(folder / "data" / "clawtui.sqlite3") as connection:
        return list(connection.execute("SELECT outcome, total_ms FROM ledger WHERE state = 'settled'"))


LONG = Script(models={"one/alpha-mini": ModelScript(text="one two three " + "and so on " * 40, tokens_per_s=5)})


async def test_killed_while_an_answer_streams_the_conversation_is_there_on_return(tmp_path: Path) -> None:
    async with Simulator(LONG) as simulator:
        async with a_program(tmp_path, simulator) as terminal:
            terminal.type("count\r")
            await terminal.sees("three")
            await terminal.rests(1.5)  # what came is kept about once a second
            terminal.kill()
        async with a_program(tmp_path, simulator) as terminal:
            await terminal.sees("interrupted")
            assert "one two" in terminal.words


async def test_a_terminal_that_stops_reading_holds_up_no_request_and_makes_no_time_longer(tmp_path: Path) -> None:
    async with Simulator(FAST) as simulator, a_program(tmp_path, simulator, 200, 50) as terminal:
        terminal.reads = False
        terminal.type("tell\r")
        began = time.monotonic()
        while not settled(tmp_path) and time.monotonic() < began + 15:
            await asyncio.sleep(0.1)
        took_ms = (time.monotonic() - began) * 1000
        await asyncio.sleep(2)  # in which nothing is added to its time
        ((outcome, total_ms),) = settled(tmp_path)
        assert outcome == "ok"
        assert total_ms < took_ms
        terminal.reads = True
        await terminal.sees("answered by")


async def test_a_program_that_was_stopped_goes_on_where_it_was(tmp_path: Path) -> None:
    async with Simulator(SLOW) as simulator, a_program(tmp_path, simulator) as terminal:
        terminal.type("count\r")
        await terminal.sees("two")
        os.kill(terminal.pid, signal.SIGSTOP)
        await asyncio.sleep(1.0)
        os.kill(terminal.pid, signal.SIGCONT)
        await terminal.sees("answered by")


async def test_resized_to_one_cell_and_back_while_an_answer_streams(tmp_path: Path) -> None:
    async with Simulator(SLOW) as simulator, a_program(tmp_path, simulator) as terminal:
        terminal.type("count\r")
        await terminal.sees("one")
        for size in ((1, 1), (200, 60), (3, 2), (80, 24)):
            terminal.size(*size)
            await terminal.rests(0.2)
        await terminal.sees("answered by")
        assert "Traceback" not in terminal.words


async def test_the_program_leaves_the_terminal_as_it_found_it(tmp_path: Path) -> None:
    async with Simulator() as simulator, a_program(tmp_path, simulator) as terminal:
        terminal.type("\x11")  # ctrl+q
        assert await terminal.ends() == 0
        raw = bytes(terminal.raw)
        for on, off in (
            (b"\x1b[?1049h", b"\x1b[?1049l"),
            (b"\x1b[?25l", b"\x1b[?25h"),
            (b"\x1b[?2004h", b"\x1b[?2004l"),
        ):
            assert raw.rfind(off) > raw.rfind(on)


@pytest.mark.parametrize("how", ["hang up", "SIGTERM"])
async def test_a_demo_whose_window_is_closed_leaves_nothing_behind(tmp_path: Path, how: str) -> None:
    environ = {"HOME": str(tmp_path), "TMPDIR": str(tmp_path)}
    async with a_terminal(["--demo"], environ) as terminal:
        await terminal.sees("DEMO")
        assert demos(tmp_path)
        if how == "hang up":
            terminal.hang_up()
        else:
            os.kill(terminal.pid, signal.SIGTERM)
        assert await terminal.ends() in (0, 120)  # 120: Python could not flush to the terminal that has gone
        assert not demos(tmp_path)


def demos(folder: Path) -> list[Path]:
    return list(folder.glob("clawtui-demo-*"))
