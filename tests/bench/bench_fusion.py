"""What fusion adds of its own: time over the slowest adviser plus the synthesizer, and fifty fusions at once.

Run: python tests/bench/bench_fusion.py   The simulator runs in a process of its own.
"""

from __future__ import annotations

import asyncio
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from figures import figure

from clawtui.config.schema import Config
from clawtui.engine.engine import Engine
from clawtui.engine.fusing.overlap import overlap
from clawtui.engine.request import ChatRequest, assistant, user

ADVISER, SYNTHESIZER = 0.3, 0.2
SCRIPT = f"""
[models.adviser]
text = "{"word " * 60}"
first_token_s = {ADVISER}
[models.writer]
text = "The answer."
first_token_s = {SYNTHESIZER}
"""
HISTORY = tuple(turn for n in range(100) for turn in (user(f"question {n} " + "x" * 500), assistant("y" * 500)))


def a_config(url: str) -> Config:
    provider = {"kind": "openai", "base_url": f"{url}/up/v1", "credentials": [], "max_concurrency": 512}
    return Config.model_validate(
        {
            "providers": {"up": provider},
            "profiles": {
                **{f"a{n}": {"provider": "up", "model": "adviser"} for n in range(4)},
                "writer": {"provider": "up", "model": "writer"},
            },
            "fusion": {"four": {"advisers": [f"a{n}" for n in range(4)], "synthesizer": "writer"}},
        }
    )


async def run(url: str) -> None:
    engine = Engine(a_config(url), environ={}, secret_key=b"k" * 32)
    request = ChatRequest((*HISTORY, user("the last")), target="fusion/four")
    upstream = (ADVISER + SYNTHESIZER) * 1000
    await engine.ask(request)
    own = []
    for _ in range(10):
        trace = await engine.ask(request)
        assert trace.fusion is not None
        assert trace.fusion.proposals_used == 4
        children = trace.fusion
        slowest = max((adviser.ended_ms or 0) - (adviser.started_ms or 0) for adviser in children.advisers)
        writer = (children.synthesizer.ended_ms or 0) - (children.synthesizer.started_ms or 0)
        own.append(trace.total_ms - slowest - writer)
    figure("a fusion's own time, 4 advisers, 100 KB of history", statistics.median(own), "ms", 5)
    short = ChatRequest((user("the last"),), target="fusion/four")
    for name, asked in (("a short question", short), ("100 KB of history", request)):
        times = []
        for _ in range(3):
            began = time.perf_counter()
            traces = await asyncio.gather(*(engine.ask(asked) for _ in range(50)))
            times.append((time.perf_counter() - began) * 1000)
            assert all(trace.text == "The answer." for trace in traces)
        taken = statistics.median(times)
        figure(f"50 fusions at once beside {upstream:.0f} ms upstream, {name}", taken / upstream, "x", 1.3)
    texts = [" ".join(f"word{(n * k) % 997}" for n in range(900))[:6_000] for k in (1, 3, 7, 11)]
    began = time.perf_counter()
    for _ in range(20):
        overlap(texts, texts[0])
    figure("overlap of four proposals of 6,000 characters", (time.perf_counter() - began) * 50, "ms", 20)
    await engine.aclose()


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "script.toml"
        script.write_text(SCRIPT, encoding="utf-8")
        command = [sys.executable, "-m", "clawtui", "simulate", "--script", str(script), "--json"]
        simulator = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        try:
            assert simulator.stdout is not None
            url = simulator.stdout.readline().split('"')[3]
            asyncio.run(run(url))
        finally:
            simulator.kill()


if __name__ == "__main__":
    main()
