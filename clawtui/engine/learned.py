"""What upstreams taught us of routes while they were used: refused parameters, output caps, real windows, a smaller
tier. Kept across restarts by the state store; read by plan and walk."""

from __future__ import annotations

from collections.abc import Iterable

from clawtui.engine.clock import Clock
from clawtui.engine.failures import Failure, FailureKind
from clawtui.engine.ports import Learned, StateStore
from clawtui.engine.request import Route

MAX_TOKENS, WINDOW, TIER, DROP = "max_tokens", "max_context_tokens", "tier", "drop:"
TIER_FIRST, TIER_MOST = 3_600.0, 86_400.0
REMEMBERED = 30 * 86_400.0  # servers are changed: what was refused once is tried again some day
NOTHING: frozenset[str] = frozenset()


class LearnedFacts:
    def __init__(self, clock: Clock, state: StateStore) -> None:
        self._clock = clock
        self._state = state
        self._facts: dict[Route, dict[str, Learned]] = {}
        self._ends: dict[tuple[Route, str], float] = {}  # monotonic
        self._tiers: dict[Route, int] = {}  # what the config names as the smaller window

    def use_tiers(self, tiers: dict[Route, int]) -> None:
        self._tiers = tiers

    def absorb(self, records: Iterable[Learned]) -> None:
        for record in records:
            known = self._facts.setdefault(record.route, {}).get(record.fact)
            if known is None or record.at >= known.at:
                self._take_up(record)

    # ---- what is known

    def window(self, route: Route) -> int | None:
        return self._number(route, WINDOW)

    def output_cap(self, route: Route) -> int | None:
        return self._number(route, MAX_TOKENS)

    def capped(self, route: Route, wanted: int | None) -> int | None:
        """The output limit to send: what was wanted, no more than the route is known to take."""
        cap = self.output_cap(route) if self._facts else None
        if cap is None or wanted is None:
            return wanted or cap  # some wires must send a limit, and would send a usual one
        return min(wanted, cap)

    def dropped(self, route: Route) -> frozenset[str]:
        """Parameters the route is known to refuse."""
        facts = self._facts.get(route)
        if not facts:
            return NOTHING
        return frozenset(
            name.removeprefix(DROP) for name in facts if name.startswith(DROP) and self._live(route, name) is not None
        )

    def tier(self, route: Route) -> int | None:
        """The smaller window in force, while the larger tier is refused."""
        fact = self._live(route, TIER)
        return int(fact.value) if fact else None

    def step_down_to(self, route: Route) -> int | None:
        return self._tiers.get(route)

    # ---- what a failure teaches

    def can_repair(self, failure: Failure) -> bool:
        """Whether the request can be made to fit: the refused parameter or the cap is named."""
        match failure.kind:
            case FailureKind.OUTPUT_CAP:
                return failure.limit is not None or failure.parameter is not None
            case FailureKind.BAD_PARAMETER:
                return failure.parameter is not None
            case _:
                return False

    def learn(self, route: Route, failure: Failure) -> None:
        match failure.kind:
            case FailureKind.OUTPUT_CAP if failure.limit is not None:
                self._note(route, MAX_TOKENS, str(failure.limit))
            case FailureKind.OUTPUT_CAP | FailureKind.BAD_PARAMETER if failure.parameter is not None:
                self._note(route, DROP + failure.parameter, "refused")
            case FailureKind.CONTEXT if failure.limit is not None:
                self._note(route, WINDOW, str(failure.limit))
            case FailureKind.LONG_CONTEXT_TIER if route in self._tiers and self.tier(route) is None:
                before = self._facts.get(route, {}).get(TIER)
                for_s = TIER_FIRST if before is None else min(before.for_s * 2, TIER_MOST)
                self._note(route, TIER, str(self._tiers[route]), for_s)
            case _:
                pass

    def _note(self, route: Route, fact: str, value: str, for_s: float = REMEMBERED) -> None:
        record = Learned(route, fact, value, self._clock.wall(), for_s)
        self._take_up(record)
        self._state.save(record)

    def _take_up(self, record: Learned) -> None:
        self._facts.setdefault(record.route, {})[record.fact] = record
        # A wall clock that was set back must lengthen nothing: at most the whole span is left.
        left = min(record.at + record.for_s - self._clock.wall(), record.for_s)
        self._ends[record.route, record.fact] = self._clock.monotonic() + left

    def _number(self, route: Route, fact: str) -> int | None:
        record = self._live(route, fact)
        return int(record.value) if record else None

    def _live(self, route: Route, fact: str) -> Learned | None:
        facts = self._facts.get(route)
        record = facts.get(fact) if facts else None
        if record is None:
            return None
        return record if self._clock.monotonic() < self._ends[route, fact] else None
