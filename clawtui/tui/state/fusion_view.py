"""A fusion as it is shown: advisers on one axis, their proposals, how much of each is in the answer, what it was worth."""

from __future__ import annotations

from dataclasses import dataclass

from clawtui.engine.fusing.overlap import overlap
from clawtui.engine.outcome import Adviser, AdviserOutcome, FusionRecord, Trace
from clawtui.text import count, duration_ms, money, percent
from clawtui.tui.widgets.parts import PartLine, Tone
from clawtui.tui.widgets.spans import Span

TONES = {
    AdviserOutcome.OK: Tone.OK,
    AdviserOutcome.PARTIAL: Tone.WARN,
    AdviserOutcome.TRUNCATED: Tone.WARN,
    AdviserOutcome.FAILED: Tone.BAD,
    AdviserOutcome.TIMED_OUT: Tone.BAD,
    AdviserOutcome.EMPTY: Tone.WARN,
    AdviserOutcome.REFUSED: Tone.WARN,
    AdviserOutcome.CANCELLED: Tone.IDLE,
}
ANSWER = "answer"


@dataclass(frozen=True, slots=True)
class Proposal:
    """One adviser's draft, or why there is none."""

    key: str  # its label, A to D; of one that was not sent, its place
    title: str
    text: str
    is_kept: bool
    facts: str
    tone: Tone


@dataclass(frozen=True, slots=True)
class FusionView:
    spans: tuple[Span, ...]
    deadline_ms: float
    proposals: tuple[Proposal, ...]
    lines: tuple[PartLine, ...]  # order, worth, notes


def fusion_view(trace: Trace, record: FusionRecord) -> FusionView:
    proposals = tuple(_proposal(adviser) for adviser in record.advisers)
    lines: list[PartLine] = []
    if record.order:
        lines.append((("the synthesizer saw ", Tone.MUTED), (" ".join(record.order), Tone.STRONG)))
    if shares := shares_of(record, trace.text):
        words = ", ".join(f"{label} {percent(share)}" for label, share in shares)
        lines.append(
            (("wording of the answer found in ", Tone.MUTED), (words, Tone.NORMAL), (" (heuristic)", Tone.MUTED))
        )
    lines += worth_lines(record, trace)
    if record.best_draft:
        lines.append((("every synthesizer was down: the answer is the longest proposal", Tone.WARN),))
    lines += [((note, Tone.MUTED),) for note in record.notes]
    return FusionView(tuple(_spans(record, trace)), record.deadline_ms, proposals, tuple(lines))


def _spans(record: FusionRecord, trace: Trace) -> list[Span]:
    spans = [
        Span(
            label=f"{adviser.label or '·'} {adviser.profile}",
            start_ms=adviser.started_ms if adviser.started_ms is not None else adviser.queued_ms,
            end_ms=adviser.ended_ms if adviser.ended_ms is not None else record.adviser_ms,
            first_token_ms=adviser.first_token_ms,
            queued_ms=adviser.queued_ms,
            tone=TONES[adviser.outcome],
            note=_short(adviser),
        )
        for adviser in record.advisers
    ]
    synthesizer = record.synthesizer
    if synthesizer.started_ms is not None:
        spans.append(
            Span(
                label=f"→ {synthesizer.profile}",
                start_ms=synthesizer.started_ms,
                end_ms=synthesizer.ended_ms if synthesizer.ended_ms is not None else trace.total_ms,
                first_token_ms=synthesizer.first_token_ms,
                tone=Tone.ACCENT,
                note=f"synthesizes {money(synthesizer.cost.usd)}",
            )
        )
    return spans


def _short(adviser: Adviser) -> str:
    outcome = adviser.outcome.value.replace("_", " ")
    if adviser.outcome is AdviserOutcome.CANCELLED and not adviser.used:
        outcome = "stopped"
    return f"{outcome} {money(adviser.cost.usd)}"


def _proposal(adviser: Adviser) -> Proposal:
    route = f"{adviser.route.provider}/{adviser.route.model}" if adviser.route else "nobody was called"
    facts = [adviser.outcome.value.replace("_", " ")]
    if adviser.failure:
        facts.append(adviser.failure.replace("_", " "))
    if adviser.ended_ms is not None:
        facts.append(duration_ms(adviser.ended_ms))
    facts += [f"{count(adviser.usage.output_tokens)} tok", money(adviser.cost.usd)]
    if not adviser.used:
        facts.append("not used")
    text = adviser.text
    if not text:
        text = (
            f"{count(adviser.text_chars)} characters, not kept" if adviser.text_chars else adviser.message or "nothing"
        )
    return Proposal(
        key=adviser.label or str(adviser.index + 1),
        title=f"{adviser.label or '·'}  {adviser.profile}  {route}",
        text=text,
        is_kept=bool(adviser.text),
        facts=" · ".join(facts),
        tone=TONES[adviser.outcome],
    )


def shares_of(record: FusionRecord, answer: str) -> list[tuple[str, float]]:
    """Empty where the words were not kept."""
    told = [adviser for adviser in record.advisers if adviser.used and adviser.text]
    if not answer or not told:
        return []
    found = overlap([adviser.text for adviser in told], answer).of_answer
    return [(adviser.label or "·", share) for adviser, share in zip(told, found, strict=True)]


def worth_lines(record: FusionRecord, trace: Trace) -> list[PartLine]:
    """The whole against the synthesizer alone: `3.4× cost, 2.1× time`."""
    total = f"{money(record.cost_usd)} and {duration_ms(trace.total_ms)}"
    alone = record.alone
    if alone is None or (alone.cost_usd is None and alone.ms is None):
        return [((f"{total} in all; what the synthesizer alone would cost is unknown", Tone.MUTED),)]
    times = []
    if alone.cost_usd and record.cost_usd is not None:
        times.append(f"{record.cost_usd / alone.cost_usd:.1f}× cost")
    if alone.ms:
        times.append(f"{trace.total_ms / alone.ms:.1f}× time")
    how = "measured" if alone.measured else "estimated"
    against = f"{money(alone.cost_usd)} and {duration_ms(alone.ms)} alone ({how})"
    words = ", ".join(times)
    return [
        *([((words, Tone.STRONG), (" of the synthesizer alone", Tone.MUTED))] if words else []),
        ((f"{total} in all, {against}", Tone.MUTED),),
    ]


def texts_of(trace: Trace) -> dict[str, str]:
    """What can be compared: proposals by their label, and the answer."""
    found: dict[str, str] = {}
    if trace.fusion is not None:
        found = {
            adviser.label or str(adviser.index + 1): adviser.text for adviser in trace.fusion.advisers if adviser.text
        }
    if trace.text:
        found[ANSWER] = trace.text
    return found
