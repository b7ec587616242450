"""`clawtui eval run` and `compare`: says what a run would cost, runs it, and turns what came of it into an exit status."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, NoReturn

from clawtui.cli import eval_tables
from clawtui.cli.findings import as_lines
from clawtui.cli.opened import on_runtime
from clawtui.cli.options import Options
from clawtui.cli.stopping import Status, Stop
from clawtui.evals.compare import Better, Pair, compare_profiles, compare_runs, gains, worse
from clawtui.evals.documents import compare_document, run_document
from clawtui.evals.estimate import estimate_words
from clawtui.evals.results import Run, RunSettings, Verdict
from clawtui.evals.runner import CaseEnded, Progress
from clawtui.evals.summary import summaries, under_threshold
from clawtui.runtime import Runtime
from clawtui.runtime.evaluating import CannotRun, Evaluating, Prepared

MOST_REPEATS = 1_000
MOST_AT_ONCE = 64
# What says how a new run goes, and what stands there when it is left out.
OF_A_NEW_RUN = {
    "suite": [],
    "profile": [],
    "case": [],
    "repeats": 1,
    "threshold": None,
    "cached": False,
    "with_fallbacks": False,
    "policy": None,
    "time_limit": 120.0,
    "concurrency": 4,
}


def run(options: Options) -> int:
    if options.args.resume:
        _refuse(options, OF_A_NEW_RUN, "a run goes on as it began", "--resume goes with --max-usd and --yes")

    async def work(runtime: Runtime) -> int:
        evaluating = Evaluating(runtime)
        try:
            if options.args.resume:
                prepared = await evaluating.resume(options.args.resume, options.args.max_usd)
            else:
                prepared = await evaluating.prepare(_settings(options, _split(options.args.profile)))
        except CannotRun as error:
            cannot(options, error)
        done = await _started(options, evaluating, prepared)
        if options.json:
            options.output.document(run_document(done))
        else:
            eval_tables.show_run(options.output, done)
        return _status(options, done)

    return on_runtime(options, work)


# ---- comparing


def compare(options: Options) -> int:
    if options.args.run:
        return _compare_stored(options)
    profiles = list(dict.fromkeys(_split(options.args.profile)))
    if len(profiles) < 2 and not any(name.startswith("fusion/") for name in profiles):
        raise Stop("a comparison needs two profiles, or a fusion", "clawtui eval compare -p A,B")

    async def work(runtime: Runtime) -> int:
        evaluating = Evaluating(runtime)
        try:
            prepared = await evaluating.prepare(_settings(options, profiles), controls=True)
        except CannotRun as error:
            cannot(options, error)
        done = await _started(options, evaluating, prepared)
        pairs = _compared(options, done)
        return _status(options, done) or _if_worse(options, worse(done, pairs))

    return on_runtime(options, work)


def _compared(options: Options, done: Run) -> list[Pair]:
    """The profiles of one run."""
    pairs = compare_profiles(done)
    shown = gains(done, pairs)
    if options.json:
        options.output.document(compare_document(done, pairs, shown))
    else:
        eval_tables.show_run(options.output, done)
        eval_tables.show_pairs(options.output, pairs, shown)
    return pairs


def _compare_stored(options: Options) -> int:
    """Two runs; or the profiles of one, as where a comparison was cut and resumed."""
    _refuse(options, {**OF_A_NEW_RUN, "max_usd": None}, "runs that are stored are compared as they are", "leave it out")
    if len(options.args.run) > 2:
        raise Stop("two runs are compared, or the profiles of one", "clawtui eval compare --run OLD --run NEW")

    async def work(runtime: Runtime) -> int:
        before, *later = [await stored(options, runtime, id) for id in options.args.run]
        if not later:
            if len(before.settings.profiles) < 2:
                raise Stop(f"run {before.id} is of one profile alone", f"--run {before.id} --run OTHER")
            return _if_worse(options, worse(before, _compared(options, before)))
        (after,) = later
        pairs = compare_runs(before, after)
        if options.json:
            options.output.document({**compare_document(after, pairs, ()), "baseline": run_document(before)})
        else:
            eval_tables.show_run(options.output, before)
            options.output.line()
            eval_tables.show_run(options.output, after)
            eval_tables.show_pairs(options.output, pairs, ())
        return _if_worse(options, [each for each in pairs if each.verdict is Better.A])

    return on_runtime(options, work)


def _if_worse(options: Options, found: Sequence[Pair]) -> int:
    if not (options.args.fail_if_worse and found):
        return Status.DONE
    options.output.note("; ".join(each.sentence for each in found))
    return Status.FAILED


# ---- what is asked for


def _settings(options: Options, profiles: Sequence[str]) -> RunSettings:
    args = options.args
    if not 1 <= args.repeats <= MOST_REPEATS:
        raise Stop(f"--repeats is {args.repeats}, and goes from 1 to {MOST_REPEATS}")
    if not 1 <= args.concurrency <= MOST_AT_ONCE:
        raise Stop(f"--concurrency is {args.concurrency}, and goes from 1 to {MOST_AT_ONCE}")
    if not 0 < args.time_limit <= 86_400:
        raise Stop(f"--time-limit is {args.time_limit:g} s, and goes from above 0 to a day")
    if args.threshold is not None and not 0 <= args.threshold <= 1:
        raise Stop(f"--threshold is {args.threshold:g}, and goes from 0 to 1", "0.9 is nine of ten")
    if args.max_usd is not None and not args.max_usd >= 0:
        raise Stop(f"--max-usd is {args.max_usd:g}, and begins at 0")
    return RunSettings(
        suites=tuple(args.suite),
        profiles=tuple(profiles),
        cases=tuple(args.case),
        repeats=args.repeats,
        threshold=args.threshold,
        max_usd=args.max_usd,
        with_fallbacks=args.with_fallbacks,
        use_cache=args.cached,
        policy=args.policy,
        case_limit_s=args.time_limit,
        concurrency=args.concurrency,
    )


def _split(names: Sequence[str]) -> list[str]:
    return [name.strip() for each in names for name in each.split(",") if name.strip()]


def _refuse(options: Options, defaults: dict[str, Any], why: str, hint: str) -> None:
    for name, default in defaults.items():
        if getattr(options.args, name) != default:
            raise Stop(f"--{name.replace('_', '-')} does not go here: {why}", hint)


async def stored(options: Options, runtime: Runtime, id: str) -> Run:
    try:
        return await Evaluating(runtime).run(id)
    except CannotRun as error:
        cannot(options, error)


def cannot(options: Options, error: CannotRun) -> NoReturn:
    options.output.lines_of_trouble([line for finding in error.findings for line in as_lines(finding)])
    raise Stop(error.message, error.hint or "mend the file") from None


# ---- running


async def _started(options: Options, evaluating: Evaluating, prepared: Prepared) -> Run:
    """Says what it would do, asks where nobody has said yes, and runs."""
    settings, words = prepared.run.settings, estimate_words(prepared.estimate)
    if settings.use_cache and not evaluating.keeps_text(settings.policy):
        options.output.note('--cached finds nothing: the policy keeps no answers (retention = "full" does)')
    if not options.args.yes:
        if not (options.stdin.isatty() and options.output.is_terminal):
            raise Stop(f"not started: {words}", "say --yes to run it")
        options.output.note(words)
        options.output.note("Run it? [y/N]")
        answer = await _line_of(options.stdin)
        if answer.strip().lower() not in ("y", "yes"):
            raise Stop("not started", "say y, or --yes")
    elif not options.json:
        options.output.note(words)
    count = 0

    def tell(progress: Progress) -> None:
        nonlocal count
        if isinstance(progress, CaseEnded):
            count += 1
            if not options.json:
                options.output.note(f"{count}/{prepared.estimate.cases}  {eval_tables.result_line(progress.result)}")

    try:
        done = await evaluating.start(prepared, tell)
    except asyncio.CancelledError:
        if evaluating.unsaved is None:
            options.output.note(f"what is done is kept: clawtui eval run --resume {prepared.run.id}")
        raise
    if evaluating.unsaved is not None:
        options.output.note(f"this run is not saved: {evaluating.unsaved}")
    return done


async def _line_of(terminal: Any) -> str:
    """A line, once there is one: a thread that waits for it would outlive Ctrl-C."""
    loop = asyncio.get_running_loop()
    typed = asyncio.Event()
    try:
        loop.add_reader(terminal.fileno(), typed.set)
    except (OSError, ValueError, NotImplementedError):
        return str(terminal.readline())  # nothing that can be waited for
    try:
        await typed.wait()
    finally:
        loop.remove_reader(terminal.fileno())
    return str(terminal.readline())


def _status(options: Options, done: Run) -> int:
    if done.stopped.startswith("max_usd"):
        why = done.stopped.removeprefix("max_usd: ")
        options.output.note(f"stopped: {why}; the rest: clawtui eval run --resume {done.id} --max-usd MORE")
        return Status.REFUSED
    missed = under_threshold(done)
    if missed:
        options.output.note(f"missed the threshold of {done.settings.threshold:g}: {', '.join(missed)}")
        return Status.FAILED
    if any(each.rate is not None for each in summaries(done)):
        return Status.DONE
    errors = [result for result in done.results if result.verdict is Verdict.ERROR]
    options.output.note(f"no case passed or failed: {(errors or done.results)[0].reason}")
    return _status_without_rate({error.kind for error in errors})


def _status_without_rate(kinds: set[str]) -> Status:
    """As of a single request: it matters whether anybody was called, and what stood in the way."""
    if kinds and kinds <= {"budget", "policy"}:
        return Status.REFUSED
    return Status.NO_ROUTE if kinds <= {"no_route", "not_ready"} else Status.FAILED
