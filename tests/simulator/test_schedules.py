"""When faults strike: by count, chance and time, for providers, models and keys; the same again from the same seed."""

from clawtui.simulator import Endpoint, Fault, FaultKind, KeyScript, ModelScript, ProviderScript, Script, Simulator


async def statuses(caller, simulator, count, **who):
    return [(await caller.openai(simulator, **who)).status for _ in range(count)]


def failing(**when):
    return Fault(FaultKind.STATUS, status=500, **when)


async def test_the_next_n_requests_and_no_more(caller, simulator):
    simulator.set_fault(failing(times=2), provider="p")
    assert await statuses(caller, simulator, 3, provider="q") == [200, 200, 200]
    assert await statuses(caller, simulator, 4) == [500, 500, 200, 200]


async def test_every_nth_request(caller, simulator):
    simulator.set_fault(failing(every=3))
    assert await statuses(caller, simulator, 7) == [200, 200, 500, 200, 200, 500, 200]


async def test_chance_is_drawn_from_the_seed_and_comes_out_the_same_again(caller):
    runs = []
    for seed in (1, 1, 2):
        script = Script(seed=seed, models={"m": ModelScript(faults=(failing(probability=0.5),))})
        async with Simulator(script) as simulator:
            runs.append(await statuses(caller, simulator, 40))
    assert runs[0] == runs[1] != runs[2]
    assert 8 < runs[0].count(500) < 32


async def test_answers_are_the_same_again_from_the_same_seed_down_to_their_ids(caller):
    bodies = []
    for seed in (1, 1, 2):
        async with Simulator(
            Script(seed=seed, models={"m": ModelScript(variants=("one", "two"))}), now=lambda: 0.0
        ) as s:
            bodies.append([(await caller.openai(s)).data for _ in range(3)])
    assert bodies[0] == bodies[1] != bodies[2]
    assert bodies[0][0] != bodies[0][1]


async def test_a_window_opens_closes_and_comes_again(caller, clock):
    burst = failing(down_from=10, down_for=5, period=60)
    async with Simulator(Script(providers={"p": ProviderScript(faults=(burst,))}), now=clock) as simulator:
        seen = []
        for moment in (0, 9, 10, 14, 15, 59, 70, 75):
            clock.time = 1000 + moment
            seen.append((await caller.openai(simulator)).status)
    assert seen == [200, 200, 500, 500, 200, 200, 500, 200]


async def test_a_fault_on_one_model_or_key_leaves_the_others_alone(caller):
    keys = (KeyScript("key-a", "a"), KeyScript("key-b", "b", faults=(Fault(FaultKind.RATE_LIMIT, retry_after=5),)))
    script = Script(
        providers={"p": ProviderScript(keys=keys)},
        models={"p/bad": ModelScript(faults=(failing(),))},
    )
    async with Simulator(script) as simulator:
        assert await statuses(caller, simulator, 1, key="key-a") == [200]
        assert await statuses(caller, simulator, 1, key="key-b") == [429]
        assert await statuses(caller, simulator, 1, key="key-a", model="bad") == [500]
        assert await statuses(caller, simulator, 1, provider="q", model="bad") == [200]


async def test_a_fault_strikes_lists_only_where_it_says_so(caller, simulator):
    simulator.set_fault(failing(on=Endpoint.ALL, times=2), provider="down")
    simulator.set_fault(failing(), provider="half")
    assert (await caller.get(f"{simulator.url('down')}/models")).status == 500
    assert (await caller.openai(simulator, provider="down")).status == 500
    assert (await caller.get(f"{simulator.url('half')}/models")).status == 200
    assert (await caller.openai(simulator, provider="half")).status == 500


async def test_the_fault_set_last_goes_first_and_can_be_taken_back(caller):
    async with Simulator(Script(providers={"p": ProviderScript(faults=(failing(),))})) as simulator:
        number = simulator.set_fault(Fault(FaultKind.STATUS, status=418), provider="p")
        assert await statuses(caller, simulator, 1) == [418]
        assert simulator.remove_fault(number)
        assert await statuses(caller, simulator, 1) == [500]
        assert simulator.clear_faults(provider="p") == 1
        assert await statuses(caller, simulator, 1) == [200]
        simulator.reset()
        assert await statuses(caller, simulator, 1) == [500]
