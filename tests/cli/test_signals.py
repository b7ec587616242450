"""Ctrl-C, a polite kill, a terminal that goes away: exit 130, and nothing is left open, however often they come."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from clawtui.simulator import ModelScript
from tests.cli.shell import Shell

ROOT = Path(__file__).parents[2]
SIGNALS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]


def started(shell: Shell, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "clawtui", *arguments],
        env={**os.environ, **shell.environ, "CLAWTUI_CONFIG": str(shell.config), "CLAWTUI_DATA": str(shell.data)},
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_for(come_true: Callable[[], object]) -> None:
    end = time.monotonic() + 30
    while not come_true():
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.mark.parametrize("number", SIGNALS)
def test_every_signal_ends_a_request_with_130_and_settles_it(shell: Shell, number: signal.Signals) -> None:
    shell.simulator.set_model("one/alpha", ModelScript(text="Never.", first_token_s=60))
    process = started(shell, "ask", "x")
    wait_for(lambda: shell.simulator.requests)
    process.send_signal(number)
    _, told = process.communicate(timeout=30)
    assert (process.returncode, told) == (130, "clawtui: interrupted\n")
    with sqlite3.connect(shell.data / "clawtui.sqlite3") as connection:
        assert connection.execute("SELECT state FROM ledger").fetchall() == [("settled",)]


def test_signals_while_all_is_closed_change_nothing(shell: Shell) -> None:
    shell.simulator.set_model("one/alpha", ModelScript(text="Never.", first_token_s=60))
    process = started(shell, "ask", "x")
    wait_for(lambda: shell.simulator.requests)
    file = shell.data / "clawtui.sqlite3"
    holder = sqlite3.connect(file, isolation_level=None)
    wait_for(lambda: holder.execute("SELECT 1 FROM ledger").fetchall())
    holder.execute("BEGIN IMMEDIATE")  # so that closing takes its time
    for number in SIGNALS:
        process.send_signal(number)
        time.sleep(0.2)
    assert process.poll() is None
    holder.execute("COMMIT")
    holder.close()
    process.communicate(timeout=30)
    assert process.returncode == 130
    with sqlite3.connect(file) as connection:
        assert connection.execute("SELECT state FROM ledger").fetchall() == [("settled",)]


@pytest.mark.parametrize("number", SIGNALS)
def test_the_simulator_ends_with_130_too(shell: Shell, number: signal.Signals) -> None:
    process = started(shell, "simulate", "--json")
    assert process.stdout is not None
    assert "url" in process.stdout.readline()
    process.send_signal(number)
    _, told = process.communicate(timeout=30)
    assert (process.returncode, told) == (130, "")


def test_a_terminal_that_goes_away_is_no_matter_to_what_was_told_not_to_mind(shell: Shell) -> None:
    shell.simulator.set_model("one/alpha", ModelScript(text="At last.", first_token_s=1))
    process = subprocess.Popen(
        ["nohup", sys.executable, "-m", "clawtui", "ask", "x"],
        env={**os.environ, **shell.environ, "CLAWTUI_CONFIG": str(shell.config), "CLAWTUI_DATA": str(shell.data)},
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    wait_for(lambda: shell.simulator.requests)
    process.send_signal(signal.SIGHUP)
    assert process.communicate(timeout=30)[0] == "At last.\n"


@pytest.mark.parametrize("kind", ["pipe", "folder"])
def test_a_script_that_is_no_file_is_refused_at_once(shell: Shell, kind: str) -> None:
    place = shell.folder / kind
    if kind == "pipe":
        os.mkfifo(place)
    else:
        place.mkdir()
    ran = shell("simulate", "--script", str(place))
    assert (ran.status, ran.err.splitlines()[0]) == (2, f"clawtui: {place} is no ordinary file")
