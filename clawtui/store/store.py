"""The store as one thing: opened once a process, closed with everything written."""

from __future__ import annotations

import asyncio
import os
import secrets
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from clawtui.engine.events import StoreChanged
from clawtui.store.conversations import Conversations
from clawtui.store.evals import StoredEvals
from clawtui.store.jobs import StoreDown
from clawtui.store.ledger import StoredLedger
from clawtui.store.maintenance import Maintenance
from clawtui.store.reading import Reading
from clawtui.store.routes import RouteCounters
from clawtui.store.state import StoredStates
from clawtui.store.traces import Traces
from clawtui.store.usage import UsageFigures
from clawtui.store.writer import PATIENCE, Writer


class Store:
    def __init__(self, path: Path, writer: Writer, wall: Callable[[], float], process: str) -> None:
        self.path = path
        self.process = process
        self.writer = writer
        self.reading = Reading(path)
        writer.when_moved(self.reading.forget)
        self.ledger = StoredLedger(writer, process, wall)
        self.state = StoredStates(writer, self.reading)
        self.traces = Traces(self.reading)
        self.usage = UsageFigures(self.reading)
        self.routes = RouteCounters(self.reading)
        self.conversations = Conversations(writer, self.reading, wall, process)
        self.evals = StoredEvals(writer, self.reading)
        self.maintenance = Maintenance(path, writer, self.reading)
        self._seen: int | None = None

    @classmethod
    async def open(
        cls,
        path: Path,
        *,
        wall: Callable[[], float],
        publish: Callable[[StoreChanged], None],
        process: str | None = None,
    ) -> Store:
        """Opens or begins the file; raises NewerSchema. Where it cannot be written the program goes on, and says so."""
        loop = asyncio.get_running_loop()

        def told(saving: bool, waiting: int, message: str) -> None:
            # From the writer's thread: observers live on the loop.
            try:
                loop.call_soon_threadsafe(publish, StoreChanged(saving, waiting, message))
            except RuntimeError:
                pass

        writer = Writer(path, told)
        store = cls(path, writer, wall, process or f"{os.getpid()}-{secrets.token_hex(4)}")
        await asyncio.to_thread(writer.start)
        if writer.newer is not None:
            await store.aclose()
            raise writer.newer
        with suppress(StoreDown, TimeoutError):
            async with asyncio.timeout(PATIENCE):
                await writer.commit(store._begin)
        return store

    def _begin(self, connection: sqlite3.Connection) -> None:
        self.ledger._beat(connection)
        self.ledger.close_abandoned(connection)
        self.ledger.load_all(connection)

    @property
    def down(self) -> str | None:
        return self.writer.down

    @property
    def moved_aside(self) -> Path | None:
        """Where a damaged file went, if one was found."""
        return self.writer.moved_aside

    async def has_changed(self) -> bool:
        """Whether anybody wrote since the last look; the figures of policies are read anew if so."""
        try:
            version = await self.reading.data_version()
            if version == self._seen:
                return False
            first, self._seen = self._seen is None, version
            await self.reading.run(self.ledger.load_all)
        except sqlite3.Error:
            return False
        return not first

    async def flush(self) -> None:
        await self.writer.flush()

    async def aclose(self) -> None:
        await self.reading.aclose()
        await self.writer.aclose()
