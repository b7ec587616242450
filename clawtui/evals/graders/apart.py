"""Grades in a process of its own what can take for ever: patterns, schemas, and answers that are very long.

No pattern can be told beforehand to be quick on every answer, and Python's `re` can neither be stopped nor lets other
threads run meanwhile. So one child does such work and counts the time that it computes; when that is used up the system
ends it, whatever it is doing, and the next one begins when there is work again. It ends with the program, too: then there
is nothing left to read.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import json
import pickle
import signal
import subprocess
import sys
import threading
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from clawtui.evals.cases import Expectation
from clawtui.evals.graders import grading
from clawtui.evals.results import Answer, Grade

LIMIT_S = 1.0  # of computing, for one expectation
LONGEST_HERE = 20_000  # characters; longer answers are graded there
_SLOW = frozenset({"regex", "json_schema"})
_START = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]);"
    " from clawtui.evals.graders.apart import serve; serve(float(sys.argv[2]))"
)


class GradingProcess:
    """Starts with the first work, and again after it was ended. Whoever asks waits: one expectation at a time."""

    def __init__(self, limit_s: float = LIMIT_S) -> None:
        self._limit_s = limit_s
        self._turn = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None

    def grade(self, expectation: Expectation, answer: Answer) -> Grade:
        with self._turn:
            try:
                return self._asked(expectation, answer)
            except (OSError, EOFError, pickle.PickleError) as error:
                used_up = self._ended(1.0) == -signal.SIGPROF
                told = f"that takes longer than {self._limit_s:g} s" if used_up else f"no process for it: {error}"
                return grading.cannot_be_graded(expectation, told)
            except BaseException:  # interrupted: what comes back next would be the answer to this
                self._ended(0)
                raise

    def _asked(self, expectation: Expectation, answer: Answer) -> Grade:
        if self._child is None:
            # -P: nothing is imported from the folder that the program was started in, but what was already.
            self._child = subprocess.Popen(
                [sys.executable, "-P", "-c", _START, json.dumps(sys.path), str(self._limit_s)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C is the program's to answer
            )
        assert self._child.stdin is not None
        assert self._child.stdout is not None
        pickle.dump((expectation, answer), self._child.stdin)
        self._child.stdin.flush()
        found: Grade = pickle.load(self._child.stdout)
        return found

    def _ended(self, patience_s: float) -> int | None:
        """How it ended by itself; None where it had to be ended, or was not there."""
        child, self._child = self._child, None
        if child is None:
            return None
        try:
            return child.wait(patience_s)
        except subprocess.TimeoutExpired:
            child.kill()
            return None
        finally:
            with contextlib.suppress(OSError):  # of what was not sent yet
                child.communicate()

    def close(self) -> None:
        with self._turn:
            self._ended(0)


def serve(limit_s: float) -> None:
    """The child: one expectation after the other until there are no more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    reading, writing = sys.stdin.buffer, sys.stdout.buffer
    while True:
        try:
            work: Any = pickle.load(reading)
        except EOFError:
            return
        signal.setitimer(signal.ITIMER_PROF, limit_s)
        found = grading.grade(*work)
        signal.setitimer(signal.ITIMER_PROF, 0)
        pickle.dump(found, writing)
        writing.flush()


# One for the program, as it holds nothing of any run: a child for each would cost a start of Python each time.
_PROCESS = GradingProcess()
_THREAD = ThreadPoolExecutor(1, "grading")
atexit.register(_PROCESS.close)


def grade(expectation: Expectation, answer: Answer) -> Grade:
    """In bounded time, for whoever may wait."""
    return (_PROCESS if _may_be_slow(expectation, answer) else grading).grade(expectation, answer)


async def graded(expectations: Iterable[Expectation], answer: Answer) -> tuple[Grade, ...]:
    """All of them, also behind the first that fails: a reader wants to know everything that was wrong. The loop goes on
    meanwhile."""
    loop = asyncio.get_running_loop()
    found: list[Grade] = []
    for each in expectations:
        if _may_be_slow(each, answer):
            found.append(await loop.run_in_executor(_THREAD, _PROCESS.grade, each, answer))
        else:
            found.append(grading.grade(each, answer))
    return tuple(found)


def _may_be_slow(expectation: Expectation, answer: Answer) -> bool:
    length = len(answer.text) + sum(len(call.arguments) for call in answer.tool_calls)
    return length > LONGEST_HERE or _has_slow(expectation)


def _has_slow(expectation: Expectation) -> bool:
    return expectation.grader in _SLOW or any(map(_has_slow, expectation.alternatives))
