"""Every dialect against the simulator, over real sockets: it refuses what the services refuse, and tears its frames."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import jsonschema
import pytest

from clawtui.config.schema import ProviderKind
from clawtui.config.secrets import Secret
from clawtui.engine.request import Media, MediaKind, Message, Tool, ToolCall, assistant, system, tool_result, user
from clawtui.engine.wire.dialect import Call, FinishReason, ListedModel, Outgoing, Piece
from clawtui.engine.wire.http import Exchange, Transport, TransportFailed
from clawtui.simulator import (
    DialectKind,
    Fault,
    FaultKind,
    KeyScript,
    ModelScript,
    ProviderScript,
    Script,
    ScriptedCall,
    Simulator,
)
from tests.wire.conformance import KINDS, Answer, a_call, dialect, folded

HERE = [kind for kind in KINDS if importlib.util.find_spec(f"clawtui.engine.wire.{kind.value}")]
SCHEMA = {
    "type": "object",
    "properties": {"reason": {"type": "string", "minLength": 3}, "score": {"type": "integer", "minimum": 1}},
    "required": ["reason", "score"],
    "additionalProperties": False,
}
WEATHER = Tool("weather", "Tells it", {"type": "object", "properties": {"city": {"type": "string"}}})
PIXEL = Media(MediaKind.IMAGE, b"\x89PNG\r\n\x1a\n", "image/png")
SAYING = "It said: “naïve\u2028café” 🦞\u0085 and more."
SCRIPT = Script(
    providers={"locked": ProviderScript(keys=(KeyScript("zqxjkv-key"),))},
    models={
        "torn": ModelScript(text=SAYING, torn=True, comments=True, cached_tokens=2),
        "thinker": ModelScript(text="So it is.", reasoning="First this, then that.", torn=True),
        "caller": ModelScript(
            tool_calls=(ScriptedCall("weather", {"city": "Bern"}), ScriptedCall("weather", {"city": "Basel"}))
        ),
    },
)


class Line:
    """Sends calls to one simulator in one dialect, by the transport that the engine uses."""

    def __init__(self, kind: ProviderKind, simulator: Simulator, transport: Transport) -> None:
        self.kind, self.simulator, self.transport = kind, simulator, transport
        self.speaks = dialect(kind)

    def call(self, *messages: Message, provider: str = "p", **wishes: Any) -> Call:
        base = self.simulator.url(provider, DialectKind(self.kind.value))
        return a_call(*messages, base_url=base, **{"model": "torn", **wishes})

    async def ask(self, *messages: Message, **wishes: Any) -> Answer:
        return await self.send(self.call(*messages, **wishes))

    async def send(self, call: Call) -> Answer:
        exchange = await self.open(self.speaks.encode(call))
        try:
            if exchange.status != 200:
                return Answer(errors=[self.speaks.read_error(exchange.status, await exchange.read())])
            if not (call.stream and exchange.is_stream):
                return folded(self.speaks.read_whole(json.loads(await exchange.read()), call), True)
            reader = self.speaks.reader(call)
            read: list[Piece] = []
            try:
                async for event, data in (each async for batch in exchange.batches() for each in batch):
                    read += reader.feed(event, data)
            except TransportFailed:
                pass  # what came before the break counts
            return folded([*read, *reader.close()], reader.is_complete)
        finally:
            await exchange.aclose()

    async def models(self, secret: Secret | None, provider: str) -> list[ListedModel]:
        base = self.simulator.url(provider, DialectKind(self.kind.value))
        exchange = await self.open(self.speaks.models_request(base, secret, {}, {}))
        try:
            return list(self.speaks.read_models(json.loads(await exchange.read())))
        finally:
            await exchange.aclose()

    async def open(self, outgoing: Outgoing) -> Exchange:
        framing = self.speaks.framing
        return await self.transport.open("p", outgoing, framing=framing, connect_timeout=5.0, max_connections=4)


@pytest.fixture(params=HERE, ids=str)
async def line(request: pytest.FixtureRequest) -> AsyncIterator[Line]:
    transport = Transport()
    async with Simulator(SCRIPT) as simulator:
        yield Line(request.param, simulator, transport)
        await transport.aclose()


@pytest.mark.parametrize("stream", [True, False])
async def test_text_and_usage_arrive(line, stream):
    answer = await line.ask(system("be brief"), user("hello"), stream=stream)
    assert answer.text == SAYING
    assert answer.complete
    assert answer.finish is FinishReason.STOP
    assert answer.model == "torn"
    assert answer.usage is not None
    assert answer.usage.input_tokens > answer.usage.cached_input_tokens
    assert answer.usage.output_tokens > 3
    if line.kind is not ProviderKind.OLLAMA:
        assert answer.usage.cached_input_tokens == 2
    assert line.simulator.requests[-1].roles == ("system", "user")
    assert line.simulator.requests[-1].headers["x-clawtui-hops"] == "1"


@pytest.mark.parametrize("stream", [True, False])
async def test_reasoning_arrives_apart_when_asked_for(line, stream):
    answer = await line.ask(model="thinker", reasoning_effort="low", stream=stream, temperature=0.5)
    assert (answer.reasoning, answer.text) == ("First this, then that.", "So it is.")


@pytest.mark.parametrize("stream", [True, False])
async def test_a_tool_call_makes_the_round_trip(line, stream):
    first = await line.ask(user("weather?"), model="caller", tools=(WEATHER,), stream=stream)
    assert first.called == [("weather", {"city": "Bern"}), ("weather", {"city": "Basel"})]
    assert first.finish is FinishReason.TOOL_CALLS
    calls = tuple(ToolCall(piece.id, piece.name, piece.arguments) for piece in first.tools)
    results = (tool_result(calls[0].id, "rain", "weather"), tool_result(calls[1].id, "sun", "weather"))
    talk = (user("weather?"), assistant("", *calls), *results)
    second = await line.ask(*talk, model="caller", tools=(WEATHER,), stream=stream, reasoning_effort="low")
    assert not second.errors
    assert "rain" in second.text
    assert "sun" in second.text


async def test_results_out_of_order_and_lost_ones_are_taken_too(line):
    calls = (ToolCall("a:1", "weather", '{"city": "Bern"}'), ToolCall("a:2", "weather", ""))
    talk = (user("?"), assistant("looking", *calls), user("hurry"), tool_result("a:2", "sun", "weather"), user("well?"))
    answer = await line.ask(*talk, tools=(WEATHER,))
    assert not answer.errors or line.kind is ProviderKind.OPENAI  # that wire leaves the order to the caller


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("tools", [(), (WEATHER,)], ids=["alone", "beside a tool"])
async def test_a_schema_is_answered_with_json_that_fits(line, stream, tools):
    answer = await line.ask(user("how good?"), model="plain", schema=SCHEMA, tools=tools, stream=stream)
    if tools and answer.tools:
        return  # the model chose the tool first, which it may
    jsonschema.validate(json.loads(answer.text), SCHEMA)
    assert answer.finish is FinishReason.STOP


async def test_a_required_tool_is_called(line):
    answer = await line.ask(user("weather?"), model="plain", tools=(WEATHER, Tool("now")), tool_choice="weather")
    if line.kind is ProviderKind.OLLAMA:
        pytest.skip("this wire cannot require a tool")
    assert [piece.name for piece in answer.tools] == ["weather"]


async def test_images_and_neighbours_arrive(line):
    answer = await line.ask(user("one"), user("two", PIXEL), model="sim-echo")
    assert "two" in answer.text
    assert line.simulator.requests[-1].images == 1


async def test_a_limit_is_honoured(line):
    answer = await line.ask(user("count"), model="sim-words-50", max_tokens=5)
    assert answer.finish is FinishReason.LENGTH
    assert answer.complete
    assert 0 < len(answer.text.split()) <= 6


async def test_a_refusal_is_a_content_filter(line):
    if line.kind is ProviderKind.OLLAMA:
        pytest.skip("a local server refuses nothing")
    for stream in (True, False):
        assert (await line.ask(model="sim-filter", stream=stream)).finish is FinishReason.CONTENT_FILTER


@pytest.mark.parametrize("fault", ["sim-cut-3", "sim-no-end", "sim-error-in-200-3"])
async def test_an_answer_that_broke_off_is_not_complete(line, fault):
    assert not (await line.ask(model=fault)).complete


@pytest.mark.parametrize("fault", ["sim-no-done", "sim-usage-late", "sim-malformed-2", "sim-json-instead"])
async def test_an_answer_with_a_blemish_is_complete(line, fault):
    answer = await line.ask(model=fault)
    assert answer.complete
    assert "Simulated answer" in answer.text
    assert answer.text.endswith("plays this model.")
    assert len(answer.notes) == (fault == "sim-malformed-2")
    assert answer.usage is not None
    assert answer.usage.output_tokens > 3


@pytest.mark.parametrize("stream", [True, False])
async def test_an_error_inside_200_is_read(line, stream):
    line.simulator.set_fault(Fault(FaultKind.ERROR_IN_200, message="the engine caught fire", whole=not stream))
    answer = await line.ask(stream=stream)
    assert [error.message for error in answer.errors] == ["the engine caught fire"]


@pytest.mark.parametrize("status", [401, 404, 429, 503])
async def test_an_error_is_read(line, status):
    answer = await line.ask(model=f"sim-status-{status}")
    assert answer.errors[0].message


async def test_the_secret_opens_the_provider_and_the_list(line):
    assert not (await line.ask(provider="locked", secret=Secret("zqxjkv-key"))).errors
    assert (await line.ask(provider="locked", secret=Secret("zqxjkv-other"))).errors
    assert line.simulator.requests[-1].path.startswith("/locked/")
    listed = {model.id for model in await line.models(Secret("zqxjkv-key"), "locked")}
    assert {"torn", "thinker"} <= listed


async def test_query_and_headers_arrive(line):
    call = replace(line.call(), query={"tenant": "a b"}, headers={"X-Team": "blue"})
    assert (await line.send(call)).text == SAYING
    assert line.simulator.requests[-1].headers["x-team"] == "blue"
