"""Pools of credentials, one a provider: who is free, for which model, and until when not. Secrets never leave a lease."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Container, Iterable, Mapping
from copy import copy
from dataclasses import dataclass
from enum import StrEnum

from clawtui.config.schema import PoolStrategy
from clawtui.config.secrets import Resolved, Secret, resolve
from clawtui.engine.clock import Clock
from clawtui.engine.credential_pool import Cooling, Entry, Pool
from clawtui.engine.events import CredentialMoved
from clawtui.engine.failures import RULES, Cools, Failure, FailureKind
from clawtui.engine.ports import Bus, CredentialRecord, StateStore
from clawtui.engine.rate_limits import used_up_for
from clawtui.engine.verdicts import Blocked

RATE_LIMIT_STEPS = (60.0, 300.0, 1_500.0, 3_600.0)
SOLE_MOST = 60.0  # a sole credential is not put away for longer over a rate limit
BILLING_FIRST, BILLING_MOST = 5 * 3_600.0, 24 * 3_600.0
AUTH_FIRST = 300.0
AUTH_STRIKES = 3
LEAST_STEP = 1e-3  # between two words on one credential
RATE_LIMIT, BILLING, REFUSED_KEY = "rate limit", "billing", "refused key"
ASKED = ("cmd:", "keyring:")  # references that somebody must be asked for
ASK_AGAIN = 30.0


class CredentialState(StrEnum):
    OK = "ok"
    COOLING = "cooling"
    DEAD = "dead"


@dataclass(frozen=True, slots=True)
class CredentialView:
    provider: str
    label: str
    state: CredentialState
    cause: str
    model: str | None  # the one it cools for; None: all
    retry_in_s: float | None
    uses: int
    in_flight: int


class CredentialPools:
    def __init__(self, clock: Clock, state: StateStore, bus: Bus, rng: random.Random) -> None:
        self._clock = clock
        self._store = state
        self._bus = bus
        self._random = rng
        self._pools: dict[str, Pool] = {}
        self._environ: Mapping[str, str] = {}
        self._key = b""
        self._records: dict[str, list[CredentialRecord]] = {}  # stored state of fingerprints, for those that come later

    # ---- setting up

    def use(self, environ: Mapping[str, str], key: bytes) -> None:
        """Where references are looked up, and the key of their fingerprints."""
        self._environ = environ
        self._key = key

    def successor(self) -> CredentialPools:
        """The pools of the next config. Credentials that stay are the same ones, with what is known of them."""
        successor = copy(self)
        successor._pools = dict(self._pools)
        return successor

    def configure(self, provider: str, references: tuple[str, ...], strategy: PoolStrategy) -> str | None:
        """Sets up a pool without running a command. An unchanged secret keeps its state, a changed one starts clean.

        Returns what keeps the provider from being ready, naming the variable; None where it is.
        """
        resolved = resolve(references, self._environ, self._key, ask=False)
        self._set_up(provider, references, strategy, resolved)
        if resolved.is_ready:
            return None
        return "; ".join(dict.fromkeys(missing.reason for missing in resolved.missing))

    def keep(self, providers: Container[str]) -> None:
        """Pools of providers that the config no longer has are gone."""
        self._pools = {name: pool for name, pool in self._pools.items() if name in providers}

    async def prepare(self, provider: str) -> None:
        """Asks the commands and keyrings of a pool once, off the loop, before its first lease. One that failed is asked
        again after a while: a password store may be unlocked meanwhile."""
        pool = self._pools.get(provider)
        if pool is None or not pool.deferred or self._clock.monotonic() < pool.ask_after:
            return
        async with pool.asking:
            if pool is not self._pools.get(provider):
                return  # somebody asked while we waited
            resolved = await asyncio.to_thread(resolve, pool.references, self._environ, self._key, ask=True)
            if pool is self._pools.get(provider):
                self._set_up(provider, pool.references, pool.strategy, resolved)

    def _set_up(self, provider: str, references: tuple[str, ...], strategy: PoolStrategy, resolved: Resolved) -> None:
        before = self._pools.get(provider)
        known = {entry.credential.fingerprint: entry for entry in before.entries} if before else {}
        entries: list[Entry] = []
        for credential in resolved.credentials:
            entry = known.get(credential.fingerprint) or Entry(credential)
            entry.credential = credential
            entries.append(entry)
            if credential.fingerprint not in known:
                self._take_up(entry, self._records.get(credential.fingerprint, ()))
        pool = Pool(provider, strategy, references, entries, bool(resolved.deferred), not references)
        asked = not resolved.deferred and any(reference.startswith(ASKED) for reference in references)
        if asked and not entries:
            pool.deferred = True
            pool.missing = "; ".join(dict.fromkeys(f"{each.reference}: {each.reason}" for each in resolved.missing))
            pool.ask_after = self._clock.monotonic() + ASK_AGAIN
        if before is not None:
            pool.turn, pool.conversations = before.turn, before.conversations
        self._pools[provider] = pool

    # ---- asking

    def wait(self, provider: str, model: str) -> Blocked | None:
        """How long no credential is free; None: one is."""
        pool = self._pools.get(provider)
        if pool is None or pool.keyless:
            return None
        now = self._clock.monotonic()
        if pool.deferred and now >= pool.ask_after:
            return None
        if not pool.entries:
            left = pool.ask_after - now if pool.deferred else float("inf")
            return Blocked(left, f"no credential ({pool.missing})" if pool.missing else "no credential")
        soonest, first = float("inf"), pool.entries[0]
        for entry in pool.entries:
            left = entry.left(model, now)
            if left <= 0:
                return None
            if left < soonest:
                soonest, first = left, entry
        cause = self._cause(first, model)
        if soonest == float("inf"):
            return Blocked(soonest, f"all credentials are dead ({cause})")
        return Blocked(soonest, f"all credentials cooling ({cause}), the first is back in {_span(soonest)}")

    def missing(self, provider: str) -> str | None:
        """Why there is no credential at all, where one is due; commands and keyrings must have been asked."""
        pool = self._pools.get(provider)
        if pool is None or pool.keyless or pool.entries:
            return None
        return f"no credential ({pool.missing})" if pool.missing else "no credential"

    def next_free(self, provider: str, model: str, avoid: frozenset[str]) -> float | None:
        """Seconds until a credential not among `avoid` is free; None: there is no other."""
        pool = self._pools.get(provider)
        if pool is None or pool.keyless:
            return None
        now = self._clock.monotonic()
        lefts = [entry.left(model, now) for entry in pool.entries if entry.label not in avoid]
        soonest = min(lefts, default=float("inf"))
        return None if soonest == float("inf") else max(0.0, soonest)

    def lease(
        self,
        provider: str,
        model: str,
        conversation: str | None = None,
        avoid: frozenset[str] = frozenset(),
        *,
        force: bool = False,
    ) -> CredentialLease | None:
        """A free credential by the pool's strategy; None: none is free. A keyless provider leases nothing by name."""
        pool = self._pools.get(provider)
        if pool is None or pool.keyless:
            return CredentialLease(self, provider, model, None)
        now = self._clock.monotonic()
        free = [e for e in pool.entries if e.label not in avoid and (force or e.left(model, now) <= 0)]
        if force:
            free = [entry for entry in free if entry.left(model, now) < float("inf")]
            free.sort(key=lambda entry: entry.left(model, now))
            free = free[:1]
        if not free:
            return None
        entry = pool.chosen(free, conversation, self._random)
        entry.uses += 1
        entry.in_flight += 1
        return CredentialLease(self, provider, model, entry)

    def any_secret(self, provider: str) -> Secret | None:
        """For the free call that asks for the model list: a live credential if there is one."""
        pool = self._pools.get(provider)
        if pool is None or not pool.entries:
            return None
        now = self._clock.monotonic()
        best = min(
            pool.entries, key=lambda entry: max((each.left(now) for each in entry.cooling.values()), default=0.0)
        )
        return best.credential.secret

    def secrets(self) -> list[str]:
        """Of every provider: what must not stand in anything that a server says."""
        entries = [entry for pool in self._pools.values() for entry in pool.entries]
        return [entry.credential.secret.reveal() for entry in entries if entry.credential.secret is not None]

    def views(self) -> list[CredentialView]:
        now = self._clock.monotonic()
        rows: list[CredentialView] = []
        for pool in self._pools.values():
            for entry in pool.entries:
                live = {model: each for model, each in entry.cooling.items() if each.left(now) > 0}
                if not live:
                    rows.append(self._view(pool.provider, entry, CredentialState.OK, "", None, None))
                for model, each in live.items():
                    state = CredentialState.DEAD if each.until is None else CredentialState.COOLING
                    left = None if each.until is None else round(each.until - now, 1)
                    rows.append(self._view(pool.provider, entry, state, each.cause, model, left))
        return rows

    @staticmethod
    def _view(
        provider: str, entry: Entry, state: CredentialState, cause: str, model: str | None, left: float | None
    ) -> CredentialView:
        return CredentialView(provider, entry.label, state, cause, model, left, entry.uses, entry.in_flight)

    # ---- steering

    def reset(self, provider: str, label: str | None = None) -> list[str]:
        """Frees credentials by hand; returns the labels."""
        pool = self._pools.get(provider)
        freed: list[str] = []
        for entry in pool.entries if pool else ():
            if label is None or entry.label == label:
                for model in tuple(entry.cooling):
                    self._free(provider, entry, model, "reset by hand")
                freed.append(entry.label)
        return freed

    def absorb(self, records: Iterable[CredentialRecord]) -> None:
        """What earlier processes, or others just now, stored. Known by fingerprint: a new secret is clean."""
        by_fingerprint: dict[str, list[CredentialRecord]] = {}
        for record in records:
            by_fingerprint.setdefault(record.fingerprint, []).append(record)
        self._records.update(by_fingerprint)
        for pool in self._pools.values():
            for entry in pool.entries:
                self._take_up(entry, by_fingerprint.get(entry.credential.fingerprint, ()))

    def _take_up(self, entry: Entry, records: Iterable[CredentialRecord]) -> None:
        wall, now = self._clock.wall(), self._clock.monotonic()
        for record in records:
            if entry.stamps.get(record.model, 0.0) >= record.at:
                continue
            entry.stamps[record.model] = record.at
            if record.state == CredentialState.OK:
                entry.cooling.pop(record.model, None)
                continue
            # A wall clock that was set back must lengthen nothing: never more than the whole span is left.
            until = None if record.until is None else now + min(record.until - wall, record.for_s)
            entry.cooling[record.model] = Cooling(until, record.cause, record.strikes, now)

    # ---- what leases report

    def _succeeded(self, lease: CredentialLease, headers: Mapping[str, str]) -> None:
        entry = lease.entry
        if entry is None:
            return
        entry.in_flight -= 1
        now = self._clock.monotonic()
        for model in (None, lease.model) if entry.cooling else ():
            cooling = entry.cooling.get(model)
            if cooling is not None and (cooling.left(now) <= 0 or lease.began > cooling.since):
                self._free(lease.provider, entry, model, "answered")
        self._heed(lease, entry, headers)

    def _failed(self, lease: CredentialLease, failure: Failure, headers: Mapping[str, str]) -> None:
        entry = lease.entry
        if entry is None:
            return
        entry.in_flight -= 1
        match RULES[failure.kind].cools:
            case Cools.CREDENTIAL_MODEL:
                self._limited(lease, entry, failure, headers)
            case Cools.CREDENTIAL:
                self._refused(lease, entry, failure)
            case _:
                self._heed(lease, entry, headers)

    def _heed(self, lease: CredentialLease, entry: Entry, headers: Mapping[str, str]) -> None:
        """Headers that say a limit is used up: whoever has another key need not run into it."""
        seconds = used_up_for(headers, self._clock.wall()) if headers else None
        if seconds is None:
            return
        seconds = self._at_most(lease.provider, seconds)
        if entry.left(lease.model, self._clock.monotonic()) < seconds:
            self._cool(lease.provider, entry, lease.model, seconds, "rate limit used up", strikes=0, passes_by=True)

    def _at_most(self, provider: str, seconds: float) -> float:
        """A sole credential is soon tried again, whatever was said of its pace."""
        pool = self._pools.get(provider)
        return min(seconds, SOLE_MOST) if pool is not None and len(pool.entries) == 1 else seconds

    def _limited(self, lease: CredentialLease, entry: Entry, failure: Failure, headers: Mapping[str, str]) -> None:
        is_old = entry.is_old_news(lease.began, lease.model)
        strikes = self._strikes(entry, lease.model, RATE_LIMIT) + (0 if is_old else 1)
        seconds = failure.retry_after_s
        if seconds is None:
            seconds = used_up_for(headers, self._clock.wall())
        if seconds is None:
            seconds = RATE_LIMIT_STEPS[min(max(1, strikes), len(RATE_LIMIT_STEPS)) - 1]
        seconds = self._at_most(lease.provider, seconds)
        if not is_old or entry.left(lease.model, self._clock.monotonic()) < seconds:
            self._cool(lease.provider, entry, lease.model, seconds, RATE_LIMIT, strikes)

    def _refused(self, lease: CredentialLease, entry: Entry, failure: Failure) -> None:
        if entry.is_old_news(lease.began, None):
            return
        if failure.kind is FailureKind.AUTH:
            strikes = self._strikes(entry, None, REFUSED_KEY) + 1
            seconds = None if strikes >= AUTH_STRIKES else AUTH_FIRST * 2 ** (strikes - 1)
            self._cool(lease.provider, entry, None, seconds, REFUSED_KEY, strikes)
            return
        strikes = self._strikes(entry, None, BILLING) + 1
        stated = failure.retry_after_s
        seconds = stated if stated is not None else min(BILLING_FIRST * 5 ** (strikes - 1), BILLING_MOST)
        self._cool(lease.provider, entry, None, seconds, BILLING, strikes)

    @staticmethod
    def _strikes(entry: Entry, model: str | None, cause: str) -> int:
        """In a row, for the same cause."""
        cooling = entry.cooling.get(model)
        return cooling.strikes if cooling is not None and cooling.cause == cause else 0

    def _released(self, lease: CredentialLease) -> None:
        if lease.entry is not None:
            lease.entry.in_flight -= 1

    def _cool(
        self,
        provider: str,
        entry: Entry,
        model: str | None,
        seconds: float | None,
        cause: str,
        strikes: int,
        *,
        passes_by: bool = False,
    ) -> None:
        now, wall = self._clock.monotonic(), self._clock.wall()
        until = None if seconds is None else now + seconds
        entry.cooling[model] = Cooling(until, cause, strikes, now, passes_by)
        state = CredentialState.DEAD if seconds is None else CredentialState.COOLING
        wall_until = None if seconds is None else wall + seconds
        self._tell(provider, entry, model, state, cause, wall_until, seconds or 0.0, strikes)

    def _free(self, provider: str, entry: Entry, model: str | None, cause: str) -> None:
        if entry.cooling.pop(model, None) is not None:
            self._tell(provider, entry, model, CredentialState.OK, cause, None, 0.0, 0)

    def _tell(
        self,
        provider: str,
        entry: Entry,
        model: str | None,
        state: CredentialState,
        cause: str,
        until: float | None,
        for_s: float,
        strikes: int,
    ) -> None:
        fingerprint = entry.credential.fingerprint
        # The newest word wins, here and in other processes: a clock that was set back must not make it older.
        at = entry.stamps[model] = max(self._clock.wall(), entry.stamps.get(model, 0.0) + LEAST_STEP)
        record = CredentialRecord(
            provider, fingerprint, entry.label, model, state.value, cause, at, until, for_s, strikes
        )
        self._store.save(record)
        self._bus.publish(CredentialMoved(provider, entry.label, state.value, cause, model, until))

    def _cause(self, entry: Entry, model: str) -> str:
        now = self._clock.monotonic()
        live = [
            entry.cooling[key] for key in (None, model) if key in entry.cooling and entry.cooling[key].left(now) > 0
        ]
        return max(live, key=lambda each: each.left(now)).cause if live else "in use"


class CredentialLease:
    """One credential for one call. Reported back once; more often changes nothing."""

    __slots__ = ("_pools", "began", "entry", "model", "provider")

    def __init__(self, pools: CredentialPools, provider: str, model: str, entry: Entry | None) -> None:
        self._pools: CredentialPools | None = pools
        self.provider = provider
        self.model = model
        self.entry = entry
        self.began = pools._clock.monotonic()

    @property
    def label(self) -> str | None:
        return self.entry.label if self.entry else None

    @property
    def secret(self) -> Secret | None:
        return self.entry.credential.secret if self.entry else None

    def succeeded(self, headers: Mapping[str, str]) -> None:
        pools, self._pools = self._pools, None
        if pools is not None:
            pools._succeeded(self, headers)

    def failed(self, failure: Failure, headers: Mapping[str, str]) -> None:
        pools, self._pools = self._pools, None
        if pools is not None:
            pools._failed(self, failure, headers)

    def released(self) -> None:
        pools, self._pools = self._pools, None
        if pools is not None:
            pools._released(self)


def _span(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7_200 else f"{seconds / 3_600:.0f} h"
