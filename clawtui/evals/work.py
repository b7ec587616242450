"""What a run has to do: every case for every profile, as often as is asked; and what is left of it when it is resumed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from clawtui.evals.cases import Case, Suite
from clawtui.evals.fingerprint import fingerprint
from clawtui.evals.results import CaseKey, CaseResult, RunSettings, Verdict


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


def changed(all_items: Iterable[Item], results: Iterable[CaseResult]) -> dict[str, str]:
    """Cases that are others now than when these results were found, and how: what is found anew does not go with them."""
    all_items = list(all_items)
    wanted = {item.key for item in all_items}
    cases = {(item.key.suite, item.key.case): item.case for item in all_items}
    now = {place: fingerprint(case) for place, case in cases.items()}
    found: dict[str, str] = {}
    for result in results:
        key = result.key
        is_now = now.get((key.suite, key.case))
        if is_now is None:
            found[f"{key.suite}/{key.case}"] = "gone"
        elif result.verdict is not Verdict.CANCELLED and (key not in wanted or is_now != result.fingerprint):
            found[f"{key.suite}/{key.case}"] = "changed"
    return found
