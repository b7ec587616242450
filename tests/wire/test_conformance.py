"""Every dialect does the same with the same answer: canned transcripts, wherever their bytes are cut."""

from __future__ import annotations

import importlib.util
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clawtui.config.schema import ProviderKind
from clawtui.config.secrets import Secret
from clawtui.engine.outcome import UsageSource
from clawtui.engine.request import Media, MediaKind, Tool, ToolCall, assistant, system, tool_result, user
from clawtui.engine.wire.dialect import FinishReason
from tests.wire.conformance import (
    KINDS,
    MODEL,
    SAID,
    SECRET,
    THINKING_USAGE,
    THOUGHT,
    TRANSCRIPTS,
    USAGE,
    Behaviour,
    a_call,
    dialect,
    expected_calls,
    has,
    read_stream,
    read_whole,
    transcript,
)

HERE = [kind for kind in KINDS if importlib.util.find_spec(f"clawtui.engine.wire.{kind.value}")]
every_kind = pytest.mark.parametrize("kind", HERE, ids=str)
TOOL_BEHAVIOURS = (Behaviour.TOOL, Behaviour.PARALLEL_TOOLS, Behaviour.TOOLS_WITHOUT_IDS)
WEATHER_TOOL = Tool("weather", "Tells it", {"type": "object", "properties": {"city": {"type": "string"}}})
PIXEL = Media(MediaKind.IMAGE, b"\x89PNG\r\n\x1a\n\xff\x00", "image/png")

# Fields that readers look into: whatever stands in them.
FIELDS = [
    "type",
    "index",
    "delta",
    "message",
    "content",
    "content_block",
    "usage",
    "error",
    "choices",
    "candidates",
    "parts",
    "text",
    "tool_calls",
    "function",
    "functionCall",
    "name",
    "arguments",
    "finish_reason",
    "finishReason",
    "stop_reason",
    "done",
    "usageMetadata",
    "promptFeedback",
    "id",
    "details",
]


def both(kind: ProviderKind, behaviour: Behaviour):
    written = transcript(kind, behaviour)
    return read_stream(kind, [written.stream]), read_whole(kind, written.whole)


@every_kind
def test_text_usage_and_model_are_read_alike_in_pieces_and_whole(kind):
    for answer in both(kind, Behaviour.TEXT):
        assert answer.text == "".join(SAID)
        assert answer.finish is FinishReason.STOP
        assert answer.complete
        assert answer.model == MODEL
        assert answer.usage is not None
        if kind is ProviderKind.OLLAMA:
            assert (answer.usage.input_tokens, answer.usage.output_tokens) == (20, 9)
        else:
            assert answer.usage == USAGE
        assert answer.usage.source is UsageSource.REPORTED
        assert not answer.notes


@every_kind
def test_reasoning_is_apart_from_text_and_a_part_of_the_output(kind):
    for answer in both(kind, Behaviour.REASONING):
        assert answer.reasoning == "".join(THOUGHT)
        assert answer.text == "".join(SAID)
        if kind is not ProviderKind.OLLAMA:
            assert answer.usage == THINKING_USAGE


@every_kind
@pytest.mark.parametrize("behaviour", TOOL_BEHAVIOURS, ids=str)
def test_tool_calls_come_whole_in_order_with_ids_of_their_own(kind, behaviour):
    for answer in both(kind, behaviour):
        assert answer.called == expected_calls(behaviour)
        assert answer.finish is FinishReason.TOOL_CALLS
        ids = [piece.id for piece in answer.tools]
        assert all(ids)
        assert len(set(ids)) == len(ids)
        assert answer.text == ""


@every_kind
def test_an_id_that_the_wire_leaves_out_is_made_the_same_way_every_time(kind):
    written = transcript(kind, Behaviour.TOOLS_WITHOUT_IDS)
    first, second = (read_stream(kind, [written.stream]) for _ in range(2))
    assert [piece.id for piece in first.tools] == [piece.id for piece in second.tools]


@every_kind
def test_a_made_id_is_not_that_of_a_call_made_earlier_in_the_conversation(kind):
    written = transcript(kind, Behaviour.TOOLS_WITHOUT_IDS)
    before = read_stream(kind, [written.stream]).tools
    calls = tuple(ToolCall(piece.id, piece.name, piece.arguments) for piece in before)
    results = [tool_result(call.id, "9 degrees", call.name) for call in calls]
    later = a_call(user("weather?"), assistant("", *calls), *results, tools=(WEATHER_TOOL,))
    after = read_stream(kind, [written.stream], later).tools
    assert not {piece.id for piece in before} & {piece.id for piece in after}


@every_kind
def test_no_arguments_are_an_empty_object(kind):
    for answer in both(kind, Behaviour.PARALLEL_TOOLS):
        assert answer.tools[-1].arguments == "{}"


@every_kind
def test_an_answer_at_its_limit_is_complete_and_says_so(kind):
    for answer in both(kind, Behaviour.LENGTH):
        assert answer.finish is FinishReason.LENGTH
        assert answer.complete
        assert answer.text == "Hel"


@every_kind
def test_a_refusal_is_a_content_filter(kind):
    if not has(kind, Behaviour.FILTERED):
        pytest.skip("this service refuses nothing")
    for answer in both(kind, Behaviour.FILTERED):
        assert answer.finish is FinishReason.CONTENT_FILTER
        assert answer.raw


@every_kind
def test_an_error_inside_a_200_is_an_error_not_an_answer(kind):
    streamed, whole = both(kind, Behaviour.ERROR)
    assert streamed.text == "Hel"
    assert not streamed.complete
    for answer in (streamed, whole):
        assert [error.message for error in answer.errors] == ["the engine caught fire"]
        assert answer.finish is None


@every_kind
@pytest.mark.parametrize("behaviour", [Behaviour.TEXT, Behaviour.REASONING, *TOOL_BEHAVIOURS], ids=str)
def test_a_stream_without_its_end_marker_is_never_complete(kind, behaviour):
    """However many frames came: what was not finished is not an answer."""
    written = transcript(kind, behaviour)
    for count in range(len(written.frames) + 1):
        answer = read_stream(kind, [b"".join(written.frames[:count])])
        assert not answer.complete
        assert answer.finish is None


@every_kind
def test_a_finish_reason_is_an_end_even_without_the_last_marker(kind):
    written = transcript(kind, Behaviour.TEXT)
    answer = read_stream(kind, [b"".join(written.frames) + written.final[0]])
    assert answer.complete
    assert answer.finish is FinishReason.STOP


@every_kind
def test_one_malformed_chunk_is_passed_over_and_noted(kind):
    written = transcript(kind, Behaviour.TEXT)
    middle = len(written.frames) // 2
    frames = [*written.frames[:middle], TRANSCRIPTS[kind].malformed, *written.frames[middle:], *written.final]
    answer = read_stream(kind, frames)
    assert answer.text == "".join(SAID)
    assert answer.complete
    assert len(answer.notes) == 1


@every_kind
def test_unknown_events_and_fields_are_ignored(kind):
    written = transcript(kind, Behaviour.TEXT)
    frames = [piece for frame in written.frames for piece in (frame, TRANSCRIPTS[kind].unknown)]
    answer = read_stream(kind, [*frames, *written.final])
    assert answer.text == "".join(SAID)
    assert answer.complete
    assert not answer.notes
    assert not answer.errors


@every_kind
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_it_does_not_matter_where_the_bytes_are_cut(kind, data):
    """The answer is the same for every way to cut the stream, also inside a character or a line end."""
    behaviour = data.draw(st.sampled_from([Behaviour.TEXT, Behaviour.REASONING, Behaviour.PARALLEL_TOOLS]))
    stream = transcript(kind, behaviour).stream
    if data.draw(st.booleans()):
        stream = b"\xef\xbb\xbf" + stream
    if data.draw(st.booleans()):
        stream = stream.replace(b"\n", b"\r\n")
    if data.draw(st.booleans()):
        stream = stream.rstrip(b"\r\n")
    cuts = sorted(data.draw(st.sets(st.integers(1, len(stream) - 1), max_size=30)))
    chunks = [stream[start:end] for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    assert read_stream(kind, chunks) == read_stream(kind, [transcript(kind, behaviour).stream])


@every_kind
@settings(max_examples=60, deadline=None)
@given(
    value=st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(["", "text", "tool_use", "é"]),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(FIELDS), inner, max_size=4),
        max_leaves=12,
    )
)
def test_no_json_however_odd_raises(kind, value):
    """What a server sends is data: any document gives pieces, never an exception."""
    speaks = dialect(kind)
    for event in ("", "message_start", "content_block_start", "content_block_delta", "message_delta", "error"):
        speaks.reader(a_call()).feed(event, json.dumps(value))
    speaks.read_whole(value, a_call(stream=False))
    speaks.read_error(500, json.dumps(value).encode())
    speaks.read_models(value)


@every_kind
@pytest.mark.parametrize(
    ("body", "shows"),
    [
        (b"", ""),
        (b"upstream connect error", "upstream connect error"),
        (b"<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>", "502 Bad Gateway"),
        (b"\xff\xfe\x00", ""),
        (b'{"error": "just words"}', "just words"),
        (b'{"detail": "Not Found"}', "Not Found"),
        (b'{"message": "no such route"}', "no such route"),
    ],
)
def test_an_error_body_of_any_shape_is_read(kind, body, shows):
    assert shows in dialect(kind).read_error(502, body).message


# ---- what goes out


@every_kind
@pytest.mark.parametrize("stream", [True, False])
def test_a_secret_is_in_a_header_and_nowhere_else(kind, stream):
    call = a_call(stream=stream)
    outgoing = dialect(kind).encode(call)
    listing = dialect(kind).models_request("http://127.0.0.1:1/base", Secret(SECRET), {}, {})
    for one in (outgoing, listing):
        assert SECRET in "".join(one.headers.values())
        assert SECRET not in one.url
        assert SECRET.encode() not in (one.body or b"")
        assert SECRET not in repr(one)
    assert SECRET not in repr(call)


@every_kind
def test_without_a_secret_no_key_is_sent(kind):
    headers = dialect(kind).encode(a_call(secret=None)).headers
    assert not {name.lower() for name in headers} & {"authorization", "x-api-key", "x-goog-api-key"}


@every_kind
def test_address_query_headers_and_hops_are_the_calls_own(kind):
    call = a_call(
        base_url="https://gateway.example/team/a/", headers={"X-Team": "blue"}, query={"api-version": "2 b"}, hops=1
    )
    outgoing = dialect(kind).encode(call)
    assert outgoing.url.startswith("https://gateway.example/team/a/")
    assert "//" not in outgoing.url.removeprefix("https://")
    assert "api-version=2+b" in outgoing.url or "api-version=2%20b" in outgoing.url
    headers = {name.lower(): value for name, value in outgoing.headers.items()}
    assert headers["x-team"] == "blue"
    assert headers["x-clawtui-hops"] == "2"


@every_kind
def test_extra_fields_go_into_the_body_last(kind):
    outgoing = dialect(kind).encode(a_call(extra={"surprise": {"deep": [1]}, "model": "overruled"}))
    body = json.loads(outgoing.body or b"")
    assert body["surprise"] == {"deep": [1]}
    assert body["model"] == "overruled"


@every_kind
def test_a_refused_parameter_is_left_out(kind):
    def said(**more):
        return dialect(kind).encode(a_call(temperature=0.25, top_p=0.5, **more)).body or b""

    assert b"0.25" in said()
    assert b"0.25" not in said(dropped=frozenset(["temperature"]))


@every_kind
@pytest.mark.parametrize("name", ["temperature", "flavour", "flavour.strength"])
def test_what_is_refused_does_not_come_back_by_the_extra_fields(kind, name):
    extra = {"temperature": 0.125, "flavour": {"strength": 1}, "other": 2}
    body = json.loads(dialect(kind).encode(a_call(extra=extra, dropped=frozenset([name]))).body or b"")
    assert name.partition(".")[0] not in body
    assert body["other"] == 2


@every_kind
def test_the_assistant_speaks_last_only_where_its_words_may_be_gone_on_with(kind):
    def last(**wishes):
        body = json.loads(dialect(kind).encode(a_call(user("?"), assistant("So"), **wishes)).body or b"")
        return body.get("messages", body.get("contents"))[-1]["role"]

    assert last(prefill=True) in ("assistant", "model")
    assert last(prefill=False) == "user"


@every_kind
def test_images_travel_as_base64(kind):
    body = dialect(kind).encode(a_call(user("what is this", PIXEL))).body or b""
    assert b"iVBORw0KGgr/AA==" in body


@every_kind
def test_a_lone_surrogate_is_no_reason_to_fail(kind):
    body = dialect(kind).encode(a_call(user("broken \ud83d emoji"))).body or b""
    json.loads(body.decode())


@every_kind
def test_a_conversation_with_everything_can_be_said(kind):
    call = a_call(
        system("be brief"),
        user("one"),
        user("two", PIXEL),
        assistant("calling", ToolCall("a:1", "weather", '{"city": "Bern"}'), ToolCall("a:2", "weather", "no json")),
        tool_result("a:2", "rain"),
        tool_result("a:1", "sun"),
        user("and now?"),
        tools=(WEATHER_TOOL,),
        max_tokens=100,
        reasoning_effort="low",
        stop=("END",),
        seed=7,
    )
    outgoing = dialect(kind).encode(call)
    body = (outgoing.body or b"").decode()
    json.loads(body)
    for said in ("be brief", "one", "two", "calling", "rain", "sun", "and now?", "weather"):
        assert said in body
    assert dialect(kind).inexpressible(call.request) is None


@every_kind
def test_a_model_list_is_read(kind):
    listed = {
        ProviderKind.OPENAI: {"object": "list", "data": [{"id": "m1", "object": "model"}, {"id": "m2"}]},
        ProviderKind.ANTHROPIC: {"data": [{"type": "model", "id": "m1"}, {"type": "model", "id": "m2"}]},
        ProviderKind.GEMINI: {"models": [{"name": "models/m1"}, {"name": "models/m2"}]},
        ProviderKind.OLLAMA: {"models": [{"name": "m1", "model": "m1"}, {"name": "m2", "model": "m2"}]},
    }
    assert [model.id for model in dialect(kind).read_models(listed[kind])] == ["m1", "m2"]
