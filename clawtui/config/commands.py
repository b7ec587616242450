"""Runs the commands behind `cmd:` references: no shell, no input, bounded in time and size, asked once a process."""

from __future__ import annotations

import contextlib
import os
import selectors
import shlex
import signal
import subprocess
import threading
import time

TIME_LIMIT = 10.0
SIZE_LIMIT = 64 * 1024


class CommandFailed(Exception):
    """`reason` says what went wrong and holds nothing that the command printed."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Commands:
    """Remembers what commands printed. A failure is not remembered: the store may be unlocked the next time."""

    def __init__(self, time_limit: float = TIME_LIMIT) -> None:
        self._time_limit = time_limit
        self._known: dict[str, str] = {}
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return f"Commands({len(self._known)} known)"

    def is_known(self, command: str) -> bool:
        return command in self._known

    def output(self, command: str) -> str:
        # One at a time: two prompts for the same passphrase at once help nobody.
        with self._lock:
            if command not in self._known:
                self._known[command] = _run(command, self._time_limit)
            return self._known[command]


def words_of(command: str) -> list[str]:
    """As a shell would split them; none where its quotes do not match, or where it names nothing to run."""
    try:
        words = shlex.split(command)
    except ValueError:
        return []
    return words if words and words[0] else []


def _run(command: str, time_limit: float) -> str:
    words = words_of(command)
    if not words:
        raise CommandFailed("its quotes do not match, or there is no command")
    try:
        process = subprocess.Popen(
            words,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        raise CommandFailed(f"{words[0]} cannot be run: {getattr(error, 'strerror', None) or 'bad words'}") from None
    with process:
        try:
            deadline = time.monotonic() + time_limit
            printed = _read(process, deadline)
            status = process.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            _kill(process)
            raise CommandFailed("it took too long") from None
        except BaseException:
            _kill(process)
            raise
    if status != 0:
        raise CommandFailed(f"{words[0]} ended with status {status}")
    try:
        return printed.decode()
    except UnicodeDecodeError:
        raise CommandFailed(f"{words[0]} printed no text") from None


def _read(process: subprocess.Popen[bytes], deadline: float) -> bytes:
    assert process.stdout is not None
    descriptor = process.stdout.fileno()
    printed = bytearray()
    with selectors.DefaultSelector() as selector:
        selector.register(descriptor, selectors.EVENT_READ)
        while True:
            left = deadline - time.monotonic()
            if left <= 0 or not selector.select(left):
                raise CommandFailed("it took too long")
            piece = os.read(descriptor, 65536)
            if not piece:
                return bytes(printed)
            printed += piece
            if len(printed) > SIZE_LIMIT:
                raise CommandFailed("it printed too much for a secret")


def _kill(process: subprocess.Popen[bytes]) -> None:
    # The whole session: a shell's children would otherwise hold the pipe open.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
