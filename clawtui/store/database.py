"""The one SQLite file: opened, migrated, refused where it is newer, moved aside where it is damaged."""

from __future__ import annotations

import fcntl
import os
import sqlite3
import time
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

# One wait of SQLite for a lock. Short, so that whoever has more patience can look in between whether it is still wanted.
BUSY_MS = 250
READ_BUSY_MS = 1_000
FILE_MODE = 0o600
PRAGMAS = (
    "PRAGMA auto_vacuum = INCREMENTAL",  # of a file that begins; later it changes nothing
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = NORMAL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA temp_store = MEMORY",
    "PRAGMA wal_autocheckpoint = 4000",  # a page that changes often is copied less often
    "PRAGMA journal_size_limit = 33554432",
)
DAMAGE = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
BUSY = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})


class NewerSchema(Exception):
    """The file was written by a newer version of the program, which this one must not touch."""

    def __init__(self, path: Path, found: int, known: int) -> None:
        self.what = f"{path} was written by a newer version (schema {found}, this one knows {known})"
        super().__init__(f"{self.what}: update clawtui")
        self.path = path


@dataclass(frozen=True, slots=True)
class Opened:
    connection: sqlite3.Connection
    inode: int
    moved_aside: Path | None = None  # where a damaged file went


def open_for_writing(path: Path, *, damaged: int | None = None) -> Opened:
    """A connection for the writer's thread. A damaged file is moved aside and a new one begun; `damaged` is the inode of
    one that showed it only later than at the opening."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if damaged is None:
        try:
            return _opened(path)
        except sqlite3.DatabaseError as error:
            if not is_damage(error):
                raise
    return _begun_anew(path, damaged)


def _opened(path: Path, moved_aside: Path | None = None) -> Opened:
    return Opened(_ready(path), path.stat().st_ino, moved_aside)


def is_damage(error: Exception) -> bool:
    return kind_of(error) in DAMAGE


def is_busy(error: Exception) -> bool:
    """Whether another program holds a lock."""
    return kind_of(error) in BUSY


def kind_of(error: Exception) -> int | None:
    code = getattr(error, "sqlite_errorcode", None)
    return None if code is None else int(code) & 0xFF  # the low byte tells the kind, the rest where it showed


def connect(path: Path) -> sqlite3.Connection:
    """To a file that is there: one that SQLite begins by itself would be open to all."""
    connection = _connected(path, "mode=rw", BUSY_MS)
    try:
        for pragma in PRAGMAS:
            connection.execute(pragma)
    except BaseException:
        connection.close()
        raise
    return connection


def connect_to_read(path: Path) -> sqlite3.Connection:
    """Also to a file, or in a folder, that nothing can be written to."""
    unusable: sqlite3.Error | None = None
    for mode in ("mode=rw", "mode=ro", "immutable=1"):
        if mode == "immutable=1" and path.with_name(path.name + "-wal").exists():
            break  # what stands in there would be missed
        connection = _connected(path, mode, READ_BUSY_MS)
        try:
            connection.execute("PRAGMA query_only = ON")
            connection.execute("PRAGMA temp_store = MEMORY")
            connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone()
        except sqlite3.OperationalError as error:
            connection.close()
            if is_busy(error):
                raise
            unusable = unusable or error
        except BaseException:
            connection.close()
            raise
        else:
            return connection
    assert unusable is not None
    raise unusable


def _connected(path: Path, mode: str, busy_ms: int) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.absolute().as_uri()}?{mode}", uri=True, isolation_level=None,
                           check_same_thread=False, timeout=busy_ms / 1000)  # fmt: skip


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
        _look_through(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _look_through(connection: sqlite3.Connection) -> None:
    """Cheap: the schema, and the first page of each table. Raises where the file is damaged there."""
    for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
        connection.execute(f'SELECT 1 FROM "{name}" LIMIT 1').fetchone()


def _refuse_newer(path: Path) -> None:
    """Before anything is set: a file of a newer version is not touched at all."""
    connection = sqlite3.connect(path, timeout=BUSY_MS / 1000)
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


def _begun_anew(path: Path, damaged: int | None) -> Opened:
    """Under a lock, so that of two processes only one moves the file and the other opens what that one began."""
    with open(path.with_name(path.name + ".lock"), "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if damaged is None or not path.exists() or path.stat().st_ino != damaged:
            try:
                return _opened(path)  # somebody was first
            except sqlite3.DatabaseError as error:
                if not is_damage(error):
                    raise
        aside = path.with_name(f"{path.name}.damaged-{time.strftime('%Y%m%d-%H%M%S')}")
        for suffix in ("", "-wal", "-shm"):
            part = path.with_name(path.name + suffix)
            if part.exists():
                part.rename(aside.with_name(aside.name + suffix))
        return _opened(path, aside)
