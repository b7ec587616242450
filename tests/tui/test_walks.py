"""Walks over the whole screen: every size, every pane, every key of the registry."""

from __future__ import annotations

from pathlib import Path

import pytest

from clawtui.text import cell_width
from clawtui.tui import targets
from clawtui.tui.actions import ACTIONS, Where
from clawtui.tui.keymap import clashes, default_keymap
from clawtui.tui.switcher import areas
from tests.tui.screen import Shown, a_screen, until

SIZES = [(160, 45), (80, 24), (60, 15), (59, 14), (20, 5), (1, 1), (3, 80), (200, 3), (110, 32), (80, 24)]


async def go_to(shown: Shown, area: Where) -> None:
    await shown.app.open_in(area.value)
    await until(shown.pilot, lambda: shown.app.panes.shown is not None and area.value == shown.app.panes.shown.AREA)
    await shown.pilot.pause()


@pytest.mark.parametrize("area", list(areas()), ids=str)
async def test_every_pane_lives_through_every_size(tmp_path: Path, area: Where) -> None:
    async with a_screen(tmp_path, size=SIZES[0]) as shown:
        await shown.type("hello")
        await shown.press("enter")
        await go_to(shown, area)
        for width, height in SIZES:
            await shown.pilot.resize_terminal(width, height)
            await shown.pilot.pause()
            lines = shown.text.splitlines()
            assert len(lines) <= height
            assert all(cell_width(line) <= width for line in lines)
            if width >= 60 and height >= 15:
                assert "Quit" in lines[-1] or "Help" in lines[-1], f"{area} at {width}x{height}"
        assert shown.app.crashed is None


async def test_below_the_least_size_one_line_says_so(tmp_path: Path) -> None:
    async with a_screen(tmp_path, size=(59, 14)) as shown:
        assert "60×15 cells at least, here are 59×14" in shown.text


def test_no_two_actions_that_can_meet_share_a_key() -> None:
    assert clashes(default_keymap()) == []


@pytest.mark.parametrize("area", list(areas()), ids=str)
async def test_every_action_of_a_pane_is_done_by_it_or_says_why_not(tmp_path: Path, area: Where) -> None:
    async with a_screen(tmp_path) as shown:
        await go_to(shown, area)
        for action in ACTIONS:
            if action.where is not area:
                continue
            target = targets.find(shown.app, action)
            assert target is not None, f"nobody does {action.id}"
            assert target.why_not is None or target.why_not[0].islower(), f"{action.id}: {target.why_not!r}"


@pytest.mark.parametrize("area", list(areas()), ids=str)
async def test_every_key_of_a_pane_can_be_pressed_and_leads_to_a_word_or_a_deed(tmp_path: Path, area: Where) -> None:
    """Each key once, on an empty store: what cannot act says so, nothing fails."""
    async with a_screen(tmp_path, size=(110, 32)) as shown:
        for action in ACTIONS:
            if action.where not in (area, Where.LIST) or action.id == "app.quit":
                continue
            await go_to(shown, area)
            for key in action.keys[:1]:
                await shown.press(key)
                await shown.pilot.pause()
            while shown.app.screen.is_modal:
                await shown.press("escape")
                await shown.pilot.pause()
            assert shown.app.crashed is None, action.id
