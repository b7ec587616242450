"""The server: listens on loopback, hands requests to the stage, and is what tests and the demo hold in their hands."""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any

from aiohttp import web
from aiohttp.web_request import BaseRequest

from clawtui.simulator.control import control
from clawtui.simulator.delivery import Sleep, forever
from clawtui.simulator.faults import Scope
from clawtui.simulator.log import Received, RequestLog
from clawtui.simulator.paths import Place, find_target
from clawtui.simulator.script import DialectKind, Fault, ModelScript, Script
from clawtui.simulator.stage import Stage

# Somebody listens, so that a failure in here is not printed over the screen of a program that plays with us.
_LOGGER = logging.getLogger(__name__)
_LOGGER.addHandler(logging.NullHandler())
_LARGEST_BODY = 256 * 1024 * 1024


class Simulator:
    """Providers on loopback. `async with Simulator(script) as simulator:` and `simulator.url("cumulus")`.

    Must be used on the event loop that started it. `sleep`, `now` and `wall` make time a matter of the test.
    """

    def __init__(
        self,
        script: Script | None = None,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        sleep: Sleep = asyncio.sleep,
        now: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        if not ipaddress.ip_address(host).is_loopback:
            raise ValueError(f"The simulator serves loopback only, not {host}")
        self._host, self._port = host, port
        self._stage = Stage(script if script is not None else Script(), sleep, now, wall)
        self._handling: set[asyncio.Task[Any]] = set()
        self._web: web.Server | None = None
        self._listener: asyncio.Server | None = None

    async def start(self, port: int | None = None) -> str:
        """Begins to listen; the base URL without a provider."""
        if self._listener is not None:
            raise RuntimeError("The simulator is already running")
        if port is not None:
            self._port = port
        self._stage.closing = False
        loop = asyncio.get_running_loop()
        self._web = web.Server(
            self._handle,
            request_factory=_request_factory(loop),
            handler_cancellation=True,
            access_log=None,
            logger=_LOGGER,
            keepalive_timeout=75,
        )
        self._listener = await loop.create_server(self._web, self._host, self._port, backlog=1024)
        self._port = self._listener.sockets[0].getsockname()[1]
        self._stage.restart_clocks()
        return self.base_url

    async def close(self) -> None:
        """Frees the port, every connection and every task, whatever they were doing."""
        listener, server = self._listener, self._web
        if listener is None or server is None:
            return
        self._listener = self._web = None
        self._stage.closing = True
        listener.close()
        connections = server.connections
        for task in list(self._handling):
            task.cancel()
        if self._handling:
            await asyncio.wait(self._handling)
        server.pre_shutdown()
        for connection in connections:
            if connection.transport is not None:
                connection.transport.abort()
        await server.shutdown(1.0)
        await listener.wait_closed()

    async def __aenter__(self) -> Simulator:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    @property
    def port(self) -> int:
        return self._port

    @property
    def base_url(self) -> str:
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{self._port}"

    def url(self, provider: str, dialect: DialectKind = DialectKind.OPENAI) -> str:
        """A provider's base URL as its dialect's clients expect it."""
        path = {DialectKind.OPENAI: "/v1", DialectKind.GEMINI: "/v1beta"}.get(dialect, "")
        return f"{self.base_url}/{provider}{path}"

    @property
    def script(self) -> Script:
        return self._stage.script

    @property
    def log(self) -> RequestLog:
        return self._stage.log

    @property
    def requests(self) -> Sequence[Received]:
        """Answers that were asked for, oldest first. Model lists are in `listings`."""
        return self.log.requests

    @property
    def listings(self) -> Sequence[Received]:
        return self.log.listings

    def in_flight(self, provider: str | None = None) -> int:
        return self.log.running.total() if provider is None else self.log.running[provider]

    def most_at_once(self, provider: str) -> int:
        """The largest number of requests that this provider had in flight."""
        return self.log.most_at_once[provider]

    async def wait_for_request(self, number: int = 1) -> Received:
        """Waits until this many answers were asked for since the start or the last reset; the last of them."""
        await self.log.until(lambda: self.log.received >= number)
        return next(record for record in self.log.requests if record.number >= number)

    async def wait_until(self, holds: Callable[[], bool]) -> None:
        """Waits for anything that can be said of the log: `lambda: simulator.requests[-1].chunks >= 3`."""
        await self.log.until(holds)

    async def wait_for_disconnects(self, number: int = 1) -> None:
        await self.log.until(lambda: self.log.disconnects >= number)

    async def wait_until_idle(self) -> None:
        await self.log.until(lambda: self.in_flight() == 0)

    def set_fault(
        self, fault: Fault, *, provider: str | None = None, model: str | None = None, key: str | None = None
    ) -> int:
        """Sets a fault before all others; its number is for `remove_fault`."""
        return self._stage.faults.add(Scope(provider, model, key), fault)

    def remove_fault(self, number: int) -> bool:
        return self._stage.faults.remove(number)

    def clear_faults(self, *, provider: str | None = None, model: str | None = None, key: str | None = None) -> int:
        return self._stage.faults.clear(Scope(provider, model, key))

    def set_model(self, name: str, model: ModelScript) -> None:
        """Replaces what a model plays, its faults included. `name` is `model` or `provider/model`."""
        self._stage.models[name] = model
        self._stage.faults.clear(Scope(model=name))
        for fault in reversed(model.faults):
            self._stage.faults.add(Scope(model=name), fault)

    def reset(self) -> None:
        """Back to the script: log, counts, quotas and clocks start over."""
        self._stage.reset()

    def state(self) -> dict[str, Any]:
        stage = self._stage
        return {
            "simulator": True,
            "elapsed": round(stage.elapsed, 3),
            "seed": stage.script.seed,
            "providers": sorted(stage.script.providers),
            "models": sorted(stage.models),
            "faults": stage.faults.in_force(),
            "received": self.log.received,
            "ended": self.log.ended,
            "disconnects": self.log.disconnects,
            "in_flight": {name: count for name, count in self.log.running.items() if count},
        }

    async def _handle(self, request: BaseRequest) -> web.StreamResponse:
        task = asyncio.current_task()
        assert task is not None
        self._handling.add(task)
        try:
            if request.path.startswith("/_control/"):
                return await control(self, request)
            target = find_target(request.method, request.path, request.headers, self._provider_dialects)
            if target is None:
                return web.Response(status=404, text="404 page not found\n")
            if target.place is Place.CHAT:
                return await self._stage.answer(request, target)
            return await self._stage.describe(request, target)
        finally:
            self._handling.discard(task)

    def _provider_dialects(self, provider: str) -> DialectKind | None:
        script = self.script.providers.get(provider)
        return None if script is None else script.dialect


def _request_factory(loop: asyncio.AbstractEventLoop) -> Callable[..., BaseRequest]:
    """Requests may carry images and long histories: aiohttp's usual limit is one megabyte."""

    def make(message: Any, payload: Any, protocol: Any, writer: Any, task: asyncio.Task[None]) -> BaseRequest:
        return BaseRequest(message, payload, protocol, writer, task, loop, client_max_size=_LARGEST_BODY)

    return make


async def serve(port: int = 0, script: Script | None = None, *, ready: Callable[[str], None]) -> None:
    """Runs until it is cancelled; `ready` is told the base URL once it listens."""
    async with Simulator(script, port=port) as simulator:
        ready(simulator.base_url)
        await forever()
