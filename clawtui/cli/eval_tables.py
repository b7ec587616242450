"""Evals as tables for people: suites, a run's ranking and matrix, why what failed failed, comparisons."""

from __future__ import annotations

import json
from collections.abc import Sequence

from clawtui.cli.output import Output
from clawtui.evals.cases import Suite
from clawtui.evals.compare import Gain, Pair
from clawtui.evals.documents import listed_run
from clawtui.evals.reports.words import MARKS, in_short
from clawtui.evals.results import CaseResult, Run, Verdict
from clawtui.evals.statistics import Rate, p_words
from clawtui.evals.summary import ProfileSummary, ranked
from clawtui.evals.trends import TrendPoint
from clawtui.store.evals import StoredRun
from clawtui.text import count, day_and_time, duration_ms, money, percent

MOST_TOLD = 30  # results that did not pass
_FROM_FIRST, _FROM_THIRD = frozenset(range(1, 8)), frozenset(range(3, 8))


def show_suites(output: Output, suites: Sequence[Suite], runs: Sequence[StoredRun]) -> None:
    output.table(
        ["suite", "cases", "what it is for"],
        [[suite.id, count(len(suite.cases)), suite.description] for suite in suites],
        right=frozenset({1}),
    )
    if runs:
        output.line()
        output.table(["run", "when", "suites", "profiles", "rates"], [_run_row(run) for run in runs[:20]])


def show_cases(output: Output, suite: Suite) -> None:
    rows = [[case.id, count(len(case.turns)), case.description] for case in suite.cases]
    output.table(["case", "turns", "what it is about"], rows, right=frozenset({1}))


def show_trend(output: Output, points: Sequence[TrendPoint]) -> None:
    rows = [
        [
            each.run,
            day_and_time(each.at),
            ", ".join(each.suites),
            count(each.cases),
            *_rate(each.rate),
            str(each.errors),
            duration_ms(each.p50_ms),
            money(each.cost_usd),
        ]
        for each in points
    ]
    names = ["run", "when", "suites", "cases", "rate", "95 %", "error", "p50", "cost"]
    output.table(names, rows, right=frozenset({3, 6, 7, 8}))


def _run_row(stored: StoredRun) -> list[str]:
    listed = listed_run(stored)
    rates = ", ".join(f"{name} {percent(rate)}" for name, rate in listed["rates"].items())
    suites: list[str] = json.loads(stored.settings)["suites"]
    return [
        stored.id,
        day_and_time(stored.at),
        ", ".join(suites),
        ", ".join(listed["profiles"]),
        rates if listed["finished"] else f"{rates} (cut)".strip(),
    ]


def show_run(output: Output, run: Run) -> None:
    output.line(f"run {run.id}, {day_and_time(run.at)}, {', '.join(run.settings.suites)}")
    output.line()
    profiles = ranked(run)
    verdicts = ["pass", "fail", "error", "unsupported", "cancelled"]
    output.table(["profile", "rate", "95 %", *verdicts], [_verdicts(each) for each in profiles], right=_FROM_THIRD)
    output.line()
    figures = ["profile", "p50", "p95", "first", "tokens", "cost", "per pass", "failovers"]
    output.table(figures, [_figures(each) for each in profiles], right=_FROM_FIRST)
    output.line()
    _show_matrix(output, run)
    more = run.spent_usd - sum(result.cost.usd or 0.0 for result in run.results if not result.is_cached)
    if more > 1e-9:
        output.line(f"besides, {money(more)} at most for calls that were cut")
    told = [result for result in run.results if result.verdict in (Verdict.FAIL, Verdict.ERROR)]
    if told:
        output.line()
    for result in told[:MOST_TOLD]:
        output.line(result_line(result))
    if len(told) > MOST_TOLD:
        output.line(f"… and {len(told) - MOST_TOLD} more: clawtui eval export {run.id}")
    if run.ended is None:
        output.line(f"not finished{f' ({run.stopped})' if run.stopped else ''}: clawtui eval run --resume {run.id}")


def _verdicts(summary: ProfileSummary) -> list[str]:
    return [summary.profile, *_rate(summary.rate), *(count(summary.counts[verdict]) for verdict in Verdict)]


def _figures(summary: ProfileSummary) -> list[str]:
    return [
        summary.profile,
        duration_ms(summary.p50_ms),
        duration_ms(summary.p95_ms),
        duration_ms(summary.first_token_p50_ms),
        count(summary.input_tokens + summary.output_tokens),
        money(summary.cost_usd),
        money(summary.cost_per_pass_usd) if summary.counts[Verdict.PASS] else "–",
        count(summary.failovers),
    ]


def _rate(rate: Rate | None) -> tuple[str, str]:
    """With its interval."""
    return ("no rate", "") if rate is None else (percent(rate.rate), f"{100 * rate.low:.0f} to {100 * rate.high:.0f}")


def _show_matrix(output: Output, run: Run) -> None:
    cells: dict[tuple[str, str], list[CaseResult]] = {}
    for result in run.results:
        cells.setdefault((f"{result.key.suite}/{result.key.case}", result.key.profile), []).append(result)
    names = list(dict.fromkeys(name for name, _ in cells))
    output.table(
        ["case", *run.settings.profiles],
        [[name, *(_cell(cells.get((name, profile), [])) for profile in run.settings.profiles)] for name in names],
    )


def _cell(results: Sequence[CaseResult]) -> str:
    verdict, words = in_short([result.verdict.value for result in results])
    return f"{MARKS[verdict]} {words}" if results else words


def result_line(result: CaseResult) -> str:
    key = result.key
    repeat = f" #{key.repeat}" if key.repeat > 1 else ""
    failed = "; ".join(f"{grade.grader}: {grade.reason}" for grade in result.grades if not grade.passed)
    why = result.reason or failed
    took = "cached" if result.is_cached else duration_ms(result.ms)
    head = f"{MARKS[result.verdict]} {key.suite}/{key.case}{repeat}  {key.profile}  {result.verdict.value}  {took}"
    return f"{head}  {why}" if why else head


def show_pairs(output: Output, pairs: Sequence[Pair], gains: Sequence[Gain]) -> None:
    output.line()
    rows = [[each.a, each.b, str(each.wins), str(each.losses), str(each.ties), p_words(each.p_value)] for each in pairs]
    output.table(["a", "b", "a wins", "b wins", "ties", "p"], rows, right=frozenset({2, 3, 4, 5}))
    output.line()
    for sentence in (*(pair.sentence for pair in pairs), *(gain.sentence for gain in gains)):
        output.line(sentence)
