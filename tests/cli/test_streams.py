"""Standard streams that are closed, full or left by their reader: the exit status says so, and no traceback does."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def in_shell(folder: Path, line: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """`line` in a real shell, `clawtui` being the program, in a home where nothing is."""
    return subprocess.run(
        ["bash", "-c", f'clawtui() {{ "{sys.executable}" -m clawtui "$@"; }}\n{line}'],
        cwd=folder,
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "HOME": str(folder),
            "XDG_CONFIG_HOME": str(folder / "config"),
            "XDG_DATA_HOME": str(folder / "data"),
            **environ,
        },
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.parametrize(
    "line", ["config path >&-", "config path 2>&-", "ask --demo hi <&-", "ask --demo hi <&- >&- 2>&-"]
)
def test_a_stream_that_is_closed_is_as_good_as_nowhere(tmp_path: Path, line: str) -> None:
    ran = in_shell(tmp_path, f"clawtui {line}")
    assert (ran.returncode, ran.stderr) == (0, "")


def test_a_file_that_is_opened_does_not_take_the_place_of_a_closed_stream(tmp_path: Path) -> None:
    ran = in_shell(tmp_path, "clawtui usage --data here >&- <&-; head -c 15 here/clawtui.sqlite3")
    assert ran.stdout == "SQLite format 3"


@pytest.mark.parametrize("line", ["config path", "ask --demo hi", "ask --demo hi --json", "--help", "--version"])
def test_output_that_cannot_be_written_is_a_failure_in_words(tmp_path: Path, line: str) -> None:
    ran = in_shell(tmp_path, f"clawtui {line} >/dev/full")
    assert ran.returncode == 1
    assert ran.stderr.startswith("clawtui: standard output cannot be written: No space left on device")
    assert "Exception" not in ran.stderr


@pytest.mark.parametrize("line", ["trace --demo nobody", "nosuchverb"])
def test_errors_that_cannot_be_told_leave_the_status(tmp_path: Path, line: str) -> None:
    assert in_shell(tmp_path, f"clawtui {line} 2>/dev/full").returncode == 2


@pytest.mark.parametrize("locale", ["C", "C.UTF-8"])
def test_bytes_that_are_no_text_are_refused_in_every_locale(tmp_path: Path, locale: str) -> None:
    ran = in_shell(tmp_path, r"printf '\xff\xfe\x00' | clawtui ask --demo", LC_ALL=locale)
    assert (ran.returncode, ran.stderr.splitlines()[0]) == (2, "clawtui: standard input is not text")
    assert in_shell(tmp_path, r"clawtui trace --demo $'\xff'", LC_ALL=locale).returncode == 2
