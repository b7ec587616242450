"""Random requests over random faults, for a while, and then a close look at everything that must hold.

Every request ends once; the ledger's sum is the metered sum; no cut answer counts as a success; nothing that a plan left
out was called; circuits move only as circuits may; no secret is anywhere; no task, socket or file is left behind.

Run: python tests/torture/reliability.py [--seconds 600] [--seed 1]
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import os
import random
import sqlite3
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from clawtui.config.paths import Paths
from clawtui.config.schema import OnInterrupted
from clawtui.engine.events import BusEvent, CircuitMoved, RequestBegan, RequestEnded
from clawtui.engine.outcome import AttemptOutcome, Outcome, Trace
from clawtui.engine.request import ChatRequest, Require, Route, Tool, user
from clawtui.runtime import Runtime, open_runtime
from clawtui.simulator import (
    DialectKind,
    Endpoint,
    Fault,
    FaultKind,
    KeyScript,
    ModelScript,
    ProviderScript,
    Script,
    Simulator,
)

# Unlike any word of the program, so that a find is a leak.
SECRETS = {
    "KEY_A": "zqxjvkwzqyAAfj7",
    "KEY_B": "zqxjvkwzqyBBfj7",
    "KEY_C": "zqxjvkwzqyCCfj7",
    "KEY_D": "zqxjvkwzqyDDfj7",
}
WORKERS = 16
MODELS = ("alpha", "alpha-small", "beta", "gamma", "delta:8b")
TEXTS = {
    model: " ".join([f"{model} says", *(f"word{number}" for number in range(30 + 7 * place)), "and that is all."])
    for place, model in enumerate(MODELS)
}
KINDS = tuple(kind for kind in FaultKind if kind is not FaultKind.HUGE)  # another text, not another fault
LEGAL = {
    ("closed", "open"),
    ("open", "half_open"),
    ("half_open", "open"),
    ("half_open", "closed"),
    ("open", "closed"),  # a late success of the route's own, or a reset
    ("closed", "closed"),
}


def config(simulator: Simulator) -> str:
    limits = "timeouts = { connect = 1.0, first_token = 0.4, idle = 0.4, total = 2.5 }"
    circuit = "circuit = { failures = 3, open_for = 0.4, open_for_max = 2.0 }"
    return f"""
default_profile = "first"
[providers.one]
kind = "openai"
base_url = "{simulator.url("one")}"
credentials = ["env:KEY_A", "env:KEY_B"]
price = {{ input = 3.0, output = 9.0 }}
{limits}
{circuit}
[providers.two]
kind = "anthropic"
base_url = "{simulator.url("two", DialectKind.ANTHROPIC)}"
credentials = ["env:KEY_C"]
price = {{ input = 5.0, output = 25.0 }}
{limits}
{circuit}
[providers.three]
kind = "gemini"
base_url = "{simulator.url("three", DialectKind.GEMINI)}"
credentials = ["env:KEY_D"]
price = {{ input = 1.0, output = 2.0 }}
{limits}
{circuit}
[providers.four]
kind = "ollama"
base_url = "{simulator.url("four", DialectKind.OLLAMA)}"
credentials = []
price = {{ input = 0.0, output = 0.0 }}
{limits}
{circuit}
[profiles.first]
provider = "one"
model = "alpha"
fallback_models = ["alpha-small"]
fallback_profiles = ["second", "local"]
[profiles.second]
provider = "two"
model = "beta"
fallback_profiles = ["third"]
[profiles.third]
provider = "three"
model = "gamma"
[profiles.local]
provider = "four"
model = "delta:8b"
tags = ["local"]
[policies.default]
retention = "full"
patience = 1.5
[policies.private]
require_tags = ["local"]
retention = "none"
[policies.poor]
retention = "metadata"
budget = {{ daily_usd = 0.05 }}
[fusion.council]
advisers = ["second", "third", "local"]
synthesizer = "first"
"""


@dataclass(slots=True)
class Seen:
    """What came out of the run, gathered as it happened."""

    traces: list[Trace] = field(default_factory=list)
    began: Counter[str] = field(default_factory=Counter)
    ended: Counter[str] = field(default_factory=Counter)
    moves: dict[Route, list[str]] = field(default_factory=lambda: defaultdict(list))
    metered: dict[str, float | None] = field(default_factory=dict)
    kept: set[str] = field(default_factory=set)
    fused: set[str] = field(default_factory=set)
    broken: list[str] = field(default_factory=list)

    def take(self, event: BusEvent) -> None:
        if isinstance(event, RequestBegan):
            self.began[event.request_id] += 1
        elif isinstance(event, RequestEnded):
            self.ended[event.request_id] += 1
            if event.trace.policy != "private":  # which keeps none
                self.kept.add(event.request_id)
            self.metered[event.request_id] = event.trace.cost.usd if event.trace.fusion is None else 0.0
            if event.trace.fusion is not None:
                self.fused.add(event.request_id)
            self.check(event.trace)
        elif isinstance(event, CircuitMoved):
            self.moves[event.route].append(event.state)

    def booked(self) -> set[str]:
        """A fusion is paid for by its children: they have the rows."""
        return {request_id for request_id in self.ended if request_id not in self.fused}

    def check(self, trace: Trace) -> None:
        allowed = {candidate.route for candidate in (*trace.plan.candidates, *trace.plan.waits)}
        for attempt in trace.attempts:
            if attempt.route not in allowed:
                self.broken.append(f"{trace.request_id}: {attempt.route} was called and is not in the plan")
        if trace.outcome is Outcome.OK:
            if trace.fusion is None and (trace.answered is None or not trace.attempts):
                self.broken.append(f"{trace.request_id}: ok, and nobody answered")
            if trace.fusion is None and trace.attempts[-1].outcome is not AttemptOutcome.OK:
                self.broken.append(f"{trace.request_id}: ok, and its last attempt is {trace.attempts[-1].outcome}")
            whole = TEXTS.get(trace.answered.model) if trace.answered else None
            if trace.finish_reason == "stop" and not trace.tool_calls and trace.text != whole:
                self.broken.append(f"{trace.request_id}: a cut answer of {trace.answered} counts as whole")


def a_fault(rng: random.Random) -> Fault:
    kind = rng.choice(KINDS)
    return Fault(
        kind,
        status=rng.choice((400, 401, 402, 403, 404, 408, 413, 429, 500, 502, 503, 529))
        if kind is FaultKind.STATUS
        else None,
        retry_after=rng.choice((None, 0.05, 0.3, 2.0)),
        seconds=rng.choice((0.1, 0.6)),
        after=rng.choice((None, 1, 5, 20)),
        whole=rng.random() < 0.5,
        on=rng.choice((Endpoint.CHAT, Endpoint.CHAT, Endpoint.ALL)),
        times=rng.choice((1, 3, 10)),
    )


def a_request(rng: random.Random) -> ChatRequest:
    return ChatRequest(
        (user("question " * rng.randrange(1, 40)),),
        target=rng.choice((None, "first", "second", "third", "local", "one/alpha", "fusion/council")),
        policy=rng.choice((None, None, None, "private", "poor")),
        strict=rng.random() < 0.1,
        stream=rng.random() < 0.7,
        max_tokens=rng.choice((None, None, 400)),
        tools=(Tool("look"),) if rng.random() < 0.1 else (),
        on_interrupted=rng.choice((None, OnInterrupted.RESTART, OnInterrupted.STOP)),
        require=Require(tags=frozenset({"local"})) if rng.random() < 0.1 else Require(),
        caller="torture",
    )


async def worker(runtime: Runtime, seen: Seen, rng: random.Random, until: float) -> None:
    while time.monotonic() < until:
        task = asyncio.create_task(runtime.engine.ask(a_request(rng)))
        if rng.random() < 0.1:
            await asyncio.sleep(rng.uniform(0.0, 0.5))
            task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            seen.traces.append(await task)


async def troublemaker(simulator: Simulator, runtime: Runtime, rng: random.Random, until: float) -> None:
    while time.monotonic() < until:
        for _ in range(rng.randrange(0, 4)):
            provider = rng.choice(("one", "two", "three", "four"))
            simulator.set_fault(a_fault(rng), provider=provider)
        await asyncio.sleep(rng.uniform(0.05, 0.6))
        if rng.random() < 0.4:
            simulator.clear_faults()
        if rng.random() < 0.1:  # a person at the screen
            runtime.engine.circuits.reset([view.route for view in runtime.engine.circuits.views()])
            for provider in ("one", "two", "three"):
                runtime.engine.pools.reset(provider)


async def run(seconds: float, seed: int) -> int:
    rng, seen = random.Random(seed), Seen()
    files_before = open_files()
    script = Script(
        seed=seed,
        providers={
            name: ProviderScript(keys=tuple(KeyScript(SECRETS[key]) for key in keys))
            for name, keys in (("one", ("KEY_A", "KEY_B")), ("two", ("KEY_C",)), ("three", ("KEY_D",)))
        },
        models={model: ModelScript(text=text, tokens_per_s=900.0) for model, text in TEXTS.items()},
    )
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        paths = Paths(folder / "config.toml", folder / "data")
        async with Simulator(script) as simulator:
            paths.config_file.write_text(config(simulator), encoding="utf-8")
            runtime = await open_runtime(paths, environ=SECRETS)
            assert not runtime.state.errors, runtime.state.errors
            runtime.bus.subscribe(seen.take)
            runtime.watch()
            until = time.monotonic() + seconds
            workers = [worker(runtime, seen, random.Random(rng.random()), until) for _ in range(WORKERS)]
            await asyncio.gather(troublemaker(simulator, runtime, random.Random(rng.random()), until), *workers)
            await runtime.aclose()
            await simulator.wait_until_idle()
        broken = [*seen.broken, *after(seen, paths), *leaks(folder, seen)]
    left = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    broken += [f"a task is left: {task.get_name()}" for task in left]
    gc.collect()
    if more := open_files() - files_before:
        broken.append(f"files or sockets are left open: {sorted(more)}")
    tell(seen, broken)
    return 1 if broken or not seen.traces else 0


def after(seen: Seen, paths: Paths) -> Iterable[str]:
    """Bus, ledger and sums against each other."""
    for request_id in seen.began.keys() | seen.ended.keys():
        if (seen.began[request_id], seen.ended[request_id]) != (1, 1):
            yield f"{request_id}: began {seen.began[request_id]} times, ended {seen.ended[request_id]} times"
    for route, states in seen.moves.items():
        for before, now in zip(["closed", *states], states, strict=False):
            if (before, now) not in LEGAL:
                yield f"{route}: the circuit went from {before} to {now}"
    with contextlib.closing(sqlite3.connect(paths.database)) as connection:
        rows = {
            row[0]: row[1:]
            for row in connection.execute("SELECT request_id, state, cost_usd, stage, outcome FROM ledger")
        }
        traces = {row[0] for row in connection.execute("SELECT request_id FROM traces")}
        (spent,) = connection.execute("SELECT coalesce(sum(usd), 0) FROM spending WHERE length(period) = 10").fetchone()
        (sound,) = connection.execute("PRAGMA integrity_check").fetchone()
    if sound != "ok":
        yield f"the database is damaged: {sound}"
    if lost := seen.booked() - set(rows):
        yield f"{len(lost)} requests are not in the ledger, {sorted(lost)[0]} among them"
    # A synthesizer that was paid for in advance and never begun closes its row without having been a request.
    if foreign := {key for key in set(rows) - set(seen.ended) if rows[key][1:] != (0.0, "synthesizer", "cancelled")}:
        yield f"{len(foreign)} rows of the ledger belong to no request, {sorted(foreign)[0]} among them"
    if unfinished := [key for key, row in rows.items() if row[0] != "settled"]:
        yield f"{len(unfinished)} rows are not settled, {unfinished[0]} among them"
    if missing := seen.kept - traces:
        yield f"{len(missing)} requests left no trace, {sorted(missing)[0]} among them"
    metered = sum(usd or 0.0 for usd in seen.metered.values())
    if abs(metered - spent) > 1e-6 * max(1.0, metered):
        yield f"the ledger sums to ${spent:.6f}, metered were ${metered:.6f}"


def leaks(folder: Path, seen: Seen) -> Iterable[str]:
    """Every secret, and each of its parts of six characters that stand for nothing else."""
    parts = {secret[start : start + 6] for secret in SECRETS.values() for start in range(len(secret) - 5)}
    for file in folder.rglob("*"):
        if file.is_file() and file.name != "config.toml":
            content = file.read_bytes()
            yield from (f"{file.name} holds a part of a secret" for part in parts if part.encode() in content)
    for trace in seen.traces:
        words = repr(trace)
        yield from (f"the trace {trace.request_id} holds a part of a secret" for part in parts if part in words)


def open_files() -> set[str]:
    """What this process holds open, by kind and name; sockets and pipes by kind alone count how many there are."""
    found: Counter[str] = Counter()
    for number in os.listdir("/proc/self/fd"):
        with contextlib.suppress(OSError):
            found[os.readlink(f"/proc/self/fd/{number}").split(":")[0]] += 1
    return {f"{name} x{count}" for name, count in found.items() if not name.startswith("/proc")}


def tell(seen: Seen, broken: list[str]) -> None:
    outcomes = Counter(trace.outcome.value for trace in seen.traces)
    failures = Counter(
        attempt.failure.value for trace in seen.traces for attempt in trace.attempts if attempt.failure is not None
    )
    print(f"{len(seen.ended):,} requests ended: {dict(outcomes.most_common())}")
    print(f"failures of attempts: {dict(failures.most_common())}")
    print(f"circuits moved {sum(map(len, seen.moves.values())):,} times")
    for line in broken[:20]:
        print(f"BROKEN  {line}")
    print("everything held" if not broken else f"{len(broken)} things did not hold")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    raise SystemExit(asyncio.run(run(arguments.seconds, arguments.seed)))
