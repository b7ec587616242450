"""Runs of cases: verdicts and rates, limits of time, money and concurrency, the cache, what is kept."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from clawtui.evals.results import Verdict
from clawtui.evals.runner import CaseEnded, CaseStarted
from clawtui.evals.summary import passed_threshold, summaries, under_threshold
from clawtui.runtime.evaluating import CannotRun
from clawtui.simulator import Fault, FaultKind
from tests.evals.lab import a_lab, a_script, counted, knows, knows_up_to, questions, verdicts
from tests.house import until


async def test_what_passes_and_fails_makes_the_rate(tmp_path: Path) -> None:
    async with a_lab(tmp_path, a_script(fast=knows(1, 2, 4))) as lab:
        run = await lab.run("fast")
        assert verdicts(run) == {"q1": "pass", "q2": "pass", "q3": "fail", "q4": "pass"}
        (summary,) = summaries(run)
        assert summary.rate is not None
        assert (summary.rate.rate, summary.rate.n) == (0.75, 4)
        assert summary.cost_usd is not None
        assert summary.cost_per_pass_usd == pytest.approx(summary.cost_usd / 3)
        assert run.ended is not None


async def test_a_provider_that_fails_half_the_time_changes_errors_and_not_the_rate(tmp_path: Path) -> None:
    flaky = knows_up_to(12, faults=(Fault(FaultKind.STATUS, status=500, every=2),))
    async with a_lab(tmp_path, a_script(fast=flaky), cases=questions(12)) as lab:
        run = await lab.run("fast")
        assert counted(run) == {"pass": 6, "error": 6}
        (summary,) = summaries(run)
        assert summary.rate is not None
        assert (summary.rate.rate, summary.rate.n) == (1.0, 6)


async def test_nobody_earns_a_pass_for_another_unless_the_chain_is_measured(tmp_path: Path) -> None:
    down = knows(faults=(Fault(FaultKind.STATUS, status=500),))
    async with a_lab(tmp_path, a_script(fast=down)) as lab:
        assert counted(await lab.run("fast")) == {"error": 4}
        assert set(lab.calls) == {"one/alpha"}
        chain = await lab.run("fast", with_fallbacks=True)
        assert counted(chain) == {"pass": 4}
        assert {result.model for result in chain.results} == {"two/beta"}


async def test_a_fusion_earns_nothing_by_what_stood_in_for_its_synthesizer(tmp_path: Path) -> None:
    down = knows(faults=(Fault(FaultKind.STATUS, status=500),))
    more = '[fusion.odd]\nadvisers = ["strong"]\nsynthesizer = "fast"\n'
    async with a_lab(tmp_path, a_script(fast=down), more=more) as lab:
        run = await lab.run("fusion/odd")
        assert counted(run, "fusion/odd") == {"error": 4}
        assert all("fast@one/alpha → server 500" in result.reason for result in run.results)
        chain = await lab.run("fusion/odd", with_fallbacks=True)
        assert counted(chain, "fusion/odd") == {"pass": 4}
        assert {result.failovers for result in chain.results} == {1}


async def test_what_a_fusions_synthesizer_cannot_do_the_fusion_does_not_support(tmp_path: Path) -> None:
    more = "[profiles.strong.capabilities]\nvision = false\n"
    cases = [{**questions(1)[0], "needs": ["vision"]}]
    async with a_lab(tmp_path, cases=cases, more=more) as lab:
        prepared = await lab.prepare("fusion/duo")
        assert (prepared.estimate.unsupported, prepared.estimate.calls) == (1, 0)
        (result,) = (await lab.start(prepared)).results
        assert (result.verdict, result.reason) == (Verdict.UNSUPPORTED, "lacks vision (config)")
        assert lab.calls == []


async def test_the_estimate_of_a_fusion_counts_what_the_case_sends_and_every_adviser(tmp_path: Path) -> None:
    long = {**questions(1)[0], "id": "long", "input": "word " * 20_000, "max_tokens": 10}
    async with a_lab(tmp_path, cases=[{**questions(1)[0], "max_tokens": 10}, long]) as lab:
        short, whole = [(await lab.prepare("fusion/duo", cases=(name,))).estimate.worst_usd for name in ("q1", "long")]
        assert whole - short > 0.02  # twenty thousand words to the synthesizer, at a dollar a million
        alone = (await lab.prepare("strong", cases=("q1",))).estimate.worst_usd
        assert short > 3 * alone
        run = await lab.run("fusion/duo", max_usd=10.0)
        assert 0 < run.spent_usd < short + whole


async def test_an_adviser_that_somebody_stands_in_for_is_a_failover(tmp_path: Path) -> None:
    down = knows(faults=(Fault(FaultKind.STATUS, status=500),))
    async with a_lab(tmp_path, a_script(fast=down), cases=questions(1)) as lab:
        (result,) = (await lab.run("fusion/duo", with_fallbacks=True)).results
        assert (result.verdict, result.failovers) == (Verdict.PASS, 1)


async def test_every_case_is_run_as_often_as_is_asked_for_each_profile(tmp_path: Path) -> None:
    cases = [{**questions(1)[0], "repeats": 5}, questions(2)[1]]
    async with a_lab(tmp_path, cases=cases) as lab:
        run = await lab.run("fast", "strong", repeats=3)
        keys = [(result.key.case, result.key.profile, result.key.repeat) for result in run.results]
        assert len(keys) == len(set(keys)) == 2 * (5 + 3)
        assert keys[:4] == [("q1", "fast", 1), ("q1", "strong", 1), ("q2", "fast", 1), ("q2", "strong", 1)]


async def test_only_the_cases_asked_for_are_run(tmp_path: Path) -> None:
    async with a_lab(tmp_path) as lab:
        assert list(verdicts(await lab.run("fast", cases=("q3",)))) == ["q3"]


async def test_each_case_is_told_when_it_starts_and_when_it_ends(tmp_path: Path) -> None:
    async with a_lab(tmp_path) as lab:
        run = await lab.run("fast")
        started = {each.key for each in lab.told if isinstance(each, CaseStarted)}
        ended = {each.result.key for each in lab.told if isinstance(each, CaseEnded)}
        assert started == ended == {result.key for result in run.results}


# ---- limits


async def test_a_case_that_takes_too_long_is_an_error_and_the_others_go_on(tmp_path: Path) -> None:
    slow = knows_up_to(4, faults=(Fault(FaultKind.HANG, times=1),))
    async with a_lab(tmp_path, a_script(fast=slow)) as lab:
        running = asyncio.create_task(lab.run("fast", case_limit_s=30.0, max_usd=1.0))
        await until(lambda: sum(isinstance(each, CaseEnded) for each in lab.told) == 3)
        await lab.clock.advance(31)
        run = await running
        assert counted(run) == {"pass": 3, "error": 1}
        (late,) = [result for result in run.results if result.verdict is Verdict.ERROR]
        assert late.reason == "it took longer than 30 s"
        assert (late.cost.usd, len(late.request_ids)) == (None, 1)  # what it cost is not known, that it was sent is
        assert run.spent_usd > (await lab.prepare("fast", cases=("q1",))).estimate.worst_usd  # held to have cost all


async def test_waiting_for_money_that_others_hold_is_not_a_cases_time(tmp_path: Path) -> None:
    slow = knows_up_to(2, first_token_s=0.3)
    cases = [{**each, "max_tokens": 1000} for each in questions(2)]
    async with a_lab(tmp_path, a_script(fast=slow), cases=cases) as lab:
        worst = (await lab.prepare("fast", cases=("q1",))).estimate.worst_usd
        running = asyncio.create_task(lab.run("fast", case_limit_s=30.0, max_usd=1.5 * worst))
        for calls in (1, 2):  # the second waits until the first is paid for
            await until(lambda calls=calls: len(lab.calls) == calls)
            await lab.clock.advance(20)
        assert counted(await running) == {"pass": 2}


async def test_the_time_of_a_case_is_that_of_all_its_calls(tmp_path: Path) -> None:
    slow = knows_up_to(2, first_token_s=0.3)
    cases = [{"id": "long", "turns": [{"input": "question 1?"}, {"input": "question 2?"}], "ideal": "yes"}]
    async with a_lab(tmp_path, a_script(fast=slow), cases=cases) as lab:
        running = asyncio.create_task(lab.run("fast", case_limit_s=30.0))
        for calls in (1, 2):
            await until(lambda calls=calls: len(lab.calls) == calls)
            await lab.clock.advance(20)
        (late,) = (await running).results
        assert (late.verdict, late.reason) == (Verdict.ERROR, "it took longer than 30 s")


async def test_so_many_calls_at_once_for_each_provider(tmp_path: Path) -> None:
    hangs = (Fault(FaultKind.HANG),)
    script = a_script(fast=knows(faults=hangs), strong=knows(faults=hangs))
    async with a_lab(tmp_path, script, cases=questions(10)) as lab:
        running = asyncio.create_task(lab.run("fast", "strong", concurrency=3))
        await until(lambda: len(lab.calls) == 6)
        await asyncio.sleep(0.05)
        assert sorted(lab.calls) == ["one/alpha"] * 3 + ["two/beta"] * 3
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_a_fusion_takes_a_place_at_every_provider_it_calls(tmp_path: Path) -> None:
    hangs = (Fault(FaultKind.HANG),)
    script = a_script(fast=knows(faults=hangs), strong=knows(faults=hangs))
    async with a_lab(tmp_path, script, cases=questions(5)) as lab:
        running = asyncio.create_task(lab.run("fusion/duo", "fast", concurrency=2))
        await until(lambda: len(lab.calls) >= 3)
        await asyncio.sleep(0.05)
        assert lab.calls.count("one/alpha") == 2
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


TRIO = '[fusion.trio]\nadvisers = ["fast", "fast", "fast"]\nsynthesizer = "fast"\n'


@pytest.mark.parametrize(
    ("profiles", "settings", "cases", "busy"),
    [
        (("fast", "strong"), {}, [{"judge": "Is it so?", "profile": "strong"}], "two"),
        (("down", "strong"), {"with_fallbacks": True}, [], "two"),
        (("fusion/trio", "fast"), {}, [], "one"),
        (("strong",), {}, [{"judge": "Is it so?", "profile": "fusion/trio"}], "one"),
    ],
    ids=["judges", "fallbacks", "advisers", "a-fusion-that-judges"],
)
async def test_judges_fallbacks_and_advisers_are_calls_as_well(
    tmp_path: Path, profiles: tuple[str, ...], settings: dict[str, Any], cases: list[dict[str, Any]], busy: str
) -> None:
    """One call at once, whoever it is for; with answers of some time each."""
    slow = knows_up_to(9, first_token_s=0.05)
    script = a_script(fast=slow, strong=slow)
    more = TRIO + '[profiles.down]\nprovider = "down"\nmodel = "gamma"\nfallback_profiles = ["strong"]\n'
    more += '[providers.down]\nkind = "openai"\nbase_url = "http://127.0.0.1:9/v1"\ncredentials = []\nretries = 0\n'
    asked = [{**each, "expect": cases} if cases else each for each in questions(3)]
    for each in asked if cases else ():
        each.pop("ideal")
    async with a_lab(tmp_path, script, cases=asked, more=more) as lab:
        before = lab.runtime.engine.registry.providers
        await lab.run(*profiles, concurrency=1, **settings)
        assert lab.simulator.most_at_once(busy) == 1
        assert lab.runtime.engine.registry.providers == before


# ---- money


async def test_the_sum_is_never_passed_and_what_is_left_can_be_run_with_more(tmp_path: Path) -> None:
    async with a_lab(tmp_path, cases=[{**each, "max_tokens": 10} for each in questions(30)]) as lab:
        (one,) = (await lab.run("fast", cases=("q1",))).results
        worst = (await lab.prepare("fast", cases=("q1",))).estimate.worst_usd
        assert one.cost.usd is not None
        sum_usd = 10 * one.cost.usd + worst
        run = await lab.run("fast", max_usd=sum_usd)
        assert run.stopped == f"max_usd: the next call could pass ${sum_usd:g}"
        assert run.ended is None
        assert counted(run)["pass"] == 11  # with ten paid for, one more could not pass it
        assert counted(run)["cancelled"] <= 4  # those that were to start when it was reached
        assert run.spent_usd <= sum_usd
        called = len(lab.calls)
        again = await lab.evaluating.resume(run.id)
        assert (await lab.start(again)).stopped
        assert len(lab.calls) == called  # what was spent before counts: with the same sum nothing more is called
        rest = await lab.evaluating.resume(run.id, max_usd=1.0)
        assert counted(await lab.start(rest)) == {"pass": 30}


async def test_calls_wait_for_what_others_hold_before_the_sum_counts_as_reached(tmp_path: Path) -> None:
    """Eight calls that could each cost a cent and cost a fraction of it fit into a sum that holds two at once."""
    async with a_lab(tmp_path, cases=[{**each, "max_tokens": 5000} for each in questions(8)]) as lab:
        worst = (await lab.prepare("fast")).estimate.worst_usd
        run = await lab.run("fast", max_usd=worst / 4)
        assert counted(run) == {"pass": 8}


async def test_an_unknown_price_cannot_be_kept_within_a_sum(tmp_path: Path) -> None:
    more = '[providers.three]\nkind = "openai"\nbase_url = "http://127.0.0.1:9/v1"\ncredentials = []\n'
    more += '[profiles.dear]\nprovider = "three"\nmodel = "gamma"\n'
    async with a_lab(tmp_path, more=more) as lab:
        prepared = await lab.prepare("dear", max_usd=1.0)
        assert prepared.estimate.unpriced == ("dear",)
        assert "a price is unknown" in (await lab.start(prepared)).stopped


async def test_the_estimate_is_at_least_what_it_costs_judges_and_turns_included(tmp_path: Path) -> None:
    judge = {"judge": "Is it polite?", "profile": "strong"}
    turns = [{"input": "question 1?"}, {"input": "question 2?"}, {"input": "question 3?"}]
    cases = [
        {"id": "judged", "input": "question 1?", "expect": [judge]},
        {"id": "long", "turns": turns, "ideal": "yes", "max_tokens": 20},
    ]
    async with a_lab(tmp_path, cases=cases) as lab:
        prepared = await lab.prepare("fast", repeats=2)
        assert (prepared.estimate.cases, prepared.estimate.calls) == (4, 10)
        run = await lab.start(prepared)
        assert 0 < run.spent_usd < prepared.estimate.worst_usd


# ---- the cache


async def test_results_of_earlier_runs_are_taken_over_and_marked(tmp_path: Path) -> None:
    async with a_lab(tmp_path, a_script(fast=knows(1, 2))) as lab:
        first = await lab.run("fast")
        called = len(lab.calls)
        prepared = await lab.prepare("fast", use_cache=True)
        assert (prepared.estimate.cached, prepared.estimate.calls) == (4, 0)
        second = await lab.start(prepared)
        assert len(lab.calls) == called
        assert verdicts(second) == verdicts(first)
        assert all(result.is_cached for result in second.results)
        assert second.spent_usd == 0


@pytest.mark.parametrize(
    "other",
    [{"cases": [{**each, "max_tokens": 9} for each in questions(4)]}, {"more": "[profiles.fast.extra]\ntop_k = 3\n"}],
)
async def test_another_question_or_setting_is_asked_again(tmp_path: Path, other: dict[str, Any]) -> None:
    async with a_lab(tmp_path) as lab:
        await lab.run("fast")
    async with a_lab(tmp_path, **other) as lab:
        run = await lab.run("fast", use_cache=True)
        assert not any(result.is_cached for result in run.results)


async def test_another_server_behind_the_same_name_is_asked_again(tmp_path: Path) -> None:
    for script in (a_script(), a_script(fast=knows())):  # each on a port of its own
        async with a_lab(tmp_path, script) as lab:
            run = await lab.run("fast", use_cache=True)
            assert not any(result.is_cached for result in run.results)
    assert counted(run) == {"fail": 4}


async def test_errors_are_never_taken_from_the_cache(tmp_path: Path) -> None:
    failing_once = knows_up_to(4, faults=(Fault(FaultKind.STATUS, status=500, times=4),))
    async with a_lab(tmp_path, a_script(fast=failing_once)) as lab:
        assert counted(await lab.run("fast")) == {"error": 4}
        assert counted(await lab.run("fast", use_cache=True)) == {"pass": 4}


# ---- thresholds, names


async def test_a_threshold_holds_for_each_profile_and_without_a_rate_it_is_missed(tmp_path: Path) -> None:
    down = knows(faults=(Fault(FaultKind.STATUS, status=500),))
    async with a_lab(tmp_path, a_script(fast=knows(1, 2, 3), strong=down)) as lab:
        run = await lab.run("fast", "strong", threshold=0.75)
        assert under_threshold(run) == ["strong"]
        assert passed_threshold(run) is False
        assert passed_threshold(await lab.run("fast", threshold=0.75)) is True
        assert passed_threshold(await lab.run("fast")) is None


async def test_a_threshold_that_weights_hit_exactly_is_reached(tmp_path: Path) -> None:
    cases = [{**each, "weight": 0.7} for each in questions(4)]
    async with a_lab(tmp_path, a_script(fast=knows(1, 2, 3)), cases=cases) as lab:
        assert under_threshold(await lab.run("fast", threshold=0.75)) == []
        assert under_threshold(await lab.run("fast", threshold=0.7501)) == ["fast"]


@pytest.mark.parametrize(
    ("profiles", "settings", "message", "hint"),
    [
        (("fats",), {}, "there is no profile `fats`", "did you mean `fast`?"),
        (("fats", "stong", "x"), {}, "there is no profile `fats`, `stong` or `x`", "did you mean `fast` or `strong`?"),
        (("fast",), {"cases": ("Q1", "q2", "z")}, "there is no case `Q1` or `z` in these suites", "did you mean `q1`?"),
        (("fusion/dou",), {}, "there is no profile `fusion/dou`", "did you mean `fusion/duo`?"),
        (("fast",), {"suites": ("quizz",)}, "there is no suite `quizz`; did you mean `quiz`?", ""),
        (("fast",), {"cases": ("Q1",)}, "there is no case `Q1` in these suites", "did you mean `q1`?"),
        (("fast",), {"policy": "discret"}, "there is no policy `discret`", "did you mean `discreet`?"),
    ],
)
async def test_a_name_that_is_not_there_is_told_with_the_nearest(
    tmp_path: Path, profiles: tuple[str, ...], settings: dict[str, Any], message: str, hint: str
) -> None:
    async with a_lab(tmp_path) as lab:
        with pytest.raises(CannotRun) as caught:
            await lab.prepare(*profiles, **settings)
        assert caught.value.message == message
        assert hint in caught.value.hint
        assert lab.calls == []


# ---- what is kept


async def test_transcripts_and_reasons_are_kept_where_the_policy_keeps_text(tmp_path: Path) -> None:
    async with a_lab(tmp_path, a_script(fast=knows(1))) as lab:
        run = await lab.run("fast")
        kept = await lab.evaluating.run(run.id)
        failed = next(result for result in kept.results if result.key.case == "q2")
        assert [(message.role.value, message.text) for message in failed.transcript] == [
            ("user", "question 2?"),
            ("assistant", "no"),
        ]
        assert '"no"' in failed.grades[0].reason


async def test_no_word_of_a_run_lies_on_disk_where_the_policy_keeps_none(tmp_path: Path) -> None:
    telling = Fault(FaultKind.STATUS, status=400, message="I cannot read: tell me of the okapi", times=1)
    script = a_script(fast=knows(faults=(telling,)), strong=knows())
    judge = {"judge": "Does it name an okapi?", "profile": "strong"}
    cases = [{"id": f"q{n}", "input": "tell me of the okapi", "expect": [judge]} for n in range(3)]
    async with a_lab(tmp_path, script, cases=cases) as lab:
        run = await lab.run("fast", policy="discreet", use_cache=True)
        assert counted(run) == {"error": 3}
        await lab.runtime.store.flush()
        kept = await lab.evaluating.run(run.id)
        assert {result.reason for result in kept.results} == {"bad_request", "the judge gave no clear judgement"}
        assert all(not result.transcript for result in kept.results)
    for file in (tmp_path / "data").iterdir():
        assert b"okapi" not in file.read_bytes()
