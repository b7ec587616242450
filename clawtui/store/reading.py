"""Reads on connections of their own, in a thread of their own: no reader waits for the writer, and the loop for none."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from clawtui.store.database import connect_to_read

T = TypeVar("T")


class Reading:
    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection: sqlite3.Connection | None = None
        self._is_stale = False  # another file stands in its place
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="clawtui-reads")

    async def run(self, read: Callable[[sqlite3.Connection], T]) -> T:
        """`read(connection)` in the reader's thread. A file that cannot be read raises sqlite3.Error."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, self._run, read)

    def _run(self, read: Callable[[sqlite3.Connection], T]) -> T:
        if self._is_stale:
            self._is_stale = False
            self._close()
        if self._connection is None:
            self._connection = connect_to_read(self._path)
        try:
            return read(self._connection)
        except sqlite3.DatabaseError:
            # The file may have been moved aside under us: the next read opens what is there then.
            self._close()
            raise

    def forget(self) -> None:
        """From any thread: the next read opens the file anew."""
        self._is_stale = True

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    async def data_version(self) -> int:
        """Changes whenever another connection, of any process, has written."""

        def read(connection: sqlite3.Connection) -> int:
            return int(connection.execute("PRAGMA data_version").fetchone()[0])

        return await self.run(read)

    async def aclose(self) -> None:
        await asyncio.get_running_loop().run_in_executor(self._pool, self._close)
        self._pool.shutdown(wait=False)
