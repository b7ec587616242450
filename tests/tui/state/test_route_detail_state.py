"""The selected route in words, and how they fit into a width."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clawtui.engine.circuit import CircuitView
from clawtui.engine.circuit import State as CircuitState
from clawtui.engine.credentials import CredentialState, CredentialView
from clawtui.engine.ports import Transition
from clawtui.engine.probing import Probe
from clawtui.engine.request import Route
from clawtui.engine.verdicts import RouteRole
from clawtui.engine.wire.dialect import ListedModel
from clawtui.runtime.route_detail import FallsBack, RouteDetail, TimeLimits
from clawtui.runtime.routes_view import RouteRow
from clawtui.store.traces import AttemptRow
from clawtui.text import cell_width
from clawtui.tui.state.route_detail import (
    Fact,
    attempt_lines,
    attempt_words,
    credential_lines,
    facts,
    heard,
    laid_out,
    more_facts,
    no_credentials,
)
from clawtui.tui.state.routes import Line, line_of
from clawtui.tui.widgets.columns import plain
from clawtui.tui.widgets.parts import Tone, wrap

NOW = 1_798_761_600.0 + 43_200
ROUTE = Route("everyday", "one", "alpha")


def a_line(
    state: str = "closed", failures: int = 0, retry_in_s: float | None = None, cause: str = "", **fields: Any
) -> Line:
    row = RouteRow(
        route=ROUTE,
        role=RouteRole.PRIMARY,
        circuit=CircuitView(ROUTE, CircuitState(state), failures, 5, retry_in_s, cause, ()),
        ready=True,
        reason="",
        requests=10,
        retries=1,
        failures=2,
        in_flight=1,
        success_rate=0.8,
        p50_ms=900.0,
        p95_ms=2_500.0,
        first_token_p50_ms=300.0,
        tokens_per_s=48.0,
        last_failure=None,
        last_failure_at=None,
        buckets=(),
        failed_buckets=(),
    )
    return line_of(replace(row, **fields), NOW)


def a_detail(*credentials: CredentialView, **fields: Any) -> RouteDetail:
    detail = RouteDetail(
        route=ROUTE,
        limits=TimeLimits(5.0, 60.0, 30.0, 600.0, 2, 8, 30.0, 300.0),
        fallback_of=(),
        credentials=credentials,
        keyless=False,
        provider_in_flight=3,
        transitions=(),
        attempts=(),
    )
    return replace(detail, **fields)


def a_credential(
    state: CredentialState = CredentialState.OK,
    model: str | None = None,
    retry_in_s: float | None = None,
    label: str = "env:KEY",
    cause: str = "",
) -> CredentialView:
    return CredentialView("one", label, state, cause, model, retry_in_s, 7, 0)


def said(found: list[Fact]) -> dict[str, str]:
    return {fact.label: " / ".join([plain(fact.parts), *fact.more]) for fact in found}


# ---- facts


def test_a_closed_circuit_tells_how_far_it_is_from_opening() -> None:
    found = said(facts(a_line(failures=2), a_detail(), None, NOW))
    assert found["Circuit"] == "2 failures in a row, 5 open it"
    assert "Next probe" not in found


def test_an_open_circuit_tells_why_it_opened_and_when_it_is_tried() -> None:
    found = said(facts(a_line("open", 5, 12.0, "server (503)"), a_detail(), None, NOW))
    assert found["State"] == "○ open 12 s"
    assert found["Circuit"] == "opened by server (503)"
    assert found["Next probe"] == "in 12 s"


def test_a_resting_route_tells_for_how_long_and_why() -> None:
    found = said(facts(a_line("closed", 1, 3_000.0, "model not found"), a_detail(), None, NOW))
    assert found["Rests"] == "50 m more: model not found"


def test_what_is_not_ready_says_what_is_missing_and_what_is_disabled_how_it_comes_back() -> None:
    missing = a_line(ready=False, reason="KEY is not set")
    assert said(facts(missing, None, None, NOW))["State"] == "⚠ not ready / KEY is not set"
    disabled = a_line(ready=False, reason="disabled for this run", is_disabled=True)
    assert said(facts(disabled, None, None, NOW))["State"] == "⚠ disabled for this run; x takes it back in"


def test_figures_have_units_and_say_what_is_theirs_and_what_is_the_providers() -> None:
    found = said(facts(a_line(), a_detail(), None, NOW))
    assert found["Now"] == "1 in flight; 3 of 8 at one"
    assert found["So far"] == "80 % answered: 10 calls, 1 of them again, 2 failed"
    assert found["Times ≈"] == "p50 900 ms, p95 2.5 s, first token 300 ms, 48 tokens/s"
    assert said(facts(a_line(requests=0), None, None, NOW))["So far"] == "nothing was asked of it"


def test_the_last_failure_has_its_age_and_its_time() -> None:
    line = a_line(last_failure="rate_limit", last_failure_at=NOW - 90)
    assert said(facts(line, None, None, NOW))["Last failure"].startswith("rate limit, 1 m ago (20")


def test_below_the_tables_stand_limits_fallbacks_and_the_circuits_history() -> None:
    steps = (
        Transition(ROUTE, NOW - 10, "open", "half_open", "time for a probe"),
        Transition(ROUTE, NOW - 40, "closed", "open", "server (503)"),
    )
    detail = a_detail(transitions=steps, fallback_of=(FallsBack("deep", 2), FallsBack("night", 1, is_policy=True)))
    found = more_facts(a_line(), detail, NOW)
    words = [plain(fact.parts) for fact in found]
    assert words[0] == "connect 5.0 s, first token 60 s, silence 30 s, whole 10 m 00 s"
    assert found[0].more == (
        "2 retries, 8 calls at once at the provider",
        "the circuit opens for 30 s, at most 5 m 00 s",
    )
    assert words[1] == "deep (2), policy night (1)"
    assert words[2].endswith("10 s ago: open → half-open, time for a probe")
    assert words[3].endswith("40 s ago: closed → open, server (503)")


def test_a_route_without_provider_or_history_says_so() -> None:
    found = said(more_facts(a_line(role=RouteRole.OVERRIDE), a_detail(limits=None), NOW))
    assert found == {
        "Fallback of": "nobody: it was named directly",
        "History": "the circuit has never moved",
    }


# ---- credentials


def test_a_credential_tells_its_cause_and_what_is_left() -> None:
    cooling = a_credential(CredentialState.COOLING, None, 40.0, cause="rate limit")
    dead = a_credential(CredentialState.DEAD, None, None, "env:OTHER", "refused key")
    first, second = credential_lines(a_detail(cooling, dead))
    assert (first.state, first.back, first.cause, first.uses) == (CredentialState.COOLING, "40 s", "rate limit", 7)
    assert (second.state, second.back, second.cause) == (CredentialState.DEAD, "–", "refused key")


def test_the_longest_of_several_waits_counts() -> None:
    waits = [a_credential(CredentialState.COOLING, model, left) for model, left in ((None, 5.0), ("alpha", 50.0))]
    (line,) = credential_lines(a_detail(*waits))
    assert line.back == "50 s"


def test_a_credential_that_cools_for_another_model_is_usable_here_and_says_where_it_is_not() -> None:
    view = a_credential(CredentialState.COOLING, "beta", 40.0, cause="rate limit")
    (line,) = credential_lines(a_detail(view))
    assert (line.state, line.back, line.cause) == (CredentialState.OK, "", "for beta: rate limit, 40 s")
    assert line.view.state is CredentialState.COOLING  # so that it can be reset all the same


def test_an_empty_table_of_credentials_says_why_it_is_empty() -> None:
    assert no_credentials(a_line(), a_detail(keyless=True)) == "one needs no credential"
    assert no_credentials(a_line(ready=False, reason="KEY is not set"), a_detail()) == "KEY is not set"
    assert no_credentials(a_line(), a_detail()) == "Credentials are looked up on the first call"


# ---- calls and probes


def test_calls_of_today_have_a_time_and_older_ones_a_day() -> None:
    rows = tuple(
        AttemptRow("r", number, at, "env:KEY", "failed", "rate_limit", 429, 200.0, None)
        for number, at in enumerate((NOW - 60, NOW - 86_400))
    )
    today, yesterday = attempt_lines(a_detail(attempts=rows), NOW)
    assert (today.when.count(":"), "-" in today.when) == (2, False)
    assert (yesterday.when.count(":"), "-" in yesterday.when) == (1, True)
    assert attempt_words(rows[0]) == "rate limit (429)"


@pytest.mark.parametrize(
    ("probe", "words", "tone"),
    [
        (Probe("one", True, (ListedModel("a"),), 120.0), "answered in 120 ms, 1 model", Tone.OK),
        (Probe("one", True, (), 80.0, "auth (401): bad key"), "refused in 80 ms: auth (401): bad key", Tone.WARN),
        (Probe("one", False, error="no answer within 5 s"), "not reached: no answer within 5 s", Tone.BAD),
    ],
)
def test_a_probe_tells_answer_refusal_and_silence_apart(probe: Probe, words: str, tone: Tone) -> None:
    probed = heard(probe, NOW)
    assert (probed.words, probed.tone) == (words, tone)
    assert said(facts(a_line(), None, probed, NOW + 5))["Probe"] == f"{words}, 5 s ago"
    assert "Probe" not in said(facts(a_line(), None, replace(probed, provider="two"), NOW))


# ---- laying out


def test_long_facts_go_on_below_themselves() -> None:
    fact = Fact("Circuit", (("one two three ", Tone.NORMAL), ("four five", Tone.MUTED)), ("six seven eight",))
    lines = ["".join(text for text, _ in line) for line in laid_out([fact], 25)]
    assert lines == [
        "Circuit      one two",
        "             three four",
        "             five",
        "             six seven",
        "             eight",
    ]


def test_a_comma_is_not_parted_from_its_word() -> None:
    parts = (("answered", Tone.OK), (", 5 s ago", Tone.MUTED))
    assert [plain(line) for line in wrap(parts, 9)] == ["answered,", "5 s ago"]


words = st.text(st.characters(codec="utf-8"), max_size=60)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(words, st.sampled_from(list(Tone))), max_size=4), st.integers(1, 40))
def test_wrapping_loses_nothing_that_can_be_seen(parts: list[tuple[str, Tone]], width: int) -> None:
    """Every visible character of clean text is in some line, in order, and every line fits."""
    from clawtui.text import one_line

    lines = [plain(line) for line in wrap(parts, width)]
    before = "".join("".join(one_line(text).split()) for text, _ in parts)
    assert "".join("".join(line.split()) for line in lines) == before
    for line in lines:
        assert "\n" not in line
        assert cell_width(line) <= max(width, 2)
