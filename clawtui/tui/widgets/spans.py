"""What a waterfall draws: stretches of time with a name and a note. Values, without a screen."""

from __future__ import annotations

from dataclasses import dataclass

from clawtui.tui.widgets.parts import Tone


@dataclass(frozen=True, slots=True)
class Span:
    """Times are milliseconds from the start of the request. `end_ms` is None while it runs."""

    label: str
    start_ms: float
    end_ms: float | None
    first_token_ms: float | None = None
    queued_ms: float | None = None  # when it began to wait for its turn
    tone: Tone = Tone.OK
    note: str = ""
