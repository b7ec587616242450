"""The ledger: every request once, no budget overspent, nothing open after a crash."""

from __future__ import annotations

import asyncio
import random
import sqlite3
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from clawtui.config.schema import Retention
from clawtui.engine.outcome import Cost, Outcome
from clawtui.engine.ports import Limits
from tests.store.builders import NOON, Wall, a_store, a_trace, an_intent

META = Retention.METADATA


def rows(folder: Path, query: str) -> list[tuple[object, ...]]:
    with sqlite3.connect(folder / "clawtui.sqlite3") as connection:
        return connection.execute(query).fetchall()


async def test_a_settled_request_has_one_row_with_what_it_cost(tmp_path: Path) -> None:
    async with a_store(tmp_path) as store:
        assert await store.ledger.reserve(an_intent("a", 0.5)) is None
        assert store.ledger.spending("default").day_reserved_usd == 0.5
        store.ledger.settle(a_trace("a", 0.02), META)
        await store.flush()
        spent = store.ledger.spending("default")
        assert (spent.day_usd, spent.day_reserved_usd) == (pytest.approx(0.02), 0.0)
    assert rows(tmp_path, "SELECT request_id, state, cost_usd FROM ledger") == [("a", "settled", 0.02)]


async def test_what_has_ended_holds_nothing_back_before_it_is_written(tmp_path: Path) -> None:
    async with a_store(tmp_path) as store:
        assert await store.ledger.reserve(an_intent("a", 0.9, limit=1.0)) is None
        assert store.ledger.spending("default").day_reserved_usd == 0.9
        store.ledger.settle(a_trace("a", 0.02), META)
        for _ in range(2):
            spent = store.ledger.spending("default")
            assert (spent.day_usd, spent.day_reserved_usd) == (pytest.approx(0.02), 0.0)
            await store.flush()


async def test_a_second_settlement_changes_nothing(tmp_path: Path) -> None:
    async with a_store(tmp_path) as store:
        await store.ledger.reserve(an_intent("a"))
        for usd in (0.02, 9.0):
            store.ledger.settle(a_trace("a", usd), META)
        await store.flush()
        assert store.ledger.spending("default").day_usd == pytest.approx(0.02)
    assert rows(tmp_path, "SELECT requests, cost_usd FROM usage_figures WHERE span = 'd'") == [(1, 0.02)]


async def test_a_reservation_waits_for_no_settlement_of_others(tmp_path: Path) -> None:
    async with a_store(tmp_path) as store:
        for n in range(4_000):
            store.ledger.settle(a_trace(f"s{n:04}"), META)
        assert await store.ledger.reserve(an_intent("mine")) is None
        assert store.writer.waiting > 0
        await store.flush()
        assert rows(tmp_path, "SELECT state, count(*) FROM ledger GROUP BY state") == [("open", 1), ("settled", 4_000)]


async def test_a_settlement_is_durable_in_time_however_many_reserve_meanwhile(tmp_path: Path) -> None:
    async with a_store(tmp_path) as store:
        is_over, asked = False, 0

        async def reserves() -> None:
            nonlocal asked
            while not is_over:
                asked += 1
                assert await store.ledger.reserve(an_intent(f"r{asked:06}")) is None

        crowd = [asyncio.create_task(reserves()) for _ in range(512)]
        await asyncio.sleep(0.3)
        waits = []
        for n in range(5):
            began = time.monotonic()
            store.ledger.settle(a_trace(f"s{n}"), META)
            while (
                not rows(tmp_path, f"SELECT 1 FROM ledger WHERE request_id = 's{n}'") and time.monotonic() < began + 2
            ):
                await asyncio.sleep(0.005)
            waits.append(time.monotonic() - began)
        is_over = True
        await asyncio.gather(*crowd)
    assert min(waits) < 0.25
    assert max(waits) < 1.0  # a busy machine


async def test_no_reservation_waits_for_a_wake_up_that_was_missed(tmp_path: Path) -> None:
    chance, slowest = random.Random(1), 0.0
    async with a_store(tmp_path) as store:
        for n in range(300):
            began = time.monotonic()
            assert await store.ledger.reserve(an_intent(f"r{n:03}")) is None
            slowest = max(slowest, time.monotonic() - began)
            if n % 2:
                store.ledger.settle(a_trace(f"r{n:03}"), META)
            if n % 3 == 0:
                await asyncio.sleep(chance.random() * 0.006)  # just as the writer turns to rest, now and then
    assert slowest < 0.9  # after a second the writer looks by itself


async def test_a_budget_knows_what_was_settled_just_before(tmp_path: Path) -> None:
    async with a_store(tmp_path) as store:
        for n in range(20):  # each reserves nearly all of it and spends little
            assert await store.ledger.reserve(an_intent(f"r{n:02}", 0.9, limit=1.0)) is None
            store.ledger.settle(a_trace(f"r{n:02}", 0.004), META)
        assert await store.ledger.reserve(an_intent("last", 0.93, limit=1.0)) is not None
        assert store.ledger.spending("default").day_usd == pytest.approx(0.08)


async def test_a_later_sum_replaces_the_reservation_of_the_same_request(tmp_path: Path) -> None:
    async with a_store(tmp_path) as store:
        assert await store.ledger.reserve(an_intent("a", 0.6, limit=1.0)) is None
        assert await store.ledger.reserve(an_intent("a", 0.9, limit=1.0)) is None
        assert store.ledger.spending("default").day_reserved_usd == 0.9
        assert await store.ledger.reserve(an_intent("a", 1.1, limit=1.0)) is not None
        assert store.ledger.spending("default").day_reserved_usd == 0.9


async def test_a_refusal_names_the_numbers_and_the_month_counts_too(tmp_path: Path) -> None:
    async with a_store(tmp_path) as store:
        limits = Limits(None, 1.0, 0.8)
        assert await store.ledger.reserve(an_intent("a", 0.7, limits=limits)) is None
        refused = await store.ledger.reserve(an_intent("b", 0.4, limits=limits))
        assert refused is not None
        assert (refused.period, refused.limit_usd, refused.reserved_usd, refused.asked_usd) == ("month", 1.0, 0.7, 0.4)


async def test_what_costs_nothing_fits_a_budget_of_nothing(tmp_path: Path) -> None:
    async with a_store(tmp_path) as store:
        assert await store.ledger.reserve(an_intent("a", 0.0, limit=0.0)) is None
        assert await store.ledger.reserve(an_intent("b", 0.0001, limit=0.0)) is not None


async def test_a_new_day_begins_with_nothing_spent_but_the_month_goes_on(tmp_path: Path) -> None:
    wall = Wall()
    async with a_store(tmp_path, wall) as store:
        await store.ledger.reserve(an_intent("a"))
        store.ledger.settle(a_trace("a", 0.4), META)
        await store.flush()
        wall.now += 86_400
        spent = store.ledger.spending("default")
        assert (spent.day_usd, spent.month_usd) == (0.0, pytest.approx(0.4))


async def test_an_unknown_price_is_kept_as_unknown_and_never_as_nothing(tmp_path: Path) -> None:
    async with a_store(tmp_path) as store:
        await store.ledger.reserve(an_intent("a", None))
        store.ledger.settle(a_trace("a", None, cost=Cost()), META)
        await store.flush()
    assert rows(tmp_path, "SELECT cost_usd FROM ledger") == [(None,)]
    assert rows(tmp_path, "SELECT unpriced FROM usage_figures WHERE span = 'd'") == [(1,)]


async def test_reservations_of_a_process_that_fell_silent_are_charged_and_marked(tmp_path: Path) -> None:
    wall = Wall()
    async with a_store(tmp_path, wall, "crashed") as store:
        await store.ledger.reserve(an_intent("a", 0.3, limit=1.0))
    wall.now += 10
    async with a_store(tmp_path, wall, "soon after") as store:
        assert store.ledger.spending("default").day_reserved_usd == 0.3
    wall.now += 31
    async with a_store(tmp_path, wall, "later") as store:
        spent = store.ledger.spending("default")
        assert (spent.day_usd, spent.day_reserved_usd) == (pytest.approx(0.3), 0.0)
    assert rows(tmp_path, "SELECT state, cost_usd, cost_source FROM ledger") == [("abandoned", 0.3, "reservation")]


async def test_a_settlement_that_comes_after_all_replaces_the_abandoned_charge(tmp_path: Path) -> None:
    wall = Wall()
    async with a_store(tmp_path, wall, "slow") as store:
        await store.ledger.reserve(an_intent("a", 0.3))
    wall.now += 60
    async with a_store(tmp_path, wall, "other") as store:
        store.ledger.settle(a_trace("a", 0.1), META)
        await store.flush()
        assert store.ledger.spending("default").day_usd == pytest.approx(0.1)
    assert rows(tmp_path, "SELECT state FROM ledger") == [("settled",)]


HUNDRED = textwrap.dedent(
    """
    import asyncio, sys
    from pathlib import Path
    from clawtui.config.schema import Retention
    from tests.store.builders import Wall, a_store, a_trace, an_intent

    async def main(folder, name):
        async with a_store(folder, Wall(), name) as store:
            print("ready", flush=True)
            sys.stdin.readline()
            async def one(n):
                refused = await store.ledger.reserve(an_intent(f"{name}-{n}", 0.01, limit=1.2))
                return refused is None
            admitted = await asyncio.gather(*(one(n) for n in range(100)))
            for n, ok in enumerate(admitted):
                if ok:
                    store.ledger.settle(a_trace(f"{name}-{n}", 0.01), Retention.METADATA)
            await store.flush()
            print(sum(admitted), flush=True)

    asyncio.run(main(Path(sys.argv[1]), sys.argv[2]))
    """
)


def test_two_processes_with_a_hundred_requests_each_admit_exactly_what_the_budget_holds(tmp_path: Path) -> None:
    root = Path(__file__).parents[2]
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", HUNDRED, str(tmp_path), name],
            cwd=root,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for name in ("left", "right")
    ]
    for worker in workers:
        assert worker.stdout is not None
        assert worker.stdout.readline() == "ready\n"
    admitted = 0
    for worker in workers:
        assert worker.stdin is not None
        worker.stdin.write("go\n")
        worker.stdin.flush()
    for worker in workers:
        out, _ = worker.communicate(timeout=30)
        admitted += int(out)
    assert admitted == 120
    assert rows(tmp_path, "SELECT count(*), round(sum(cost_usd), 6) FROM ledger") == [(120, 1.2)]
    assert rows(tmp_path, "SELECT round(usd, 6) FROM spending") == [(1.2,), (1.2,)]


WORKER = textwrap.dedent(
    """
    import asyncio, sys
    from pathlib import Path
    from clawtui.config.schema import Retention
    from tests.store.builders import Wall, a_store, a_trace, an_intent

    async def main(folder, name, wall):
        async with a_store(folder, Wall(float(wall)), name) as store:
            async def caller(k):
                n = 0
                while True:
                    request = f"{name}-{k}-{n}"
                    if await store.ledger.reserve(an_intent(request, 0.01, limit=50.0)) is None:
                        print(request, flush=True)
                        store.ledger.settle(a_trace(request, 0.005), Retention.METADATA)
                    n += 1
            await asyncio.gather(*(caller(k) for k in range(4)))

    asyncio.run(main(Path(sys.argv[1]), sys.argv[2], sys.argv[3]))
    """
)


def test_after_kill_minus_nine_every_sent_request_has_one_row_and_nothing_stays_open(tmp_path: Path) -> None:
    root = Path(__file__).parents[2]
    sent: set[str] = set()
    wall = NOON
    for attempt in range(6):
        wall += 60
        worker = subprocess.Popen(
            [sys.executable, "-c", WORKER, str(tmp_path), f"w{attempt}", str(wall)],
            cwd=root,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert worker.stdout is not None
        for _ in range(5 + attempt * 9):
            sent.add(worker.stdout.readline().strip())
        worker.kill()
        sent.update(line.strip() for line in worker.stdout.read().splitlines(keepends=True) if line.endswith("\n"))
        worker.wait()

    async def open_once_more() -> None:
        async with a_store(tmp_path, Wall(wall + 60), "last"):
            pass

    asyncio.run(open_once_more())
    states = dict(rows(tmp_path, "SELECT request_id, state FROM ledger"))
    assert sent <= set(states)
    assert set(states.values()) <= {"settled", "abandoned"}
    booked = rows(tmp_path, "SELECT round(sum(cost_usd), 6) FROM ledger")
    assert rows(tmp_path, "SELECT round(usd, 6) FROM spending WHERE length(period) = 10") == booked


async def test_two_stores_hammer_one_file_and_lose_no_row(tmp_path: Path) -> None:
    async with a_store(tmp_path, process="left") as left, a_store(tmp_path, process="right") as right:

        async def hammer(name: str) -> int:
            store, done = (left if name == "left" else right), 0
            loop = asyncio.get_running_loop()
            end = loop.time() + 5.0
            while loop.time() < end:
                assert await store.ledger.reserve(an_intent(f"{name}-{done}")) is None
                store.ledger.settle(a_trace(f"{name}-{done}"), META)
                done += 1
            await store.flush()
            return done

        counts = await asyncio.gather(hammer("left"), hammer("right"))
    assert rows(tmp_path, "SELECT count(*) FROM ledger WHERE state = 'settled'") == [(sum(counts),)]
    assert rows(tmp_path, "SELECT sum(requests) FROM usage_figures WHERE span = 'h'") == [(sum(counts),)]


async def test_a_cancelled_request_is_settled_with_its_outcome(tmp_path: Path) -> None:
    async with a_store(tmp_path) as store:
        await store.ledger.reserve(an_intent("a"))
        store.ledger.settle(a_trace("a", outcome=Outcome.CANCELLED, answered=None), META)
        await store.flush()
    assert rows(tmp_path, "SELECT state, outcome, profile FROM ledger") == [("settled", "cancelled", "fast")]
