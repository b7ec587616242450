"""Ollama's own protocol beyond what every dialect shares: windows, options, thinking, arguments as objects."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clawtui.config.schema import ProviderKind
from clawtui.engine.outcome import Usage, UsageSource
from clawtui.engine.request import Media, MediaKind, Message, Role, Text, Tool, ToolCall, assistant, tool_result, user
from clawtui.engine.wire.dialect import Call, FinishReason
from clawtui.engine.wire.ollama import SMALLEST_WINDOW, Ollama, window_for
from tests.wire.conformance import Answer, a_call, line, read_stream, read_whole

WEATHER = Tool("weather", "Tells it", {"type": "object", "properties": {"city": {"type": "string"}}})
PICTURE = Media(MediaKind.IMAGE, b"\x89PNG", "image/png")


def body(call: Call) -> dict[str, Any]:
    document = json.loads(Ollama().encode(call).body or b"")
    assert isinstance(document, dict)
    return document


def chunk(message: Any = None, **more: Any) -> bytes:
    return line({"model": "m", "message": {"role": "assistant", **(message or {})}, "done": False, **more})


def streamed(*chunks: bytes) -> Answer:
    return read_stream(ProviderKind.OLLAMA, chunks)


# ---- what goes out


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 2_000_000))
def test_a_window_holds_what_is_needed_in_steps_of_doubling(tokens: int) -> None:
    """Never too small, never twice what is needed but for the smallest, and of few sizes: each new one is a reload."""
    window = window_for(tokens)
    assert window >= tokens
    assert window == SMALLEST_WINDOW or window < 2 * tokens
    assert (window // SMALLEST_WINDOW).bit_count() == 1


def test_the_window_and_the_limit_are_options() -> None:
    sent = body(a_call(context_tokens=5_000, max_tokens=50, temperature=0.0, seed=0, stop=("END",)))
    assert sent["options"] == {"num_ctx": 8_192, "num_predict": 50, "temperature": 0.0, "seed": 0, "stop": ["END"]}
    assert "num_ctx" not in body(a_call())["options"]
    assert "num_ctx" not in body(a_call(context_tokens=5_000, dropped=frozenset(["num_ctx"])))["options"]


def test_a_refused_option_is_dropped_under_any_of_its_names() -> None:
    extra = {"options": {"num_ctx": 32_768, "mirostat": 1}}
    sent = body(a_call(max_tokens=50, extra=extra, dropped=frozenset(["options.num_ctx", "max_tokens"])))
    assert sent["options"] == {"mirostat": 1}


def test_an_option_of_the_profile_stands_beside_the_others() -> None:
    sent = body(a_call(temperature=0.5, context_tokens=100, extra={"keep_alive": "1h", "options": {"num_ctx": 32_768}}))
    assert sent["options"] == {"temperature": 0.5, "num_ctx": 32_768}
    assert sent["keep_alive"] == "1h"


@pytest.mark.parametrize(
    "base", ["http://[::1]:11434", "http://[::1]:11434/", "http://[::1]:11434/v1", "http://[::1]:11434/api"]
)
def test_the_address_of_either_side_will_do(base: str) -> None:
    assert Ollama().encode(a_call(base_url=base)).url == "http://[::1]:11434/api/chat"
    assert Ollama().models_request(base, None, {}, {}).url == "http://[::1]:11434/api/tags"


def test_arguments_go_out_as_objects_and_pictures_apart_from_the_text() -> None:
    calls = (ToolCall("a", "weather", '{"city": "Bern"}'), ToolCall("b", "now", ""), ToolCall("c", "odd", "no json"))
    sent = body(
        a_call(user("look", PICTURE), assistant("", *calls), tool_result("a", "sun", "weather"), tools=(WEATHER,))
    )
    shown, asked, result = sent["messages"]
    assert shown == {"role": "user", "content": "look", "images": ["iVBORw=="]}
    assert [each["function"]["arguments"] for each in asked["tool_calls"]] == [
        {"city": "Bern"},
        {},
        {"arguments": "no json"},
    ]
    assert result == {"role": "tool", "content": "sun", "tool_name": "weather"}
    assert sent["tools"][0]["function"]["name"] == "weather"


def test_tools_are_kept_back_where_none_may_be_called() -> None:
    assert "tools" not in body(a_call(tools=(WEATHER,), tool_choice="none"))


def test_a_schema_is_the_format() -> None:
    schema = {"type": "object", "properties": {"a": {"type": "string"}}}
    assert body(a_call(schema=schema))["format"] == schema


@pytest.mark.parametrize(("effort", "think"), [("none", False), ("off", False), ("on", True)])
def test_thinking_is_asked_for_or_refused(effort: str, think: bool) -> None:
    assert body(a_call(reasoning_effort=effort))["think"] is think
    assert "think" not in body(a_call())
    assert "think" not in body(a_call(reasoning_effort=effort, dropped=frozenset(["think"])))


def test_steps_of_effort_go_to_a_model_that_has_them() -> None:
    assert body(a_call(model="gpt-oss:20b", reasoning_effort="high"))["think"] == "high"


def test_sound_cannot_be_said() -> None:
    sound = Media(MediaKind.AUDIO, b"RIFF", "audio/wav")
    assert Ollama().inexpressible(a_call(user("x", sound)).request)
    assert Ollama().inexpressible(a_call(user("x", PICTURE)).request) is None


# ---- what comes back


def test_calls_come_whole_and_get_numbers_for_names() -> None:
    called = [{"function": {"name": "weather", "arguments": {"city": "Bern"}}}, {"function": {"name": "now"}}]
    answer = streamed(chunk({"content": "", "tool_calls": called}), chunk(done=True, done_reason="stop"))
    assert answer.called == [("weather", {"city": "Bern"}), ("now", {})]
    assert [call.id for call in answer.tools] == ["call_1", "call_2"]
    assert answer.finish is FinishReason.TOOL_CALLS


def test_an_id_of_the_servers_own_is_kept() -> None:
    called = [{"id": "x7", "function": {"name": "now", "arguments": "{}"}}]
    assert [call.id for call in streamed(chunk({"tool_calls": called}), chunk(done=True)).tools] == ["x7"]


@pytest.mark.parametrize(
    ("raw", "reason"), [("stop", FinishReason.STOP), ("length", FinishReason.LENGTH), ("load", FinishReason.OTHER)]
)
def test_the_reason_is_read(raw: str, reason: FinishReason) -> None:
    answer = streamed(chunk({"content": "x"}), chunk(done=True, done_reason=raw, prompt_eval_count=3, eval_count=1))
    assert (answer.finish, answer.raw) == (reason, raw)
    assert answer.usage == Usage(3, 1, source=UsageSource.REPORTED)


def test_an_error_line_is_an_error_and_the_stream_not_complete() -> None:
    answer = streamed(chunk({"content": "x"}), line({"error": "model runner has unexpectedly stopped"}))
    assert [error.message for error in answer.errors] == ["model runner has unexpectedly stopped"]
    assert not answer.complete


def test_a_line_cut_in_the_middle_is_no_end() -> None:
    answer = streamed(chunk({"content": "x"}), chunk(done=True)[:-4])
    assert (answer.complete, len(answer.notes)) == (False, 1)


# ---- mended


@pytest.mark.parametrize("effort", ["minimal", "low", "medium", "high"])
def test_other_models_are_told_to_think_not_how_much(effort: str) -> None:
    """They refuse a step with: think value "high" is not supported for this model."""
    assert body(a_call(model="qwen3:8b", reasoning_effort=effort))["think"] is True


def test_a_required_tool_cannot_be_said() -> None:
    for choice in ("required", "weather"):
        assert Ollama().inexpressible(a_call(tools=(WEATHER,), tool_choice=choice).request)
    assert Ollama().inexpressible(a_call(tools=(WEATHER,), tool_choice="auto").request) is None


def test_a_result_is_named_by_its_call_and_keeps_its_pictures() -> None:
    shown = Message(Role.TOOL, (Text("see"), PICTURE), tool_call_id="a")
    result = body(a_call(user("x"), assistant("", ToolCall("a", "look", "{}")), shown))["messages"][2]
    assert result == {"role": "tool", "content": "see", "tool_name": "look", "images": ["iVBORw=="]}


def test_a_whole_document_that_is_not_done_is_no_answer() -> None:
    answer = read_whole(ProviderKind.OLLAMA, {"model": "m", "message": {"content": "Hel"}, "done": False})
    assert answer.errors
    assert answer.finish is None


def test_no_counts_are_no_report() -> None:
    assert streamed(chunk({"content": "x"}), chunk(done=True, done_reason="stop")).usage is None


def test_a_call_at_the_limit_says_that_the_limit_was_reached() -> None:
    called = [{"function": {"name": "now", "arguments": {}}}]
    assert streamed(chunk({"tool_calls": called}), chunk(done=True, done_reason="length")).finish is FinishReason.LENGTH


def test_an_empty_error_is_none() -> None:
    assert streamed(chunk({"content": "x"}, error=""), chunk(done=True)).text == "x"
