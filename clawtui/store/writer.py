"""The one writer of a process: a thread of its own that gathers changes into transactions. No request waits for it but
for its own reservation, and that for one group commit.

When nothing can be written (disk full, read-only, locked for long), changes wait in memory, bounded, and are written
when it can; the state is told to whoever shows it.
"""

from __future__ import annotations

import asyncio
import logging
import math
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from clawtui.store.database import NewerSchema, Opened, is_busy, is_damage, open_for_writing
from clawtui.store.jobs import Change, Job, StoreDown, reject, resolve
from clawtui.store.reasons import why

log = logging.getLogger(__name__)
T = TypeVar("T")

GROUP_SECONDS = 0.004  # reservations that come within this time share a commit
IDLE_SECONDS = 0.1  # what nobody waits for is written at least this often
MOST_WAITING = 100_000
RETRY_SECONDS = 1.0
PATIENCE = 1.0  # of whoever needs no answer, while another program holds the file
BUSY_SECONDS = 10.0  # of the thread itself, before it takes the file for locked
CLOSE_SECONDS = 3.0
UPKEEP_SECONDS = 1.0  # while nothing is to be written
MOST_IN_BATCH = 500  # so that whoever waits for a reservation waits for some 20 ms of others' rows at most


class Writer:
    def __init__(self, path: Path, told: Callable[[bool, int, str], None]) -> None:
        self._path = path
        self._told = told  # saving or not, how much waits, why
        self._jobs: deque[Job] = deque()
        self._ahead: deque[Job] = deque()  # what somebody waits for and nothing that was put before touches
        self._wake = threading.Event()
        self._urgent = threading.Event()
        self._closing = False
        self._thread: threading.Thread | None = None
        self._connection: sqlite3.Connection | None = None
        self._all_due = False  # somebody waits for what was put
        self._all_at = 0.0  # when all of it was last written
        self._down: str | None = None
        self._dropped = 0
        self._again_at = 0.0
        self._at_begin: list[Callable[[], None]] = []
        self._before_commit: list[Change] = []
        self._periodic: list[tuple[float, float, Change]] = []
        self._inode: int | None = None
        self._damaged: int | None = None  # the inode of a file that turned out to be damaged
        self._when_moved: list[Callable[[], None]] = []
        self._looked = threading.Event()  # the file was opened, or cannot be for now
        self._close_by = math.inf
        self.moved_aside: Path | None = None
        self.newer: NewerSchema | None = None

    # ---- from the loop

    def start(self) -> None:
        """Returns when the file is open, or cannot be, or somebody else has held it for `PATIENCE`: then the thread goes on
        trying. Where it is of a newer version, `newer` says so."""
        self._thread = threading.Thread(target=self._main, name="clawtui-store", daemon=True)
        self._thread.start()
        self._looked.wait()

    @property
    def down(self) -> str | None:
        """Why nothing can be written now; None while all is well."""
        return self._down

    @property
    def waiting(self) -> int:
        return len(self._jobs)

    def at_each_begin(self, act: Callable[[], None]) -> None:
        self._at_begin.append(act)

    def before_each_commit(self, change: Change) -> None:
        self._before_commit.append(change)

    def write_pending(self, connection: sqlite3.Connection) -> None:
        """For a change that must see what its own transaction has gathered so far."""
        for change in self._before_commit:
            change(connection)

    def when_moved(self, act: Callable[[], None]) -> None:
        """Called in the writer's thread when a damaged file was moved aside: whoever reads it must open the new one."""
        self._when_moved.append(act)

    def every(self, seconds: float, change: Change) -> None:
        """Runs in the writer's thread, again and again, while the file can be written."""
        self._periodic.append((seconds, 0.0, change))

    def put(self, change: Change) -> None:
        """Takes note of a change. Never waits; durable within 250 ms while all is well."""
        if len(self._jobs) >= MOST_WAITING:
            self._dropped += 1
            return
        self._jobs.append(Job(change))
        if not self._wake.is_set():
            self._wake.set()

    async def commit(self, change: Change, *, ahead: bool = False) -> object:
        """Returns the change's result once it is durable; StoreDown where it cannot be. `ahead`: it may be written
        before what was put earlier."""
        if self._down is not None:
            raise StoreDown(self._down)
        if self._closing or self._thread is None:
            raise StoreDown("the store is closed")
        loop = asyncio.get_running_loop()
        future: asyncio.Future[object] = loop.create_future()
        (self._ahead if ahead else self._jobs).append(Job(change, loop, future))
        if not ahead:
            self._all_due = True
        self._urgent.set()
        self._wake.set()
        return await future

    async def flush(self) -> None:
        """Returns when all that was put before is durable, or cannot be."""
        try:
            await self.commit(lambda connection: None)
        except StoreDown:
            return

    async def aclose(self) -> None:
        """Writes what waits, for `CLOSE_SECONDS` at most where somebody else holds the file."""
        self._close_by = time.monotonic() + CLOSE_SECONDS
        self._closing = True
        self._urgent.set()
        self._wake.set()
        if self._thread is not None:
            await asyncio.to_thread(self._thread.join)
            self._thread = None

    # ---- in the thread

    def _main(self) -> None:
        self._reopen()
        self._looked.set()
        while True:
            self._wake.wait(timeout=UPKEEP_SECONDS)
            self._wake.clear()  # before the look at what there is: what comes after that look sets it again
            if not self._jobs and not self._ahead and not self._closing:
                if self._connection is None:
                    self._try_again()
                else:
                    self._run_periodic()
                continue
            if not self._closing:
                self._let_gather()
            self._urgent.clear()
            self._wake.clear()
            if self._closing:
                self._drop_abandoned()
                if not self._jobs and not self._ahead:
                    break
            if self._connection is None and not self._reopen():
                self._refuse_waiting()
                if self._closing:
                    return
                self._urgent.wait(RETRY_SECONDS)
                self._wake.set()
                continue
            self._write()
            self._run_periodic()
            if self._ahead:
                self._urgent.set()
            if self._jobs or self._ahead:
                self._wake.set()
            if self._closing and ((not self._jobs and not self._ahead) or self._down is not None):
                break
        self._disconnect()

    def _let_gather(self) -> None:
        """A group comes together: in short time where somebody waits for it, in longer time where nobody does."""
        if not self._urgent.is_set():
            self._urgent.wait(max(0.0, self._all_at + IDLE_SECONDS - time.monotonic()))
        if self._urgent.is_set():
            time.sleep(GROUP_SECONDS)

    def _write(self) -> None:
        """What is waited for, and, when its time has come, all that has been put by now, in transactions of bounded size that
        take turns: however much of the one comes meanwhile, the other has its time."""
        now = time.monotonic()
        left = 0
        if self._all_due or self._closing or now - self._all_at >= IDLE_SECONDS:
            self._all_due, self._all_at = False, now
            left = len(self._jobs)
        while True:
            if self._ahead and not self._write_batch(self._ahead):
                return
            if left <= 0:
                return
            if not self._write_batch(self._jobs):
                return
            left -= MOST_IN_BATCH

    def _write_batch(self, jobs: deque[Job]) -> bool:
        """One transaction. A batch that fails as a whole is tried job by job, so that one bad change loses only itself."""
        connection = self._connection
        assert connection is not None
        batch = [jobs.popleft() for _ in range(min(MOST_IN_BATCH, len(jobs)))]
        try:
            results = self._transaction(connection, batch)
        except sqlite3.OperationalError as error:
            self._put_back(batch, error)
            return False
        except Exception as error:  # whatever a change raises is its own matter: the thread goes on with the others
            if isinstance(error, sqlite3.DatabaseError) and is_damage(error):
                self._leave_damaged(batch)
                return False
            if len(batch) > 1:
                for place, job in enumerate(batch):
                    if not self._write_alone(connection, job):
                        self._write_next(batch[place + 1 :])
                        return False
                return True
            self._fail(batch[0], error)
            return True
        self._set_up()
        resolve([(job, result) for job, result in zip(batch, results, strict=True) if job.future is not None])
        return True

    def _write_next(self, batch: list[Job]) -> None:
        self._jobs.extendleft(reversed(batch))
        self._all_due = True
        self._wake.set()

    def _write_alone(self, connection: sqlite3.Connection, job: Job) -> bool:
        """False where the file itself has become unusable meanwhile."""
        try:
            (result,) = self._transaction(connection, [job])
        except sqlite3.OperationalError as error:
            self._put_back([job], error)
            return False
        except Exception as error:  # as above
            if isinstance(error, sqlite3.DatabaseError) and is_damage(error):
                self._leave_damaged([job])
                return False
            self._fail(job, error)
        else:
            resolve([(job, result)])
        return True

    def _leave_damaged(self, batch: list[Job]) -> None:
        """All of the batch waits, also who waits for it: a new file is begun at once."""
        self._write_next(batch)
        self._damaged = self._inode
        self._disconnect()
        self._urgent.set()

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _transaction(
        self, connection: sqlite3.Connection, batch: list[Job], *, is_upkeep: bool = False
    ) -> list[object]:
        def begin() -> None:
            connection.execute("BEGIN IMMEDIATE")

        if is_upkeep:
            begin()  # it can wait for the next time
        else:
            self._patiently(begin, lambda: all(job.is_abandoned for job in batch))
        try:
            for act in self._at_begin:
                act()
            results = [job.change(connection) for job in batch]
            for change in self._before_commit:
                change(connection)
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
        return results

    def _put_back(self, batch: list[Job], error: sqlite3.OperationalError) -> None:
        """Busy, full or read-only: nothing is lost, and who waits is told."""
        self._jobs.extendleft(reversed([job for job in batch if job.future is None]))
        self._set_down(error)
        for job in batch:
            if job.future is not None:
                reject(job, StoreDown(self._down or "the store is down"))
        self._disconnect()

    def _refuse_waiting(self) -> None:
        for jobs in (self._jobs, self._ahead):
            for job in [job for job in list(jobs) if job.future is not None]:  # the loop may be adding some
                jobs.remove(job)
                reject(job, StoreDown(self._down or "the store is down"))

    def _drop_abandoned(self) -> None:
        """What somebody waited for and no longer does."""
        for jobs in (self._jobs, self._ahead):
            for job in [job for job in list(jobs) if job.is_abandoned]:
                jobs.remove(job)

    def _fail(self, job: Job, error: Exception) -> None:
        log.warning("a change could not be stored: %s", type(error).__name__)
        if job.future is not None:
            reject(job, error)

    def _patiently(self, act: Callable[[], T], is_idle: Callable[[], bool] = lambda: False) -> T:
        """Does what may find the file locked again and again, for as long as it makes sense. `is_idle`: nobody wants it
        any more."""
        began = time.monotonic()
        while True:
            try:
                return act()
            except sqlite3.OperationalError as error:
                now = time.monotonic()
                if not is_busy(error) or now >= min(began + BUSY_SECONDS, self._close_by):
                    raise
                if self._closing and is_idle():
                    raise
                if now >= began + PATIENCE:
                    self._looked.set()

    def _reopen(self) -> bool:
        try:
            opened = self._patiently(lambda: open_for_writing(self._path, damaged=self._damaged))
        except (sqlite3.Error, OSError, NewerSchema) as error:
            self.newer = error if isinstance(error, NewerSchema) else None
            self._set_down(error)
            return False
        was_damaged, self._damaged = self._damaged is not None, None
        self._take(opened)
        if was_damaged:
            for act in self._when_moved:
                act()
            self._told(True, len(self._jobs), "")
        return True

    def _take(self, opened: Opened) -> None:
        self._connection, self._inode = opened.connection, opened.inode
        self.moved_aside = opened.moved_aside or self.moved_aside

    def _try_again(self) -> None:
        """While it is down and nothing waits to be written, the upkeep tells whether it can be again."""
        now = time.monotonic()
        if now < self._again_at:
            return
        self._again_at = now + RETRY_SECONDS
        if not self._reopen():
            return
        assert self._connection is not None
        try:
            self._transaction(self._connection, [Job(change) for _, _, change in self._periodic], is_upkeep=True)
        except sqlite3.Error as error:
            self._set_down(error)
            self._disconnect()
        else:
            self._set_up()

    def _run_periodic(self) -> None:
        now = time.monotonic()
        for index, (seconds, last, change) in enumerate(self._periodic):
            if self._connection is not None and now - last >= seconds:
                self._periodic[index] = (seconds, now, change)
                try:
                    self._transaction(self._connection, [Job(change)], is_upkeep=True)
                except sqlite3.Error as error:
                    log.debug("upkeep of the store failed: %s", type(error).__name__)
                    if is_damage(error):
                        self._leave_damaged([])

    def _set_down(self, error: Exception) -> None:
        self._down = why(error, self._path)
        self._told(False, len(self._jobs), self._down)

    def _set_up(self) -> None:
        if self._down is not None:
            self._down = None
            self._told(True, len(self._jobs), "")
