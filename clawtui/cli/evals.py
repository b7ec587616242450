"""`clawtui eval`: suites, runs, comparisons, exports."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from clawtui.cli import eval_tables
from clawtui.cli.findings import as_lines
from clawtui.cli.opened import on_runtime
from clawtui.cli.options import Options
from clawtui.cli.stopping import Status, Stop
from clawtui.evals.compare import Better, Pair, compare_profiles, compare_runs
from clawtui.evals.documents import list_document, run_document
from clawtui.evals.estimate import Estimate
from clawtui.evals.reports import EXTENSIONS, render
from clawtui.evals.results import Run, RunSettings
from clawtui.evals.runner import CaseEnded, Progress
from clawtui.evals.summary import passed_threshold, summaries
from clawtui.runtime import Runtime
from clawtui.runtime.evaluating import CannotRun, Evaluating, Prepared
from clawtui.text import money

MOST_REPEATS = 1_000


def run(options: Options) -> int:
    verbs = {"list": _list, "run": _run, "compare": _compare, "show": _show, "export": _export}
    return verbs[options.args.what](options)


# ---- suites and runs that are there


def _list(options: Options) -> int:
    async def work(runtime: Runtime) -> int:
        suites, findings = await Evaluating(runtime).suites()
        runs = await runtime.store.evals.runs()
        wanted = options.args.suite
        if wanted is not None:
            suites = tuple(suite for suite in suites if suite.id == wanted)
            if not suites:
                raise Stop(f"there is no suite {wanted}", "`clawtui eval list` shows them")
        if options.json:
            document = list_document(suites, () if wanted else runs)
            if wanted:
                document["suites"][0]["case_list"] = [
                    {"id": case.id, "description": case.description, "tags": sorted(case.tags)}
                    for case in suites[0].cases
                ]
            options.output.document(document)
        else:
            eval_tables.show_suites(options.output, suites, () if wanted else runs, whole=wanted is not None)
        for finding in findings:
            for line in as_lines(finding):
                options.output.note(line)
        return Status.DONE

    return on_runtime(options, work)


def _show(options: Options) -> int:
    async def work(runtime: Runtime) -> int:
        found = await _stored(options, runtime, options.args.run)
        if options.json:
            options.output.document(run_document(found, transcripts=True))
        else:
            eval_tables.show_run(options.output, found)
        return Status.DONE

    return on_runtime(options, work)


def _export(options: Options) -> int:
    async def work(runtime: Runtime) -> int:
        found = await _stored(options, runtime, options.args.run)
        format = options.args.format
        text = render(run_document(found, transcripts=True), format)
        if options.args.output is None:
            options.output.raw(text)
            return Status.DONE
        name = f"eval-{found.id}.{EXTENSIONS[format]}"
        target = await asyncio.to_thread(_write, options.args.output, name, text)
        options.output.note(f"written to {target}")
        return Status.DONE

    return on_runtime(options, work)


def _write(target: Path, name: str, text: str) -> Path:
    """Into the file, or under the usual name into the folder."""
    if target.is_dir():
        target = target / name
    try:
        target.write_text(text, encoding="utf-8", newline="")
    except OSError as error:
        raise Stop(f"{target} cannot be written: {error.strerror}", "name another file with -o") from None
    return target


async def _stored(options: Options, runtime: Runtime, id: str) -> Run:
    try:
        return await Evaluating(runtime).run(id)
    except CannotRun as error:
        _cannot(options, error)


# ---- running


def _run(options: Options) -> int:
    async def work(runtime: Runtime) -> int:
        evaluating = Evaluating(runtime)
        try:
            if options.args.resume:
                prepared = await evaluating.resume(options.args.resume)
            else:
                prepared = await evaluating.prepare(_settings(options, _split(options.args.profile)))
        except CannotRun as error:
            _cannot(options, error)
        done = await _started(options, evaluating, prepared)
        if options.json:
            options.output.document(run_document(done))
        else:
            eval_tables.show_run(options.output, done)
        return _status(options, done)

    return on_runtime(options, work)


def _compare(options: Options) -> int:
    if options.args.run:
        return _compare_stored(options)
    profiles = _split(options.args.profile)
    if len(profiles) < 2 and not any(name.startswith("fusion/") for name in profiles):
        raise Stop("a comparison needs two profiles, or a fusion", "clawtui eval compare -p A,B")

    async def work(runtime: Runtime) -> int:
        evaluating = Evaluating(runtime)
        try:
            prepared = await evaluating.prepare(_settings(options, profiles), controls=True)
        except CannotRun as error:
            _cannot(options, error)
        done = await _started(options, evaluating, prepared)
        pairs = compare_profiles(done)
        if options.json:
            options.output.document({**run_document(done), "pairs": [_pair(each) for each in pairs]})
        else:
            eval_tables.show_run(options.output, done)
            eval_tables.show_pairs(options.output, pairs)
        return max(_status(options, done), _if_worse(options, pairs))

    return on_runtime(options, work)


def _compare_stored(options: Options) -> int:
    if len(options.args.run) != 2:
        raise Stop("two runs are compared", "clawtui eval compare --run OLD --run NEW")

    async def work(runtime: Runtime) -> int:
        before, after = [await _stored(options, runtime, id) for id in options.args.run]
        pairs = compare_runs(before, after)
        if options.json:
            document = {**run_document(after), "baseline": run_document(before)}
            options.output.document({**document, "pairs": [_pair(each) for each in pairs]})
        else:
            eval_tables.show_run(options.output, before)
            eval_tables.show_run(options.output, after)
            eval_tables.show_pairs(options.output, pairs)
        return _if_worse(options, pairs)

    return on_runtime(options, work)


def _settings(options: Options, profiles: Sequence[str]) -> RunSettings:
    args = options.args
    if not 1 <= args.repeats <= MOST_REPEATS:
        raise Stop(f"--repeats is {args.repeats}, and goes from 1 to {MOST_REPEATS}")
    if args.threshold is not None and not 0 <= args.threshold <= 1:
        raise Stop(f"--threshold is {args.threshold:g}, and goes from 0 to 1", "0.9 is nine of ten")
    if args.max_usd is not None and args.max_usd < 0:
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
    )


def _split(names: Sequence[str]) -> list[str]:
    return [name.strip() for each in names for name in each.split(",") if name.strip()]


async def _started(options: Options, evaluating: Evaluating, prepared: Prepared) -> Run:
    """Says what it would do, asks where nobody has said yes, and runs."""
    words = estimate_words(prepared.estimate)
    if not options.args.yes:
        if not (options.stdin.isatty() and options.output.is_terminal):
            raise Stop(f"not started: {words}", "say --yes to run it")
        options.output.note(words)
        options.output.note("Run it? [y/N]")
        answer = await asyncio.to_thread(options.stdin.readline)
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
        return await evaluating.start(prepared, tell)
    except asyncio.CancelledError:
        options.output.note(f"what is done is kept: clawtui eval run --resume {prepared.run.id}")
        raise


def estimate_words(estimate: Estimate) -> str:
    parts = [f"{estimate.cases} {'case' if estimate.cases == 1 else 'cases'}"]
    if estimate.unsupported:
        parts.append(f"{estimate.unsupported} of them unsupported")
    parts.append(f"{estimate.calls} {'call' if estimate.calls == 1 else 'calls'} at least")
    parts.append(f"{money(estimate.worst_usd)} at most")
    if estimate.unpriced:
        parts.append(f"besides what is unknown of {', '.join(estimate.unpriced)}")
    return ", ".join(parts)


def _status(options: Options, done: Run) -> int:
    if done.stopped.startswith("max_usd"):
        options.output.note(f"stopped before ${done.settings.max_usd:g} was passed: eval run --resume {done.id}")
        return Status.REFUSED
    if passed_threshold(done) is False:
        missed = [each.profile for each in summaries(done) if not each.reaches(done.settings.threshold or 0.0)]
        options.output.note(f"missed the threshold of {done.settings.threshold:g}: {', '.join(missed)}")
        return Status.FAILED
    graded = any(each.rate is not None for each in summaries(done))
    errors = any(result.verdict == "error" for result in done.results)
    return Status.FAILED if errors and not graded else Status.DONE


def _if_worse(options: Options, pairs: Sequence[Pair]) -> int:
    worse = [each for each in pairs if each.verdict is Better.A]
    if options.args.fail_if_worse and worse:
        options.output.note("; ".join(each.sentence for each in worse))
        return Status.FAILED
    return Status.DONE


def _pair(pair: Pair) -> dict[str, Any]:
    return {
        "a": pair.a,
        "b": pair.b,
        "wins": pair.wins,
        "losses": pair.losses,
        "ties": pair.ties,
        "p_value": round(pair.p_value, 6),
        "difference": [round(each, 6) for each in pair.difference],
        "verdict": pair.verdict.value,
        "sentence": pair.sentence,
    }


def _cannot(options: Options, error: CannotRun) -> NoReturn:
    options.output.lines_of_trouble([line for finding in error.findings for line in as_lines(finding)])
    raise Stop(error.message, error.hint or "mend the file") from None
