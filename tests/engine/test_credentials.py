"""A provider's pool: who is leased, for how long a refused one rests, and that no secret leaves a lease."""

from __future__ import annotations

import pickle
import random
from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clawtui.config.schema import PoolStrategy
from clawtui.engine.bus import EventBus
from clawtui.engine.credentials import CredentialLease, CredentialPools, CredentialView
from clawtui.engine.events import BusEvent, CredentialMoved
from clawtui.engine.failures import Failure, FailureKind
from clawtui.engine.ports import CredentialRecord
from tests.house import FakeClock, RecordingState

HOUR = 3_600.0
MODEL = "alpha"
LIMITED = Failure(FailureKind.RATE_LIMIT, status=429)
REFUSED = Failure(FailureKind.AUTH, status=401)
UNPAID = Failure(FailureKind.BILLING, status=402)
DOWN = Failure(FailureKind.SERVER, status=500)
FINGERPRINT_KEY = b"k" * 32


def some_keys(count: int) -> str:
    return ",".join(f"quokka-{number}-zz" for number in range(1, count + 1))


class Pool(CredentialPools):
    """The pool of provider `one`, with its clock, what it stored and what it told."""

    def __init__(
        self, keys: int = 1, strategy: PoolStrategy = PoolStrategy.FILL_FIRST, clock: FakeClock | None = None
    ) -> None:
        self.clock = clock or FakeClock()
        self.state = RecordingState()
        self.told: list[BusEvent] = []
        bus = EventBus()
        bus.subscribe(self.told.append)
        super().__init__(self.clock, self.state, bus, random.Random(7))
        self.use({"KEYS": some_keys(keys)}, FINGERPRINT_KEY)
        self.configure("one", ("env:KEYS",), strategy)

    def take(
        self, model: str = MODEL, conversation: str | None = None, avoid: frozenset[str] = frozenset()
    ) -> CredentialLease:
        lease = self.lease("one", model, conversation, avoid)
        assert lease is not None
        return lease

    def fail(self, failure: Failure, model: str = MODEL, headers: Mapping[str, str] | None = None) -> str | None:
        lease = self.take(model)
        lease.failed(failure, headers or {})
        return lease.label

    def answer(self, headers: Mapping[str, str] | None = None) -> str | None:
        lease = self.take()
        lease.succeeded(headers or {})
        return lease.label

    def back_in(self, model: str = MODEL) -> float:
        blocked = self.wait("one", model)
        return 0.0 if blocked is None else blocked.seconds

    def rows(self) -> list[CredentialView]:
        return self.views()

    def states(self) -> list[str]:
        return [view.state for view in self.views()]

    def records(self) -> list[CredentialRecord]:
        """The newest word on each, as a store keeps them."""
        kept = {(each.fingerprint, each.model): each for each in self.state.saved if isinstance(each, CredentialRecord)}
        return list(kept.values())


# ---- who is leased


async def test_a_provider_without_keys_leases_nothing_by_name() -> None:
    pool = Pool()
    pool.configure("local", (), PoolStrategy.FILL_FIRST)
    lease = pool.lease("local", MODEL)
    assert lease is not None
    assert (lease.label, lease.secret) == (None, None)
    lease.failed(LIMITED, {})
    assert pool.wait("local", MODEL) is None


async def test_labels_name_the_reference_and_its_number() -> None:
    assert [view.label for view in Pool(3).rows()] == ["env:KEYS", "env:KEYS#2", "env:KEYS#3"]


async def test_the_same_key_twice_is_one_credential() -> None:
    pool = Pool()
    pool.use({"KEYS": "quokka-1-zz,quokka-1-zz", "MORE": "quokka-1-zz"}, FINGERPRINT_KEY)
    pool.configure("one", ("env:KEYS", "env:MORE"), PoolStrategy.FILL_FIRST)
    assert [view.label for view in pool.rows()] == ["env:KEYS"]


async def test_an_unset_variable_is_named() -> None:
    pool = Pool()
    reason = pool.configure("two", ("env:NOT_THERE",), PoolStrategy.FILL_FIRST)
    assert reason is not None
    assert "NOT_THERE" in reason
    assert pool.lease("two", MODEL) is None


async def test_fill_first_stays_on_the_first_and_a_conversation_on_its_own() -> None:
    pool = Pool(3)
    assert [pool.answer() for _ in range(3)] == ["env:KEYS"] * 3
    pool.fail(replace(LIMITED, retry_after_s=30.0))
    began = pool.take(conversation="talk")
    began.succeeded({})
    assert began.label == "env:KEYS#2"
    await pool.clock.advance(30)
    assert pool.take(conversation="talk").label == "env:KEYS#2"
    assert pool.take(conversation="another").label == "env:KEYS"
    assert pool.take().label == "env:KEYS"


async def test_round_robin_takes_turns_and_passes_over_who_rests() -> None:
    pool = Pool(3, PoolStrategy.ROUND_ROBIN)
    assert [pool.answer() for _ in range(4)] == ["env:KEYS", "env:KEYS#2", "env:KEYS#3", "env:KEYS"]
    assert pool.fail(LIMITED) == "env:KEYS#2"
    assert [pool.answer() for _ in range(4)] == ["env:KEYS#3", "env:KEYS", "env:KEYS#3", "env:KEYS"]


async def test_least_used_counts_what_is_in_flight() -> None:
    pool = Pool(2, PoolStrategy.LEAST_USED)
    first, second = pool.take(), pool.take()
    assert {first.label, second.label} == {"env:KEYS", "env:KEYS#2"}
    first.released()
    assert pool.take().label == first.label


async def test_random_reaches_everybody() -> None:
    pool = Pool(3, PoolStrategy.RANDOM)
    assert {pool.answer() for _ in range(60)} == {"env:KEYS", "env:KEYS#2", "env:KEYS#3"}


async def test_who_is_to_be_avoided_is_not_leased() -> None:
    pool = Pool(2)
    assert pool.take(avoid=frozenset({"env:KEYS"})).label == "env:KEYS#2"
    assert pool.next_free("one", MODEL, frozenset({"env:KEYS"})) == 0.0
    assert pool.next_free("one", MODEL, frozenset({"env:KEYS", "env:KEYS#2"})) is None
    assert pool.lease("one", MODEL, avoid=frozenset({"env:KEYS", "env:KEYS#2"})) is None


async def test_leases_come_back_however_a_call_ends_and_once() -> None:
    pool = Pool()
    for end in (
        lambda lease: lease.succeeded({}),
        lambda lease: lease.failed(DOWN, {}),
        lambda lease: lease.released(),
    ):
        lease = pool.take()
        assert pool.rows()[0].in_flight == 1
        end(lease)
        end(lease)
        assert pool.rows()[0].in_flight == 0
    assert pool.rows()[0].uses == 3


# ---- rate limits


async def test_of_five_four_are_limited_the_fifth_is_leased_and_all_are_back_at_the_reset_exactly() -> None:
    pool = Pool(5)
    for _ in range(4):
        pool.fail(replace(LIMITED, retry_after_s=30.0))
    assert pool.take().label == "env:KEYS#5"
    await pool.clock.advance(29.9)
    assert pool.states().count("cooling") == 4
    await pool.clock.advance(0.1)
    assert pool.states() == ["ok"] * 5
    assert pool.take().label == "env:KEYS"


async def test_two_models_on_one_credential_cool_apart() -> None:
    pool = Pool()
    pool.fail(replace(LIMITED, retry_after_s=30.0), "alpha")
    assert pool.back_in("alpha") == 30.0
    assert pool.back_in("beta") == 0.0
    assert pool.take("beta").label == "env:KEYS"


async def test_without_a_hint_the_rest_grows_from_a_minute_to_an_hour_and_an_answer_starts_over() -> None:
    pool = Pool(2)
    rests: list[float] = []
    for _ in range(5):
        lease = pool.take(avoid=frozenset({"env:KEYS#2"}))
        lease.failed(LIMITED, {})
        rests.append(pool.next_free("one", MODEL, frozenset({"env:KEYS#2"})) or 0.0)
        await pool.clock.advance(rests[-1] + 1)
    assert rests == [60.0, 300.0, 1_500.0, 3_600.0, 3_600.0]
    assert pool.answer() == "env:KEYS"
    pool.fail(LIMITED)
    assert pool.next_free("one", MODEL, frozenset({"env:KEYS#2"})) == 60.0


async def test_a_sole_credential_rests_a_minute_at_most_over_a_rate_limit() -> None:
    pool = Pool()
    pool.fail(replace(LIMITED, retry_after_s=600.0))
    assert pool.back_in() == 60.0
    await pool.clock.advance(60)
    for _ in range(4):
        pool.fail(LIMITED)
        assert pool.back_in() == 60.0
        await pool.clock.advance(60)
    assert pool.answer() == "env:KEYS"


async def test_a_whole_pool_that_rests_says_so_and_when_it_is_back() -> None:
    pool = Pool(2)
    pool.fail(replace(LIMITED, retry_after_s=45.0))
    pool.fail(replace(LIMITED, retry_after_s=40.0))
    blocked = pool.wait("one", MODEL)
    assert blocked is not None
    assert blocked.seconds == 40.0
    assert "rate limit" in blocked.reason
    assert "40 s" in blocked.reason
    assert pool.lease("one", MODEL) is None
    forced = pool.lease("one", MODEL, force=True)
    assert forced is not None
    assert forced.label == "env:KEYS#2"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "1m30s"}, 90.0),
        ({"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "250ms"}, 0.25),
        ({"x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "12"}, 12.0),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1798761630"}, 30.0),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1798761630000"}, 30.0),
        (
            {
                "anthropic-ratelimit-requests-remaining": "0",
                "anthropic-ratelimit-requests-reset": "2027-01-01T00:00:20Z",
            },
            20.0,
        ),
        ({"x-ratelimit-remaining-requests": "1", "x-ratelimit-reset-requests": "1m30s"}, 0.0),
        ({"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "soon"}, 0.0),
        ({"x-ratelimit-remaining-requests": "none", "x-ratelimit-reset-requests": "1s"}, 0.0),
        ({"x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "0s"}, 0.0),
    ],
)
async def test_what_is_used_up_is_passed_over_before_it_earns_a_refusal(
    headers: Mapping[str, str], seconds: float
) -> None:
    pool = Pool(2)
    pool.answer(headers)
    assert pool.next_free("one", MODEL, frozenset({"env:KEYS#2"})) == pytest.approx(seconds)
    assert pool.take().label == ("env:KEYS#2" if seconds else "env:KEYS")


# ---- money and keys


async def test_money_takes_a_credential_out_for_hours_and_all_its_models() -> None:
    pool = Pool()
    pool.fail(UNPAID)
    assert pool.back_in() == pool.back_in("beta") == 5 * HOUR
    await pool.clock.advance(5 * HOUR)
    pool.fail(UNPAID)
    assert pool.back_in() == 24 * HOUR


async def test_money_is_back_at_the_stated_moment() -> None:
    pool = Pool()
    pool.fail(replace(UNPAID, retry_after_s=7_690.0))
    assert pool.back_in() == 7_690.0


async def test_a_refused_key_rests_minutes_and_is_dead_after_three_in_a_row() -> None:
    pool = Pool()
    rests: list[float] = []
    for _ in range(2):
        pool.fail(REFUSED)
        rests.append(pool.back_in())
        await pool.clock.advance(rests[-1] + 1)
    assert rests == [300.0, 600.0]
    pool.fail(REFUSED)
    assert pool.states() == ["dead"]
    blocked = pool.wait("one", MODEL)
    assert blocked is not None
    assert "dead" in blocked.reason
    assert pool.lease("one", MODEL) is None
    assert pool.lease("one", MODEL, force=True) is None


async def test_an_answer_between_refusals_keeps_a_key_alive() -> None:
    pool = Pool()
    for _ in range(5):
        pool.fail(REFUSED)
        assert pool.back_in() == 300.0
        await pool.clock.advance(301)
        pool.answer()
    assert pool.states() == ["ok"]


async def test_a_changed_secret_starts_clean_and_an_unchanged_one_keeps_its_state() -> None:
    pool = Pool(2)
    pool.fail(UNPAID)
    pool.configure("one", ("env:KEYS",), PoolStrategy.ROUND_ROBIN)
    assert pool.states() == ["cooling", "ok"]
    pool.use({"KEYS": "another-quokka,quokka-2-zz"}, FINGERPRINT_KEY)
    pool.configure("one", ("env:KEYS",), PoolStrategy.ROUND_ROBIN)
    assert pool.states() == ["ok", "ok"]


@pytest.mark.parametrize(
    "kind", [FailureKind.SERVER, FailureKind.BAD_REQUEST, FailureKind.CONNECT, FailureKind.CONTEXT]
)
async def test_what_is_not_the_credentials_fault_rests_nobody(kind: FailureKind) -> None:
    pool = Pool()
    pool.fail(Failure(kind, retry_after_s=60.0))
    assert pool.states() == ["ok"]


async def test_a_reset_by_hand_frees_one_or_all() -> None:
    pool = Pool(2)
    pool.fail(UNPAID)
    pool.fail(UNPAID)
    assert pool.reset("one", "env:KEYS#2") == ["env:KEYS#2"]
    assert pool.states() == ["cooling", "ok"]
    assert pool.reset("one") == ["env:KEYS", "env:KEYS#2"]
    assert pool.states() == ["ok", "ok"]
    assert pool.reset("nobody") == []


# ---- other processes and restarts


async def test_state_survives_the_process_and_is_shared() -> None:
    pool = Pool(3)
    pool.fail(replace(LIMITED, retry_after_s=30.0))
    pool.fail(UNPAID)
    await pool.clock.advance(10)
    other = Pool(3, clock=pool.clock)
    other.absorb(pool.records())
    assert [(view.label, view.state, view.retry_in_s) for view in other.rows()] == [
        ("env:KEYS", "cooling", 20.0),
        ("env:KEYS#2", "cooling", 5 * HOUR - 10),
        ("env:KEYS#3", "ok", None),
    ]
    other.reset("one")
    pool.absorb(other.records())
    assert pool.states() == ["ok"] * 3


async def test_state_read_before_the_pool_is_known_waits_for_it() -> None:
    pool = Pool()
    pool.fail(UNPAID)
    late = CredentialPools(pool.clock, RecordingState(), EventBus(), random.Random(1))
    late.absorb(pool.records())
    late.use({"KEYS": some_keys(1)}, FINGERPRINT_KEY)
    late.configure("one", ("env:KEYS",), PoolStrategy.FILL_FIRST)
    assert late.wait("one", MODEL) is not None


async def test_a_wall_clock_set_back_an_hour_lengthens_no_rest() -> None:
    pool = Pool()
    pool.fail(replace(LIMITED, retry_after_s=30.0))
    pool.clock.set_back(HOUR)
    assert pool.back_in() == 30.0
    other = Pool(clock=pool.clock)
    other.absorb(pool.records())
    assert other.back_in() <= 30.0


# ---- secrets


async def test_no_secret_is_in_anything_but_the_lease_that_is_asked_for_it() -> None:
    pool = Pool(2)
    lease = pool.take()
    assert lease.secret is not None
    assert lease.secret.reveal() == "quokka-1-zz"
    lease.failed(replace(UNPAID, message="no money"), {})
    shown = repr(
        [lease, lease.entry, pool.rows(), pool.state.saved, pool.told, pool.wait("one", MODEL), vars(pool)["_pools"]]
    )
    assert "quokka" not in shown
    assert b"quokka" not in pickle.dumps([pool.records(), pool.rows()])


async def test_fingerprints_differ_by_key_so_that_nobody_can_try_secrets_against_them() -> None:
    pool, other = Pool(), Pool()
    other.use({"KEYS": some_keys(1)}, b"another key, also of 32 bytes...")
    other.configure("one", ("env:KEYS",), PoolStrategy.FILL_FIRST)
    pool.fail(UNPAID)
    other.fail(UNPAID)
    assert pool.records()[0].fingerprint != other.records()[0].fingerprint


async def test_every_move_is_told_by_label_and_model() -> None:
    pool = Pool()
    pool.fail(replace(LIMITED, retry_after_s=30.0))
    moved = [each for each in pool.told if isinstance(each, CredentialMoved)]
    assert moved == [
        CredentialMoved("one", "env:KEYS", "cooling", "rate limit", MODEL, pool.clock.wall() + 30),
    ]


# ---- any order of things


@given(
    st.lists(st.sampled_from(["ok", "limited", "refused", "unpaid", "down", "cancel", "wait"]), max_size=40),
    st.sampled_from(PoolStrategy),
)
@settings(max_examples=60, deadline=None)
def test_a_lease_is_always_of_somebody_free_and_the_wait_tells_the_truth(
    steps: list[str], strategy: PoolStrategy
) -> None:
    """`wait` is None exactly where `lease` gives one; nothing stays in flight."""
    pool = Pool(3, strategy)
    failures = {"limited": LIMITED, "refused": REFUSED, "unpaid": UNPAID, "down": DOWN}
    for step in steps:
        blocked = pool.wait("one", MODEL)
        lease = pool.lease("one", MODEL)
        assert (lease is None) == (blocked is not None)
        if lease is not None:
            if step == "ok":
                lease.succeeded({})
            elif step in failures:
                lease.failed(failures[step], {})
            else:
                lease.released()
        if step == "wait":
            pool.clock._jump(pool.clock.monotonic() + 400)
    assert all(view.in_flight == 0 for view in pool.rows())


async def test_a_provider_that_the_config_lost_has_no_credentials_and_its_running_calls_end_well() -> None:
    pool = Pool(keys=2)
    lease = pool.take()
    pool.keep(())
    assert pool.views() == []
    lease.failed(LIMITED, {})
    assert pool.lease("one", MODEL) is not None
