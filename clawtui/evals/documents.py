"""The public JSON documents of evals. Keys are never renamed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from clawtui.evals.cases import Suite
from clawtui.evals.compare import Gain, Pair, compare_profiles, gains
from clawtui.evals.records import written_message
from clawtui.evals.results import CaseResult, Run, RunSettings
from clawtui.evals.statistics import Rate
from clawtui.evals.summary import ProfileSummary, passed_threshold, ranked, summaries
from clawtui.evals.trends import TrendPoint
from clawtui.store.evals import StoredRun


def run_document(run: Run, *, transcripts: bool = False) -> dict[str, Any]:
    """Of `eval run` and `eval show`."""
    return {
        "run_id": run.id,
        "at": _moment(run.at),
        "ended": None if run.ended is None else _moment(run.ended),
        "stopped": run.stopped or None,
        "spent_usd": run.spent_usd,
        "suites": list(run.settings.suites),
        "repeats": run.settings.repeats,
        "strict": not run.settings.with_fallbacks,
        "threshold": run.settings.threshold,
        "passed_threshold": passed_threshold(run),
        "profiles": [profile_document(each) for each in summaries(run)],
        "cases": [case_document(each, transcript=transcripts) for each in run.results],
    }


def report_document(run: Run) -> dict[str, Any]:
    """Of exports: all that is kept of the run and, where several took part, how each does beside each other."""
    pairs = compare_profiles(run)
    compared = (
        {"pairs": [*map(pair_document, pairs)], "gains": [*map(gain_document, gains(run, pairs))]} if pairs else {}
    )
    return {**run_document(run, transcripts=True), **compared}


def profile_document(summary: ProfileSummary) -> dict[str, Any]:
    rate = summary.rate
    return {
        "id": summary.profile,
        **{verdict.value: count for verdict, count in summary.counts.items()},
        "rate": None if rate is None else round(rate.rate, 6),
        "interval": _interval(rate),
        "effective_n": None if rate is None else round(rate.effective_n, 2),
        "cost_usd": summary.cost_usd,
        "cost_per_pass_usd": summary.cost_per_pass_usd,
        "p50_ms": summary.p50_ms,
        "p95_ms": summary.p95_ms,
        "first_token_p50_ms": summary.first_token_p50_ms,
        "input_tokens": summary.input_tokens,
        "output_tokens": summary.output_tokens,
        "failovers": summary.failovers,
    }


def case_document(result: CaseResult, *, transcript: bool) -> dict[str, Any]:
    key = result.key
    document: dict[str, Any] = {
        "suite": key.suite,
        "case": key.case,
        "profile": key.profile,
        "repeat": key.repeat,
        "verdict": result.verdict.value,
        "grades": [{"grader": each.grader, "pass": each.passed, "reason": each.reason} for each in result.grades],
        "reason": result.reason or None,
        "ms": result.ms,
        "first_token_ms": result.first_token_ms,
        "input_tokens": result.usage.input_tokens,
        "output_tokens": result.usage.output_tokens,
        "cost_usd": result.cost.usd,
        "model": result.model or None,
        "request_id": result.request_id,
        "failovers": result.failovers,
        "cached": result.is_cached,
    }
    if transcript:
        document["transcript"] = [written_message(message) for message in result.transcript]
    return document


def compare_document(run: Run, pairs: Sequence[Pair], shown: Sequence[Gain]) -> dict[str, Any]:
    """Of `eval compare`: that of the run, the best profile first, each with each, and what fusions gain."""
    return {
        **run_document(run),
        "ranking": [each.profile for each in ranked(run)],
        "pairs": [pair_document(each) for each in pairs],
        "gains": [gain_document(each) for each in shown],
    }


def gain_document(gain: Gain) -> dict[str, Any]:
    return {"fusion": gain.fusion, "shown": gain.is_shown, "sentence": gain.sentence}


def pair_document(pair: Pair) -> dict[str, Any]:
    return {
        "a": pair.a,
        "b": pair.b,
        "wins": pair.wins,
        "losses": pair.losses,
        "ties": pair.ties,
        "p_value": float(f"{pair.p_value:.6g}"),
        "difference": [round(each, 6) for each in pair.difference],
        "verdict": pair.verdict.value,
        "sentence": pair.sentence,
        "changed_cases": list(pair.changed),
    }


def trend_document(profile: str, points: Sequence[TrendPoint]) -> dict[str, Any]:
    return {
        "profile": profile,
        "runs": [
            {
                "run_id": each.run,
                "at": _moment(each.at),
                "suites": list(each.suites),
                "cases": each.cases,
                "errors": each.errors,
                "rate": None if each.rate is None else round(each.rate.rate, 6),
                "interval": _interval(each.rate),
                "p50_ms": each.p50_ms,
                "cost_usd": each.cost_usd,
            }
            for each in points
        ],
    }


def kept_summary(run: Run) -> str:
    """What the list of runs shows without reading the cases."""
    rates = {each.profile: None if each.rate is None else round(each.rate.rate, 6) for each in summaries(run)}
    return json.dumps({"stopped": run.stopped, "rates": rates, "spent_usd": run.spent_usd})


def listed_run(stored: StoredRun) -> dict[str, Any]:
    """`rate` is that of the profiles that were asked for together, `rates` of each, controls too."""
    settings = RunSettings(**json.loads(stored.settings))
    rates: dict[str, float | None] = json.loads(stored.summary).get("rates", {}) if stored.summary else {}
    known = [rate for name, rate in rates.items() if rate is not None and name not in settings.controls]
    return {
        "run_id": stored.id,
        "at": _moment(stored.at),
        "suites": list(settings.suites),
        "profiles": list(settings.profiles),
        "rate": round(sum(known) / len(known), 6) if known else None,
        "rates": rates,
        "finished": stored.ended is not None,
    }


def list_document(suites: Sequence[Suite], runs: Sequence[StoredRun]) -> dict[str, Any]:
    return {
        "suites": [
            {"id": suite.id, "cases": len(suite.cases), "description": suite.description, "source": suite.source}
            for suite in suites
        ],
        "runs": [listed_run(run) for run in runs],
    }


def _interval(rate: Rate | None) -> list[float | None]:
    return [None, None] if rate is None else [round(rate.low, 6), round(rate.high, 6)]


def _moment(wall: float) -> str:
    return datetime.fromtimestamp(wall).astimezone().isoformat(timespec="seconds")
