"""What a start costs beside `python -c pass`. Run: python tests/bench/bench_start.py"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

from figures import figure

RUNS = 15
COMMANDS = {
    "python -c pass": ["-c", "pass"],
    "clawtui --version": ["-m", "clawtui", "--version"],
    "clawtui ask --help": ["-m", "clawtui", "ask", "--help"],
}


def main() -> None:
    times: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for _ in range(RUNS):
        for name, arguments in COMMANDS.items():
            began = time.perf_counter()
            subprocess.run([sys.executable, *arguments], stdout=subprocess.DEVNULL, check=True)
            times[name].append((time.perf_counter() - began) * 1000)
    base = statistics.median(times["python -c pass"])
    for name, taken in times.items():
        median = statistics.median(taken)
        figure(name, median, "ms")
        if name != "python -c pass":
            figure(f"{name}: more than python -c pass", median - base, "ms", 120)


if __name__ == "__main__":
    main()
