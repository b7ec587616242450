"""Whole records of requests, kept as far as retention allows; listed by windows, so that any number of them scrolls."""

from __future__ import annotations

import hashlib
import json
import logging
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from clawtui.config.schema import Retention
from clawtui.engine.outcome import Outcome, Trace
from clawtui.store import codec
from clawtui.store.bulk import Insert
from clawtui.store.reading import Reading
from clawtui.store.values import fitting, storable, storable_or_none

log = logging.getLogger(__name__)

COLUMNS = (
    "request_id, at, caller, policy, requested, answered, profile, outcome, first_token_ms, total_ms, input_tokens,"
    " output_tokens, usage_source, cost_usd, attempts, failovers, fusion, error_kind, parent, stage"
)
KEEP = Insert(f"INSERT OR REPLACE INTO traces ({COLUMNS}, document)", f"({'?,' * 20}?)")
UNKEEPABLE = (sqlite3.DataError, sqlite3.IntegrityError, sqlite3.ProgrammingError, OverflowError, ValueError)


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
SHORTEST = 4  # beginning of an id that is taken for one


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


WORDS = frozenset({"text", "reasoning", "request", "notes"})


def document(trace: Trace, retention: Retention) -> str | None:
    """The record as it may lie on disk; None: not at all. Without `full`, lengths and hashes stand where words were."""
    match retention:
        case Retention.FULL:
            return codec.dumps(trace)
        case Retention.NONE:
            return None
        case Retention.METADATA:
            # The notes are put behind the rest as text: a trace copied for them alone would cost as much as its JSON.
            rest = codec.dumps(_without_words(trace), WORDS)
            notes = [json.dumps(note) for note in trace.notes]
            if trace.text:
                notes.append(f'"{_length(trace.text)}"')
            return f'{rest[:-1]},"notes":[{",".join(notes)}]}}' if notes else rest


def _without_words(trace: Trace) -> Trace:
    """Servers quote prompts in their errors: of those, too, only the kind stays."""
    changes: dict[str, Any] = {}
    if any(attempt.message is not None for attempt in trace.attempts):
        changes["attempts"] = tuple(replace(attempt, message=None) for attempt in trace.attempts)
    if trace.tool_calls:
        changes["tool_calls"] = tuple(replace(call, arguments="") for call in trace.tool_calls)
    if trace.superseded:
        changes["superseded"] = tuple(replace(partial, text="") for partial in trace.superseded)
    if trace.fusion is not None:
        advisers = tuple(replace(adviser, text="", message=None) for adviser in trace.fusion.advisers)
        changes["fusion"] = replace(trace.fusion, advisers=advisers)
    if trace.error is not None:
        changes["error"] = replace(trace.error, message=str(trace.error.kind), hint="")
    return replace(trace, **changes) if changes else trace


def _length(text: str) -> str:
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    return f"answer: {len(text)} characters, {digest}"


def keep_traces(connection: sqlite3.Connection, records: Iterable[tuple[Trace, Retention, int]]) -> None:
    """In the writer's thread, in the transaction of the ledger's rows, together with how often each went on to another
    route. The money is booked whatever becomes of a record."""
    rows, words = [], []
    for trace, retention, failovers in records:
        try:
            record = document(trace, retention)
        except (ValueError, TypeError) as error:
            _cannot_be_kept(error)
            continue
        if record is None:
            continue
        rows.append(_row_of(trace, failovers, record))
        if retention is Retention.FULL:
            words.append((trace.request_id, _words(trace)))
    try:
        KEEP.write(connection, rows)
    except UNKEEPABLE:
        for row in rows:
            try:
                KEEP.write(connection, [row])
            except UNKEEPABLE as error:
                _cannot_be_kept(error)
    connection.executemany("INSERT INTO trace_texts (request_id, text) VALUES (?, ?)", words)


def _cannot_be_kept(error: Exception) -> None:
    log.warning("a trace could not be kept: %s", type(error).__name__)


def _row_of(trace: Trace, failovers: int, record: str) -> tuple[object, ...]:
    """In the order of COLUMNS."""
    usage = fitting(trace.usage)
    return (
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
        failovers,
        trace.fusion.name if trace.fusion else None,
        trace.error.kind if trace.error else None,
        trace.parent,
        trace.stage.value if trace.stage else None,
        record,
    )


def _words(trace: Trace) -> str:
    """What a search for words looks through."""
    asked = trace.request.messages if trace.request else ()
    text = "\n".join([*(message.text for message in asked if message.text), trace.text])
    return storable(text[:100_000])


def _beginning(connection: sqlite3.Connection, text: str, limit: int) -> list[str]:
    """An id that is exactly so comes first: nothing that begins so stands before it."""
    if not text:
        return []
    for which in ("request_id = ?1 OR parent IS NULL", "parent IS NOT NULL"):
        rows = connection.execute(
            f"SELECT request_id FROM traces WHERE request_id >= ?1 AND request_id < ?2 AND ({which})"
            " ORDER BY request_id LIMIT ?3",
            (text, text + "\U0010ffff", limit),
        ).fetchall()
        if rows:
            return [name for (name,) in rows]
    return []


class Traces:
    def __init__(self, reading: Reading) -> None:
        self._reading = reading

    async def one(self, request_id: str) -> Trace | None:
        """The whole trace, by its id or a beginning of it that only one has."""

        def read(connection: sqlite3.Connection) -> Trace | None:
            found = _beginning(connection, request_id, 2)
            if request_id not in found and (len(found) != 1 or len(request_id) < SHORTEST):
                return None
            name = request_id if request_id in found else found[0]
            row = connection.execute("SELECT document FROM traces WHERE request_id = ?", (name,)).fetchone()
            return codec.loads(Trace, row[0])

        return await self._reading.run(read)

    async def beginning(self, text: str, limit: int) -> list[str]:
        """The ids that begin so, in their order: of requests or, where there are none, of their parts."""
        return await self._reading.run(lambda connection: _beginning(connection, text, limit))

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
