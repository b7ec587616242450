"""What is done stays done: a run that is cancelled or killed at any moment is finished later, to the same result."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from clawtui.evals.results import Run, Verdict
from clawtui.evals.runner import CaseEnded
from clawtui.runtime.evaluating import CannotRun
from clawtui.simulator import Fault, FaultKind
from clawtui.text import money
from tests.cli.shell import Shell, a_shell
from tests.evals.lab import Lab, a_lab, a_script, counted, knows, questions, verdicts, write_suite
from tests.house import until

HANGS = Fault(FaultKind.HANG, times=2)


async def cancelled(lab: Lab, *profiles: str, after: int, **settings: Any) -> str:
    """A run that is cancelled when so many cases have ended; its id."""
    prepared = await lab.prepare(*profiles, **settings)
    running = asyncio.create_task(lab.start(prepared))
    await until(lambda: sum(isinstance(each, CaseEnded) for each in lab.told) >= after)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    return prepared.run.id


async def stored(lab: Lab, id: str) -> Run:
    return await lab.evaluating.run(id)


async def test_a_cancelled_run_keeps_what_is_done_and_marks_what_was_under_way(tmp_path: Path) -> None:
    async with a_lab(tmp_path, a_script(fast=knows(1, 2, 3, faults=(HANGS,))), cases=questions(8)) as lab:
        id = await cancelled(lab, "fast", after=6)
        run = await stored(lab, id)
        assert (run.ended, run.stopped) == (None, "cancelled")
        assert counted(run)["cancelled"] == 2
        assert sum(counted(run).values()) == 8
        (calls,) = {len(result.request_ids) for result in run.results}
        assert calls == 1  # of those that were cut as well


async def test_resuming_runs_what_was_cut_and_nothing_else(tmp_path: Path) -> None:
    async with a_lab(tmp_path, a_script(fast=knows(1, 2, 3, faults=(HANGS,))), cases=questions(8)) as lab:
        id = await cancelled(lab, "fast", after=6)
        called = len(lab.calls)
        prepared = await lab.evaluating.resume(id)
        assert prepared.estimate.cases == 2
        run = await lab.start(prepared)
        assert len(lab.calls) == called + 2
        assert counted(run) == {"pass": 3, "fail": 5}
        assert (await stored(lab, id)).ended is not None
        with pytest.raises(CannotRun, match="is finished"):
            await lab.evaluating.resume(id)


async def test_a_run_that_is_cut_before_anything_ended_can_be_resumed(tmp_path: Path) -> None:
    async with a_lab(tmp_path, a_script(fast=knows(1, faults=(Fault(FaultKind.HANG, times=4),)))) as lab:
        prepared = await lab.prepare("fast")
        running = asyncio.create_task(lab.start(prepared))
        await until(lambda: len(lab.calls) == 4)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        for result in (await stored(lab, prepared.run.id)).results:
            assert result.verdict is Verdict.CANCELLED
        run = await lab.start(await lab.evaluating.resume(prepared.run.id[:6]))
        assert counted(run) == {"pass": 1, "fail": 3}


async def test_controls_of_a_fusion_are_there_again_when_the_comparison_goes_on(tmp_path: Path) -> None:
    async with a_lab(tmp_path, a_script(fast=knows(1, faults=(Fault(FaultKind.HANG, times=1),)))) as lab:
        prepared = await lab.prepare("fusion/duo", "fast", controls=True)
        running = asyncio.create_task(lab.start(prepared))
        await until(lambda: len(lab.told) > 12)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        assert "duo.itself" not in lab.runtime.engine.registry.fusions
        run = await lab.start(await lab.evaluating.resume(prepared.run.id))
        assert counted(run, "fusion/duo.itself") == {"pass": 4}
        assert "duo.itself" not in lab.runtime.engine.registry.fusions


async def test_what_is_not_there_any_more_is_told_before_a_run_goes_on(tmp_path: Path) -> None:
    async with a_lab(tmp_path, a_script(fast=knows(1, faults=(HANGS,)))) as lab:
        id = await cancelled(lab, "fast", after=2)
    write_suite(tmp_path, questions(4), name="other")
    (tmp_path / "suites" / "quiz.jsonl").unlink()
    async with a_lab(tmp_path) as lab:
        (tmp_path / "suites" / "quiz.jsonl").unlink()
        with pytest.raises(CannotRun, match="there is no suite `quiz`"):
            await lab.evaluating.resume(id)


async def test_a_suites_file_is_found_again_from_another_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    async with a_lab(tmp_path, a_script(fast=knows(1, faults=(HANGS,)))) as lab:
        monkeypatch.chdir(tmp_path / "suites")
        id = await cancelled(lab, "fast", after=2, suites=("quiz.jsonl",))
        monkeypatch.chdir(elsewhere)
        assert len(verdicts(await lab.start(await lab.evaluating.resume(id)))) == 4


@pytest.mark.parametrize(
    ("cases", "what"),
    [
        (questions(8)[1:], "quiz/q1 is gone"),
        ([*questions(7), {**questions(8)[7], "ideal": "no"}], "quiz/q8 is changed"),
        ([*questions(6), {**questions(7)[6], "weight": 3}], "quiz/q7 is changed, quiz/q8 is gone"),
    ],
)
async def test_a_run_does_not_go_on_with_other_cases_than_it_began_with(
    tmp_path: Path, cases: list[dict[str, Any]], what: str
) -> None:
    async with a_lab(tmp_path, a_script(fast=knows(1, 2, 3, faults=(HANGS,))), cases=questions(8)) as lab:
        id = await cancelled(lab, "fast", after=6, concurrency=1 + HANGS.times)
        before, called = await stored(lab, id), len(lab.calls)
        write_suite(tmp_path, cases)
        with pytest.raises(CannotRun) as caught:
            await lab.evaluating.resume(id)
        assert caught.value.message == f"the suites are others than when run {id} began: {what}"
        assert (await stored(lab, id), len(lab.calls)) == (before, called)
        write_suite(tmp_path, [{**each, "description": "said otherwise"} for each in questions(8)])
        assert sum(counted(await lab.start(await lab.evaluating.resume(id))).values()) == 8


# ---- kill -9


def table(document: Any) -> list[tuple[str, int, str]]:
    return sorted((each["case"], each["repeat"], each["verdict"]) for each in document["cases"])


def killed_in_the_middle(shell: Shell, arguments: list[str], results: int) -> str:
    """Begins the run in a process of its own and kills it without warning after so many results. The run's id."""
    environ = {**os.environ, **shell.environ, "CLAWTUI_CONFIG": str(shell.config), "CLAWTUI_DATA": str(shell.data)}
    command = [sys.executable, "-m", "clawtui", *arguments]
    process = subprocess.Popen(command, env=environ, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith(f"{results}/"):
            break
    process.send_signal(signal.SIGKILL)
    process.wait(10)
    process.stderr.close()
    with sqlite3.connect(shell.data / "clawtui.sqlite3") as connection:
        ((id, ended),) = connection.execute("SELECT id, ended FROM eval_runs")
    assert ended is None
    return str(id)


def test_what_a_killed_process_had_under_way_counts_as_spent(tmp_path: Path) -> None:
    """Two calls fit into the sum. Each is cut by a kill, so that each may have cost all that it could."""
    hangs = Fault(FaultKind.HANG)
    with a_shell(tmp_path, a_script(fast=knows(faults=(hangs,)))) as shell:
        write_suite(shell.config.parent, [{**each, "max_tokens": 1000} for each in questions(5)])
        asked = ["-s", "quiz", "-p", "fast", "--concurrency", "1", "--max-usd", "0.005", "--yes"]
        began = kill_when_called(shell, ["eval", "run", *asked], calls=1)
        ((id, before),) = stored_spending(shell)
        assert began == 1
        assert before > 0.002  # a thousand tokens at two dollars a million
        kill_when_called(shell, ["eval", "run", "--resume", id, "--yes"], calls=2)
        ((_, after),) = stored_spending(shell)
        assert after == pytest.approx(2 * before)
        ran = shell("eval", "run", "--resume", id, "--yes", "--json")
        assert (ran.status, len(shell.simulator.requests)) == (4, 2)
        assert ran.json["spent_usd"] == pytest.approx(after)
        assert f"besides, {money(after)} at most for calls that were cut" in shell("eval", "show", id).out


def kill_when_called(shell: Shell, arguments: list[str], calls: int) -> int:
    """Kills the process while the call of that number is under way. How many there were."""
    environ = {**os.environ, **shell.environ, "CLAWTUI_CONFIG": str(shell.config), "CLAWTUI_DATA": str(shell.data)}
    command = [sys.executable, "-m", "clawtui", *arguments]
    with subprocess.Popen(command, env=environ, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL) as process:
        ends = time.monotonic() + 20
        while len(shell.simulator.requests) < calls and time.monotonic() < ends:
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
    return len(shell.simulator.requests)


def stored_spending(shell: Shell) -> list[tuple[str, float]]:
    with sqlite3.connect(shell.data / "clawtui.sqlite3") as connection:
        return connection.execute("SELECT id, json_extract(summary, '$.spent_usd') FROM eval_runs").fetchall()


def test_a_run_that_is_killed_is_finished_to_the_same_result(tmp_path: Path) -> None:
    script = a_script(fast=knows(1, 2, 3, 5, 8, 13, first_token_s=0.02))
    with a_shell(tmp_path, script) as shell:
        write_suite(shell.config.parent, questions(14))
        asked = ["eval", "run", "-s", "quiz", "-p", "fast", "--repeats", "2", "--yes"]
        id = killed_in_the_middle(shell, asked, results=9)
        kept = shell("eval", "show", id, "--json").json
        assert 9 <= len(kept["cases"]) < 28
        began = time.monotonic()
        resumed = shell("eval", "run", "--resume", id, "--yes", "--json")
        assert resumed.status == 0, resumed.err
        assert time.monotonic() - began < 10
        whole = shell(*asked, "--json").json
        assert table(resumed.json) == table(whole)
        assert resumed.json["profiles"][0]["rate"] == whole["profiles"][0]["rate"] == pytest.approx(6 / 14)
        # What the first process had found is what stands there now, to the letter.
        found = {json.dumps(each, sort_keys=True) for each in shell("eval", "show", id, "--json").json["cases"]}
        assert {json.dumps(each, sort_keys=True) for each in kept["cases"]} <= found
