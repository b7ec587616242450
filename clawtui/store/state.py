"""Circuits, cooldowns and learned facts on disk: they outlive the process, and several share them."""

from __future__ import annotations

import sqlite3
from typing import assert_never

from clawtui.engine.ports import CircuitRecord, CredentialRecord, Learned, StateRecord, StoredState, Transition
from clawtui.engine.request import Route
from clawtui.store import codec
from clawtui.store.reading import Reading
from clawtui.store.writer import Writer

MOST_TRANSITIONS = 200  # of one route


class StoredStates:
    """Fills `engine.ports.StateStore`."""

    def __init__(self, writer: Writer, reading: Reading) -> None:
        self._writer = writer
        self._reading = reading

    async def load(self) -> StoredState:
        def read(connection: sqlite3.Connection) -> StoredState:
            by_kind: dict[str, list[str]] = {}
            for kind, document in connection.execute("SELECT kind, document FROM state"):
                by_kind.setdefault(kind, []).append(document)
            return StoredState(
                [codec.loads(CircuitRecord, each) for each in by_kind.get("circuit", ())],
                [codec.loads(CredentialRecord, each) for each in by_kind.get("credential", ())],
                [codec.loads(Learned, each) for each in by_kind.get("learned", ())],
            )

        try:
            return await self._reading.run(read)
        except sqlite3.Error:
            return StoredState()  # the writer tells what is wrong with the file

    def save(self, record: StateRecord) -> None:
        self._writer.put(lambda connection: _save(connection, record))

    async def transitions(self, route: Route, limit: int = 50) -> list[Transition]:
        """Newest first."""

        def read(connection: sqlite3.Connection) -> list[Transition]:
            rows = connection.execute(
                "SELECT at, before, after, cause FROM transitions WHERE provider = ? AND model = ? AND profile = ?"
                " ORDER BY id DESC LIMIT ?",
                (route.provider, route.model, route.profile or "-", limit),
            ).fetchall()
            return [Transition(route, *row) for row in rows]

        return await self._reading.run(read)


def _save(connection: sqlite3.Connection, record: StateRecord) -> None:
    match record:
        case CircuitRecord():
            _put(connection, "circuit", str(record.route), record.changed_at, codec.dumps(record))
        case CredentialRecord():
            key = f"{record.provider} {record.fingerprint} {record.model or '*'}"
            _put(connection, "credential", key, record.at, codec.dumps(record))
        case Learned():
            _put(connection, "learned", f"{record.route} {record.fact}", record.at, codec.dumps(record))
        case Transition():
            route = (record.route.profile or "-", record.route.provider, record.route.model)
            connection.execute(
                "INSERT INTO transitions (at, profile, provider, model, before, after, cause) VALUES (?,?,?,?,?,?,?)",
                (record.at, *route, record.before, record.after, record.cause),
            )
            connection.execute(
                "DELETE FROM transitions WHERE profile = ? AND provider = ? AND model = ? AND id <="
                " (SELECT id FROM transitions WHERE profile = ? AND provider = ? AND model = ? ORDER BY id DESC LIMIT 1 OFFSET ?)",
                (*route, *route, MOST_TRANSITIONS),
            )
        case _:
            assert_never(record)


def _put(connection: sqlite3.Connection, kind: str, key: str, at: float, document: str) -> None:
    """The newest word wins, whichever process says it."""
    connection.execute(
        "INSERT INTO state (kind, key, at, document) VALUES (?,?,?,?) ON CONFLICT (kind, key) DO UPDATE SET"
        " at = excluded.at, document = excluded.document WHERE excluded.at >= at",
        (kind, key, at, document),
    )
