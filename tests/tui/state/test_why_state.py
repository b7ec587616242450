"""The why of an answer, folded from its events."""

from __future__ import annotations

from clawtui.engine.events import (
    AdviserPhase,
    AdviserProgress,
    AttemptFailed,
    AttemptStarted,
    Delta,
    Restarted,
    SynthesisStarted,
    Waiting,
)
from clawtui.engine.failures import Decision, FailureKind
from clawtui.engine.outcome import AdviserOutcome
from clawtui.engine.request import Route
from clawtui.tui.state.why import Why
from clawtui.tui.widgets.parts import Tone

ONE, TWO = Route("fast", "one", "alpha"), Route("strong", "two", "beta")


def told(why: Why) -> list[str]:
    return ["".join(text for text, _ in line) for line in why.told]


def test_attempts_stand_on_one_axis_with_what_became_of_them() -> None:
    why = Why()
    why.fold(AttemptStarted(1.0, 1, ONE, "env:KEY"))
    why.fold(AttemptFailed(40.0, 1, ONE, "env:KEY", FailureKind.OVERLOADED, 503, "busy", Decision.NEXT_PROFILE))
    why.fold(AttemptStarted(41.0, 2, TWO, None))
    why.fold(Delta(90.0, "first"))
    first, second = why.spans()
    assert (first.start_ms, first.end_ms, first.tone, first.note) == (1.0, 40.0, Tone.BAD, "overloaded 503")
    assert (second.start_ms, second.first_token_ms, second.end_ms) == (41.0, 90.0, None)
    assert told(why) == ["one/alpha: overloaded 503 → next profile"]


def test_until_the_first_text_it_is_said_what_is_waited_for() -> None:
    why = Why()
    assert why.waits_for(0.0) == "looks for who answers, 0 ms"
    why.fold(AttemptStarted(1.0, 1, ONE, None))
    assert why.waits_for(2_100.0) == "waits for fast → one/alpha, 2.1 s"
    why.fold(Waiting(2_200.0, TWO, 3.0, "all circuits are open"))
    assert why.waits_for(2_400.0) == "waits 3.0 s for two/beta: all circuits are open; 2.4 s so far"
    why.fold(AttemptStarted(5_200.0, 2, TWO, None))
    assert why.waits_for(5_300.0) == "waits for strong → two/beta, 5.3 s"


def test_of_a_fusion_the_advisers_are_counted_until_somebody_writes() -> None:
    why = Why()
    for index, name in enumerate(("a", "b", "c")):
        why.fold(AdviserProgress(1.0, index, name, AdviserPhase.QUEUED))
    why.fold(AdviserProgress(900.0, 1, "b", AdviserPhase.ENDED, AdviserOutcome.OK))
    assert why.waits_for(1_000.0) == "1 of 3 advisers done, 1.0 s"
    why.fold(SynthesisStarted(1_200.0, "strong", 2))
    assert why.waits_for(1_500.0) == "strong writes the answer, 1.5 s"


def test_only_the_first_token_changes_what_is_shown() -> None:
    why = Why()
    why.fold(AttemptStarted(1.0, 1, ONE, None))
    assert why.fold(Delta(5.0, "a"))
    assert not why.fold(Delta(6.0, "b"))
    assert why.last_ms == 6.0


def test_waits_and_restarts_are_told() -> None:
    why = Why()
    why.fold(Waiting(1.0, ONE, 2.5, "everything rests"))
    why.fold(Restarted(2.0, TWO, 120))
    assert told(why) == [
        "waits 2.5 s for one/alpha: everything rests",
        "the answer was cut; a whole one follows from two/beta",
    ]


def test_advisers_stand_before_the_synthesizer_as_they_end() -> None:
    why = Why()
    for index, name in ((1, "b"), (0, "a")):
        why.fold(AdviserProgress(0.0, index, name, AdviserPhase.QUEUED))
    why.fold(AdviserProgress(10.0, 0, "a", AdviserPhase.FIRST_TOKEN))
    assert not why.fold(AdviserProgress(11.0, 0, "a", AdviserPhase.TEXT, text="x"))
    why.fold(AdviserProgress(50.0, 0, "a", AdviserPhase.ENDED, AdviserOutcome.OK))
    why.fold(AdviserProgress(60.0, 1, "b", AdviserPhase.ENDED, AdviserOutcome.TIMED_OUT))
    why.fold(SynthesisStarted(61.0, "strong", 1))
    why.fold(AttemptStarted(62.0, 1, TWO, None))
    a, b, synthesizer = why.spans()
    assert (a.label, a.first_token_ms, a.end_ms, a.tone) == ("a", 10.0, 50.0, Tone.OK)
    assert (b.label, b.tone) == ("b", Tone.WARN)
    assert synthesizer.start_ms == 62.0
    assert told(why) == ["strong writes the answer from 1 proposal"]
