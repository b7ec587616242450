"""Output that is held back until it is whole, such as the arguments of a tool call, is output like any other: it ends
the silence and is charged for. Only it is no answer yet, so another route may still give one unnoticed."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

import pytest

from clawtui.engine.events import Restarted
from clawtui.engine.failures import FailureKind
from clawtui.engine.outcome import AttemptOutcome, Outcome, UsageSource
from clawtui.engine.request import Tool
from tests.engine.raw_server import LAST_CHUNK, SSE, Answer, head, openai_chunk, raw_server, sse
from tests.house import FakeClock, a_house, a_request, until

WRITE = Tool("write_file", "Writes it", {"type": "object", "properties": {"text": {"type": "string"}}})
LINE = "line " * 20
FRAGMENTS = ('{"text":"', *[LINE] * 12, '"}')
LIMITS = {"connect": 5, "first_token": 10, "idle": 5, "total": 600}


def openai_fragment(arguments: str, **first: str) -> bytes:
    function = {"arguments": arguments, **({"name": "write_file"} if first else {})}
    return openai_chunk({"tool_calls": [{"index": 0, "function": function, **first}]})


def anthropic_fragment(arguments: str) -> bytes:
    delta = {"type": "input_json_delta", "partial_json": arguments}
    return sse({"type": "content_block_delta", "index": 0, "delta": delta})


@dataclass(frozen=True)
class Wire:
    provider: str
    profile: str
    path: str
    start: bytes
    fragments: tuple[bytes, ...]
    end: bytes


OPENAI = Wire(
    "one",
    "first",
    "/v1",
    head(SSE) + openai_fragment("", id="c1", type="function"),
    tuple(map(openai_fragment, FRAGMENTS)),
    openai_chunk({}, "tool_calls") + sse("[DONE]") + LAST_CHUNK,
)
ANTHROPIC = Wire(
    "two",
    "second",
    "",
    head(SSE)
    + sse({"type": "message_start", "message": {"model": "beta", "usage": {"input_tokens": 10, "output_tokens": 1}}})
    + sse(
        {
            "type": "content_block_start",
            "index": 0,
            "content_block": {"type": "tool_use", "id": "t", "name": "write_file", "input": {}},
        }
    ),
    tuple(map(anthropic_fragment, FRAGMENTS)),
    sse({"type": "content_block_stop", "index": 0})
    + sse({"type": "message_delta", "delta": {"stop_reason": "tool_use"}, "usage": {"output_tokens": 900}})
    + sse({"type": "message_stop"})
    + LAST_CHUNK,
)
WIRES = pytest.mark.parametrize("wire", [OPENAI, ANTHROPIC], ids=lambda wire: wire.provider)


def tables(wire: Wire, url: str, **fallback: Any) -> dict[str, Any]:
    provider = {"base_url": url + wire.path, "timeouts": LIMITS, "price": {"input": 1, "output": 10}, "retries": 0}
    return {"providers": {wire.provider: provider}, "profiles": {"first": {"fallback_profiles": []}, **fallback}}


def in_steps(wire: Wire, clock: FakeClock, seconds: float) -> Answer:
    """The whole call, with so many seconds of the fake clock before every fragment."""

    async def answer(writer: asyncio.StreamWriter) -> None:
        for part in (wire.start, *wire.fragments, wire.end):
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(0.02)  # the other side reads it before the clock goes on
            await clock.advance(seconds)

    return answer


@WIRES
async def test_a_tool_call_may_take_its_time_as_long_as_fragments_come(wire: Wire) -> None:
    clock = FakeClock()
    async with (
        raw_server(in_steps(wire, clock, 4)) as server,
        a_house(clock=clock, **tables(wire, server.url)) as house,
    ):
        trace = await house.ask(tools=(WRITE,), target=wire.profile)
        assert trace.outcome is Outcome.OK
        assert [call.arguments for call in trace.tool_calls] == ["".join(FRAGMENTS)]
        assert trace.first_token_ms is not None
        assert trace.first_token_ms < 5_000 < trace.total_ms
        assert trace.usage.output_tokens > 200


@WIRES
async def test_a_tool_call_that_falls_silent_is_idle_and_what_came_of_it_is_charged(wire: Wire) -> None:
    over = asyncio.Event()
    clock = FakeClock()

    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(wire.start + b"".join(wire.fragments))
        await writer.drain()
        await over.wait()

    async with raw_server(answer) as server, a_house(clock=clock, **tables(wire, server.url)) as house:
        asking = asyncio.create_task(house.ask(tools=(WRITE,), target=wire.profile))
        await until(lambda: bool(server.bodies))
        while not asking.done():
            await asyncio.sleep(0.01)
            await clock.advance(0.5)
        over.set()
        (attempt,) = (await asking).attempts
        assert attempt.failure is FailureKind.TIMEOUT_IDLE
        assert attempt.usage.output_tokens > 200
        assert attempt.usage.source is not UsageSource.REPORTED
        assert attempt.cost.usd


@WIRES
async def test_a_tool_call_that_was_cut_is_followed_by_a_whole_answer_without_a_restart(wire: Wire) -> None:
    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(wire.start + b"".join(wire.fragments[:5]))

    fallback = {wire.profile: {"fallback_profiles": ["third"]}}
    async with raw_server(answer) as server, a_house(**tables(wire, server.url, **fallback)) as house:
        request = a_request(tools=(WRITE,), target=wire.profile)
        events = [event async for event in house.engine.stream(request)]
        assert not any(type(event) is Restarted for event in events)
        trace = house.ledger.settled[-1]
        assert trace.outcome is Outcome.OK
        assert [each.outcome for each in trace.attempts] == [AttemptOutcome.FAILED, AttemptOutcome.OK]
        assert trace.attempts[0].failure is FailureKind.STREAM_CUT
        assert not trace.superseded


async def test_comments_and_empty_chunks_do_not_keep_a_silent_route_alive() -> None:
    over = asyncio.Event()
    clock = FakeClock()

    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(head(SSE) + openai_chunk({"role": "assistant", "content": ""}))
        while not over.is_set():
            writer.write(b"1a\r\n: OPENROUTER PROCESSING\n\n\n\r\n")
            await writer.drain()
            await asyncio.sleep(0.005)

    async with raw_server(answer) as server, a_house(clock=clock, **tables(OPENAI, server.url)) as house:
        asking = asyncio.create_task(house.ask(target="first"))
        await until(lambda: bool(server.bodies))
        while not asking.done() and clock.monotonic() < 2_000:
            await asyncio.sleep(0.01)
            await clock.advance(1)
        over.set()
        trace = await asking
        assert [each.failure for each in trace.attempts] == [FailureKind.TIMEOUT_FIRST_TOKEN]
        assert trace.total_ms < 20_000
