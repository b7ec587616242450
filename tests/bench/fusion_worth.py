"""Whether paying advisers is worth it, asked honestly: a question set answered by a fusion, by its synthesizer alone, and
by the synthesizer fused with itself. Here on the simulator, whose models know scripted answers: the figures say nothing
of real models, the machinery is what real ones will be put to.

Run: python tests/bench/fusion_worth.py
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass

from clawtui.config.schema import Config
from clawtui.engine.engine import Engine
from clawtui.engine.request import ChatRequest, user
from clawtui.simulator import ModelScript, Rule, Script, Simulator, Where

QUESTIONS = {
    "What is 17 * 23?": "391",
    "What is 29 * 31?": "899",
    "Which weekday was 1 January 2000?": "Saturday",
    "How many days has February 2100?": "28",
    "What does len('a\\n') give in Python?": "2",
    "What does bool('False') give in Python?": "True",
    "What is 7 ** 4?": "2401",
    "Which number is MCMXCIV?": "1994",
}
# Who knows what, by the place of the question: advisers differ, and the writer alone knows half.
KNOWS = {"alpha": {0, 1, 2, 3, 6}, "beta": {2, 3, 4, 5}, "gamma": {0, 4, 5, 6, 7}, "writer": {0, 2, 4, 6}}
WRONG = "I am not sure; perhaps 42."
PRICES = {"alpha": 0.2, "beta": 0.2, "gamma": 0.2, "writer": 2.0}


def rules(model: str) -> tuple[Rule, ...]:
    """A knower answers; the writer also takes up an answer that stands in the notes it was given."""
    found = []
    for place, (question, answer) in enumerate(QUESTIONS.items()):
        if place in KNOWS[model]:
            found.append(Rule(re.escape(question), text=f"Answer: {answer}"))
        elif model == "writer":
            found.append(
                Rule(
                    rf"(?s)(?=.*{re.escape(question)})(?=.*Answer: {re.escape(answer)})",
                    Where.ANY,
                    text=f"Answer: {answer}",
                )
            )
    return (*found, Rule(".", text=WRONG))


@dataclass(frozen=True, slots=True)
class Way:
    name: str
    target: str


WAYS = (
    Way("fusion of three", "fusion/three"),
    Way("synthesizer alone", "writer"),
    Way("fused with itself", "fusion/self"),
)


async def main() -> None:
    script = Script(models={name: ModelScript(rules=rules(name), first_token_s=0.02) for name in KNOWS})
    async with Simulator(script) as simulator:
        config = {
            "providers": {
                name: {
                    "kind": "openai",
                    "base_url": simulator.url(name),
                    "credentials": [],
                    "price": {"input": usd, "output": usd},
                }
                for name, usd in PRICES.items()
            },
            "profiles": {name: {"provider": name, "model": name} for name in KNOWS},
            "fusion": {
                "three": {"advisers": ["alpha", "beta", "gamma"], "synthesizer": "writer"},
                "self": {"advisers": ["writer", "writer", "writer"], "synthesizer": "writer"},
            },
        }
        engine = Engine(Config.model_validate(config), environ={}, secret_key=b"k" * 32)
        print(f"{'':22}{'right':>10}{'time':>12}{'cost':>14}")
        for way in WAYS:
            right, ms, usd = 0, 0.0, 0.0
            for question, answer in QUESTIONS.items():
                trace = await engine.ask(ChatRequest((user(question),), target=way.target, caller="bench"))
                right += f"Answer: {answer}" in trace.text
                ms += trace.total_ms
                usd += trace.cost.usd or 0.0
            count = len(QUESTIONS)
            print(f"{way.name:22}{right:>6} of {count}{ms / count:>9.0f} ms{usd / count * 1000:>11.4f} m$")
        await engine.aclose()
    print("simulated models: no word on real ones")


if __name__ == "__main__":
    asyncio.run(main())
