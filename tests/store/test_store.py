"""The file itself: newer ones are refused, damaged ones moved aside, and what cannot be written waits."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from clawtui.config.schema import Retention
from clawtui.engine.ports import CircuitRecord, CredentialRecord, Learned, Transition
from clawtui.store.conversations import TurnStatus
from clawtui.store.database import NewerSchema
from clawtui.store.usage import By
from tests.house import until
from tests.store.builders import NOON, ROUTE, Wall, a_store, a_trace, an_intent

META = Retention.METADATA


async def test_a_file_of_a_newer_version_is_refused_with_a_sentence_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "clawtui.sqlite3"
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 999")
    before = path.read_bytes()
    with pytest.raises(NewerSchema, match="newer version"):
        async with a_store(tmp_path):
            pass
    assert path.read_bytes() == before


@pytest.mark.parametrize("content", [b"this is no database" * 100, b"SQLite format 3\x00" + b"\xff" * 8_000])
async def test_a_damaged_file_is_moved_aside_and_a_new_one_begun(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "clawtui.sqlite3"
    path.write_bytes(content)
    async with a_store(tmp_path) as store:
        assert store.moved_aside is not None
        assert store.moved_aside.read_bytes() == content
        assert await store.ledger.reserve(an_intent("a")) is None
    assert path.stat().st_mode & 0o777 == 0o600


async def test_with_the_file_unusable_budgets_refuse_and_the_rest_goes_on_and_is_written_later(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    blocker = folder / "clawtui.sqlite3"
    blocker.mkdir()
    async with a_store(folder) as store:
        assert store.down is not None
        refused = await store.ledger.reserve(an_intent("a", 0.1, limit=1.0))
        assert refused is not None
        assert refused.store_down is not None
        assert await store.ledger.reserve(an_intent("b")) is None
        store.ledger.settle(a_trace("b"), META)
        assert store.writer.waiting >= 1
        blocker.rmdir()
        await until(lambda: store.down is None)
        await store.flush()
        assert await store.traces.one("b") is not None


async def test_what_was_put_is_durable_within_a_quarter_of_a_second(tmp_path: Path) -> None:
    async with a_store(tmp_path) as store:
        store.ledger.settle(a_trace("a"), META)
        with sqlite3.connect(tmp_path / "clawtui.sqlite3") as other:
            await until(lambda: other.execute("SELECT count(*) FROM ledger").fetchone() == (1,), 0.25)


async def test_state_survives_and_the_newest_word_wins_whoever_says_it(tmp_path: Path) -> None:
    circuit = CircuitRecord(ROUTE, "open", 5, NOON, 30.0, "server", NOON)
    credential = CredentialRecord("one", "f1", "env:KEY", "alpha", "cooling", "rate limit", NOON, NOON + 30, 30.0, 1)
    learned = Learned(ROUTE, "max_tokens", "4096", NOON, 60.0)
    async with a_store(tmp_path, process="left") as left, a_store(tmp_path, process="right") as right:
        await right.has_changed()
        for record in (circuit, credential, learned, Transition(ROUTE, NOON, "closed", "open", "server")):
            left.state.save(record)
        await left.flush()
        assert await right.has_changed()
        stored = await right.state.load()
        assert (list(stored.circuits), list(stored.credentials), list(stored.learned)) == (
            [circuit],
            [credential],
            [learned],
        )
        older = CircuitRecord(ROUTE, "closed", 0, None, 0.0, "old news", NOON - 5)
        right.state.save(older)
        await right.flush()
        assert list((await left.state.load()).circuits) == [circuit]
        assert [step.after for step in await left.state.transitions(ROUTE)] == ["open"]


async def test_usage_groups_sums_and_says_what_is_estimated(tmp_path: Path) -> None:
    async with a_store(tmp_path) as store:
        for n in range(10):
            store.ledger.settle(a_trace(f"t{n}", caller="eval" if n % 2 else "ask", at=NOON + n), META)
        await store.flush()
        report = await store.usage.report(NOON - 3_600, NOON + 3_600, By.CALLER)
        assert [(row.key, row.requests) for row in report.rows] == [("ask", 5), ("eval", 5)]
        assert report.total.cost_usd == pytest.approx(0.1)
        assert report.total.input_tokens == 1_000
        assert report.total.p50_ms == pytest.approx(250, rel=0.05)
        days = await store.usage.report(0, NOON + 3_600, By.DAY)
        assert len(days.rows) == 1
        counters = await store.routes.all()
        assert counters[ROUTE].requests == 10
        assert counters[ROUTE].success_rate == 1.0


async def test_figures_counted_anew_from_the_rows_are_the_same(tmp_path: Path) -> None:
    async with a_store(tmp_path) as store:
        for n in range(20):
            store.ledger.settle(a_trace(f"t{n}", 0.001 * n, at=NOON + n * 3_600), META)
        await store.flush()
        before = [await store.usage.report(0, NOON * 2, by) for by in By]
        routes, spent = await store.routes.all(), store.ledger.spending("default")
        assert await store.maintenance.rebuild() == 20
        after = [await store.usage.report(0, NOON * 2, by) for by in By]
        for old, new in zip(before, after, strict=True):
            assert [row.key for row in old.rows] == [row.key for row in new.rows]
            assert old.total.cost_usd == pytest.approx(new.total.cost_usd)
            assert old.total.requests == new.total.requests
        assert await store.routes.all() == routes
        assert store.ledger.spending("default").day_usd == pytest.approx(spent.day_usd)


async def test_pruning_deletes_old_rows_and_keeps_the_sums(tmp_path: Path) -> None:
    async with a_store(tmp_path) as store:
        for n in range(4):
            store.ledger.settle(a_trace(f"t{n}", at=NOON - n * 86_400), Retention.FULL)
        await store.flush()
        pruned = await store.maintenance.prune(NOON - 86_400 * 1.5)
        assert (pruned.traces, pruned.ledger_rows) == (2, 2)
        assert (await store.usage.report(0, NOON + 1, By.PROFILE)).total.requests == 4


async def test_conversations_are_kept_searched_branched_deleted_and_restored(tmp_path: Path) -> None:
    async with a_store(tmp_path) as store:
        talk = await store.conversations.create()
        await store.conversations.add(talk, "user", "How do lobsters sleep?")
        turn = await store.conversations.add(talk, "assistant", "", TurnStatus.STREAMING)
        store.conversations.write(turn, "Under stones, mostly.", TurnStatus.DONE)
        await store.flush()
        assert [each.text for each in await store.conversations.turns(talk)] == [
            "How do lobsters sleep?",
            "Under stones, mostly.",
        ]
        assert (await store.conversations.recent())[0].title == "How do lobsters sleep?"
        assert [found.conversation for found in await store.conversations.search("ston")] == [talk]
        branch = await store.conversations.branch(talk, 0)
        assert len(await store.conversations.turns(branch)) == 1
        await store.conversations.delete(talk)
        assert await store.conversations.search("stones") == []
        await store.conversations.restore(talk)
        assert len(await store.conversations.search("stones")) == 1


async def test_an_answer_that_was_streaming_when_its_process_died_is_marked_interrupted(tmp_path: Path) -> None:
    wall = Wall()
    async with a_store(tmp_path, wall, "died") as store:
        talk = await store.conversations.create()
        await store.conversations.add(talk, "assistant", "So far", TurnStatus.STREAMING)
    wall.now += 60
    async with a_store(tmp_path, wall, "next") as store:
        await store.conversations.close_interrupted()
        (turn,) = await store.conversations.turns(talk)
        assert (turn.text, turn.status) == ("So far", TurnStatus.INTERRUPTED)
