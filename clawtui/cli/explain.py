"""`clawtui explain`: the plan for a request, without a call."""

from __future__ import annotations

from clawtui.cli.chat import chat_request
from clawtui.cli.opened import on_runtime
from clawtui.cli.options import Options
from clawtui.cli.stopping import Status
from clawtui.engine.verdicts import Plan, Verdict
from clawtui.runtime import Runtime
from clawtui.runtime.documents import explain_document
from clawtui.text import tokens

MARKS = {Verdict.CHOSEN: "●", Verdict.FALLBACK: "◐", Verdict.SKIPPED: "○"}


def run(options: Options) -> int:
    if options.args.text is None and options.stdin.isatty():
        options.args.text = "…"  # a plan needs no question: any short one has the same
    request = chat_request(options)

    async def work(runtime: Runtime) -> int:
        plan = runtime.engine.explain(request)
        if options.json:
            options.output.document(explain_document(plan))
        else:
            _show(options, plan)
        if plan.error is not None:
            if not options.json:
                options.output.problem(plan.error, "`clawtui models list` shows what there is")
            return Status.USAGE
        return Status.DONE if plan.candidates or plan.waits else Status.NO_ROUTE

    return on_runtime(options, work)


def _show(options: Options, plan: Plan) -> None:
    out = options.output
    needs = plan.needs
    out.line(
        f"policy {plan.policy} · about {tokens(needs.input_tokens)} tokens in, {tokens(needs.context_tokens)} needed in all"
    )
    rows = [
        [
            MARKS[entry.verdict],
            entry.verdict.value,
            entry.route.profile or "-",
            f"{entry.route.provider}/{entry.route.model}",
            entry.reason,
        ]
        for entry in plan.entries
    ]
    if rows:
        out.table(("", "verdict", "profile", "route", "reason"), rows, whole=frozenset({2}))
    for note in plan.notes:
        out.line(f"note: {note}")
