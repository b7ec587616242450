"""Anthropic's messages, over the wire."""

import json

import pytest

from clawtui.simulator import DialectKind, Finish, ModelScript, Script, ScriptedCall, Simulator

TOOL = {"name": "weather", "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}}}


async def test_a_whole_answer_has_the_shape_of_the_real_service(caller, simulator):
    body = (await caller.anthropic(simulator, "stratus", "good day", system="be kind")).json
    assert body["type"] == "message"
    assert body["content"][0]["type"] == "text"
    assert "Simulated answer from stratus" in body["content"][0]["text"]
    assert body["stop_reason"] == "end_turn"
    assert set(body["usage"]) == {
        "input_tokens",
        "output_tokens",
        "cache_read_input_tokens",
        "cache_creation_input_tokens",
    }
    assert simulator.requests[-1].roles == ("system", "user")


async def test_a_stream_opens_fills_and_closes_every_block_in_order(caller):
    model = ModelScript(
        text="hello you", reasoning="let me see", tool_calls=(ScriptedCall("weather", {"city": "Oslo"}),)
    )
    async with Simulator(Script(models={"m": model})) as simulator:
        thinking = {"type": "enabled", "budget_tokens": 1024}
        reply = await caller.anthropic(simulator, stream=True, tools=[TOOL], thinking=thinking, max_tokens=2000)
    events = reply.events
    kinds = [event["type"] for event in events]
    assert kinds[:2] == ["message_start", "ping"]
    assert kinds[-2:] == ["message_delta", "message_stop"]
    blocks = {}
    for event in events:
        if event["type"] == "content_block_start":
            assert event["index"] == len(blocks)
            blocks[event["index"]] = [event["content_block"]["type"], ""]
        elif event["type"] == "content_block_delta":
            delta = event["delta"]
            blocks[event["index"]][1] += delta.get("text", delta.get("thinking", delta.get("partial_json", "")))
    assert list(blocks.values())[:2] == [["thinking", "let me see"], ["text", "hello you"]]
    assert json.loads(blocks[2][1]) == {"city": "Oslo"}
    assert kinds.count("content_block_stop") == 3
    assert any(event.get("delta", {}).get("type") == "signature_delta" for event in events)
    assert events[-2]["delta"]["stop_reason"] == "tool_use"
    assert events[-2]["usage"]["output_tokens"] > 5
    assert b"event: message_start\ndata: " in reply.data


async def test_thinking_comes_only_when_asked_for(caller, simulator):
    quiet = (await caller.anthropic(simulator, "sim-think")).json
    thinking = {"type": "enabled", "budget_tokens": 1024}
    loud = (await caller.anthropic(simulator, "sim-think", thinking=thinking, max_tokens=2000)).json
    assert [block["type"] for block in quiet["content"]] == ["text"]
    assert [block["type"] for block in loud["content"]] == ["thinking", "text"]


async def test_a_tool_result_is_used_in_the_answer(caller, simulator):
    first = (await caller.anthropic(simulator, "sim-tools", tools=[TOOL])).json
    call = first["content"][0]
    assert first["stop_reason"] == "tool_use"
    messages = [
        {"role": "user", "content": "weather?"},
        {"role": "assistant", "content": first["content"]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": call["id"], "content": "3 degrees"}]},
    ]
    second = (await caller.anthropic(simulator, "sim-tools", tools=[TOOL], messages=messages)).json
    assert "3 degrees" in second["content"][0]["text"]


async def test_cached_tokens_are_not_part_of_the_input(caller):
    async with Simulator(Script(models={"m": ModelScript(cached_tokens=4)})) as simulator:
        cached = (await caller.anthropic(simulator)).json["usage"]
        plain = (await caller.anthropic(simulator, "other")).json["usage"]
    assert cached["cache_read_input_tokens"] == 4
    assert cached["input_tokens"] == plain["input_tokens"] - 4


@pytest.mark.parametrize(
    ("model", "asked", "reason"),
    [
        (ModelScript(text="a b c d"), {"max_tokens": 2}, "max_tokens"),
        (ModelScript(text="a b END d"), {"stop_sequences": ["END"]}, "stop_sequence"),
        (ModelScript(text="", finish=Finish.FILTER), {}, "refusal"),
    ],
)
async def test_the_stop_reason_is_told(caller, model, asked, reason):
    async with Simulator(Script(models={"m": model})) as simulator:
        assert (await caller.anthropic(simulator, **asked)).json["stop_reason"] == reason


async def test_json_fits_the_output_format(caller, simulator):
    schema = {"type": "object", "properties": {"ok": {"type": "boolean"}}}
    reply = await caller.anthropic(simulator, output_config={"format": {"type": "json_schema", "schema": schema}})
    assert json.loads(reply.json["content"][0]["text"]) == {"ok": True}


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"max_tokens": None}, "max_tokens: Field required"),
        ({"messages": [{"role": "system", "content": "x"}]}, "top-level `system`"),
        ({"messages": [{"role": "assistant", "content": "x"}]}, 'must use the "user" role'),
        ({"messages": [{"role": "user", "content": [{"type": "text", "text": ""}]}]}, "must be non-empty"),
        ({"messages": []}, "at least one message"),
        ({"thinking": {"type": "enabled", "budget_tokens": 600}, "max_tokens": 2000}, "1024"),
        ({"thinking": {"type": "enabled", "budget_tokens": 1024}, "max_tokens": 1000}, "must be greater"),
        (
            {"messages": [{"role": "user", "content": [{"type": "tool_result", "tool_use_id": "no", "content": "x"}]}]},
            "unexpected `tool_use_id`",
        ),
    ],
)
async def test_a_wrong_request_is_refused_in_the_services_words(caller, simulator, body, words):
    reply = await caller.anthropic(simulator, **body)
    assert reply.status == 400
    assert reply.json["type"] == "error"
    assert reply.json["error"]["type"] == "invalid_request_error"
    assert words in reply.json["error"]["message"]


async def test_the_version_header_is_required(caller, simulator):
    assert "anthropic-version" in (await caller.anthropic(simulator, version=None)).json["error"]["message"]


async def test_a_call_left_without_its_result_is_refused(caller, simulator):
    block = {"type": "tool_use", "id": "t1", "name": "weather", "input": {}}
    messages = [
        {"role": "user", "content": "x"},
        {"role": "assistant", "content": [block]},
        {"role": "user", "content": "never mind"},
    ]
    reply = await caller.anthropic(simulator, messages=messages)
    assert "`tool_use` ids were found without `tool_result`" in reply.json["error"]["message"]


async def test_too_long_a_prompt_names_both_numbers(caller, simulator):
    error = (await caller.anthropic(simulator, "sim-context-20", "word " * 100)).json["error"]
    assert error["message"] == "prompt is too long: 105 tokens > 20 maximum"


async def test_models_are_listed_in_the_dialect_of_the_caller(caller, simulator):
    url = f"{simulator.url('p', DialectKind.ANTHROPIC)}/v1/models"
    listed = (await caller.get(url, {"anthropic-version": "2023-06-01"})).json
    assert listed["has_more"] is False
    assert listed["data"][0]["type"] == "model"
