"""`clawtui routes`: routes with circuits and counters, credentials with cooldowns, and closing circuits by hand."""

from __future__ import annotations

import difflib

from clawtui.cli.opened import OTHER_FOLDER, on_runtime
from clawtui.cli.options import Options
from clawtui.cli.stopping import Status, Stop
from clawtui.engine.credentials import CredentialView
from clawtui.engine.request import Route, parse_route
from clawtui.runtime import Runtime
from clawtui.runtime.documents import route_document
from clawtui.runtime.routes_document import credential_document, row_document
from clawtui.runtime.routes_view import RouteRow, route_rows
from clawtui.text import ago, count, duration, duration_ms, percent

MARKS = {"closed": "●", "half_open": "◐", "open": "○"}


def run(options: Options) -> int:
    return _reset(options) if options.args.what == "reset" else _list(options)


def _list(options: Options) -> int:
    async def work(runtime: Runtime) -> int:
        await runtime.store.reading.data_version()  # figures of a file that cannot be read would be zeros
        rows = await route_rows(runtime.engine, runtime.store)
        credentials = runtime.engine.pools.views()
        used = {row.route.provider for row in rows}
        shown = [view for view in credentials if view.provider in used]
        if options.json:
            options.output.document(
                {
                    "routes": [row_document(row) for row in rows],
                    "credentials": [credential_document(view) for view in shown],
                }
            )
        else:
            _show(options, runtime, rows, shown)
        return Status.DONE

    return on_runtime(options, work, past=True)


def _show(options: Options, runtime: Runtime, rows: list[RouteRow], credentials: list[CredentialView]) -> None:
    out, now = options.output, runtime.clock.wall()
    if not rows:
        out.line("there are no routes: no profile is written, and nothing was asked yet")
        return
    out.table(
        ("", "route", "circuit", "ok", "p50≈", "p95≈", "first≈", "requests", "last failure"),
        [
            [
                "⚠" if not row.ready else MARKS[row.circuit.state] if row.requests or row.circuit.failures else "◌",
                str(row.route),
                _state(row),
                percent(row.success_rate),
                duration_ms(row.p50_ms),
                duration_ms(row.p95_ms),
                duration_ms(row.first_token_p50_ms),
                count(row.requests),
                "" if row.last_failure is None else f"{row.last_failure} {ago(now - (row.last_failure_at or now))}",
            ]
            for row in rows
        ],
        right=frozenset({3, 4, 5, 6, 7}),
        whole=frozenset({1}),
        spare=(6, 5, 8, 4, 7, 3),
    )
    if credentials:
        out.line()
        out.table(
            ("provider", "credential", "state", "cause", "model", "back in"),
            [
                [
                    view.provider,
                    view.label,
                    view.state.value,
                    view.cause,
                    view.model or "",
                    duration(view.retry_in_s) if view.retry_in_s else "",
                ]
                for view in credentials
            ],
        )


def _state(row: RouteRow) -> str:
    if not row.ready:
        return f"not ready: {row.reason}"
    words = row.circuit.state.value.replace("_", "-")
    if row.circuit.retry_in_s is not None:
        return f"{words}, {duration(row.circuit.retry_in_s)}: {row.circuit.cause}"
    if row.circuit.failures:
        return f"{words}, {row.circuit.failures} of {row.circuit.threshold} failures"
    return words


def _reset(options: Options) -> int:
    name, everything = options.args.name, options.args.all
    if (name is None) == (not everything):
        raise Stop("say what to reset: a route, a provider, or --all", "clawtui routes reset PROFILE@PROVIDER/MODEL")

    async def work(runtime: Runtime) -> int:
        rows = await route_rows(runtime.engine, runtime.store)
        routes = [row.route for row in rows] if everything else _named(name, [row.route for row in rows])
        done = runtime.engine.circuits.reset(routes)
        await runtime.store.flush()
        if runtime.store.down is not None:
            raise Stop(f"nothing was reset: {runtime.store.down}", OTHER_FOLDER)
        if options.json:
            options.output.document({"reset": [route_document(route) for route in done]})
        else:
            for route in done:
                options.output.line(f"reset {route}")
        return Status.DONE

    return on_runtime(options, work)


def _named(name: str, routes: list[Route]) -> list[Route]:
    """Exactly the route or the routes of exactly the provider: ids may contain each other."""
    wanted = parse_route(name)
    found = [route for route in routes if route == wanted] if wanted else [r for r in routes if r.provider == name]
    if not found:
        names = [*(str(route) for route in routes), *dict.fromkeys(route.provider for route in routes)]
        near = difflib.get_close_matches(name, names, 1)
        raise Stop(
            f"no route or provider is called {name}",
            f"did you mean {near[0]}?" if near else "`clawtui routes` lists them",
        )
    return found
