"""Eval runs and their cases, kept as documents: a case is on disk when its result is known, not when the run ends."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from clawtui.store.jobs import StoreDown
from clawtui.store.reading import Reading
from clawtui.store.writer import Writer

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class StoredRun:
    """`settings` and `summary` are JSON of whoever runs evals."""

    id: str
    at: float
    ended: float | None
    settings: str
    summary: str | None


@dataclass(frozen=True, slots=True)
class StoredCase:
    run: str
    suite: str
    case: str
    profile: str
    repeat: int
    at: float
    verdict: str
    ms: float | None
    cost_usd: float | None
    request_id: str | None
    cache_key: str | None
    document: str


@dataclass(frozen=True, slots=True)
class TrendRow:
    """One result of a profile, without what was said."""

    run: str
    run_at: float
    settings: str
    suite: str
    case: str
    verdict: str
    weight: float
    ms: float | None
    cost_usd: float | None
    request_id: str | None


_TREND = """
SELECT r.id, r.at, r.settings, c.suite, c."case", c.verdict, json_extract(c.document, '$.weight'), c.ms, c.cost_usd,
  c.request_id
FROM eval_cases AS c JOIN (
  SELECT id, at, settings FROM eval_runs
  WHERE EXISTS (SELECT 1 FROM eval_cases WHERE run = eval_runs.id AND profile = :profile)
  ORDER BY at DESC, id DESC LIMIT :limit
) AS r ON c.run = r.id
WHERE c.profile = :profile
ORDER BY r.at, r.id, c.suite, c."case", c.repeat
"""

_CASE = 'run, suite, "case", profile, repeat, at, verdict, ms, cost_usd, request_id, cache_key, document'


class StoredEvals:
    def __init__(self, writer: Writer, reading: Reading) -> None:
        self._writer = writer
        self._reading = reading

    # ---- writing; each returns when it is durable

    async def begin(self, run: StoredRun) -> None:
        """A run that goes on is there already; its settings may have changed."""
        await self._change(
            "INSERT INTO eval_runs (id, at, settings) VALUES (?,?,?)"
            " ON CONFLICT (id) DO UPDATE SET settings = excluded.settings",
            (run.id, run.at, run.settings),
        )

    async def add(self, case: StoredCase) -> None:
        """What was cancelled or went wrong is replaced by what a resumed run finds."""
        values = (case.run, case.suite, case.case, case.profile, case.repeat, case.at, case.verdict, case.ms)
        more = (case.cost_usd, case.request_id, case.cache_key, case.document)
        await self._change(
            f"INSERT OR REPLACE INTO eval_cases ({_CASE}) VALUES (?,?,?,?,?,?,?,?,?,?,?,?)", values + more
        )

    async def note_spent(self, run: str, usd: float) -> None:
        """The most that a run may have spent if the process ends now."""
        await self._change(
            "UPDATE eval_runs SET summary = json_set(coalesce(summary, '{}'), '$.spent_usd', ?) WHERE id = ?",
            (usd, run),
        )

    async def end(self, run: str, at: float | None, summary: str) -> None:
        """`at` of None: it was stopped, and can be resumed."""
        await self._change("UPDATE eval_runs SET ended = ?, summary = ? WHERE id = ?", (at, summary, run))

    async def delete(self, run: str) -> None:
        def change(connection: sqlite3.Connection) -> None:
            connection.execute("DELETE FROM eval_cases WHERE run = ?", (run,))
            connection.execute("DELETE FROM eval_runs WHERE id = ?", (run,))

        await self._writer.commit(change)

    async def _change(self, sql: str, values: Sequence[object]) -> None:
        await self._writer.commit(lambda connection: connection.execute(sql, values))

    # ---- reading; raises StoreDown where the file cannot be read

    async def _read(self, read: Callable[[sqlite3.Connection], T]) -> T:
        try:
            return await self._reading.run(read)
        except sqlite3.Error as error:
            raise StoreDown(self._writer.down or f"the database cannot be read ({type(error).__name__})") from error

    async def runs(self, limit: int = 200) -> list[StoredRun]:
        """The newest first."""

        def read(connection: sqlite3.Connection) -> list[StoredRun]:
            rows = connection.execute(
                "SELECT id, at, ended, settings, summary FROM eval_runs ORDER BY at DESC, id DESC LIMIT ?", (limit,)
            )
            return [StoredRun(*row) for row in rows]

        return await self._read(read)

    async def run(self, id: str) -> StoredRun | None:
        """By its id, or by the beginning of it where only one begins so."""

        def read(connection: sqlite3.Connection) -> StoredRun | None:
            rows = connection.execute(
                "SELECT id, at, ended, settings, summary FROM eval_runs WHERE substr(id, 1, ?) = ? LIMIT 2",
                (len(id), id),
            ).fetchall()
            exact = [row for row in rows if row[0] == id]
            found = exact or rows
            return StoredRun(*found[0]) if id and len(found) == 1 else None

        return await self._read(read)

    async def ids(self, beginning: str, limit: int) -> list[str]:
        """Of runs that begin so, the newest first."""

        def read(connection: sqlite3.Connection) -> list[str]:
            rows = connection.execute(
                "SELECT id FROM eval_runs WHERE substr(id, 1, ?) = ? ORDER BY at DESC, id DESC LIMIT ?",
                (len(beginning), beginning, limit),
            )
            return [str(id) for (id,) in rows]

        return await self._read(read)

    async def cases(self, run: str) -> list[StoredCase]:
        def read(connection: sqlite3.Connection) -> list[StoredCase]:
            rows = connection.execute(
                f'SELECT {_CASE} FROM eval_cases WHERE run = ? ORDER BY at, suite, "case"', (run,)
            )
            return [StoredCase(*row) for row in rows]

        return await self._read(read)

    async def case(self, run: str, suite: str, case: str, profile: str, repeat: int) -> StoredCase | None:
        def read(connection: sqlite3.Connection) -> StoredCase | None:
            row = connection.execute(
                f'SELECT {_CASE} FROM eval_cases WHERE (run, suite, "case", profile, repeat) = (?,?,?,?,?)',
                (run, suite, case, profile, repeat),
            ).fetchone()
            return StoredCase(*row) if row else None

        return await self._read(read)

    async def cached(self, cache_key: str) -> StoredCase | None:
        """The newest result of the same case, model and settings."""

        def read(connection: sqlite3.Connection) -> StoredCase | None:
            row = connection.execute(
                f"SELECT {_CASE} FROM eval_cases WHERE cache_key = ? ORDER BY at DESC LIMIT 1", (cache_key,)
            ).fetchone()
            return StoredCase(*row) if row else None

        return await self._read(read)

    async def are_cached(self, cache_keys: Iterable[str]) -> frozenset[str]:
        """Those for which there is a result."""

        def read(connection: sqlite3.Connection) -> frozenset[str]:
            ask = "SELECT 1 FROM eval_cases WHERE cache_key = ? LIMIT 1"
            return frozenset(key for key in cache_keys if connection.execute(ask, (key,)).fetchone())

        return await self._read(read)

    async def trend(self, profile: str, limit: int) -> list[TrendRow]:
        """The results of a profile in its newest runs, the oldest first."""

        def read(connection: sqlite3.Connection) -> list[TrendRow]:
            rows = connection.execute(_TREND, {"profile": profile, "limit": limit})
            return [TrendRow(*row) for row in rows]

        return await self._read(read)
