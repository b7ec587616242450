"""OpenAI's chat completions beyond what every dialect shares: names of parameters, server habits, error shapes."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from clawtui.config.schema import ProviderKind
from clawtui.engine.outcome import Usage, UsageSource
from clawtui.engine.request import (
    Media,
    MediaKind,
    Message,
    Role,
    Text,
    Tool,
    ToolCall,
    assistant,
    system,
    tool_result,
    user,
)
from clawtui.engine.wire.dialect import Call, FinishReason, ListedModel, WireError
from clawtui.engine.wire.openai import OpenAI
from tests.wire.conformance import Answer, a_call, read_stream, read_whole, sse

OURS = "https://api.openai.com/v1"
AZURE = "https://team.openai.azure.com/openai/v1"
OTHER = "https://openrouter.example/api/v1"
WEATHER = Tool("weather", "Tells it", {"type": "object", "properties": {"city": {"type": "string"}}})


def body(call: Call) -> dict[str, Any]:
    document = json.loads(OpenAI().encode(call).body or b"")
    assert isinstance(document, dict)
    return document


def chunk(delta: Any, finish: str | None = None, **more: Any) -> bytes:
    return sse({"id": "c", "model": "m", "choices": [{"index": 0, "delta": delta, "finish_reason": finish}], **more})


def streamed(*chunks: bytes, call: Call | None = None) -> Answer:
    return read_stream(ProviderKind.OPENAI, chunks, call)


def fragment(index: int | None = None, id: str | None = None, name: str | None = None, arguments: Any = None) -> bytes:
    function = {key: value for key, value in (("name", name), ("arguments", arguments)) if value is not None}
    call = {key: value for key, value in (("index", index), ("id", id)) if value is not None}
    return chunk({"tool_calls": [{**call, "type": "function", "function": function}]})


# ---- what goes out


@pytest.mark.parametrize(
    ("base", "dropped", "said"),
    [
        (OURS, (), "max_completion_tokens"),
        ("https://eu.api.openai.com/v1", (), "max_completion_tokens"),
        (AZURE, (), "max_completion_tokens"),
        (OTHER, (), "max_tokens"),
        ("http://127.0.0.1:8000/v1", (), "max_tokens"),
        (OURS, ("max_completion_tokens",), "max_tokens"),
        (OTHER, ("max_tokens",), "max_completion_tokens"),
        (OTHER, ("max_tokens", "max_completion_tokens"), None),
    ],
)
def test_the_limit_has_the_name_that_the_server_knows(base: str, dropped: tuple[str, ...], said: str | None) -> None:
    sent = body(a_call(base_url=base, max_tokens=50, dropped=frozenset(dropped)))
    names = [name for name in ("max_tokens", "max_completion_tokens") if name in sent]
    assert names == ([said] if said else [])
    assert all(sent[name] == 50 for name in names)


@pytest.mark.parametrize(
    ("base", "model", "role"),
    [
        (OURS, "o3-mini", "developer"),
        (OURS, "gpt-5.1", "developer"),
        (OURS, "gpt-4o", "system"),
        (OTHER, "openai/gpt-5.1", "system"),
        ("http://127.0.0.1:8000/v1", "o3", "system"),
    ],
)
def test_only_openais_own_reasoning_models_get_a_developer_and_no_temperature(base: str, model: str, role: str) -> None:
    sent = body(a_call(system("be brief"), user("x"), base_url=base, model=model, temperature=0.5))
    assert sent["messages"][0]["role"] == role
    assert ("temperature" in sent) == (role == "system")


@pytest.mark.parametrize(
    ("wishes", "asked"),
    [
        ({}, {"include_usage": True}),
        ({"stream_usage": False}, None),
        ({"dropped": frozenset(["stream_options"])}, None),
        ({"dropped": frozenset(["stream_options.include_usage"])}, None),
        ({"stream": False}, None),
    ],
)
def test_usage_is_asked_for_in_streams_unless_that_is_refused(wishes: dict[str, Any], asked: Any) -> None:
    assert body(a_call(**wishes)).get("stream_options") == asked


CLOSED = {
    "type": "object",
    "properties": {"a": {"type": "string"}, "b": {"type": "array", "items": {"type": "integer"}}},
    "required": ["b", "a"],
    "additionalProperties": False,
}


@pytest.mark.parametrize(
    ("schema", "strict"),
    [
        (CLOSED, True),
        ({**CLOSED, "required": ["a"]}, False),
        ({**CLOSED, "additionalProperties": True}, False),
        ({"type": "object", "properties": {"inner": {"type": "object"}}}, False),
    ],
)
def test_a_schema_is_strict_only_where_it_may_be(schema: dict[str, Any], strict: bool) -> None:
    sent = body(a_call(schema=schema, schema_name="verdict"))["response_format"]
    assert sent == {"type": "json_schema", "json_schema": {"name": "verdict", "schema": schema, "strict": strict}}
    assert "response_format" not in body(a_call(schema=schema, dropped=frozenset(["schema"])))


def test_tools_results_and_wishes_are_written_as_the_wire_has_them() -> None:
    call = a_call(
        user("weather?"),
        assistant("", ToolCall("a", "weather", '{"city": "Bern"}'), ToolCall("b", "weather", "")),
        tool_result("a", "sun"),
        tools=(WEATHER,),
        tool_choice="weather",
        parallel_tools=False,
        reasoning_effort="low",
        seed=7,
        stop=("END",),
    )
    sent = body(call)
    asked, result = sent["messages"][1:]
    assert [(each["id"], each["function"]["arguments"]) for each in asked["tool_calls"]] == [
        ("a", '{"city": "Bern"}'),
        ("b", "{}"),
    ]
    assert asked["content"] is None
    assert result == {"role": "tool", "tool_call_id": "a", "content": "sun"}
    assert sent["tools"][0]["function"]["name"] == "weather"
    assert sent["tool_choice"] == {"type": "function", "function": {"name": "weather"}}
    assert (sent["parallel_tool_calls"], sent["reasoning_effort"], sent["seed"], sent["stop"]) == (
        False,
        "low",
        7,
        ["END"],
    )
    assert "parallel_tool_calls" not in body(
        a_call(tools=(WEATHER,), parallel_tools=True, dropped=frozenset(["parallel_tools"]))
    )
    assert not {"tool_choice", "parallel_tool_calls"} & body(a_call(tool_choice="auto", parallel_tools=True)).keys()


def test_pictures_and_sounds_travel_inside_the_message() -> None:
    picture = Media(MediaKind.IMAGE, b"\x89PNG", "image/png")
    sound = Media(MediaKind.AUDIO, b"RIFF", "audio/wav")
    parts = body(a_call(user("what is this", picture, sound)))["messages"][0]["content"]
    assert parts == [
        {"type": "text", "text": "what is this"},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64," + base64.b64encode(b"\x89PNG").decode()}},
        {"type": "input_audio", "input_audio": {"data": base64.b64encode(b"RIFF").decode(), "format": "wav"}},
    ]
    assert OpenAI().inexpressible(a_call(user("x", picture, sound)).request) is None
    flac = Media(MediaKind.AUDIO, b"fLaC", "audio/flac")
    assert "audio/flac" in (OpenAI().inexpressible(a_call(user("x", flac)).request) or "")


def test_azure_takes_its_key_in_a_header_of_its_own() -> None:
    assert "api-key" in OpenAI().encode(a_call(base_url=AZURE)).headers
    assert OpenAI().encode(a_call(base_url=OTHER)).headers["Authorization"].startswith("Bearer ")


# ---- what comes back


@pytest.mark.parametrize("name", ["reasoning_content", "reasoning"])
def test_reasoning_is_read_under_either_name(name: str) -> None:
    answer = streamed(
        chunk({"role": "assistant", name: "Hm. ", "content": None}), chunk({"content": "Yes"}), chunk({}, "stop")
    )
    assert (answer.reasoning, answer.text) == ("Hm. ", "Yes")


def test_both_names_at_once_are_one_thought() -> None:
    assert streamed(chunk({"reasoning_content": "a", "reasoning": "a"}), chunk({}, "stop")).reasoning == "a"


def test_fragments_of_interleaved_calls_are_joined_although_names_repeat() -> None:
    answer = streamed(
        fragment(0, "a", "weather", '{"city'),
        fragment(1, "b", "weather", ""),
        fragment(0, None, "weather", '": "Bern"}'),
        fragment(1, None, "weather", '{"city": "Basel"}'),
        chunk({}, "tool_calls"),
    )
    assert answer.called == [("weather", {"city": "Bern"}), ("weather", {"city": "Basel"})]
    assert [call.id for call in answer.tools] == ["a", "b"]


def test_calls_that_all_have_index_0_are_told_apart_by_their_ids() -> None:
    answer = streamed(fragment(0, "a", "now", "{}"), fragment(0, "b", "now", "{}"), chunk({}, "tool_calls"))
    assert [call.id for call in answer.tools] == ["a", "b"]


def test_arguments_may_come_as_an_object() -> None:
    assert streamed(fragment(0, "a", "weather", {"city": "Bern"}), chunk({}, "tool_calls")).called == [
        ("weather", {"city": "Bern"})
    ]


def test_made_ids_go_on_where_the_conversation_stopped() -> None:
    call = a_call(user("?"), assistant("", ToolCall("x", "now", ""), ToolCall("y", "now", "")))
    assert [each.id for each in streamed(fragment(0, None, "now", ""), chunk({}, "tool_calls"), call=call).tools] == [
        "call_3"
    ]


@pytest.mark.parametrize(
    ("reported", "read"),
    [
        (
            {"prompt_tokens": 20, "completion_tokens": 9, "prompt_tokens_details": {"cached_tokens": 5}},
            Usage(20, 9, 5, source=UsageSource.REPORTED),
        ),
        (
            {"prompt_tokens": 20, "completion_tokens": 9, "prompt_cache_hit_tokens": 8},
            Usage(20, 9, 8, source=UsageSource.REPORTED),
        ),
        (
            {
                "prompt_tokens": 20,
                "completion_tokens": 9,
                "total_tokens": 33,
                "completion_tokens_details": {"reasoning_tokens": 4},
            },
            Usage(20, 13, reasoning_tokens=4, source=UsageSource.REPORTED),
        ),
        (
            {"prompt_tokens": 20, "completion_tokens": 9, "prompt_tokens_details": None, "total_tokens": 29},
            Usage(20, 9, source=UsageSource.REPORTED),
        ),
    ],
    ids=["openai", "deepseek", "xai", "nulls"],
)
def test_usage_is_normalised_whoever_reports_it(reported: dict[str, Any], read: Usage) -> None:
    answer = streamed(
        chunk({"content": "x"}), chunk({}, "stop"), sse({"choices": [], "usage": reported}), sse("[DONE]")
    )
    assert answer.usage == read
    whole = {"model": "m", "choices": [{"message": {"content": "x"}, "finish_reason": "stop"}], "usage": reported}
    assert read_whole(ProviderKind.OPENAI, whole).usage == read


def test_a_stream_that_only_says_done_is_complete() -> None:
    answer = streamed(chunk({"content": "x"}), sse("[DONE]"))
    assert (answer.complete, answer.finish, answer.text) == (True, FinishReason.STOP, "x")


def test_text_in_parts_is_joined() -> None:
    parts = [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]
    assert streamed(chunk({"content": parts}), chunk({}, "stop")).text == "ab"


def test_what_the_filter_caught_is_named() -> None:
    caught = {"hate": {"filtered": True, "severity": "high"}, "violence": {"filtered": False}}
    choice = {"index": 0, "delta": {}, "finish_reason": "content_filter", "content_filter_results": caught}
    answer = streamed(sse({"model": "m", "choices": [choice]}))
    assert answer.finish is FinishReason.CONTENT_FILTER
    assert "hate" in answer.detail
    assert "violence" not in answer.detail


def test_a_whole_answer_without_a_reason_is_whole() -> None:
    answer = read_whole(ProviderKind.OPENAI, {"choices": [{"message": {"role": "assistant", "content": "x"}}]})
    assert (answer.text, answer.finish) == ("x", FinishReason.STOP)


# ---- errors


def test_an_error_that_openrouter_passes_on_says_whose_it_is() -> None:
    raw = json.dumps({"error": {"message": "slow down", "type": "rate_limit"}})
    error = {"code": 429, "message": "Provider returned error", "metadata": {"provider_name": "Chutes", "raw": raw}}
    read = OpenAI().read_error(429, json.dumps({"error": error}).encode())
    assert read.upstream
    assert read.status == 429
    assert read.message == "Provider returned error: slow down"


@pytest.mark.parametrize(
    ("document", "read"),
    [
        (
            {"error": {"message": "No such model", "type": "invalid_request_error", "param": "model", "code": "model_not_found"}},
            WireError("model_not_found", "invalid_request_error", "No such model", "model"),
        ),
        (
            {"error": {"code": 503, "message": "Loading model", "type": "unavailable_error"}},
            WireError("unavailable_error", "unavailable_error", "Loading model", status=503),
        ),
        (
            {
                "error": {
                    "code": "content_filter",
                    "message": "Filtered",
                    "status": 400,
                    "innererror": {"code": "ResponsibleAIPolicyViolation"},
                }
            },
            WireError("content_filter", "ResponsibleAIPolicyViolation", "Filtered"),
        ),
        ({"code": "DeploymentNotFound", "message": "No deployment"}, WireError("DeploymentNotFound", None, "No deployment")),
        ([{"error": {"code": 400, "message": "bad", "status": "INVALID_ARGUMENT"}}],
         WireError("INVALID_ARGUMENT", None, "bad", status=400)),
    ],
    ids=["openai", "llama.cpp", "azure", "azure without an envelope", "gemini's compatible side"],
)  # fmt: skip
def test_error_bodies_of_many_servers_are_read(document: Any, read: WireError) -> None:
    assert OpenAI().read_error(400, json.dumps(document).encode()) == read


def test_an_error_that_ends_a_stream_is_one() -> None:
    error = {"code": 502, "message": "Upstream went away"}
    choice = {"index": 0, "delta": {"content": ""}, "finish_reason": "error"}
    answer = streamed(
        chunk({"content": "Hel"}), sse({"model": "m", "error": error, "choices": [choice]}), sse("[DONE]")
    )
    assert [each.message for each in answer.errors] == ["Upstream went away"]


# ---- the model list


def test_windows_are_read_under_every_name_and_odd_entries_are_passed_over() -> None:
    listed = [
        {"id": "a", "context_length": 1000},
        {"id": "b", "max_model_len": 2000},
        {"id": "c", "context_window": 3000},
        {"id": "d", "context_length": None},
        {"object": "model"},
        "e",
    ]
    assert [(model.id, model.context_tokens) for model in OpenAI().read_models({"data": listed})] == [
        ("a", 1000),
        ("b", 2000),
        ("c", 3000),
        ("d", None),
    ]
    assert OpenAI().read_models([{"id": "bare"}]) == (ListedModel("bare"),)
    assert OpenAI().read_models({"error": "no"}) == ()


# ---- mended


def test_messages_without_a_blank_line_between_them_all_count() -> None:
    first, second = (chunk({"content": text}).strip() for text in ("a", "b"))
    answer = streamed(b"\n".join([first, second, chunk({}, "stop").strip(), b"data: [DONE]"]) + b"\n\n")
    assert (answer.text, answer.complete, answer.notes) == ("ab", True, [])


def test_rubbish_after_a_document_is_noted_and_the_document_counts() -> None:
    answer = streamed(b'data: {"choices":[{"index":0,"delta":{"content":"a"}}]} oops\n\n', chunk({}, "stop"))
    assert (answer.text, len(answer.notes), answer.complete) == ("a", 1, True)


def test_a_second_choice_is_never_mixed_into_the_first() -> None:
    other = {"id": "c", "model": "m", "choices": [{"index": 1, "delta": {"content": "zwei"}, "finish_reason": None}]}
    assert streamed(chunk({"content": "one"}), sse(other), chunk({}, "stop")).text == "one"


def test_an_error_beside_text_is_not_passed_over() -> None:
    answer = streamed(chunk({"content": "a"}), chunk({"content": "b"}, error={"message": "the engine caught fire"}))
    assert [error.message for error in answer.errors] == ["the engine caught fire"]


def test_calls_without_index_and_id_are_told_apart_by_their_names() -> None:
    calls = [fragment(None, None, "weather", '{"city": "Bern"}'), fragment(None, None, "now", "{}")]
    assert streamed(*calls, chunk({}, "tool_calls")).called == [("weather", {"city": "Bern"}), ("now", {})]


def test_calls_that_end_in_stop_are_calls_all_the_same() -> None:
    assert streamed(fragment(0, "a", "now", "{}"), chunk({}, "stop")).finish is FinishReason.TOOL_CALLS


@pytest.mark.parametrize("whole", [True, False])
def test_a_refusal_is_no_answer_in_the_form_that_was_asked_for(whole: bool) -> None:
    if whole:
        choice = {"message": {"content": None, "refusal": "I can't do that"}, "finish_reason": "stop"}
        answer = read_whole(ProviderKind.OPENAI, {"choices": [choice]})
    else:
        answer = streamed(chunk({"refusal": "I can't "}), chunk({"refusal": "do that"}), chunk({}, "stop"))
    assert (answer.finish, answer.detail, answer.text) == (FinishReason.CONTENT_FILTER, "I can't do that", "")


def test_thoughts_among_the_parts_are_reasoning() -> None:
    parts = [{"type": "thinking", "thinking": [{"type": "text", "text": "Hm."}]}, {"type": "text", "text": "Yes"}]
    answer = streamed(chunk({"content": parts}), chunk({}, "stop"))
    assert (answer.reasoning, answer.text) == ("Hm.", "Yes")


def test_zeros_are_no_report_and_a_part_is_never_larger_than_the_whole() -> None:
    zeros = {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}
    assert streamed(chunk({"content": "x"}, usage=zeros), chunk({}, "stop")).usage is None
    odd = {
        "prompt_tokens": 5,
        "completion_tokens": 2,
        "cached_tokens": 9,
        "completion_tokens_details": {"reasoning_tokens": 7},
    }
    read = streamed(chunk({"content": "x"}), chunk({}, "stop", usage=odd)).usage
    assert read == Usage(5, 9, 5, reasoning_tokens=7, source=UsageSource.REPORTED)


def test_an_error_without_an_envelope_keeps_its_type() -> None:
    bare = {"object": "error", "message": "too long", "type": "BadRequestError", "param": "max_tokens", "code": 400}
    read = OpenAI().read_error(400, json.dumps(bare).encode())
    assert read == WireError("BadRequestError", "BadRequestError", "too long", "max_tokens", status=400)


def test_a_host_that_only_ends_like_openais_is_another() -> None:
    assert "max_tokens" in body(a_call(base_url="https://notapi.openai.com/v1", max_tokens=5))


def test_the_chat_model_of_the_fifth_generation_keeps_its_temperature() -> None:
    assert body(a_call(base_url=OURS, model="gpt-5-chat-latest", temperature=0.5))["temperature"] == 0.5


def test_a_choice_of_tools_goes_with_the_tools() -> None:
    sent = body(a_call(tools=(WEATHER,), tool_choice="required", parallel_tools=True, dropped=frozenset(["tools"])))
    assert not {"tools", "tool_choice", "parallel_tool_calls"} & sent.keys()


def test_pictures_that_are_not_the_users_cannot_be_said() -> None:
    picture = Media(MediaKind.IMAGE, b"\x89PNG", "image/png")
    shown = Message(Role.TOOL, (Text("see"), picture), tool_call_id="a")
    words = OpenAI().inexpressible(a_call(user("x"), assistant("", ToolCall("a", "look", "{}")), shown).request)
    assert words is not None
    assert "tool" in words


@pytest.mark.parametrize(
    "schema", [{"type": "object", "properties": {}, "required": True}, {"properties": 1}, {"type": []}]
)
def test_an_odd_schema_goes_out_as_it_is(schema: dict[str, Any]) -> None:
    odd = {**schema, "additionalProperties": False}
    assert body(a_call(schema=odd))["response_format"]["json_schema"]["schema"] == odd


def test_the_longest_answer_is_read_off_the_list() -> None:
    listed = [
        {"id": "a", "max_completion_tokens": 7},
        {"id": "b", "top_provider": {"max_completion_tokens": 8}},
        {"id": "c"},
    ]
    assert [model.output_tokens for model in OpenAI().read_models({"data": listed})] == [7, 8, None]
