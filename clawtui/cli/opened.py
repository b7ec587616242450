"""Runs a verb's work on an open runtime, and closes it whatever happens."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable

from clawtui.cli.findings import as_lines
from clawtui.cli.options import Options
from clawtui.cli.signals import stoppable
from clawtui.cli.stopping import Stop
from clawtui.config.findings import Finding
from clawtui.runtime import Runtime, open_runtime
from clawtui.store.database import NewerSchema
from clawtui.store.jobs import StoreDown

OTHER_FOLDER = "check its permissions and the disk, or name another folder with --data"
Work = Callable[[Runtime], Awaitable[int]]


def on_runtime(
    options: Options, work: Work, *, past: bool = False, broken_is_fine: bool = False, is_kept: bool = False
) -> int:
    """`past`: the demo's history is written first, for verbs that show it. `is_kept`: what is done leaves a record, and
    where it cannot, a word says so."""
    return asyncio.run(_on_runtime(options, work, past, broken_is_fine, is_kept))


async def _on_runtime(options: Options, work: Work, past: bool, broken_is_fine: bool, is_kept: bool) -> int:
    with stoppable() as until_stopped:
        runtime = await until_stopped(_open(options))
        try:
            if runtime.state.errors and not broken_is_fine:
                raise broken(options, runtime.state.errors)
            if past and runtime.is_demo:
                from clawtui.runtime.demo_past import seed_past

                await seed_past(runtime)
            if runtime.store.moved_aside is not None:
                aside = runtime.store.moved_aside
                options.output.note(f"the data file was damaged: it was moved to {aside}, and a new one begun")
            status = await until_stopped(work(runtime))
        except StoreDown as down:
            raise Stop(str(down), OTHER_FOLDER) from None
        except sqlite3.Error:
            # Only readers of the store come here: whoever asks goes on without it.
            raise Stop(runtime.store.down or f"{options.paths.database} cannot be read", OTHER_FOLDER) from None
        finally:
            await runtime.aclose()
    if is_kept and runtime.store.down is not None:
        options.output.note(f"{runtime.store.down}: nothing of this is kept")
    return status


async def _open(options: Options) -> Runtime:
    options.tell_if_missing()
    try:
        return await open_runtime(options.paths, environ=options.environ, demo=options.demo, keys=options.keys)
    except NewerSchema as newer:
        raise Stop(newer.what, "update clawtui, or name another folder with --data") from None


def broken(options: Options, errors: tuple[Finding, ...]) -> Stop:
    """All errors at once, then where to mend them."""
    options.output.lines_of_trouble(line for finding in errors for line in as_lines(finding))
    count = "1 error" if len(errors) == 1 else f"{len(errors)} errors"
    return Stop(f"the config has {count}", f"mend {options.paths.config_file}, then `clawtui config check`")
