"""Evals as the pane shows them: lists of runs, the matrix that fills, summaries, one case, comparisons, trends."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from clawtui.engine.request import Message
from clawtui.evals.cases import Suite
from clawtui.evals.compare import Pair
from clawtui.evals.documents import listed_run
from clawtui.evals.results import CaseKey, CaseResult, Run, Verdict
from clawtui.evals.runner import CaseEnded, CaseStarted, Progress
from clawtui.evals.statistics import Rate
from clawtui.evals.summary import ProfileSummary
from clawtui.evals.trends import TrendPoint
from clawtui.evals.work import items
from clawtui.store.evals import StoredRun
from clawtui.text import clock_time, count, day_and_time, duration, duration_ms, money, percent
from clawtui.tui.widgets.columns import CellValue
from clawtui.tui.widgets.parts import Part, PartLine, Tone

MARKS: Mapping[Verdict, Part] = {
    Verdict.PASS: ("●", Tone.OK),
    Verdict.FAIL: ("○", Tone.BAD),
    Verdict.ERROR: ("⚠", Tone.WARN),
    Verdict.UNSUPPORTED: ("◌", Tone.IDLE),
    Verdict.CANCELLED: ("–", Tone.MUTED),
}
BAR_CELLS = 16


# ---- the list of runs


@dataclass(frozen=True, slots=True)
class RunLine:
    id: str
    at: float
    suites: str
    profiles: str
    rates: str
    is_cut: bool
    is_running: bool = False  # here: what another process runs looks cut


def run_lines(runs: Iterable[StoredRun], running: str | None = None) -> list[RunLine]:
    lines = []
    for stored in runs:
        listed = listed_run(stored)
        rates = ", ".join("–" if rate is None else percent(rate) for rate in listed["rates"].values())
        suites, profiles = ", ".join(map(_short, listed["suites"])), ", ".join(listed["profiles"])
        is_running = stored.id == running
        is_cut = not listed["finished"] and not is_running
        lines.append(RunLine(stored.id, stored.at, suites, profiles, rates, is_cut, is_running))
    return lines


def _short(suite: str) -> str:
    """Files are kept with their whole path; their name is enough to know them by."""
    return suite.rpartition("/")[2]


# ---- a run, as far as it has come


@dataclass(slots=True)
class Sight:
    """A run in sight: whole from the file, or while it fills."""

    run: Run
    expected: tuple[CaseKey, ...]
    began: float | None = None  # while it goes on
    flying: set[CaseKey] = field(default_factory=set)
    results: dict[CaseKey, CaseResult] = field(default_factory=dict)
    at_first: int = 0  # results that were there when it went on

    def fold(self, progress: Iterable[Progress]) -> bool:
        """Whether anything is another now."""
        is_news = False
        for each in progress:
            is_news = True
            match each:
                case CaseStarted():
                    self.flying.add(each.key)
                case CaseEnded():
                    self.flying.discard(each.result.key)
                    self.results[each.result.key] = each.result
        return is_news

    @property
    def done(self) -> int:
        return len(self.results)

    @property
    def is_running(self) -> bool:
        return self.began is not None

    def as_run(self) -> Run:
        return Run(
            self.run.id, self.run.at, self.run.settings, tuple(self.results.values()), self.run.ended, self.run.stopped
        )


def sight_of(run: Run, suites: Sequence[Suite] = (), began: float | None = None) -> Sight:
    """`suites` as they are now, as far as they are still there: a run of old ones shows what it holds."""
    goes_on = began is not None
    results = {result.key: result for result in run.results if not (goes_on and result.verdict is Verdict.CANCELLED)}
    expected = tuple(item.key for item in items(suites, run.settings))
    if set(results) - set(expected) or (run.ended is not None and set(expected) - set(results)):
        expected = tuple(results)
    return Sight(run, expected, began, results=results, at_first=len(run.done))


def progress_lines(sight: Sight, now: float) -> list[PartLine]:
    run, settings = sight.run, sight.run.settings
    about = f"{', '.join(map(_short, settings.suites))} · {', '.join(settings.profiles)}"
    more = [f"{settings.repeats} repeats"] if settings.repeats > 1 else []
    more += ["fallbacks allowed"] if settings.with_fallbacks else []
    more += [f"policy {settings.policy}"] if settings.policy else []
    lines: list[PartLine] = [((about, Tone.NORMAL), (f"  {', '.join(more)}" if more else "", Tone.MUTED))]
    if sight.began is None:
        when = f"begun {day_and_time(run.at)}"
        if run.ended is None:
            why = f" ({run.stopped})" if run.stopped else ""
            lines.append(((f"◐ not finished{why}: r goes on", Tone.WARN), (f"  {when}", Tone.MUTED)))
        else:
            lines.append(((f"{when}, took {duration(run.ended - run.at)}", Tone.MUTED),))
        return lines
    total, done = len(sight.expected), sight.done
    filled = BAR_CELLS * done // max(1, total)
    spent = sum(result.cost.usd or 0.0 for result in sight.results.values() if not result.is_cached)
    seconds = max(0.0, now - sight.began)
    parts = [f" {done} of {total}", duration(seconds)]
    new = done - sight.at_first
    if new > 0 and done < total:
        parts.append(f"about {duration(seconds * (total - done) / new)} left")
    parts.append(f"{money(spent)} so far")
    bar: PartLine = (("█" * filled, Tone.ACCENT), ("░" * (BAR_CELLS - filled), Tone.MUTED))
    lines.append((*bar, (" · ".join(parts), Tone.NORMAL)))
    return lines


# ---- the matrix


@dataclass(frozen=True, slots=True)
class MatrixRow:
    suite: str
    case: str
    cells: tuple[CellValue, ...]  # in the order of the profiles
    trouble: int  # results that did not pass


def matrix(sight: Sight) -> list[MatrixRow]:
    profiles = sight.run.settings.profiles
    wanted: dict[tuple[str, str], dict[str, list[CaseKey]]] = {}
    for key in sight.expected:
        wanted.setdefault((key.suite, key.case), {}).setdefault(key.profile, []).append(key)
    rows = []
    for (suite, case), by_profile in wanted.items():
        cells = tuple(_cell(by_profile.get(profile, []), sight) for profile in profiles)
        keys = [key for keys in by_profile.values() for key in keys]
        trouble = sum(key in sight.results and sight.results[key].verdict is not Verdict.PASS for key in keys)
        rows.append(MatrixRow(suite, case, cells, trouble))
    return rows


def _cell(keys: Sequence[CaseKey], sight: Sight) -> CellValue:
    """How many of its repeats passed; errors and what is not supported stand apart from failures."""
    results = [sight.results[key] for key in keys if key in sight.results]
    flying = sum(key in sight.flying for key in keys)
    if not results:
        if flying:
            return (("◐ running", Tone.ACCENT),)
        return (("· waits" if sight.is_running else "not run", Tone.MUTED),)
    counts = {verdict: sum(result.verdict is verdict for result in results) for verdict in Verdict}
    passed, failed = counts[Verdict.PASS], counts[Verdict.FAIL]
    parts: list[Part] = []
    if passed or failed:
        mark, tone = MARKS[Verdict.FAIL if failed else Verdict.PASS]
        words = Verdict.PASS.value if not failed else Verdict.FAIL.value
        parts.append((f"{mark} {passed}/{passed + failed}" if passed + failed > 1 else f"{mark} {words}", tone))
    for verdict in (Verdict.ERROR, Verdict.UNSUPPORTED, Verdict.CANCELLED):
        if counts[verdict]:
            mark, tone = MARKS[verdict]
            number = f" {counts[verdict]}×" if counts[verdict] > 1 else " "
            gap = "  " if parts else ""
            parts.append((f"{gap}{mark}{number}{verdict.value}" if not parts else f"{gap}{mark}{number.strip()}", tone))
    if flying:
        parts.append(("  ◐", Tone.ACCENT))
    return tuple(parts)


# ---- summaries


def rate_words(rate: Rate | None) -> str:
    return "no rate" if rate is None else percent(rate.rate)


def interval_words(rate: Rate | None) -> str:
    return "" if rate is None else f"{100 * rate.low:.0f}–{100 * rate.high:.0f} %"


def cost_per_pass(summary: ProfileSummary) -> str:
    return money(summary.cost_per_pass_usd) if summary.counts[Verdict.PASS] else "–"


# ---- one case


def results_of(sight: Sight, suite: str, case: str) -> list[CaseResult]:
    """Every repeat, by profile in the order in which they were asked for."""
    profiles = sight.run.settings.profiles
    found = [result for key, result in sight.results.items() if (key.suite, key.case) == (suite, case)]
    return sorted(found, key=lambda each: (profiles.index(each.key.profile), each.key.repeat))


def why_of(result: CaseResult) -> str:
    """In words why it did not pass, or what it passed by."""
    if result.reason:
        return result.reason
    failed = [grade for grade in result.grades if not grade.passed]
    return "; ".join(f"{grade.grader}: {grade.reason}" for grade in failed or result.grades)


def verdict_cell(result: CaseResult) -> CellValue:
    mark, tone = MARKS[result.verdict]
    cached = " cached" if result.is_cached else ""
    return ((f"{mark} {result.verdict.value}", tone), (cached, Tone.MUTED))


def result_lines(result: CaseResult) -> list[PartLine]:
    """Grades, numbers and what was said."""
    lines: list[PartLine] = []
    if result.reason:
        lines.append(((result.reason, Tone.WARN),))
    for grade in result.grades:
        mark, tone = MARKS[Verdict.PASS if grade.passed else Verdict.FAIL]
        lines.append(((f"{mark} {grade.grader}: ", tone), (grade.reason, Tone.NORMAL)))
    numbers = [
        f"{duration_ms(result.ms)}",
        f"first token {duration_ms(result.first_token_ms)}",
        f"{count(result.usage.input_tokens)} in {count(result.usage.output_tokens)} out",
        money(result.cost.usd),
    ]
    numbers += [f"by {result.model}"] if result.model else []
    numbers += [f"{result.failovers} failovers"] if result.failovers else []
    numbers += [clock_time(result.at)] if result.at else []
    lines.append(((" · ".join(numbers), Tone.MUTED),))
    return lines


def transcript_lines(messages: Sequence[Message]) -> list[PartLine]:
    if not messages:
        return [(("what was said is not kept: the policy keeps no text, or the run is not over", Tone.MUTED),)]
    lines: list[PartLine] = []
    for message in messages:
        tone = Tone.ACCENT if message.role.value == "assistant" else Tone.STRONG
        lines.append(((f"{message.role.value}{' ' + message.name if message.name else ''}", tone),))
        lines += [((f"  {line}", Tone.NORMAL),) for line in message.text.splitlines()]
        lines += [((f"  calls {call.name}({call.arguments})", Tone.NORMAL),) for call in message.tool_calls]
    return lines


# ---- comparisons and trends


def pair_words(pair: Pair) -> str:
    return f"{pair.wins} to {pair.losses}, {pair.ties} even"


def trend_bars(points: Sequence[TrendPoint]) -> str:
    """A character a run, as high as its rate; a blank where it has none."""
    steps = "▁▂▃▄▅▆▇█"
    return "".join(" " if point.rate is None else steps[round(point.rate.rate * (len(steps) - 1))] for point in points)
