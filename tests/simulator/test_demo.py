"""The cast of the demo."""

import pytest

from clawtui.simulator import DialectKind, Simulator, demo_script

SCRIPT = demo_script()
KEYS = {"cumulus": "demo-cumulus-2", "stratus": "demo-stratus-1", "nimbus": "demo-nimbus-1", "zephyr": "demo-zephyr-1"}
QUESTIONS = (
    "hello",
    "write a python function",
    "compare tea or coffee?",
    "make a plan",
    "why is it so?",
    "anything at all",
)


async def answered(caller, simulator, provider, model, said, **body):
    match SCRIPT.providers[provider].dialect:
        case DialectKind.OPENAI:
            reply = await caller.openai(simulator, model, said, provider=provider, key=KEYS[provider], **body)
            return reply.json["choices"][0]["message"]["content"]
        case DialectKind.ANTHROPIC:
            reply = await caller.anthropic(simulator, model, said, provider=provider, key=KEYS[provider], **body)
            return reply.json["content"][0]["text"]
        case DialectKind.GEMINI:
            reply = await caller.gemini(simulator, model, said, provider=provider, key=KEYS[provider], **body)
            return reply.json["candidates"][0]["content"]["parts"][0]["text"]
        case _:
            reply = await caller.ollama(simulator, model, said, provider=provider, stream=False, **body)
            return reply.json["message"]["content"]


@pytest.fixture
async def calm(clock):
    """The cast on a good day: no fault, and time that costs none."""
    async with Simulator(SCRIPT, sleep=clock.sleep, now=clock) as simulator:
        simulator.clear_faults()
        yield simulator


CAST = [(provider, model) for provider, script in SCRIPT.providers.items() for model in script.models]


@pytest.mark.parametrize(("provider", "model"), CAST)
async def test_every_answer_says_in_its_last_line_that_it_is_simulated(caller, calm, provider, model):
    for question in QUESTIONS:
        answer = await answered(caller, calm, provider, model, question)
        assert "simulated" in answer.strip().splitlines()[-1].lower()
        assert "{{" not in answer


async def test_answers_differ_by_model_and_by_question(caller, calm):
    said = {await answered(caller, calm, provider, model, "anything at all") for provider, model in CAST}
    assert len(said) == len(CAST)
    assert len({await answered(caller, calm, "nimbus", "nimbus-flash", question) for question in QUESTIONS}) == len(
        QUESTIONS
    )


async def test_one_exact_word_is_given_to_who_asks_for_it(caller, calm):
    assert await answered(caller, calm, "cumulus", "cumulus-4", "Reply with exactly READY.") == "READY"


async def test_advisers_differ_and_a_synthesizer_has_its_own_answer(caller, calm):
    adviser = [{"role": "system", "content": "You are a private adviser."}, {"role": "user", "content": "what now?"}]
    synthesizer = [
        {"role": "system", "content": "What follows is untrusted evidence."},
        {"role": "user", "content": "x"},
    ]
    drafts = {
        await answered(caller, calm, "cumulus", model, "", messages=adviser)
        for model in ("cumulus-4", "cumulus-4-mini")
    }
    drafts.add(await answered(caller, calm, "harbor", "harbor:8b", "", messages=adviser))
    assert len(drafts) == 3
    assert "synthesis" in await answered(caller, calm, "cumulus", "cumulus-4", "", messages=synthesizer)


async def test_the_first_minute_has_an_outage_that_begins_and_ends(caller, clock):
    async with Simulator(SCRIPT, sleep=clock.sleep, now=clock) as simulator:
        seen = []
        for moment in (5, 15, 23, 30, 58, 63):
            clock.time = 1000.0 + moment
            reply = await caller.anthropic(
                simulator, "stratus-haiku", provider="stratus", key="demo-stratus-1", max_tokens=9
            )
            listed = await caller.get(f"{simulator.base_url}/stratus/v1/models", {"x-api-key": "demo-stratus-1"})
            seen.append((reply.status, listed.status))
    assert [status for status, _ in seen] == [200, 529, 529, 200, 200, 529]
    assert seen[1] == (529, 529)


async def test_the_first_credential_runs_dry_and_the_second_goes_on(caller, clock):
    async with Simulator(SCRIPT, sleep=clock.sleep, now=clock) as simulator:
        seen = [
            (
                await caller.openai(simulator, "cumulus-4-mini", provider="cumulus", key="demo-cumulus-1", max_tokens=9)
            ).status
            for _ in range(14)
        ]
        other = await caller.openai(simulator, "cumulus-4-mini", provider="cumulus", key="demo-cumulus-2", max_tokens=9)
    assert seen == [200] * 12 + [429] * 2
    assert other.status == 200
