"""What is Gemini's alone: parts, its own kind of schema, thought signatures, safety, errors with details."""

from __future__ import annotations

import json
from typing import Any

import pytest

from clawtui.engine.outcome import Usage, UsageSource
from clawtui.engine.request import Media, MediaKind, Tool, ToolCall, assistant, system, tool_result, user
from clawtui.engine.wire.dialect import Call, FinishReason
from clawtui.engine.wire.gemini import FOREIGN_SIGNATURE, KEPT_SIGNATURES, Gemini
from clawtui.engine.wire.turns import GO_ON, NO_RESULT
from tests.wire.conformance import Answer, GeminiTranscripts, a_call, folded, read_stream, read_whole, sse

KIND = Gemini().kind
WIRE = GeminiTranscripts()
WEATHER = Tool("weather", "Tells it", {"type": "object", "properties": {"city": {"type": "string"}}})
SCHEMA = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "properties": {"reason": {"type": "string"}, "good": {"type": ["boolean", "null"]}},
    "required": ["reason"],
    "additionalProperties": False,
}
MAP = {"type": "object", "additionalProperties": {"type": "integer"}}


def body_of(call: Call, speaks: Gemini | None = None) -> dict[str, Any]:
    body: dict[str, Any] = json.loads((speaks or Gemini()).encode(call).body or b"")
    return body


def settings_of(call: Call) -> dict[str, Any]:
    settings: dict[str, Any] = body_of(call)["generationConfig"]
    return settings


def read(*frames: bytes, call: Call | None = None) -> Answer:
    return read_stream(KIND, frames, call)


@pytest.mark.parametrize("base", ["https://g.example", "https://g.example/", "https://g.example/v1beta"])
def test_the_address_takes_the_version_once_and_names_model_and_verb(base):
    def url(**more: Any) -> str:
        return Gemini().encode(a_call(base_url=base, **more)).url

    assert url() == "https://g.example/v1beta/models/some-model:streamGenerateContent?alt=sse"
    assert url(stream=False) == "https://g.example/v1beta/models/some-model:generateContent"
    assert url(stream=False, model="models/m?x#y") == "https://g.example/v1beta/models/m%3Fx%23y:generateContent"
    assert "tunedModels/t:generate" in url(stream=False, model="tunedModels/t")


def test_turns_alternate_and_system_text_is_apart():
    body = body_of(a_call(system("brief"), user("a"), user("b"), assistant("c"), user("d")))
    assert body["systemInstruction"] == {"parts": [{"text": "brief"}]}
    assert [content["role"] for content in body["contents"]] == ["user", "model", "user"]
    assert body["contents"][0]["parts"] == [{"text": "a"}, {"text": "b"}]


def test_results_stand_apart_in_the_order_of_their_calls():
    calls = (ToolCall("x", "weather", '{"city": "Bern"}'), ToolCall("y", "now", ""), ToolCall("z", "now", "[1]"))
    body = body_of(a_call(user("?"), assistant("", *calls), tool_result("y", "2"), tool_result("x", "1"), user("and?")))
    _, called, answered, said = body["contents"]
    assert [part["functionCall"]["args"] for part in called["parts"]] == [{"city": "Bern"}, {}, {"arguments": [1]}]
    responses = [part["functionResponse"] for part in answered["parts"]]
    assert [one["name"] for one in responses] == ["weather", "now", "now"]
    assert [one["response"] for one in responses] == [{"result": "1"}, {"result": "2"}, {"error": NO_RESULT}]
    assert said == {"role": "user", "parts": [{"text": "and?"}]}


def test_an_assistant_message_stays_last_only_where_that_is_a_prefill():
    talk = (user("a"), assistant("b"))
    assert body_of(a_call(*talk, prefill=True))["contents"][-1]["role"] == "model"
    assert body_of(a_call(*talk))["contents"][-1]["parts"] == [{"text": GO_ON}]


def test_settings_have_the_services_names():
    call = a_call(temperature=0.5, top_p=0.9, max_tokens=50, stop=("END",), seed=7)
    assert settings_of(call) == {
        "temperature": 0.5,
        "topP": 0.9,
        "maxOutputTokens": 50,
        "stopSequences": ["END"],
        "seed": 7,
    }


@pytest.mark.parametrize("name", ["top_p", "topP", "generation_config.top_p", "generationConfig.topP"])
def test_a_refused_setting_is_dropped_under_any_of_its_names(name):
    assert "topP" not in settings_of(a_call(top_p=0.9, seed=1, dropped=frozenset([name])))


@pytest.mark.parametrize(
    ("name", "written"),
    [("top_k", "top_k"), ("top_k", "topK"), ("topK", "topK"), ("generation_config.top_k", "topK")],
)
def test_a_refused_setting_of_the_profile_is_dropped_too(name, written):
    call = a_call(top_p=0.9, extra={"generationConfig": {written: 3, "seed": 1}}, dropped=frozenset([name]))
    assert settings_of(call) == {"topP": 0.9, "seed": 1}


def test_a_schema_is_never_dropped():
    call = a_call(
        schema={"type": "object"}, dropped=frozenset(["generation_config.response_schema.properties[0].type"])
    )
    assert {"responseSchema", "responseJsonSchema"} & settings_of(call).keys()


def test_extra_settings_join_those_that_are_there():
    call = a_call(temperature=0.5, extra={"generationConfig": {"topK": 3}, "safetySettings": []})
    assert settings_of(call) == {"temperature": 0.5, "topK": 3}


# ---- schemas


def test_a_schema_goes_in_the_services_own_words_without_what_it_refuses():
    settings = settings_of(a_call(schema=SCHEMA))
    assert settings["responseMimeType"] == "application/json"
    assert settings["responseSchema"] == {
        "type": "object",
        "properties": {"reason": {"type": "string"}, "good": {"type": "boolean", "nullable": True}},
        "propertyOrdering": ["reason", "good"],
        "required": ["reason"],
    }


def test_a_schema_that_those_words_cannot_say_goes_as_json_schema():
    settings = settings_of(a_call(schema={"$schema": "x", **MAP}))
    assert settings["responseJsonSchema"] == MAP
    assert "responseSchema" not in settings


def test_tools_are_declared_with_the_schema_they_can_have():
    tools = (WEATHER, Tool("now"), Tool("count", "", MAP))
    declared = body_of(a_call(tools=tools))["tools"][0]["functionDeclarations"]
    assert declared[0]["parameters"]["properties"] == {"city": {"type": "string"}}
    assert declared[1] == {"name": "now"}
    assert declared[2]["parametersJsonSchema"] == MAP


def test_before_generation_3_a_schema_beside_tools_is_put_into_words():
    call = a_call(system("brief"), user("?"), model="gemini-2.5-flash", schema=SCHEMA, tools=(WEATHER,))
    body = body_of(call)
    assert "generationConfig" not in body
    assert "brief" in body["systemInstruction"]["parts"][0]["text"]
    assert '"good"' in body["systemInstruction"]["parts"][0]["text"]
    assert any("words" in note for note in read(*WIRE.ended("STOP", {}), call=call).notes)
    newer = a_call(model="gemini-3-flash-preview", schema=SCHEMA, tools=(WEATHER,))
    assert "responseSchema" in settings_of(newer)


@pytest.mark.parametrize(
    ("wanted", "sent"),
    [
        (None, None),
        ("auto", {"mode": "AUTO"}),
        ("none", {"mode": "NONE"}),
        ("required", {"mode": "ANY"}),
        ("weather", {"mode": "ANY", "allowedFunctionNames": ["weather"]}),
    ],
)
def test_tool_choices_are_put_into_the_services_words(wanted, sent):
    body = body_of(a_call(tools=(WEATHER,), tool_choice=wanted))
    assert body.get("toolConfig") == (None if sent is None else {"functionCallingConfig": sent})


# ---- thinking


@pytest.mark.parametrize(
    ("model", "effort", "max_tokens", "sent"),
    [
        ("gemini-2.5-flash", "low", None, {"includeThoughts": True, "thinkingBudget": 1024}),
        ("gemini-2.5-flash", "high", 8000, {"includeThoughts": True, "thinkingBudget": 6000}),
        ("gemini-2.5-flash", "none", None, {"thinkingBudget": 0}),
        ("gemini-2.5-pro", "none", None, {"thinkingBudget": 128}),
        ("gemini-3-flash-preview", "medium", None, {"includeThoughts": True, "thinkingLevel": "medium"}),
        ("gemini-3-flash-preview", "minimal", None, {"includeThoughts": True, "thinkingLevel": "minimal"}),
        ("gemini-3-pro-preview", "medium", None, {"includeThoughts": True, "thinkingLevel": "high"}),
        ("gemini-3-pro-preview", "none", None, {"thinkingLevel": "low"}),
        ("gemini-flash-latest", "max", None, {"includeThoughts": True, "thinkingLevel": "high"}),
        ("another-model", "low", None, {"includeThoughts": True, "thinkingBudget": 1024}),
    ],
)
def test_an_effort_is_a_level_or_a_budget_by_generation(model, effort, max_tokens, sent):
    call = a_call(model=model, reasoning_effort=effort, max_tokens=max_tokens)
    assert settings_of(call)["thinkingConfig"] == sent


def test_a_model_that_does_not_think_is_not_asked_to_and_it_is_noted():
    call = a_call(model="gemini-2.0-flash", reasoning_effort="low")
    assert "generationConfig" not in body_of(call)
    assert any("think" in note for note in read(*WIRE.ended("STOP", {}), call=call).notes)


@pytest.mark.parametrize(
    "name",
    ["reasoning_effort", "thinkingConfig", "thinkingBudget", "generation_config.thinking_config.thinking_budget"],
)
def test_thinking_that_this_route_refuses_is_dropped_under_any_of_its_names(name):
    call = a_call(model="gemini-2.5-flash", reasoning_effort="low", seed=1, dropped=frozenset([name]))
    assert settings_of(call) == {"seed": 1}


def called(speaks: Gemini, model: str, signature: str | None) -> ToolCall:
    """The call that a model made, as a caller has it afterwards."""
    part: dict[str, Any] = {"functionCall": {"name": "weather", "args": {"city": "Bern"}}}
    if signature is not None:
        part["thoughtSignature"] = signature
    pieces = speaks.read_whole(WIRE.whole([part], "STOP", {}), a_call(model=model, stream=False))
    piece = folded(pieces, True).tools[0]
    return ToolCall(piece.id, piece.name, piece.arguments)


def sent_back(speaks: Gemini, model: str, *calls: ToolCall) -> list[str | None]:
    results = [tool_result(call.id, "rain") for call in calls]
    body = body_of(a_call(user("?"), assistant("", *calls), *results, model=model), speaks)
    return [part.get("thoughtSignature") for part in body["contents"][1]["parts"]]


def test_a_signature_goes_back_with_the_call_it_came_with():
    speaks = Gemini()
    call = called(speaks, "gemini-3-flash", "c2lnbmVk")
    assert sent_back(speaks, "gemini-3-flash", call) == ["c2lnbmVk"]
    assert sent_back(speaks, "gemini-2.5-flash", call) == [None]


def test_a_call_from_elsewhere_goes_out_with_the_documented_word_once_a_turn():
    calls = (ToolCall("a", "weather", "{}"), ToolCall("b", "weather", "{}"))
    assert sent_back(Gemini(), "gemini-3-flash", *calls) == [FOREIGN_SIGNATURE, None]
    assert sent_back(Gemini(), "gemini-2.5-flash", *calls) == [None, None]


def test_calls_with_different_signatures_never_share_an_id():
    speaks = Gemini()
    first, second = called(speaks, "gemini-3-flash", "b25l"), called(speaks, "gemini-3-flash", "dHdv")
    assert first.id != second.id
    assert sent_back(speaks, "gemini-3-flash", first) == ["b25l"]


def test_only_so_many_signatures_are_kept():
    speaks = Gemini()
    calls = [called(speaks, "gemini-3-flash", f"sig{number}") for number in range(KEPT_SIGNATURES + 1)]
    assert sent_back(speaks, "gemini-3-flash", calls[0]) == [FOREIGN_SIGNATURE]
    assert sent_back(speaks, "gemini-3-flash", calls[-1]) == [f"sig{KEPT_SIGNATURES}"]


# ---- what comes back


def test_thoughts_are_added_to_the_output_and_tool_prompts_to_the_input():
    usage = {
        "promptTokenCount": 10,
        "toolUsePromptTokenCount": 2,
        "candidatesTokenCount": 5,
        "thoughtsTokenCount": 30,
        "cachedContentTokenCount": 4,
        "totalTokenCount": 47,
    }
    answer = read_whole(KIND, WIRE.whole([{"text": "a"}], "STOP", usage))
    assert answer.usage == Usage(12, 35, 4, 0, 30, UsageSource.REPORTED)


def test_usage_after_the_finish_is_drained():
    frames = [*WIRE.ended("STOP", None), sse({"usageMetadata": {"promptTokenCount": 3, "candidatesTokenCount": 2}})]
    usage = read(WIRE.chunk({"text": "a"}), *frames).usage
    assert usage is not None
    assert (usage.input_tokens, usage.output_tokens) == (3, 2)


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ("STOP", FinishReason.STOP),
        ("MAX_TOKENS", FinishReason.LENGTH),
        ("SAFETY", FinishReason.CONTENT_FILTER),
        ("RECITATION", FinishReason.CONTENT_FILTER),
        ("PROHIBITED_CONTENT", FinishReason.CONTENT_FILTER),
        ("MALFORMED_FUNCTION_CALL", FinishReason.OTHER),
        ("SOMETHING_NEW", FinishReason.OTHER),
    ],
)
def test_finish_reasons(raw, reason):
    answer = read(WIRE.chunk({"text": "a"}), *WIRE.ended(raw, None, finishMessage="because"))
    assert (answer.finish, answer.raw) == (reason, raw)
    assert answer.complete
    if reason in (FinishReason.CONTENT_FILTER, FinishReason.OTHER):
        assert answer.detail == "because"


def test_a_blocked_prompt_is_a_refusal_that_says_what_for():
    ratings = [{"category": "HARM_CATEGORY_HATE_SPEECH", "probability": "HIGH"}]
    feedback = {"promptFeedback": {"blockReason": "SAFETY", "safetyRatings": ratings}}
    for answer in (read(sse(feedback)), read_whole(KIND, feedback)):
        assert answer.finish is FinishReason.CONTENT_FILTER
        assert answer.complete
        assert answer.detail == "the prompt was refused (SAFETY): hate speech"


def test_feedback_without_a_reason_blocks_nothing():
    assert read(sse({"promptFeedback": {"safetyRatings": []}})).finish is None


def test_a_reason_in_every_chunk_is_told_once():
    frame = {"candidates": [{"content": {"parts": [{"text": "a"}]}, "finishReason": "STOP"}]}
    reader = Gemini().reader(a_call())
    pieces = [piece for _ in range(3) for piece in reader.feed("", json.dumps(frame))]
    assert [type(piece).__name__ for piece in pieces].count("FinishPiece") == 1
    assert folded(pieces, True).text == "aaa"


def test_a_list_where_events_were_due_is_read_whole():
    documents = [
        json.loads(frame.partition(b"data: ")[2]) for frame in (WIRE.chunk({"text": "a"}), WIRE.chunk({"text": "b"}))
    ]
    answer = read_whole(KIND, [*documents, WIRE.whole([], "STOP", {"promptTokenCount": 1})])
    assert answer.text == "ab"
    assert answer.finish is FinishReason.STOP


# ---- errors


def test_an_error_says_reason_status_and_when_to_come_back():
    body = {
        "error": {
            "code": 429,
            "message": "You exceeded your current quota.",
            "status": "RESOURCE_EXHAUSTED",
            "details": [
                {
                    "@type": "type.googleapis.com/google.rpc.QuotaFailure",
                    "violations": [{"quotaId": "GenerateRequestsPerDayPerProjectPerModel-FreeTier"}],
                },
                {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "34.5s"},
            ],
        }
    }
    for shape in (body, [body]):
        error = Gemini().read_error(429, json.dumps(shape).encode())
        assert (error.code, error.type, error.status) == ("RESOURCE_EXHAUSTED", "RESOURCE_EXHAUSTED", 429)
        assert error.retry_after_s == 34.5
        assert "PerDay" in error.message


def test_a_bad_key_is_told_by_its_reason():
    details = [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"}]
    body = {"error": {"code": 400, "message": "API key not valid.", "status": "INVALID_ARGUMENT", "details": details}}
    error = Gemini().read_error(400, json.dumps(body).encode())
    assert (error.code, error.type) == ("API_KEY_INVALID", "INVALID_ARGUMENT")


@pytest.mark.parametrize(
    ("message", "parameter"),
    [
        ("Invalid JSON payload received. Unknown name \"seed\" at 'generation_config': Cannot find field.", "seed"),
        ("Thinking level is not supported for this model.", "thinkingConfig"),
        ("Request contains an invalid argument.", None),
    ],
)
def test_an_error_names_the_parameter_that_is_refused(message, parameter):
    body = {"error": {"code": 400, "message": message, "status": "INVALID_ARGUMENT"}}
    assert Gemini().read_error(400, json.dumps(body).encode()).parameter == parameter


@pytest.mark.parametrize("delay", ["soon", "s", "-1s", "nans", "infs", 3, None])
def test_an_odd_retry_delay_is_no_delay(delay):
    body = {"error": {"code": 429, "details": [{"retryDelay": delay}]}}
    assert Gemini().read_error(429, json.dumps(body).encode()).retry_after_s is None


def test_models_that_generate_nothing_are_not_listed():
    listed = {
        "models": [
            {
                "name": "models/g",
                "inputTokenLimit": 10,
                "outputTokenLimit": 5,
                "supportedGenerationMethods": ["generateContent"],
            },
            {"name": "models/e", "supportedGenerationMethods": ["embedContent"]},
        ]
    }
    models = Gemini().read_models(listed)
    assert [(model.id, model.context_tokens, model.output_tokens) for model in models] == [("g", 10, 5)]


def test_what_it_can_and_cannot_say():
    speaks = Gemini().inexpressible
    assert speaks(a_call(user("hear", Media(MediaKind.AUDIO, b"", "audio/wav"))).request) is None
    assert "image/gif" in (speaks(a_call(user("see", Media(MediaKind.IMAGE, b"", "image/gif"))).request) or "")
