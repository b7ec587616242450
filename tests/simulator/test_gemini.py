"""Gemini's generateContent, over the wire."""

import json

import pytest

from clawtui.simulator import DialectKind, Finish, ModelScript, Script, Simulator

DECLARED = {"name": "weather", "parameters": {"type": "OBJECT", "properties": {"city": {"type": "STRING"}}}}
TOOLS = [{"functionDeclarations": [DECLARED]}]


async def test_a_whole_answer_has_the_shape_of_the_real_service(caller, simulator):
    body = (await caller.gemini(simulator, "nimbus", systemInstruction={"parts": [{"text": "be brief"}]})).json
    candidate = body["candidates"][0]
    assert candidate["content"]["role"] == "model"
    assert "Simulated answer from nimbus" in candidate["content"]["parts"][0]["text"]
    assert candidate["finishReason"] == "STOP"
    assert body["usageMetadata"]["totalTokenCount"] > 0
    assert body["modelVersion"] == "nimbus"
    assert simulator.requests[-1].roles == ("system", "user")


async def test_both_kinds_of_stream_carry_the_same_text(caller, simulator):
    whole = (await caller.gemini(simulator)).json["candidates"][0]["content"]["parts"][0]["text"]
    sse = (await caller.gemini(simulator, verb="streamGenerateContent?alt=sse")).events
    array = (await caller.gemini(simulator, verb="streamGenerateContent")).json
    for events in (sse, array):
        parts = [part for event in events for part in event["candidates"][0]["content"]["parts"]]
        assert "".join(part["text"] for part in parts) == whole
        assert events[-1]["candidates"][0]["finishReason"] == "STOP"
        assert events[-1]["usageMetadata"]["candidatesTokenCount"] > 0
        assert len(events) > 5


async def test_thoughts_are_marked_counted_apart_and_come_only_when_asked_for(caller, simulator):
    asked = {"generationConfig": {"thinkingConfig": {"includeThoughts": True}}}
    loud = (await caller.gemini(simulator, "sim-think", **asked)).json
    quiet = (await caller.gemini(simulator, "sim-think")).json
    assert loud["candidates"][0]["content"]["parts"][0]["thought"] is True
    usage = loud["usageMetadata"]
    assert usage["totalTokenCount"] == sum(
        usage[name] for name in ("promptTokenCount", "candidatesTokenCount", "thoughtsTokenCount")
    )
    assert len(quiet["candidates"][0]["content"]["parts"]) == 1


async def test_a_function_call_and_its_response_make_a_round_trip(caller, simulator):
    first = (await caller.gemini(simulator, "sim-tools", tools=TOOLS)).json["candidates"][0]["content"]
    call = first["parts"][0]["functionCall"]
    assert call["name"] == "weather"
    assert isinstance(call["args"]["city"], str)
    contents = [
        {"role": "user", "parts": [{"text": "weather?"}]},
        first,
        {"role": "user", "parts": [{"functionResponse": {"name": "weather", "response": {"result": "9 degrees"}}}]},
    ]
    second = (await caller.gemini(simulator, "sim-tools", tools=TOOLS, contents=contents)).json
    assert "9 degrees" in second["candidates"][0]["content"]["parts"][0]["text"]


async def test_json_fits_either_kind_of_schema(caller, simulator):
    for name, schema in (
        ("responseSchema", {"type": "OBJECT", "properties": {"n": {"type": "INTEGER"}}}),
        (
            "responseJsonSchema",
            {"type": "object", "properties": {"n": {"type": "integer"}}, "additionalProperties": False},
        ),
    ):
        config = {"responseMimeType": "application/json", name: schema}
        reply = await caller.gemini(simulator, generationConfig=config)
        assert json.loads(reply.json["candidates"][0]["content"]["parts"][0]["text"]) == {"n": 1}


async def test_max_output_tokens_cuts_the_answer(caller, simulator):
    reply = await caller.gemini(simulator, generationConfig={"maxOutputTokens": 3})
    assert reply.json["candidates"][0]["finishReason"] == "MAX_TOKENS"


async def test_a_blocked_prompt_has_no_candidates(caller):
    async with Simulator(Script(models={"m": ModelScript(text="", finish=Finish.FILTER)})) as simulator:
        body = (await caller.gemini(simulator)).json
    assert body["promptFeedback"]["blockReason"] == "SAFETY"
    assert "candidates" not in body


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"contents": []}, "contents is not specified"),
        ({"messages": []}, 'Unknown name "messages"'),
        ({"contents": [{"role": "assistant", "parts": [{"text": "x"}]}]}, "valid role"),
        ({"contents": [{"role": "user", "parts": []}]}, "at least one parts field"),
        (
            {"tools": [{"functionDeclarations": [{"name": "x", "parameters": {"additionalProperties": False}}]}]},
            'Unknown name "additionalProperties"',
        ),
        ({"generationConfig": {"responseSchema": {"type": "OBJECT"}}}, "mime type"),
        (
            {"contents": [{"role": "user", "parts": [{"functionResponse": {"name": "x", "response": {"a": 1}}}]}]},
            "equal to the number of function call parts",
        ),
    ],
)
async def test_a_wrong_request_is_refused_in_the_services_words(caller, simulator, body, words):
    reply = await caller.gemini(simulator, **body)
    assert reply.status == 400
    assert reply.json["error"]["status"] == "INVALID_ARGUMENT"
    assert words in reply.json["error"]["message"]


async def test_too_long_a_prompt_names_both_numbers(caller, simulator):
    error = (await caller.gemini(simulator, "sim-context-20", "word " * 100)).json["error"]
    assert "(105) exceeds the maximum number of tokens allowed (20)" in error["message"]


async def test_images_and_sounds_are_counted_apart(caller, simulator):
    parts = [{"inlineData": {"mimeType": kind, "data": "AAAA"}} for kind in ("image/png", "audio/wav")]
    await caller.gemini(simulator, contents=[{"role": "user", "parts": parts}])
    assert (simulator.requests[-1].images, simulator.requests[-1].sounds) == (1, 1)


async def test_models_are_listed_with_their_limits(caller):
    async with Simulator(Script(models={"m": ModelScript(context=8192)})) as simulator:
        listed = (await caller.get(f"{simulator.url('p', DialectKind.GEMINI)}/models")).json["models"]
    assert listed[0]["name"] == "models/m"
    assert listed[0]["inputTokenLimit"] == 8192
