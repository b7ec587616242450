"""The usage pane as a person uses it: ranges, groupings, charts, exports."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion

from clawtui.engine.request import ChatRequest, user
from clawtui.runtime import Runtime
from clawtui.simulator import ModelScript, Script
from tests.tui.screen import FULL, NARROW, SIZES, StillClock, a_screen, until

SCRIPT = Script(default=ModelScript(text="Nine words are in this answer, and no more."))


async def three_days(runtime: Runtime) -> None:
    assert isinstance(runtime.clock, StillClock)
    for target in ("everyday", "deep", "everyday", "local"):
        await runtime.engine.ask(ChatRequest((user("how many words?"),), target=target, caller="ask"))
        runtime.clock.move(86_400)
    await runtime.store.flush()


@pytest.mark.parametrize("size", SIZES)
async def test_an_empty_store_says_so(tmp_path: Path, size: tuple[int, int]) -> None:
    async with a_screen(tmp_path, size=size, pane="usage") as shown:
        await shown.sees("Nothing was asked in this time")
        await shown.press("e")
        await shown.sees("nothing was asked in this time")


@pytest.mark.parametrize("size", SIZES)
async def test_sums_stand_beside_the_month(tmp_path: Path, size: tuple[int, int], snapshot: SnapshotAssertion) -> None:
    async with a_screen(tmp_path, size=size, pane="usage", script=SCRIPT, prepare=three_days) as shown:
        await shown.sees("4 requests")
        text = shown.text
        # Measured times differ between two runs; the clock stands still, so they are the least bucket.
        assert text == snapshot


async def test_grouping_and_range_are_chosen(tmp_path: Path) -> None:
    async with a_screen(tmp_path, size=FULL, pane="usage", script=SCRIPT, prepare=three_days) as shown:
        await shown.sees("4 requests")
        await shown.press("b")
        await shown.sees("Add up by")
        await shown.type("model")
        await shown.press("enter")
        await shown.sees("delta:8b")
        await shown.press("r")
        await shown.sees("Which days?")
        await shown.type("today")
        await shown.press("enter")
        await shown.sees("Nothing was asked in this time")
        await shown.press("r")
        await shown.type("custom")
        await shown.press("enter")
        await shown.sees("From which day to which?")
        await shown.press("home", *["delete"] * 10)
        await shown.type("2027-13-01")
        await shown.press("enter")
        await shown.sees("a day looks like 2026-01-31")
        await shown.press(*["backspace"] * 10)
        await shown.type("2027-01-02")
        await shown.press("tab", "home", *["delete"] * 10)
        await shown.type("2027-01-02")
        await shown.press("enter")
        await shown.sees("By model, 2027-01-02 to 2027-01-02")
        await shown.sees("1 requests")


async def test_a_year_is_one_key_away_and_back_at_the_least_size(tmp_path: Path) -> None:
    async with a_screen(tmp_path, size=NARROW, pane="usage", script=SCRIPT, prepare=three_days) as shown:
        await shown.sees("4 requests")
        await shown.press("h")
        text = await shown.sees("a day")
        assert "Mon" in text
        await shown.press("escape")
        await shown.sees("4 requests")


async def test_exports_are_the_documents_of_the_command_line(tmp_path: Path) -> None:
    async with a_screen(tmp_path, size=FULL, pane="usage", script=SCRIPT, prepare=three_days) as shown:
        await shown.sees("4 requests")
        exports = shown.paths.data_dir / "exports"
        for name in ("csv", "json"):
            await shown.press("e")
            await shown.sees("Export usage as")
            await shown.type(name)
            await shown.press("enter")
            await until(shown.pilot, lambda name=name: exports.is_dir() and bool(list(exports.glob(f"*.{name}"))))
        document = json.loads(next(exports.glob("*.json")).read_text(encoding="utf-8"))
        assert document["total"]["requests"] == 4
        assert {row["key"] for row in document["rows"]} == {"everyday", "deep", "local"}
        assert next(exports.glob("*.csv")).read_text(encoding="utf-8").startswith("profile,requests,failures")
