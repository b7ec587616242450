"""What a verb says where the data file cannot be used as it is: a sentence and a way out, and no lost work unsaid."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from tests.cli.shell import Shell

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("verb", [("ask", "x"), ("usage",), ("traces",), ("routes",), ("models", "list")])
def test_a_file_of_a_newer_version_is_a_sentence_with_a_way_out(shell: Shell, verb: tuple[str, ...]) -> None:
    shell.data.mkdir()
    file = shell.data / "clawtui.sqlite3"
    with sqlite3.connect(file) as connection:
        connection.execute("PRAGMA user_version = 999")
    ran = shell(*verb)
    assert ran.status == 2
    told, way_out = ran.err.splitlines()
    assert told.startswith(f"clawtui: {file} was written by a newer version (schema 999")
    assert way_out == "update clawtui, or name another folder with --data"


def a_file_in_the_way(shell: Shell) -> None:
    shell.data.write_text("not a folder")


@pytest.mark.parametrize(
    "verb",
    [("data", "prune", "--keep-days", "1", "--yes"), ("data", "rebuild"), ("data", "size"), ("usage",), ("routes",)],
)
def test_a_folder_that_is_none_is_a_sentence(shell: Shell, verb: tuple[str, ...]) -> None:
    a_file_in_the_way(shell)
    ran = shell(*verb)
    assert (ran.status, ran.out) == (2, "")
    assert (
        ran.err.splitlines()[0] == f"clawtui: {shell.data}/clawtui.sqlite3 cannot be opened: {shell.data} is no folder"
    )


def test_a_reset_that_cannot_be_stored_is_no_success(shell: Shell) -> None:
    a_file_in_the_way(shell)
    ran = shell("routes", "reset", "--all")
    assert (ran.status, ran.out) == (2, "")
    assert "nothing was reset" in ran.err


def test_an_answer_that_cannot_be_recorded_comes_with_one_word_about_it(shell: Shell) -> None:
    a_file_in_the_way(shell)
    ran = shell("ask", "How many?")
    assert (ran.status, ran.out) == (0, "Forty-two.\n")
    (note,) = ran.err.splitlines()
    assert note.endswith(f"{shell.data} is no folder: nothing of this is kept")


def test_a_file_that_is_locked_holds_no_request_for_long_and_gets_its_row_in_the_end(shell: Shell) -> None:
    assert shell("ask", "first").status == 0
    holder = sqlite3.connect(shell.data / "clawtui.sqlite3", isolation_level=None, check_same_thread=False)
    holder.execute("BEGIN EXCLUSIVE")
    release = threading.Timer(2.5, holder.execute, ("COMMIT",))
    release.start()
    began = time.monotonic()
    ran = shell("ask", "second", "--json")
    release.join()
    holder.close()
    assert ran.status == 0
    assert ran.err == ""
    assert time.monotonic() - began < 7
    newest, _ = shell("traces", "--json").json["traces"]
    assert newest["request_id"] == ran.json["request_id"]
    assert shell("usage", "--json").json["total"]["requests"] == 2


@pytest.mark.parametrize("mode", ["BEGIN EXCLUSIVE", "PRAGMA locking_mode = EXCLUSIVE"])
def test_a_file_that_stays_locked_is_told_within_seconds(
    shell: Shell, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("clawtui.store.writer.CLOSE_SECONDS", 0.5)
    assert shell("ask", "first").status == 0
    with sqlite3.connect(shell.data / "clawtui.sqlite3", isolation_level=None) as holder:
        holder.execute(mode)
        if "PRAGMA" in mode:
            holder.execute("UPDATE state SET at = at")
        began = time.monotonic()
        ran = shell("ask", "second")
        assert time.monotonic() - began < 6
    assert (ran.status, ran.out) == (0, "Forty-two.\n")
    assert "is locked by another program: nothing of this is kept" in ran.err


def test_what_can_only_be_read_is_read(shell: Shell) -> None:
    """In a folder where nothing can be written: for root, too, once it may not pass over permissions."""
    as_any_user = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] if os.geteuid() == 0 else []
    if as_any_user and shutil.which("setpriv") is None:
        pytest.skip("root may write everywhere")
    assert shell("ask", "first").status == 0
    for file in shell.data.iterdir():
        file.chmod(0o444)
    shell.data.chmod(0o555)

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*as_any_user, sys.executable, "-m", "clawtui", *arguments],
            env={**os.environ, **shell.environ, "CLAWTUI_DATA": str(shell.data), "CLAWTUI_CONFIG": str(shell.config)},
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=60,
        )

    try:
        routes = run("routes", "--json")
        assert json.loads(routes.stdout)["routes"][0]["requests"] == 1
        assert len(json.loads(run("traces", "--json").stdout)["traces"]) == 1
        pruned = run("data", "prune", "--keep-days", "1", "--yes")
        assert pruned.returncode == 2
        assert pruned.stderr.startswith(f"clawtui: {shell.data}/clawtui.sqlite3 cannot be written\n")
    finally:
        shell.data.chmod(0o700)
