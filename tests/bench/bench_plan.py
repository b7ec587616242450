"""How long planning takes over 3, 20 and 1,000 profiles. Run: python tests/bench/bench_plan.py"""

from __future__ import annotations

import statistics
import time

from figures import figure

from clawtui.config.schema import Config
from clawtui.engine.engine import Engine
from clawtui.engine.request import ChatRequest, user

TARGETS = {3: 0.05, 20: 0.2, 1_000: 10.0}


def an_engine(profiles: int, default: str | None = "p0") -> Engine:
    config = {
        "default_profile": default,
        "providers": {"up": {"kind": "openai", "base_url": "http://127.0.0.1:9/v1", "credentials": ["env:K"]}},
        "profiles": {
            f"p{n}": {
                "provider": "up",
                "model": f"m{n}",
                "fallback_profiles": [f"p{n + 1}"] if n % 7 < 3 and n + 1 < profiles else [],
            }
            for n in range(profiles)
        },
    }
    return Engine(Config.model_validate(config), environ={"K": "k"}, secret_key=b"k" * 32)


def main() -> None:
    for profiles, target in TARGETS.items():
        words = (user("hello " * 50),)
        for name, engine, request in (
            ("named", an_engine(profiles), ChatRequest(words, target="p0")),
            ("nothing named", an_engine(profiles), ChatRequest(words)),
            ("all ranked", an_engine(profiles, default=None), ChatRequest(words)),
        ):
            engine.plan(request)
            times = []
            for _ in range(30):
                began = time.perf_counter()
                for _ in range(10):
                    engine.plan(request)
                times.append((time.perf_counter() - began) * 100)
            figure(f"a plan over {profiles:,} profiles, {name}", statistics.median(times), "ms", target)


if __name__ == "__main__":
    main()
