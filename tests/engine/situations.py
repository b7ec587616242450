"""A situation in which everything is possible, and strategies for any."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from clawtui.config.schema import OnInterrupted
from clawtui.engine.failures import Failure, FailureKind, Situation

USUAL = Situation(
    retries_left=2,
    tries_left_here=1,
    calls_left=7,
    seconds_left=90.0,
    other_credential=0.0,
    next_candidate="profile",
    next_ready_in_s=0.0,
    larger_window=True,
    patience_s=3.0,
    committed=False,
    tool_delivered=False,
    replay_tools=False,
    on_interrupted=OnInterrupted.RESTART,
    repaired=False,
    stepped_down=False,
    offline=False,
    content_filter_falls_back=False,
    jitter=0.5,
    attempt_on_route=1,
)


def a_situation(**changes: Any) -> Situation:
    return replace(USUAL, **changes)


seconds = st.one_of(st.none(), st.floats(0, 100_000))

situations = st.builds(
    Situation,
    retries_left=st.integers(-1, 5),
    tries_left_here=st.integers(-1, 3),
    calls_left=st.integers(-1, 8),
    seconds_left=st.floats(-5, 90),
    other_credential=seconds,
    next_candidate=st.sampled_from([None, "model", "profile"]),
    next_ready_in_s=seconds,
    larger_window=st.booleans(),
    patience_s=st.floats(0, 30),
    committed=st.booleans(),
    tool_delivered=st.booleans(),
    replay_tools=st.booleans(),
    on_interrupted=st.sampled_from(OnInterrupted),
    repaired=st.booleans(),
    stepped_down=st.booleans(),
    offline=st.booleans(),
    content_filter_falls_back=st.booleans(),
    jitter=st.floats(0, 1, exclude_max=True),
    attempt_on_route=st.integers(1, 8),
)

failures = st.builds(
    Failure,
    kind=st.sampled_from(FailureKind),
    retry_after_s=seconds,
    limit=st.one_of(st.none(), st.integers(1, 10**6)),
    parameter=st.one_of(st.none(), st.just("temperature")),
)
