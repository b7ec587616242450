"""Opens the runtime behind the first frame: the heavy imports and the engine's start do not hold up the screen."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING

from clawtui.config.paths import Paths

if TYPE_CHECKING:
    from clawtui.engine.clock import Clock
    from clawtui.runtime.thread import RuntimeThread
    from clawtui.tui.desk import Desk


class Stopped(Exception):
    """The screen cannot be opened. The sentence is for standard error, the status for the shell."""

    def __init__(self, sentence: str, status: int) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.status = status


class Opening:
    """Holds the engine's thread from `desk` to `aclose`; `look_around` puts the demo in its place."""

    def __init__(
        self,
        paths: Paths,
        *,
        demo: bool = False,
        environ: Mapping[str, str] | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.paths = paths
        self.complaint: str | None = None  # of the remembered screen, for a toast
        self._demo = demo
        self._environ = environ
        self._clock = clock
        self._thread: RuntimeThread | None = None

    async def desk(self) -> Desk:
        """Raises Stopped where there is no going on."""
        await asyncio.to_thread(_load)
        from clawtui.engine.clock import SystemClock
        from clawtui.runtime import open_runtime
        from clawtui.runtime.thread import RuntimeThread
        from clawtui.store.database import NewerSchema
        from clawtui.tui import remembered
        from clawtui.tui.desk import Desk
        from clawtui.tui.keymap import key_findings

        clock = self._clock or SystemClock()
        paths, demo, environ = self.paths, self._demo, self._environ
        thread = RuntimeThread(lambda: open_runtime(paths, demo=demo, clock=clock, environ=environ, keys=key_findings))
        try:
            await thread.start()
        except NewerSchema as error:
            raise Stopped(str(error), 2) from None
        self._thread = thread
        if demo:  # the demo lies in a folder of its own
            paths = await thread.do(_paths)
        memory, self.complaint = await asyncio.to_thread(remembered.read, paths.state_file)
        return Desk(thread, paths, clock, memory, is_demo=demo)

    async def look_around(self) -> Desk:
        await self.aclose()
        self._demo = True
        return await self.desk()

    async def aclose(self) -> None:
        thread, self._thread = self._thread, None
        if thread is not None:
            await thread.aclose()


def _load() -> None:
    """Only for its imports: half a second that the first frame does not wait for."""
    import clawtui.runtime.thread
    import clawtui.tui.desk
    import clawtui.tui.pane  # noqa: F401


async def _paths(runtime: object) -> Paths:
    from clawtui.runtime import Runtime

    assert isinstance(runtime, Runtime)
    return runtime.paths
