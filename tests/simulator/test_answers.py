"""What models say: rules, sources, slots."""

import pytest

from clawtui.simulator import ModelScript, Rule, Script, ScriptedCall, Simulator, Source, Where

TOOL = {"type": "function", "function": {"name": "weather"}}
IMAGE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}


async def said(caller, model, text="hello", **body):
    async with Simulator(Script(models={"m": model})) as simulator:
        reply = await caller.openai(simulator, said=text, **body)
        return reply.json["choices"][0]["message"]


async def test_the_first_rule_that_matches_answers_with_its_groups(caller):
    model = ModelScript(
        text="fallback",
        rules=(
            Rule(r"say (\w+) to (\w+)", text="{{2}}: {{1}}! ({{model}} of {{provider}}, {{unknown}})"),
            Rule("say", text="second"),
        ),
    )
    assert (await said(caller, model, "say hi to Ann"))["content"] == "Ann: hi! (m of p, {{unknown}})"
    assert (await said(caller, model, "say"))["content"] == "second"
    assert (await said(caller, model, "nothing"))["content"] == "fallback"


async def test_rules_look_at_the_system_message_at_pictures_and_at_tools(caller):
    model = ModelScript(
        text="plain",
        rules=(
            Rule("pirate", Where.SYSTEM, text="arr"),
            Rule(has_image=True, text="a picture"),
            Rule(has_tools=True, tool_calls=(ScriptedCall("weather", {"city": "{{last_user}}"}),)),
        ),
    )
    system = [{"role": "system", "content": "you are a pirate"}, {"role": "user", "content": "x"}]
    picture = [{"role": "user", "content": [IMAGE]}]
    assert (await said(caller, model, messages=system))["content"] == "arr"
    assert (await said(caller, model, messages=picture))["content"] == "a picture"
    called = await said(caller, model, "Oslo", tools=[TOOL])
    assert called["tool_calls"][0]["function"]["arguments"] == '{"city": "Oslo"}'
    assert (await said(caller, model))["content"] == "plain"


async def test_a_call_is_not_made_again_once_its_result_is_there(caller):
    model = ModelScript(
        rules=(Rule("", tool_calls=(ScriptedCall("weather"),)), Rule("", Where.TOOL, text="<{{tool_result}}>"))
    )
    history = [
        {"role": "user", "content": "weather?"},
        {"role": "assistant", "tool_calls": [{"id": "c", "function": {"name": "weather", "arguments": "{}"}}]},
        {"role": "tool", "tool_call_id": "c", "content": "mild"},
    ]
    assert (await said(caller, model, tools=[TOOL], messages=history))["content"] == "<mild>"


async def test_text_given_to_a_model_is_said_even_where_json_was_asked_for(caller):
    asked = {"response_format": {"type": "json_object"}}
    assert (await said(caller, ModelScript(text="no"), **asked))["content"] == "no"
    assert (await said(caller, ModelScript(), **asked))["content"] == "{}"


async def test_echo_gives_back_the_last_user_message_as_it_came(caller):
    text = "\ttabs, \x1b[31mred\x1b[0m, \u202eodd\u202c and 🦀\n"
    assert (await said(caller, ModelScript(source=Source.ECHO), text))["content"] == text


async def test_a_lone_surrogate_does_not_break_the_answer(caller):
    assert (await said(caller, ModelScript(source=Source.ECHO), "a\ud800b"))["content"] == "a?b"


async def test_variants_take_turns(caller):
    async with Simulator(Script(models={"m": ModelScript(variants=("one", "two"))})) as simulator:
        seen = [(await caller.openai(simulator)).json["choices"][0]["message"]["content"] for _ in range(3)]
    assert seen == ["one", "two", "one"]


@pytest.mark.parametrize("chunk", ["word", 1, 3, 10_000])
async def test_chunks_of_any_size_carry_the_whole_text(caller, chunk):
    text = "  leading, trailing  \n\n```python\nx = 1\n```  "
    async with Simulator(Script(models={"m": ModelScript(text=text, chunk=chunk)})) as simulator:
        assert (await caller.openai(simulator, stream=True)).openai_text == text


async def test_coalesced_streams_read_the_same(caller):
    async with Simulator(Script(models={"m": ModelScript(coalesce=True), "n": ModelScript()})) as simulator:
        one = await caller.openai(simulator, stream=True)
        many = await caller.openai(simulator, "n", stream=True)
    assert one.openai_text == many.openai_text.replace("from n", "from m")
    assert one.events[-1] == "[DONE]"


async def test_a_model_can_answer_under_another_name_and_without_usage(caller):
    async with Simulator(Script(models={"m": ModelScript(serves_as="m-2025-01-01", usage=False)})) as simulator:
        body = (await caller.openai(simulator)).json
    assert body["model"] == "m-2025-01-01"
    assert "usage" not in body
