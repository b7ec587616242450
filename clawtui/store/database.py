"""The one SQLite file: opened, migrated, refused where it is newer, moved aside where it is damaged."""

from __future__ import annotations

import fcntl
import os
import sqlite3
import time
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

BUSY_MS = 10_000
FILE_MODE = 0o600
PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = NORMAL",
    f"PRAGMA busy_timeout = {BUSY_MS}",
    "PRAGMA foreign_keys = ON",
    "PRAGMA temp_store = MEMORY",
    "PRAGMA journal_size_limit = 33554432",
)
DAMAGE = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})


class NewerSchema(Exception):
    """The file was written by a newer version of the program, which this one must not touch."""

    def __init__(self, path: Path, found: int, known: int) -> None:
        super().__init__(
            f"{path} was written by a newer version (schema {found}, this one knows {known}): update clawtui"
        )
        self.path = path


@dataclass(frozen=True, slots=True)
class Opened:
    connection: sqlite3.Connection
    moved_aside: Path | None = None  # where a damaged file went


def open_for_writing(path: Path) -> Opened:
    """A connection for the writer's thread. A damaged file is moved aside and a new one begun."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        return Opened(_ready(path))
    except sqlite3.DatabaseError as error:
        if getattr(error, "sqlite_errorcode", None) not in DAMAGE:
            raise
    return Opened(*_begun_anew(path))


def connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    for pragma in PRAGMAS:
        connection.execute(pragma)
    return connection


def migrations() -> list[tuple[int, str]]:
    """Number and text of each, in order; the files begin with their number."""
    found = [file for file in files("clawtui.store").joinpath("migrations").iterdir() if file.name.endswith(".sql")]
    return sorted((int(file.name[:3]), file.read_text(encoding="utf-8")) for file in found)


def _ready(path: Path) -> sqlite3.Connection:
    if not path.exists():
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT, FILE_MODE))
    _refuse_newer(path)
    connection = connect(path)
    try:
        _migrate(connection)
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except BaseException:
        connection.close()
        raise
    return connection


def _refuse_newer(path: Path) -> None:
    """Before anything is set: a file of a newer version is not touched at all."""
    connection = sqlite3.connect(path)
    try:
        version, newest = _version(connection), migrations()[-1][0]
    finally:
        connection.close()
    if version > newest:
        raise NewerSchema(path, version, newest)


def _migrate(connection: sqlite3.Connection) -> None:
    known = migrations()
    if _version(connection) == known[-1][0]:
        return
    for number, script in known:
        # Two processes may start at once: the second finds the work done when it gets the lock.
        connection.execute("BEGIN EXCLUSIVE")
        try:
            if _version(connection) < number:
                for statement in _statements(script):
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version = {number}")
            connection.execute("COMMIT")
        except BaseException:
            connection.execute("ROLLBACK")
            raise


def _version(connection: sqlite3.Connection) -> int:
    row = connection.execute("PRAGMA user_version").fetchone()
    return int(row[0])


def _statements(script: str) -> list[str]:
    """Split where a statement is complete: triggers hold semicolons of their own."""
    statements, pending = [], ""
    for line in script.splitlines(keepends=True):
        pending += line
        if sqlite3.complete_statement(pending):
            statements.append(pending)
            pending = ""
    return statements


def _begun_anew(path: Path) -> tuple[sqlite3.Connection, Path | None]:
    """Under a lock, so that of two processes only one moves the file and the other opens what that one began."""
    with open(path.with_name(path.name + ".lock"), "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            return _ready(path), None  # somebody was first
        except sqlite3.DatabaseError as error:
            if getattr(error, "sqlite_errorcode", None) not in DAMAGE:
                raise
        aside = path.with_name(f"{path.name}.damaged-{time.strftime('%Y%m%d-%H%M%S')}")
        for suffix in ("", "-wal", "-shm"):
            part = path.with_name(path.name + suffix)
            if part.exists():
                part.rename(aside.with_name(aside.name + suffix))
        return _ready(path), aside
