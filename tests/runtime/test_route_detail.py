"""What the detail of a route is made of, and the probe by hand, on a real runtime over loopback."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from clawtui.config.paths import Paths
from clawtui.engine.failures import Failure, FailureKind
from clawtui.engine.request import ChatRequest, Route, user
from clawtui.runtime import Runtime, open_runtime
from clawtui.runtime.route_detail import FallsBack, TimeLimits, probe_provider, route_detail
from clawtui.runtime.routes_view import route_rows
from clawtui.simulator import Fault, FaultKind, ProviderScript, Script, Simulator
from clawtui.simulator.script import Endpoint

FIRST, SECOND = Route("first", "one", "alpha"), Route("second", "one", "beta")
MINI = Route("first", "one", "alpha-mini")


@asynccontextmanager
async def a_runtime(folder: Path, script: Script | None = None) -> AsyncIterator[Runtime]:
    async with Simulator(script) as simulator:
        paths = Paths(folder / "config.toml", folder / "data")
        config = f"""
default_profile = "first"
[providers.one]
kind = "openai"
base_url = "{simulator.url("one")}"
credentials = ["env:KEY"]
retries = 1
max_concurrency = 4
circuit = {{ failures = 2, open_for = 20 }}
[profiles.first]
provider = "one"
model = "alpha"
fallback_models = ["alpha-mini"]
fallback_profiles = ["second"]
timeouts = {{ total = 90 }}
[profiles.second]
provider = "one"
model = "beta"
[policies.night]
fallback_profiles = ["second"]
"""
        paths.config_file.write_text(config, encoding="utf-8")
        runtime = await open_runtime(paths, environ={"KEY": "wombat-key-zz"})
        try:
            yield runtime
        finally:
            await runtime.aclose()


def open_circuit(runtime: Runtime, route: Route) -> None:
    for _ in range(2):
        lease = runtime.engine.circuits.enter(route)
        assert lease is not None
        lease.failed(Failure(FailureKind.SERVER, "down", 503))


async def test_who_falls_back_to_a_route_is_told_with_the_place_in_the_chain(tmp_path: Path) -> None:
    async with a_runtime(tmp_path) as runtime:
        assert (await route_detail(runtime, FIRST)).fallback_of == ()
        assert (await route_detail(runtime, MINI)).fallback_of == (FallsBack("first", 1),)
        assert (await route_detail(runtime, SECOND)).fallback_of == (
            FallsBack("first", 2),
            FallsBack("night", 1, is_policy=True),
        )


async def test_limits_are_the_profiles_over_the_providers(tmp_path: Path) -> None:
    async with a_runtime(tmp_path) as runtime:
        assert (await route_detail(runtime, FIRST)).limits == TimeLimits(5.0, 60.0, 30.0, 90.0, 1, 4, 20.0, 300.0)
        assert (await route_detail(runtime, Route(None, "nowhere", "x"))).limits is None


async def test_calls_and_transitions_come_from_the_file_newest_first(tmp_path: Path) -> None:
    async with a_runtime(tmp_path) as runtime:
        await runtime.engine.ask(ChatRequest((user("hello"),), target="first"))
        open_circuit(runtime, FIRST)
        runtime.engine.circuits.reset([FIRST])
        await runtime.store.flush()
        detail = await route_detail(runtime, FIRST)
        assert [(each.outcome, each.credential) for each in detail.attempts] == [("ok", "env:KEY")]
        assert [(each.before, each.after) for each in detail.transitions] == [("open", "closed"), ("closed", "open")]
        assert [view.label for view in detail.credentials] == ["env:KEY"]


async def test_a_probe_that_is_answered_lets_all_open_circuits_of_the_provider_try_again(tmp_path: Path) -> None:
    async with a_runtime(tmp_path) as runtime:
        for route in (FIRST, SECOND):
            open_circuit(runtime, route)
        assert (await probe_provider(runtime, "one")).error is None
        assert [view.state.value for view in runtime.engine.circuits.views()] == ["half_open", "half_open"]


async def test_a_probe_that_is_refused_changes_nothing(tmp_path: Path) -> None:
    down = ProviderScript(faults=(Fault(FaultKind.STATUS, status=500, on=Endpoint.ALL),))
    async with a_runtime(tmp_path, Script(providers={"one": down})) as runtime:
        open_circuit(runtime, FIRST)
        assert (await probe_provider(runtime, "one")).error is not None
        assert runtime.engine.circuits.view(FIRST).state.value == "open"


async def test_a_disabled_route_says_so_in_its_row(tmp_path: Path) -> None:
    async with a_runtime(tmp_path) as runtime:
        runtime.engine.set_disabled(SECOND, True)
        rows = {row.route: row for row in await route_rows(runtime.engine, runtime.store)}
        assert (rows[SECOND].is_disabled, rows[SECOND].reason) == (True, "disabled for this run")
        assert not rows[FIRST].is_disabled
