"""The demo leaves nothing behind, however it ended."""

from __future__ import annotations

import os
import time
from pathlib import Path

from clawtui.runtime.demo_folder import LOCK, PREFIX, DemoFolder, clear_abandoned


def a_folder_of_yesterday(within: Path, name: str) -> Path:
    folder = within / f"{PREFIX}{name}"
    folder.mkdir()
    (folder / LOCK).touch()
    os.utime(folder / LOCK, (time.time() - 90_000,) * 2)
    return folder


def test_a_folder_is_gone_with_its_demo(tmp_path: Path) -> None:
    folder = DemoFolder(tmp_path)
    (folder.path / "data").mkdir()
    folder.clear()
    assert not list(tmp_path.iterdir())


def test_the_next_demo_clears_what_a_killed_one_left(tmp_path: Path) -> None:
    left = a_folder_of_yesterday(tmp_path, "dead")
    folder = DemoFolder(tmp_path)
    assert not left.exists()
    assert folder.path.exists()
    folder.clear()


def test_a_folder_in_use_a_young_one_and_what_is_not_ours_stay(tmp_path: Path) -> None:
    in_use = DemoFolder(tmp_path)
    os.utime(in_use.path / LOCK, (time.time() - 90_000,) * 2)
    young = tmp_path / f"{PREFIX}young"
    young.mkdir()
    (young / LOCK).touch()
    unknown = tmp_path / f"{PREFIX}unknown"
    unknown.mkdir()
    target = tmp_path / "elsewhere"
    target.mkdir()
    a_folder_of_yesterday(target, "inside")
    link = tmp_path / f"{PREFIX}link"
    link.symlink_to(target / f"{PREFIX}inside")
    clear_abandoned(tmp_path)
    assert all(each.exists() for each in (in_use.path, young, unknown, link, target / f"{PREFIX}inside"))
    in_use.clear()
