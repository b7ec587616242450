"""The demo's background caller: somebody else who uses the same router, so that there is something to see at once."""

from __future__ import annotations

import asyncio
import random

from clawtui.engine.engine import Engine
from clawtui.engine.request import ChatRequest, user

SEED = 7
MOST_AT_ONCE = 6
FUSION_EVERY = 12  # requests
ASKED = (
    "Summarise this log line: connection reset by peer after 30 s",
    "Write a commit message for a change that adds a retry",
    "What is 17 * 23?",
    "Explain the difference between a mutex and a semaphore in two sentences",
    "Name three things to check before a database migration",
    "Give me a regular expression for ISO dates",
    "Is this sentence polite? 'Please send it again.'",
    "Translate 'good morning' into French, Polish and Japanese",
    "Write a Python function that merges two sorted lists",
    "What should a runbook for a full disk contain?",
)
# What one asks several for: the drafts of the demo's advisers answer such questions.
FUSION_ASKED = (
    "Should we move the database this week, or after the release?",
    "Is it worth rewriting the importer now?",
    "Do we switch to the new queue before the holidays?",
)
TARGETS = ("everyday", "deep", "everyday", "strong", "swift", "deep", "open", "local", "everyday", "deep", None)


class BackgroundCaller:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._random = random.Random(SEED)

    async def run(self) -> None:
        """Asks now and then until cancelled; what still runs is cancelled with it."""
        number = 0
        async with asyncio.TaskGroup() as group:
            running: set[asyncio.Task[None]] = set()
            while True:
                await self._engine.clock.sleep(self._random.uniform(0.7, 2.2))
                if len(running) >= MOST_AT_ONCE:
                    continue
                number += 1
                target = TARGETS[number % len(TARGETS)]
                if number % FUSION_EVERY == 5:
                    target = "fusion/council"
                prompt = self._random.choice(FUSION_ASKED if target == "fusion/council" else ASKED)
                task = group.create_task(self._ask(target, prompt), name=f"demo request {number}")
                running.add(task)
                task.add_done_callback(running.discard)

    async def _ask(self, target: str | None, prompt: str) -> None:
        request = ChatRequest((user(prompt),), target=target, max_tokens=400, caller="demo")
        await self._engine.ask(request)
