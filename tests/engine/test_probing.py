"""Asking for model lists: what a server says there is shown without keys, and a change of the config ends nothing."""

from __future__ import annotations

import asyncio

from clawtui.config.schema import Config
from clawtui.engine.outcome import Outcome
from clawtui.engine.probing import Prober
from clawtui.simulator import DialectKind, Endpoint, Fault, FaultKind, ModelScript
from tests.house import KEYS, a_house

SECRET = "kangaroo9-secret-zz"


async def test_a_key_that_a_server_quotes_is_not_shown() -> None:
    said = f"Authentication Error, Received API Key {SECRET}, not found\x1b[31m in db"
    async with a_house(environ=KEYS | {"KEYS_ONE": SECRET}) as house:
        refusal = Fault(FaultKind.STATUS, status=401, body={"error": {"message": said}}, on=Endpoint.LISTS)
        house.simulator.set_fault(refusal, provider="one")
        probe = await house.engine.probe("one")
        assert probe.error is not None
        assert "auth (401)" in probe.error
        assert "kangaroo" not in probe.error
        assert "\x1b" not in probe.error


async def test_a_provider_that_goes_with_a_new_config_does_not_end_the_probing_of_others() -> None:
    once = {"circuit": {"failures": 1}, "retries": 0}
    async with a_house(providers={"one": once, "two": once}) as house:
        number = house.simulator.set_fault(Fault(FaultKind.STATUS, status=503))
        assert (await house.ask()).outcome is Outcome.FAILED
        house.simulator.remove_fault(number)
        base_url = house.simulator.url("two", DialectKind.ANTHROPIC)
        without_one = Config.model_validate(
            {
                "providers": {"two": {"kind": "anthropic", "base_url": base_url, "credentials": ["env:KEYS_TWO"]}},
                "profiles": {"second": {"provider": "two", "model": "beta"}},
            }
        )
        # Runs after the probes are made and before they begin.
        asyncio.get_running_loop().call_soon(house.engine.reconfigure, without_one)
        await Prober(house.engine).probe_open()
        states = {view.route.provider: view.state for view in house.engine.circuits.views()}
        assert states == {"one": "open", "two": "half_open"}


async def test_a_key_that_a_server_gives_as_a_models_name_is_taken_out_of_it() -> None:
    key = KEYS["KEYS_ONE"]
    async with a_house() as house:
        house.simulator.set_model("one/alpha", ModelScript(serves_as=f"alpha-{key}"))
        trace = await house.ask()
        assert trace.served_model == "alpha-…"
        assert key not in repr(trace)


async def test_values_that_a_query_refers_to_are_masked_and_plain_words_of_headers_are_not() -> None:
    environ = {**KEYS, "CODE": "code-7712-secret"}
    one = {"query": {"code": "env:CODE"}, "headers": {"X-Title": "Application gateway"}}
    async with a_house(environ=environ, providers={"one": one}, profiles={"first": {"fallback_profiles": []}}) as house:
        words = "the gateway Application refused /v1/chat?code=code-7712-secret"
        house.simulator.set_fault(Fault(FaultKind.STATUS, status=400, message=words), provider="one")
        trace = await house.ask()
        assert trace.error is not None
        assert "the gateway Application refused" in trace.error.message
        assert "7712" not in repr(trace)
