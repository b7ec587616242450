"""No pattern and no answer holds the program: such work is done by a process that can be ended."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from typing import Any

import pytest

from clawtui.evals.cases import Expectation
from clawtui.evals.graders import grade, graded
from clawtui.evals.graders.apart import GradingProcess
from clawtui.evals.results import Answer

ENDLESS = Answer(text="a" * 48 + "!")
A_SECOND_OF_WORK = "it cannot be graded: that takes longer than 1 s"


def regex(pattern: str, **more: Any) -> Expectation:
    return Expectation("regex", {"value": pattern}, **more)


@pytest.fixture
def process() -> Iterator[GradingProcess]:
    process = GradingProcess(limit_s=0.2)
    yield process
    process.close()


@pytest.mark.parametrize("negated", [False, True])
@pytest.mark.parametrize(
    ("expectation", "answer"),
    [
        (regex("^((a+))+b$"), ENDLESS),
        (regex("^(a|aa)+b$"), ENDLESS),
        (regex(r"(a*)*(a*)*\Zb"), ENDLESS),
        (Expectation("json_schema", {"value": {"pattern": "^(a|aa)+b$"}}), Answer(text=f'"{ENDLESS.text}"')),
        (Expectation("any", alternatives=(regex("^(a|aa)+b$"),)), ENDLESS),
    ],
)
def test_what_takes_for_ever_has_failed_and_the_next_is_graded(
    process: GradingProcess, expectation: Expectation, answer: Answer, negated: bool
) -> None:
    turned = Expectation(expectation.grader, expectation.arguments, negated, expectation.alternatives)
    found = process.grade(turned, answer)
    assert (found.passed, "longer than 0.2 s" in found.reason) == (False, True)
    assert process.grade(regex("a!$"), answer if expectation.grader == "regex" else Answer(text="a!")).passed


async def test_the_program_goes_on_while_a_pattern_hangs() -> None:
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            await asyncio.sleep(0.01)
            ticks += 1

    ticking = asyncio.create_task(tick())
    found = await graded([regex("^(a|aa)+b$"), regex("^a")], ENDLESS)
    ticking.cancel()
    assert [each.passed for each in found] == [False, True]
    assert found[0].reason == A_SECOND_OF_WORK
    assert ticks > 20


async def test_a_case_ends_in_time_though_its_pattern_hangs() -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await graded([regex("^(a|aa)+b$")], ENDLESS)
    (found,) = await graded([regex("a!$")], ENDLESS)
    assert found.passed


def test_who_only_waits_is_safe_too() -> None:
    assert grade(regex("^(a|aa)+b$"), ENDLESS).reason == A_SECOND_OF_WORK


async def test_a_thousand_patterns_cost_a_few_seconds_at_most() -> None:
    began = time.perf_counter()
    for _ in range(1_000):
        (found,) = await graded([regex("^705$")], Answer(text="705"))
        assert found.passed
    assert time.perf_counter() - began < 15


def test_a_pattern_sees_the_whole_answer() -> None:
    assert grade(regex("needle$"), Answer(text="x" * 150_000 + "needle")).passed
    assert not grade(regex("needle", negated=True), Answer(text="x" * 150_000 + "needle")).passed
