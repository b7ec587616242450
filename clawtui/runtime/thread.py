"""A thread of its own for the engine's loop, so that a terminal that stops reading stops no request.

The screen talks to it through values: coroutines go in by `do`, request events come out in batches, bus events by
subscription. Nothing that lives on one loop is touched from the other.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Coroutine
from concurrent.futures import Future
from contextlib import aclosing
from typing import Any, TypeVar

from clawtui.engine.events import BusEvent, RequestEvent
from clawtui.engine.request import ChatRequest
from clawtui.runtime.runtime import Runtime

T = TypeVar("T")
Opener = Callable[[], Coroutine[Any, Any, Runtime]]
Source = Callable[[Runtime, ChatRequest], AsyncGenerator[RequestEvent, None]]


def _of_engine(runtime: Runtime, request: ChatRequest) -> AsyncGenerator[RequestEvent, None]:
    return runtime.engine.stream(request)


class RuntimeThread:
    """Owns the thread, the loop in it and the Runtime on that loop, from `start` to `aclose`."""

    def __init__(self, opener: Opener) -> None:
        self._opener = opener
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._runtime: Runtime | None = None
        self._requests: set[RequestHandle] = set()

    async def start(self) -> None:
        """Returns when the runtime is open; raises what opening raised."""
        opened: Future[None] = Future()
        self._thread = threading.Thread(target=self._main, args=(opened,), name="clawtui-engine", daemon=True)
        self._thread.start()
        await asyncio.wrap_future(opened)

    def _main(self, opened: Future[None]) -> None:
        with asyncio.Runner() as runner:
            loop = runner.get_loop()
            try:
                self._runtime = runner.run(self._opener())
            except BaseException as error:  # handed to whoever awaits `start`, not swallowed
                opened.set_exception(error)
                return
            self._loop = loop
            self._stopping = asyncio.Event()
            opened.set_result(None)
            runner.run(self._stopping.wait())

    async def do(self, ask: Callable[[Runtime], Awaitable[T]]) -> T:
        """Runs `ask(runtime)` on the engine's loop and returns its value here. Cancelling crosses over."""
        runtime, loop = self._open()

        async def asked() -> T:
            return await ask(runtime)

        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(asked(), loop))

    def stream(self, request: ChatRequest, source: Source | None = None) -> RequestHandle:
        """Starts a request that runs to its end even if nobody reads it; `cancel` is the way to stop it.

        `source` gives its events where they are not the engine's alone: where a conversation keeps them, too.
        """
        runtime, loop = self._open()
        handle = RequestHandle(runtime, request, loop, asyncio.get_running_loop(), source or _of_engine)
        self._requests.add(handle)
        handle.when_done(self._requests.discard)
        return handle

    @property
    def running_requests(self) -> int:
        return len(self._requests)

    async def subscribe(self, receive: Callable[[tuple[BusEvent, ...]], None]) -> Callable[[], None]:
        """Bus events arrive at `receive` on the loop of the caller, as many as have gathered."""
        here, waiting = asyncio.get_running_loop(), deque[BusEvent]()

        def deliver() -> None:
            batch: list[BusEvent] = []
            while waiting:  # until it is empty: only the first into an empty queue sends for the next delivery
                batch.append(waiting.popleft())
            if batch:
                receive(tuple(batch))

        def take(event: BusEvent) -> None:
            waiting.append(event)
            if len(waiting) == 1:
                try:
                    here.call_soon_threadsafe(deliver)
                except RuntimeError:  # the screen's loop has ended
                    waiting.clear()

        async def join(runtime: Runtime) -> Callable[[], None]:
            return runtime.bus.subscribe(take)

        return await self.do(join)

    async def aclose(self) -> None:
        """Cancels what runs, closes the runtime and ends the thread. Settlements are flushed before it returns."""
        if self._loop is None or self._thread is None:
            return
        for handle in tuple(self._requests):
            handle.cancel()
        await self.do(lambda runtime: runtime.aclose())
        self._loop.call_soon_threadsafe(self._stopping.set)
        await asyncio.to_thread(self._thread.join)
        self._loop = self._runtime = None

    def _open(self) -> tuple[Runtime, asyncio.AbstractEventLoop]:
        if self._runtime is None or self._loop is None:
            raise RuntimeError("the runtime is not open")
        return self._runtime, self._loop


class RequestHandle:
    """One request that runs on the engine's loop, read from the screen's loop in batches."""

    def __init__(
        self,
        runtime: Runtime,
        request: ChatRequest,
        loop: asyncio.AbstractEventLoop,
        here: asyncio.AbstractEventLoop,
        source: Source,
    ) -> None:
        self._source = source
        self._here = here
        self._events: deque[RequestEvent] = deque()
        self._news = asyncio.Event()
        self._ended = False
        self._told = False  # a wake-up is on its way: the next events need none of their own
        self._callbacks: list[Callable[[RequestHandle], None]] = []
        self._loop = loop
        self._task: asyncio.Task[None] | None = None
        self._cancelled = False
        self._future = asyncio.run_coroutine_threadsafe(self._run(runtime, request), loop)
        self._future.add_done_callback(lambda _: self._wake(ended=True))

    async def _run(self, runtime: Runtime, request: ChatRequest) -> None:
        self._task = asyncio.current_task()
        if self._cancelled:
            return
        async with aclosing(self._source(runtime, request)) as events:
            async for event in events:
                self._events.append(event)
                if not self._told:
                    self._told = True
                    self._wake()

    def _wake(self, ended: bool = False) -> None:
        try:
            self._here.call_soon_threadsafe(self._arrived, ended)
        except RuntimeError:  # the screen's loop has ended; the request goes on
            pass

    def _arrived(self, ended: bool) -> None:
        if ended:
            self._ended = True
            for callback in self._callbacks:
                callback(self)
        self._news.set()

    def when_done(self, callback: Callable[[RequestHandle], None]) -> None:
        self._callbacks.append(callback)

    def cancel(self) -> None:
        """Safe from any thread, at any time. The request has ended when it has been settled, not before."""
        self._loop.call_soon_threadsafe(self._cancel)

    def _cancel(self) -> None:
        self._cancelled = True
        if self._task is not None:
            self._task.cancel()

    @property
    def is_done(self) -> bool:
        return self._ended

    async def batches(self) -> AsyncIterator[tuple[RequestEvent, ...]]:
        """What has gathered since the last look. A slow reader gets larger batches, never a longer queue of wake-ups."""
        while True:
            await self._news.wait()
            self._news.clear()
            self._told = False
            batch = tuple(self._events.popleft() for _ in range(len(self._events)))
            if batch:
                yield batch
            if self._ended and not self._events:
                return
