"""`clawtui data`: how much is kept on disk, deleting what is old, counting figures anew."""

from __future__ import annotations

from dataclasses import asdict

from clawtui.cli.opened import on_runtime
from clawtui.cli.options import Options
from clawtui.cli.stopping import Status, Stop
from clawtui.runtime import Runtime
from clawtui.runtime.documents import iso
from clawtui.text import count, day_and_time

DAY = 86_400.0
MOST_DAYS = 36_500


def run(options: Options) -> int:
    match options.args.what:
        case "size":
            return on_runtime(options, lambda runtime: _size(options, runtime), past=True)
        case "prune":
            return on_runtime(options, lambda runtime: _prune(options, runtime), past=True)
        case _:
            return on_runtime(options, lambda runtime: _rebuild(options, runtime))


async def _size(options: Options, runtime: Runtime) -> int:
    size = await runtime.store.maintenance.size()
    if options.json:
        document = asdict(size)
        document["oldest"] = iso(size.oldest)
        options.output.document({"path": str(runtime.paths.database), **document})
        return Status.DONE
    out = options.output
    out.line(f"{runtime.paths.database}: {size.bytes / 1e6:.1f} MB")
    out.line(
        f"{count(size.ledger_rows)} ledger rows, {count(size.traces)} traces, {count(size.attempts)} attempts,"
        f" {count(size.conversations)} conversations, {count(size.eval_runs)} eval runs"
    )
    if size.oldest is not None:
        out.line(f"since {day_and_time(size.oldest)}")
    return Status.DONE


async def _prune(options: Options, runtime: Runtime) -> int:
    days = options.args.keep_days if options.args.keep_days is not None else runtime.state.config.data.keep_days
    if days is None:
        raise Stop("how many days are kept?", "say --keep-days N, or write keep_days under [data] in the config")
    if not 0 <= days <= MOST_DAYS:
        raise Stop(f"--keep-days is {days}, and goes from 0 to {MOST_DAYS}")
    if not options.args.yes:
        if not options.stdin.isatty():
            raise Stop(f"this deletes what is older than {days} days", "say --yes to do it")
        options.output.note(f"delete traces and usage rows older than {days} days? Figures stay. y to go on")
        if options.stdin.readline().strip().lower() not in ("y", "yes"):
            raise Stop("nothing was deleted", status=Status.DONE)
    pruned = await runtime.store.maintenance.prune(runtime.clock.wall() - days * DAY)
    if options.json:
        options.output.document(asdict(pruned))
    else:
        options.output.line(
            f"deleted {count(pruned.traces)} traces, {count(pruned.ledger_rows)} ledger rows, {count(pruned.attempts)} attempts"
        )
    return Status.DONE


async def _rebuild(options: Options, runtime: Runtime) -> int:
    rows = await runtime.store.maintenance.rebuild()
    if options.json:
        options.output.document({"rows": rows})
    else:
        options.output.line(f"counted {count(rows)} ledger rows anew")
    return Status.DONE
