"""What is charged where the provider reports nothing: the estimate of what was sent and of what came, once for both."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from clawtui.engine.events import AttemptStarted
from clawtui.engine.outcome import AttemptOutcome, UsageSource
from clawtui.engine.request import ChatRequest, Message, assistant, user
from clawtui.engine.tokens import TokenCount, tokens_in
from clawtui.simulator import Fault, FaultKind, ModelScript, Script
from tests.house import a_house, a_request

SILENT = ModelScript(usage=False)
CHINESE = "今天天气很好我们一起去公园散步吧" * 20


@given(parts=st.lists(st.text()))
def test_a_text_that_comes_in_pieces_is_estimated_as_the_whole(parts: list[str]) -> None:
    """However a text is cut, the count of its pieces is the estimate of the text."""
    count = TokenCount()
    for part in parts:
        count.add(part)
    assert count.tokens == tokens_in("".join(parts))


async def test_an_answer_in_a_wide_script_is_charged_by_the_estimate_that_the_prompt_has() -> None:
    script = Script(models={"one/alpha": ModelScript(text=CHINESE, usage=False)})
    async with a_house(script) as house:
        trace = await house.ask(CHINESE)
        assert trace.text == CHINESE
        assert trace.usage.source is UsageSource.ESTIMATED
        assert trace.usage.output_tokens == tokens_in(CHINESE)
        assert trace.usage.input_tokens - trace.usage.output_tokens < 10


async def test_a_prompt_that_was_cut_to_fit_is_charged_as_it_was_sent() -> None:
    profiles = {"second": {"long_context": {"fallback_context_tokens": 1_000}}}
    talk: list[Message] = []
    for _ in range(60):
        talk += [user("word " * 100), assistant("ok " * 20)]
    async with a_house(Script(models={"two/beta": SILENT}), profiles=profiles) as house:
        refusal = "Extra usage is required for long context requests."
        house.simulator.set_fault(Fault(FaultKind.STATUS, status=429, message=refusal, times=1), provider="two")
        trace = await house.engine.ask(ChatRequest((*talk, user("last")), target="second"))
        assert trace.usage.source is UsageSource.ESTIMATED
        assert 500 < trace.usage.input_tokens <= 1_000


async def test_a_call_that_was_closed_before_it_was_sent_costs_nothing() -> None:
    async with a_house() as house:
        events = house.engine.stream(a_request("word " * 1_000))
        async for event in events:
            if type(event) is AttemptStarted:
                break
        await events.aclose()
        (attempt,) = house.ledger.settled[-1].attempts
        assert attempt.outcome is AttemptOutcome.CANCELLED
        assert attempt.usage.input_tokens == 0
        assert not house.simulator.requests
