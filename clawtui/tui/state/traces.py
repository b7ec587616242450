"""The list of traces as words: what each column says, what the list is narrowed to."""

from __future__ import annotations

from dataclasses import dataclass

from clawtui.engine.outcome import Outcome, UsageSource
from clawtui.store.traces import TraceFilter, TraceRow
from clawtui.text import ago, count, day_and_time
from clawtui.tui.widgets.columns import CellValue
from clawtui.tui.widgets.parts import Part, Tone

TONES = {
    Outcome.OK: Tone.OK,
    Outcome.FAILED: Tone.BAD,
    Outcome.INTERRUPTED: Tone.WARN,
    Outcome.CANCELLED: Tone.IDLE,
    Outcome.REFUSED: Tone.WARN,
}
MARKS = {
    Outcome.OK: "●",
    Outcome.FAILED: "○",
    Outcome.INTERRUPTED: "◐",
    Outcome.CANCELLED: "–",
    Outcome.REFUSED: "⚠",
}


@dataclass(frozen=True, slots=True)
class Narrowed:
    """What `f` has chosen; what was typed behind `/` is the table's."""

    outcome: Outcome | None = None
    profile: str = ""
    fusion_only: bool = False

    @property
    def chips(self) -> tuple[str, ...]:
        chips = [self.outcome.value] if self.outcome else []
        chips += [f"profile {self.profile}"] if self.profile else []
        return (*chips, *(["fusions only"] if self.fusion_only else []))

    def without(self, chip: str) -> Narrowed:
        if self.outcome is not None and chip == self.outcome.value:
            return Narrowed(None, self.profile, self.fusion_only)
        if chip == f"profile {self.profile}":
            return Narrowed(self.outcome, "", self.fusion_only)
        return Narrowed(self.outcome, self.profile, False)

    def wanted(self, words: tuple[str, ...], values: tuple[tuple[str, str], ...]) -> TraceFilter:
        return TraceFilter(" ".join(words), self.outcome, self.profile or None, self.fusion_only, values=values)


def when_cell(at: float, now: float) -> str:
    """An age within the hour, a time within the day; of another day its date too, so that it is not taken for today."""
    if now - at < 3_600:
        return ago(now - at)
    day, time = day_and_time(at).split()
    return time if day == day_and_time(now)[:10] else f"{day[5:]} {time[:5]}"


def outcome_cell(row: TraceRow) -> CellValue:
    words = row.outcome.value if row.error_kind is None else row.error_kind.replace("_", " ")
    return ((f"{MARKS[row.outcome]} {words}", TONES[row.outcome]),)


def answered_cell(row: TraceRow) -> CellValue:
    """Who answered, marked where it was somebody else than who was asked."""
    if row.answered is None:
        return (("nobody", Tone.MUTED),)
    asked = row.requested
    is_other = asked is not None and not asked.startswith("fusion/") and row.profile not in (asked, None)
    name = row.answered.removeprefix("-@")
    return (("↪ ", Tone.WARN), (name, Tone.NORMAL)) if is_other else name


def badges_cell(row: TraceRow) -> CellValue:
    parts: list[Part] = []
    if row.fusion is not None:
        parts.append(("fusion", Tone.ACCENT))
    if row.failovers:
        parts.append((f"↪{row.failovers}", Tone.WARN))
    if row.stage is not None:
        parts.append((row.stage, Tone.MUTED))
    if row.usage_source != UsageSource.REPORTED and row.attempts:
        parts.append(("≈", Tone.MUTED))
    spaced: list[Part] = []
    for part in parts:
        spaced += [(" ", Tone.NORMAL), part] if spaced else [part]
    return tuple(spaced)


def tokens_cell(row: TraceRow) -> str:
    about = "" if row.usage_source == UsageSource.REPORTED else "≈"
    return f"{about}{count(row.input_tokens)}/{count(row.output_tokens)}"
