"""The columns of the list of routes, and those of the two small tables in the detail."""

from __future__ import annotations

from collections.abc import Callable

from clawtui.engine.credentials import CredentialState
from clawtui.text import count, duration_ms, percent
from clawtui.tui.state.route_detail import AttemptLine, CredentialLine, attempt_words
from clawtui.tui.state.routes import ROLES, Line, named, state_cell
from clawtui.tui.widgets.columns import Align, CellValue, Column
from clawtui.tui.widgets.dots import State, dot_and_word
from clawtui.tui.widgets.parts import Tone
from clawtui.tui.widgets.sparkline import spark

SPARK = 12  # cells for the 60 buckets
ORDER = [State.OPEN, State.HALF_OPEN, State.NOT_READY, State.CLOSED, State.IDLE]
CREDENTIAL_MARKS = {
    CredentialState.OK: State.OK,
    CredentialState.COOLING: State.COOLING,
    CredentialState.DEAD: State.DEAD,
}


def route_columns() -> tuple[Column[Line], ...]:
    """Sorting by state brings what needs a look to the top."""
    right = Align.RIGHT
    return (
        Column("state", "State", state_cell, width=14, priority=0, order=lambda line: ORDER.index(line.state)),
        Column(
            "route",
            "Route",
            lambda line: named(line.route),
            least=31,
            share=6,
            priority=0,
            keeps_end=True,
            order=lambda line: named(line.route),
        ),
        Column("role", "Role", lambda line: ROLES[line.row.role], width=16, priority=5, order=lambda line: line.row.role),
        Column(
            "ok",
            "OK",
            lambda line: percent(line.row.success_rate),
            width=5,
            align=right,
            priority=1,
            order=lambda line: line.row.success_rate,
        ),
        _milliseconds("p50", "p50≈", 1, lambda line: line.row.p50_ms),
        _milliseconds("p95", "p95≈", 4, lambda line: line.row.p95_ms),
        _milliseconds("first", "First≈", 4, lambda line: line.row.first_token_p50_ms),
        Column(
            "speed",
            "Tok/s",
            lambda line: "–" if line.row.tokens_per_s is None else count(line.row.tokens_per_s),
            width=5,
            align=right,
            priority=5,
            order=lambda line: line.row.tokens_per_s,
        ),
        _number("now", "Now", 4, 3, lambda line: line.row.in_flight),
        _number("asked", "Asked", 5, 4, lambda line: line.row.requests),
        _number("retried", "Retry", 5, 6, lambda line: line.row.retries),
        _number("failed", "Failed", 6, 4, lambda line: line.row.failures),
        Column(
            "last",
            "Last failure",
            lambda line: ((line.last, Tone.NORMAL if line.row.ready else Tone.MUTED),),
            least=16,
            priority=2,
            order=lambda line: line.row.last_failure_at,
        ),
        Column(
            "recent",
            "Last 10 min",
            lambda line: spark(line.row.buckets, line.row.failed_buckets, SPARK),
            width=SPARK,
            priority=2,
            order=lambda line: sum(line.row.buckets),
            filters=False,
        ),
    )  # fmt: skip


def _milliseconds(key: str, label: str, priority: int, value: Callable[[Line], float | None]) -> Column[Line]:
    return Column(
        key,
        label,
        lambda line: duration_ms(value(line)),
        width=8,
        align=Align.RIGHT,
        priority=priority,
        order=value,
        filters=False,
    )


def _number(key: str, label: str, width: int, priority: int, value: Callable[[Line], int]) -> Column[Line]:
    return Column(
        key,
        label,
        lambda line: count(value(line)),
        width=width,
        align=Align.RIGHT,
        priority=priority,
        order=value,
        filters=False,
    )


def credential_columns() -> tuple[Column[CredentialLine], ...]:
    def state(line: CredentialLine) -> CellValue:
        return dot_and_word(CREDENTIAL_MARKS[line.state])

    return (
        Column("label", "Credential", lambda line: line.label, least=14, share=2, priority=0, keeps_end=True),
        Column("state", "State", state, width=9, priority=0),
        Column("back", "Back in", lambda line: line.back, width=8, align=Align.RIGHT, priority=1),
        Column("cause", "Cause", lambda line: line.cause, least=10, share=2, priority=2),
        Column("uses", "Uses", lambda line: count(line.uses), width=5, align=Align.RIGHT, priority=3),
    )


def attempt_columns() -> tuple[Column[AttemptLine], ...]:
    tones = {"ok": Tone.OK, "failed": Tone.BAD}
    return (
        Column("when", "Recent call", lambda line: line.when, width=11, priority=0),
        Column(
            "outcome",
            "Outcome",
            lambda line: ((attempt_words(line.row), tones.get(line.row.outcome, Tone.IDLE)),),
            least=16,
            share=2,
            priority=0,
        ),
        Column("ms", "Took", lambda line: duration_ms(line.row.ms), width=8, align=Align.RIGHT, priority=1),
        Column(
            "first", "First", lambda line: duration_ms(line.row.first_token_ms), width=8, align=Align.RIGHT, priority=3
        ),
        Column(
            "credential", "Credential", lambda line: line.row.credential or "–", least=12, priority=2, keeps_end=True
        ),
    )
