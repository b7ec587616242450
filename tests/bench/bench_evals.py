"""How long many cases take against a model that answers at once, and whether memory grows with their number.

Run: python tests/bench/bench_evals.py [--cases 1000]   The simulator runs in a process of its own.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from figures import figure

from clawtui.config.paths import Paths
from clawtui.evals.results import RunSettings
from clawtui.evals.runner import CaseEnded, Progress
from clawtui.evals.summary import summaries
from clawtui.runtime import open_runtime
from clawtui.runtime.evaluating import Evaluating

TARGET_S = 15.0
SCRIPT = """
[models.alpha]
text = "The answer is yes, as far as anybody can tell."
"""
CONFIG = """
[policies.default]
retention = "full"
[providers.up]
kind = "openai"
base_url = "{url}/up/v1"
credentials = []
[profiles.alpha]
provider = "up"
model = "alpha"
"""
LONG = "This was said before. " * 200  # what a transcript of 4 KB costs, were it kept in memory


def megabytes() -> float:
    """What this process holds now."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


async def run(url: str, folder: Path, cases: int) -> None:
    (folder / "config.toml").write_text(CONFIG.format(url=url), encoding="utf-8")
    suite = folder / "many.jsonl"
    lines = [
        json.dumps({"id": f"c{n}", "input": f"{LONG} Question {n}?", "expect": [{"contains": "yes"}]})
        for n in range(cases)
    ]
    suite.write_text("\n".join(lines), encoding="utf-8")
    runtime = await open_runtime(Paths(folder / "config.toml", folder / "data"), environ={})
    evaluating = Evaluating(runtime)
    began = time.perf_counter()
    prepared = await evaluating.prepare(RunSettings((str(suite),), ("alpha",), concurrency=16))
    prepared_s = time.perf_counter() - began
    held: dict[int, float] = {}
    count = 0

    def tell(progress: Progress) -> None:
        nonlocal count
        if isinstance(progress, CaseEnded):
            count += 1
            if count % (cases // 5) == 0:
                held[count] = megabytes()

    began, cpu = time.perf_counter(), time.process_time()
    done = await evaluating.start(prepared, tell)
    took, cpu = time.perf_counter() - began, time.process_time() - cpu
    (summary,) = summaries(done)
    assert summary.rate is not None
    assert summary.rate.rate == 1.0
    first, *_, last = held.values()
    figure(f"{cases:,} cases: read and estimated", prepared_s, "s")
    figure(f"{cases:,} cases: run", took, "s", TARGET_S)
    figure("CPU of this process a case", cpu / cases * 1000, "ms")
    figure("memory at the end beside after a fifth of them", last / first, "x", 1.1)
    began = time.perf_counter()
    await evaluating.run(done.id)
    figure("read back whole", time.perf_counter() - began, "s")
    began = time.perf_counter()
    await evaluating.trend("alpha")
    figure("its trend", (time.perf_counter() - began) * 1000, "ms")
    await runtime.aclose()


def main(cases: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        script = folder / "script.toml"
        script.write_text(SCRIPT, encoding="utf-8")
        command = [sys.executable, "-m", "clawtui", "simulate", "--script", str(script), "--json"]
        simulator = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        try:
            assert simulator.stdout is not None
            url = simulator.stdout.readline().split('"')[3]
            asyncio.run(run(url, folder, cases))
        finally:
            simulator.kill()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=1_000)
    main(parser.parse_args().cases)
