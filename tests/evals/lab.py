"""Suites of yes-or-no questions, and models that know the answers to some of them: runs as the program makes them."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from clawtui.config.paths import Paths
from clawtui.evals.results import Run, RunSettings, Verdict
from clawtui.evals.runner import Progress
from clawtui.runtime import Runtime, open_runtime
from clawtui.runtime.evaluating import Evaluating, Prepared
from clawtui.simulator import DialectKind, ModelScript, Rule, Script, Simulator
from tests.house import FakeClock

CONFIG = """
default_profile = "fast"
[policies.default]
retention = "full"
patience = 0
[policies.discreet]
retention = "metadata"
patience = 0
[providers.one]
kind = "openai"
base_url = "{one}"
credentials = []
price = {{ input = 1.0, output = 2.0 }}
retries = 0
circuit = {{ failures = 100 }}
[providers.two]
kind = "anthropic"
base_url = "{two}"
credentials = ["env:KEY_TWO"]
price = {{ input = 1.0, output = 2.0 }}
retries = 0
circuit = {{ failures = 100 }}
[profiles.fast]
provider = "one"
model = "alpha"
fallback_profiles = ["strong"]
[profiles.strong]
provider = "two"
model = "beta"
[fusion.duo]
advisers = ["fast", "strong"]
synthesizer = "strong"
"""


def knows(*questions: int, **more: Any) -> ModelScript:
    """Answers these rightly, and all others wrongly."""
    known = "|".join(map(str, questions)) or "none"
    return ModelScript(rules=(Rule(match=rf"question ({known})\b", text="yes"),), text="no", **more)


def knows_up_to(last: int, **more: Any) -> ModelScript:
    return knows(*range(1, last + 1), **more)


def a_script(fast: ModelScript | None = None, strong: ModelScript | None = None) -> Script:
    return Script(models={"one/alpha": fast or knows_up_to(99), "two/beta": strong or knows_up_to(99)})


def questions(count: int) -> list[dict[str, Any]]:
    return [{"id": f"q{n}", "input": f"question {n}?", "ideal": "yes"} for n in range(1, count + 1)]


def write_suite(folder: Path, cases: Iterable[dict[str, Any]], name: str = "quiz") -> Path:
    file = folder / "suites" / f"{name}.jsonl"
    file.parent.mkdir(exist_ok=True)
    file.write_text("".join(json.dumps(case) + "\n" for case in cases), encoding="utf-8")
    return file


@dataclass
class Lab:
    runtime: Runtime
    simulator: Simulator
    clock: FakeClock
    told: list[Progress] = field(default_factory=list)

    @property
    def evaluating(self) -> Evaluating:
        return Evaluating(self.runtime)

    async def prepare(self, *profiles: str, controls: bool = False, **settings: Any) -> Prepared:
        return await self.evaluating.prepare(
            RunSettings(**{"suites": ("quiz",), **settings}, profiles=profiles), controls=controls
        )

    async def start(self, prepared: Prepared) -> Run:
        return await self.evaluating.start(prepared, self.told.append)

    async def run(self, *profiles: str, controls: bool = False, **settings: Any) -> Run:
        return await self.start(await self.prepare(*profiles, controls=controls, **settings))

    @property
    def calls(self) -> list[str]:
        """Who was called, of requests that reached the simulator."""
        return [f"{each.provider}/{each.model}" for each in self.simulator.requests]


@asynccontextmanager
async def a_lab(
    folder: Path, script: Script | None = None, *, cases: Iterable[dict[str, Any]] = (), more: str = ""
) -> AsyncIterator[Lab]:
    """Time stands still: neither limits nor waits end by themselves."""
    async with Simulator(script or a_script()) as simulator:
        write_suite(folder, cases or questions(4))
        paths = Paths(folder / "config.toml", folder / "data")
        addresses = {"one": simulator.url("one"), "two": simulator.url("two", DialectKind.ANTHROPIC)}
        paths.config_file.write_text(CONFIG.format(**addresses) + more, encoding="utf-8")
        clock = FakeClock()
        runtime = await open_runtime(paths, environ={"KEY_TWO": "wombat-two-zz"}, clock=clock)
        try:
            assert runtime.state.errors == ()
            yield Lab(runtime, simulator, clock)
        finally:
            await runtime.aclose()


def verdicts(run: Run, profile: str = "fast") -> dict[str, Verdict]:
    """Of the first repeat, by case."""
    return {
        result.key.case: result.verdict
        for result in run.results
        if result.key.profile == profile and result.key.repeat == 1
    }


def counted(run: Run, profile: str = "fast") -> dict[str, int]:
    """How often there was which verdict; those that never were are left out."""
    found: dict[str, int] = {}
    for result in run.results:
        if result.key.profile == profile:
            found[result.verdict.value] = found.get(result.verdict.value, 0) + 1
    return found
