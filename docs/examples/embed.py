"""Asks through clawtui's engine from a program of one's own. Here on the demo: no key, no network, nothing written."""

import asyncio
from pathlib import Path

from clawtui import ChatRequest, Completed, Delta, Failed, find_paths, open_runtime, user


async def main() -> None:
    # Without demo=True your own config and data folder are used: find_paths(os.environ).
    runtime = await open_runtime(find_paths({}, data=Path.cwd() / "unused"), demo=True)
    try:
        request = ChatRequest((user("Say hello"),), target="everyday", caller="embed")

        plan = runtime.engine.explain(request)
        print("would answer:", plan.candidates[0].route)

        async for event in runtime.engine.stream(request):
            match event:
                case Delta(text=text):
                    print(text, end="")
                case Completed(trace=trace):
                    print(
                        f"\nanswered by {trace.answered} for {trace.cost.usd} USD after {len(trace.attempts)} attempt(s)"
                    )
                case Failed(trace=trace):
                    print(f"\nno answer: {trace.error}")
    finally:
        await runtime.aclose()


asyncio.run(main())
