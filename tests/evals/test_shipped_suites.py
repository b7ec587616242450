"""No case that comes along is empty: what behaves passes it, what misbehaves in the way it is about does not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from clawtui.engine.request import Role
from clawtui.evals.cases import Case
from clawtui.evals.graders import grade
from clawtui.evals.graders.apart import GradingProcess
from clawtui.evals.requests import NoSuchCall, request_for
from clawtui.evals.results import Answer
from clawtui.evals.suite_files import load_suites
from tests.evals.scripted import ALSO_RIGHT, SUITES, Played, said

LOADED = {suite.id: suite for suite in load_suites((), Path("/nowhere")).suites}
CASES = {(suite.id, case.id): case for suite in LOADED.values() for case in suite.cases}
NEEDED = (
    "plain-chat json-extraction tool-choice parallel-tools tool-round-trip no-tool multi-turn compaction-recovery"
    " streaming vision long-context instruction-hierarchy evidence-injection json-only reasoning-effort unicode max-tokens"
)


def passes(case: Case, played: Played) -> bool:
    """As the runner goes: turn by turn, over at the first that fails."""
    for number, turn in enumerate(case.turns):
        try:
            request_for(case, played.answers[:number], target="x", window=8_000, strict=True)
        except NoSuchCall:
            return False
        if number >= len(played.answers):
            return False
        if not all(grade(each, played.answers[number]).passed for each in turn.expect):
            return False
    return all(grade(each, played.answers[len(case.turns) - 1]).passed for each in case.expect)


def misbehaviours() -> Iterator[tuple[str, str, Played]]:
    for suite, cases in SUITES.items():
        for case, (_, wrong) in cases.items():
            for played in wrong:
                yield suite, case, played


def test_every_case_that_comes_along_is_here() -> None:
    assert {(suite, case) for suite, cases in SUITES.items() for case in cases} == set(CASES)
    assert {case.id for case in LOADED["core"].cases} == set(NEEDED.split())
    assert len(LOADED["smoke"].cases) == 3
    assert max(case.repeats for case in LOADED["reliability"].cases) == 10


@pytest.mark.parametrize(("suite", "case"), list(CASES))
def test_what_behaves_passes(suite: str, case: str) -> None:
    assert passes(CASES[suite, case], SUITES[suite][case][0])


@pytest.mark.parametrize(("place", "text"), [(place, text) for place, texts in ALSO_RIGHT.items() for text in texts])
def test_what_looks_a_little_different_passes(place: tuple[str, str], text: str) -> None:
    assert passes(CASES[place], said(text))


def test_each_case_is_tried_with_several_misbehaviours() -> None:
    assert {case: len(wrong) for cases in SUITES.values() for case, (_, wrong) in cases.items() if len(wrong) < 4} == {}


@pytest.mark.parametrize(
    ("suite", "case", "played"),
    list(misbehaviours()),
    ids=lambda value: value if isinstance(value, str) else value.about,
)
def test_what_misbehaves_does_not(suite: str, case: str, played: Played) -> None:
    assert not passes(CASES[suite, case], played)


@pytest.mark.parametrize(("suite", "case"), list(CASES))
@pytest.mark.parametrize("finish", ["stop", "length"])
def test_silence_passes_nothing(suite: str, case: str, finish: str) -> None:
    silent = Played(tuple(Answer(finish_reason=finish) for _ in CASES[suite, case].turns))
    assert not passes(CASES[suite, case], silent)


def test_a_tools_result_answers_the_call_that_was_made() -> None:
    case = CASES["core", "tool-round-trip"]
    request = request_for(case, SUITES["core"]["tool-round-trip"][0].answers[:1], target="x", window=None, strict=True)
    assert [message.role for message in request.messages] == [Role.USER, Role.ASSISTANT, Role.TOOL]
    assert request.messages[2].tool_call_id == request.messages[1].tool_calls[0].id


@pytest.mark.parametrize(("window", "most"), [(4_000, 4_000), (32_000, 32_000), (None, 8_000), (10_000_000, 26_000)])
def test_the_long_text_fits_the_model_and_holds_its_needles_in_their_places(window: int | None, most: int) -> None:
    case = CASES["core", "long-context"]
    request = request_for(case, (), target="x", window=window, strict=True)
    text = request.messages[0].text
    assert len(text) / 4 < most
    places = [text.index(needle) / len(text) for needle in ("8317", "cobalt", "Wren Street")]
    assert places == [pytest.approx(share, abs=0.04) for share in (0.1, 0.5, 0.9)]
    assert text == request_for(case, (), target="x", window=window, strict=True).messages[0].text


def test_the_picture_is_a_png_of_usable_size() -> None:
    image = CASES["core", "vision"].images[0]
    assert image.data.startswith(b"\x89PNG")
    assert int.from_bytes(image.data[16:20], "big") >= 256
    assert len(image.data) < 20_000


@pytest.mark.parametrize(
    "text", ["\n" * 40_000, "x" + "\n" * 40_000, "ANSWER:" * 6_000, "« " * 20_000, "1 2 3 4 5 " * 4_000]
)
def test_no_pattern_that_comes_along_is_slow(text: str) -> None:
    process = GradingProcess(limit_s=0.3)  # of computing, for one pattern
    answer = Answer(text=f"1{text}1", finish_reason="stop")
    expected = [each for case in CASES.values() for each in (*case.expect, *(e for t in case.turns for e in t.expect))]
    reasons = [process.grade(each, answer).reason for each in expected if each.grader == "regex"]
    process.close()
    assert len(reasons) > 20
    assert [reason for reason in reasons if "cannot be graded" in reason] == []
