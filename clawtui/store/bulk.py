"""Many rows in few statements. Every execution hands the interpreter's lock to the loop and waits to get it back, which
under load costs more than the row itself."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from itertools import chain

SIZES = (64, 32, 16, 8, 4, 2, 1)


class Insert:
    """A statement for any number of rows; its texts are few, so that they stay prepared."""

    def __init__(self, into: str, row: str, conflict: str = "") -> None:
        self._statements = [(size, f"{into} VALUES {', '.join([row] * size)} {conflict}") for size in SIZES]

    def write(self, connection: sqlite3.Connection, rows: Sequence[tuple[object, ...]]) -> None:
        place = 0
        for size, statement in self._statements:
            while len(rows) - place >= size:
                connection.execute(statement, list(chain.from_iterable(rows[place : place + size])))
                place += size
