"""Opens the screen: the engine on a thread of its own, then the app. A crash is one sentence, never a traceback."""

from __future__ import annotations

import asyncio
import contextlib
import sys

from clawtui.config.paths import Paths
from clawtui.engine.clock import SystemClock
from clawtui.runtime import Runtime, open_runtime
from clawtui.runtime.thread import RuntimeThread
from clawtui.store.database import NewerSchema
from clawtui.tui import remembered
from clawtui.tui.app import ClawApp
from clawtui.tui.desk import Desk


def open_screen(paths: Paths, *, demo: bool = False) -> int:
    """The exit status."""
    return asyncio.run(_open_screen(paths, demo))


async def _open_screen(paths: Paths, demo: bool) -> int:
    clock = SystemClock()
    thread = RuntimeThread(lambda: open_runtime(paths, demo=demo, clock=clock))
    try:
        await thread.start()
    except NewerSchema as error:
        sys.stderr.write(f"clawtui: {error}\n")
        return 2
    try:
        if demo:
            paths = await thread.do(_paths)
        memory, complaint = await asyncio.to_thread(remembered.read, paths.state_file)
        app = ClawApp(Desk(thread, paths, clock, memory, is_demo=demo), complaint)
        await app.run_async()
        with contextlib.suppress(OSError):
            paths.make_data_dir()
            await asyncio.to_thread(remembered.write, paths.state_file, memory)
        if app.crashed is not None:
            sys.stderr.write(f"clawtui: the screen failed ({app.crashed}); what was asked is kept in the traces\n")
            return 1
        return 0
    finally:
        await thread.aclose()


async def _paths(runtime: Runtime) -> Paths:
    return runtime.paths
