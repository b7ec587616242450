"""One trace as lines and spans: its plan with every reason, its attempts on a time axis, its numbers."""

from __future__ import annotations

from clawtui.engine.outcome import Attempt, AttemptOutcome, Trace
from clawtui.text import count, day_and_time, duration_ms, money
from clawtui.tui.state.traces import MARKS, TONES
from clawtui.tui.widgets.parts import Part, PartLine, Tone
from clawtui.tui.widgets.spans import Span

_ATTEMPT_TONES = {
    AttemptOutcome.OK: Tone.OK,
    AttemptOutcome.FAILED: Tone.BAD,
    AttemptOutcome.CANCELLED: Tone.IDLE,
    AttemptOutcome.SUPERSEDED: Tone.WARN,
}


def head_lines(trace: Trace) -> list[PartLine]:
    lines: list[PartLine] = [
        (
            (f"{MARKS[trace.outcome]} {trace.outcome.value}", TONES[trace.outcome]),
            (f"  {day_and_time(trace.at)}  {trace.caller}, policy {trace.policy}", Tone.MUTED),
        )
    ]
    asked = trace.requested or "nobody by name"
    answered = str(trace.answered).removeprefix("-@") if trace.answered else "nobody"
    lines.append(((asked, Tone.NORMAL), (" → ", Tone.MUTED), (answered, Tone.STRONG)))
    if trace.selected is not None and trace.answered is not None and trace.answered != trace.selected:
        why = next((attempt.failure.value for attempt in trace.attempts if attempt.failure), "it was passed over")
        instead = str(trace.selected).removeprefix("-@")
        lines.append(((f"instead of {instead}, because {why.replace('_', ' ')}", Tone.WARN),))
    if trace.served_model is not None and trace.answered is not None and trace.served_model != trace.answered.model:
        lines.append(((f"the provider says it ran {trace.served_model}", Tone.MUTED),))
    if trace.error is not None:
        lines.append(((trace.error.message, Tone.BAD),))
        if trace.error.hint:
            lines.append((("→ ", Tone.MUTED), (trace.error.hint, Tone.NORMAL)))
    lines += number_lines(trace)
    lines += [((note, Tone.MUTED),) for note in trace.notes]
    return lines


def number_lines(trace: Trace) -> list[PartLine]:
    usage = trace.usage
    about = "" if usage.source == "reported" else "≈"
    speed = tokens_per_s(trace)
    times = [
        f"first token {duration_ms(trace.first_token_ms)}",
        f"total {duration_ms(trace.total_ms)}",
        *([f"{speed:.0f} tok/s"] if speed is not None else []),
        *([f"{len(trace.attempts)} attempts"] if len(trace.attempts) > 1 else []),
    ]
    sums = [
        f"{about}{count(usage.input_tokens)} in {about}{count(usage.output_tokens)} out",
        *([f"{count(usage.cached_input_tokens)} cached"] if usage.cached_input_tokens else []),
        *([f"{count(usage.reasoning_tokens)} reasoning"] if usage.reasoning_tokens else []),
        f"cost {money(trace.cost.usd)}",
    ]
    return [((" · ".join(parts), Tone.NORMAL),) for parts in (times, sums)]


def tokens_per_s(trace: Trace) -> float | None:
    """Of the answer alone: from its first token on."""
    if trace.first_token_ms is None or trace.usage.output_tokens < 2:
        return None
    seconds = (trace.total_ms - trace.first_token_ms) / 1000
    return trace.usage.output_tokens / seconds if seconds > 0.02 else None


def attempt_spans(trace: Trace) -> list[Span]:
    return [
        Span(
            label=f"{attempt.number} {attempt.route.provider}/{attempt.route.model}",
            start_ms=attempt.started_ms,
            end_ms=attempt.started_ms + attempt.ms,
            first_token_ms=None if attempt.first_token_ms is None else attempt.started_ms + attempt.first_token_ms,
            queued_ms=attempt.started_ms - attempt.wait_ms if attempt.wait_ms else None,
            tone=_ATTEMPT_TONES[attempt.outcome],
            note=_short(attempt),
        )
        for attempt in trace.attempts
    ]


def _short(attempt: Attempt) -> str:
    words = attempt.outcome.value
    if attempt.failure is not None:
        words = attempt.failure.value.replace("_", " ") + (f" {attempt.status}" if attempt.status else "")
    return f"{words} {duration_ms(attempt.ms)}"


def attempt_lines(trace: Trace) -> list[PartLine]:
    """What the axis does not tell of an attempt: what was decided, waited, said. Nothing where there is no more."""
    lines: list[PartLine] = []
    for attempt in trace.attempts:
        facts = []
        if attempt.wait_ms:
            facts.append(f"waited {duration_ms(attempt.wait_ms)}")
        if attempt.retry_after_s is not None:
            facts.append(f"retry after {attempt.retry_after_s:g} s")
        if attempt.credential:
            facts.append(f"with {attempt.credential}")
        parts: list[Part] = []
        if attempt.decision is not None:
            parts.append((f"→ {attempt.decision.value.replace('_', ' ')}", Tone.ACCENT))
        if facts:
            parts.append((f"{'  ' if parts else ''}{', '.join(facts)}", Tone.MUTED))
        if attempt.message:
            parts.append((f"{'  ' if parts else ''}“{attempt.message}”", Tone.MUTED))
        if parts:
            lines.append(((f"{attempt.number} ", Tone.MUTED), *parts))
    return lines


def prompt_of(trace: Trace) -> str | None:
    """What was said last; None where it is not kept."""
    if trace.request is None:
        return None
    return next((message.text for message in reversed(trace.request.messages) if message.text), "")
