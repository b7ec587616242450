"""How a profile did from run to run."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

from clawtui.evals.results import RunId, Verdict
from clawtui.evals.statistics import Rate, clustered_rate, quantile
from clawtui.store.evals import TrendRow


@dataclass(frozen=True, slots=True)
class TrendPoint:
    """One run of a profile. Runs of other suites, or of fewer cases, are not to be read as one line."""

    run: RunId
    at: float
    suites: tuple[str, ...]
    cases: int
    errors: int
    rate: Rate | None
    p50_ms: float | None
    cost_usd: float | None  # None: some of it is unknown


def trend(rows: Iterable[TrendRow]) -> list[TrendPoint]:
    """Of rows that lie run by run."""
    return [_point(list(of_run)) for _, of_run in groupby(rows, key=lambda row: row.run)]


def _point(rows: list[TrendRow]) -> TrendPoint:
    graded = [row for row in rows if row.verdict in (Verdict.PASS, Verdict.FAIL)]
    by_case: dict[str, list[tuple[bool, float]]] = {}
    for row in graded:
        by_case.setdefault(f"{row.suite}/{row.case}", []).append((row.verdict == Verdict.PASS, row.weight))
    costs = [row.cost_usd for row in rows if row.request_id is not None]
    return TrendPoint(
        run=RunId(rows[0].run),
        at=rows[0].run_at,
        suites=tuple(json.loads(rows[0].settings)["suites"]),
        cases=len({(row.suite, row.case) for row in rows}),
        errors=sum(row.verdict == Verdict.ERROR for row in rows),
        rate=clustered_rate(by_case),
        p50_ms=quantile([row.ms for row in graded if row.ms is not None], 0.5),
        cost_usd=None if None in costs else sum(cost or 0.0 for cost in costs),
    )
