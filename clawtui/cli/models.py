"""`clawtui models`: profiles with what they can do and cost, and everything that is wrong with them."""

from __future__ import annotations

import asyncio
from typing import Any

from clawtui.cli import findings
from clawtui.cli.opened import on_runtime
from clawtui.cli.options import Options
from clawtui.cli.stopping import Status
from clawtui.engine.capabilities import FLAG_NAMES, LIMIT_NAMES, Capabilities
from clawtui.engine.probing import Probe
from clawtui.engine.wire.http import proxies_in_use
from clawtui.runtime import Runtime
from clawtui.runtime.models_view import FusionRow, ModelRow, fusion_rows, model_rows
from clawtui.text import tokens

# One letter each, in this order, for the narrow table.
CHIPS = (("tools", "T"), ("vision", "V"), ("audio", "A"), ("json_schema", "J"), ("reasoning", "R"))


def run(options: Options) -> int:
    return _doctor(options) if options.args.what == "doctor" else _list(options)


def _list(options: Options) -> int:
    async def work(runtime: Runtime) -> int:
        rows, fusions = model_rows(runtime.engine), fusion_rows(runtime.engine)
        if options.json:
            options.output.document(
                {
                    "default_profile": runtime.state.config.default_profile,
                    "profiles": [_row_document(row) for row in rows],
                    "fusions": [
                        {"id": f"fusion/{each.name}", "ready": each.ready, "reason": each.reason} for each in fusions
                    ],
                }
            )
        else:
            _show(options, rows, fusions)
        return Status.DONE

    return on_runtime(options, work)


def _row_document(row: ModelRow) -> dict[str, Any]:
    return {
        "id": row.id,
        "provider": row.provider,
        "model": row.model,
        "description": row.description,
        "tags": list(row.tags),
        "enabled": row.enabled,
        "ready": row.ready,
        "reason": row.reason,
        "discovered": row.discovered,
        "capabilities": _capabilities_document(row.capabilities),
        "price": None
        if row.price is None
        else {
            "input": row.price.input,
            "output": row.price.output,
            "cached_input": row.price.cached_input,
            "source": row.price.source,
        },
        "fallback_models": list(row.fallback_models),
        "fallback_profiles": list(row.fallback_profiles),
    }


def _capabilities_document(capabilities: Capabilities) -> dict[str, Any]:
    return {
        name: {"value": (known := getattr(capabilities, name)).value, "source": known.source.value}
        for name in (*FLAG_NAMES, *LIMIT_NAMES)
    }


def _show(options: Options, rows: list[ModelRow], fusions: list[FusionRow]) -> None:
    out = options.output
    if not rows:
        out.line("there are no profiles; `clawtui config init` writes a first config, --demo shows one")
        return
    out.table(
        ("", "profile", "provider/model", "can", "window", "$/M in", "out", "state"),
        [
            [
                "●" if row.ready else "⚠",
                row.id,
                f"{row.provider}/{row.model}",
                _chips(row.capabilities),
                "?" if (window := row.capabilities.max_context_tokens.value) is None else tokens(window),
                "unknown" if row.price is None else f"{row.price.input:g}",
                "unknown" if row.price is None else f"{row.price.output:g}",
                _state(row),
            ]
            for row in rows
        ],
        right=frozenset({4, 5, 6}),
        whole=frozenset({1}),
        spare=(4, 5, 6, 3),
    )
    for each in fusions:
        out.line(f"{'●' if each.ready else '⚠'} fusion/{each.name}: {'ready' if each.ready else each.reason}")
    out.line("can: T tools, V vision, A audio, J JSON schema, R reasoning; ? unknown, - no")


def _chips(capabilities: Capabilities) -> str:
    marks = {True: None, False: "-", None: "?"}
    return "".join(marks[getattr(capabilities, name).value] or letter for name, letter in CHIPS)


def _state(row: ModelRow) -> str:
    words = "ready" if row.ready else row.reason
    return f"{words}, discovered" if row.discovered else words


def _doctor(options: Options) -> int:
    async def work(runtime: Runtime) -> int:
        found = runtime.state.findings
        probes = await _probes(runtime) if options.args.probe else None
        if options.json:
            document: dict[str, Any] = {"findings": findings.document(found)}
            if probes is not None:
                document["providers"] = [_probe_document(probe) for probe in probes]
            options.output.document(document)
            return findings.status_of(found)
        status = findings.tell(options, found)
        if not options.json:
            for row in model_rows(runtime.engine):
                if not row.ready:
                    options.output.line(f"not ready: {row.id}: {row.reason}")
            providers = runtime.engine.registry.providers
            addresses = [url for name in _in_use(runtime) if (url := providers[name].base_url)]
            for origin, proxy in proxies_in_use(addresses).items():
                options.output.line(f"{origin} is asked through {proxy}, the proxy that the environment names")
        for probe in probes or ():
            _show_probe(options, probe)
        return status

    return on_runtime(options, work, broken_is_fine=True)


async def _probes(runtime: Runtime) -> list[Probe]:
    return list(await asyncio.gather(*(_probe(runtime, name) for name in _in_use(runtime))))


def _in_use(runtime: Runtime) -> list[str]:
    """The providers that a profile or the file names; all others are merely known."""
    used = {profile.provider for profile in runtime.engine.registry.profiles.values()}
    return [
        name
        for name, each in runtime.engine.registry.providers.items()
        if each.enabled and (name in used or name in runtime.state.config.providers)
    ]


async def _probe(runtime: Runtime, name: str) -> Probe:
    """What is not ready is not called: nothing would be learned that the reason does not say."""
    reason = runtime.engine.registry.not_ready(name)
    return Probe(name, False, error=f"not asked: {reason}") if reason else await runtime.probe(name)


def _probe_document(probe: Probe) -> dict[str, Any]:
    return {
        "id": probe.provider,
        "reachable": probe.reachable,
        "models": [model.id for model in probe.models],
        "ms": probe.ms,
        "error": probe.error,
    }


def _show_probe(options: Options, probe: Probe) -> None:
    if probe.error is None:
        options.output.line(f"● {probe.provider}: {len(probe.models)} models in {probe.ms:.0f} ms")
    else:
        mark = "⚠" if probe.reachable else "○"
        options.output.line(f"{mark} {probe.provider}: {probe.error}")
