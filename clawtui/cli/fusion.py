"""`clawtui fusion`: who takes part in a fusion, whether it is ready, and what one request could cost."""

from __future__ import annotations

import difflib
from typing import Any

from clawtui.cli.opened import on_runtime
from clawtui.cli.options import Options
from clawtui.cli.stopping import Status, Stop
from clawtui.engine.fusing.readiness import FusionState, PartState, Preview, preview, readiness
from clawtui.runtime import Runtime
from clawtui.text import money


def run(options: Options) -> int:
    return _preview(options) if options.args.what == "preview" else _list(options)


def _list(options: Options) -> int:
    async def work(runtime: Runtime) -> int:
        states = [readiness(runtime.engine, name) for name in runtime.engine.registry.fusions]
        if options.json:
            options.output.document({"fusions": [_document(state) for state in states]})
            return Status.DONE
        if not states:
            options.output.line("there are no fusions; the config reference shows how to write one")
        for state in states:
            _show(options, state)
        return Status.DONE

    return on_runtime(options, work)


def _preview(options: Options) -> int:
    name = options.args.name.removeprefix("fusion/")

    async def work(runtime: Runtime) -> int:
        fusions = runtime.engine.registry.fusions
        if name not in fusions:
            near = difflib.get_close_matches(name, fusions, 1)
            raise Stop(
                f"there is no fusion {name}", f"did you mean {near[0]}?" if near else "`clawtui fusion list` shows all"
            )
        if options.args.policy is not None and options.args.policy not in runtime.engine.registry.policies:
            raise Stop(
                f"there is no policy {options.args.policy}", f"there is {', '.join(runtime.engine.registry.policies)}"
            )
        seen = preview(runtime.engine, name, options.args.policy)
        if options.json:
            options.output.document(
                {
                    **_document(seen.state),
                    "calls": seen.state.calls,
                    "worst_case_usd": seen.worst_case_usd,
                    "findings": list(seen.findings),
                }
            )
        else:
            _show_preview(options, seen)
        return Status.DONE

    return on_runtime(options, work)


def _document(state: FusionState) -> dict[str, Any]:
    return {
        "name": state.name,
        "enabled": state.enabled,
        "ready": state.ready,
        "reason": state.reason,
        "advisers": [_part_document(part) for part in state.advisers],
        "synthesizer": _part_document(state.synthesizer),
    }


def _part_document(part: PartState) -> dict[str, Any]:
    return {"profile": part.profile, "ready": part.ready, "reason": part.reason, "reserve_usd": part.reserve_usd}


def _show(options: Options, state: FusionState) -> None:
    out = options.output
    out.heading(f"{'●' if state.ready else '⚠'} fusion/{state.name}: {'ready' if state.ready else state.reason}")
    for index, part in enumerate(state.advisers, start=1):
        out.line(f"  adviser {index}    {part.profile}: {'ready' if part.ready else part.reason}")
    out.line(
        f"  synthesizer  {state.synthesizer.profile}: {'ready' if state.synthesizer.ready else state.synthesizer.reason}"
    )


def _show_preview(options: Options, seen: Preview) -> None:
    _show(options, seen.state)
    options.output.line(f"  {seen.state.calls} calls, at most {money(seen.worst_case_usd)}")
    for finding in seen.findings:
        options.output.line(f"  → {finding}")
