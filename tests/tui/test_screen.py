"""The screen as a person meets it: ask, watch, read; over a real runtime and real sockets to the simulator."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual.pilot import Pilot

from clawtui.config.paths import Paths
from clawtui.engine.clock import SystemClock
from clawtui.runtime import open_runtime
from clawtui.runtime.thread import RuntimeThread
from clawtui.simulator import Fault, FaultKind, ModelScript, Script, Simulator
from clawtui.tui.app import ClawApp
from clawtui.tui.desk import Desk
from clawtui.tui.remembered import Remembered
from tests.cli.shell import KEYS, usual_config

HOSTILE = (
    "[red]no markup[/] [@click=app.quit]x[/] a\x1b[2Jb\x1b]0;owned\x07 \u202eright to left\x00 \x9b1m 日本語 e\u0301"
)


@asynccontextmanager
async def a_screen(
    folder: Path, script: Script | None = None, size: tuple[int, int] = (110, 32), config: str | None = None
) -> AsyncIterator[tuple[ClawApp, Pilot[None], Simulator]]:
    async with Simulator(script) as simulator:
        paths = Paths(folder / "config.toml", folder / "data")
        paths.config_file.write_text(config or usual_config(simulator), encoding="utf-8")
        clock = SystemClock()
        thread = RuntimeThread(lambda: open_runtime(paths, environ=KEYS, clock=clock))
        await thread.start()
        app = ClawApp(Desk(thread, paths, clock, Remembered()))
        try:
            async with app.run_test(size=size) as pilot:
                await pilot.pause()
                yield app, pilot, simulator
        finally:
            await thread.aclose()


def screen_text(app: ClawApp) -> str:
    return "\n".join("".join(segment.text for segment in strip) for strip in app.screen._compositor.render_strips())


async def sees(
    app: ClawApp, pilot: Pilot[None], words: str, holds: Callable[[str, str], bool] = str.__contains__
) -> str:
    for _ in range(200):
        text = screen_text(app)
        if holds(text, words):
            return text
        await pilot.pause(0.025)
    raise AssertionError(f"{words!r} is not on the screen:\n{screen_text(app)}")


async def ask(pilot: Pilot[None], text: str) -> None:
    for character in text:
        await pilot.press("space" if character == " " else character)
    await pilot.press("enter")


async def test_type_enter_and_the_answer_stands_there_with_who_gave_it(tmp_path: Path) -> None:
    script = Script(models={"one/alpha": ModelScript(text="Forty-two.")})
    async with a_screen(tmp_path, script) as (app, pilot, _):
        await sees(app, pilot, "fast → one/alpha")
        await ask(pilot, "how many")
        text = await sees(app, pilot, "answered by")
        assert "Forty-two." in text
        assert "fast@one/alpha" in text


async def test_a_failover_is_told_and_the_route_shows_it(tmp_path: Path) -> None:
    async with a_screen(tmp_path) as (app, pilot, simulator):
        simulator.set_fault(Fault(FaultKind.STATUS, status=503), provider="one")
        await ask(pilot, "hello")
        text = await sees(app, pilot, "answered by")
        assert "overloaded 503" in text
        assert "instead of fast@one/alpha" in text
        await pilot.press("f2")
        await sees(app, pilot, "strong@two/beta")
        await sees(app, pilot, "overloaded")


async def test_escape_cancels_and_keeps_what_came(tmp_path: Path) -> None:
    script = Script(models={"one/alpha": ModelScript(text="one two three four five", tokens_per_s=4)})
    async with a_screen(tmp_path, script) as (app, pilot, simulator):
        await ask(pilot, "count")
        await sees(app, pilot, "two")
        await pilot.press("escape")
        text = await sees(app, pilot, "cancelled")
        assert "one two" in text
        assert "five" not in text
        await simulator.wait_until_idle()


async def test_a_trace_opens_with_plan_and_attempts(tmp_path: Path) -> None:
    async with a_screen(tmp_path) as (app, pilot, _):
        await ask(pilot, "hello")
        await sees(app, pilot, "answered by")
        await pilot.press("f3")
        await sees(app, pilot, "playground")
        await pilot.press("enter")
        text = await sees(app, pilot, "attempts")
        assert "env:KEY_ONE" in text
        assert "default profile" in text


async def test_what_models_send_is_text_and_nothing_else(tmp_path: Path) -> None:
    script = Script(models={"one/alpha": ModelScript(text=HOSTILE)})
    async with a_screen(tmp_path, script) as (app, pilot, _):
        await ask(pilot, "x")
        text = await sees(app, pilot, "answered by")
        assert "[red]no markup[/]" in text
        assert "[@click=app.quit]" in text
        assert "日本語" in text
        assert not set(text) & set("\x1b\x07\x00\x9b\u202e")


async def test_a_broken_config_is_told_with_line_and_fix_and_the_screen_stays(tmp_path: Path) -> None:
    async with a_screen(tmp_path, config='default_profile = "nobody"\n') as (app, pilot, _):
        text = await sees(app, pilot, "there is no profile `nobody`")
        assert "write a [profiles" in text
        await pilot.press("escape")
        await sees(app, pilot, "The config cannot be used", lambda shown, words: words not in shown)
        assert app.crashed is None


@pytest.mark.parametrize("size", [(1, 1), (20, 5), (80, 24), (160, 45)])
async def test_every_pane_stands_every_size(tmp_path: Path, size: tuple[int, int]) -> None:
    async with a_screen(tmp_path, size=size) as (app, pilot, _):
        for key in ("f2", "f3", "f1"):
            await pilot.press(key)
            await pilot.pause()
        await pilot.resize_terminal(100, 30)
        await sees(app, pilot, "fast → one/alpha")
        assert app.crashed is None


async def test_ctrl_g_offers_who_may_answer_and_says_why_not(tmp_path: Path) -> None:
    async with a_screen(tmp_path) as (app, pilot, simulator):
        await pilot.press("ctrl+g")
        text = await sees(app, pilot, "Who answers")
        assert "fusion/duo" in text
        assert "price unknown" in text
        for character in "strong":
            await pilot.press(character)
        await pilot.press("enter")
        await sees(app, pilot, "Ask strong;")
        await ask(pilot, "hello")
        await sees(app, pilot, "answered by strong@two/beta")
        assert [each.provider for each in simulator.requests] == ["two"]


async def test_enter_sends_and_ctrl_j_begins_a_line(tmp_path: Path) -> None:
    async with a_screen(tmp_path) as (app, pilot, simulator):
        await pilot.press("a", "ctrl+j", "b", "enter")
        await sees(app, pilot, "answered by")
        assert simulator.requests[0].body["messages"][-1]["content"] == "a\nb"


async def test_secrets_are_on_no_screen_in_no_export_and_in_no_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    async with a_screen(tmp_path) as (app, pilot, simulator):
        for provider in ("one", "two"):
            words = f"the key wombat-{provider}-zz is wrong, and so is mbat-{provider}"
            body = {"error": {"message": words, "code": "invalid_api_key"}}
            simulator.set_fault(Fault(FaultKind.STATUS, status=401, body=body), provider=provider)
        await ask(pilot, "hello")
        await sees(app, pilot, "no answer after")
        shown = [screen_text(app), app.export_screenshot()]
        for key in ("f2", "f3"):
            await pilot.press(key)
            await pilot.pause(0.2)
            shown += [screen_text(app), app.export_screenshot()]
    shown += [file.read_bytes().decode("utf-8", "replace") for file in (tmp_path / "data").iterdir()]
    shown += [record.getMessage() for record in caplog.records]
    for secret in KEYS.values():
        for start in range(len(secret) - 5):
            part = secret[start : start + 6]
            assert not [text for text in shown if part in text], part


async def test_a_crash_is_one_word_without_what_was_in_hand(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    async with a_screen(tmp_path) as (app, _, _):
        app._handle_exception(ValueError("wombat-one-zz"))
        assert app.crashed == "ValueError"
    assert "wombat" not in caplog.text
