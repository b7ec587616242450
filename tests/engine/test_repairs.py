"""A repaired request differs from the one that was refused, and the route remembers."""

from __future__ import annotations

import asyncio
import json

from clawtui.engine.failures import Decision, FailureKind
from clawtui.engine.outcome import Outcome
from clawtui.simulator import ModelScript, Script
from tests.engine.raw_server import LAST_CHUNK, SSE, head, openai_chunk, raw_server, sse
from tests.house import a_house

ALONE = {"first": {"fallback_profiles": []}}


async def test_a_refused_field_of_the_profiles_extra_is_left_out_from_then_on() -> None:
    script = Script(models={"one/alpha": ModelScript(unsupported=("top_k",))})
    profiles = {"first": {"fallback_profiles": [], "extra": {"top_k": 5}}}
    async with a_house(script, profiles=profiles) as house:
        assert (await house.ask()).outcome is Outcome.OK
        assert (await house.ask()).outcome is Outcome.OK
        assert [each.body.get("top_k") for each in house.simulator.requests] == [5, None, None]


async def test_a_parameter_that_is_refused_by_its_path_is_left_out_whole() -> None:
    refused = "stream_options.include_usage"
    said = {"message": f"Unsupported parameter: '{refused}'", "param": refused, "code": "unsupported_parameter"}
    refusal = json.dumps({"error": said}).encode()

    async def answer(writer: asyncio.StreamWriter) -> None:
        if "stream_options" in server.bodies[-1]:
            kind = "Content-Type: application/json\r\nConnection: close"
            writer.write(f"HTTP/1.1 400 Bad Request\r\n{kind}\r\nContent-Length: {len(refusal)}\r\n\r\n".encode())
            writer.write(refusal)
        else:
            writer.write(head(SSE) + openai_chunk({"content": "ok"}, "stop") + sse("[DONE]") + LAST_CHUNK)

    async with (
        raw_server(answer) as server,
        a_house(providers={"one": {"base_url": server.url}}, profiles=ALONE) as house,
    ):
        trace = await house.ask()
        assert (trace.outcome, trace.text) == (Outcome.OK, "ok")
        assert (trace.attempts[0].failure, trace.attempts[0].decision) == (FailureKind.BAD_PARAMETER, Decision.REPAIR)
        await house.ask()
        assert ["stream_options" in body for body in server.bodies] == [True, False, False]
