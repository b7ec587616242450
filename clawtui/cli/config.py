"""`clawtui config`: where the file lies, what is wrong with it, what is in force, and a first one."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from typing import TYPE_CHECKING

from clawtui.cli import findings
from clawtui.cli.options import Options
from clawtui.cli.stopping import Status, Stop

if TYPE_CHECKING:
    from clawtui.config.findings import Finding
    from clawtui.config.paths import Paths
    from clawtui.runtime import Runtime


def run(options: Options) -> int:
    match options.args.what:
        case "path":
            return _path(options)
        case "check":
            return _check(options)
        case "show":
            return _show(options)
        case _:
            return _init(options)


def _path(options: Options) -> int:
    if options.demo:
        return _on_demo(options, lambda runtime: _tell_path(options, runtime.paths))
    return _tell_path(options, options.paths)


def _tell_path(options: Options, paths: Paths) -> int:
    if options.json:
        options.output.document(
            {
                "config": str(paths.config_file),
                "exists": os.path.exists(paths.config_file),
                "data": str(paths.data_dir),
                "database": str(paths.database),
            }
        )
    else:
        options.output.line(str(paths.config_file))
        if options.demo:
            options.output.note("the demo's own, thrown away when it ends")
    return Status.DONE


def _check(options: Options) -> int:
    from clawtui.config.document import load

    if options.demo:
        return _on_demo(options, lambda runtime: _tell_findings(options, runtime.state.findings))
    loaded = load(options.paths.config_file, options.environ, options.keys)
    if not loaded.exists and not options.json:
        options.output.line(f"there is no {options.paths.config_file}: what is found on this machine is used")
        return Status.DONE
    options.tell_if_missing()
    return _tell_findings(options, loaded.findings)


def _tell_findings(options: Options, found: tuple[Finding, ...]) -> int:
    if options.json:
        options.output.document({"findings": findings.document(found)})
        return findings.status_of(found)
    return findings.tell(options, found)


def _on_demo(options: Options, tell: Callable[[Runtime], int]) -> int:
    """The demo's file lies in a folder of its own while it runs: nothing of the user's is looked at."""
    from clawtui.cli.opened import on_runtime

    async def work(runtime: Runtime) -> int:
        return tell(runtime)

    return on_runtime(options, work)


def _show(options: Options) -> int:
    from clawtui.cli.opened import on_runtime
    from clawtui.config.writing import written_config

    async def work(runtime: Runtime) -> int:
        config = runtime.state.config
        if options.json:
            options.output.document(
                {
                    "origin": runtime.state.origin.value,
                    "config": config.model_dump(mode="json", exclude_unset=True),
                    "findings": findings.document(runtime.state.findings),
                }
            )
        else:
            options.output.line(f"# {runtime.state.origin.value}: {runtime.paths.config_file}")
            options.output.line(written_config(config.model_dump(mode="json", exclude_unset=True)).rstrip("\n"))
        return Status.DONE

    return on_runtime(options, work)


def _init(options: Options) -> int:
    from clawtui.config.discovery import as_file
    from clawtui.config.disk import create
    from clawtui.runtime.discovering import discovered_here

    if options.demo:
        raise Stop("the demo has a config of its own", "leave --demo out to write yours")
    path = options.paths.config_file
    if os.path.lexists(path):
        raise Stop(f"{path} is there already, and is never overwritten", "edit it, or name another with --config")
    found = asyncio.run(discovered_here(options.environ))
    try:
        create(path, as_file(found))
    except FileExistsError:
        raise Stop(
            f"{path} is there already, and is never overwritten", "edit it, or name another with --config"
        ) from None
    except OSError as error:
        raise Stop(f"{path} cannot be written: {error.strerror}", "name another place with --config") from None
    keys = [f"{key.provider} (key in {key.variable})" for key in found.keys]
    servers = [f"{server.provider} ({len(server.models)} models)" for server in found.servers]
    if options.json:
        options.output.document(
            {
                "written": str(path),
                "keys": [{"provider": key.provider, "variable": key.variable} for key in found.keys],
                "servers": [
                    {"provider": server.provider, "base_url": server.base_url, "models": list(server.models)}
                    for server in found.servers
                ],
            }
        )
        return Status.DONE
    options.output.line(f"wrote {path}")
    options.output.line("found: " + (", ".join(keys + servers) or "nothing; the file shows how to go on"))
    return Status.DONE
