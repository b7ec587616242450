"""Runs and cases in the database: what is written is read back whole, and a case is there when its writing returns."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from clawtui.engine.outcome import Cost, Usage, UsageSource
from clawtui.engine.request import Media, MediaKind, RequestId, ToolCall, assistant, user
from clawtui.evals.documents import kept_summary, list_document
from clawtui.evals.records import read_case, read_run, stored_case, stored_run
from clawtui.evals.results import CaseKey, CaseResult, Grade, Run, RunId, RunSettings, Verdict
from tests.store.builders import a_store

SETTINGS = RunSettings(
    suites=("core", "/home/me/quiz.jsonl"),
    profiles=("fusion/duo", "fast", "fusion/duo.itself"),
    cases=("q1",),
    repeats=3,
    threshold=0.9,
    max_usd=1.5,
    with_fallbacks=True,
    use_cache=True,
    policy="default",
    case_limit_s=30.0,
    concurrency=2,
    controls=("fusion/duo.itself",),
    held_against={"fusion/duo": ("fast", "fusion/duo.itself")},
)
RESULT = CaseResult(
    key=CaseKey("core", "tool-choice", "fast", 2),
    verdict=Verdict.FAIL,
    grades=(Grade("tool_call", False, "it called `go`, not `stop`"), Grade("streamed", True, "12 pieces")),
    reason="",
    ms=812.5,
    first_token_ms=90.0,
    usage=Usage(10, 5, 2, 0, 1, UsageSource.REPORTED),
    cost=Cost(0.25, "config"),
    request_ids=(RequestId("r1"), RequestId("r2")),
    failovers=1,
    model="one/alpha",
    weight=2.0,
    fingerprint="0123456789abcdef",
    at=100.0,
    transcript=(user("go « 漢字 »"), assistant("", ToolCall("c1", "go", '{"to": "Porto"}'))),
    cache_key="k1",
)
RUN = Run(RunId("abc123"), 50.0, SETTINGS, (RESULT,))


async def test_a_run_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    async with a_store(tmp_path) as store:
        await store.evals.begin(stored_run(RUN))
        await store.evals.add(stored_case(RUN.id, RESULT, keeps_text=True))
        found = await store.evals.run("abc123")
        assert found is not None
        assert read_run(found, await store.evals.cases("abc123")) == RUN
        ended = replace(RUN, ended=200.0, spent_usd=0.25)
        await store.evals.end(RUN.id, ended.ended, kept_summary(ended))
        found = await store.evals.run("abc123")
        assert found is not None
        assert read_run(found, await store.evals.cases("abc123")) == ended


async def test_a_case_is_on_disk_for_every_process_when_its_writing_returns(tmp_path: Path) -> None:
    async with a_store(tmp_path) as store:
        await store.evals.begin(stored_run(RUN))
        await store.evals.add(stored_case(RUN.id, RESULT, keeps_text=True))
        with sqlite3.connect(store.path) as other:
            assert other.execute("SELECT verdict FROM eval_cases").fetchall() == [("fail",)]


async def test_without_text_neither_words_nor_reasons_are_written(tmp_path: Path) -> None:
    error = replace(RESULT, verdict=Verdict.ERROR, reason="the server says: « 漢字 »", kind="bad_request")
    stored = stored_case(RUN.id, error, keeps_text=False)
    assert "漢字" not in stored.document.encode().decode("unicode_escape")
    read = read_case(stored)
    assert (read.reason, read.transcript) == ("bad_request", ())
    assert [(each.grader, each.passed, each.reason) for each in read.grades] == [
        ("tool_call", False, "the policy keeps no text"),
        ("streamed", True, "the policy keeps no text"),
    ]


def test_of_images_only_the_name_is_written() -> None:
    picture = Media(MediaKind.IMAGE, b"\x89PNG secret bytes", "image/png", "chart.png")
    stored = stored_case(RUN.id, replace(RESULT, transcript=(user("what is it?", picture),)), keeps_text=True)
    assert read_case(stored).transcript[0].text == "what is it?\n[image chart.png]"
    assert "secret bytes" not in stored.document


async def test_a_run_that_goes_on_is_begun_twice_and_a_result_replaces_the_one_before(tmp_path: Path) -> None:
    async with a_store(tmp_path) as store:
        await store.evals.begin(stored_run(RUN))
        await store.evals.add(stored_case(RUN.id, replace(RESULT, verdict=Verdict.CANCELLED), keeps_text=True))
        await store.evals.begin(stored_run(replace(RUN, settings=replace(SETTINGS, max_usd=3.0))))
        await store.evals.add(stored_case(RUN.id, RESULT, keeps_text=True))
        found = await store.evals.run(RUN.id)
        assert found is not None
        run = read_run(found, await store.evals.cases(RUN.id))
        assert run.settings.max_usd == 3.0
        assert run.results == (RESULT,)


async def test_one_case_is_found_by_its_place_in_the_run(tmp_path: Path) -> None:
    async with a_store(tmp_path) as store:
        await store.evals.begin(stored_run(RUN))
        await store.evals.add(stored_case(RUN.id, RESULT, keeps_text=True))
        key = RESULT.key
        found = await store.evals.case(RUN.id, key.suite, key.case, key.profile, key.repeat)
        assert found is not None
        assert read_case(found).transcript == RESULT.transcript
        assert await store.evals.case(RUN.id, key.suite, key.case, key.profile, key.repeat + 1) is None


async def test_the_beginning_of_an_id_will_do_where_only_one_run_begins_so(tmp_path: Path) -> None:
    async with a_store(tmp_path) as store:
        for id in ("ab", "abc1", "abd2", "a%"):
            await store.evals.begin(stored_run(replace(RUN, id=RunId(id))))

        async def found(id: str) -> str | None:
            run = await store.evals.run(id)
            return run.id if run else None

        assert await found("abc") == "abc1"
        assert await found("ab") == "ab"  # one that is called so comes before those that begin so
        assert [await found(id) for id in ("a", "", "x", "%")] == [None] * 4
        assert sorted(await store.evals.ids("a", 9)) == ["a%", "ab", "abc1", "abd2"]
        assert len(await store.evals.ids("a", 2)) == 2
        assert await store.evals.ids("%", 9) == []


async def test_runs_are_listed_with_their_rates_the_newest_first(tmp_path: Path) -> None:
    async with a_store(tmp_path) as store:
        for id, at in (("old", 1.0), ("new", 2.0)):
            run = replace(RUN, id=RunId(id), at=at)
            await store.evals.begin(stored_run(run))
            if id == "new":
                await store.evals.end(id, 3.0, kept_summary(run))
        listed = list_document((), await store.evals.runs())["runs"]
        assert [(each["run_id"], each["finished"], each["rates"].get("fast")) for each in listed] == [
            ("new", True, 0.0),
            ("old", False, None),
        ]


async def test_the_rate_of_a_run_is_that_of_the_profiles_asked_for(tmp_path: Path) -> None:
    """Not of the controls that a fusion is held against."""
    results = (
        RESULT,
        replace(RESULT, key=CaseKey("core", "tool-choice", "fusion/duo.itself", 1), verdict=Verdict.PASS),
    )
    run = replace(RUN, results=results)
    async with a_store(tmp_path) as store:
        await store.evals.begin(stored_run(run))
        await store.evals.end(run.id, 3.0, kept_summary(run))
        (listed,) = list_document((), await store.evals.runs())["runs"]
        assert (listed["rate"], listed["rates"]["fusion/duo.itself"]) == (0.0, 1.0)


@pytest.mark.parametrize("newer", [True, False])
async def test_the_newest_of_equal_results_is_the_one_that_is_taken_over(tmp_path: Path, newer: bool) -> None:
    other = replace(RESULT, at=200.0 if newer else 10.0, verdict=Verdict.PASS)
    async with a_store(tmp_path) as store:
        await store.evals.add(stored_case(RunId("one"), RESULT, keeps_text=True))
        await store.evals.add(stored_case(RunId("two"), other, keeps_text=True))
        taken = await store.evals.cached("k1")
        assert taken is not None
        assert taken.verdict == ("pass" if newer else "fail")
        assert await store.evals.are_cached(["k1", "k2"]) == {"k1"}
        assert await store.evals.cached("k2") is None


async def test_a_deleted_run_takes_its_cases_along(tmp_path: Path) -> None:
    async with a_store(tmp_path) as store:
        await store.evals.begin(stored_run(RUN))
        await store.evals.add(stored_case(RUN.id, RESULT, keeps_text=True))
        await store.evals.delete(RUN.id)
        assert await store.evals.run(RUN.id) is None
        assert await store.evals.cases(RUN.id) == []
        assert await store.evals.trend("fast", 10) == []
