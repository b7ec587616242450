"""Compares profiles, or two runs, case by case: who wins how often, and whether that says anything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import combinations

from clawtui.config.findings import listed
from clawtui.evals.results import CaseResult, Run, Verdict
from clawtui.evals.statistics import SIGNIFICANT, bootstrap_difference, p_words, sign_test


class Better(StrEnum):
    A = "a"
    B = "b"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True)
class Pair:
    a: str
    b: str
    wins: int  # cases that a does better
    losses: int
    ties: int
    p_value: float
    difference: tuple[float, float]  # 95 % interval of a's share of passes minus b's
    verdict: Better
    sentence: str
    changed: tuple[str, ...] = ()  # cases that are others in one than in the other, and are left out

    @property
    def n(self) -> int:
        return self.wins + self.losses + self.ties


Scores = Mapping[tuple[str, str], float]  # case -> share of passes


def scores(results: Sequence[CaseResult], profile: str) -> dict[tuple[str, str], float]:
    """Only what passed or failed counts: an error is nobody's loss."""
    found: dict[tuple[str, str], list[bool]] = {}
    for result in results:
        if result.key.profile == profile and result.verdict in (Verdict.PASS, Verdict.FAIL):
            found.setdefault((result.key.suite, result.key.case), []).append(result.verdict is Verdict.PASS)
    return {case: sum(passed) / len(passed) for case, passed in found.items()}


def compare_profiles(run: Run) -> list[Pair]:
    """Each with each, in the order in which they were asked for."""
    by_profile = {profile: scores(run.results, profile) for profile in run.settings.profiles}
    return [pair(a, by_profile[a], b, by_profile[b]) for a, b in combinations(run.settings.profiles, 2)]


@dataclass(frozen=True, slots=True)
class Gain:
    """Whether a fusion is better than each of its controls: only then is it shown to be worth its calls."""

    fusion: str
    is_shown: bool
    sentence: str


def gains(run: Run, pairs: Sequence[Pair]) -> list[Gain]:
    """Of each fusion that was compared with its controls."""
    found = []
    for fusion, controls in run.settings.held_against.items():
        beaten = [name for name in controls if _is_better(fusion, name, pairs)]
        if len(beaten) == len(controls):
            words = f"{fusion} is better than {' and '.join(controls)}: the gain is the fusion's"
        else:
            others = " or ".join(name for name in controls if name not in beaten)
            words = f"{fusion} is not shown to be better than {others}"
        found.append(Gain(fusion, len(beaten) == len(controls), words))
    return found


def worse(run: Run, pairs: Sequence[Pair]) -> list[Pair]:
    """Where who was asked for later is distinguishably worse than who was asked for earlier, or a fusion than what it
    is held against."""
    settings = run.settings
    asked = [name for name in settings.profiles if name not in settings.controls]
    found = []
    for each in pairs:
        if each.a in asked and each.b in asked:
            is_worse = each.verdict is Better.A
        else:
            is_worse = each.verdict is Better.B and each.b in settings.held_against.get(each.a, ())
        found += [each] if is_worse else []
    return found


def _is_better(one: str, other: str, pairs: Sequence[Pair]) -> bool:
    return any(
        (each.verdict is Better.A and (each.a, each.b) == (one, other))
        or (each.verdict is Better.B and (each.a, each.b) == (other, one))
        for each in pairs
    )


def compare_runs(before: Run, after: Run) -> list[Pair]:
    """What both ran: the same profile in one and the other; where they have none in common, all with all."""
    common = [name for name in after.settings.profiles if name in before.settings.profiles]
    couples = [(name, name) for name in common] or [
        (one, other) for one in before.settings.profiles for other in after.settings.profiles
    ]
    others = _changed(before, after)
    found = []
    for one, other in couples:
        then, now = scores(before.results, one), scores(after.results, other)
        changed = [case for case in then if case in now and case in others]
        same = {case: share for case, share in then.items() if case not in others}
        each = pair(f"{one} ({before.id})", same, f"{other} ({after.id})", now)
        found.append(_without(each, ["/".join(case) for case in changed]))
    return found


def _changed(before: Run, after: Run) -> set[tuple[str, str]]:
    """Cases of one name that do not ask, expect or weigh the same: their results say nothing about each other."""
    then = {(result.key.suite, result.key.case): result.fingerprint for result in before.results}
    return {
        (result.key.suite, result.key.case)
        for result in after.results
        if then.get((result.key.suite, result.key.case), result.fingerprint) != result.fingerprint
    }


def _without(pair: Pair, changed: Sequence[str]) -> Pair:
    if not changed:
        return pair
    names = listed(changed, 5)
    words = (
        f"the case {names} is another now and is" if len(changed) == 1 else f"the cases {names} are others now and are"
    )
    return replace(pair, sentence=f"{pair.sentence} ({words} left out)", changed=tuple(changed))


def pair(a: str, of_a: Scores, b: str, of_b: Scores) -> Pair:
    """By the cases that both have a result for."""
    common = [case for case in of_a if case in of_b]
    differences = [of_a[case] - of_b[case] for case in common]
    wins = sum(each > 0 for each in differences)
    losses = sum(each < 0 for each in differences)
    p_value = sign_test(wins, losses)
    verdict = Better.UNDECIDED
    if p_value < SIGNIFICANT:
        verdict = Better.A if wins > losses else Better.B
    return Pair(
        a,
        b,
        wins,
        losses,
        len(common) - wins - losses,
        p_value,
        bootstrap_difference(differences),
        verdict,
        _sentence(a, b, wins, losses, len(common), p_value, verdict),
    )


def _sentence(a: str, b: str, wins: int, losses: int, n: int, p_value: float, verdict: Better) -> str:
    if n == 0:
        return f"{a} and {b} have no case in common that passed or failed"
    if verdict is Better.UNDECIDED:
        return f"{a} and {b} cannot be told apart at n = {n}"
    better, worse, more, fewer = (a, b, wins, losses) if verdict is Better.A else (b, a, losses, wins)
    chance = p_words(p_value)
    return f"{better} is better than {worse}: {more} cases to {fewer} of {n}, p {'' if '<' in chance else '= '}{chance}"
