"""Memory over many requests, ledger and traces kept. Run: python tests/bench/bench_memory.py [--requests 100000]"""

from __future__ import annotations

import argparse
import asyncio
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from figures import figure

from clawtui.config.schema import Config
from clawtui.engine.engine import Engine
from clawtui.engine.request import ChatRequest, user
from clawtui.store.store import Store

STEPS = 10


def resident_mb() -> float:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    return 0.0


async def run(url: str, requests: int) -> None:
    provider = {"kind": "openai", "base_url": url, "credentials": ["env:K"], "price": {"input": 1, "output": 2}}
    config = Config.model_validate(
        {"default_profile": "a", "providers": {"up": provider}, "profiles": {"a": {"provider": "up", "model": "a"}}}
    )
    with tempfile.TemporaryDirectory() as folder:
        store = await Store.open(Path(folder) / "s.sqlite3", wall=time.time, publish=lambda event: None)
        engine = Engine(config, environ={"K": "k"}, secret_key=b"k" * 32, ledger=store.ledger, state=store.state)

        async def worker(count: int) -> None:
            for _ in range(count):
                trace = await engine.ask(ChatRequest((user("hello"),), stream=False))
                assert trace.text

        megabytes = []
        for step in range(1, STEPS + 1):
            await asyncio.gather(*(worker(requests // STEPS // 32) for _ in range(32)))
            megabytes.append(resident_mb())
            figure(f"memory after {step * requests // STEPS:,} requests", megabytes[-1], "MB")
        figure(
            f"memory after {requests:,} requests beside after {requests // STEPS:,}",
            megabytes[-1] / megabytes[0],
            "x",
            1.05,
        )
        await engine.aclose()
        await store.aclose()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=100_000)
    arguments = parser.parse_args()
    command = [sys.executable, str(Path(__file__).with_name("upstream.py"))]
    upstream = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert upstream.stdout is not None
        asyncio.run(run(f"http://127.0.0.1:{upstream.stdout.readline().strip()}/v1", arguments.requests))
    finally:
        upstream.kill()


if __name__ == "__main__":
    main()
