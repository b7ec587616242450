"""How much there is, and how it becomes less."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from pathlib import Path

from clawtui.store import recounting
from clawtui.store.reading import Reading
from clawtui.store.writer import Writer

DAY = 86_400.0


@dataclass(frozen=True, slots=True)
class Size:
    bytes: int
    ledger_rows: int
    traces: int
    attempts: int
    conversations: int
    eval_runs: int
    oldest: float | None


@dataclass(frozen=True, slots=True)
class Pruned:
    traces: int
    ledger_rows: int
    attempts: int


class Maintenance:
    def __init__(self, path: Path, writer: Writer, reading: Reading) -> None:
        self._path = path
        self._writer = writer
        self._reading = reading

    async def size(self) -> Size:
        def read(connection: sqlite3.Connection) -> Size:
            names = ("ledger", "traces", "attempts", "conversations", "eval_runs")
            ledger, traces, attempts, conversations, runs = (
                int(connection.execute(f"SELECT count(*) FROM {name}").fetchone()[0]) for name in names
            )
            oldest = connection.execute("SELECT min(at) FROM ledger").fetchone()[0]
            parts = (self._path.with_name(self._path.name + suffix) for suffix in ("", "-wal", "-shm"))
            size = sum(part.stat().st_size for part in parts if part.exists())
            return Size(size, ledger, traces, attempts, conversations, runs, oldest)

        return await self._reading.run(read)

    async def prune(self, before: float) -> Pruned:
        """Deletes traces, attempts and settled rows older than a moment; roll-ups keep their sums. The room that becomes
        free goes back to the disk."""

        def change(connection: sqlite3.Connection) -> Pruned:
            connection.execute(
                "DELETE FROM trace_texts WHERE request_id IN (SELECT request_id FROM traces WHERE at < ?)", (before,)
            )
            traces = connection.execute("DELETE FROM traces WHERE at < ?", (before,)).rowcount
            attempts = connection.execute("DELETE FROM attempts WHERE at < ?", (before,)).rowcount
            rows = connection.execute("DELETE FROM ledger WHERE at < ? AND state <> 'open'", (before,)).rowcount
            connection.execute(
                "DELETE FROM turns WHERE conversation IN (SELECT id FROM conversations WHERE deleted < ?)", (before,)
            )
            connection.execute("DELETE FROM conversations WHERE deleted < ?", (before,))
            connection.execute(
                "INSERT INTO state VALUES ('pruned', 'before', ?, '') ON CONFLICT (kind, key) DO UPDATE SET"
                " at = max(at, excluded.at)",
                (before,),
            )
            connection.execute("INSERT INTO trace_texts (trace_texts) VALUES ('optimize')")
            _give_back(connection)
            return Pruned(traces, rows, attempts)

        result = await self._writer.commit(change)
        assert isinstance(result, Pruned)
        return result

    async def rebuild(self) -> int:
        """Counts all figures anew from the rows; returns how many rows were read."""

        def change(connection: sqlite3.Connection) -> int:
            # What this transaction has counted so far stands in rows already: it is counted with them.
            self._writer.write_pending(connection)
            row = connection.execute("SELECT at FROM state WHERE kind = 'pruned'").fetchone()
            return recounting.rebuild(connection, row[0] if row is not None else None)

        result = await self._writer.commit(change)
        assert isinstance(result, int)
        return result


def _give_back(connection: sqlite3.Connection) -> None:
    """Free pages to the disk, one a step: Python's sqlite3 does not step the statement to its end by itself."""
    (free,) = connection.execute("PRAGMA freelist_count").fetchone()
    for _ in range(free):
        connection.execute("PRAGMA incremental_vacuum(1)")
