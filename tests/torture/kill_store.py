"""Kills a process that asks and settles, at random points, again and again; then looks whether anything was lost.

Run: python tests/torture/kill_store.py [--kills 50] [--seed 1]
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.store.builders import NOON, Wall, a_store
from tests.store.test_ledger import WORKER

ROOT = Path(__file__).parents[2]


def main(kills: int, seed: int) -> int:
    rng = random.Random(seed)
    sent: set[str] = set()
    wall = NOON
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for round_ in range(kills):
            wall += 60
            command = [sys.executable, "-c", WORKER, str(folder), f"w{round_}", str(wall)]
            worker = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
            assert worker.stdout is not None
            sent.add(worker.stdout.readline().strip())
            time.sleep(rng.uniform(0.0, 0.15))
            worker.kill()
            sent.update(line.strip() for line in worker.stdout.read().splitlines(keepends=True) if line.endswith("\n"))
            worker.wait()

        async def open_once_more() -> None:
            async with a_store(folder, Wall(wall + 60), "last"):
                pass

        asyncio.run(open_once_more())
        with sqlite3.connect(folder / "clawtui.sqlite3") as connection:
            states = dict(connection.execute("SELECT request_id, state FROM ledger"))
            (booked,) = connection.execute("SELECT coalesce(sum(cost_usd), 0) FROM ledger").fetchone()
            (summed,) = connection.execute(
                "SELECT coalesce(sum(usd), 0) FROM spending WHERE length(period) = 10"
            ).fetchone()
            (sound,) = connection.execute("PRAGMA integrity_check").fetchone()
    lost = sent - set(states)
    open_ = [name for name, state in states.items() if state == "open"]
    print(f"{kills} kills, {len(sent):,} requests sent, {len(states):,} rows, {len(lost)} lost, {len(open_)} left open")
    print(f"booked {booked:.6f}, summed {summed:.6f}, budget 50, integrity {sound}")
    return 0 if not lost and not open_ and abs(booked - summed) < 1e-6 and booked <= 50 and sound == "ok" else 1


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    raise SystemExit(main(arguments.kills, arguments.seed))
