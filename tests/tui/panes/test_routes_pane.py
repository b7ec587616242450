"""The routes pane as a person uses it, against the simulator."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion

from clawtui.engine.events import CircuitMoved
from clawtui.engine.failures import Failure, FailureKind
from clawtui.engine.outcome import AttemptOutcome
from clawtui.engine.ports import CircuitRecord
from clawtui.engine.request import ChatRequest, Route, user
from clawtui.runtime import Runtime
from clawtui.simulator import Fault, FaultKind, ProviderScript, Script
from clawtui.simulator.script import Endpoint
from clawtui.tui.messages import OpenRoute
from clawtui.tui.panes import routes as pane_module
from clawtui.tui.panes.routes import RoutesPane
from clawtui.tui.remembered import Remembered
from tests.tui.screen import FULL, NARROW, SIZES, Shown, a_screen, until

EVERYDAY = Route("everyday", "one", "alpha-mini")
DEEP = Route("deep", "two", "beta-opus")
HOSTILE = Route(None, "one", "\x1b]0;owned\x07[bold red]m[/]\u202egpj.exe\x9b31m\nsecond line " + "很长的名字" * 12)


async def ask(runtime: Runtime, target: str) -> None:
    await runtime.engine.ask(ChatRequest((user("hello"),), target=target))


def fail(runtime: Runtime, route: Route, times: int, status: int = 503) -> None:
    """As the walk reports it: to the circuit, and to the figures."""
    for _ in range(times):
        lease = runtime.engine.circuits.enter(route)
        if lease is not None:
            lease.failed(Failure(FailureKind.SERVER, "down", status))


def cool(runtime: Runtime, provider: str, model: str, seconds: float) -> None:
    lease = runtime.engine.pools.lease(provider, model)
    assert lease is not None
    lease.failed(Failure(FailureKind.RATE_LIMIT, "slow down", 429, retry_after_s=seconds), {})


async def a_day(runtime: Runtime) -> None:
    """Answers, an open circuit, a cooling credential."""
    for target in ("everyday", "everyday", "swift"):
        await ask(runtime, target)
    fail(runtime, DEEP, 5)
    fail(runtime, EVERYDAY, 2)
    cool(runtime, "one", "alpha-mini", 40.0)
    await runtime.store.flush()


async def hostile(runtime: Runtime) -> None:
    """A model whose name is an attack: shown as text, in its line."""
    runtime.engine.stats.began(HOSTILE)
    runtime.engine.stats.ended(
        HOSTILE,
        outcome=AttemptOutcome.FAILED,
        failure=FailureKind.SERVER,
        ms=10.0,
        first_token_ms=None,
        output_tokens=0,
        is_retry=False,
    )
    for _ in range(5):
        lease = runtime.engine.circuits.enter(HOSTILE)
        assert lease is not None
        lease.failed(Failure(FailureKind.SERVER, "x", 500))


def the_pane(shown: Shown) -> RoutesPane:
    pane = shown.app.panes.shown
    assert isinstance(pane, RoutesPane)
    return pane


async def at(shown: Shown, route: Route) -> None:
    """The cursor on this route, its detail read."""
    pane = the_pane(shown)
    await until(shown.pilot, lambda: pane.table.move_to_key(route))
    await until(shown.pilot, lambda: pane._detail is not None and pane._detail.route == route)
    await shown.pilot.pause()


async def skipped(shown: Shown, profile: str) -> str | None:
    async def plan(runtime: Runtime) -> str | None:
        entries = runtime.engine.plan(ChatRequest((user("x"),), target=profile)).entries
        return next(
            (entry.reason for entry in entries if entry.skip is not None and entry.route.profile == profile), None
        )

    return await shown.app.desk.do(plan)


# ---- how it looks


@pytest.mark.parametrize("size", SIZES)
async def test_an_empty_list_says_what_to_do(
    tmp_path: Path, size: tuple[int, int], snapshot: SnapshotAssertion
) -> None:
    async with a_screen(tmp_path, size=size, pane="routes", config="[policies.default]\n") as shown:
        await shown.sees("No routes")
        assert body(shown.text) == snapshot


@pytest.mark.parametrize("size", SIZES)
async def test_a_usual_day(tmp_path: Path, size: tuple[int, int], snapshot: SnapshotAssertion) -> None:
    async with a_screen(tmp_path, size=size, pane="routes", prepare=a_day) as shown:
        await at(shown, DEEP)
        await shown.sees("open 30 s")
        assert body(shown.text) == snapshot


@pytest.mark.parametrize("size", SIZES)
async def test_the_detail_of_a_usual_day(tmp_path: Path, size: tuple[int, int], snapshot: SnapshotAssertion) -> None:
    async with a_screen(tmp_path, size=size, pane="routes", prepare=a_day) as shown:
        await at(shown, EVERYDAY)
        await shown.press("enter")
        await shown.sees("Recent call")
        assert body(shown.text) == snapshot


@pytest.mark.parametrize("size", SIZES)
async def test_names_from_outside_stay_text_in_their_line(
    tmp_path: Path, size: tuple[int, int], snapshot: SnapshotAssertion
) -> None:
    async with a_screen(tmp_path, size=size, pane="routes", prepare=hostile) as shown:
        await at(shown, HOSTILE)
        await shown.press("enter")
        text = await shown.sees("opened by server (500)")
        assert not any(character in text for character in "\x1b\x07\x9b\u202e")
        assert "[bold red]" in text
        assert body(shown.text) == snapshot


def body(text: str) -> str:
    """Without the frame's own lines."""
    return "\n".join(text.splitlines()[2:-1])


# ---- going about


async def test_on_a_narrow_screen_enter_shows_the_detail_and_escape_the_list(tmp_path: Path) -> None:
    async with a_screen(tmp_path, size=NARROW, pane="routes", prepare=a_day) as shown:
        await shown.sees("beta-opus")
        await shown.misses("Recent call")
        await at(shown, DEEP)
        await shown.press("enter")
        text = await shown.sees("Next probe   in 30 s")
        assert "gamma-pro" not in text
        await shown.press("escape")
        await shown.sees("gamma-pro")
        assert the_pane(shown).table.has_focus


async def test_the_whole_detail_can_be_read_with_the_keyboard_alone(tmp_path: Path) -> None:
    async with a_screen(tmp_path, size=(80, 18), pane="routes", prepare=a_day) as shown:
        await at(shown, EVERYDAY)
        await shown.press("enter")
        await shown.sees("Recent call")
        await shown.misses("the circuit has never moved")
        await shown.press("end", "end")
        await shown.sees("the circuit has never moved")
        await shown.press("home", "home")
        await shown.sees("everyday → one/alpha-mini")
        for _ in range(12):
            await shown.press("down")
        await shown.sees("the circuit has never moved")


async def test_side_by_side_the_detail_follows_the_cursor(tmp_path: Path) -> None:
    async with a_screen(tmp_path, size=FULL, pane="routes", prepare=a_day) as shown:
        await shown.sees("env:KEYS_ONE")
        await shown.press("down")
        await shown.sees("env:KEY_TWO")
        await shown.sees("opened by server (503)")
        assert the_pane(shown).table.has_focus


async def test_enter_on_a_recent_call_opens_its_trace(tmp_path: Path) -> None:
    async with a_screen(tmp_path, size=FULL, pane="routes", prepare=a_day) as shown:
        await at(shown, EVERYDAY)
        await shown.press("enter")
        assert the_pane(shown).panel.attempts.has_focus
        await shown.press("enter")
        await until(shown.pilot, lambda: shown.app.panes.shown.AREA == "traces")


async def test_the_newest_call_is_in_sight_until_somebody_walks_through_them(tmp_path: Path) -> None:
    async with a_screen(tmp_path, size=FULL, pane="routes", prepare=a_day) as shown:
        await at(shown, EVERYDAY)
        attempts = the_pane(shown).panel.attempts

        async def more(runtime: Runtime) -> None:
            await ask(runtime, "everyday")
            await runtime.store.flush()

        await shown.app.desk.do(more)
        await until(shown.pilot, lambda: attempts.row_count == 3)
        assert attempts.cursor == 0
        await shown.press("enter", "down")
        key = attempts.cursor_key
        await shown.app.desk.do(more)
        await until(shown.pilot, lambda: attempts.row_count == 4)
        assert attempts.cursor_key == key


async def test_somebody_else_can_ask_for_a_route_even_if_a_filter_hides_it(tmp_path: Path) -> None:
    remembered = Remembered(filters={"routes": "gamma"})
    async with a_screen(tmp_path, size=NARROW, pane="routes", prepare=a_day, remembered=remembered) as shown:
        await shown.sees("gamma-pro")
        await shown.misses("beta-opus")
        shown.app.post_message(OpenRoute(DEEP))
        await shown.sees("opened by server (503)")
        assert the_pane(shown).table.cursor_key == DEEP
        await shown.press("escape")
        await shown.sees("alpha-mini")
        assert shown.app.desk.remembered.filters["routes"] == ""


async def test_a_route_that_is_gone_is_said_to_be(tmp_path: Path) -> None:
    async with a_screen(tmp_path, size=FULL, pane="routes") as shown:
        shown.app.post_message(OpenRoute(Route(None, "one", "gone")))
        await shown.sees("one/gone is not among the routes")


async def test_filter_and_order_are_kept(tmp_path: Path) -> None:
    async with a_screen(tmp_path, size=FULL, pane="routes", prepare=a_day) as shown:
        await shown.sees("Routes, 6")
        await shown.press("slash")
        await shown.type("state:open")
        await shown.sees("Routes, 1 of 6")
        await shown.press("enter")
        await shown.sees("state:open")
        await shown.press("greater_than_sign")
        await shown.press("escape")
        await shown.sees("Routes, 6")
        remembered = shown.app.desk.remembered
        assert (remembered.filters["routes"], remembered.sorts["routes"]) == ("", "state")
        assert the_pane(shown).table.row_at(0).route == DEEP


async def test_the_cursor_stays_on_its_route_whatever_comes(tmp_path: Path) -> None:
    remembered = Remembered(sorts={"routes": "-asked"})
    async with a_screen(tmp_path, size=FULL, pane="routes", remembered=remembered) as shown:
        await at(shown, EVERYDAY)

        async def more(runtime: Runtime) -> None:
            for _ in range(2):
                await ask(runtime, "local")
            await runtime.store.flush()

        await shown.app.desk.do(more)
        table = the_pane(shown).table
        await until(shown.pilot, lambda: table.row_at(0).route.profile == "local")
        assert table.cursor_key == EVERYDAY
        assert table.cursor_row.route == EVERYDAY


# ---- looking


async def test_a_storm_of_events_is_few_looks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reads = 0
    read = pane_module._read

    async def counted(runtime: Runtime, route: Route | None) -> object:
        nonlocal reads
        reads += 1
        return await read(runtime, route)

    async with a_screen(tmp_path, size=FULL, pane="routes") as shown:
        await at(shown, EVERYDAY)
        monkeypatch.setattr(pane_module, "_read", counted)
        began = asyncio.get_running_loop().time()
        for _ in range(300):
            the_pane(shown).receive((CircuitMoved(EVERYDAY, "open", "server", 0.0, 1.0),))
            await shown.pilot.pause(0)
        took = asyncio.get_running_loop().time() - began
        assert reads <= 2 + took / pane_module.LEAST_SECONDS


async def test_hidden_it_looks_at_nothing_and_shown_again_it_is_up_to_date(tmp_path: Path) -> None:
    async with a_screen(tmp_path, size=FULL, pane="routes") as shown:
        await shown.sees("idle")
        pane = the_pane(shown)
        await shown.press("f3")
        await until(shown.pilot, lambda: not pane._is_looking)

        async def broken(runtime: Runtime) -> None:
            fail(runtime, DEEP, 5)

        await shown.app.desk.do(broken)
        await shown.pilot.pause(0.05)
        assert not pane._is_looking
        await shown.press("f2")
        await shown.sees("open 30 s")


async def test_what_another_process_stores_is_seen(tmp_path: Path) -> None:
    async with a_screen(tmp_path, size=FULL, pane="routes") as shown:
        await shown.sees("beta-opus")
        now = shown.clock.wall()

        async def elsewhere(runtime: Runtime) -> None:
            record = CircuitRecord(DEEP, "open", 5, now, 30.0, "connect", now)
            runtime.store.state.save(record)
            await runtime.store.flush()
            runtime.engine.absorb(await runtime.store.state.load())
            runtime.bus.publish(CircuitMoved(DEEP, "open", "connect", now, 30.0))

        await shown.app.desk.do(elsewhere)
        await shown.sees("open 30 s")


# ---- steering


async def test_reset_closes_the_circuit_and_keeps_its_history(tmp_path: Path) -> None:
    async with a_screen(tmp_path, size=FULL, pane="routes", prepare=a_day) as shown:
        await at(shown, DEEP)
        await shown.press("r")
        await shown.sees("its history stays")
        await shown.sees("closed → open")
        text = await shown.sees("open → closed")
        assert "○ open" not in text
        await shown.press("r")
        await shown.sees("Reset: the circuit is closed and counts no failures")


async def test_disabled_routes_are_passed_over_until_they_are_taken_back(tmp_path: Path) -> None:
    async with a_screen(tmp_path, size=FULL, pane="routes") as shown:
        await at(shown, EVERYDAY)
        await shown.press("x")
        await shown.sees("⚠ disabled")
        assert await skipped(shown, "everyday") == "disabled for this run"
        await shown.press("x")
        await shown.sees("is back in")
        await shown.misses("⚠ disabled")
        assert await skipped(shown, "everyday") is None


async def test_a_cooling_credential_is_freed_by_hand(tmp_path: Path) -> None:
    async with a_screen(tmp_path, size=FULL, pane="routes", prepare=a_day) as shown:
        await at(shown, EVERYDAY)
        await shown.sees("◐ cooling")
        pane = the_pane(shown)
        cooling = next(n for n in range(2) if pane.panel.credentials.row_at(n).back)
        pane.panel.credentials.focus()
        pane.panel.credentials.move_to(cooling)
        await shown.press("c")
        await shown.sees("is usable again")
        await shown.misses("◐ cooling")
        await shown.press("c")
        await shown.sees("is usable already")


async def test_a_keyless_provider_has_no_credential_to_reset(tmp_path: Path) -> None:
    async with a_screen(tmp_path, size=FULL, pane="routes") as shown:
        await at(shown, Route("local", "home", "delta:8b"))
        await shown.sees("home needs no credential")
        await shown.press("c")
        await shown.sees("Reset key: home holds no credentials")


async def test_a_probe_says_what_was_heard_and_lets_an_open_circuit_try_again(tmp_path: Path) -> None:
    async with a_screen(tmp_path, size=FULL, pane="routes", prepare=a_day) as shown:
        await at(shown, DEEP)
        await shown.press("p")
        await shown.sees("two answered in 0 ms")
        await shown.sees("◐ half-open")
        await shown.sees("open → half-open")


async def test_a_probe_that_is_refused_changes_no_circuit(tmp_path: Path) -> None:
    down = ProviderScript(faults=(Fault(FaultKind.STATUS, status=503, on=Endpoint.ALL),))
    async with a_screen(
        tmp_path, size=FULL, pane="routes", prepare=a_day, script=Script(providers={"two": down})
    ) as shown:
        await at(shown, DEEP)
        await shown.press("p")
        await shown.sees("two refused in 0 ms: overloaded (503)")
        await shown.sees("○ open 30 s")


async def test_a_probe_that_hangs_can_be_given_up(tmp_path: Path) -> None:
    silent = ProviderScript(faults=(Fault(FaultKind.HANG, on=Endpoint.ALL),))
    async with a_screen(tmp_path, size=FULL, pane="routes", script=Script(providers={"two": silent})) as shown:
        await at(shown, DEEP)
        await shown.press("p")
        await shown.sees("probing two, 0.0 s of at most 5.0 s; esc cancels")
        await shown.press("p")
        await shown.sees("Probe: a probe is under way; esc cancels it")
        await shown.press("escape")
        await shown.sees("the probe was cancelled")
        await shown.misses("probing two")


async def test_a_provider_that_is_not_ready_is_not_probed(tmp_path: Path) -> None:
    async with a_screen(tmp_path, size=FULL, pane="routes") as shown:
        await at(shown, Route("waiting", "openai", "gpt-4.1-mini"))
        await shown.press("p")
        await shown.sees("Probe: OPENAI_API_KEY is not set")


# ---- what leaves


async def test_what_has_the_focus_is_copied_and_the_list_is_exported(tmp_path: Path) -> None:
    async with a_screen(tmp_path, size=FULL, pane="routes", prepare=a_day) as shown:
        await at(shown, EVERYDAY)
        await shown.press("y")
        assert shown.app.clipboard == "everyday@one/alpha-mini"
        await shown.press("enter")
        await shown.press("y")
        assert shown.app.clipboard == the_pane(shown).panel.attempts.cursor_row.row.request_id
        await shown.press("e")
        await shown.sees("written to")
        exported = json.loads((shown.paths.exports / "routes.json").read_text(encoding="utf-8"))
        assert exported["routes"][0]["model"] == "alpha-mini"
