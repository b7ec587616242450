"""How an attempt ends: what counts as the end of an answer, whatever the connection does after it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import pytest

from clawtui.engine.events import Delta, RequestEvent
from clawtui.engine.failures import FailureKind
from clawtui.engine.outcome import Outcome, Trace, UsageSource
from clawtui.engine.request import OnInterrupted
from tests.engine.raw_server import LAST_CHUNK, NDJSON, SSE, head, line, openai_chunk, raw_server, sse
from tests.house import FakeClock, House, a_house, a_request, until


@dataclass(frozen=True)
class Wire:
    """The same answer in the words of one service: up to its text, its finish reason, and its end."""

    provider: str
    profile: str
    text: bytes
    finish: bytes
    end: bytes

    def tables(self, url: str) -> dict[str, dict[str, object]]:
        return {"providers": {self.provider: {"base_url": url}}, "profiles": {"first": {"fallback_profiles": []}}}


OPENAI = Wire(
    "one",
    "first",
    head(SSE) + openai_chunk({"content": "whole"}),
    openai_chunk({}, "stop"),
    sse("[DONE]"),
)
ANTHROPIC = Wire(
    "two",
    "second",
    head(SSE)
    + sse({"type": "message_start", "message": {"model": "beta", "usage": {"input_tokens": 10, "output_tokens": 1}}})
    + sse({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}})
    + sse({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "whole"}}),
    sse({"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 9}}),
    sse({"type": "message_stop"}),
)
GEMINI = Wire(
    "three",
    "third",
    head(SSE) + sse({"candidates": [{"content": {"parts": [{"text": "whole"}]}}]}),
    sse({"candidates": [{"content": {"parts": []}, "finishReason": "STOP"}]}),
    b"",
)
OLLAMA = Wire(
    "four",
    "local",
    head(NDJSON) + line({"model": "delta:8b", "message": {"role": "assistant", "content": "whole"}, "done": False}),
    b"",
    line({"model": "delta:8b", "message": {"role": "assistant", "content": ""}, "done": True, "done_reason": "stop"}),
)
WIRES = pytest.mark.parametrize("wire", [OPENAI, ANTHROPIC, GEMINI, OLLAMA], ids=lambda wire: wire.provider)


async def dropped_after(data: bytes, wire: Wire, **wishes: object) -> tuple[Trace, int]:
    """The answer to a request whose connection breaks after these bytes, and how many circuits hold it against them."""

    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(data)

    async with raw_server(answer) as server, a_house(**wire.tables(server.url)) as house:
        trace = await house.ask(target=wire.profile, **wishes)
        return trace, sum(view.failures for view in house.engine.circuits.views())


async def left_open_after(data: bytes, wire: Wire) -> tuple[Trace, float]:
    """The answer to a request whose connection stays open after these bytes, and the seconds that it took to end."""
    written = asyncio.Event()
    over = asyncio.Event()

    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(data)
        await writer.drain()
        written.set()
        await over.wait()

    clock = FakeClock()
    async with raw_server(answer) as server, a_house(clock=clock, **wire.tables(server.url)) as house:
        events: list[RequestEvent] = []
        asking = asyncio.create_task(_collect(house, wire, events))
        await until(lambda: any(type(event) is Delta for event in events))
        began = clock.monotonic()
        while not asking.done() and clock.monotonic() - began < 100:
            await clock.advance(0.1)
            await asyncio.sleep(0.002)
        over.set()
        await asking
        return house.ledger.settled[-1], clock.monotonic() - began


async def _collect(house: House, wire: Wire, events: list[RequestEvent]) -> None:
    async for event in house.engine.stream(a_request(target=wire.profile)):
        events.append(event)


@WIRES
async def test_a_connection_that_drops_after_the_finish_reason_takes_nothing_from_the_answer(wire: Wire) -> None:
    trace, failures = await dropped_after(wire.text + (wire.finish or wire.end), wire)
    assert (trace.outcome, trace.text, trace.finish_reason) == (Outcome.OK, "whole", "stop")
    assert len(trace.attempts) == 1
    assert failures == 0


@WIRES
async def test_a_connection_that_drops_before_it_cuts_the_answer(wire: Wire) -> None:
    trace, failures = await dropped_after(wire.text, wire, on_interrupted=OnInterrupted.STOP)
    assert trace.outcome is Outcome.INTERRUPTED
    assert trace.attempts[0].failure is FailureKind.STREAM_CUT
    assert failures == 1


@WIRES
async def test_a_connection_left_open_after_the_end_ends_the_answer_at_once(wire: Wire) -> None:
    trace, seconds = await left_open_after(wire.text + wire.finish + wire.end, wire)
    assert (trace.outcome, trace.text) == (Outcome.OK, "whole")
    assert seconds < (1 if wire.end else 6)


async def test_usage_that_follows_the_finish_reason_is_waited_for_and_then_not_for_long() -> None:
    usage = sse({"id": "c", "choices": [], "usage": {"prompt_tokens": 10, "completion_tokens": 3, "total_tokens": 13}})
    trace, seconds = await left_open_after(OPENAI.text + OPENAI.finish + usage, OPENAI)
    assert trace.outcome is Outcome.OK
    assert (trace.usage.input_tokens, trace.usage.source) == (10, UsageSource.REPORTED)
    assert seconds < 6


async def test_an_answer_that_goes_on_after_a_finish_reason_is_read_to_its_end() -> None:
    """Some models give the reason with every chunk."""
    events: list[RequestEvent] = []
    clock = FakeClock()

    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(head(SSE))
        for number in range(4):
            part = {"content": {"parts": [{"text": f"{number} "}]}, "finishReason": "STOP"}
            writer.write(sse({"candidates": [part]}))
            await until(
                lambda number=number: any(type(event) is Delta and str(number) in event.text for event in events)
            )
            await clock.advance(2)
        writer.write(LAST_CHUNK)

    async with raw_server(answer) as server, a_house(clock=clock, **GEMINI.tables(server.url)) as house:
        await _collect(house, GEMINI, events)
        assert house.ledger.settled[-1].text == "0 1 2 3 "


async def test_a_finish_reason_keeps_its_meaning_when_the_connection_drops() -> None:
    trace, _ = await dropped_after(OPENAI.text + openai_chunk({}, "length"), OPENAI)
    assert (trace.outcome, trace.finish_reason) == (Outcome.OK, "length")
    trace, _ = await dropped_after(OPENAI.text + openai_chunk({}, "content_filter"), OPENAI)
    assert trace.outcome is not Outcome.OK
    assert trace.attempts[0].failure is FailureKind.CONTENT_FILTER


async def test_an_error_after_the_finish_reason_is_told_and_takes_nothing_from_the_answer() -> None:
    trace, failures = await dropped_after(OPENAI.text + OPENAI.finish + sse({"error": {"message": "late"}}), OPENAI)
    assert (trace.outcome, trace.text, failures) == (Outcome.OK, "whole", 0)
    assert any("late" in note for note in trace.notes)


@pytest.mark.parametrize("stays_open", [False, True])
@pytest.mark.parametrize(
    ("status", "kind"),
    [("429 Too Many Requests", FailureKind.RATE_LIMIT), ("401 Unauthorized", FailureKind.AUTH)],
)
async def test_a_refusal_whose_words_break_off_is_known_by_its_status(
    status: str, kind: FailureKind, stays_open: bool
) -> None:
    over = asyncio.Event()

    async def answer(writer: asyncio.StreamWriter) -> None:
        fields = "Content-Type: application/json\r\nRetry-After: 30\r\nContent-Length: 500"
        writer.write(f'HTTP/1.1 {status}\r\n{fields}\r\n\r\n{{"error":'.encode())
        await writer.drain()
        if stays_open:
            await over.wait()

    clock = FakeClock()
    async with raw_server(answer) as server, a_house(clock=clock, **OPENAI.tables(server.url)) as house:
        asking = asyncio.create_task(house.ask(strict=True))
        await until(lambda: bool(server.bodies))
        while not asking.done():
            await asyncio.sleep(0.005)
            await clock.advance(0.1)
        over.set()
        attempt = (await asking).attempts[0]
        assert (attempt.failure, attempt.status, attempt.retry_after_s) == (kind, int(status[:3]), 30.0)
        assert house.engine.pools.views()[0].state == "cooling"
        assert not any(view.failures for view in house.engine.circuits.views())
        assert attempt.ms < 3_000


async def test_a_note_shows_neither_the_key_nor_anything_that_a_terminal_obeys() -> None:
    late = {"type": "error", "error": {"type": "api_error", "message": "no hook for quokka-two-zz \x1b[31m"}}
    trace, _ = await dropped_after(ANTHROPIC.text + ANTHROPIC.finish + sse(late), ANTHROPIC)
    (note,) = (note for note in trace.notes if "hook" in note)
    assert "quokka" not in note
    assert "\x1b" not in note
    assert trace.attempts[0].notes == (note,)
