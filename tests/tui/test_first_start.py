"""The first start: what is found is named, nothing is written or called without a yes, and two keys lead to an answer."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion
from textual.events import Key, Paste

from clawtui.config.paths import Paths
from clawtui.tui.app import ClawApp
from clawtui.tui.desk import Desk
from clawtui.tui.opening import Opening
from tests.tui.screen import SIZES, Shown, a_start, until

KEYS = {"OPENAI_API_KEY": "wombat-one-zz", "GROQ_API_KEY": "wombat-two-zz"}


@pytest.fixture
def folder() -> Iterator[Path]:
    """Of one length in every run, so that its name always wraps alike."""
    path = Path(tempfile.mkdtemp(prefix="c", dir="/tmp"))
    yield path
    shutil.rmtree(path)


def steady(shown: Shown, folder: Path) -> str:
    return shown.text.replace(str(folder), "FOLDER".ljust(len(str(folder)), "_"))


@pytest.mark.parametrize("size", SIZES)
async def test_it_says_what_was_found_by_name(folder: Path, size: tuple[int, int], snapshot: SnapshotAssertion) -> None:
    async with a_start(folder, environ=KEYS, size=size) as shown:
        text = await shown.sees("OPENAI_API_KEY")
        assert "GROQ_API_KEY" in text
        assert "wombat" not in text
        assert steady(shown, folder) == snapshot


@pytest.mark.parametrize("size", SIZES)
async def test_with_nothing_found_the_simulator_is_offered(
    folder: Path, size: tuple[int, int], snapshot: SnapshotAssertion
) -> None:
    async with a_start(folder, size=size) as shown:
        await shown.sees("No key in the environment")
        assert steady(shown, folder) == snapshot


async def test_two_keys_lead_to_a_first_answer_on_the_simulator(tmp_path: Path) -> None:
    async with a_start(tmp_path) as shown:
        await shown.sees("No key in the environment")
        await shown.press("s")
        await shown.sees("DEMO")
        await until(shown.pilot, lambda: shown.app.panes.shown is not None and not shown.app.screen.is_modal)
        await shown.press("enter")
        await until(shown.pilot, lambda: "answered by" in shown.text)
        assert not shown.paths.config_file.exists()


async def test_yes_writes_the_file_for_the_user_alone(tmp_path: Path) -> None:
    async with a_start(tmp_path, environ=KEYS) as shown:
        await shown.sees("OPENAI_API_KEY")
        assert not shown.paths.config_file.exists()
        await shown.press("y")
        await until(shown.pilot, shown.paths.config_file.exists)
        assert shown.paths.config_file.stat().st_mode & 0o777 == 0o600
        assert "wombat" not in shown.paths.config_file.read_text()
        await until(shown.pilot, lambda: shown.app.panes.shown is not None)


async def test_escape_goes_on_with_what_was_found_and_writes_nothing(tmp_path: Path) -> None:
    async with a_start(tmp_path, environ=KEYS) as shown:
        await shown.sees("OPENAI_API_KEY")
        await shown.press("escape")
        await until(shown.pilot, lambda: shown.app.panes.shown is not None and not shown.app.screen.is_modal)
        assert not shown.paths.config_file.exists()


async def test_by_hand_opens_the_editor_on_the_new_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDITOR", 'sh -c \'echo "# by hand" >> "$0"\'')
    monkeypatch.delenv("VISUAL", raising=False)
    async with a_start(tmp_path, environ=KEYS) as shown:
        await shown.sees("OPENAI_API_KEY")
        await shown.press("e")
        await until(
            shown.pilot, lambda: shown.paths.config_file.exists() and "# by hand" in shown.paths.config_file.read_text()
        )
        await until(shown.pilot, lambda: shown.app.panes.shown is not None)


async def test_an_editor_that_is_not_there_is_told_and_the_start_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EDITOR", "/nowhere/editor")
    monkeypatch.delenv("VISUAL", raising=False)
    async with a_start(tmp_path, environ=KEYS) as shown:
        await shown.sees("OPENAI_API_KEY")
        await shown.press("e")
        await shown.sees("cannot be started")


class TypedInto(Opening):
    """While the engine opens somebody types already."""

    app: ClawApp

    async def desk(self) -> Desk:
        for event in (Key("a", "a"), Key("space", " "), Paste("first\nand"), Key("z", "z")):
            self.app.post_message(event)
        return await super().desk()


@pytest.mark.parametrize(("pane", "text"), [("playground", "a first\nandz"), ("routes", "")])
async def test_what_is_typed_before_the_prompt_stands_is_given_to_it_and_to_nobody_else(
    tmp_path: Path, pane: str, text: str
) -> None:
    paths = Paths(tmp_path / "config.toml", tmp_path / "data")
    paths.config_file.write_text(f'[ui]\ndefault_pane = "{pane}"\n', encoding="utf-8")
    opening = TypedInto(paths, environ={})
    app = opening.app = ClawApp(opening)
    try:
        async with app.run_test() as pilot:
            await until(pilot, lambda: app.panes.shown is not None and app._early is None)
            assert pane == app.panes.shown.AREA
            await app.open_in("playground")
            await pilot.pause()
            assert app.panes.shown.prompt.text == text
    finally:
        await opening.aclose()
