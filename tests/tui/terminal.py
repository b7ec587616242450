"""A real terminal's end of the line: runs the program in a pty, types, and keeps every byte that it writes."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import pty
import re
import signal
import struct
import sys
import termios
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]
_ESCAPES = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b[()][A-Z0-9]|\x1b[=>78]")


class Terminal:
    def __init__(self, pid: int, descriptor: int) -> None:
        self.pid = pid
        self._descriptor = descriptor
        self.raw = bytearray()
        self.reads = True  # False: a terminal that has stopped reading
        os.set_blocking(descriptor, False)

    def size(self, columns: int, rows: int) -> None:
        fcntl.ioctl(self._descriptor, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        os.kill(self.pid, signal.SIGWINCH)

    def type(self, keys: str) -> None:
        os.write(self._descriptor, keys.encode())

    def read(self) -> None:
        with contextlib.suppress(OSError):
            while self.reads and (some := os.read(self._descriptor, 65536)):
                self.raw += some

    @property
    def words(self) -> str:
        """What was written, without the sequences between it: cells that were painted again come twice."""
        return _ESCAPES.sub("", self.raw.decode("utf-8", "replace"))

    async def sees(self, words: str, seconds: float = 20.0) -> None:
        end = time.monotonic() + seconds
        while words not in self.words:
            if time.monotonic() > end:
                raise AssertionError(f"{words!r} was never painted; the last of it: {self.words[-2000:]!r}")
            await asyncio.sleep(0.05)
            self.read()

    async def rests(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.read()
            await asyncio.sleep(0.02)

    async def ends(self, seconds: float = 15.0) -> int:
        """The exit status; negative for a signal."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.read()
            if (status := self._ended()) is not None:
                return status
            await asyncio.sleep(0.02)
        raise AssertionError(f"the program did not end; the last of it: {self.words[-1000:]!r}")

    def _ended(self) -> int | None:
        pid, status = os.waitpid(self.pid, os.WNOHANG)
        if not pid:
            return None
        self.pid = 0
        return os.waitstatus_to_exitcode(status)

    def hang_up(self) -> None:
        """The window is closed: the program hears of it and has nowhere to write any more."""
        os.close(self._descriptor)
        self._descriptor = os.open(os.devnull, os.O_RDWR)

    def kill(self) -> None:
        if self.pid:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
            self.pid = 0

    def close(self) -> None:
        self.kill()
        os.close(self._descriptor)


def spawned(arguments: Sequence[str], environ: Mapping[str, str], columns: int, rows: int) -> Terminal:
    """`python ARGUMENTS`; whoever asks for it closes it."""
    surroundings = {"PATH": os.environ["PATH"], "TERM": "xterm-256color", "LC_ALL": "C.UTF-8", "TZ": "UTC", **environ}
    pid, descriptor = pty.fork()
    if pid == 0:
        os.chdir(ROOT)
        os.execve(sys.executable, [sys.executable, *arguments], {"PYTHONPATH": str(ROOT), **surroundings})
    terminal = Terminal(pid, descriptor)
    terminal.size(columns, rows)
    return terminal


@asynccontextmanager
async def a_terminal(
    arguments: Sequence[str], environ: Mapping[str, str], columns: int = 80, rows: int = 24
) -> AsyncIterator[Terminal]:
    """`python -m clawtui ARGUMENTS` in a pty of its own."""
    terminal = spawned(["-m", "clawtui", *arguments], environ, columns, rows)
    try:
        yield terminal
    finally:
        terminal.close()
