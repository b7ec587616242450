"""`clawtui traces` and `clawtui trace`: recent requests, and one whole."""

from __future__ import annotations

from typing import Any

from clawtui.cli import moments
from clawtui.cli.opened import on_runtime
from clawtui.cli.options import Options
from clawtui.cli.stopping import Status, Stop
from clawtui.engine.outcome import Outcome, Trace
from clawtui.engine.request import parse_route
from clawtui.runtime import Runtime
from clawtui.runtime.documents import iso, route_document, trace_document
from clawtui.runtime.trace_lines import lines_of
from clawtui.store.traces import TraceFilter, TraceRow
from clawtui.text import count, day_and_time, duration_ms, money

MOST = 10_000
NAMED = 5


def run(options: Options) -> int:
    return _one(options) if options.verb == "trace" else _list(options)


def _list(options: Options) -> int:
    args = options.args
    if not 1 <= args.limit <= MOST:
        raise Stop(f"--limit is {args.limit}, and goes from 1 to {MOST}")

    async def work(runtime: Runtime) -> int:
        wanted = TraceFilter(
            outcome=Outcome(args.outcome) if args.outcome else None,
            profile=args.profile,
            before=await _before(runtime, args.before) if args.before else None,
        )
        rows = await runtime.store.traces.window(0, args.limit, wanted)
        if options.json:
            options.output.document({"traces": [_row_document(row) for row in rows]})
        else:
            _show(options, rows)
        return Status.DONE

    return on_runtime(options, work, past=True)


async def _before(runtime: Runtime, text: str) -> float:
    """A trace's id, or a moment."""
    trace = await runtime.store.traces.one(text)
    if trace is not None:
        return trace.at
    return moments.moment(text, "--before", "the id of a trace, or a moment such as 2026-01-31T12:00")


def _row_document(row: TraceRow) -> dict[str, Any]:
    return {
        "request_id": row.request_id,
        "at": iso(row.at),
        "caller": row.caller,
        "policy": row.policy,
        "requested": row.requested,
        "answered": route_document(parse_route(row.answered or "")),
        "outcome": row.outcome.value,
        "first_token_ms": row.first_token_ms,
        "total_ms": row.total_ms,
        "usage": {"input_tokens": row.input_tokens, "output_tokens": row.output_tokens, "source": row.usage_source},
        "cost_usd": row.cost_usd,
        "attempts": row.attempts,
        "failovers": row.failovers,
        "fusion": row.fusion,
        "error": row.error_kind,
    }


def _show(options: Options, rows: list[TraceRow]) -> None:
    if not rows:
        options.output.line("no traces: nothing was asked, or nothing was kept (see `retention`)")
        return
    options.output.table(
        ("id", "at", "caller", "asked", "answered", "outcome", "total", "tokens", "cost"),
        [
            [
                row.request_id,
                day_and_time(row.at)[5:],
                row.caller,
                row.requested or "-",
                row.answered or "-",
                row.outcome.value if row.error_kind is None else f"{row.outcome.value}: {row.error_kind}",
                duration_ms(row.total_ms),
                f"{count(row.input_tokens)}/{count(row.output_tokens)}",
                money(row.cost_usd),
            ]
            for row in rows
        ],
        right=frozenset({6, 7, 8}),
        whole=frozenset({0}),
        spare=(2, 7, 3, 6, 8),
    )


def _one(options: Options) -> int:
    async def work(runtime: Runtime) -> int:
        trace = await runtime.store.traces.one(options.args.id)
        if trace is None:
            raise await _unknown(runtime, options.args.id)
        children = await runtime.store.traces.children(trace.request_id)
        if options.json:
            options.output.document(trace_document(trace, children))
        else:
            _tell(options, trace, children)
        return Status.DONE

    return on_runtime(options, work, past=True)


async def _unknown(runtime: Runtime, beginning: str) -> Stop:
    found = await runtime.store.traces.beginning(beginning, NAMED + 1)
    if not found:
        return Stop(f"there is no trace {beginning}", "`clawtui traces` lists them")
    more = ", …" if len(found) > NAMED else ""
    return Stop(f"{beginning} is the beginning of several traces", f"say which: {', '.join(found[:NAMED])}{more}")


def _tell(options: Options, trace: Trace, children: list[Trace]) -> None:
    first, *rest = lines_of(trace)
    options.output.heading(first)
    for line in rest:
        options.output.line(line)
    if children and options.verbose:
        options.output.line("children: " + ", ".join(child.request_id for child in children))
