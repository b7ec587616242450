"""`clawtui eval`: suites and runs that are there, shown and exported. Running is in `eval_runs`."""

from __future__ import annotations

import asyncio
from pathlib import Path

from clawtui.cli import eval_runs, eval_tables
from clawtui.cli.eval_runs import cannot, stored
from clawtui.cli.findings import as_lines, document
from clawtui.cli.opened import on_runtime
from clawtui.cli.options import Options
from clawtui.cli.stopping import Status, Stop
from clawtui.config.findings import nearest, quoted
from clawtui.evals.documents import list_document, report_document, run_document, trend_document
from clawtui.evals.reports import EXTENSIONS, render
from clawtui.runtime import Runtime
from clawtui.runtime.evaluating import CannotRun, Evaluating


def run(options: Options) -> int:
    verbs = {
        "list": _list,
        "run": eval_runs.run,
        "compare": eval_runs.compare,
        "show": _show,
        "export": _export,
    }
    return verbs[options.args.what](options)


# ---- suites and runs that are there


def _list(options: Options) -> int:
    if options.args.profile is not None:
        return _trend(options, options.args.profile)
    if options.args.suite is not None:
        return _one_suite(options, options.args.suite)

    async def work(runtime: Runtime) -> int:
        evaluating = Evaluating(runtime)
        suites, findings = await evaluating.suites()
        try:
            runs = await evaluating.runs()
        except CannotRun as error:
            cannot(options, error)
        if options.json:
            options.output.document({**list_document(suites, runs), "findings": document(findings)})
        else:
            eval_tables.show_suites(options.output, suites, runs)
            for finding in findings:
                for line in as_lines(finding):
                    options.output.note(line)
        return Status.DONE

    return on_runtime(options, work)


def _one_suite(options: Options, name: str) -> int:
    async def work(runtime: Runtime) -> int:
        try:
            suite = await Evaluating(runtime).suite(name)
        except CannotRun as error:
            cannot(options, error)
        if options.json:
            listed = list_document([suite], ())
            listed["suites"][0]["case_list"] = [
                {"id": case.id, "description": case.description, "tags": sorted(case.tags)} for case in suite.cases
            ]
            options.output.document(listed)
        else:
            eval_tables.show_cases(options.output, suite)
        return Status.DONE

    return on_runtime(options, work)


def _trend(options: Options, profile: str) -> int:
    async def work(runtime: Runtime) -> int:
        try:
            points = await Evaluating(runtime).trend(profile)
        except CannotRun as error:
            cannot(options, error)
        if not points:
            near = nearest(profile, runtime.engine.registry.profiles)
            hint = f"did you mean {quoted(near)}?" if near and near != profile else "`clawtui eval list` shows the runs"
            raise Stop(f"there is no run of {quoted(profile)}", hint)
        if options.json:
            options.output.document(trend_document(profile, points))
        else:
            eval_tables.show_trend(options.output, points)
        return Status.DONE

    return on_runtime(options, work)


def _show(options: Options) -> int:
    async def work(runtime: Runtime) -> int:
        found = await stored(options, runtime, options.args.run)
        if options.json:
            options.output.document(run_document(found, transcripts=True))
        else:
            eval_tables.show_run(options.output, found)
        return Status.DONE

    return on_runtime(options, work)


def _export(options: Options) -> int:
    async def work(runtime: Runtime) -> int:
        found = await stored(options, runtime, options.args.run)
        format = options.args.format
        text = render(report_document(found), format)
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
