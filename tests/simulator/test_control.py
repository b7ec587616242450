"""The control endpoint, while the simulator runs."""

from clawtui.simulator import Simulator


async def control(caller, simulator, what, body=None, headers=None):
    url = f"{simulator.base_url}/_control/{what}"
    return await (caller.get(url, headers) if body is None else caller.post(url, body, headers))


async def test_a_fault_is_set_shown_and_cleared_over_the_wire(caller, simulator):
    made = await control(caller, simulator, "faults", {"provider": "p", "fault": {"kind": "status", "status": 500}})
    assert (await caller.openai(simulator)).status == 500
    faults = (await control(caller, simulator, "state")).json["faults"]
    assert [(fault["id"], fault["kind"], fault["fired"]) for fault in faults] == [(made.json["id"], "status", 1)]
    cleared = await control(caller, simulator, "faults", {"clear": made.json["id"]})
    assert cleared.json == {"cleared": 1}
    assert (await caller.openai(simulator)).status == 200


async def test_clearing_by_scope_takes_all_that_lie_inside(caller, simulator):
    for model in ("a", "b"):
        await control(caller, simulator, "faults", {"provider": "p", "model": model, "fault": {"kind": "hang"}})
    assert (await control(caller, simulator, "faults", {"provider": "p", "clear": True})).json == {"cleared": 2}


async def test_a_model_is_set_and_a_reset_brings_the_script_back(caller, simulator):
    await control(caller, simulator, "models", {"name": "p/m", "model": {"text": "new"}})
    assert (await caller.openai(simulator)).json["choices"][0]["message"]["content"] == "new"
    await control(caller, simulator, "reset", {})
    assert (await caller.openai(simulator)).json["choices"][0]["message"]["content"] != "new"
    assert simulator.log.received == 1


async def test_the_log_shows_what_was_asked_and_how_it_ended(caller, simulator):
    await caller.openai(simulator, "sim-cut-2", "my question", stream=True, tools=[{"function": {"name": "t"}}])
    await caller.openai(simulator, "x", messages=[])
    first, second = (await control(caller, simulator, "requests")).json["requests"]
    assert first["body"]["messages"][0]["content"] == "my question"
    assert (first["provider"], first["dialect"], first["model"], first["stream"]) == ("p", "openai", "sim-cut-2", True)
    assert (first["roles"], first["tools"], first["chunks"], first["fault"]) == (["user"], ["t"], 2, "cut")
    assert first["size"] > 50
    assert (second["outcome"], second["status"], second["model"]) == ("refused", 400, "x")


async def test_mistakes_are_told_with_their_field(caller, simulator):
    for what, body, field in (
        ("faults", {"fault": {"kind": "boom"}}, "fault.kind"),
        ("faults", {"fault": {"kind": "cut", "affter": 3}}, "fault.affter"),
        ("faults", {"fault": 3}, "fault"),
        ("faults", {"provider": 3, "fault": {"kind": "cut"}}, "provider"),
        ("models", {"model": {}}, "name"),
        ("models", {"name": "m", "model": {"chunk": 0}}, "model.chunk"),
        ("faults", b"{", ""),
    ):
        reply = await control(caller, simulator, what, body)
        assert (reply.status, reply.json["field"]) == (400, field)
    assert (await control(caller, simulator, "nothing")).status == 404


async def test_a_page_in_a_browser_is_told_no(caller, simulator):
    for headers in ({"Host": "evil.example"}, {"Origin": "https://evil.example"}):
        assert (await control(caller, simulator, "requests", headers=headers)).status == 403


async def test_the_sixth_protocol_works_as_well(caller):
    async with Simulator(host="::1") as simulator:
        assert (await control(caller, simulator, "state")).json["simulator"] is True
        assert (await caller.openai(simulator)).status == 200
