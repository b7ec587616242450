"""Ollama's chat, over the wire."""

import json

import pytest

from clawtui.simulator import DialectKind, ModelScript, Rule, Script, Simulator, Where

TOOL = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object", "properties": {}}}}


async def test_a_stream_is_the_default_and_one_json_value_a_line(caller, simulator):
    reply = await caller.ollama(simulator, "harbor:8b")
    assert reply.headers["content-type"] == "application/x-ndjson"
    lines = reply.lines
    assert "Simulated answer from harbor:8b" in "".join(line["message"]["content"] for line in lines)
    assert [line["done"] for line in lines[:-1]] == [False] * (len(lines) - 1)
    assert lines[-1]["done_reason"] == "stop"
    assert lines[-1]["prompt_eval_count"] > 0
    assert lines[-1]["eval_count"] > 0


async def test_a_whole_answer_has_text_and_counts(caller, simulator):
    body = (await caller.ollama(simulator, stream=False)).json
    assert body["done"] is True
    assert "Simulated" in body["message"]["content"]
    assert body["eval_duration"] > 0


async def test_thinking_has_its_own_field_unless_switched_off(caller, simulator):
    loud = (await caller.ollama(simulator, "sim-think", stream=False)).json["message"]
    quiet = (await caller.ollama(simulator, "sim-think", stream=False, think=False)).json["message"]
    assert loud["thinking"]
    assert "thinking" not in quiet


async def test_a_tool_call_carries_its_arguments_as_an_object(caller, simulator):
    lines = (await caller.ollama(simulator, "sim-tools", tools=[TOOL])).lines
    calls = [call for line in lines for call in line["message"].get("tool_calls", ())]
    assert calls[0]["function"] == {"name": "weather", "arguments": {}}
    messages = [
        {"role": "user", "content": "weather?"},
        {"role": "assistant", "content": "", "tool_calls": calls},
        {"role": "tool", "tool_name": "weather", "content": "5 degrees"},
    ]
    second = (await caller.ollama(simulator, "sim-tools", tools=[TOOL], messages=messages, stream=False)).json
    assert "5 degrees" in second["message"]["content"]


async def test_json_fits_the_format(caller, simulator):
    schema = {"type": "object", "properties": {"colour": {"enum": ["red", "blue"]}}}
    body = (await caller.ollama(simulator, stream=False, format=schema)).json
    assert json.loads(body["message"]["content"]) == {"colour": "red"}


async def test_a_window_that_is_too_small_forgets_the_oldest_turns(caller):
    rules = (Rule("tango", Where.ANY, text="I remember"), Rule("", text="I forgot"))
    messages = [
        {"role": "user", "content": "the word is tango"},
        {"role": "assistant", "content": "fine " * 60},
        {"role": "user", "content": "which word?"},
    ]
    async with Simulator(Script(models={"m": ModelScript(rules=rules)})) as simulator:
        small = await caller.ollama(simulator, messages=messages, stream=False, options={"num_ctx": 40})
        large = await caller.ollama(simulator, messages=messages, stream=False, options={"num_ctx": 400})
    assert small.json["message"]["content"] == "I forgot"
    assert large.json["message"]["content"] == "I remember"


async def test_num_predict_cuts_the_answer(caller, simulator):
    body = (await caller.ollama(simulator, stream=False, options={"num_predict": 2})).json
    assert body["done_reason"] == "length"
    assert body["eval_count"] == 2


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"messages": [{"role": "developer", "content": "x"}]}, "invalid role"),
        ({"messages": [{"role": "user", "content": [{"type": "text"}]}]}, "cannot unmarshal array"),
        (
            {
                "messages": [
                    {"role": "assistant", "tool_calls": [{"function": {"name": "x", "arguments": "{}"}}]},
                ]
            },
            "cannot unmarshal string",
        ),
        ({"format": "yaml"}, "invalid format"),
    ],
)
async def test_a_wrong_request_is_refused_in_the_services_words(caller, simulator, body, words):
    reply = await caller.ollama(simulator, **body)
    assert reply.status == 400
    assert words in reply.json["error"]


async def test_models_are_listed_and_shown_with_what_they_can(caller):
    model = ModelScript(context=4096, lacks=("images",), reasoning="hm")
    async with Simulator(Script(models={"harbor:8b": model})) as simulator:
        base = simulator.url("p", DialectKind.OLLAMA)
        tags = (await caller.get(f"{base}/api/tags")).json
        shown = (await caller.post(f"{base}/api/show", {"model": "harbor:8b"})).json
    assert [model["name"] for model in tags["models"]] == ["harbor:8b"]
    assert shown["model_info"]["simulated.context_length"] == 4096
    assert shown["capabilities"] == ["completion", "tools", "thinking"]
