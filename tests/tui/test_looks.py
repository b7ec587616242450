"""How the screen looks: colours and all, as pictures. What it says is held by the tests of the panes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pytest_textual_snapshot import SVGImageExtension
from syrupy.assertion import SnapshotAssertion

from clawtui.engine.request import ChatRequest, RequestId, user
from clawtui.runtime import Runtime
from clawtui.simulator import ModelScript, Script
from clawtui.tui.remembered import Remembered
from tests.tui.screen import Shown, StillClock, a_screen, until

SIZE = (120, 35)
ANSWER = "# Retries\n\nWait, **then** try again:\n\n```python\nfor attempt in range(3):\n    print(attempt)\n```\n\n- politely"
SCRIPT = Script(default=ModelScript(text=ANSWER))
READY = {
    "routes": "100 %",
    "traces": "everyday",
    "usage": "3 requests",
    "profiles": "everyday",
    "evals": "smoke",
}


@pytest.fixture
def looks(snapshot: SnapshotAssertion) -> SnapshotAssertion:
    return snapshot.use_extension(SVGImageExtension)


async def a_morning(runtime: Runtime) -> None:
    assert isinstance(runtime.clock, StillClock)
    for number, target in enumerate(("everyday", "deep", "everyday")):
        request = ChatRequest((user("how?"),), target=target, caller="ask", request_id=RequestId(f"req{number:05}"))
        await runtime.engine.ask(request)
        runtime.clock.move(60)
    await runtime.store.flush()


async def seen(shown: Shown, pane: str) -> str:
    """A picture of the pane once it has all that it shows."""
    if pane == "playground":
        await shown.type("how do I retry?")
        await shown.press("enter")
        await shown.sees("answered by")
        await until(shown.pilot, lambda: not shown.app.panes.shown.dialogue.is_answering)
        await shown.sees("1/min")
        await shown.sees("▏░░░░░░░ <$0.01 of")  # the header counts the answer once the ledger has it
    else:
        await shown.sees(READY[pane])
        if pane == "traces":
            await shown.press("enter")
            await shown.sees("asked for")
    await shown.pilot.pause(0.3)
    # The simulator listens on another port in each run.
    return re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1:99999", shown.app.export_screenshot(title="clawtui"))


@pytest.mark.parametrize(
    ("pane", "theme"),
    [
        *((pane, theme) for theme in ("lobster", "lobster-light") for pane in ("playground", *READY)),
        ("routes", "terminal"),
        ("traces", "terminal"),
        ("playground", "terminal"),
    ],
)
async def test_a_pane_in_a_theme(tmp_path: Path, looks: SnapshotAssertion, pane: str, theme: str) -> None:
    memory = Remembered(theme=theme)
    async with a_screen(tmp_path, size=SIZE, pane=pane, script=SCRIPT, prepare=a_morning, remembered=memory) as shown:
        assert await seen(shown, pane) == looks


async def test_routes_without_colours(
    tmp_path: Path, looks: SnapshotAssertion, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with a_screen(tmp_path, size=SIZE, pane="routes", script=SCRIPT, prepare=a_morning) as shown:
        assert await seen(shown, "routes") == looks


async def test_the_help_over_a_pane(tmp_path: Path, looks: SnapshotAssertion) -> None:
    async with a_screen(tmp_path, size=SIZE, pane="routes", script=SCRIPT, prepare=a_morning) as shown:
        await shown.sees("100 %")
        await shown.press("?")
        await shown.sees("What it does")
        await shown.pilot.pause(0.3)
        assert shown.app.export_screenshot(title="clawtui") == looks
