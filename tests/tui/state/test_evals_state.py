"""Evals as values: a matrix that fills, progress, one case, sentences."""

from __future__ import annotations

import json

from clawtui.engine.outcome import Cost
from clawtui.engine.request import Message, RequestId, Role, Text
from clawtui.evals.results import CaseKey, CaseResult, Grade, Run, RunId, RunSettings, Verdict
from clawtui.evals.runner import CaseEnded, CaseStarted
from clawtui.evals.statistics import Rate
from clawtui.evals.trends import TrendPoint
from clawtui.store.evals import StoredRun
from clawtui.tui.state.evals import (
    Sight,
    matrix,
    progress_lines,
    result_lines,
    results_of,
    run_lines,
    transcript_lines,
    trend_bars,
    why_of,
)
from clawtui.tui.widgets.columns import plain

SETTINGS = RunSettings(("core",), ("fast", "deep"), repeats=2)
KEYS = tuple(
    CaseKey("core", case, profile, repeat)
    for repeat in (1, 2)
    for case in ("colours", "sums")
    for profile in ("fast", "deep")
)


def a_sight(began: float | None = 0.0) -> Sight:
    return Sight(Run(RunId("run1"), 0.0, SETTINGS), KEYS, began)


def ended(key: CaseKey, verdict: Verdict = Verdict.PASS, **more: object) -> CaseEnded:
    return CaseEnded(CaseResult(key, verdict, **more))  # type: ignore[arg-type]


def cells(sight: Sight) -> list[list[str]]:
    return [[plain(cell) for cell in row.cells] for row in matrix(sight)]


def text_of(lines) -> list[str]:
    return ["".join(text for text, _ in line) for line in lines]


def test_the_matrix_fills_cell_by_cell() -> None:
    sight = a_sight()
    assert cells(sight) == [["· waits", "· waits"], ["· waits", "· waits"]]
    sight.fold([CaseStarted(KEYS[0])])
    assert cells(sight)[0] == ["◐ running", "· waits"]
    sight.fold([ended(KEYS[0]), CaseStarted(KEYS[4])])
    assert cells(sight)[0] == ["● pass  ◐", "· waits"]
    sight.fold([ended(KEYS[4], Verdict.FAIL)])
    assert cells(sight)[0] == ["○ 1/2", "· waits"]


def test_errors_and_what_is_not_supported_stand_apart_from_failures() -> None:
    sight = a_sight()
    sight.fold([ended(KEYS[0]), ended(KEYS[4], Verdict.ERROR), ended(KEYS[1], Verdict.UNSUPPORTED)])
    sight.fold([ended(KEYS[2], Verdict.ERROR), ended(KEYS[6], Verdict.ERROR)])
    assert cells(sight) == [["● pass  ⚠", "◌ unsupported"], ["⚠ 2×error", "· waits"]]
    assert [row.trouble for row in matrix(sight)] == [2, 2]


def test_a_run_that_was_cut_says_what_was_not_run() -> None:
    sight = a_sight(began=None)
    sight.fold([ended(KEYS[0])])
    assert cells(sight)[1] == ["not run", "not run"]
    assert any("not finished" in line for line in text_of(progress_lines(sight, 0.0)))


def test_progress_tells_count_time_and_what_is_left() -> None:
    sight = a_sight(began=100.0)
    sight.fold([ended(KEYS[0], cost=Cost(0.25, "config")), ended(KEYS[1], cost=Cost(0.25, "config"))])
    about, line = text_of(progress_lines(sight, 110.0))
    assert about.startswith("core · fast, deep")
    assert "2 repeats" in about
    assert line.endswith(" 2 of 8 · 10 s · about 30 s left · $0.500 so far")
    assert line.startswith("████░")


def test_what_was_done_before_it_went_on_does_not_count_for_its_pace() -> None:
    results = tuple(CaseResult(key, Verdict.PASS) for key in KEYS[:4])
    sight = Sight(
        Run(RunId("run1"), 0.0, SETTINGS), KEYS, 100.0, results={each.key: each for each in results}, at_first=4
    )
    assert "left" not in text_of(progress_lines(sight, 110.0))[1]
    sight.fold([ended(KEYS[4])])
    assert "5 of 8 · 10 s · about 30 s left" in text_of(progress_lines(sight, 110.0))[1]


def test_a_case_shows_every_repeat_by_profile_and_why() -> None:
    sight = a_sight()
    failed = (Grade("contains", False, "no `red` in it"), Grade("json", True, "parses"))
    sight.fold([ended(KEYS[5], Verdict.FAIL, grades=failed), ended(KEYS[0]), ended(KEYS[4])])
    found = results_of(sight, "core", "colours")
    assert [(each.key.profile, each.key.repeat) for each in found] == [("fast", 1), ("fast", 2), ("deep", 2)]
    assert why_of(found[2]) == "contains: no `red` in it"
    assert text_of(result_lines(found[2]))[:2] == ["○ contains: no `red` in it", "● json: parses"]


def test_a_transcript_is_told_turn_by_turn_or_why_it_is_not_there() -> None:
    said = (Message(Role.USER, (Text("which\ncolour?"),)), Message(Role.ASSISTANT, (Text("red"),)))
    assert text_of(transcript_lines(said)) == ["user", "  which", "  colour?", "assistant", "  red"]
    assert "keeps no text" in text_of(transcript_lines(()))[0]


def test_runs_are_listed_with_their_rates_and_whether_they_were_cut() -> None:
    settings = json.dumps({"suites": ["/home/me/suites/mine.toml"], "profiles": ["fast", "deep"]})
    summary = json.dumps({"stopped": "", "rates": {"fast": 0.5, "deep": None}, "spent_usd": 0.0})
    stored = StoredRun("r1", 5.0, None, settings, summary)
    (line,) = run_lines([stored])
    assert (line.suites, line.profiles, line.rates, line.is_cut) == ("mine.toml", "fast, deep", "50 %, –", True)
    (line,) = run_lines([stored], running=stored.id)
    assert (line.is_running, line.is_cut) == (True, False)


def test_a_trend_is_a_character_a_run() -> None:
    def point(rate: float | None) -> TrendPoint:
        found = None if rate is None else Rate(rate, 0.0, 1.0, 5, 5.0)
        return TrendPoint(RunId("r"), 0.0, ("core",), 5, 0, found, None, None)

    assert trend_bars([point(0.0), point(0.5), point(None), point(1.0)]) == "▁▅ █"


def test_request_ids_lead_to_traces() -> None:
    result = CaseResult(KEYS[0], Verdict.PASS, request_ids=(RequestId("q1"), RequestId("q2")))
    assert result.request_id == "q1"
