"""No case that comes along is empty: what behaves passes it, what misbehaves in the way it is about does not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from clawtui.engine.request import Role
from clawtui.evals.cases import Case
from clawtui.evals.graders import grade
from clawtui.evals.requests import NoSuchCall, request_for
from clawtui.evals.results import Answer
from clawtui.evals.suite_files import load_suites
from tests.evals.scripted import SUITES, Played

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


@pytest.mark.parametrize(
    ("suite", "case", "played"),
    list(misbehaviours()),
    ids=lambda value: value if isinstance(value, str) else value.about,
)
def test_what_misbehaves_does_not(suite: str, case: str, played: Played) -> None:
    assert not passes(CASES[suite, case], played)


@pytest.mark.parametrize(("suite", "case"), list(CASES))
def test_silence_passes_nothing(suite: str, case: str) -> None:
    silent = Played(tuple(Answer(finish_reason="stop") for _ in CASES[suite, case].turns))
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
