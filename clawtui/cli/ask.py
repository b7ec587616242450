"""`clawtui ask`: one request and its answer, to a terminal as it comes, into a pipe once it is complete."""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import replace

from clawtui.cli.chat import chat_request
from clawtui.cli.opened import on_runtime
from clawtui.cli.options import Options
from clawtui.cli.stopping import Status, Stop
from clawtui.config.schema import OnInterrupted
from clawtui.engine.events import (
    AdviserPhase,
    AdviserProgress,
    AttemptFailed,
    Completed,
    Delta,
    Failed,
    RequestEvent,
    Restarted,
    SynthesisStarted,
    ToolCalled,
    Waiting,
)
from clawtui.engine.outcome import Outcome, Trace, UsageSource
from clawtui.engine.request import ChatRequest
from clawtui.runtime import Origin, Runtime
from clawtui.runtime.documents import ask_document, event_document
from clawtui.text import duration_ms, money, tokens


def run(options: Options) -> int:
    request = chat_request(options)
    into_pipe = not options.output.is_terminal
    if options.args.stream and into_pipe and request.on_interrupted is None:
        # What was written into a pipe cannot be taken back, so a cut answer must not begin anew.
        request = replace(request, on_interrupted=OnInterrupted.STOP)

    async def work(runtime: Runtime) -> int:
        if runtime.state.origin is Origin.NOTHING:
            raise Stop(
                "there is no config, no key of a known provider in the environment, and no local model server",
                "try `clawtui ask --demo …`, or write a config: `clawtui config init`",
            )
        trace = await _ask(options, runtime, request)
        _finish(options, trace)
        return status_of(trace)

    return on_runtime(options, work, is_kept=True)


async def _ask(options: Options, runtime: Runtime, request: ChatRequest) -> Trace:
    async with aclosing(runtime.engine.stream(request)) as events:
        async for event in events:
            if options.args.events:
                options.output.event(event_document(event))
            if type(event) is Completed or type(event) is Failed:
                return event.trace
            if not (options.args.events or options.json):
                _show(options, event)
    raise AssertionError("a stream ends with Completed or Failed")


def _show(options: Options, event: RequestEvent) -> None:
    out = options.output
    streams = out.is_terminal or options.args.stream
    if type(event) is Delta:
        if streams:
            out.stream(event.text)
    elif type(event) is ToolCalled:
        if streams:
            out.end_stream()
            out.line(_tool_line(event.call.name, event.call.arguments))
    elif type(event) is Restarted:
        out.note(
            f"the answer was cut after {event.superseded_chars} characters; a whole one follows from {event.route}"
        )
    elif type(event) is AttemptFailed:
        if options.verbose or out.is_terminal:
            status = f" {event.status}" if event.status else ""
            out.note(f"{event.route}: {event.failure}{status}, {event.decision.replace('_', ' ')}")
    elif type(event) is Waiting:
        out.note(f"waiting {event.seconds:.1f} s for {event.route}: {event.reason}")
    elif type(event) is AdviserProgress:
        if event.phase is AdviserPhase.ENDED and out.is_terminal:
            failure = f" ({event.failure})" if event.failure else ""
            out.note(f"adviser {event.profile}: {event.outcome}{failure} after {duration_ms(event.t_ms)}")
    elif type(event) is SynthesisStarted and out.is_terminal:
        out.note(f"{event.profile} writes the answer from {event.proposals} proposals")


def _finish(options: Options, trace: Trace) -> None:
    out = options.output
    if options.args.events:
        return
    if options.json:
        out.document(ask_document(trace))
        return
    streamed = out.is_terminal or options.args.stream
    if streamed:
        out.end_stream()
    elif trace.outcome is Outcome.OK or trace.text:
        out.raw(_ended(trace.text))
        for call in trace.tool_calls:
            out.line(_tool_line(call.name, call.arguments))
    if trace.error is not None:
        out.problem(trace.error.message, trace.error.hint)
        return
    if out.is_terminal or options.verbose:
        out.note(summary(trace))


def _ended(text: str) -> str:
    from clawtui.text import clean

    text = clean(text)
    return text if not text or text.endswith("\n") else text + "\n"


def _tool_line(name: str, arguments: str) -> str:
    return f"[calls {name} {arguments}]"


def summary(trace: Trace) -> str:
    """Who answered, instead of whom, how fast and for how much, on one line."""
    parts = [f"answered by {trace.answered}"]
    if trace.selected is not None and trace.answered != trace.selected:
        parts.append(f"instead of {trace.selected}")
    about = "" if trace.usage.source is UsageSource.REPORTED else "≈"
    parts.append(f"{about}{tokens(trace.usage.input_tokens)} in, {about}{tokens(trace.usage.output_tokens)} out")
    parts.append(f"cost {money(trace.cost.usd)}")
    parts.append(f"first token {duration_ms(trace.first_token_ms)}, total {duration_ms(trace.total_ms)}")
    if trace.fusion is not None:
        parts.append(f"{trace.fusion.proposals_used} of {len(trace.fusion.advisers)} advisers used")
    elif len(trace.attempts) > 1:
        parts.append(f"{len(trace.attempts)} attempts")
    return " · ".join(parts)


def status_of(trace: Trace) -> int:
    """0 answered; 2 unknown name; 1 calls and no answer; 4 only money or rules stood in the way; else 3."""
    if trace.outcome is Outcome.OK:
        return Status.DONE
    kind = trace.error.kind if trace.error else ""
    if kind == "unknown_target":
        return Status.USAGE
    if trace.attempts or trace.children:
        return Status.FAILED
    return Status.REFUSED if kind in ("budget", "policy") else Status.NO_ROUTE
