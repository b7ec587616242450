"""Whole records of requests, kept as far as retention allows; listed by windows, so that any number of them scrolls."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from clawtui.config.schema import Retention
from clawtui.engine.outcome import Outcome, Trace
from clawtui.store import codec
from clawtui.store.reading import Reading
from clawtui.store.values import fitting, storable, storable_or_none

COLUMNS = (
    "request_id, at, caller, policy, requested, answered, profile, outcome, first_token_ms, total_ms, input_tokens,"
    " output_tokens, usage_source, cost_usd, attempts, failovers, fusion, error_kind, parent, stage"
)


@dataclass(frozen=True, slots=True)
class TraceRow:
    """One line of the list."""

    request_id: str
    at: float
    caller: str
    policy: str
    requested: str | None
    answered: str | None
    profile: str | None
    outcome: Outcome
    first_token_ms: float | None
    total_ms: float
    input_tokens: int
    output_tokens: int
    usage_source: str
    cost_usd: float | None
    attempts: int
    failovers: int
    fusion: str | None
    error_kind: str | None
    parent: str | None
    stage: str | None


@dataclass(frozen=True, slots=True)
class TraceFilter:
    """What the list shows. `text` matches who was asked, who answered, the caller, and kept words."""

    text: str = ""
    outcome: Outcome | None = None
    profile: str | None = None
    fusion_only: bool = False
    before: float | None = None  # only older ones
    values: tuple[tuple[str, str], ...] = ()  # a column of the list, and what it must contain


EVERYTHING = TraceFilter()


# What the list can be ordered and filtered by, and where that lies.
ORDERS = {
    "at": "at",
    "caller": "caller",
    "asked": "requested",
    "answered": "answered",
    "outcome": "outcome",
    "first": "first_token_ms",
    "total": "total_ms",
    "tokens": "input_tokens + output_tokens",
    "cost": "cost_usd",
}
_CONTAIN = {"caller": "caller", "asked": "requested", "answered": "answered", "outcome": "outcome", "policy": "policy"}


WORDS = frozenset({"text", "reasoning", "request"})
MESSAGE = frozenset({"message"})
ADVISER_WORDS = frozenset({"text", "message"})


def kept(trace: Trace, retention: Retention) -> dict[str, Any] | None:
    """The record as it may lie on disk; None: not at all. Without `full`, lengths and hashes stand where words were."""
    match retention:
        case Retention.FULL:
            return codec.fields(trace)
        case Retention.NONE:
            return None
        case Retention.METADATA:
            return _without_words(trace)


def _without_words(trace: Trace) -> dict[str, Any]:
    """Servers quote prompts in their errors: of those, too, only the kind stays."""
    document = codec.fields(trace, WORDS)
    if trace.attempts:
        document["attempts"] = [codec.fields(attempt, MESSAGE) for attempt in trace.attempts]
    if trace.tool_calls:
        document["tool_calls"] = [{**codec.fields(call), "arguments": ""} for call in trace.tool_calls]
    if trace.superseded:
        document["superseded"] = [{**codec.fields(partial), "text": ""} for partial in trace.superseded]
    if trace.fusion is not None:
        advisers = [codec.fields(adviser, ADVISER_WORDS) for adviser in trace.fusion.advisers]
        document["fusion"] = {**codec.fields(trace.fusion), "advisers": advisers}
    if trace.error is not None:
        document["error"] = {**codec.fields(trace.error), "message": str(trace.error.kind), "hint": ""}
    if trace.text:
        length = f"answer: {len(trace.text)} characters, {_hash(trace.text)}"
        document["notes"] = [*document.get("notes", ()), length]
    return document


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def keep_trace(connection: sqlite3.Connection, trace: Trace, retention: Retention) -> None:
    """In the writer's thread, in the transaction of the ledger's row."""
    record = kept(trace, retention)
    if record is None:
        return
    routes = [attempt.route for attempt in trace.attempts]
    hops = sum(before != after for before, after in pairwise(routes))
    usage = fitting(trace.usage)
    connection.execute(
        f"INSERT OR REPLACE INTO traces ({COLUMNS}, document) VALUES ({'?,' * 20}?)",
        (
            trace.request_id,
            trace.at,
            storable(trace.caller),
            trace.policy,
            storable_or_none(trace.requested),
            storable(str(trace.answered)) if trace.answered else None,
            trace.answered.profile if trace.answered else None,
            trace.outcome.value,
            trace.first_token_ms,
            trace.total_ms,
            usage.input_tokens,
            usage.output_tokens,
            usage.source.value,
            trace.cost.usd,
            len(trace.attempts),
            hops,
            trace.fusion.name if trace.fusion else None,
            trace.error.kind if trace.error else None,
            trace.parent,
            trace.stage.value if trace.stage else None,
            storable(codec.written(record)),
        ),
    )
    if retention is Retention.FULL:
        words = (
            "\n".join([*(m.text for m in trace.request.messages if m.text), trace.text])
            if trace.request
            else trace.text
        )
        connection.execute(
            "INSERT INTO trace_texts (request_id, text) VALUES (?, ?)", (trace.request_id, storable(words[:100_000]))
        )


class Traces:
    def __init__(self, reading: Reading) -> None:
        self._reading = reading

    async def one(self, request_id: str) -> Trace | None:
        """The whole trace, by its id or a beginning of it that only one has."""

        def read(connection: sqlite3.Connection) -> Trace | None:
            rows = connection.execute(
                "SELECT document FROM traces WHERE request_id >= ? AND request_id < ? LIMIT 2",
                (request_id, request_id + "\U0010ffff"),
            ).fetchall()
            exact = connection.execute("SELECT document FROM traces WHERE request_id = ?", (request_id,)).fetchone()
            if exact is not None:
                return codec.loads(Trace, exact[0])
            return codec.loads(Trace, rows[0][0]) if len(rows) == 1 and len(request_id) >= 6 else None

        return await self._reading.run(read)

    async def children(self, request_id: str) -> list[Trace]:
        def read(connection: sqlite3.Connection) -> list[Trace]:
            rows = connection.execute(
                "SELECT document FROM traces WHERE parent = ? ORDER BY stage, request_id", (request_id,)
            ).fetchall()
            return [codec.loads(Trace, document) for (document,) in rows]

        return await self._reading.run(read)

    async def count(self, wanted: TraceFilter = EVERYTHING) -> int:
        where, values = _where(wanted)

        def read(connection: sqlite3.Connection) -> int:
            return int(connection.execute(f"SELECT count(*) FROM traces WHERE {where}", values).fetchone()[0])

        return await self._reading.run(read)

    async def window(
        self, offset: int, limit: int, wanted: TraceFilter = EVERYTHING, order: str = "at", *, rising: bool = False
    ) -> list[TraceRow]:
        """Newest first, or by one of ORDERS; what is unknown comes last. Children of compound requests are shown with
        their parent, not in the list."""
        where, values = _where(wanted)
        by = ORDERS[order]
        direction = "ASC" if rising else "DESC"
        ordered = f"at {direction}" if order == "at" else f"{by} IS NULL, {by} {direction}, at DESC"

        def read(connection: sqlite3.Connection) -> list[TraceRow]:
            # The ids are found in the index alone; only the shown rows are read whole.
            rows = connection.execute(
                f"SELECT {COLUMNS} FROM traces WHERE request_id IN"
                f" (SELECT request_id FROM traces WHERE {where} ORDER BY {ordered} LIMIT ? OFFSET ?) ORDER BY {ordered}",
                (*values, limit, offset),
            ).fetchall()
            return [_row(row) for row in rows]

        return await self._reading.run(read)

    async def place_of(self, request_id: str, wanted: TraceFilter = EVERYTHING) -> int | None:
        """How many are newer; None where it is not among them."""
        where, values = _where(wanted)

        def read(connection: sqlite3.Connection) -> int | None:
            row = connection.execute(f"SELECT at FROM traces WHERE request_id = ? AND {where}", (request_id, *values))
            found = row.fetchone()
            if found is None:
                return None
            newer = connection.execute(f"SELECT count(*) FROM traces WHERE at > ? AND {where}", (found[0], *values))
            return int(newer.fetchone()[0])

        return await self._reading.run(read)

    async def attempts_of(self, profile: str | None, provider: str, model: str, limit: int = 20) -> list[AttemptRow]:
        def read(connection: sqlite3.Connection) -> list[AttemptRow]:
            rows = connection.execute(
                "SELECT request_id, number, at, credential, outcome, failure, status, ms, first_token_ms FROM attempts"
                " WHERE provider = ? AND model = ? AND profile = ? ORDER BY at DESC LIMIT ?",
                (provider, model, profile or "-", limit),
            ).fetchall()
            return [AttemptRow(*row) for row in rows]

        return await self._reading.run(read)


@dataclass(frozen=True, slots=True)
class AttemptRow:
    request_id: str
    number: int
    at: float
    credential: str | None
    outcome: str
    failure: str | None
    status: int | None
    ms: float
    first_token_ms: float | None


def _row(row: Sequence[object]) -> TraceRow:
    values = list(row)
    values[7] = Outcome(str(values[7]))
    return TraceRow(*values)  # type: ignore[arg-type]  # columns and fields have one order, kept by COLUMNS


def _where(wanted: TraceFilter) -> tuple[str, tuple[object, ...]]:
    parts, values = ["parent IS NULL"], list[object]()
    if wanted.outcome is not None:
        parts.append("outcome = ?")
        values.append(wanted.outcome.value)
    if wanted.profile:
        parts.append("(profile = ? OR requested = ?)")
        values += [wanted.profile, wanted.profile]
    if wanted.fusion_only:
        parts.append("fusion IS NOT NULL")
    if wanted.before is not None:
        parts.append("at < ?")
        values.append(wanted.before)
    for name, part in wanted.values:
        if name in ("badges", "fusion"):
            parts.append("fusion LIKE ? ESCAPE '\\'")
        else:
            parts.append(f"{_CONTAIN.get(name, 'answered')} LIKE ? ESCAPE '\\'")
        values.append(_containing(part))
    if text := wanted.text.strip():
        like = _containing(text)
        fields = ("requested", "answered", "caller", "policy", "error_kind", "request_id")
        any_field = " OR ".join(f"{name} LIKE ? ESCAPE '\\'" for name in fields)
        parts.append(f"({any_field} OR request_id IN (SELECT request_id FROM trace_texts WHERE trace_texts MATCH ?))")
        values += [like] * len(fields) + [matching(text)]
    return " AND ".join(parts), tuple(values)


def _containing(text: str) -> str:
    return "%" + text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"


def matching(text: str) -> str:
    """What a person typed, as an FTS query of plain words: the last one may be unfinished."""
    words = ['"' + word.replace('"', '""') + '"' for word in text.split()]
    return " ".join([*words[:-1], words[-1] + "*"]) if words else '""'
