"""Marks that tell a state without colour: each has a shape, a word and a tone. The same everywhere on the screen."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from clawtui.tui.widgets.parts import PartLine, Tone


class State(StrEnum):
    CLOSED = "closed"
    HALF_OPEN = "half-open"
    OPEN = "open"
    IDLE = "idle"
    NOT_READY = "not ready"
    OK = "ok"
    COOLING = "cooling"
    DEAD = "dead"
    RUNNING = "running"


@dataclass(frozen=True, slots=True)
class Mark:
    shape: str
    word: str
    tone: Tone


MARKS: dict[State, Mark] = {
    State.CLOSED: Mark("●", "closed", Tone.OK),
    State.HALF_OPEN: Mark("◐", "half-open", Tone.WARN),
    State.OPEN: Mark("○", "open", Tone.BAD),
    State.IDLE: Mark("◌", "idle", Tone.IDLE),
    State.NOT_READY: Mark("⚠", "not ready", Tone.WARN),
    State.OK: Mark("●", "ok", Tone.OK),
    State.COOLING: Mark("◐", "cooling", Tone.WARN),
    State.DEAD: Mark("○", "dead", Tone.BAD),
    State.RUNNING: Mark("◍", "running", Tone.ACCENT),
}


def dot(state: State) -> PartLine:
    """The shape alone, where a word stands elsewhere."""
    mark = MARKS[state]
    return ((mark.shape, mark.tone),)


def dot_and_word(state: State, word: str = "") -> PartLine:
    mark = MARKS[state]
    return ((mark.shape, mark.tone), (f" {word or mark.word}", Tone.NORMAL))


def row_of_dots(states: list[State], cells: int) -> PartLine:
    """One dot a state; more than fit are counted: `●●◐○ +7`."""
    if len(states) <= cells:
        shown, rest = states, ""
    else:
        rest = f" +{len(states)}"
        while True:
            shown = states[: max(0, cells - len(rest))]
            exact = f" +{len(states) - len(shown)}"
            if len(exact) <= len(rest):
                rest = exact
                break
            rest = exact
    parts = [part for state in shown for part in dot(state)]
    return (*parts, (rest, Tone.MUTED)) if rest else tuple(parts)
