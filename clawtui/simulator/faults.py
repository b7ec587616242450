"""Which fault is due now: schedules by count, chance and time window, for a provider, a model or a key."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field

from clawtui.simulator.script import Endpoint, Fault, Script


@dataclass(frozen=True, slots=True)
class Scope:
    """None stands for any. A model is named `model`, or `provider/model` where that matters; a key by its label."""

    provider: str | None = None
    model: str | None = None
    key: str | None = None

    def covers(self, other: Scope) -> bool:
        return (
            (self.provider is None or self.provider == other.provider)
            and (self.model is None or self.model in (other.model, f"{other.provider}/{other.model}"))
            and (self.key is None or self.key == other.key)
        )


@dataclass(slots=True)
class _Set:
    number: int
    scope: Scope
    fault: Fault
    since: float
    draws: random.Random
    seen: int = 0
    fired: int = 0

    def is_due(self, now: float) -> bool:
        """Counts the request as seen; whether the fault hits it."""
        fault = self.fault
        if not _in_window(fault, now - self.since):
            return False
        self.seen += 1
        if fault.times is not None and self.fired >= fault.times:
            return False
        if fault.every is not None and self.seen % fault.every:
            return False
        if fault.probability is not None and self.draws.random() >= fault.probability:
            return False
        self.fired += 1
        return True


def _in_window(fault: Fault, elapsed: float) -> bool:
    if fault.down_from is None and fault.down_for is None:
        return True
    if fault.period:
        elapsed %= fault.period
    start = fault.down_from or 0.0
    return start <= elapsed and (fault.down_for is None or elapsed < start + fault.down_for)


@dataclass(slots=True)
class FaultBoard:
    """Every fault that is set. The one set last goes first, so that a test overrules its script."""

    seed: int
    now: Callable[[], float]
    _set: list[_Set] = field(default_factory=list)
    _numbers: int = 0

    def add(self, scope: Scope, fault: Fault) -> int:
        self._numbers += 1
        draws = random.Random(f"{self.seed}:{scope}:{self._numbers}")
        self._set.insert(0, _Set(self._numbers, scope, fault, self.now(), draws))
        return self._numbers

    def clear(self, scope: Scope) -> int:
        """Removes the faults that lie inside the scope; says how many."""
        before = len(self._set)
        self._set = [one for one in self._set if not scope.covers(one.scope)]
        return before - len(self._set)

    def remove(self, number: int) -> bool:
        before = len(self._set)
        self._set = [one for one in self._set if one.number != number]
        return len(self._set) < before

    def load(self, script: Script) -> None:
        """Starts over with the script's faults, all clocks and counts at zero."""
        self._set, self._numbers = [], 0
        for name, model in script.models.items():
            for fault in reversed(model.faults):
                self.add(Scope(model=name), fault)
        for name, provider in script.providers.items():
            for fault in reversed(provider.faults):
                self.add(Scope(provider=name), fault)
            for index, key in enumerate(provider.keys, 1):
                for fault in reversed(key.faults):
                    self.add(Scope(provider=name, key=key.label or f"#{index}"), fault)

    def knows(self, scope: Scope) -> bool:
        return any(one.scope == scope for one in self._set)

    def restart_clocks(self) -> None:
        now = self.now()
        for one in self._set:
            one.since = now

    def due(self, asked: Scope, endpoint: Endpoint) -> Fault | None:
        if not self._set:
            return None
        now = self.now()
        for one in self._set:
            if one.fault.on not in (endpoint, Endpoint.ALL) or not one.scope.covers(asked):
                continue
            if one.is_due(now):
                return one.fault
        return None

    def in_force(self) -> list[dict[str, object]]:
        return [
            {
                "id": one.number,
                "provider": one.scope.provider,
                "model": one.scope.model,
                "key": one.scope.key,
                "kind": one.fault.kind.value,
                "seen": one.seen,
                "fired": one.fired,
            }
            for one in self._set
        ]
