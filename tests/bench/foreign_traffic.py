"""Another program on the same data: so many requests a second until it is ended. Started by bench_screen.py."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from clawtui.config.paths import Paths
from clawtui.engine.request import ChatRequest, user
from clawtui.runtime import Runtime, open_runtime

PART = 0.05  # seconds: what is due in it begins together


async def main(config: Path, data: Path, rate: float) -> None:
    runtime = await open_runtime(Paths(config, data))
    running: set[asyncio.Task[object]] = set()
    while True:
        for _ in range(round(rate * PART)):
            task: asyncio.Task[object] = asyncio.create_task(ask(runtime))
            running.add(task)
            task.add_done_callback(running.discard)
        await asyncio.sleep(PART)


async def ask(runtime: Runtime) -> object:
    return await runtime.engine.ask(ChatRequest((user("and you?"),), target="swift", caller="ask"))


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), Path(sys.argv[2]), float(sys.argv[3])))
