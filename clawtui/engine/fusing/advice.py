"""One adviser while it runs: what came of it, when to stop reading, and how it ended."""

from __future__ import annotations

from dataclasses import dataclass, field

from clawtui.engine.events import Delta, ReasoningDelta, RequestEvent, Restarted
from clawtui.engine.outcome import AdviserOutcome, Outcome, Trace
from clawtui.engine.request import RequestId

ENOUGH_CHARS = 200  # of a proposal that was cut or late
MAX_BODY_CHARS = 4 * 1024 * 1024  # answer and reasoning together: what is longer is cut off


@dataclass(slots=True)
class Advice:
    """One adviser while it runs."""

    index: int
    profile: str
    request_id: RequestId
    text: list[str] = field(default_factory=list)
    chars: int = 0
    body_chars: int = 0
    outcome: AdviserOutcome | None = None
    failure: str | None = None
    message: str | None = None
    started_ms: float | None = None
    first_token_ms: float | None = None
    ended_ms: float | None = None
    trace: Trace | None = None

    @property
    def is_usable(self) -> bool:
        return self.outcome in (AdviserOutcome.OK, AdviserOutcome.PARTIAL, AdviserOutcome.TRUNCATED)

    @property
    def proposal(self) -> str:
        return "".join(self.text)

    def take(self, event: RequestEvent, most_chars: int) -> str:
        """Keeps what the event brings and returns what of it is new text of the proposal."""
        if type(event) is Restarted:
            self.text.clear()
            self.chars = 0
            return ""
        if type(event) is not Delta and type(event) is not ReasoningDelta:
            return ""
        self.body_chars += len(event.text)
        text = ""
        if type(event) is Delta:
            room = most_chars - self.chars
            text = event.text[:room]
            self.text.append(text)
            self.chars += len(text)
            if len(event.text) > room:
                self.outcome = AdviserOutcome.TRUNCATED
                self.message = f"stopped at {most_chars} characters"
        if self.body_chars > MAX_BODY_CHARS:
            self.outcome = AdviserOutcome.TRUNCATED if self.chars >= ENOUGH_CHARS else AdviserOutcome.EMPTY
            self.message = "its answer passed 4 MB"
        return text

    @property
    def is_enough(self) -> bool:
        """Nothing more is read."""
        return self.outcome is not None

    def conclude(self) -> None:
        """The child has ended by itself: whole, or with a failure of its own."""
        trace = self.trace
        if self.outcome is not None or trace is None:
            return
        if trace.outcome is Outcome.OK:
            self.outcome = AdviserOutcome.OK if self.proposal.strip() else AdviserOutcome.EMPTY
            return
        kind = trace.error.kind if trace.error else "unknown"
        message = trace.error.message if trace.error else ""
        if trace.outcome is Outcome.REFUSED:
            self.outcome, self.failure, self.message = AdviserOutcome.REFUSED, kind, message
            return
        self.cut_short(AdviserOutcome.FAILED, kind, message)

    def cut_short(self, otherwise: AdviserOutcome, failure: str, message: str) -> None:
        """What came before the cut is used if it is enough to be worth reading."""
        self.outcome = AdviserOutcome.PARTIAL if self.chars >= ENOUGH_CHARS else otherwise
        self.failure, self.message = failure, message
