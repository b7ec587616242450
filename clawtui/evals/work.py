"""What a run has to do: every case for every profile, as often as is asked; and what is left of it when it is resumed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from clawtui.evals.cases import Case, Suite
from clawtui.evals.results import CaseKey, RunSettings


@dataclass(frozen=True, slots=True)
class Item:
    key: CaseKey
    case: Case


def items(suites: Sequence[Suite], settings: RunSettings) -> list[Item]:
    """Repeats outermost and profiles innermost, so that a run that is cut has compared like with like."""
    cases = [case for suite in suites for case in suite.cases if not settings.cases or case.id in settings.cases]
    most = max((max(settings.repeats, case.repeats) for case in cases), default=0)
    return [
        Item(CaseKey(case.suite, case.id, profile, repeat), case)
        for repeat in range(1, most + 1)
        for case in cases
        if repeat <= max(settings.repeats, case.repeats)
        for profile in settings.profiles
    ]


def left(all_items: Iterable[Item], done: Iterable[CaseKey]) -> list[Item]:
    known = set(done)
    return [item for item in all_items if item.key not in known]
