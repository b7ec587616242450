"""Many calls at a time on one credential, late results, commands that fail, and a wall clock that goes backwards."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from clawtui.config.schema import PoolStrategy
from clawtui.engine.failures import Failure
from tests.engine.test_credentials import HOUR, LIMITED, MODEL, REFUSED, UNPAID, Pool
from tests.house import a_house

USED_UP = {"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "5s"}


async def test_ten_calls_refused_at_once_are_one_strike() -> None:
    pool = Pool(2)
    leases = [pool.take() for _ in range(10)]
    await pool.clock.advance(1)
    for lease in leases:
        lease.failed(LIMITED, {})
    assert pool.next_free("one", MODEL, frozenset({"env:KEYS#2"})) == 60.0


@pytest.mark.parametrize(("failure", "seconds"), [(REFUSED, 300.0), (UNPAID, 5 * HOUR)])
async def test_ten_calls_under_way_do_not_kill_a_key_that_is_refused_once(failure: Failure, seconds: float) -> None:
    pool = Pool()
    leases = [pool.take() for _ in range(10)]
    await pool.clock.advance(1)
    for lease in leases:
        lease.failed(failure, {})
    assert pool.back_in() == seconds


async def test_of_many_hints_at_once_the_longest_holds() -> None:
    pool = Pool(2)
    leases = [pool.take() for _ in range(3)]
    for lease, seconds in zip(leases, (20.0, 50.0, 5.0), strict=True):
        lease.failed(replace(LIMITED, retry_after_s=seconds), {})
    assert pool.next_free("one", MODEL, frozenset({"env:KEYS#2"})) == 50.0


async def test_a_success_begun_before_a_refusal_frees_nothing_and_its_headers_shorten_nothing() -> None:
    pool = Pool(2)
    early = pool.take()
    await pool.clock.advance(1)
    pool.fail(replace(LIMITED, retry_after_s=600.0))
    early.succeeded(USED_UP)
    assert pool.next_free("one", MODEL, frozenset({"env:KEYS#2"})) == 600.0


async def test_an_answer_by_a_forced_lease_frees_the_credential() -> None:
    pool = Pool()
    pool.fail(replace(LIMITED, retry_after_s=60.0))
    await pool.clock.advance(10)
    forced = pool.lease("one", MODEL, force=True)
    assert forced is not None
    forced.succeeded({})
    assert pool.states() == ["ok"]


async def test_different_causes_are_not_strikes_in_one_row() -> None:
    pool = Pool()
    pool.fail(UNPAID)
    await pool.clock.advance(5 * HOUR)
    pool.fail(REFUSED)
    assert pool.back_in() == 300.0


async def test_only_fill_first_keeps_a_conversation_in_its_place() -> None:
    pool = Pool(2, PoolStrategy.ROUND_ROBIN)
    labels = [pool.take(conversation="talk").label for _ in range(2)]
    assert labels == ["env:KEYS", "env:KEYS#2"]


async def test_what_was_freed_by_hand_is_not_taken_back_by_older_words() -> None:
    pool = Pool()
    pool.fail(UNPAID)
    stale = pool.records()
    await pool.clock.advance(1)
    pool.reset("one")
    pool.absorb(stale)
    assert pool.states() == ["ok"]


async def test_news_after_the_wall_clock_was_set_back_are_still_the_newest() -> None:
    pool = Pool()
    pool.fail(UNPAID)
    stale = pool.records()
    pool.clock.set_back(HOUR)
    pool.reset("one")
    assert pool.records()[0].at > stale[0].at
    pool.absorb(stale)
    assert pool.states() == ["ok"]


async def test_hours_are_told_as_hours() -> None:
    pool = Pool()
    pool.fail(UNPAID)
    blocked = pool.wait("one", MODEL)
    assert blocked is not None
    assert "5 h" in blocked.reason


async def test_a_command_is_run_once_for_many_that_ask_and_off_the_loop(tmp_path: Path) -> None:
    log = tmp_path / "runs"
    script = tmp_path / "secret.sh"
    script.write_text(f"#!/bin/sh\necho run >> {log}\nsleep 0.05\necho quokka-by-command\n")
    script.chmod(0o700)
    pool = Pool()
    assert pool.configure("one", (f"cmd:{script}",), PoolStrategy.FILL_FIRST) is None
    assert not log.exists()
    await asyncio.gather(*(pool.prepare("one") for _ in range(8)))
    secret = pool.take().secret
    assert secret is not None
    assert secret.reveal() == "quokka-by-command"
    assert log.read_text() == "run\n"


async def test_a_command_that_failed_says_why_and_is_asked_again_after_a_while(tmp_path: Path) -> None:
    answer = tmp_path / "answer"
    pool = Pool()
    pool.configure("one", (f"cmd:cat {answer}",), PoolStrategy.FILL_FIRST)
    await pool.prepare("one")
    blocked = pool.wait("one", MODEL)
    assert blocked is not None
    assert "ended with status" in blocked.reason
    answer.write_text("quokka-unlocked")
    await pool.prepare("one")
    assert pool.lease("one", MODEL) is None
    await pool.clock.advance(30)
    assert pool.wait("one", MODEL) is None
    await pool.prepare("one")
    assert pool.take().secret is not None


async def test_a_command_that_gives_no_key_is_named_and_nobody_is_asked_without_one() -> None:
    providers = {"one": {"credentials": ["cmd:false"]}}
    async with a_house(providers=providers, profiles={"first": {"fallback_profiles": []}}) as house:
        trace = await house.ask()
        assert trace.error is not None
        assert trace.error.kind == "not_ready"
        assert "first: no credential (cmd:false: false ended with status 1)" in trace.error.message
        probe = await house.engine.probe("one")
        assert not probe.reachable
        assert not house.simulator.requests
        assert not house.simulator.listings
        assert probe.error is not None
        assert "cmd:false" in probe.error
