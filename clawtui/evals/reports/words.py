"""How the reports for people say what the document holds: rates, money, times, what failed and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from clawtui.evals.statistics import p_words
from clawtui.text import duration_ms, money, percent

Document = Mapping[str, Any]

VERDICTS = ("pass", "fail", "error", "unsupported", "cancelled")
MARKS = {"pass": "●", "fail": "○", "error": "⚠", "unsupported": "◌", "cancelled": "–"}


def rate(profile: Document) -> str:
    """`92 % (85 to 96)`; said in words where no case makes a rate."""
    if profile.get("rate") is None:
        return "no rate"
    low, high = profile.get("interval") or (None, None)
    if low is None or high is None:
        return percent(profile["rate"])
    return f"{percent(profile['rate'])} ({100 * low:.0f} to {100 * high:.0f})"


def numbers(profile: Document) -> tuple[tuple[str, str], ...]:
    """Everything that is told of a profile beside its counts, as headings and words."""
    return (
        ("p50", duration_ms(profile.get("p50_ms"))),
        ("p95", duration_ms(profile.get("p95_ms"))),
        ("first token", duration_ms(profile.get("first_token_p50_ms"))),
        ("cost", money(profile.get("cost_usd"))),
        ("per pass", money(profile.get("cost_per_pass_usd"))),
    )


def ranked(document: Document) -> list[Document]:
    """The best rate first; of equal ones that which was asked for first; who has none last."""
    profiles: Sequence[Document] = document["profiles"]
    return sorted(profiles, key=lambda each: (each.get("rate") is None, -(each.get("rate") or 0.0)))


def scenarios(document: Document) -> list[tuple[str, str]]:
    """Suite and case, in the order in which they were run."""
    return list(dict.fromkeys((each["suite"], each["case"]) for each in document["cases"]))


def cells(document: Document) -> dict[tuple[str, str, str], list[Document]]:
    """Every repeat by suite, case and profile."""
    found: dict[tuple[str, str, str], list[Document]] = {}
    for each in document["cases"]:
        found.setdefault((each["suite"], each["case"], each["profile"]), []).append(each)
    return found


def in_short(verdicts: Sequence[str]) -> tuple[str, str]:
    """The verdict that a cell stands for and its words: `2/3` passed, or why nothing was graded."""
    if not verdicts:
        return "cancelled", "not run"
    graded = [each for each in verdicts if each in ("pass", "fail")]
    if graded:
        others = len(verdicts) - len(graded)
        more = f" +{others} not graded" if others else ""
        return ("fail" if "fail" in graded else "pass"), f"{graded.count('pass')}/{len(graded)}{more}"
    worst = next(name for name in VERDICTS if name in verdicts)
    return worst, worst


def why(result: Document) -> list[str]:
    """What a reader of a case that did not pass wants to know first."""
    reasons = [f"{each['grader']}: {each['reason']}" for each in result.get("grades", ()) if not each["pass"]]
    return [*filter(None, [result.get("reason")]), *reasons]


def when(document: Document) -> str:
    at = document["at"]
    moment = datetime.fromtimestamp(at, UTC) if isinstance(at, (int, float)) else datetime.fromisoformat(str(at))
    return moment.strftime("%Y-%m-%d %H:%M %Z").strip()


PAIR_HEADINGS = ("one", "other", "better", "worse", "alike", "p")


def paired(document: Document) -> tuple[list[tuple[str, ...]], list[str]]:
    """Each with each, case by case: a row of figures for every two, and what the figures say in sentences."""
    pairs = document.get("pairs") or ()
    rows = [
        (each["a"], each["b"], *(str(each[name]) for name in ("wins", "losses", "ties")), p_words(each["p_value"]))
        for each in pairs
    ]
    return rows, [each["sentence"] for each in (*pairs, *(document.get("gains") or ()))]


def title(document: Document) -> str:
    return f"Evals: {', '.join(document['suites'])}"
