"""What a streaming answer costs: 2,000 tokens at 1,000 a second below 30 earlier answers, at 160x45.

    python tests/bench/bench_markdown.py [mixed|code|list]

Without a terminal; in one it is measured by bench_screen.py.
"""

from __future__ import annotations

import asyncio
import gc
import sys
import time
from dataclasses import dataclass

from figures import figure
from textual.app import App, ComposeResult
from textual.containers import VerticalScroll

from clawtui.tui.widgets.answer import Answer

TOKENS = 2_000
RATE = 1_000
EARLIER = 30

PROSE = "The route that answered is **not** the one that was asked; see `plan` for the *reason* and the rest of it. "
ITEM = "- an item with some `code` and a [link](https://example.org/page) that goes on for a while\n"
CODE = "    result = await engine.stream(request, timeout=30)  # the next route, in order\n"
TABLE = "| model | first token | cost |\n|---|---:|---:|\n" + "| provider/model-name | 212 ms | $0.0042 |\n" * 6


def mixed() -> str:
    part = f"## A heading\n\n{PROSE * 4}\n\n{ITEM * 6}\n```python\ndef answer():\n{CODE * 12}```\n\n{TABLE}\n{PROSE * 3}\n\n"
    return part * 3


TEXTS = {"mixed": mixed(), "code": f"```python\n{CODE * 150}```\n\nDone.\n", "list": ITEM * 120 + "\nDone.\n"}


@dataclass(frozen=True, slots=True)
class Figures:
    cpu: float
    p99: float
    worst: float
    done: float
    characters: int

    def tell(self, kind: str) -> None:
        figure(f"{kind}: of a core", self.cpu, "%", 0.5)
        figure(f"{kind}: tick late, p99", self.p99, "ms", 50)
        figure(f"{kind}: done after the last token", self.done, "ms", 150)


class Bench(App[None]):
    def __init__(self, kind: str) -> None:
        super().__init__()
        text = TEXTS[kind]
        size = -(-len(text) // TOKENS)
        self.tokens = [text[at : at + size] for at in range(0, len(text), size)]
        self.earlier = mixed()[:2_500]
        self.figures: Figures | None = None

    def compose(self) -> ComposeResult:
        with VerticalScroll() as scroll:
            self.scroll = scroll
            for _ in range(EARLIER):
                yield Answer(self.earlier)

    async def measure(self) -> Figures:
        answer = Answer()
        await self.scroll.mount(answer)
        self.scroll.anchor()
        await asyncio.sleep(0.5)
        # A full collection walks every object of the program, 25 to 40 ms: those of the start are set aside, as in the app.
        gc.collect()
        gc.freeze()
        lags: list[float] = []

        async def watch() -> None:
            while True:
                before = time.perf_counter()
                await asyncio.sleep(1 / 60)
                lags.append(time.perf_counter() - before - 1 / 60)

        watcher = asyncio.create_task(watch())
        cpu, began, sent = time.process_time(), time.perf_counter(), 0
        pace = len(self.tokens) / (TOKENS / RATE)
        while sent < len(self.tokens):
            due = min(len(self.tokens), int((time.perf_counter() - began) * pace) + 1)
            for token in self.tokens[sent:due]:
                answer.append(token)
            sent = due
            await asyncio.sleep(0.001)
        last = time.perf_counter()
        answer.finish()
        painted = asyncio.Event()
        self.call_after_refresh(painted.set)
        await painted.wait()
        done = time.perf_counter() - last
        share = (time.process_time() - cpu) / (time.perf_counter() - began)
        watcher.cancel()
        lags.sort()
        assert answer.text == "".join(self.tokens)
        return Figures(share, lags[int(len(lags) * 0.99)] * 1e3, lags[-1] * 1e3, done * 1e3, len(answer.text))


async def headless(kind: str) -> Figures:
    app = Bench(kind)
    async with app.run_test(size=(160, 45)):
        return await app.measure()


def main() -> None:
    for kind in [kind for kind in TEXTS if kind in sys.argv[1:]] or TEXTS:
        asyncio.run(headless(kind)).tell(kind)


if __name__ == "__main__":
    main()
