"""The traces pane as a person uses it: find, read, compare, ask again."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion

from clawtui.engine.request import ChatRequest, RequestId, user
from clawtui.runtime import Runtime
from clawtui.simulator import Fault, FaultKind, ModelScript, Script
from clawtui.tui.messages import OpenTrace
from clawtui.tui.panes.traces import TracesPane
from tests.tui.screen import FULL, NARROW, SIZES, Shown, StillClock, a_screen, until

PROSE = "Ropes are counted before noon, and the gate is weighed in the rain as every week."
SCRIPT = Script(
    models={
        "one/alpha-mini": ModelScript(text="A short answer."),
        "two/beta-opus": ModelScript(text=PROSE),
        "three/gamma-flash": ModelScript(text=PROSE.replace("noon", "dusk")),
    }
)
HOSTILE = "[bold]x[/] \x1b[31m \u202e 表示 👩‍👩‍👧 " + "long " * 60


async def ask(runtime: Runtime, text: str, target: str | None = None, number: int = 0, **more: object) -> None:
    request = ChatRequest((user(text),), target=target, caller="ask", request_id=RequestId(f"req{number:04d}aa"))
    assert isinstance(runtime.clock, StillClock)
    runtime.clock.move(3)
    await runtime.engine.ask(replace(request, **more))  # type: ignore[arg-type]
    await runtime.store.flush()


async def a_few(runtime: Runtime) -> None:
    await ask(runtime, "first question", "everyday", 1)
    await ask(runtime, "second", "deep", 2)
    await ask(runtime, "who is right?", "fusion/council", 3)


@pytest.mark.parametrize("size", SIZES)
async def test_an_empty_list_says_how_to_fill_it(tmp_path: Path, size: tuple[int, int]) -> None:
    async with a_screen(tmp_path, size=size, pane="traces") as shown:
        await shown.sees("No traces yet")


@pytest.mark.parametrize("size", SIZES)
async def test_the_list_and_a_whole_trace(tmp_path: Path, size: tuple[int, int], snapshot: SnapshotAssertion) -> None:
    async with a_screen(tmp_path, size=size, pane="traces", script=SCRIPT, prepare=a_few) as shown:
        await shown.sees("$0.00099")
        await shown.press("down", "down", "enter")
        text = await shown.sees("asked for")
        assert steady(text) == snapshot


@pytest.mark.parametrize("size", SIZES)
async def test_a_fusion_has_its_advisers_side_by_side(tmp_path: Path, size: tuple[int, int]) -> None:
    async with a_screen(tmp_path, size=size, pane="traces", script=SCRIPT, prepare=a_few) as shown:
        await shown.sees("$0.00099")
        await shown.press("enter")
        text = await shown.sees("the synthesizer saw")
        assert "swift" in text
        assert "deep" in text
        assert "of the synthesizer alone" in text
        assert "(heuristic)" in text


@pytest.mark.parametrize("width", [110, 120, 160])
async def test_the_list_has_the_whole_width_until_a_trace_is_open_and_never_loses_what_matters(
    tmp_path: Path, width: int
) -> None:
    async with a_screen(tmp_path, size=(width, 40), pane="traces", script=SCRIPT, prepare=a_few) as shown:
        text = await shown.sees("everyday@one/alpha-mini")
        assert all(label in text for label in ("Asked", "First", "Total", "Cost"))
        await shown.press("down", "enter")
        text = await shown.sees("asked for")
        assert all(label in text for label in ("Time", "Answered", "Outcome", "Total", "Cost"))
        await shown.press("escape")
        assert "asked for" in shown.text
        await shown.press("down")
        await shown.sees("first question")
        await shown.press("escape")
        await shown.sees("First")
        await shown.press("y")
        await shown.sees("no trace is open")


async def test_what_a_server_said_is_wrapped_and_not_cut(tmp_path: Path) -> None:
    said = "the words of the server are many and the last of them is zanzibar"
    refused = Fault(FaultKind.STATUS, status=400, body={"error": {"message": said}})
    script = Script(models={"one/alpha-mini": ModelScript(faults=(refused,))})

    async def prepare(runtime: Runtime) -> None:
        await ask(runtime, "x", "everyday", 1, strict=True)

    async with a_screen(tmp_path, size=NARROW, pane="traces", script=script, prepare=prepare) as shown:
        await shown.sees("nobody")
        await shown.press("enter")
        text = await shown.sees("zanzibar")
        assert "…" not in text.split("Plan")[0].split("Trace req")[1]


async def test_the_ages_in_the_list_go_on_while_nothing_happens(tmp_path: Path) -> None:
    async with a_screen(tmp_path, size=FULL, pane="traces", script=SCRIPT, prepare=a_few) as shown:
        await shown.sees("$0.00099")
        shown.clock.move(1_500)
        assert (await shown.sees("25 m ago")).count("25 m ago") == 3


def steady(text: str) -> str:
    """Times that differ between two runs are left out: everything that ends in ms or s."""
    return re.sub(r"[░█▸]+", "▒", re.sub(r" *\d[\d.]* (ms|s)\b( ago)?", " T", text))


async def test_the_filter_narrows_by_words_columns_and_choice_and_escape_gives_all_back(tmp_path: Path) -> None:
    async with a_screen(tmp_path, size=FULL, pane="traces", script=SCRIPT, prepare=a_few) as shown:
        await shown.sees("$0.00099")
        await shown.press("slash")
        await shown.type("beta-opus")
        await until(shown.pilot, lambda: pane(shown).table.row_count == 1)
        await shown.press("enter", "escape")
        await until(shown.pilot, lambda: pane(shown).table.row_count == 3)
        await shown.press("slash")
        await shown.type("asked:fusion")
        await until(shown.pilot, lambda: pane(shown).table.row_count == 1)
        await shown.press("escape")
        await shown.press("f")
        await shown.sees("Filter traces by")
        await shown.type("fusions")
        await shown.press("enter")
        await shown.sees("fusions only ×")
        await until(shown.pilot, lambda: pane(shown).table.row_count == 1)
        await shown.press("escape")
        await until(shown.pilot, lambda: pane(shown).table.row_count == 3)


async def test_new_traces_come_in_above_and_the_cursor_stays_with_who_reads(tmp_path: Path) -> None:
    async with a_screen(tmp_path, size=NARROW, pane="traces", script=SCRIPT, prepare=a_few) as shown:
        table = pane(shown).table
        await until(shown.pilot, lambda: table.row_count == 3)
        await shown.press("down")
        await shown.sees("Not following")
        key = table.cursor_key
        await shown.app.desk.do(lambda runtime: ask(runtime, "one more", "everyday", 4))
        await until(shown.pilot, lambda: table.row_count == 4)
        assert table.cursor_key == key
        await shown.press("space")
        await until(shown.pilot, lambda: table.cursor_key == "req0004aa")


async def test_a_trace_opens_from_elsewhere_and_one_that_is_gone_says_so(tmp_path: Path) -> None:
    async with a_screen(tmp_path, size=NARROW, script=SCRIPT, prepare=a_few) as shown:
        shown.app.post_message(OpenTrace(RequestId("req0002aa")))
        await shown.sees("deep → deep@two/beta-opus")
        shown.app.post_message(OpenTrace(RequestId("nothing")))
        await shown.sees("This trace is not kept")
        await shown.press("escape")
        await shown.sees("Newest first")


async def test_two_texts_of_a_fusion_are_compared(tmp_path: Path) -> None:
    async with a_screen(tmp_path, size=FULL, pane="traces", script=SCRIPT, prepare=a_few) as shown:
        await shown.sees("$0.00099")
        await shown.press("enter")
        await shown.sees("the synthesizer saw")
        await shown.press("d")
        await shown.sees("Compare which two")
        await shown.press("tab", "down", "tab", "enter")
        text = await shown.sees("→")
        await until(shown.pilot, lambda: "noon" in shown.text and "dusk" in shown.text)
        assert "Close" in text


async def test_the_synthesizer_alone_says_its_cost_first_and_is_compared(tmp_path: Path) -> None:
    async with a_screen(tmp_path, size=FULL, pane="traces", script=SCRIPT, prepare=a_few) as shown:
        await shown.sees("$0.00099")
        await shown.press("enter")
        await shown.sees("the synthesizer saw")
        before = len(shown.simulator.requests)
        await shown.press("s")
        await shown.sees("This costs at most $")
        assert len(shown.simulator.requests) == before
        await shown.press("y")
        await shown.sees("the synthesizer alone: $")
        assert len(shown.simulator.requests) == before + 1
        await shown.press("escape")
        await shown.press("S")
        await shown.sees("Put the proposals to")
        await shown.type("swift")
        await shown.press("enter")
        await shown.sees("swift from the same proposals")
        await shown.press("y")
        await shown.sees("Fusion → swift")


async def test_what_cannot_be_done_says_why(tmp_path: Path) -> None:
    async with a_screen(tmp_path, size=FULL, pane="traces", script=SCRIPT, prepare=a_few) as shown:
        await shown.sees("$0.00099")
        await shown.press("s")
        await shown.sees("no trace is open")
        await shown.press("down", "down", "enter")
        await shown.sees("first question")
        await shown.press("d")
        await shown.sees("this request was no fusion")


async def test_a_trace_is_copied_and_exported(tmp_path: Path) -> None:
    async with a_screen(tmp_path, size=FULL, pane="traces", script=SCRIPT, prepare=a_few) as shown:
        await shown.sees("$0.00099")
        await shown.press("down", "down", "enter")
        await shown.sees("first question")
        await shown.press("y")
        assert shown.app.clipboard == "A short answer."
        await shown.press("e")
        exports = shown.paths.data_dir / "exports"
        await until(shown.pilot, lambda: exports.is_dir() and bool(list(exports.iterdir())))
        document = json.loads(next(exports.iterdir()).read_text(encoding="utf-8"))
        assert document["request_id"] == "req0001aa"


async def test_hostile_words_are_words(tmp_path: Path) -> None:
    refused = Fault(FaultKind.STATUS, status=400, body={"error": {"message": HOSTILE}})
    script = Script(
        models={"one/alpha-mini": ModelScript(faults=(refused,)), "three/gamma-flash": ModelScript(text=HOSTILE)}
    )

    async def prepare(runtime: Runtime) -> None:
        await ask(runtime, HOSTILE, "everyday", 1)
        await ask(runtime, HOSTILE, "swift", 2)

    for size in SIZES:
        (tmp_path / str(size[0])).mkdir()
        async with a_screen(tmp_path / str(size[0]), size=size, pane="traces", script=script, prepare=prepare) as shown:
            await shown.sees("swift@three")
            await shown.press("enter")
            text = await shown.sees("[bold]x[/]")
            assert "\u202e" not in text
            assert "\x1b" not in text


def pane(shown: Shown) -> TracesPane:
    found = shown.app.panes.shown
    assert isinstance(found, TracesPane)
    return found
