"""The evals pane as a person uses it: begin a run, watch it fill, stop it, go on, read, compare, export."""

from __future__ import annotations

from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion

from clawtui.evals.results import RunSettings
from clawtui.runtime import Runtime
from clawtui.runtime.evaluating import Evaluating
from clawtui.simulator import ModelScript, Rule, Script
from tests.tui.screen import FULL, NARROW, SIZES, Shown, a_screen, until

RIGHT = (
    Rule("READY", text="READY"),
    Rule("437", text="705"),
    Rule("JSON", text='{"name": "Ada Lovelace", "born": 1815}'),
)
SCRIPT = Script(
    models={
        "one/alpha-mini": ModelScript(rules=RIGHT, text="nothing"),
        "three/gamma-flash": ModelScript(text="READY"),
    }
)
SLOW = Script(default=ModelScript(text="one two three four five six", tokens_per_s=2))


async def two_runs(runtime: Runtime) -> None:
    evaluating = Evaluating(runtime)
    for profiles in (("everyday", "swift"), ("everyday",)):
        await evaluating.start(await evaluating.prepare(RunSettings(("smoke",), profiles)))
        runtime.clock.move(3_600)  # type: ignore[attr-defined]  # the clock of tests


async def begins(shown: Shown, *profiles: str, suite: str = "smoke") -> None:
    await shown.press("n")
    await shown.sees("Who is to be tried?")
    for name in profiles:
        await shown.type(name)
        await shown.press("tab", *["backspace"] * len(name))
    await shown.press("enter")
    await shown.sees("With which suites?")
    if suite != "smoke":
        await shown.type(suite)
        await shown.press("tab")
    await shown.press("enter")
    await shown.sees("calls at least")
    await shown.press("enter")


@pytest.mark.parametrize("size", SIZES)
async def test_nothing_run_yet(tmp_path: Path, size: tuple[int, int], snapshot: SnapshotAssertion) -> None:
    async with a_screen(tmp_path, size=size, pane="evals") as shown:
        await shown.sees("reliability")
        assert body_of(shown) == snapshot


@pytest.mark.parametrize("size", SIZES)
async def test_a_run_stands_there_as_a_matrix(
    tmp_path: Path, size: tuple[int, int], snapshot: SnapshotAssertion
) -> None:
    async with a_screen(tmp_path, size=size, pane="evals", script=SCRIPT, prepare=two_runs) as shown:
        await shown.sees("1 h ago")
        await shown.press("down", "enter")
        await shown.sees("keeps-to-json")
        await shown.sees("everyday, swift")
        await shown.pilot.pause(0.2)
        assert body_of(shown).replace(run_id(shown), "RUN") == snapshot


def body_of(shown: Shown) -> str:
    """Without header, tabs and footer, which are not of the pane."""
    return "\n".join(shown.text.splitlines()[2:-1])


def run_id(shown: Shown) -> str:
    return str(shown.app.panes.shown._sight.run.id)


async def test_a_run_is_begun_with_its_cost_said_first_and_fills_the_matrix(tmp_path: Path) -> None:
    async with a_screen(tmp_path, size=FULL, pane="evals", script=SCRIPT) as shown:
        await begins(shown, "swift")
        await shown.sees("3 of 3 cases")
        text = await shown.sees("begun")
        assert "● pass" in text
        assert "○ fail" in text
        assert "33 %" in text


async def test_nothing_is_called_before_the_yes(tmp_path: Path) -> None:
    async with a_screen(tmp_path, size=FULL, pane="evals", script=SCRIPT) as shown:
        await shown.press("n")
        await shown.sees("Who is to be tried?")
        await shown.press("enter")
        await shown.sees("With which suites?")
        await shown.press("enter")
        await shown.sees("3 calls at least")
        shown.app.screen.query_one("#run-repeats").value = "none"
        await shown.sees("a whole number from 1 to 1000")
        await shown.press("escape")
        assert not shown.simulator.requests


async def test_a_run_is_cancelled_kept_and_goes_on(tmp_path: Path) -> None:
    async with a_screen(tmp_path, size=FULL, pane="evals", script=SLOW) as shown:
        await begins(shown, "everyday")
        await shown.sees("◐ running")
        await shown.press("n")
        await shown.sees("a run goes on: x cancels it")
        await shown.press("x")
        await shown.sees("has stopped; r goes on with it")
        await shown.sees("not finished")
        await shown.press("r")
        await shown.sees("Go on with this run?")
        await shown.press("y")
        await shown.sees("◐ running")
        await shown.press("x")
        await until(shown.pilot, lambda: shown.app.panes.shown._job is None)


async def test_leaving_while_a_run_goes_on_asks(tmp_path: Path) -> None:
    async with a_screen(tmp_path, size=FULL, pane="evals", script=SLOW) as shown:
        await begins(shown, "everyday")
        await shown.sees("◐ running")
        await shown.press("ctrl+q")
        await shown.sees("an eval run goes on; it can be resumed")
        await shown.press("n")
        await shown.press("x")
        await until(shown.pilot, lambda: shown.app.panes.shown._job is None)


async def test_a_case_shows_why_and_what_was_said_and_leads_to_the_trace(tmp_path: Path) -> None:
    async with a_screen(tmp_path, size=FULL, pane="evals", script=SCRIPT, prepare=two_runs) as shown:
        await shown.sees("1 h ago")
        await shown.press("down", "enter")
        await shown.sees("everyday, swift")
        await shown.press("down", "enter")
        text = await shown.sees("What is 437 + 268?")
        assert "matches" in text
        await shown.press("t")
        await until(shown.pilot, lambda: shown.app.panes.shown.AREA == "traces")
        await shown.sees("eval")


async def test_profiles_of_a_run_are_compared_and_a_trend_is_drawn(tmp_path: Path) -> None:
    async with a_screen(tmp_path, size=NARROW, pane="evals", script=SCRIPT, prepare=two_runs) as shown:
        await shown.sees("1 h ago")
        await shown.press("down", "enter")
        await shown.sees("keeps-to-json")
        await shown.press("c")
        await shown.sees("its profiles")
        await shown.press("enter")
        await shown.sees("everyday and swift cannot be told apart at n = 3")
        await shown.press("escape", "c")
        await shown.sees("its profiles")
        await shown.press("down", "enter")
        await shown.sees("= 3  ")
        await shown.press("escape", "t")
        await shown.sees("Whose trend?")
        await shown.type("everyday")
        await shown.press("enter")
        await shown.sees("everyday over its runs")
        await shown.press("escape", "escape")
        await shown.sees("Suites")


async def test_on_a_narrow_screen_actions_are_of_the_run_under_the_cursor(tmp_path: Path) -> None:
    async with a_screen(tmp_path, size=NARROW, pane="evals", script=SCRIPT, prepare=two_runs) as shown:
        await shown.sees("1 h ago")
        await shown.press("t")
        await shown.sees("everyday over its runs")
        await shown.press("escape", "down", "t")
        await shown.sees("Whose trend?")


@pytest.mark.parametrize(
    ("format", "holds"), [("md", "| everyday |"), ("html", "<!doctype html>"), ("junit", "<testsuite")]
)
async def test_a_run_is_exported(tmp_path: Path, format: str, holds: str) -> None:
    async with a_screen(tmp_path, size=FULL, pane="evals", script=SCRIPT, prepare=two_runs) as shown:
        await shown.sees("1 h ago")
        await shown.press("enter")
        await shown.sees("keeps-to-json")
        await shown.press("e")
        await shown.sees("Export the run as")
        await shown.type(format)
        await shown.press("enter")
        await shown.sees("written to")
        (file,) = shown.paths.exports.iterdir()
        assert holds in file.read_text().lower() if format == "html" else holds in file.read_text()


async def test_a_run_is_deleted_after_a_yes(tmp_path: Path) -> None:
    async with a_screen(tmp_path, size=FULL, pane="evals", script=SCRIPT, prepare=two_runs) as shown:
        await shown.sees("1 h ago")
        await shown.press("X")
        await shown.sees("It cannot be brought back.")
        await shown.press("y")
        await until(shown.pilot, lambda: shown.app.panes.shown.runs.row_count == 1)


HOSTILE = """
description = "[red]not red[/red]"
[[cases]]
id = "an-id-so-long-that-no-column-of-any-table-has-room-for-it-all"
input = "[blink]say[/blink] \\u001b[31m \\u202eevil"
expect = [{ equals = "[bold]" }]
"""


@pytest.mark.parametrize("size", SIZES)
async def test_hostile_text_stays_text(tmp_path: Path, size: tuple[int, int], snapshot: SnapshotAssertion) -> None:
    (tmp_path / "suites").mkdir()
    (tmp_path / "suites" / "hostile.toml").write_text(HOSTILE)
    evil = Script(default=ModelScript(text="[link=x]\x1b]0;owned\x07 \u202e[/] end"))

    async def one_run(runtime: Runtime) -> None:
        evaluating = Evaluating(runtime)
        await evaluating.start(await evaluating.prepare(RunSettings(("hostile",), ("everyday",), repeats=2)))
        runtime.clock.move(3_600)  # type: ignore[attr-defined]  # the clock of tests

    async with a_screen(tmp_path, size=size, pane="evals", script=evil, prepare=one_run) as shown:
        await shown.sees("1 h ago")
        await shown.press("enter")
        await shown.sees("0/2")
        await shown.press("enter")
        text = await shown.sees("assistant")
        assert not {"\x1b", "\u202e"} & set(text)
        assert "[link=x]" in text
        await shown.pilot.pause(0.2)
        assert body_of(shown).replace(run_id(shown), "RUN") == snapshot


async def test_a_suite_that_cannot_be_read_is_told_and_the_others_stay(tmp_path: Path) -> None:
    (tmp_path / "suites").mkdir()
    (tmp_path / "suites" / "mine.toml").write_text("[[cases]]\nid = 7\n")
    async with a_screen(tmp_path, size=FULL, pane="evals") as shown:
        await shown.sees("a suite is left out")
        await shown.sees("reliability")
