"""Every fault, as a caller meets it."""

import asyncio

import aiohttp
import pytest

from clawtui.simulator import Fault, FaultKind, ModelScript, Outcome, ProblemKind, Script, Simulator

TEN = ModelScript(text="a b c d e f g h i j")


@pytest.fixture
async def playing():
    async with Simulator(Script(models={"m": TEN})) as simulator:
        yield simulator


DIALECTS = ("openai", "anthropic", "gemini", "ollama")


def ask(caller, dialect):
    """Streams from the dialect, whichever way it asks for a stream."""
    match dialect:
        case "gemini":
            return lambda simulator, **body: caller.gemini(simulator, verb="streamGenerateContent?alt=sse", **body)
        case "ollama":
            return caller.ollama
        case _:
            return lambda simulator, **body: getattr(caller, dialect)(simulator, stream=True, **body)


def told(dialect, body):
    """The message inside a dialect's error."""
    return body["error"] if dialect == "ollama" else body["error"]["message"]


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_a_status_comes_in_the_dialects_own_shape(caller, playing, dialect):
    playing.set_fault(Fault(FaultKind.STATUS, status=500, message="the cellar is flooded"))
    reply = await ask(caller, dialect)(playing)
    assert reply.status == 500
    assert told(dialect, reply.json) == "the cellar is flooded"
    assert playing.requests[-1].outcome is Outcome.FAULTED


async def test_a_status_can_carry_any_body_and_header(caller, playing):
    playing.set_fault(Fault(FaultKind.STATUS, status=502, body="<html>no</html>", headers=(("x-from", "proxy"),)))
    reply = await caller.openai(playing)
    assert (reply.status, reply.data, reply.headers["x-from"]) == (502, b"<html>no</html>", "proxy")


@pytest.mark.parametrize(
    ("dialect", "status", "mark"),
    [
        ("openai", 429, "insufficient_quota"),
        ("anthropic", 400, "credit balance"),
        ("gemini", 429, "FreeTier"),
        ("ollama", 402, "limit"),
    ],
)
async def test_an_empty_account_is_told_as_each_service_tells_it(caller, playing, dialect, status, mark):
    playing.set_fault(Fault(FaultKind.STATUS, problem=ProblemKind.BILLING))
    reply = await ask(caller, dialect)(playing)
    assert reply.status == status
    assert mark in reply.data.decode()


async def test_a_rate_limit_says_when_to_come_back_where_the_service_says_it(caller, playing):
    playing.set_fault(Fault(FaultKind.RATE_LIMIT, retry_after=30))
    openai = await caller.openai(playing)
    anthropic = await caller.anthropic(playing)
    gemini = await caller.gemini(playing)
    assert {reply.status for reply in (openai, anthropic, gemini)} == {429}
    assert openai.headers["retry-after-ms"] == "30000"
    assert anthropic.headers["retry-after"] == "30"
    assert gemini.json["error"]["details"][-1]["retryDelay"] == "30s"
    assert "retry-after" not in gemini.headers


@pytest.mark.parametrize("dialect", ["openai", "anthropic", "gemini", "ollama"])
async def test_a_cut_closes_the_socket_after_so_many_chunks(caller, playing, dialect):
    playing.set_fault(Fault(FaultKind.CUT, after=4))
    reply = await ask(caller, dialect)(playing)
    assert isinstance(reply.broken, aiohttp.ClientPayloadError)
    assert playing.requests[-1].chunks == 4
    assert playing.requests[-1].outcome is Outcome.FAULTED
    assert b'" d"' in reply.data
    assert b'" e"' not in reply.data


async def test_a_cut_past_the_end_still_comes_before_the_finish_reason(caller, playing):
    playing.set_fault(Fault(FaultKind.CUT, after=500))
    reply = await caller.openai(playing, stream=True)
    assert reply.broken is not None
    assert reply.openai_text == TEN.text
    assert b'"finish_reason":"stop"' not in reply.data


async def test_a_whole_answer_is_cut_in_its_middle(caller, playing):
    playing.set_fault(Fault(FaultKind.CUT))
    reply = await caller.openai(playing)
    assert reply.broken is not None
    assert len(reply.data) < int(reply.headers["content-length"])


async def test_a_reset_before_the_headers_leaves_no_answer(caller, playing):
    playing.set_fault(Fault(FaultKind.RESET))
    with pytest.raises((ConnectionResetError, aiohttp.ClientOSError, aiohttp.ServerDisconnectedError)):
        await caller.openai(playing, stream=True)


async def test_a_reset_in_mid_stream_breaks_what_was_begun(caller, playing):
    playing.set_fault(Fault(FaultKind.RESET, after=3))
    reply = await caller.openai(playing, stream=True)
    assert reply.status == 200
    assert reply.broken is not None


async def test_a_stall_falls_silent_and_ends_when_the_caller_leaves(caller, playing):
    playing.set_fault(Fault(FaultKind.STALL, after=2))
    asking = asyncio.create_task(caller.openai(playing, stream=True))
    await playing.wait_until(lambda: playing.log.received == 1 and playing.requests[-1].chunks == 2)
    assert not asking.done()
    asking.cancel()
    await playing.wait_for_disconnects()
    assert playing.requests[-1].disconnected
    assert playing.in_flight() == 0


async def test_a_hang_never_answers_and_ends_when_the_caller_leaves(caller, playing):
    playing.set_fault(Fault(FaultKind.HANG))
    asking = asyncio.create_task(caller.openai(playing))
    await playing.wait_for_request()
    assert playing.in_flight("p") == 1
    asking.cancel()
    await playing.wait_until_idle()
    assert playing.requests[-1].outcome is Outcome.DISCONNECTED


async def test_a_malformed_chunk_leaves_the_rest_whole(caller, playing):
    for dialect in ("openai", "anthropic", "gemini"):
        playing.set_fault(Fault(FaultKind.MALFORMED, after=2))
        assert (await ask(caller, dialect)(playing)).events.count(None) == 1
    playing.set_fault(Fault(FaultKind.MALFORMED, after=2))
    assert (await caller.ollama(playing)).lines.count(None) == 1
    reply = await caller.openai(playing, stream=True)
    assert reply.openai_text == TEN.text
    assert reply.events[-1] == "[DONE]"


async def test_no_end_leaves_out_finish_reason_and_marker_and_no_done_the_marker_alone(caller, playing):
    playing.set_fault(Fault(FaultKind.NO_END))
    endless = await caller.openai(playing, stream=True)
    message = await caller.anthropic(playing, stream=True)
    assert endless.broken is None
    assert endless.openai_text == TEN.text
    assert endless.events[-1]["choices"][0]["finish_reason"] is None
    assert message.events[-1]["type"] == "content_block_stop"
    playing.set_fault(Fault(FaultKind.NO_DONE))
    undone = await caller.openai(playing, stream=True)
    assert undone.events[-1]["choices"][0]["finish_reason"] == "stop"


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_an_error_can_come_inside_a_stream_that_began_well(caller, playing, dialect):
    playing.set_fault(Fault(FaultKind.ERROR_IN_200, after=3, problem=ProblemKind.OVERLOADED, message="too much"))
    reply = await ask(caller, dialect)(playing)
    last = (reply.lines if dialect == "ollama" else reply.events)[-1]
    assert reply.status == 200
    assert told(dialect, last) == "too much"
    assert b'" c"' in reply.data


@pytest.mark.parametrize("streamed", [True, False])
async def test_an_error_can_be_the_whole_body_of_a_200(caller, playing, streamed):
    playing.set_fault(Fault(FaultKind.ERROR_IN_200, whole=True, problem=ProblemKind.SERVER))
    reply = await caller.openai(playing, stream=streamed)
    assert reply.status == 200
    assert reply.json["error"]["type"] == "server_error"


async def test_garbage_empty_and_a_whole_answer_where_a_stream_was_due(caller, playing):
    playing.set_fault(Fault(FaultKind.GARBAGE))
    garbage = await caller.openai(playing, stream=True)
    playing.set_fault(Fault(FaultKind.EMPTY))
    empty = await caller.openai(playing, stream=True)
    playing.set_fault(Fault(FaultKind.JSON_INSTEAD_OF_STREAM))
    whole = await caller.openai(playing, stream=True)
    assert (garbage.status, empty.status, empty.data) == (200, 200, b"")
    with pytest.raises(UnicodeDecodeError):
        garbage.data.decode()
    assert empty.headers["content-type"].startswith("text/event-stream")
    assert whole.headers["content-type"] == "application/json"
    assert whole.json["choices"][0]["message"]["content"] == TEN.text


async def test_a_redirect_points_elsewhere(caller, playing):
    playing.set_fault(Fault(FaultKind.REDIRECT, location="http://127.0.0.1:9/elsewhere"))
    reply = await caller.openai(playing)
    assert (reply.status, reply.headers["location"]) == (307, "http://127.0.0.1:9/elsewhere")


async def test_late_usage_follows_the_finish_reason_in_every_dialect(caller, playing):
    playing.set_fault(Fault(FaultKind.USAGE_AFTER_FINISH))
    gemini = (await caller.gemini(playing, verb="streamGenerateContent?alt=sse")).events
    assert gemini[-2]["candidates"][0]["finishReason"] == "STOP"
    assert "usageMetadata" not in gemini[-2]
    assert "candidates" not in gemini[-1]
    assert gemini[-1]["usageMetadata"]["candidatesTokenCount"] == 10
    ollama = (await caller.ollama(playing)).lines
    assert "eval_count" not in ollama[-2]
    assert ollama[-1]["eval_count"] == 10
    anthropic = (await caller.anthropic(playing, stream=True)).events
    assert anthropic[-3]["delta"]["stop_reason"] == "end_turn"
    assert anthropic[-2]["usage"]["output_tokens"] == 10


async def test_a_huge_answer_is_as_large_as_asked_for(caller, playing):
    playing.set_fault(Fault(FaultKind.HUGE, size=3_000_000))
    assert len((await caller.openai(playing, stream=True)).openai_text) == 3_000_000
    assert len((await caller.openai(playing)).json["choices"][0]["message"]["content"]) == 3_000_000


async def test_speed_and_first_token_are_slept_through_the_injected_clock(caller, clock):
    model = ModelScript(text="a b c d", tokens_per_s=2, first_token_s=3)
    async with Simulator(Script(models={"m": model}), sleep=clock.sleep, now=clock) as simulator:
        await caller.openai(simulator, stream=True)
        assert clock.slept == [3, 0.5, 0.5, 0.5]
        clock.slept.clear()
        await caller.openai(simulator)
        assert clock.slept == [5]
        clock.slept.clear()
        simulator.set_fault(Fault(FaultKind.SLOW_FIRST_TOKEN, seconds=7))
        await caller.openai(simulator, stream=True)
        assert clock.slept[0] == 10


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("sim-status-503", 503),
        ("sim-rate-limit-30", 429),
        ("sim-billing", 429),
        ("sim-redirect", 307),
        ("sim-empty", 200),
    ],
)
async def test_a_model_can_be_faulty_by_its_name(caller, simulator, name, status):
    assert (await caller.openai(simulator, name)).status == status


async def test_a_faulty_name_can_say_for_how_many_requests(caller, simulator):
    seen = [(await caller.openai(simulator, "sim-status-500-x2")).status for _ in range(4)]
    other = (await caller.openai(simulator, "sim-status-500-x2", provider="q")).status
    assert seen == [500, 500, 200, 200]
    assert other == 500


async def test_named_cuts_stalls_and_sizes_work(caller, simulator):
    assert (await caller.openai(simulator, "sim-cut-3", stream=True)).broken is not None
    assert len((await caller.openai(simulator, "sim-huge-2000")).json["choices"][0]["message"]["content"]) == 2000
    assert (await caller.openai(simulator, "sim-error-in-200-2", stream=True)).events[-1]["error"]
    assert (await caller.openai(simulator, "sim-unheard-of")).status == 200


async def raw(simulator, model):
    """The bytes of a streamed answer, read from the socket itself."""
    body = b'{"model": "%s", "stream": true, "messages": [{"role": "user", "content": "x"}]}' % model.encode()
    reader, writer = await asyncio.open_connection("127.0.0.1", simulator.port)
    head = b"POST /p/v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n"
    try:
        writer.write(head % len(body) + body)
        return await reader.read()
    finally:
        writer.close()


async def test_a_cut_is_an_orderly_end_of_the_connection_and_a_reset_is_not(simulator):
    cut = await raw(simulator, "sim-cut-2")
    assert cut.startswith(b"HTTP/1.1 200 OK")
    assert not cut.endswith(b"0\r\n\r\n")
    for model in ("sim-reset", "sim-reset-2"):
        with pytest.raises(ConnectionResetError):
            await raw(simulator, model)


async def test_a_body_nested_without_end_is_refused_and_not_a_crash(caller, simulator):
    schema = {"type": "OBJECT"}
    for _ in range(450):
        schema = {"type": "OBJECT", "properties": {"a": schema}}
    config = {"responseMimeType": "application/json", "responseSchema": schema}
    reply = await caller.gemini(simulator, generationConfig=config)
    assert reply.status in (200, 400)
