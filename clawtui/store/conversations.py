"""Conversations and their turns: the user's own documents, kept apart from any retention. Searched in full text."""

from __future__ import annotations

import json
import os
import secrets
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from clawtui.store.reading import Reading
from clawtui.store.traces import matching
from clawtui.store.values import storable
from clawtui.store.writer import Writer

UNTITLED = "New conversation"
TITLE_CHARS = 60


class TurnStatus(StrEnum):
    DONE = "done"
    STREAMING = "streaming"
    INTERRUPTED = "interrupted"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Turn:
    id: int
    position: int
    role: str
    text: str
    status: TurnStatus
    at: float
    request_id: str | None
    document: str  # JSON of the screen's own: who answered, cost, tool calls


@dataclass(frozen=True, slots=True)
class ConversationRow:
    id: str
    title: str
    created: float
    changed: float
    turns: int
    target: str | None
    branch_of: str | None


@dataclass(frozen=True, slots=True)
class Found:
    conversation: str
    title: str
    turn: int
    snippet: str
    at: float


class Conversations:
    def __init__(self, writer: Writer, reading: Reading, wall: Callable[[], float], process: str) -> None:
        self._writer = writer
        self._reading = reading
        self._wall = wall
        self._process = process

    # ---- changing; each returns when it is durable

    async def create(self, title: str = UNTITLED, target: str | None = None, branch_of: str | None = None) -> str:
        now = self._wall()
        id_ = f"{int(now * 1000):012x}{secrets.token_hex(3)}"
        await self._writer.commit(
            lambda connection: connection.execute(
                "INSERT INTO conversations (id, title, created, changed, target, branch_of) VALUES (?,?,?,?,?,?)",
                (id_, title, now, now, target, branch_of),
            )
        )
        return id_

    async def add(
        self,
        conversation: str,
        role: str,
        text: str,
        status: TurnStatus = TurnStatus.DONE,
        request_id: str | None = None,
        document: dict[str, object] | None = None,
    ) -> int:
        now = self._wall()

        def change(connection: sqlite3.Connection) -> int:
            (position,) = connection.execute(
                "SELECT coalesce(max(position), -1) + 1 FROM turns WHERE conversation = ?", (conversation,)
            ).fetchone()
            cursor = connection.execute(
                "INSERT INTO turns (conversation, position, role, text, status, at, request_id, document)"
                " VALUES (?,?,?,?,?,?,?,?)",
                (
                    conversation,
                    position,
                    role,
                    storable(text),
                    status.value,
                    now,
                    request_id,
                    json.dumps(self._marked(document, status)),
                ),
            )
            title = None
            if role == "user" and position == 0:
                title = storable(" ".join(text.split())[:TITLE_CHARS])
            connection.execute(
                "UPDATE conversations SET changed = ?, title = CASE WHEN title = ? AND ? <> '' THEN ? ELSE title END"
                " WHERE id = ?",
                (now, UNTITLED, title or "", title, conversation),
            )
            return int(cursor.lastrowid or 0)

        turn = await self._writer.commit(change)
        assert isinstance(turn, int)
        return turn

    def write(self, turn: int, text: str, status: TurnStatus, document: dict[str, object] | None = None) -> None:
        """What an answer has come to so far. Never waits."""
        marked = json.dumps(self._marked(document, status))
        self._writer.put(
            lambda connection: connection.execute(
                "UPDATE turns SET text = ?, status = ?, document = ? WHERE id = ?",
                (storable(text), status.value, marked, turn),
            )
        )

    async def rename(self, conversation: str, title: str) -> None:
        await self._writer.commit(
            lambda connection: connection.execute(
                "UPDATE conversations SET title = ? WHERE id = ?", (storable(title), conversation)
            )
        )

    async def delete(self, conversation: str) -> None:
        """Out of sight; `restore` brings it back until it is pruned."""
        now = self._wall()
        await self._writer.commit(
            lambda connection: connection.execute(
                "UPDATE conversations SET deleted = ? WHERE id = ?", (now, conversation)
            )
        )

    async def restore(self, conversation: str) -> None:
        await self._writer.commit(
            lambda connection: connection.execute(
                "UPDATE conversations SET deleted = NULL WHERE id = ?", (conversation,)
            )
        )

    async def cut_after(self, conversation: str, position: int) -> None:
        """Drops the turns behind a place, to answer it anew."""
        await self._writer.commit(
            lambda connection: connection.execute(
                "DELETE FROM turns WHERE conversation = ? AND position > ?", (conversation, position)
            )
        )

    async def branch(self, conversation: str, up_to: int) -> str:
        """A new conversation with the turns up to a place."""
        rows = await self.recent(limit=1_000_000)
        title = next((row.title for row in rows if row.id == conversation), UNTITLED)
        new = await self.create(f"{title} (branch)", branch_of=conversation)
        await self._writer.commit(
            lambda connection: connection.execute(
                "INSERT INTO turns (conversation, position, role, text, status, at, request_id, document)"
                " SELECT ?, position, role, text, status, at, request_id, document FROM turns"
                " WHERE conversation = ? AND position <= ?",
                (new, conversation, up_to),
            )
        )
        return new

    async def close_interrupted(self) -> None:
        """Answers that were streaming when their process ended are marked; those of living processes are left alone."""

        def change(connection: sqlite3.Connection) -> None:
            rows = connection.execute("SELECT id, document FROM turns WHERE status = ?", (TurnStatus.STREAMING.value,))
            living = {
                id_
                for (id_,) in connection.execute("SELECT id FROM processes WHERE heartbeat > ?", (self._wall() - 30,))
                if _is_there(id_)
            }
            for turn, document in rows.fetchall():
                if json.loads(document).get("process") not in living - {self._process}:
                    connection.execute("UPDATE turns SET status = ? WHERE id = ?", (TurnStatus.INTERRUPTED.value, turn))

        await self._writer.commit(change)

    # ---- reading

    async def recent(self, limit: int = 200) -> list[ConversationRow]:
        def read(connection: sqlite3.Connection) -> list[ConversationRow]:
            rows = connection.execute(
                "SELECT c.id, title, created, changed, (SELECT count(*) FROM turns WHERE conversation = c.id), target,"
                " branch_of FROM conversations c WHERE deleted IS NULL ORDER BY changed DESC LIMIT ?",
                (limit,),
            ).fetchall()
            return [ConversationRow(*row) for row in rows]

        return await self._reading.run(read)

    async def turns(self, conversation: str, last: int | None = None) -> list[Turn]:
        """In order; with `last`, only so many of the newest."""

        def read(connection: sqlite3.Connection) -> list[Turn]:
            rows = connection.execute(
                "SELECT id, position, role, text, status, at, request_id, document FROM turns WHERE conversation = ?"
                " ORDER BY position DESC LIMIT ?",
                (conversation, last if last is not None else -1),
            ).fetchall()
            return [
                Turn(id_, position, role, text, TurnStatus(status), at, request_id, document)
                for id_, position, role, text, status, at, request_id, document in reversed(rows)
            ]

        return await self._reading.run(read)

    async def search(self, text: str, limit: int = 50) -> list[Found]:
        def read(connection: sqlite3.Connection) -> list[Found]:
            rows = connection.execute(
                "SELECT c.id, c.title, t.position, snippet(turn_texts, 0, '', '', '…', 12), t.at FROM turn_texts"
                " JOIN turns t ON t.id = turn_texts.rowid JOIN conversations c ON c.id = t.conversation"
                " WHERE turn_texts MATCH ? AND c.deleted IS NULL ORDER BY rank LIMIT ?",
                (matching(text), limit),
            ).fetchall()
            return [Found(*row) for row in rows]

        return await self._reading.run(read) if text.strip() else []

    def _marked(self, document: dict[str, object] | None, status: TurnStatus) -> dict[str, object]:
        marked = dict(document or {})
        if status is TurnStatus.STREAMING:
            marked["process"] = self._process
        return marked


def _is_there(process: str) -> bool:
    """A process that was killed has a fresh heartbeat for a while; its number, before the dash, tells at once."""
    number = process.partition("-")[0]
    if not number.isdigit():
        return True
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True  # it is somebody else's
    return True
