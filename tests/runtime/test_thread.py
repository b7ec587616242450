"""The engine's thread beside another loop: everything that is told arrives, and nobody has to read for a request to end."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from clawtui.config.paths import Paths
from clawtui.engine.events import BusEvent, StateChanged
from clawtui.engine.request import ChatRequest, user
from clawtui.runtime import Runtime, open_runtime
from clawtui.runtime.thread import RuntimeThread
from clawtui.simulator import Simulator
from tests.house import until
from tests.tui.screen import KEYS, demo_like


@asynccontextmanager
async def a_thread(folder: Path) -> AsyncIterator[RuntimeThread]:
    async with Simulator() as simulator:
        paths = Paths(folder / "config.toml", folder / "data")
        paths.config_file.write_text(demo_like(simulator), encoding="utf-8")
        thread = RuntimeThread(lambda: open_runtime(paths, environ=KEYS))
        await thread.start()
        try:
            yield thread
        finally:
            await thread.aclose()


async def test_every_event_arrives_in_its_order_however_they_come(tmp_path: Path) -> None:
    count, seen = 20_000, list[float]()

    def receive(batch: tuple[BusEvent, ...]) -> None:
        seen.extend(event.at for event in batch if isinstance(event, StateChanged))

    async def publish(runtime: Runtime) -> None:
        for n in range(count):
            runtime.bus.publish(StateChanged(float(n)))
            if n % 3 == 0:
                await asyncio.sleep(0)

    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)  # the threads change places as often as they can
    try:
        async with a_thread(tmp_path) as thread:
            await thread.subscribe(receive)
            await thread.do(publish)
            await until(lambda: len(seen) == count)
    finally:
        sys.setswitchinterval(usual)
    assert seen == [float(n) for n in range(count)]


async def test_a_request_that_nobody_reads_ends_and_is_settled(tmp_path: Path) -> None:
    async with a_thread(tmp_path) as thread:
        handle = thread.stream(ChatRequest((user("hello"),), target="everyday"))
        await until(lambda: handle.is_done)
        await thread.do(lambda runtime: runtime.store.flush())
        assert await thread.do(lambda runtime: runtime.store.traces.count()) == 1
        assert thread.running_requests == 0
