"""OpenAI's chat completions, over the wire."""

import json

import pytest

from clawtui.simulator import Finish, ModelScript, Script, ScriptedCall, Simulator

TOOL = {
    "type": "function",
    "function": {
        "name": "weather",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}, "days": {"type": "integer", "minimum": 2}},
            "required": ["city"],
        },
    },
}


async def test_a_whole_answer_has_the_shape_of_the_real_service(caller, simulator):
    reply = await caller.openai(simulator, "some-model", "good day")
    body = reply.json
    assert reply.status == 200
    assert body["object"] == "chat.completion"
    assert body["id"].startswith("chatcmpl-")
    assert body["model"] == "some-model"
    choice = body["choices"][0]
    assert choice["finish_reason"] == "stop"
    assert choice["message"]["role"] == "assistant"
    assert "Simulated answer from some-model" in choice["message"]["content"]
    usage = body["usage"]
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]


async def test_a_stream_carries_the_same_text_in_many_chunks_and_ends_with_done(caller, simulator):
    whole = (await caller.openai(simulator)).json["choices"][0]["message"]["content"]
    reply = await caller.openai(simulator, stream=True)
    events = reply.events
    assert reply.headers["content-type"].startswith("text/event-stream")
    assert reply.openai_text == whole
    assert events[0]["choices"][0]["delta"]["role"] == "assistant"
    assert events[-2]["choices"][0]["finish_reason"] == "stop"
    assert events[-1] == "[DONE]"
    assert len(events) > 10
    assert len({event["id"] for event in events[:-1]}) == 1


async def test_usage_comes_in_a_chunk_without_choices_and_only_when_asked_for(caller, simulator):
    silent = (await caller.openai(simulator, stream=True)).events
    asked = (await caller.openai(simulator, stream=True, stream_options={"include_usage": True})).events
    assert all("usage" not in event for event in silent[:-1])
    assert asked[-2]["choices"] == []
    assert asked[-2]["usage"]["completion_tokens"] > 0
    assert all(event["usage"] is None for event in asked[:-2])


async def test_text_that_holds_unicode_line_ends_goes_out_unescaped(caller):
    said = "one\u2028two\u0085three 日本語 🦀 שלום"
    async with Simulator(Script(models={"m": ModelScript(text=said)})) as simulator:
        reply = await caller.openai(simulator, stream=True)
    assert reply.openai_text == said
    assert "\u2028".encode() in reply.data


async def test_torn_frames_are_cut_inside_characters_and_still_whole(caller):
    said = "日本語のテスト 🦀🦀🦀"
    async with Simulator(Script(models={"m": ModelScript(text=said, torn=True)})) as simulator:
        assert (await caller.openai(simulator, stream=True)).openai_text == said


async def test_a_tool_call_fits_the_offered_schema_and_its_result_is_used(caller, simulator):
    first = (await caller.openai(simulator, "sim-tools", tools=[TOOL])).json["choices"][0]
    assert first["finish_reason"] == "tool_calls"
    call = first["message"]["tool_calls"][0]
    assert call["function"]["name"] == "weather"
    arguments = json.loads(call["function"]["arguments"])
    assert arguments["days"] >= 2
    history = [
        {"role": "user", "content": "weather?"},
        first["message"],
        {"role": "tool", "tool_call_id": call["id"], "content": "21 degrees"},
    ]
    second = (await caller.openai(simulator, "sim-tools", tools=[TOOL], messages=history)).json["choices"][0]
    assert second["finish_reason"] == "stop"
    assert "21 degrees" in second["message"]["content"]


async def test_a_streamed_tool_call_comes_in_fragments_under_its_index(caller):
    calls = (ScriptedCall("weather", {"city": "Oslo"}), ScriptedCall("weather", {"city": "Bergen"}))
    async with Simulator(Script(models={"m": ModelScript(text="", tool_calls=calls)})) as simulator:
        events = (await caller.openai(simulator, stream=True, tools=[TOOL])).events
        single = (await caller.openai(simulator, tools=[TOOL], parallel_tool_calls=False)).json
    arguments, names = {}, {}
    for event in events[:-1]:
        for part in event["choices"][0]["delta"].get("tool_calls", ()):
            names.setdefault(part["index"], part["function"].get("name"))
            arguments[part["index"]] = arguments.get(part["index"], "") + part["function"]["arguments"]
    assert [json.loads(text)["city"] for text in arguments.values()] == ["Oslo", "Bergen"]
    assert set(names.values()) == {"weather"}
    assert len(single["choices"][0]["message"]["tool_calls"]) == 1


@pytest.mark.parametrize(
    ("choice", "called"), [("none", False), ("required", True), ({"type": "function", "function": {"name": "b"}}, True)]
)
async def test_the_tool_choice_is_obeyed(caller, simulator, choice, called):
    tools = [{"type": "function", "function": {"name": name}} for name in ("a", "b")]
    message = (await caller.openai(simulator, tools=tools, tool_choice=choice)).json["choices"][0]["message"]
    assert ("tool_calls" in message) == called
    if isinstance(choice, dict):
        assert message["tool_calls"][0]["function"]["name"] == "b"


async def test_json_is_made_to_fit_the_schema_asked_for(caller, simulator):
    schema = {"type": "object", "properties": {"n": {"type": "integer", "minimum": 7}}, "required": ["n"]}
    asked = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}
    reply = await caller.openai(simulator, response_format=asked)
    assert json.loads(reply.json["choices"][0]["message"]["content"]) == {"n": 7}


async def test_max_tokens_cuts_the_answer_and_says_length(caller, simulator):
    body = (await caller.openai(simulator, "sim-words-50", max_completion_tokens=5)).json
    assert body["choices"][0]["finish_reason"] == "length"
    assert body["choices"][0]["message"]["content"] == "this is a simulated"  # `simulated` is two tokens
    assert body["usage"]["completion_tokens"] == 5


async def test_a_stop_word_ends_the_answer_before_it(caller):
    async with Simulator(Script(models={"m": ModelScript(text="one two END three")})) as simulator:
        body = (await caller.openai(simulator, stop=["END"])).json
    assert body["choices"][0]["message"]["content"] == "one two "


async def test_reasoning_has_its_own_field_and_count_and_can_be_switched_off(caller):
    model = ModelScript(text="four", reasoning="two and two", reasoning_field="reasoning")
    async with Simulator(Script(models={"m": model})) as simulator:
        body = (await caller.openai(simulator)).json
        off = (await caller.openai(simulator, reasoning_effort="none")).json
        streamed = (await caller.openai(simulator, stream=True)).events
    assert body["choices"][0]["message"]["reasoning"] == "two and two"
    assert body["usage"]["completion_tokens_details"]["reasoning_tokens"] == 3
    assert "reasoning" not in off["choices"][0]["message"]
    parts = [event["choices"][0]["delta"].get("reasoning", "") for event in streamed[:-1]]
    assert "".join(parts) == "two and two"


async def test_a_filtered_answer_says_so(caller):
    async with Simulator(Script(models={"m": ModelScript(text="", finish=Finish.FILTER)})) as simulator:
        assert (await caller.openai(simulator)).json["choices"][0]["finish_reason"] == "content_filter"


async def test_images_are_taken_and_counted(caller, simulator):
    parts = [
        {"type": "text", "text": "what is this?"},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}},
    ]
    reply = await caller.openai(simulator, messages=[{"role": "user", "content": parts}])
    assert reply.json["usage"]["prompt_tokens"] > 256
    assert simulator.requests[-1].images == 1


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"messages": []}, "empty array"),
        ({"messages": None}, "Missing required parameter"),
        ({"messages": [{"role": "wizard", "content": "x"}]}, "Invalid value: 'wizard'"),
        ({"messages": [{"role": "tool", "tool_call_id": "x", "content": "y"}]}, "must be a response"),
        ({"messages": "hello"}, "expected an array"),
        ({"stream_options": {"include_usage": True}}, "only allowed when 'stream'"),
        ({"max_tokens": 0}, "below minimum"),
        ({"tool_choice": "perhaps"}, "Supported values"),
    ],
)
async def test_a_wrong_request_is_refused_in_the_services_words(caller, simulator, body, words):
    reply = await caller.openai(simulator, **body)
    assert reply.status == 400
    assert words in reply.json["error"]["message"]
    assert reply.json["error"]["type"] == "invalid_request_error"


async def test_a_body_that_is_no_json_is_a_bad_request(caller, simulator):
    for body in (b"{", b"[" * 100_000, b"\xff\xfe"):
        reply = await caller.post(f"{simulator.url('p')}/chat/completions", body)
        assert reply.status == 400


async def test_limits_of_the_model_are_told_as_the_service_tells_them(caller):
    model = ModelScript(context=50, max_output=10, unsupported=("max_tokens",), lacks=("tools",))
    async with Simulator(Script(models={"m": model})) as simulator:
        long = (await caller.openai(simulator, said="word " * 100)).json["error"]
        greedy = (await caller.openai(simulator, max_completion_tokens=11)).json["error"]
        old = (await caller.openai(simulator, max_tokens=5)).json["error"]
        tooled = await caller.openai(simulator, tools=[TOOL])
    assert long["code"] == "context_length_exceeded"
    assert "maximum context length is 50 tokens" in long["message"]
    assert "supports at most 10 completion tokens" in greedy["message"]
    assert old["code"] == "unsupported_parameter"
    assert "Use 'max_completion_tokens' instead" in old["message"]
    assert tooled.status == 400


async def test_models_are_listed_and_described(caller):
    async with Simulator(Script(models={"a": ModelScript(), "p/b": ModelScript()})) as simulator:
        listed = (await caller.get(f"{simulator.url('p')}/models")).json
        one = (await caller.get(f"{simulator.url('p')}/models/a")).json
    assert listed["object"] == "list"
    assert [model["id"] for model in listed["data"]] == ["a", "b"]
    assert one["id"] == "a"


async def test_a_path_that_no_provider_has_is_a_bare_404(caller, simulator):
    reply = await caller.post(f"{simulator.base_url}/p/chat/completions", {})
    assert reply.status == 404
    assert b"error" not in reply.data
