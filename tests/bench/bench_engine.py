"""What a request through the engine costs, beside the same call on bare httpx and on bare httpx over aiohttp's transport.

Run: python tests/bench/bench_engine.py [--store]   CPU is this process's own; the upstream is another process.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx
from figures import figure
from httpx_aiohttp import AiohttpTransport
from httpx_sse import EventSource

from clawtui.config.schema import Config
from clawtui.engine.engine import Engine
from clawtui.engine.request import ChatRequest, user
from clawtui.store.store import Store

BODY = {"model": "m", "messages": [{"role": "user", "content": "hello"}]}
Ask = Callable[[], Awaitable[None]]


async def per_request(ask: Ask, in_flight: int, total: int) -> tuple[float, float]:
    """CPU milliseconds a request, and requests a second."""
    left = total

    async def worker() -> None:
        nonlocal left
        while left > 0:
            left -= 1
            await ask()

    await ask()
    cpu, wall = time.process_time(), time.perf_counter()
    await asyncio.gather(*(worker() for _ in range(in_flight)))
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    return cpu / total * 1000, total / wall


def bare(client: httpx.AsyncClient, url: str, stream: bool) -> Ask:
    async def whole() -> None:
        response = await client.post(f"{url}/chat/completions", json=BODY, headers={"Authorization": "Bearer k"})
        assert response.json()["choices"][0]["message"]["content"]

    async def streamed() -> None:
        body = {**BODY, "stream": True}
        async with client.stream(
            "POST", f"{url}/chat/completions", json=body, headers={"Authorization": "Bearer k"}
        ) as r:
            count = 0
            async for event in EventSource(r).aiter_sse():
                if event.data != "[DONE]":
                    json.loads(event.data)
                    count += 1
            assert count == 101

    return streamed if stream else whole


def routed(engine: Engine, stream: bool) -> Ask:
    request = ChatRequest((user("hello"),), stream=stream)

    async def ask() -> None:
        trace = await engine.ask(request)
        assert trace.text, trace.error

    return ask


async def run(url: str, with_store: bool) -> None:
    provider = {"kind": "openai", "base_url": url, "credentials": ["env:K"], "price": {"input": 1, "output": 2}}
    config = Config.model_validate(
        {
            "default_profile": "a",
            "providers": {"up": {**provider, "max_concurrency": 512}},
            "profiles": {name: {"provider": "up", "model": name} for name in ("a", "b", "c")},
        }
    )
    engine = Engine(config, environ={"K": "k"}, secret_key=b"k" * 32, rng=random.Random(1))
    limits = httpx.Limits(max_connections=512, max_keepalive_connections=512)
    plain = httpx.AsyncClient(limits=limits, timeout=60)
    quick = httpx.AsyncClient(transport=AiohttpTransport(limits=limits), timeout=60)
    with tempfile.TemporaryDirectory() as folder:
        store = await Store.open(Path(folder) / "s.sqlite3", wall=time.time, publish=lambda event: None)
        booked = Engine(config, environ={"K": "k"}, secret_key=b"k" * 32, ledger=store.ledger, state=store.state)
        for stream in (False, True):
            for in_flight in (1, 32, 256):
                total = (300 if stream else 1_500) if in_flight > 1 else (150 if stream else 600)
                _, plain_rate = await per_request(bare(plain, url, stream), in_flight, max(60, total // 5))
                rows = []
                for _ in range(3):
                    quick_cpu, quick_rate = await per_request(bare(quick, url, stream), in_flight, total)
                    engine_cpu, engine_rate = await per_request(routed(engine, stream), in_flight, total)
                    rows.append((engine_cpu / quick_cpu, quick_cpu, quick_rate, engine_cpu, engine_rate))
                ratio, quick_cpu, quick_rate, engine_cpu, engine_rate = sorted(rows)[1]
                name = f"{'stream' if stream else 'whole'}, {in_flight} in flight"
                figure(f"{name}: the bare stack's CPU", quick_cpu, "ms")
                figure(f"{name}: the engine's CPU", engine_cpu, "ms")
                figure(f"{name}: CPU beside the bare stack", ratio, "x", 1.6)
                figure(f"{name}: the bare stack's rate beside httpx", quick_rate / plain_rate, "x")
                target = 4.0 if in_flight == 32 else None
                figure(f"{name}: rate beside httpx", engine_rate / plain_rate, "x", target, at_least=True)
                if with_store and in_flight == 32:
                    pairs = []
                    for _ in range(7):
                        off, _ = await per_request(routed(engine, stream), in_flight, total)
                        on, rate = await per_request(routed(booked, stream), in_flight, total)
                        await store.flush()
                        pairs.append((on / off, off, on, rate))
                    ratio, _off, _on, rate = sorted(pairs)[3]
                    figure(f"{name}: CPU with ledger and traces beside without", ratio, "x", 1.3)
                    figure(f"{name}: rate with ledger and traces", rate, "/s")
        for each in (engine, booked):
            await each.aclose()
        await store.aclose()
        await plain.aclose()
        await quick.aclose()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--store", action="store_true", help="also with ledger and traces kept")
    arguments = parser.parse_args()
    upstream = subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("upstream.py"))], stdout=subprocess.PIPE, text=True
    )
    try:
        assert upstream.stdout is not None
        asyncio.run(run(f"http://127.0.0.1:{upstream.stdout.readline().strip()}/v1", arguments.store))
    finally:
        upstream.kill()


if __name__ == "__main__":
    main()
