"""A trace in words: the list's cells, the reasons, the axis, and what a fusion was worth."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from clawtui.engine.failures import Decision, FailureKind
from clawtui.engine.outcome import (
    Adviser,
    AdviserOutcome,
    AloneEstimate,
    Attempt,
    AttemptOutcome,
    Cost,
    FusionRecord,
    Outcome,
    SynthesizerRecord,
    Trace,
    Usage,
    UsageSource,
)
from clawtui.engine.request import ChatRequest, RequestId, Route, user
from clawtui.engine.verdicts import Needs, Plan, PlanEntry, Skip, Verdict
from clawtui.store.traces import TraceRow
from clawtui.tui.state.fusion_view import ANSWER, fusion_view, shares_of, texts_of, worth_lines
from clawtui.tui.state.trace_detail import (
    attempt_lines,
    attempt_spans,
    head_lines,
    prompt_of,
    tokens_per_s,
)
from clawtui.tui.state.traces import Narrowed, answered_cell, badges_cell, outcome_cell, tokens_cell, when_cell
from clawtui.tui.state.why import verdict_lines
from clawtui.tui.widgets.columns import plain
from clawtui.tui.widgets.parts import Part, Tone

FAST, STRONG = Route("fast", "one", "alpha"), Route("strong", "two", "beta")
NEEDS = Needs(False, False, False, False, False, frozenset(), 100, 10, 0, ())
PLAN = Plan(
    "fast",
    "default",
    NEEDS,
    (),
    (
        PlanEntry(FAST, Verdict.CHOSEN, "asked for"),
        PlanEntry(STRONG, Verdict.FALLBACK, "fallback 1"),
        PlanEntry(Route("x", "three", "c"), Verdict.SKIPPED, "circuit open, 14 s left", Skip.CIRCUIT_OPEN),
        PlanEntry(Route("y", "three", "d"), Verdict.SKIPPED, "not a fallback of fast", Skip.NOT_ASKED),
    ),
)
FAILED = Attempt(
    1, FAST, "env:KEY", AttemptOutcome.FAILED, 0.0, 180.0, failure=FailureKind.RATE_LIMIT, status=429,
    message="slow down", decision=Decision.NEXT_PROFILE, retry_after_s=30.0,
)  # fmt: skip
ANSWERED = Attempt(2, STRONG, None, AttemptOutcome.OK, 200.0, 800.0, wait_ms=20.0, first_token_ms=300.0)
TRACE = Trace(
    RequestId("r1"), 1_800_000_000.0, "ask", "fast", "default", Outcome.OK, PLAN, (FAILED, ANSWERED), FAST, STRONG,
    text="It is so.", usage=Usage(120, 80, source=UsageSource.REPORTED), cost=Cost(0.002), first_token_ms=500.0,
    total_ms=1_000.0, request=ChatRequest((user("Is it so?"),)),
)  # fmt: skip
ROW = TraceRow(
    "r1", 1_800_000_000.0, "ask", "default", "fast", "fast@one/alpha", "fast", Outcome.OK, 1.0, 2.0, 12_000, 5,
    "reported", 0.1, 1, 0, None, None, None, None,
)  # fmt: skip


def words(lines: list[tuple[Part, ...]]) -> str:
    return "\n".join("".join(text for text, _ in line) for line in lines)


# ---- the list


def test_somebody_elses_answer_is_marked() -> None:
    assert plain(answered_cell(ROW)) == "fast@one/alpha"
    other = replace(ROW, answered="strong@two/beta", profile="strong")
    assert plain(answered_cell(other)) == "↪ strong@two/beta"
    assert plain(answered_cell(replace(ROW, requested="fusion/x", profile="strong"))) == "fast@one/alpha"
    assert plain(answered_cell(replace(ROW, answered=None))) == "nobody"


def test_outcomes_have_a_sign_beside_the_colour_and_failures_their_kind() -> None:
    signs = {plain(outcome_cell(replace(ROW, outcome=outcome)))[0] for outcome in Outcome}
    assert len(signs) == len(Outcome)
    failed = replace(ROW, outcome=Outcome.FAILED, error_kind="rate_limit")
    assert outcome_cell(failed) == (("○ rate limit", Tone.BAD),)


def test_a_time_of_yesterday_cannot_be_taken_for_one_of_today() -> None:
    now = time.mktime((2026, 11, 21, 18, 18, 0, 0, 0, -1))
    assert when_cell(now - 26, now) == "26 s ago"
    assert when_cell(now - 4 * 3_600, now) == "14:18:00"
    assert when_cell(time.mktime((2026, 11, 20, 23, 28, 47, 0, 0, -1)), now) == "11-20 23:28"


def test_badges_tell_what_was_special() -> None:
    special = replace(ROW, fusion="council", failovers=2, outcome=Outcome.INTERRUPTED, usage_source="mixed")
    assert plain(badges_cell(special)) == "fusion ↪2 ≈"
    assert plain(badges_cell(ROW)) == ""
    assert tokens_cell(ROW) == "12k/5"
    assert tokens_cell(special) == "≈12k/5"


def test_chips_of_the_filter_can_be_taken_away_one_by_one() -> None:
    narrowed = Narrowed(Outcome.FAILED, "fast", True)
    assert narrowed.chips == ("failed", "profile fast", "fusions only")
    assert narrowed.without("failed") == Narrowed(None, "fast", True)
    assert narrowed.without("profile fast") == Narrowed(Outcome.FAILED, "", True)
    assert narrowed.without("fusions only") == Narrowed(Outcome.FAILED, "fast")
    wanted = narrowed.wanted(("gpt",), (("asked", "x"),))
    assert (wanted.text, wanted.profile, wanted.fusion_only, wanted.values) == ("gpt", "fast", True, (("asked", "x"),))


# ---- the detail


def test_who_answered_instead_of_whom_and_why() -> None:
    told = words(head_lines(TRACE))
    assert "fast → strong@two/beta" in told
    assert "instead of fast@one/alpha, because rate limit" in told
    assert "160 tok/s · 2 attempts" in told
    assert "120 in 80 out · cost $0.002" in told


def test_every_verdict_that_matters_is_told_and_the_rest_counted() -> None:
    told = words(verdict_lines(TRACE.plan))
    assert "● fast@one/alpha  asked for" in told
    assert "circuit open, 14 s left" in told
    assert "1 more: not a fallback of fast" in told


def test_attempts_stand_on_one_axis_with_their_decision() -> None:
    first, second = attempt_spans(TRACE)
    assert (first.start_ms, first.end_ms, first.tone, first.note) == (0.0, 180.0, Tone.BAD, "rate limit 429 180 ms")
    assert (second.queued_ms, second.first_token_ms) == (180.0, 500.0)
    told = words(attempt_lines(TRACE))
    assert told.splitlines() == ["1 → next profile  retry after 30 s, with env:KEY  “slow down”", "2 waited 20 ms"]


def test_an_attempt_that_the_axis_tells_whole_has_no_line_below_it() -> None:
    assert attempt_lines(replace(TRACE, attempts=(replace(ANSWERED, wait_ms=0.0),))) == []


def test_unknown_stays_unknown() -> None:
    bare = replace(TRACE, usage=Usage(5, 0), cost=Cost(), first_token_ms=None, attempts=(), request=None, answered=None)
    told = words(head_lines(bare))
    assert "cost unknown" in told
    assert "≈5 in ≈0 out" in told
    assert tokens_per_s(bare) is None
    assert prompt_of(bare) is None
    assert prompt_of(TRACE) == "Is it so?"


# ---- fusion

WORDS = "the measure comes first and the way back is kept open for a week at least"


def an_adviser(index: int, label: str | None, **more: object) -> Adviser:
    adviser = Adviser(index, label, f"p{index}", FAST, RequestId(f"c{index}"), AdviserOutcome.OK, True, text=WORDS)
    times = {"started_ms": 5.0, "first_token_ms": 50.0, "ended_ms": 400.0}
    return replace(adviser, **{**times, **more})  # type: ignore[arg-type]


RECORD = FusionRecord(
    "council",
    (
        an_adviser(0, "B"),
        an_adviser(1, "A", text="something else entirely, in other words than the rest of them"),
        an_adviser(2, None, outcome=AdviserOutcome.CANCELLED, used=False, text="", text_chars=0),
    ),
    ("A", "B"),
    7,
    SynthesizerRecord("strong", STRONG, RequestId("s"), 410.0, 500.0, 900.0, cost=Cost(0.001)),
    2,
    0.0034,
    405.0,
    12_000.0,
    alone=AloneEstimate(0.001, 500.0, False),
)


def test_advisers_and_synthesizer_stand_on_one_axis() -> None:
    view = fusion_view(replace(TRACE, text=WORDS), RECORD)
    assert [span.label for span in view.spans] == ["B p0", "A p1", "· p2", "→ strong"]
    assert view.spans[2].note.startswith("stopped")
    assert view.deadline_ms == 12_000.0
    assert [proposal.key for proposal in view.proposals] == ["B", "A", "3"]
    assert "not used" in view.proposals[2].facts
    told = words(list(view.lines))
    assert "the synthesizer saw A B" in told
    assert "B 100 %, A 0 % (heuristic)" in told


def test_a_fusion_is_held_against_its_synthesizer_alone() -> None:
    assert words(worth_lines(RECORD, TRACE)).startswith("3.4× cost, 2.0× time of the synthesizer alone")
    unknown = replace(RECORD, alone=None)
    assert "is unknown" in words(worth_lines(unknown, TRACE))
    assert "measured" in words(worth_lines(replace(RECORD, alone=AloneEstimate(0.001, 500.0, True)), TRACE))


def test_what_was_not_kept_cannot_be_compared() -> None:
    bare = replace(RECORD, advisers=tuple(replace(each, text="", text_chars=90) for each in RECORD.advisers))
    trace = replace(TRACE, text="", fusion=bare)
    assert texts_of(trace) == {}
    assert shares_of(bare, WORDS) == []
    assert "90 characters, not kept" in fusion_view(trace, bare).proposals[0].text
    assert list(texts_of(replace(TRACE, fusion=RECORD))) == ["B", "A", ANSWER]


@pytest.mark.parametrize("outcome", list(AdviserOutcome))
def test_every_outcome_of_an_adviser_can_be_shown(outcome: AdviserOutcome) -> None:
    record = replace(RECORD, advisers=(an_adviser(0, "A", outcome=outcome, started_ms=None, ended_ms=None),))
    assert fusion_view(TRACE, record).spans[0].note
