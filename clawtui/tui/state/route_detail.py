"""The selected route in words: its circuit and figures as facts, its credentials, recent calls and history as lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from clawtui.engine.credentials import CredentialState, CredentialView
from clawtui.engine.ports import Transition
from clawtui.engine.probing import Probe
from clawtui.engine.verdicts import RouteRole
from clawtui.runtime.route_detail import FallsBack, RouteDetail, TimeLimits
from clawtui.store.traces import AttemptRow
from clawtui.text import ago, clock_time, count, day_and_time, duration, duration_ms, percent
from clawtui.tui.state.routes import ROLES, Line, is_resting, left, named, state_cell, words_of
from clawtui.tui.widgets.parts import PartLine, Tone, wrap

DAY = 86_400.0
LABEL_CELLS = 12
STATE_TONES = {"open": Tone.BAD, "half_open": Tone.WARN, "closed": Tone.OK}


@dataclass(frozen=True, slots=True)
class Fact:
    """A label and what there is to say; several lines where it is long or has several parts."""

    label: str
    parts: PartLine
    more: tuple[str, ...] = ()  # further lines, each wrapped for itself


@dataclass(frozen=True, slots=True)
class Probed:
    """What was heard when a provider was asked by hand."""

    provider: str
    words: str
    tone: Tone
    at: float


@dataclass(frozen=True, slots=True)
class CredentialLine:
    """A credential as this route sees it: what cools for other models alone does not stand in its way."""

    view: CredentialView
    label: str
    state: CredentialState
    back: str
    cause: str
    uses: int


@dataclass(frozen=True, slots=True)
class AttemptLine:
    row: AttemptRow
    when: str


# ---- facts


def facts(line: Line, detail: RouteDetail | None, probed: Probed | None, now: float) -> list[Fact]:
    """What stands above the tables: what is now, first; a detail that was not read yet leaves its lines out."""
    found = [Fact("Route", ((named(line.route), Tone.STRONG),)), _readiness(line), *_circuit(line)]
    if probed is not None and probed.provider == line.route.provider:
        found.append(Fact("Probe", ((probed.words, probed.tone), (f", {ago(max(0.0, now - probed.at))}", Tone.MUTED))))
    found += _figures(line, detail)
    found += _last_failure(line, now)
    return found


def _readiness(line: Line) -> Fact:
    row, parts = line.row, state_cell(line)
    if row.is_disabled:
        return Fact("State", (*parts, (" for this run; x takes it back in", Tone.NORMAL)))
    return Fact("State", parts, () if row.ready else (row.reason,))


def _circuit(line: Line) -> list[Fact]:
    circuit = line.row.circuit
    state = circuit.state.value
    found = []
    failures = "1 failure" if circuit.failures == 1 else f"{circuit.failures} failures"
    counted = f"{failures} in a row, {circuit.threshold} open it"
    if state == "open":
        counted = f"opened by {circuit.cause}"
    elif state == "half_open":
        counted = f"half-open since {circuit.cause}; the next answer closes it"
    found.append(Fact("Circuit", ((counted, Tone.NORMAL),)))
    if circuit.retry_in_s is not None:
        if is_resting(line.row):
            found.append(
                Fact("Rests", ((f"{left(circuit.retry_in_s)} more", Tone.WARN), (f": {circuit.cause}", Tone.NORMAL)))
            )
        elif state == "open":
            found.append(Fact("Next probe", ((f"in {left(circuit.retry_in_s)}", Tone.WARN),)))
    return found


def _figures(line: Line, detail: RouteDetail | None) -> list[Fact]:
    row = line.row
    found = [Fact("Role", ((ROLES[row.role], Tone.NORMAL),))]
    flying = f"{row.in_flight} in flight"
    if detail is not None and detail.limits is not None:
        flying += f"; {detail.provider_in_flight} of {detail.limits.at_once} at {row.route.provider}"
    found.append(Fact("Now", ((flying, Tone.NORMAL),)))
    if not row.requests:
        found.append(Fact("So far", (("nothing was asked of it", Tone.MUTED),)))
        return found
    calls = "1 call" if row.requests == 1 else f"{count(row.requests)} calls"
    retries = f", {count(row.retries)} of them again" if row.retries else ""
    asked = f"{calls}{retries}, {count(row.failures)} failed"
    found.append(Fact("So far", ((f"{percent(row.success_rate)} answered", Tone.NORMAL), (f": {asked}", Tone.MUTED))))
    speed = "" if row.tokens_per_s is None else f", {count(row.tokens_per_s)} tokens/s"
    found.append(
        Fact(
            "Times ≈",
            (
                (f"p50 {duration_ms(row.p50_ms)}, p95 {duration_ms(row.p95_ms)}", Tone.NORMAL),
                (f", first token {duration_ms(row.first_token_p50_ms)}{speed}", Tone.NORMAL),
            ),
        )
    )
    return found


def _last_failure(line: Line, now: float) -> list[Fact]:
    row = line.row
    if row.last_failure is None or row.last_failure_at is None:
        return []
    age = ago(max(0.0, now - row.last_failure_at))
    return [
        Fact(
            "Last failure",
            ((words_of(row.last_failure), Tone.BAD), (f", {age} ({day_and_time(row.last_failure_at)})", Tone.MUTED)),
        )
    ]


def more_facts(line: Line, detail: RouteDetail, now: float) -> list[Fact]:
    """What stands below the tables: limits, who falls back to it, what its circuit did."""
    found = []
    if detail.limits is not None:
        found.append(Fact("Time limits", ((_times(detail.limits), Tone.NORMAL),), _rules(detail.limits)))
    found.append(Fact("Fallback of", ((_fallbacks(detail.fallback_of, line.row.role), Tone.NORMAL),)))
    if detail.transitions:
        found.append(Fact("History", (_step(detail.transitions[0], now)), ()))
        found += [Fact("", _step(step, now)) for step in detail.transitions[1:]]
    else:
        found.append(Fact("History", (("the circuit has never moved", Tone.MUTED),)))
    return found


def _times(limits: TimeLimits) -> str:
    return (
        f"connect {duration(limits.connect_s)}, first token {duration(limits.first_token_s)},"
        f" silence {duration(limits.idle_s)}, whole {duration(limits.total_s)}"
    )


def _rules(limits: TimeLimits) -> tuple[str, ...]:
    retries = "1 retry" if limits.retries == 1 else f"{limits.retries} retries"
    return (
        f"{retries}, {limits.at_once} calls at once at the provider",
        f"the circuit opens for {duration(limits.open_for_s)}, at most {duration(limits.open_for_max_s)}",
    )


def _fallbacks(found: Sequence[FallsBack], role: RouteRole) -> str:
    if not found:
        return "nobody" if role is not RouteRole.OVERRIDE else "nobody: it was named directly"
    words = [
        f"policy {each.name} ({each.place})" if each.is_policy else f"{each.name} ({each.place})" for each in found
    ]
    return ", ".join(words)


def _step(step: Transition, now: float) -> PartLine:
    before, after = step.before.replace("_", "-"), step.after.replace("_", "-")
    return (
        (f"{when(step.at, now)}, {ago(max(0.0, now - step.at))}: ", Tone.MUTED),
        (f"{before} → ", Tone.NORMAL),
        (after, STATE_TONES.get(step.after, Tone.NORMAL)),
        (f", {step.cause}", Tone.NORMAL),
    )


def when(at: float, now: float) -> str:
    """The time of day; the day before it where it was another one."""
    return clock_time(at) if day_and_time(at)[:10] == day_and_time(now)[:10] else day_and_time(at)[5:16]


# ---- tables


def credential_lines(detail: RouteDetail) -> list[CredentialLine]:
    """One line a credential. What matters is the longest wait that holds for the route's model."""
    by_label: dict[str, list[CredentialView]] = {}
    for view in detail.credentials:
        by_label.setdefault(view.label, []).append(view)
    return [_credential(views, detail.route.model) for views in by_label.values()]


def _credential(views: list[CredentialView], model: str) -> CredentialLine:
    here = [view for view in views if view.model in (None, model) and view.state is not CredentialState.OK]
    if here:
        view = max(here, key=lambda view: float("inf") if view.retry_in_s is None else view.retry_in_s)
        back = "–" if view.retry_in_s is None else left(view.retry_in_s)
        return CredentialLine(view, view.label, view.state, back, view.cause, view.uses)
    view = views[0]
    if view.state is CredentialState.OK:
        return CredentialLine(view, view.label, view.state, "", "", view.uses)
    waits = "" if view.retry_in_s is None else f", {left(view.retry_in_s)}"
    cause = f"for {view.model}: {view.cause}{waits}"
    return CredentialLine(view, view.label, CredentialState.OK, "", cause, view.uses)


def no_credentials(line: Line, detail: RouteDetail) -> str:
    """What stands in the place of an empty table of credentials."""
    if detail.keyless:
        return f"{line.route.provider} needs no credential"
    return line.row.reason or "Credentials are looked up on the first call"


def attempt_lines(detail: RouteDetail, now: float) -> list[AttemptLine]:
    return [AttemptLine(row, when(row.at, now)) for row in detail.attempts]


def attempt_words(row: AttemptRow) -> str:
    if row.failure is None:
        return row.outcome
    return words_of(row.failure) + (f" ({row.status})" if row.status else "")


# ---- probes


def heard(probe: Probe, at: float) -> Probed:
    """An answer that is a refusal still says that the provider is there."""
    took = "" if probe.ms is None else f" in {duration_ms(probe.ms)}"
    if not probe.reachable:
        return Probed(probe.provider, f"not reached: {probe.error or 'no answer'}", Tone.BAD, at)
    if probe.error is not None:
        return Probed(probe.provider, f"refused{took}: {probe.error}", Tone.WARN, at)
    models = len(probe.models)
    return Probed(probe.provider, f"answered{took}, {models} model{'' if models == 1 else 's'}", Tone.OK, at)


# ---- laying out


def laid_out(found: Sequence[Fact], width: int) -> list[PartLine]:
    """Facts as lines of at most `width` cells: labels on the left, what is long goes on below itself."""
    room = max(8, width - LABEL_CELLS - 1)
    lines: list[PartLine] = []
    for fact in found:
        wrapped = wrap(fact.parts, room)
        for text in fact.more:
            wrapped += wrap(((text, Tone.MUTED),), room)
        for place, parts in enumerate(wrapped):
            label = fact.label if place == 0 else ""
            lines.append(((f"{label:<{LABEL_CELLS}} ", Tone.MUTED), *parts))
    return lines
