"""Who is better, and whether that can be said: pairs by case, runs against runs, fusions against their controls."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from clawtui.evals.compare import Better, Pair, compare_profiles, compare_runs, gains, pair, worse
from clawtui.evals.documents import pair_document
from clawtui.evals.results import CaseKey, CaseResult, Run, RunId, RunSettings, Verdict
from clawtui.evals.summary import ranked, summaries, under_threshold
from clawtui.evals.trends import trend
from clawtui.simulator import Fault, FaultKind, ModelScript, Rule
from tests.evals.lab import a_lab, a_script, counted, knows, knows_up_to, questions
from tests.house import until


def a_run(id: str = "r", /, held_against: dict[str, tuple[str, ...]] | None = None, **passed: str) -> Run:
    """For each profile what became of each case: `+` passed, `-` failed, `!` was an error."""
    kinds = {"+": Verdict.PASS, "-": Verdict.FAIL, "!": Verdict.ERROR}
    results = tuple(
        CaseResult(CaseKey("quiz", f"q{place}", profile, 1), kinds[sign])
        for profile, signs in passed.items()
        for place, sign in enumerate(signs)
    )
    held_against = held_against or {}
    controls = tuple(dict.fromkeys(name for names in held_against.values() for name in names))
    settings = RunSettings(("quiz",), tuple(passed), controls=controls, held_against=held_against)
    return Run(RunId(id), 0.0, settings, results)


def only(pairs: list[Pair]) -> Pair:
    (found,) = pairs
    return found


def test_who_wins_more_cases_than_chance_allows_is_better() -> None:
    found = only(compare_profiles(a_run(fast="+" * 2 + "-" * 8, strong="+" * 10)))
    assert (found.wins, found.losses, found.ties) == (0, 8, 2)
    assert found.p_value == pytest.approx(2 / 2**8)
    assert found.verdict is Better.B
    assert found.sentence == "strong is better than fast: 8 cases to 0 of 10, p = 0.0078"
    assert found.difference[1] < 0


def test_a_p_value_never_contradicts_what_is_said() -> None:
    clear = only(compare_profiles(a_run(fast="+" * 25, strong="-" * 25)))
    assert clear.sentence == "fast is better than strong: 25 cases to 0 of 25, p < 0.001"
    assert pair_document(clear)["p_value"] == pytest.approx(2 / 2**25, rel=1e-5)
    close = only(compare_profiles(a_run(fast="+" * 42 + "-" * 25, strong="-" * 42 + "+" * 25)))
    assert close.sentence == "fast is better than strong: 42 cases to 25 of 67, p = 0.0498"


def test_what_chance_explains_cannot_be_told_apart() -> None:
    found = only(compare_profiles(a_run(fast="+" * 46 + "-" * 5, strong="-" * 3 + "+" * 48)))
    assert found.verdict is Better.UNDECIDED
    assert found.sentence == "fast and strong cannot be told apart at n = 51"


def test_an_error_is_nobodys_loss() -> None:
    found = only(compare_profiles(a_run(fast="!!!!+-", strong="+++++-")))
    assert (found.wins, found.losses, found.ties, found.n) == (0, 0, 2, 2)
    nothing = only(compare_profiles(a_run(fast="!!", strong="++")))
    assert nothing.sentence == "fast and strong have no case in common that passed or failed"


def test_repeats_count_as_one_case_and_its_share() -> None:
    results = tuple(
        CaseResult(CaseKey("quiz", "q", profile, repeat), Verdict.PASS if repeat <= passes else Verdict.FAIL)
        for profile, passes in (("fast", 3), ("strong", 4))
        for repeat in range(1, 6)
    )
    found = only(compare_profiles(Run(RunId("r"), 0.0, RunSettings(("quiz",), ("fast", "strong")), results)))
    assert (found.wins, found.losses, found.n) == (0, 1, 1)


def test_profiles_are_ranked_by_their_rate_and_those_without_one_come_last() -> None:
    run = a_run(low="+---", none="!!!!", high="+++-", also="+++-")
    assert [each.profile for each in ranked(run)] == ["high", "also", "low", "none"]


# ---- two runs


def test_two_runs_of_a_profile_are_compared_as_two_profiles_are() -> None:
    before, after = a_run("old", fast="+" * 9, strong="+"), a_run("new", fast="-" * 9)
    found = only(compare_runs(before, after))
    assert (found.a, found.b, found.verdict) == ("fast (old)", "fast (new)", Better.A)


def test_runs_without_a_profile_in_common_are_compared_each_with_each() -> None:
    found = compare_runs(a_run("old", fast="+"), a_run("new", strong="-"))
    assert [(each.a, each.b) for each in found] == [("fast (old)", "strong (new)")]


def test_a_case_that_was_changed_between_two_runs_is_left_out_and_named() -> None:
    before, after = a_run("old", fast="+" * 10), a_run("new", fast="-" * 10)
    edited = [replace(each, fingerprint="other") if each.key.case == "q3" else each for each in after.results]
    found = only(compare_runs(before, replace(after, results=tuple(edited))))
    assert (found.n, found.losses + found.wins, found.changed) == (9, 9, ("quiz/q3",))
    assert found.sentence.endswith("p = 0.0039 (the case quiz/q3 is another now and is left out)")


# ---- fusions and their controls

FUSION, ITSELF = "fusion/duo", "fusion/duo.itself"
CONTROLS = {FUSION: ("strong", ITSELF)}


def test_a_gain_is_the_fusions_only_if_it_beats_both_controls() -> None:
    both = a_run(held_against=CONTROLS, **{FUSION: "+" * 9, "strong": "-" * 9, ITSELF: "-" * 9})
    (shown,) = gains(both, compare_profiles(both))
    assert shown.is_shown
    assert shown.sentence == f"{FUSION} is better than strong and {ITSELF}: the gain is the fusion's"
    more_calls = a_run(held_against=CONTROLS, **{FUSION: "+" * 9, "strong": "-" * 9, ITSELF: "+" * 9})
    (unshown,) = gains(more_calls, compare_profiles(more_calls))
    assert not unshown.is_shown
    assert unshown.sentence == f"{FUSION} is not shown to be better than {ITSELF}"


def test_worse_is_who_comes_later_or_a_fusion_beaten_by_a_control() -> None:
    def found(**passed: str) -> list[tuple[str, str]]:
        run = a_run(held_against=CONTROLS if FUSION in passed else None, **passed)
        return [(each.a, each.b) for each in worse(run, compare_profiles(run))]

    good, bad = "+" * 9, "-" * 9
    assert found(fast=good, strong=bad) == [("fast", "strong")]
    assert found(fast=bad, strong=good) == []
    assert found(**{FUSION: good, "strong": bad, ITSELF: bad}) == []
    assert found(**{FUSION: bad, "strong": good, ITSELF: bad}) == [(FUSION, "strong")]


async def test_a_comparison_with_a_fusion_asks_its_synthesizer_alone_and_fused_with_itself(tmp_path: Path) -> None:
    async with a_lab(tmp_path, a_script(fast=knows(1), strong=knows(1, 2))) as lab:
        run = await lab.run("fusion/duo", controls=True)
        assert run.settings.profiles == ("fusion/duo", "strong", "fusion/duo.itself")
        assert run.settings.controls == ("strong", "fusion/duo.itself")
        assert lab.calls.count("one/alpha") == 4  # only the fusion itself asks its own advisers
        assert lab.calls.count("two/beta") == 4 * 2 + 4 + 4 * 3
        kept = await lab.evaluating.run(run.id)
        assert kept.settings == run.settings


async def test_a_config_that_changes_during_a_comparison_does_not_take_the_controls_away(tmp_path: Path) -> None:
    slow = knows_up_to(4, faults=(Fault(FaultKind.HANG, times=1),))
    async with a_lab(tmp_path, a_script(fast=slow)) as lab:
        running = asyncio.create_task(lab.run("fusion/duo", controls=True, concurrency=4, case_limit_s=30.0))
        await until(lambda: len(lab.calls) > 1)
        file = lab.runtime.paths.config_file
        file.write_text(file.read_text(encoding="utf-8") + "# a word more\n", encoding="utf-8")
        await lab.runtime.reload()
        await until(lambda: len(lab.calls) > 3)
        assert "duo.itself" in lab.runtime.engine.registry.fusions
        while not running.done():
            await lab.clock.advance(5)
            await asyncio.sleep(0.01)
        assert counted(await running, "fusion/duo.itself") == {"pass": 4}
        assert "duo.itself" not in lab.runtime.engine.registry.fusions


async def test_a_control_that_was_asked_for_is_held_to_the_threshold_and_others_are_not(tmp_path: Path) -> None:
    async with a_lab(tmp_path, a_script(fast=knows_up_to(4), strong=knows())) as lab:
        alone = await lab.run("fusion/duo", controls=True, threshold=0.5)
        assert under_threshold(alone) == ["fusion/duo"]
        named = await lab.run("fusion/duo", "strong", controls=True, threshold=0.5)
        assert under_threshold(named) == ["fusion/duo", "strong"]
        assert [each.fusion for each in gains(named, compare_profiles(named))] == ["fusion/duo"]


# ---- over time


async def test_a_profile_is_followed_from_run_to_run(tmp_path: Path) -> None:
    learning = a_script(fast=knows(1))
    async with a_lab(tmp_path, learning, cases=questions(4)) as lab:
        first = await lab.run("fast")
        await lab.clock.advance(60)
        await lab.run("strong")
        await lab.clock.advance(60)
    async with a_lab(tmp_path, a_script(fast=knows(1, 2, 3)), cases=questions(4)) as lab:
        await lab.clock.advance(3_600)
        second = await lab.run("fast", "strong", repeats=2)
        points = await lab.evaluating.trend("fast")
        assert [(point.run, point.suites, point.cases) for point in points] == [
            (first.id, ("quiz",), 4),
            (second.id, ("quiz",), 4),
        ]
        rates = [point.rate.rate for point in points if point.rate]
        assert rates == [0.25, 0.75]
        assert [point.run for point in await lab.evaluating.trend("fast", limit=1)] == [second.id]
        assert await lab.evaluating.trend("nobody") == []
        assert trend([]) == []


async def test_a_trend_costs_what_the_run_did_errors_included(tmp_path: Path) -> None:
    fine = '{"reason": "yes", "pass": true}'
    judge = ModelScript(rules=(Rule(match="question 1", text=fine),), text="I cannot say.")
    rubric = {"judge": "Is it so?", "profile": "strong"}
    cases = [{"id": each["id"], "input": each["input"], "expect": [rubric]} for each in questions(2)]
    async with a_lab(tmp_path, a_script(strong=judge), cases=cases) as lab:
        run = await lab.run("fast")
        assert counted(run) == {"pass": 1, "error": 1}
        (summary,) = summaries(run)
        (point,) = await lab.evaluating.trend("fast")
        assert (point.cost_usd, point.errors) == (pytest.approx(summary.cost_usd), 1)


def test_a_pair_of_nothing_says_so() -> None:
    found = pair("a", {}, "b", {("s", "c"): 1.0})
    assert (found.n, found.p_value, found.verdict) == (0, 1.0, Better.UNDECIDED)
