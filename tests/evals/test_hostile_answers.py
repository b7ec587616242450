"""No answer and no pattern ends a run: the case has failed in words, and the others have their results."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from clawtui.evals.results import Verdict
from clawtui.simulator import ModelScript, Rule
from tests.evals.lab import a_lab, a_script, verdicts

ANSWERS = {
    "huge": '{"n": 1' + "0" * 400 + "}",
    "deep": "[" * 400 + "]" * 400,
    "long": "a" * 48 + "!",
    "plain": "yes",
}
EXPECTED: dict[str, dict[str, Any]] = {
    "huge": {"json_path": "$.n", "is": 3},
    "deep": {"json_schema": {"type": "array", "items": {"$ref": "#"}}},
    "long": {"regex": "^((a+))+b$"},
    "plain": {"equals": "yes"},
}


async def test_a_run_goes_on_over_answers_that_cannot_be_graded(tmp_path: Path) -> None:
    rules = tuple(Rule(match=f"say {name}", text=text) for name, text in ANSWERS.items())
    cases = [{"id": name, "input": f"say {name}", "expect": [table]} for name, table in EXPECTED.items()]
    async with a_lab(tmp_path, a_script(fast=ModelScript(rules=rules)), cases=cases) as lab:
        run = await lab.run("fast")
    assert verdicts(run) == dict.fromkeys(("huge", "deep", "long"), Verdict.FAIL) | {"plain": Verdict.PASS}
    assert run.ended is not None
    reasons = {result.key.case: result.grades[0].reason for result in run.results}
    assert "nested too deeply" in reasons["deep"]
    assert "longer than 1 s" in reasons["long"]
