"""Who may call: the keys a provider takes, and what is left of their quotas. A key itself is never kept in a record."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from clawtui.simulator.dialects.protocol import Limits
from clawtui.simulator.problem import Problem, ProblemKind
from clawtui.simulator.script import DialectKind, Exhausted, KeyScript, ProviderScript, Quota


@dataclass(frozen=True, slots=True)
class Admission:
    label: str | None  # None: nobody said who they are
    problem: Problem | None = None
    limits: Limits | None = None


@dataclass(slots=True)
class _Window:
    began: float
    used: int = 0


@dataclass(slots=True)
class KeyDesk:
    now: Callable[[], float]
    wall: Callable[[], float]
    _seen: dict[tuple[str, str], str] = field(default_factory=dict, repr=False)
    _windows: dict[tuple[str, str], _Window] = field(default_factory=dict)

    def reset(self) -> None:
        self._seen.clear()
        self._windows.clear()

    def admit(
        self, name: str, provider: ProviderScript | None, secret: str | None, dialect: DialectKind, *, counts: bool
    ) -> Admission:
        """`counts`: whether this call uses up quota, as answers do and lists do not."""
        if provider is None or not provider.keys:
            return Admission(None if secret is None else self._label_of_stranger(name, secret))
        for index, key in enumerate(provider.keys, 1):
            if secret == key.secret:
                return self._within_quota(name, key, key.label or f"#{index}", counts=counts)
        missing = secret is None and dialect is DialectKind.GEMINI
        return Admission(None, Problem(ProblemKind.PERMISSION if missing else ProblemKind.INVALID_KEY))

    def _label_of_stranger(self, name: str, secret: str) -> str:
        """Where any key is taken, keys are told apart by the order in which they came."""
        known = self._seen.get((name, secret))
        if known is None:
            known = f"#{sum(provider == name for provider, _ in self._seen) + 1}"
            self._seen[name, secret] = known
        return known

    def _within_quota(self, name: str, key: KeyScript, label: str, *, counts: bool) -> Admission:
        quota = key.quota
        if quota is None or not counts:
            return Admission(label)
        now = self.now()
        window = self._windows.get((name, label))
        if window is None or now >= window.began + quota.window_s:
            window = self._windows[name, label] = _Window(now)
        resets_in = window.began + quota.window_s - now
        limits = Limits(quota.requests, max(0, quota.requests - window.used - 1), resets_in, self.wall() + resets_in)
        announced = limits if quota.announce else None
        if window.used >= quota.requests:
            return Admission(label, _exhausted(quota, resets_in), announced)
        window.used += 1
        return Admission(label, None, announced)


def _exhausted(quota: Quota, resets_in: float) -> Problem:
    match quota.exhausted:
        case Exhausted.RATE_LIMIT:
            return Problem(ProblemKind.RATE_LIMIT, retry_after=math.ceil(resets_in))
        case Exhausted.BILLING:
            return Problem(ProblemKind.BILLING)


def presented_key(headers: Mapping[str, str], query: Mapping[str, str]) -> str | None:
    """The key as any dialect carries it."""
    bearer = headers.get("authorization", "")
    if bearer[:7].lower() == "bearer ":
        return bearer[7:].strip() or None
    return headers.get("x-api-key") or headers.get("x-goog-api-key") or headers.get("api-key") or query.get("key")
