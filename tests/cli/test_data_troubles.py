"""What a verb says where the data file cannot be used as it is: a sentence and a way out, and no lost work unsaid."""

from __future__ import annotations

import sqlite3

import pytest

from tests.cli.shell import Shell


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
