"""Keys and quotas: who is let in, and what is said to those who are not."""

import pytest

from clawtui.simulator import DialectKind, Exhausted, KeyScript, ModelScript, ProviderScript, Quota, Script, Simulator

SCRIPT = Script(
    providers={
        "one": ProviderScript(keys=(KeyScript("sesame-1", "first"), KeyScript("sesame-2"))),
        "two": ProviderScript(keys=(KeyScript("other-1", "only"),)),
        "pinned": ProviderScript(models=("known",)),
    }
)


@pytest.fixture
async def guarded():
    async with Simulator(SCRIPT) as simulator:
        yield simulator


async def test_every_provider_takes_its_own_keys_and_no_others(caller, guarded):
    assert (await caller.openai(guarded, provider="one", key="sesame-1")).status == 200
    assert (await caller.openai(guarded, provider="one", key="other-1")).status == 401
    assert (await caller.openai(guarded, provider="two", key="other-1")).status == 200
    assert (await caller.openai(guarded, provider="one")).status == 401


async def test_a_wrong_key_is_refused_in_the_dialects_own_shape(caller, guarded):
    openai = await caller.openai(guarded, provider="one", key="x")
    anthropic = await caller.anthropic(guarded, provider="one", key="x")
    gemini = await caller.gemini(guarded, provider="one", key="x")
    ollama = await caller.ollama(guarded, provider="one")
    assert openai.json["error"]["code"] == "invalid_api_key"
    assert (anthropic.status, anthropic.json["error"]["type"]) == (401, "authentication_error")
    assert (gemini.status, gemini.json["error"]["details"][0]["reason"]) == (400, "API_KEY_INVALID")
    assert (ollama.status, ollama.json) == (401, {"error": "unauthorized"})
    assert (await caller.gemini(guarded, provider="one")).status == 403


async def test_each_dialect_brings_its_key_in_its_own_way(caller, guarded):
    assert (await caller.anthropic(guarded, provider="one", key="sesame-2")).status == 200
    assert (await caller.gemini(guarded, provider="one", key="sesame-2")).status == 200
    assert (await caller.gemini(guarded, provider="one", verb="generateContent?key=sesame-2")).status == 200


async def test_the_log_knows_keys_by_label_and_never_by_value(caller, guarded):
    await caller.openai(guarded, provider="one", key="sesame-1")
    await caller.openai(guarded, provider="one", key="sesame-2")
    await caller.gemini(guarded, provider="one", verb="generateContent?key=sesame-1")
    assert [record.key for record in guarded.requests] == ["first", "#2", "first"]
    told = repr(list(guarded.requests)) + repr(guarded.script) + repr(guarded.state())
    told += (await caller.get(f"{guarded.base_url}/_control/requests")).data.decode()
    assert "sesame" not in told


async def test_where_any_key_is_taken_they_are_told_apart_by_order(caller, simulator):
    for key in ("x", "y", "x", None):
        await caller.openai(simulator, key=key)
    assert [record.key for record in simulator.requests] == ["#1", "#2", "#1", None]


async def test_a_quota_announces_what_is_left_then_refuses_until_its_window_ends(caller, clock):
    key = KeyScript("k", quota=Quota(requests=2, window_s=60))
    script = Script(providers={"p": ProviderScript(keys=(key,))})
    async with Simulator(script, now=clock, wall=clock) as simulator:
        first = await caller.openai(simulator, key="k")
        second = await caller.anthropic(simulator, key="k")
        third = await caller.openai(simulator, key="k")
        assert (await caller.get(f"{simulator.url('p')}/models", {"Authorization": "Bearer k"})).status == 200
        clock.time += 61
        fourth = await caller.openai(simulator, key="k")
    assert first.headers["x-ratelimit-remaining-requests"] == "1"
    assert first.headers["x-ratelimit-reset-requests"] == "1m0s"
    assert second.headers["anthropic-ratelimit-requests-remaining"] == "0"
    assert second.headers["anthropic-ratelimit-requests-reset"] == "1970-01-01T00:17:40Z"
    assert (third.status, third.headers["retry-after"]) == (429, "60")
    assert third.json["error"]["code"] == "rate_limit_exceeded"
    assert fourth.status == 200


async def test_a_quota_can_end_as_an_empty_account_without_a_warning(caller):
    quota = Quota(requests=1, window_s=60, exhausted=Exhausted.BILLING, announce=False)
    script = Script(providers={"p": ProviderScript(keys=(KeyScript("k", quota=quota),))})
    async with Simulator(script) as simulator:
        first = await caller.openai(simulator, key="k")
        second = await caller.openai(simulator, key="k")
    assert not any(name.startswith("x-ratelimit") for name in first.headers)
    assert second.json["error"]["code"] == "insufficient_quota"


@pytest.mark.parametrize(
    ("dialect", "words"),
    [
        ("openai", "does not exist"),
        ("anthropic", "model: m"),
        ("gemini", "is not found for API version"),
        ("ollama", "not found"),
    ],
)
async def test_a_model_that_a_pinned_provider_lacks_is_not_found(caller, guarded, dialect, words):
    reply = await getattr(caller, dialect)(guarded, provider="pinned")
    assert reply.status == 404
    assert words in reply.data.decode()
    assert (await getattr(caller, dialect)(guarded, "known", provider="pinned")).status == 200


async def test_a_pinned_dialect_has_no_other_paths(caller):
    script = Script(providers={"p": ProviderScript(dialect=DialectKind.ANTHROPIC)}, models={"m": ModelScript()})
    async with Simulator(script) as simulator:
        assert (await caller.openai(simulator)).status == 404
        assert (await caller.anthropic(simulator)).status == 200
        assert (await caller.get(f"{simulator.url('p')}/models")).json["has_more"] is False
