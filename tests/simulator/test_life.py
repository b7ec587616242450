"""Starting, closing and being waited for."""

import asyncio
import gc

import aiohttp
import pytest

from clawtui.simulator import Fault, FaultKind, Outcome, Simulator, serve


async def test_closing_frees_everything_at_once_while_requests_hang_and_stall(caller):
    simulator = Simulator()
    await simulator.start()
    asking = [
        asyncio.create_task(caller.openai(simulator, model, stream=True))
        for model in ("sim-hang", "sim-stall-3", "sim-slow-60s", "sim-hang")
    ]
    await simulator.wait_for_request(4)
    before = asyncio.get_running_loop().time()
    await simulator.close()
    assert asyncio.get_running_loop().time() - before < 2.0
    results = await asyncio.gather(*asking, return_exceptions=True)
    ended = [isinstance(result, aiohttp.ClientError) or result.broken is not None for result in results]
    assert all(ended)
    assert {record.outcome for record in simulator.requests} == {Outcome.CLOSED}
    assert simulator.in_flight() == 0
    gc.collect()
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_a_closed_simulator_refuses_connections_and_can_come_back_on_its_port(caller):
    simulator = Simulator()
    address = await simulator.start()
    await simulator.close()
    await simulator.close()
    with pytest.raises(aiohttp.ClientConnectorError):
        await caller.openai(simulator)
    assert await simulator.start() == address
    assert (await caller.openai(simulator)).status == 200
    await simulator.close()


async def test_idle_connections_do_not_hold_up_the_closing(caller):
    async with Simulator() as simulator:
        for _ in range(3):
            await caller.openai(simulator)
        before = asyncio.get_running_loop().time()
    assert asyncio.get_running_loop().time() - before < 2.0


async def test_faults_set_before_the_start_hold(caller):
    simulator = Simulator()
    simulator.set_fault(Fault(FaultKind.STATUS, status=500))
    async with simulator:
        assert (await caller.openai(simulator)).status == 500


async def test_in_flight_and_its_peak_are_counted_by_provider(caller, simulator):
    asking = [asyncio.create_task(caller.openai(simulator, "sim-hang", provider=name)) for name in ("a", "a", "b")]
    await simulator.wait_for_request(3)
    assert (simulator.in_flight("a"), simulator.in_flight("b"), simulator.in_flight()) == (2, 1, 3)
    for task in asking:
        task.cancel()
    await simulator.wait_until_idle()
    assert simulator.log.disconnects == 3
    assert simulator.most_at_once("a") == 2


async def test_many_streams_at_once_do_not_mix(caller, simulator):
    async def one(number):
        reply = await caller.openai(simulator, "sim-echo", f"number {number} " * 20, stream=True)
        return reply.openai_text == f"number {number} " * 20

    assert all(await asyncio.gather(*(one(number) for number in range(60))))


async def test_serve_says_where_it_listens_and_runs_until_it_is_cancelled(caller):
    address: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    serving = asyncio.create_task(serve(ready=address.set_result))
    url = await address
    assert (await caller.get(f"{url}/_control/state")).status == 200
    serving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await serving
    with pytest.raises(aiohttp.ClientConnectorError):
        await caller.get(f"{url}/_control/state")


def test_it_serves_loopback_only():
    with pytest.raises(ValueError, match="loopback only"):
        Simulator(host="0.0.0.0")


async def test_large_requests_are_taken(caller, simulator):
    reply = await caller.openai(simulator, "sim-words-1", "x" * 5_000_000)
    assert reply.status == 200
    assert simulator.requests[-1].size > 5_000_000
