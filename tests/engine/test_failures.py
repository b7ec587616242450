"""The table of failures and the one decision, as rules that hold in every situation."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clawtui.config.schema import OnInterrupted
from clawtui.engine.failures import LONGEST_WAIT, RULES, Decision, Failure, FailureKind, Situation, decide
from tests.engine.situations import a_situation, failures, situations

many = settings(max_examples=100, deadline=None)
ONWARD = {Decision.NEXT_MODEL, Decision.NEXT_PROFILE}


def test_every_kind_has_a_rule() -> None:
    assert set(RULES) == set(FailureKind)


@many
@given(failures, situations)
def test_nothing_goes_on_without_calls_or_when_offline(failure: Failure, situation: Situation) -> None:
    """No calls left, or offline: stop."""
    if situation.calls_left <= 0 or situation.offline:
        assert decide(failure, situation).decision is Decision.STOP


@many
@given(failures, situations)
def test_no_wait_is_longer_than_the_longest_nor_than_the_time_that_is_left(
    failure: Failure, situation: Situation
) -> None:
    """A wait is at most 20 s, or the policy's patience if that is more, and at most what is left of the time before the
    first token."""
    step = decide(failure, situation)
    assert 0 <= step.wait_s <= max(LONGEST_WAIT, situation.patience_s)
    if not situation.committed:
        assert step.wait_s <= max(0.0, situation.seconds_left)


@many
@given(failures, situations)
def test_who_wants_an_interrupted_answer_kept_never_gets_another(failure: Failure, situation: Situation) -> None:
    """After the first token, `stop` stops, and a delivered tool call is never replayed unasked."""
    if situation.committed and (
        situation.on_interrupted is OnInterrupted.STOP or (situation.tool_delivered and not situation.replay_tools)
    ):
        assert decide(failure, situation).decision is Decision.STOP


@many
@given(failures, situations)
def test_only_what_is_there_is_chosen(failure: Failure, situation: Situation) -> None:
    """Another credential only where one is free now, another candidate only where there is one, a retry only with tries."""
    match decide(failure, situation).decision:
        case Decision.NEXT_CREDENTIAL:
            assert situation.other_credential == 0
        case Decision.NEXT_MODEL:
            assert situation.next_candidate == "model"
        case Decision.NEXT_PROFILE:
            assert situation.next_candidate == "profile"
        case Decision.RETRY:
            assert situation.retries_left > 0
            assert situation.tries_left_here > 0
        case Decision.REPAIR:
            assert RULES[failure.kind].repairs
        case _:
            pass


@many
@given(situations)
def test_the_callers_own_faults_are_never_tried_elsewhere(situation: Situation) -> None:
    """A bad request, a wrong address and a refused content stop (unless the policy lets content fall back)."""
    for kind in (FailureKind.BAD_REQUEST, FailureKind.NOT_FOUND, FailureKind.CANCELLED):
        if not situation.committed:
            assert decide(Failure(kind), situation).decision is Decision.STOP


@many
@given(st.sampled_from([k for k in FailureKind if k.startswith("timeout") or k == "tls"]), situations)
def test_a_silent_or_distrusted_route_is_not_tried_again_before_the_first_token(
    kind: FailureKind, situation: Situation
) -> None:
    """Timeouts and bad certificates are never retried on the same route."""
    if not situation.committed:
        assert decide(Failure(kind), situation).decision is not Decision.RETRY


def test_a_short_retry_after_is_obeyed_and_a_long_one_only_where_nobody_else_can_answer() -> None:
    limited = Failure(FailureKind.RATE_LIMIT, retry_after_s=2.0)
    assert decide(limited, a_situation()).wait_s == 2.0
    longer = Failure(FailureKind.RATE_LIMIT, retry_after_s=12.0)
    assert decide(longer, a_situation()).decision is Decision.NEXT_CREDENTIAL
    assert decide(longer, a_situation(other_credential=None)).decision is Decision.NEXT_PROFILE
    alone = a_situation(other_credential=None, next_candidate=None, next_ready_in_s=None)
    assert (decide(longer, alone).decision, decide(longer, alone).wait_s) == (Decision.RETRY, 12.0)


def test_backoff_doubles_under_full_jitter() -> None:
    waits = [decide(Failure(FailureKind.OVERLOADED), a_situation(attempt_on_route=n)).wait_s for n in (1, 2)]
    assert waits == [0.5, 1.0]


def test_a_retry_is_spent_before_moving_on() -> None:
    server = Failure(FailureKind.SERVER)
    assert decide(server, a_situation(attempt_on_route=1)).decision is Decision.RETRY
    assert decide(server, a_situation(attempt_on_route=2)).decision is Decision.NEXT_PROFILE
    assert decide(server, a_situation(retries_left=0)).decision is Decision.NEXT_PROFILE


def test_context_goes_only_to_a_larger_window() -> None:
    context = Failure(FailureKind.CONTEXT)
    assert decide(context, a_situation()).decision in ONWARD
    assert decide(context, a_situation(larger_window=False)).decision is Decision.STOP


@pytest.mark.parametrize("kind", [FailureKind.OUTPUT_CAP, FailureKind.BAD_PARAMETER, FailureKind.LONG_CONTEXT_TIER])
def test_a_repair_is_tried_once(kind: FailureKind) -> None:
    assert decide(Failure(kind), a_situation()).decision is Decision.REPAIR
    after = a_situation(repaired=True, stepped_down=True)
    assert decide(Failure(kind), after).decision in ONWARD


def test_a_longer_retry_after_is_obeyed_where_the_others_come_back_later_still() -> None:
    failure = Failure(FailureKind.RATE_LIMIT, retry_after_s=10)
    step = decide(failure, a_situation(other_credential=15.0, next_candidate=None, next_ready_in_s=None))
    assert (step.decision, step.wait_s) == (Decision.RETRY, 10)


def test_another_credential_that_is_free_soon_is_waited_for_where_nobody_else_can_answer() -> None:
    failure = Failure(FailureKind.RATE_LIMIT, retry_after_s=300)
    alone = a_situation(other_credential=4.0, next_candidate=None, next_ready_in_s=None)
    step = decide(failure, alone)
    assert (step.decision, step.wait_s) == (Decision.WAIT, 4.0)
    assert decide(failure, replace(alone, other_credential=40.0)).decision is Decision.STOP
    assert decide(failure, a_situation(other_credential=4.0)).decision is Decision.NEXT_PROFILE


def test_after_a_cut_the_whole_answer_may_come_by_another_credential() -> None:
    step = decide(Failure(FailureKind.RATE_LIMIT), a_situation(committed=True))
    assert step.decision is Decision.NEXT_CREDENTIAL


@pytest.mark.parametrize("kind", [FailureKind.TIMEOUT_IDLE, FailureKind.TIMEOUT_TOTAL])
def test_a_route_that_fell_silent_is_not_asked_again_for_the_whole_answer(kind: FailureKind) -> None:
    alone = a_situation(committed=True, next_candidate=None, next_ready_in_s=None)
    assert decide(Failure(kind), alone).decision is Decision.STOP
    assert decide(Failure(FailureKind.STREAM_CUT), alone).decision is Decision.RETRY


@many
@given(failures, situations)
def test_a_request_ends_whatever_comes(failure: Failure, situation: Situation) -> None:
    """With one call fewer and one try fewer each time, eight steps are enough from any situation."""
    for calls in range(8, -1, -1):
        step = decide(failure, replace(situation, calls_left=calls))
        if step.decision is Decision.STOP:
            return
    raise AssertionError("it never ended")
