"""`clawtui config`: where the file lies, what is wrong with it, what is in force, and a first one."""

from __future__ import annotations

import asyncio

from clawtui.cli import findings
from clawtui.cli.options import Options
from clawtui.cli.stopping import Status, Stop


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
    paths = options.paths
    if options.json:
        options.output.document(
            {
                "config": str(paths.config_file),
                "exists": paths.config_file.exists(),
                "data": str(paths.data_dir),
                "database": str(paths.database),
            }
        )
    else:
        options.output.line(str(paths.config_file))
    return Status.DONE


def _check(options: Options) -> int:
    from clawtui.config.document import load

    loaded = load(options.paths.config_file, options.environ, options.keys)
    if not loaded.exists:
        if options.json:
            options.output.document({"findings": []})
            return Status.DONE
        options.output.line(f"there is no {options.paths.config_file}: what is found on this machine is used")
        return Status.DONE
    if options.json:
        options.output.document({"findings": findings.document(loaded.findings)})
        return findings.status_of(loaded.findings)
    return findings.tell(options, loaded.findings)


def _show(options: Options) -> int:
    from clawtui.cli.opened import on_runtime
    from clawtui.config.writing import written_config
    from clawtui.runtime import Runtime

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
    if path.exists():
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
