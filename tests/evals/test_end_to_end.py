"""Each core case through the engine, over real sockets, against a model that behaves and one that does not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from clawtui.engine.request import ToolCall
from clawtui.evals.cases import Case
from clawtui.evals.playing import Game
from clawtui.evals.purse import Purse
from clawtui.evals.results import Answer, CaseKey, CaseResult, RunSettings, Verdict
from clawtui.evals.suite_files import load_suites
from clawtui.simulator import Fault, FaultKind, Finish, ModelScript, Rule, Script, ScriptedCall
from clawtui.simulator.script import Where
from tests.evals.scripted import CORE, Played
from tests.house import House, a_house

CASES = {case.id: case for case in load_suites(["core"], Path("/nowhere")).suites[0].cases}
ABLE = {
    "tools": True,
    "parallel_tools": True,
    "vision": True,
    "json_schema": True,
    "reasoning": True,
    "streaming": True,
}
FALLBACK = ModelScript(text="READY")


def script_of(played: Played) -> ModelScript:
    """Plays the answers in turn; what follows a tool's result is told apart by it."""
    first, *later = played.answers
    finish = Finish.LENGTH if first.finish_reason == "length" else Finish.STOP
    if later and first.tool_calls:
        return ModelScript(
            rules=(Rule(where=Where.TOOL, match="in_stock", **_reply(later[-1])),), **_reply(first), finish=finish
        )
    if later:
        return ModelScript(variants=tuple(answer.text for answer in played.answers))
    # What comes in one read of the network is one piece, so a stream has to take its time.
    pace = {"coalesce": True, "chunk": 100_000} if first.deltas == 1 else {"tokens_per_s": 500.0}
    return ModelScript(**_reply(first), finish=finish, **pace)


def _reply(answer: Answer) -> dict[str, object]:
    return {"text": answer.text or None, "tool_calls": tuple(map(_call, answer.tool_calls))}


def _call(call: ToolCall) -> ScriptedCall:
    return ScriptedCall(call.name, json.loads(call.arguments))


async def played_by(case: Case, played: Played) -> CaseResult:
    script = Script(models={"one/alpha": script_of(played), "two/beta": FALLBACK})
    async with a_house(script, profiles={"first": {"capabilities": ABLE}}) as house:
        return await one(house, case)


async def one(house: House, case: Case, settings: RunSettings | None = None) -> CaseResult:
    settings = settings or RunSettings(("core",), ("first",))
    return await Game(house.engine, case, CaseKey("core", case.id, "first", 1), settings, Purse(None), 0.0).play()


@pytest.mark.parametrize("name", list(CASES))
async def test_what_behaves_passes(name: str) -> None:
    result = await played_by(CASES[name], CORE[name][0])
    assert result.verdict is Verdict.PASS, (result.reason, result.grades)
    assert len(result.request_ids) == len(CASES[name].turns)
    assert result.cost.usd is None or result.cost.usd >= 0


# What only a broken wire could do is graded in the table; here is what a model can.
@pytest.mark.parametrize("name", list(CASES))
async def test_what_misbehaves_fails(name: str) -> None:
    result = await played_by(CASES[name], CORE[name][1][0])
    assert result.verdict is Verdict.FAIL, (result.reason, result.grades)
    assert any(not grade.passed and grade.reason for grade in result.grades)


async def test_another_profiles_answer_earns_no_pass() -> None:
    case = CASES["plain-chat"]
    down = Fault(FaultKind.STATUS, status=503)
    async with a_house(Script(models={"one/alpha": ModelScript(faults=(down,)), "two/beta": FALLBACK})) as house:
        assert (await one(house, case)).verdict is Verdict.ERROR
        chain = RunSettings(("core",), ("first",), with_fallbacks=True)
        result = await one(house, case, chain)
        assert (result.verdict, result.failovers, result.model) == (Verdict.PASS, 1, "two/beta")


async def test_what_a_model_is_known_not_to_do_is_unsupported_and_no_call_is_made() -> None:
    async with a_house(profiles={"first": {"capabilities": {"vision": False}}}) as house:
        result = await one(house, CASES["vision"])
        assert (result.verdict, result.reason) == (Verdict.UNSUPPORTED, "lacks vision (config)")
        assert house.called() == []


async def test_a_profile_that_is_not_ready_is_an_error_not_unsupported() -> None:
    async with a_house(environ={}) as house:
        result = await one(house, CASES["plain-chat"])
        assert result.verdict is Verdict.ERROR
        assert "KEYS_ONE" in result.reason
