"""What may go wrong with a row, with the file, with a process: no request waits for it, no money is lost in it."""

from __future__ import annotations

import asyncio
import errno
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from clawtui.config.schema import Retention
from clawtui.engine.outcome import Usage, UsageSource
from clawtui.engine.request import ChatRequest, user
from clawtui.store.jobs import StoreDown
from clawtui.store.reading import Reading
from clawtui.store.reasons import why
from clawtui.store.store import Store
from clawtui.store.usage import By
from tests.house import until
from tests.store.builders import NOON, Wall, a_store, a_trace, an_intent

META, FULL = Retention.METADATA, Retention.FULL
HUGE = 2**70
HALF = "half a pair: \ud83d"


async def spent(store: Store) -> float:
    await store.flush()
    return store.ledger.spending("default").day_usd


async def test_a_count_beyond_64_bits_is_cut_and_the_next_reservation_is_answered(tmp_path: Path) -> None:
    async with a_store(tmp_path) as store:
        store.ledger.settle(a_trace("a", usage=Usage(HUGE, HUGE, source=UsageSource.REPORTED)), META)
        async with asyncio.timeout(2):
            assert await store.ledger.reserve(an_intent("b")) is None
        assert await spent(store) == pytest.approx(0.01)
        report = await store.usage.report(NOON - 3_600, NOON + 3_600, By.PROFILE)
        assert report.total.input_tokens == 10**15


async def test_half_a_surrogate_pair_costs_no_settlement_and_the_record_is_kept(tmp_path: Path) -> None:
    async with a_store(tmp_path) as store:
        asked = ChatRequest((user(HALF),))
        store.ledger.settle(a_trace("a", text=HALF, request=asked, caller=HALF, requested=HALF), FULL)
        assert await spent(store) == pytest.approx(0.01)
        kept = await store.traces.one("a")
        assert kept is not None
        assert kept.text == "half a pair: \ufffd"


async def test_a_record_that_cannot_be_written_costs_only_itself(tmp_path: Path) -> None:
    async with a_store(tmp_path) as store:
        odd = replace(a_trace("odd"), notes=(object(),))  # type: ignore[arg-type]  # what no record can hold
        for trace in (a_trace("before"), odd, a_trace("after")):
            store.ledger.settle(trace, META)
        assert await spent(store) == pytest.approx(0.03)
        assert await store.traces.one("odd") is None
        assert await store.traces.one("after") is not None


async def test_whatever_a_change_raises_the_writer_goes_on(tmp_path: Path) -> None:
    def breaks(connection: sqlite3.Connection) -> object:
        raise ZeroDivisionError

    async with a_store(tmp_path) as store:
        store.writer.put(breaks)
        with pytest.raises(ZeroDivisionError):
            await store.writer.commit(breaks)
        async with asyncio.timeout(2):
            assert await store.ledger.reserve(an_intent("a")) is None


async def test_a_store_that_was_down_is_up_again_though_only_budgeted_requests_come(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    (folder / "clawtui.sqlite3").mkdir(parents=True)
    async with a_store(folder) as store:
        refused = await store.ledger.reserve(an_intent("a", 0.1, limit=1.0))
        assert refused is not None
        assert store.writer.waiting == 0
        (folder / "clawtui.sqlite3").rmdir()
        await until(lambda: store.down is None)
        assert await store.ledger.reserve(an_intent("b", 0.1, limit=1.0)) is None


async def test_a_file_that_is_damaged_while_it_is_used_is_moved_aside_and_what_waits_goes_into_a_new_one(
    tmp_path: Path,
) -> None:
    async with a_store(tmp_path) as store:
        for number in range(400):
            store.ledger.settle(a_trace(f"early{number}"), FULL)
        await store.flush()
        store.writer.put(lambda connection: connection.execute("PRAGMA user_version"))
        damage(tmp_path / "clawtui.sqlite3")
        for number in range(50):
            store.ledger.settle(a_trace(f"late{number}"), META)
        async with asyncio.timeout(5):
            assert await store.ledger.reserve(an_intent("next")) is None
        assert store.moved_aside is not None
        assert store.moved_aside.exists()
        assert store.down is None
        await store.flush()
        rows = await store.reading.run(names)
        assert rows == {*(f"late{number}" for number in range(50)), "next"}


def damage(path: Path) -> None:
    """Everything behind the first page, in the file and in its log."""
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(4_096)
        file.write(b"\xa5" * (size - 4_096))


def names(connection: sqlite3.Connection) -> set[str]:
    return {row[0] for row in connection.execute("SELECT request_id FROM ledger")}


async def test_counting_anew_counts_what_came_in_the_same_moment_once(tmp_path: Path) -> None:
    async with a_store(tmp_path) as store:
        for number in range(50):
            store.ledger.settle(a_trace(f"t{number}"), META)
        assert await store.maintenance.rebuild() == 50
        report = await store.usage.report(0, NOON * 2, By.PROFILE)
        assert report.total.requests == 50
        assert await spent(store) == pytest.approx(0.5)
        assert next(iter((await store.routes.all()).values())).requests == 50


async def test_counting_anew_keeps_the_sums_of_days_whose_rows_were_pruned(tmp_path: Path) -> None:
    async with a_store(tmp_path) as store:
        for days in range(6):
            store.ledger.settle(a_trace(f"t{days}", at=NOON - days * 86_400), META)
        await store.flush()
        before = await store.usage.per_day(0, NOON + 1)
        month = store.ledger.spending("default").month_usd
        assert (await store.maintenance.prune(NOON - 2.25 * 86_400)).ledger_rows == 3
        assert await store.maintenance.rebuild() == 2  # of the day that is half pruned the sums stay
        assert await store.usage.per_day(0, NOON + 1) == before
        await store.flush()
        assert store.ledger.spending("default").month_usd == pytest.approx(month)


async def test_what_ends_after_it_was_taken_for_abandoned_is_charged_once_everywhere(tmp_path: Path) -> None:
    async with a_store(tmp_path, Wall(), "left") as left:
        await left.ledger.reserve(an_intent("a", 0.50))
        async with a_store(tmp_path, Wall(NOON + 60), "right") as right:
            await right.flush()
            assert await spent(right) == pytest.approx(0.50)
        left.ledger.settle(a_trace("a", 0.02), META)
        await left.flush()
        report = await left.usage.report(0, NOON * 2, By.PROFILE)
        assert (report.total.requests, report.total.failures) == (1, 0)
        assert report.total.cost_usd == pytest.approx(0.02)


async def test_no_reader_begins_a_file(tmp_path: Path) -> None:
    reading = Reading(tmp_path / "nothing.sqlite3")
    with pytest.raises(sqlite3.OperationalError):
        await reading.run(names)
    assert not (tmp_path / "nothing.sqlite3").exists()
    await reading.aclose()


async def test_a_closed_store_says_so_at_once(tmp_path: Path) -> None:
    async with a_store(tmp_path) as store:
        pass
    async with asyncio.timeout(2):
        await store.flush()
        with pytest.raises(StoreDown, match="closed"):
            await store.writer.commit(lambda connection: None)


async def test_pruning_gives_the_room_back_to_the_disk(tmp_path: Path) -> None:
    path = tmp_path / "clawtui.sqlite3"
    async with a_store(tmp_path) as store:
        for number in range(600):
            store.ledger.settle(a_trace(f"t{number}", text="many words " * 400), FULL)
        await store.flush()
        large = await shrunk(path)
        await store.maintenance.prune(NOON + 2 * 86_400)
        assert await shrunk(path) < large / 4


async def shrunk(path: Path) -> int:
    def look() -> int:
        with sqlite3.connect(path) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return path.stat().st_size

    return await asyncio.to_thread(look)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(errno.ENOSPC, "No space left on device", "/full/name"), "the disk with"),
        (PermissionError(errno.EACCES, "Permission denied"), "cannot be written"),
        (OSError(errno.EMFILE, "Too many open files"), "cannot be opened: Too many open files"),
        (sqlite3.OperationalError("unable to open database file"), "cannot be opened"),
    ],
)
def test_why_the_file_is_not_written_is_told_in_words(tmp_path: Path, error: Exception, words: str) -> None:
    told = why(error, tmp_path / "clawtui.sqlite3")
    assert words in told
    assert "Error" not in told


async def test_a_request_without_a_budget_waits_a_second_at_most_for_a_file_that_somebody_holds(tmp_path: Path) -> None:
    async with a_store(tmp_path) as store:
        holder = sqlite3.connect(store.path, isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")
        async with asyncio.timeout(1.5):
            assert await store.ledger.reserve(an_intent("a")) is None
        store.ledger.settle(a_trace("a"), META)
        assert store.down is None
        holder.execute("COMMIT")
        holder.close()
        assert await spent(store) == pytest.approx(0.01)
