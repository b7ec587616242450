"""The list of routes without a screen: words, countdowns, what can be done and why not, what is exported."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from clawtui.engine.circuit import CircuitView
from clawtui.engine.circuit import State as CircuitState
from clawtui.engine.credentials import CredentialState, CredentialView
from clawtui.engine.events import CircuitMoved, RequestBegan
from clawtui.engine.request import RequestId, Route
from clawtui.engine.verdicts import RouteRole
from clawtui.runtime.routes_view import RouteRow
from clawtui.text import cell_width
from clawtui.tui.routes.columns import route_columns
from clawtui.tui.state.routes import (
    Chosen,
    concerns,
    exported,
    is_restless,
    left,
    line_of,
    lines_of,
    named,
    why_not,
)
from clawtui.tui.widgets.columns import fit
from clawtui.tui.widgets.dots import State
from clawtui.tui.widgets.table_paint import in_cells
from clawtui.tui.widgets.table_rows import Rows, Sort, read_filter

NOW = 1_798_761_600.0
ROUTE = Route("everyday", "one", "alpha")


def a_circuit(
    state: str = "closed", failures: int = 0, retry_in_s: float | None = None, cause: str = ""
) -> CircuitView:
    return CircuitView(ROUTE, CircuitState(state), failures, 5, retry_in_s, cause, ())


def a_row(**fields: Any) -> RouteRow:
    row = RouteRow(
        route=ROUTE,
        role=RouteRole.PRIMARY,
        circuit=a_circuit(),
        ready=True,
        reason="",
        requests=10,
        retries=1,
        failures=2,
        in_flight=0,
        success_rate=0.8,
        p50_ms=900.0,
        p95_ms=2_500.0,
        first_token_p50_ms=300.0,
        tokens_per_s=48.0,
        last_failure=None,
        last_failure_at=None,
        buckets=(0,) * 60,
        failed_buckets=(0,) * 60,
    )
    return replace(row, **fields)


def a_credential(state: CredentialState = CredentialState.COOLING) -> CredentialView:
    return CredentialView("one", "env:KEY", state, "rate limit", None, 20.0, 3, 0)


# ---- words


def test_a_route_is_named_by_profile_and_model_and_a_literal_one_by_its_model() -> None:
    assert named(ROUTE) == "everyday → one/alpha"
    assert named(Route(None, "one", "a/b@c")) == "one/a/b@c"


@pytest.mark.parametrize(
    ("fields", "said", "state"),
    [
        ({}, "closed", State.CLOSED),
        ({"requests": 0}, "idle", State.IDLE),
        ({"circuit": a_circuit("open", 5, 12.4)}, "open 12 s", State.OPEN),
        ({"circuit": a_circuit("half_open", 5)}, "half-open", State.HALF_OPEN),
        ({"circuit": a_circuit("half_open", 5, 1.0)}, "half-open", State.HALF_OPEN),
        ({"circuit": a_circuit("closed", 1, 3_550.0)}, "resting 59 m", State.OPEN),
        ({"ready": False, "reason": "KEY is not set"}, "not ready", State.NOT_READY),
        ({"ready": False, "reason": "disabled for this run", "is_disabled": True}, "disabled", State.NOT_READY),
    ],
)
def test_states_have_words_and_what_is_left_of_them(fields: dict[str, Any], said: str, state: State) -> None:
    line = line_of(a_row(**fields), NOW)
    assert (line.words, line.state) == (said, state)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0.0, "now"),
        (4.2, "4.2 s"),
        (98.0, "98 s"),
        (100.0, "2 m"),
        (3_599.0, "60 m"),
        (7_260.0, "2 h 01 m"),
        (2e5, "2 d"),
    ],
)
def test_countdowns_are_short(seconds: float, said: str) -> None:
    assert left(seconds) == said


def test_the_last_failure_tells_its_kind_and_age_and_a_clock_that_was_set_back_makes_no_future() -> None:
    row = a_row(last_failure="rate_limit", last_failure_at=NOW - 12)
    assert line_of(row, NOW).last == "rate limit, 12 s"
    assert line_of(row, NOW - 60).last == "rate limit, now"


def test_a_route_that_never_failed_says_there_why_it_is_not_ready() -> None:
    assert line_of(a_row(ready=False, reason="KEY is not set"), NOW).last == "KEY is not set"


def test_equal_lines_are_equal_values_so_that_only_what_changed_is_painted() -> None:
    row = a_row(last_failure="server", last_failure_at=NOW - 600)
    assert line_of(row, NOW) == line_of(replace(row), NOW + 5)
    assert line_of(row, NOW) != line_of(row, NOW + 60)


# ---- when to look


def test_only_what_can_be_seen_here_is_news() -> None:
    assert concerns([CircuitMoved(ROUTE, "open", "server", NOW, 30.0)])
    assert not concerns([RequestBegan(RequestId("r"), NOW, "ask", None, None)])


@pytest.mark.parametrize(
    ("fields", "restless"),
    [
        ({}, False),
        ({"in_flight": 1}, True),
        ({"circuit": a_circuit("open", 5, 10.0)}, True),
        ({"last_failure": "server", "last_failure_at": NOW - 5}, True),
        ({"last_failure": "server", "last_failure_at": NOW - 500}, False),
        ({"buckets": (0,) * 59 + (1,)}, True),
    ],
)
def test_a_list_in_which_nothing_moves_is_left_alone(fields: dict[str, Any], restless: bool) -> None:
    assert is_restless([a_row(**fields)], NOW) is restless


# ---- what can be done


def why(verb: str, credential: CredentialView | None = None, is_probing: bool = False, **fields: Any) -> str | None:
    return why_not(verb, Chosen(line_of(a_row(**fields), NOW), credential, credential is not None, is_probing))


def test_without_a_route_nothing_can_be_done() -> None:
    for verb in ("probe", "reset", "disable", "reset_credential", "copy", "export"):
        assert why_not(verb, Chosen()) == "no route is selected"


def test_a_healthy_circuit_needs_no_reset() -> None:
    assert why("reset") == "the circuit is closed and counts no failures"
    assert why("reset", circuit=a_circuit("closed", 1)) is None
    assert why("reset", circuit=a_circuit("open", 5, 9.0)) is None
    assert why("reset", circuit=a_circuit("closed", 0, 900.0)) is None


def test_a_probe_needs_a_provider_that_is_ready_and_one_at_a_time() -> None:
    assert why("probe") is None
    assert why("probe", ready=False, reason="KEY is not set") == "KEY is not set"
    assert why("probe", ready=False, reason="disabled for this run", is_disabled=True) is None
    assert why("probe", is_probing=True) == "a probe is under way; esc cancels it"


def test_a_credential_is_reset_only_where_it_is_out_of_use() -> None:
    assert why("reset_credential") == "one holds no credentials"
    assert why("reset_credential", a_credential(CredentialState.OK)) == "env:KEY is usable already"
    assert why("reset_credential", a_credential()) is None
    assert why("reset_credential", a_credential(CredentialState.DEAD)) is None
    assert why("disable") is None


# ---- columns


def test_every_column_of_the_list_can_be_sorted_by_with_unknown_figures_at_the_end() -> None:
    columns = route_columns()
    known, unknown = a_row(), a_row(route=Route(None, "two", "x"), p50_ms=None, tokens_per_s=None, success_rate=None)
    rows = Rows(columns, key=lambda line: line.route)
    rows.show(lines_of([unknown, known], NOW))
    for column in columns:
        assert column.is_sortable, column.key
    for key in ("p50", "speed", "ok"):
        for descending in (False, True):
            rows.set_sort(Sort(key, descending))
            assert rows.shown[-1].row is unknown


def test_sorted_by_state_what_needs_a_look_comes_first() -> None:
    rows = Rows(route_columns(), key=lambda line: line.route, sort=Sort("state"))
    broken = a_row(route=Route("b", "one", "x"), circuit=a_circuit("open", 5, 9.0))
    idle = a_row(route=Route("c", "one", "x"), requests=0)
    rows.show(lines_of([idle, a_row(), broken], NOW))
    assert [line.state for line in rows.shown] == [State.OPEN, State.CLOSED, State.IDLE]


def test_the_filter_finds_by_role_state_and_last_failure() -> None:
    columns = route_columns()
    rows = Rows(columns, key=lambda line: line.route)
    other = a_row(route=Route(None, "two", "beta"), role=RouteRole.OVERRIDE, last_failure="server", last_failure_at=NOW)
    rows.show(lines_of([a_row(), other], NOW))
    for text in ("role:over", "server", "beta", "route:two", "state:closed beta"):
        rows.set_filter(read_filter(text, columns))
        assert [line.row for line in rows.shown] == [other], text


@pytest.mark.parametrize("width", [60, 79, 100, 156])
def test_state_and_route_are_seen_at_any_width_and_all_columns_at_the_widest(width: int) -> None:
    shown = [fitted.column.key for fitted in fit(route_columns(), width)]
    assert shown[:2] == ["state", "route"]
    if width == 79:
        assert shown == ["state", "route", "ok", "p50", "last"]
    if width == 156:
        assert len(shown) == len(route_columns())


@pytest.mark.parametrize("width", [60, 156])
def test_every_cell_fills_its_column_exactly_whatever_a_name_holds(width: int) -> None:
    hostile = Route(None, "one", "a\x1b]0;x\x07b\nc\u202e" + "很长的名字" * 9)
    line = line_of(a_row(route=hostile, last_failure="server", last_failure_at=NOW), NOW)
    for fitted in fit(route_columns(), width):
        text = "".join(part for part, _ in in_cells(fitted, fitted.column.show(line)))
        assert cell_width(text) == fitted.width
        assert text.isprintable()


# ---- what leaves


def test_the_export_is_json_with_a_route_an_entry() -> None:
    text = exported([a_row(), a_row(route=Route(None, "two", 'x"\n'))])
    routes = json.loads(text)["routes"]
    assert [route["model"] for route in routes] == ["alpha", 'x"\n']
    assert routes[0]["circuit"]["state"] == "closed"
    assert routes[1]["profile"] is None
