"""A trace told in lines, for the command line and the screen alike: plan, attempts, advisers, numbers, answer."""

from __future__ import annotations

from clawtui.engine.outcome import Adviser, Attempt, Trace
from clawtui.engine.verdicts import Skip
from clawtui.text import count, day_and_time, duration_ms, money


def lines_of(trace: Trace) -> list[str]:
    usage = trace.usage
    lines = [
        f"{trace.request_id}  {day_and_time(trace.at)}  {trace.caller}  {trace.outcome.value}",
        f"asked {trace.requested or 'nobody by name'}, answered by {trace.answered or 'nobody'}, policy {trace.policy}",
        f"first token {duration_ms(trace.first_token_ms)}, total {duration_ms(trace.total_ms)},"
        f" {count(usage.input_tokens)} in, {count(usage.output_tokens)} out ({usage.source.value}), cost {money(trace.cost.usd)}",
    ]
    if trace.error is not None:
        lines.append(f"{trace.error.kind}: {trace.error.message}")
    lines.append("plan")
    lines.extend(
        f"  {entry.verdict.value:<9} {entry.route}  {entry.reason}"
        for entry in trace.plan.entries
        if entry.skip is not Skip.NOT_ASKED
    )
    lines.append("attempts")
    lines.extend(_attempt(each) for each in trace.attempts)
    if trace.fusion is not None:
        lines.append(f"fusion {trace.fusion.name}: {trace.fusion.proposals_used} proposals used")
        for adviser in trace.fusion.advisers:
            lines.extend(_adviser(adviser))
        synthesizer = trace.fusion.synthesizer
        lines.append(f"  synthesizer {synthesizer.profile}: {money(synthesizer.cost.usd)}")
    lines.extend(f"note: {note}" for note in trace.notes)
    if trace.text:
        lines += ["answer", trace.text]
    return lines


def _attempt(each: Attempt) -> str:
    failure = f" {each.failure.value}" if each.failure else ""
    status = f" {each.status}" if each.status and each.failure else ""
    label = f" with {each.credential}" if each.credential else ""
    onward = f" → {each.decision.value}" if each.decision else ""
    wait = f" after {duration_ms(each.wait_ms)} of waiting" if each.wait_ms else ""
    took = duration_ms(each.ms)
    return f"  {each.number}. {each.route}{label}: {each.outcome.value}{failure}{status} in {took}{wait}{onward}"


def _adviser(adviser: Adviser) -> list[str]:
    failure = f" ({adviser.failure})" if adviser.failure else ""
    size, cost = f"{adviser.text_chars} characters", money(adviser.cost.usd)
    head = f"  {adviser.label or '-'} {adviser.profile}: {adviser.outcome.value}{failure}, {size}, {cost}"
    return [head, *(f"    {line}" for line in adviser.text.strip().splitlines())]
