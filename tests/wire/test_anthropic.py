"""What is Anthropic's alone: blocks, thinking, answers by way of a tool, caches that are not part of the input."""

from __future__ import annotations

import json
from typing import Any

import pytest

from clawtui.engine.outcome import Usage, UsageSource
from clawtui.engine.request import Media, MediaKind, Tool, ToolCall, assistant, system, tool_result, user
from clawtui.engine.wire.anthropic import BUDGETS, DEFAULT_MAX_TOKENS, Anthropic
from clawtui.engine.wire.dialect import Call, FinishReason
from clawtui.engine.wire.turns import GO_ON
from tests.wire.conformance import Answer, AnthropicTranscripts, a_call, folded, read_stream, read_whole, sse

KIND = Anthropic().kind
WIRE = AnthropicTranscripts()
WEATHER = Tool("weather", "Tells it", {"type": "object", "properties": {"city": {"type": "string"}}})
SCHEMA = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
BOUNDED = {"type": "object", "properties": {"n": {"type": "integer", "minimum": 3}}, "required": ["n"]}
OPUS = "claude-opus-4-8"


def body_of(call: Call) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(Anthropic().encode(call).body or b"")
    return body


def read(*frames: bytes, call: Call | None = None) -> Answer:
    return read_stream(KIND, frames, call)


def a_tool_block(index: int, name: str, fragments: list[str], id: str | None = None) -> list[bytes]:
    block = {"type": "tool_use", "id": id or f"toolu_{index}", "name": name, "input": {}}
    return WIRE.block(index, block, [{"type": "input_json_delta", "partial_json": part} for part in fragments])


def test_the_address_takes_the_version_once():
    for base in ("https://api.anthropic.com", "https://api.anthropic.com/", "https://api.anthropic.com/v1"):
        outgoing = Anthropic().encode(a_call(base_url=base))
        assert outgoing.url == "https://api.anthropic.com/v1/messages"
        assert outgoing.headers["anthropic-version"] == "2023-06-01"


def test_a_configured_header_wins_over_the_dialects_own():
    headers = Anthropic().encode(a_call(headers={"Anthropic-Version": "2024-01-01"})).headers
    assert [value for name, value in headers.items() if name.lower() == "anthropic-version"] == ["2024-01-01"]


def test_system_text_is_lifted_and_neighbours_are_joined():
    body = body_of(
        a_call(system("one"), user("a"), system("two"), user("b"), assistant("c"), assistant("d"), user("e"))
    )
    assert body["system"] == "one\n\ntwo"
    assert [message["role"] for message in body["messages"]] == ["user", "assistant", "user"]
    assert [block["text"] for block in body["messages"][0]["content"]] == ["a", "b"]


def test_results_come_first_in_the_order_of_their_calls():
    calls = (ToolCall("x", "weather", '{"city": "Bern"}'), ToolCall("y", "weather", ""))
    body = body_of(a_call(user("?"), assistant("", *calls), user("and?"), tool_result("y", "2"), tool_result("x", "1")))
    uses, answers = body["messages"][1]["content"], body["messages"][2]["content"]
    assert [block["input"] for block in uses] == [{"city": "Bern"}, {}]
    assert [block["type"] for block in answers] == ["tool_result", "tool_result", "text"]
    assert [block["tool_use_id"] for block in answers[:2]] == ["x", "y"]
    # The calls' tool is named although none is offered any more, and none may be called.
    assert [tool["name"] for tool in body["tools"]] == ["weather"]
    assert body["tool_choice"] == {"type": "none"}


def test_a_result_may_hold_an_image():
    result = tool_result("x", "look")
    pixel = Media(MediaKind.IMAGE, b"\x00", "image/png")
    result = type(result)(result.role, (*result.parts, pixel), tool_call_id="x")
    body = body_of(a_call(user("?"), assistant("", ToolCall("x", "camera", "{}")), result))
    assert [block["type"] for block in body["messages"][2]["content"][0]["content"]] == ["text", "image"]


def test_the_limit_is_always_stated():
    assert body_of(a_call())["max_tokens"] == DEFAULT_MAX_TOKENS
    assert body_of(a_call(max_tokens=5))["max_tokens"] == 5
    assert body_of(a_call(max_tokens=5, dropped=frozenset(["max_tokens"])))["max_tokens"] == 5


@pytest.mark.parametrize(
    ("effort", "max_tokens", "sent_max", "budget"),
    [
        ("medium", None, DEFAULT_MAX_TOKENS + BUDGETS["medium"], BUDGETS["medium"]),
        ("high", 8192, 8192, 6144),  # three quarters
        ("low", 8192, 8192, BUDGETS["low"]),
        ("low", 1366, 1366, 1024),  # the least that leaves room for the service's minimum
    ],
)
def test_an_effort_becomes_a_budget_below_the_limit(effort, max_tokens, sent_max, budget):
    call = a_call(model="claude-sonnet-4-5-20250929", reasoning_effort=effort, max_tokens=max_tokens, temperature=0.3)
    body = body_of(call)
    assert body["thinking"] == {"type": "enabled", "budget_tokens": budget}
    assert body["max_tokens"] == sent_max
    assert budget < sent_max
    assert "temperature" not in body


@pytest.mark.parametrize("model", ["claude-opus-4-6", OPUS, "anthropic/claude-opus-4.7", "claude-sonnet-5", "claude-x"])
def test_from_4_6_on_the_model_is_told_an_effort_instead(model):
    body = body_of(a_call(model=model, reasoning_effort="minimal", max_tokens=100))
    assert body["thinking"]["type"] == "adaptive"
    assert body["output_config"] == {"effort": "low"}
    assert body["max_tokens"] == 100


@pytest.mark.parametrize("model", ["claude-3-haiku-20240307", "claude-sonnet-4-20250514", "claude-opus-4-1", "local"])
def test_older_and_unknown_models_get_budgets_and_sampling(model):
    assert body_of(a_call(model=model, reasoning_effort="low"))["thinking"]["type"] == "enabled"
    assert body_of(a_call(model=model, temperature=1.7, top_p=0.5))["temperature"] == 1.0


def test_models_that_take_no_sampling_are_sent_none_and_it_is_noted():
    call = a_call(model=OPUS, temperature=0.3, top_p=0.9)
    assert not {"temperature", "top_p"} & set(body_of(call))
    assert any("temperature" in note for note in read(WIRE.start(), call=call).notes)


@pytest.mark.parametrize(
    "call",
    [
        a_call(reasoning_effort="low", schema=SCHEMA),
        a_call(reasoning_effort="low", tools=(WEATHER,), tool_choice="required"),
        a_call(user("?"), assistant("So"), reasoning_effort="low", prefill=True),
        a_call(user("?"), assistant("", ToolCall("x", "weather", "{}")), tool_result("x", "1"), reasoning_effort="low"),
        a_call(reasoning_effort="low", max_tokens=1_365),
    ],
    ids=["schema", "forced tool", "prefill", "after tool results", "no room"],
)
def test_thinking_that_would_be_refused_is_left_out_and_noted(call):
    assert "thinking" not in body_of(call)
    assert any("effort" in note for note in read(WIRE.start(), call=call).notes)


@pytest.mark.parametrize("dropped", ["thinking", "thinking.enabled.budget_tokens", "reasoning_effort"])
def test_thinking_that_this_route_refuses_is_dropped_under_any_of_its_names(dropped):
    body = body_of(a_call(reasoning_effort="low", dropped=frozenset([dropped]), temperature=0.5))
    assert "thinking" not in body
    assert body["temperature"] == 0.5
    assert body["max_tokens"] == DEFAULT_MAX_TOKENS


def test_an_assistant_message_stays_last_only_where_that_is_a_prefill():
    talk = (user("a"), assistant("b "))
    assert body_of(a_call(*talk, prefill=True))["messages"][-1] == {"role": "assistant", "content": "b"}
    assert body_of(a_call(*talk))["messages"][-1] == {"role": "user", "content": GO_ON}


# ---- an answer that must be JSON


def test_a_schema_is_a_forced_tool_whose_input_is_the_answer():
    call = a_call(schema=SCHEMA, schema_name="my verdict")
    body = body_of(call)
    assert body["tools"][0]["input_schema"] == SCHEMA
    assert body["tool_choice"] == {"type": "tool", "name": "my_verdict"}
    answer = read(
        WIRE.start(), *a_tool_block(0, "my_verdict", ["", '{"n"', ": 4}"]), *WIRE.ended("tool_use"), call=call
    )
    assert answer.text == '{"n": 4}'
    assert not answer.tools
    assert answer.finish is FinishReason.STOP
    block = {"type": "tool_use", "id": "t", "name": "my_verdict", "input": {"n": 4}}
    assert json.loads(read_whole(KIND, WIRE.whole([block], "tool_use"), call).text) == {"n": 4}


def test_beside_other_tools_any_may_be_called_first():
    call = a_call(schema=SCHEMA, tools=(WEATHER, Tool("answer")))
    body = body_of(call)
    assert [tool["name"] for tool in body["tools"]] == ["weather", "answer", "answer_"]
    assert body["tool_choice"] == {"type": "any"}
    answer = read(WIRE.start(), *a_tool_block(0, "weather", ['{"city": "Bern"}']), *WIRE.ended("tool_use"), call=call)
    assert answer.called == [("weather", {"city": "Bern"})]
    assert answer.finish is FinishReason.TOOL_CALLS


def test_a_value_that_is_no_object_is_wrapped_and_unwrapped():
    call = a_call(schema={"type": "array", "items": {"$ref": "#/$defs/N"}, "$defs": {"N": {"type": "integer"}}})
    sent = body_of(call)["tools"][0]["input_schema"]
    assert sent["properties"]["value"] == {"type": "array", "items": {"$ref": "#/$defs/N"}}
    assert sent["$defs"] == {"N": {"type": "integer"}}
    answer = read(
        WIRE.start(), *a_tool_block(0, "answer", ['{"value": [1,', " 2]}"]), *WIRE.ended("tool_use"), call=call
    )
    assert json.loads(answer.text) == [1, 2]


def test_from_4_6_on_a_schema_is_asked_for_without_a_tool():
    call = a_call(model=OPUS, schema=BOUNDED, reasoning_effort="high")
    body = body_of(call)
    sent = body["output_config"]["format"]["schema"]
    assert sent["additionalProperties"] is False
    assert sent["properties"]["n"] == {"type": "integer", "description": "minimum: 3"}
    assert body["output_config"]["effort"] == "high"
    assert "tools" not in body


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object", "additionalProperties": {"type": "integer"}},
        {"type": "object", "properties": {"child": {"$ref": "#"}}},
        {"type": "array", "items": {"type": "string"}},
    ],
    ids=["a map", "a tree", "no object"],
)
def test_a_schema_that_cannot_be_closed_stays_a_tool(schema):
    body = body_of(a_call(model=OPUS, schema=schema))
    assert body["tool_choice"]["type"] == "tool"
    assert "output_config" not in body


@pytest.mark.parametrize(
    ("wanted", "parallel", "sent"),
    [
        (None, None, None),
        (None, False, {"type": "auto", "disable_parallel_tool_use": True}),
        ("auto", None, {"type": "auto"}),
        ("none", None, {"type": "none"}),
        ("required", False, {"type": "any", "disable_parallel_tool_use": True}),
        ("weather", None, {"type": "tool", "name": "weather"}),
    ],
)
def test_tool_choices_are_put_into_the_services_words(wanted, parallel, sent):
    call = a_call(tools=(WEATHER,), tool_choice=wanted, parallel_tools=parallel)
    assert body_of(call).get("tool_choice") == sent


# ---- what comes back


def test_blocks_that_interleave_are_kept_apart():
    def fragment(index: int, part: str) -> bytes:
        delta = {"type": "input_json_delta", "partial_json": part}
        return WIRE.event("content_block_delta", index=index, delta=delta)

    def start(index: int) -> bytes:
        block = {"type": "tool_use", "id": f"t{index}", "name": "weather", "input": {}}
        return WIRE.event("content_block_start", index=index, content_block=block)

    answer = read(
        WIRE.start(),
        start(0),
        start(1),
        fragment(0, '{"city"'),
        fragment(1, '{"city": "Bas'),
        fragment(0, ': "Bern"}'),
        fragment(1, 'el"}'),
        WIRE.event("content_block_stop", index=1),
        *WIRE.ended("tool_use"),  # block 0 was never stopped
    )
    assert {piece.id: piece.arguments for piece in answer.tools} == {
        "t0": '{"city": "Bern"}',
        "t1": '{"city": "Basel"}',
    }


def test_input_that_comes_with_the_start_of_its_block_is_taken():
    block = {"type": "tool_use", "id": "t", "name": "weather", "input": {"city": "Bern"}}
    answer = read(WIRE.start(), *WIRE.block(0, block, []), *WIRE.ended("tool_use"))
    assert answer.called == [("weather", {"city": "Bern"})]


def test_a_call_that_the_limit_cut_off_is_not_made():
    frames = [*a_tool_block(0, "weather", ['{"city": "Bern"}']), *a_tool_block(1, "weather", ['{"city": "Ba'])]
    answer = read(WIRE.start(), *frames, *WIRE.ended("max_tokens"))
    assert answer.called == [("weather", {"city": "Bern"})]
    assert answer.finish is FinishReason.LENGTH
    assert any("cut off" in note for note in answer.notes)


def test_arguments_that_are_no_json_are_handed_on_as_they_came():
    answer = read(WIRE.start(), *a_tool_block(0, "weather", ["city=Bern"]), *WIRE.ended("tool_use"))
    assert [piece.arguments for piece in answer.tools] == ["city=Bern"]


def test_caches_are_added_to_the_input():
    usage = {"input_tokens": 10, "cache_read_input_tokens": 100, "cache_creation_input_tokens": 7, "output_tokens": 3}
    answer = read_whole(KIND, WIRE.whole([], "end_turn") | {"usage": usage})
    assert answer.usage == Usage(117, 3, 100, 7, 0, UsageSource.REPORTED)


@pytest.mark.parametrize("first", [{"input_tokens": 0, "output_tokens": 0}, {"input_tokens": 9, "output_tokens": 1}])
def test_counters_may_come_at_either_end(first):
    last = {"input_tokens": 9 if first["input_tokens"] == 0 else 0, "output_tokens": 4}
    start = WIRE.event("message_start", message={"model": "m", "usage": first})
    end = WIRE.event("message_delta", delta={"stop_reason": "end_turn"}, usage=last)
    usage = read(start, end).usage
    assert usage is not None
    assert (usage.input_tokens, usage.output_tokens) == (9, 4)


def test_usage_after_the_finish_is_drained():
    late = WIRE.event("message_delta", delta={}, usage={"output_tokens": 77})
    answer = read(WIRE.start(), *WIRE.text(0, ["a"]), WIRE.ended("end_turn")[0], late, WIRE.event("message_stop"))
    assert answer.usage is not None
    assert answer.usage.output_tokens == 77
    assert answer.finish is FinishReason.STOP


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ("end_turn", FinishReason.STOP),
        ("stop_sequence", FinishReason.STOP),
        ("max_tokens", FinishReason.LENGTH),
        ("model_context_window_exceeded", FinishReason.LENGTH),
        ("refusal", FinishReason.CONTENT_FILTER),
        ("pause_turn", FinishReason.OTHER),
        ("something_new", FinishReason.OTHER),
    ],
)
def test_stop_reasons(raw, reason):
    answer = read(WIRE.start(), *WIRE.text(0, ["a"]), *WIRE.ended(raw))
    assert (answer.finish, answer.raw) == (reason, raw)
    assert answer.complete


def test_a_refusal_says_what_for():
    details = {"type": "refusal", "category": "cyber", "explanation": "not this"}
    assert read(WIRE.start(), *WIRE.ended("refusal", stop_details=details)).detail == "cyber: not this"


def test_an_error_event_ends_the_stream_as_an_error():
    error = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
    answer = read(WIRE.start(), *WIRE.text(0, ["Hel"]), sse(error, "error"))
    assert [(one.code, one.type, one.message) for one in answer.errors] == [
        ("overloaded_error", "overloaded_error", "Overloaded")
    ]
    assert not answer.complete


def test_an_error_after_a_complete_answer_takes_nothing_back():
    error = {"type": "error", "error": {"type": "api_error", "message": "late"}}
    answer = read(WIRE.start(), *WIRE.text(0, ["a"]), *WIRE.ended("end_turn"), sse(error, "error"))
    assert not answer.errors
    assert answer.complete
    assert any("late" in note for note in answer.notes)


@pytest.mark.parametrize(
    ("message", "parameter"),
    [
        ("`temperature` is deprecated for this model.", "temperature"),
        ("thinking.enabled.budget_tokens: Input should be greater than or equal to 1024", "thinking"),
        ('"thinking.type.enabled" is not supported for this model. Use "thinking.type.adaptive"', "thinking"),
        ("max_tokens: 9000 > 8192, which is the maximum allowed", "max_tokens"),
        ("messages: at least one message is required", None),
        ("invalid x-api-key", None),
    ],
)
def test_an_error_names_the_parameter_that_is_refused(message, parameter):
    body = {"type": "error", "error": {"type": "invalid_request_error", "message": message}, "request_id": "r"}
    error = Anthropic().read_error(400, json.dumps(body).encode())
    assert (error.code, error.parameter, error.message) == ("invalid_request_error", parameter, message)


def test_a_stream_without_event_names_is_read_by_its_types():
    frames = [WIRE.start(), *WIRE.text(0, ["a", "b"]), *WIRE.ended("end_turn")]
    bare = [b"data:" + frame.partition(b"data:")[2] for frame in frames]
    assert read(*bare) == read(*frames)


def test_what_it_cannot_say():
    speaks = Anthropic().inexpressible
    sound = Media(MediaKind.AUDIO, b"", "audio/wav")
    assert "audio" in (speaks(a_call(user("hear", sound)).request) or "")
    assert "image/tiff" in (speaks(a_call(user("see", Media(MediaKind.IMAGE, b"", "image/tiff"))).request) or "")
    assert speaks(a_call(user("see", Media(MediaKind.IMAGE, b"", "image/webp"))).request) is None


def test_reading_text_makes_one_piece_a_chunk():
    reader = Anthropic().reader(a_call())
    data = json.dumps({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "a"}})
    assert folded(reader.feed("content_block_delta", data), False).text == "a"


@pytest.mark.parametrize("max_tokens", [1, 500, 1024, 1365, 1366, 4000, 100_000])
@pytest.mark.parametrize("effort", sorted(BUDGETS))
def test_no_effort_raises_the_limit_that_was_reserved_for(effort, max_tokens):
    body = body_of(a_call(model="claude-3-7-sonnet-x", reasoning_effort=effort, max_tokens=max_tokens))
    assert body["max_tokens"] == max_tokens
    if "thinking" in body:
        assert 1024 <= body["thinking"]["budget_tokens"] < max_tokens
