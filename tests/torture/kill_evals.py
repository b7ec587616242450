"""Kills a run of cases at random moments, again and again, and resumes it each time; then looks whether its result is
that of a run that nobody disturbed.

Run: python tests/torture/kill_evals.py [--rounds 5] [--kills 6] [--seed 1]
"""

from __future__ import annotations

import argparse
import os
import random
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.cli.shell import Shell, a_shell
from tests.evals.lab import a_script, knows, questions, write_suite

ASKED = ["eval", "run", "-s", "quiz", "-p", "fast", "--repeats", "3", "--concurrency", "3", "--yes"]
Row = tuple[str, int, str]


def killed(shell: Shell, arguments: list[str], after_s: float) -> None:
    environ = {**os.environ, **shell.environ, "CLAWTUI_CONFIG": str(shell.config), "CLAWTUI_DATA": str(shell.data)}
    command = [sys.executable, "-m", "clawtui", *arguments]
    process = subprocess.Popen(command, env=environ, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    time.sleep(after_s)
    process.kill()
    process.wait()


def newest(shell: Shell) -> tuple[str, bool] | None:
    """Its id, and whether it ended."""
    if not (shell.data / "clawtui.sqlite3").exists():
        return None
    with sqlite3.connect(shell.data / "clawtui.sqlite3") as connection:
        tables = connection.execute("SELECT count(*) FROM sqlite_master WHERE name = 'eval_runs'").fetchone()
        rows = connection.execute("SELECT id, ended FROM eval_runs").fetchall() if tables[0] else []
    return (rows[0][0], rows[0][1] is not None) if rows else None


def rows(document: dict[str, list[dict[str, object]]]) -> list[Row]:
    return sorted((str(each["case"]), int(str(each["repeat"])), str(each["verdict"])) for each in document["cases"])


def one_round(folder: Path, rng: random.Random, kills: int) -> tuple[bool, int]:
    with a_shell(folder, a_script(fast=knows(1, 2, 3, 5, 8, 13, first_token_s=0.03))) as shell:
        write_suite(shell.config.parent, questions(14))
        struck = 0
        for _ in range(kills):
            found = newest(shell)
            if found is not None and found[1]:
                break
            killed(shell, ["eval", "run", "--resume", found[0], "--yes"] if found else ASKED, rng.uniform(0.3, 0.75))
            struck += 1
        found = newest(shell)
        assert found is not None, "no round came as far as beginning the run"
        ended = (
            shell("eval", "show", found[0], "--json")
            if found[1]
            else shell("eval", "run", "--resume", found[0], "--yes", "--json")
        )
        return rows(ended.json) == rows(shell(*ASKED, "--json").json), struck


def main(rounds: int, kills: int, seed: int) -> int:
    rng = random.Random(seed)
    results = []
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as name:
            results.append(one_round(Path(name), rng, kills))
    same = sum(is_same for is_same, _ in results)
    print(f"{rounds} runs, killed {sum(struck for _, struck in results)} times, {same} with the same result")
    return 0 if same == rounds else 1


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--kills", type=int, default=6)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    raise SystemExit(main(arguments.rounds, arguments.kills, arguments.seed))
