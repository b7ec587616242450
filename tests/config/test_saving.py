"""The file on disk: saved whole, never over somebody else's change, with earlier versions to go back to."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from clawtui.config import disk
from clawtui.config.disk import NotSaved, Watch
from clawtui.config.document import ChangedOnDisk, Document, NotEditable, NothingToUndo, load
from clawtui.config.paths import Paths
from clawtui.config.versions import Versions
from tests.config.builders import FAST


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return Paths(tmp_path / "config" / "config.toml", tmp_path / "data")


@pytest.fixture
def versions(paths: Paths) -> Versions:
    return Versions(paths.config_versions, paths.config_file)


def written(paths: Paths, text: str) -> Document:
    paths.config_file.parent.mkdir(exist_ok=True)
    paths.config_file.write_bytes(text.encode())
    return Document.open(paths.config_file)


def on_disk(paths: Paths) -> str:
    return paths.config_file.read_bytes().decode()


def test_a_new_file_and_its_folder_are_for_their_owner_alone(paths: Paths, versions: Versions) -> None:
    document = Document.open(paths.config_file)
    document.set(("profiles", "fast"), {"provider": "ollama", "model": "m"})
    document.save(versions)
    assert stat.S_IMODE(paths.config_file.stat().st_mode) == 0o600
    assert stat.S_IMODE(paths.config_file.parent.stat().st_mode) == 0o700
    assert load(paths.config_file, {}).config is not None
    assert [item.name for item in paths.config_file.parent.iterdir()] == ["config.toml"]


def test_a_saved_file_is_readable_by_its_owner_alone_and_no_draft_is_left(paths: Paths, versions: Versions) -> None:
    document = written(paths, FAST)
    paths.config_file.chmod(0o644)
    document.set(("ui", "motion"), False)
    document.save(versions)
    assert stat.S_IMODE(paths.config_file.stat().st_mode) == 0o600
    assert os.listdir(paths.config_file.parent) == ["config.toml"]


def test_saving_keeps_byte_order_mark_and_line_ends(paths: Paths, versions: Versions) -> None:
    document = written(paths, "\ufeff# mine\r\nversion = 1 # one\r\n")
    document.set(("default_policy",), "default")
    document.save(versions)
    assert on_disk(paths) == '\ufeff# mine\r\nversion = 1 # one\r\ndefault_policy = "default"\r\n'


def test_a_link_stays_a_link_and_its_target_is_replaced(paths: Paths, versions: Versions, tmp_path: Path) -> None:
    target = tmp_path / "dotfiles" / "claw.toml"
    target.parent.mkdir()
    target.write_text(FAST)
    paths.config_file.parent.mkdir()
    paths.config_file.symlink_to(target)
    document = Document.open(paths.config_file)
    document.set(("ui", "motion"), False)
    document.save(versions)
    assert paths.config_file.is_symlink()
    assert "motion = false" in target.read_text()


def test_a_file_that_changed_on_disk_is_not_overwritten_and_the_difference_is_told(
    paths: Paths, versions: Versions
) -> None:
    document = written(paths, FAST)
    paths.config_file.write_text(FAST + "enabled = false\n")
    document.set(("profiles", "fast", "description"), "mine")
    with pytest.raises(ChangedOnDisk) as raised:
        document.save(versions)
    assert "enabled" in on_disk(paths)
    assert "-enabled = false" in raised.value.difference
    assert '+description = "mine"' in raised.value.difference
    document.save(versions, over=raised.value.fingerprint)
    assert "mine" in on_disk(paths)
    assert versions.newest() is not None
    assert versions.newest()[1] == FAST + "enabled = false\n"  # type: ignore[index]  # asserted the line before


def test_a_file_that_appeared_or_vanished_meanwhile_counts_as_changed(paths: Paths, versions: Versions) -> None:
    fresh = Document.open(paths.config_file)
    existing = written(paths, FAST)
    fresh.set(("version",), 1)
    with pytest.raises(ChangedOnDisk):
        fresh.save(versions)
    paths.config_file.unlink()
    existing.set(("version",), 1)
    with pytest.raises(ChangedOnDisk):
        existing.save(versions)


def test_touching_the_file_without_changing_it_does_not_stop_saving(paths: Paths, versions: Versions) -> None:
    document = written(paths, FAST)
    os.utime(paths.config_file, (1, 1))
    document.set(("version",), 1)
    document.save(versions)
    assert on_disk(paths).startswith("version = 1\n")


def test_the_last_ten_versions_are_kept_and_undone_one_by_one(paths: Paths, versions: Versions) -> None:
    document = written(paths, "retries = 0\n")
    for number in range(1, 15):
        document.set(("retries",), number)
        document.save(versions)
    assert len(versions.paths()) == 10
    for number in range(13, 3, -1):
        document.undo(versions)
        assert on_disk(paths) == document.text == f"retries = {number}\n"
    with pytest.raises(NothingToUndo):
        document.undo(versions)
    assert versions.undone() == "retries = 5\n"
    assert stat.S_IMODE(paths.config_versions.stat().st_mode) == 0o700


def test_undo_does_not_overwrite_a_change_on_disk(paths: Paths, versions: Versions) -> None:
    document = written(paths, "version = 1\n")
    document.set(("default_policy",), "default")
    document.save(versions)
    paths.config_file.write_text("# new\n")
    with pytest.raises(ChangedOnDisk):
        document.undo(versions)
    assert on_disk(paths) == "# new\n"


def test_two_config_files_with_one_data_folder_do_not_mix_their_versions(paths: Paths, versions: Versions) -> None:
    other = Versions(paths.config_versions, paths.config_file.with_name("other.toml"))
    versions.keep("a = 1\n")
    assert other.newest() is None


def test_a_failed_save_leaves_the_file_as_it_was(
    paths: Paths, versions: Versions, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = written(paths, FAST)
    document.set(("version",), 1)

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises((NotSaved, OSError), match="No space left"):
        document.save(versions)
    assert on_disk(paths) == FAST
    assert os.listdir(paths.config_file.parent) == ["config.toml"]


def test_create_never_overwrites(paths: Paths) -> None:
    disk.create(paths.config_file, FAST)
    assert stat.S_IMODE(paths.config_file.stat().st_mode) == 0o600
    with pytest.raises(FileExistsError):
        disk.create(paths.config_file, "")
    assert on_disk(paths) == FAST


def test_a_document_of_something_else_than_text_is_not_editable(paths: Paths) -> None:
    paths.config_file.mkdir(parents=True)
    with pytest.raises(NotEditable, match="folder"):
        Document.open(paths.config_file)


def test_the_difference_is_empty_where_nothing_changed(paths: Paths) -> None:
    assert written(paths, FAST).difference() == ""


def test_a_watch_tells_each_change_once(paths: Paths) -> None:
    document = written(paths, FAST)
    watch = Watch(paths.config_file, document.fingerprint)
    assert not watch.has_changed()
    paths.config_file.write_text(FAST + "enabled = false\n")
    assert watch.has_changed()
    assert not watch.has_changed()
    os.utime(paths.config_file, (1, 1))
    assert not watch.has_changed()
    paths.config_file.unlink()
    assert watch.has_changed()
    assert not watch.has_changed()
    paths.config_file.write_text(FAST)
    assert watch.has_changed()


def test_a_watch_sees_a_replaced_file_of_the_same_size(paths: Paths) -> None:
    document = written(paths, "a = 1\n")
    watch = Watch(paths.config_file, document.fingerprint)
    disk.replace(paths.config_file, "a = 2\n")
    assert watch.has_changed()


def test_a_file_that_is_emptied_before_it_is_filled_is_not_taken_for_an_empty_one(paths: Paths) -> None:
    watch = Watch(paths.config_file, written(paths, FAST).fingerprint)
    paths.config_file.write_text("")
    assert not watch.has_changed()
    paths.config_file.write_text(FAST + "enabled = false\n")
    assert watch.has_changed()
    paths.config_file.write_text("")
    assert not watch.has_changed()
    assert watch.has_changed()


def test_what_was_saved_by_ourselves_is_no_change(paths: Paths, versions: Versions) -> None:
    document = written(paths, FAST)
    watch = Watch(paths.config_file, document.fingerprint)
    document.set(("version",), 1)
    watch.saw(document.save(versions))
    assert not watch.has_changed()
