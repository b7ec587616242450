"""Every figure there is a target for, in one table: what, measured, target, the one over the other.

Run: python tests/bench/run_all.py     It takes some ten minutes and wants a machine that does nothing else.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

BENCHES = {
    "A request": ["bench_engine.py", "--store"],
    "Reading what comes": ["bench_wire.py"],
    "Planning": ["bench_plan.py"],
    "Starting": ["bench_start.py"],
    "Fusion": ["bench_fusion.py"],
    "The store": ["bench_store.py"],
    "Memory": ["bench_memory.py"],
    "The screen": ["bench_screen.py"],
    "Streaming Markdown, without a terminal": ["bench_markdown.py"],
    "Tables": ["bench_table.py"],
    "Long lists": ["bench_lists.py"],
    "Evals": ["bench_evals.py"],
}


def main() -> int:
    missed = 0
    for heading, (script, *arguments) in BENCHES.items():
        print(f"\n{heading} ({script})\n", flush=True)
        command = [sys.executable, str(Path(__file__).with_name(script)), *arguments]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
            assert running.stdout is not None
            for line in running.stdout:
                print(line, end="", flush=True)
                missed += line.endswith("MISSED\n")
        if running.returncode:
            print(f"{script} ended with status {running.returncode}", flush=True)
            missed += 1
    print(f"\n{missed} missed" if missed else "\nall held")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
