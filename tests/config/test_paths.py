"""Where config and data lie."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from clawtui.config.paths import find_paths


def test_flags_win_over_variables_and_these_over_the_platform(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xc"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "xd"))
    monkeypatch.setenv("HOME", str(tmp_path))
    variables = {"CLAWTUI_CONFIG": "~/v.toml", "CLAWTUI_DATA": "~/v"}
    assert find_paths(variables, "f.toml", "f").config_file == Path("f.toml")
    assert find_paths(variables).config_file == tmp_path / "v.toml"
    assert find_paths(variables).data_dir == tmp_path / "v"
    assert find_paths({"CLAWTUI_CONFIG": ""}).config_file.parts[-2:] == ("clawtui", "config.toml")
    assert find_paths({}).data_dir.name == "clawtui"


def test_folders_are_made_for_their_owner_alone(tmp_path: Path) -> None:
    paths = find_paths({}, tmp_path / "a" / "b" / "config.toml", tmp_path / "c" / "d")
    paths.make_data_dir()
    paths.make_config_dir()
    assert stat.S_IMODE(paths.data_dir.stat().st_mode) == 0o700
    assert stat.S_IMODE(paths.config_dir.stat().st_mode) == 0o700


def test_all_data_lies_in_the_data_folder(tmp_path: Path) -> None:
    paths = find_paths({}, tmp_path / "config.toml", tmp_path / "data")
    for path in (paths.database, paths.state_file, paths.backups, paths.exports, paths.config_versions):
        assert path.parent == paths.data_dir
    assert paths.suites == tmp_path / "suites"
    assert paths.themes == tmp_path / "themes"
