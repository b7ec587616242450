"""The why of an answer while it comes: who was planned, what was tried and failed, who advises. Folded from events."""

from __future__ import annotations

from dataclasses import dataclass, field

from clawtui.engine.events import (
    AdviserPhase,
    AdviserProgress,
    AttemptFailed,
    AttemptStarted,
    Completed,
    Delta,
    Failed,
    Planned,
    ReasoningDelta,
    RequestEvent,
    Restarted,
    SynthesisStarted,
    Waiting,
)
from clawtui.engine.outcome import AdviserOutcome, Trace
from clawtui.engine.request import Route
from clawtui.engine.verdicts import Plan, PlanEntry, Skip, Verdict
from clawtui.text import duration_ms
from clawtui.tui.widgets.parts import PartLine, Tone
from clawtui.tui.widgets.spans import Span

_VERDICTS = {Verdict.CHOSEN: ("●", Tone.OK), Verdict.FALLBACK: ("◌", Tone.NORMAL), Verdict.SKIPPED: ("–", Tone.MUTED)}


def verdict_lines(plan: Plan, most: int = 40) -> list[PartLine]:
    """Everybody in question with the reason; who was not asked for is counted."""
    shown = [entry for entry in plan.entries if entry.skip is not Skip.NOT_ASKED]
    lines = [verdict_line(entry) for entry in shown[:most]]
    others = len(plan.entries) - len(shown[:most])
    if plan.error is not None:
        lines.insert(0, ((plan.error, Tone.BAD),))
    if others:
        reason = next((entry.reason for entry in plan.entries if entry.skip is Skip.NOT_ASKED), "")
        lines.append(((f"– {others} more{': ' + reason if reason else ''}", Tone.MUTED),))
    return lines


def verdict_line(entry: PlanEntry) -> PartLine:
    mark, tone = _VERDICTS[entry.verdict]
    name = str(entry.route).removeprefix("-@")
    return ((f"{mark} ", tone), (name, Tone.NORMAL), (f"  {entry.reason}", Tone.MUTED))


@dataclass(slots=True)
class _Track:
    label: str
    start_ms: float
    end_ms: float | None = None
    first_ms: float | None = None
    queued_ms: float | None = None
    tone: Tone = Tone.OK
    note: str = ""

    def span(self) -> Span:
        return Span(self.label, self.start_ms, self.end_ms, self.first_ms, self.queued_ms, self.tone, self.note)


@dataclass(slots=True)
class Why:
    """One request as its events told it so far."""

    plan: Plan | None = None
    trace: Trace | None = None
    tracks: list[_Track] = field(default_factory=list)
    told: list[PartLine] = field(default_factory=list)  # failovers, waits, restarts, in their order
    advisers: dict[int, _Track] = field(default_factory=dict)
    last_ms: float = 0.0
    asks: Route | None = None  # whose answer is waited for
    waiting: str = ""  # why nobody is asked just now
    writes: str = ""  # who writes the answer of a fusion

    @property
    def is_over(self) -> bool:
        return self.trace is not None

    def fold(self, event: RequestEvent) -> bool:
        """Whether anything that is shown has changed: most deltas change nothing."""
        self.last_ms = max(self.last_ms, event.t_ms)
        match event:
            case Delta() | ReasoningDelta():
                track = self.tracks[-1] if self.tracks else None
                if track is None or track.first_ms is not None:
                    return False
                track.first_ms = event.t_ms
            case Planned():
                self.plan = event.plan
            case AttemptStarted():
                name = f"{event.number} {event.route.provider}/{event.route.model}"
                self.tracks.append(_Track(name, event.t_ms, note=event.credential or ""))
                self.asks, self.waiting = event.route, ""
            case AttemptFailed():
                status = f" {event.status}" if event.status else ""
                words = event.failure.value.replace("_", " ") + status
                if self.tracks:
                    self.tracks[-1].end_ms, self.tracks[-1].tone, self.tracks[-1].note = event.t_ms, Tone.BAD, words
                onward = event.decision.value.replace("_", " ")
                self.told.append(
                    (
                        (f"{event.route.provider}/{event.route.model}: ", Tone.NORMAL),
                        (words, Tone.BAD),
                        (f" → {onward}", Tone.ACCENT),
                    )
                )
            case Waiting():
                words = f"waits {event.seconds:.1f} s for {event.route.provider}/{event.route.model}: {event.reason}"
                self.waiting = words
                self.told.append(((words, Tone.WARN),))
            case Restarted():
                words = f"the answer was cut; a whole one follows from {event.route.provider}/{event.route.model}"
                self.told.append(((words, Tone.WARN),))
            case AdviserProgress():
                return self._adviser(event)
            case SynthesisStarted():
                proposals = "proposal" if event.proposals == 1 else "proposals"
                words = f"{event.profile} writes the answer from {event.proposals} {proposals}"
                self.told.append(((words, Tone.ACCENT),))
                self.writes = event.profile
            case Completed() | Failed():
                self.trace = event.trace
                if self.tracks and self.tracks[-1].end_ms is None:
                    self.tracks[-1].end_ms = event.t_ms
            case _:
                return False
        return True

    def _adviser(self, event: AdviserProgress) -> bool:
        track = self.advisers.get(event.index)
        if track is None:
            track = self.advisers[event.index] = _Track(event.profile, event.t_ms, queued_ms=event.t_ms)
        match event.phase:
            case AdviserPhase.FIRST_TOKEN:
                track.first_ms = event.t_ms
            case AdviserPhase.ENDED:
                track.end_ms = event.t_ms
                is_fine = event.outcome in (AdviserOutcome.OK, None)
                track.tone = Tone.OK if is_fine else Tone.WARN
                outcome = event.outcome.value.replace("_", " ") if event.outcome else "ended"
                track.note = f"{outcome} {duration_ms(event.t_ms)}"
            case AdviserPhase.TEXT:
                return False
            case _:
                pass
        return True

    def waits_for(self, now_ms: float) -> str:
        """What is waited for while no text has come yet, and for how long."""
        so_far = duration_ms(now_ms)
        if self.writes:
            return f"{self.writes} writes the answer, {so_far}"
        if self.advisers:
            done = sum(track.end_ms is not None for track in self.advisers.values())
            return f"{done} of {len(self.advisers)} advisers done, {so_far}"
        if self.waiting:
            return f"{self.waiting}; {so_far} so far"
        if self.asks is not None:
            who = f"{self.asks.profile or '-'} → {self.asks.provider}/{self.asks.model}"
            return f"waits for {who}, {so_far}"
        return f"looks for who answers, {so_far}"

    def spans(self) -> list[Span]:
        """Advisers first, then what was tried for the answer itself."""
        return [track.span() for _, track in sorted(self.advisers.items())] + [track.span() for track in self.tracks]
