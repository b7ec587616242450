"""Models that need no script: their name says how they behave. `-xN` behind a faulty one: only its first N requests.

| name | plays |
|---|---|
| `sim-echo` | the last user message |
| `sim-json` | JSON that fits the schema asked for |
| `sim-tools` | calls the first (or the named) tool, then uses its result |
| `sim-think` | reasons before it answers |
| `sim-words-N` | an answer of N words |
| `sim-speed-N` | N tokens a second |
| `sim-slow-Ns` | first token after N seconds (`sim-slow-0.5s`) |
| `sim-context-N` | a context of N tokens |
| `sim-filter` | a refusal by the content filter |
| `sim-status-CODE` | that status, in the dialect's own error shape |
| `sim-rate-limit-N` | 429, to be tried again after N seconds |
| `sim-billing` | no credit left |
| `sim-hang` | takes the request and never answers |
| `sim-stall-N` `sim-cut-N` `sim-reset-N` | N chunks, then silence / a closed socket / a reset |
| `sim-reset` | a reset before any header |
| `sim-malformed-N` | one unreadable chunk after N |
| `sim-no-end` `sim-no-done` | no finish reason and no end marker / no end marker only |
| `sim-error-in-200` `sim-error-in-200-N` | an error inside a 200 answer, at once / after N chunks |
| `sim-garbage` `sim-empty` | bytes that are nothing / no bytes |
| `sim-json-instead` | a whole JSON answer where a stream was due |
| `sim-usage-late` | usage in a frame after the finish reason |
| `sim-redirect` | 307 to another path |
| `sim-huge-N` | N bytes of text |
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from clawtui.simulator.problem import ProblemKind
from clawtui.simulator.script import Fault, FaultKind, Finish, ModelScript, Source

NAMED_MODELS = ("sim-echo", "sim-json", "sim-tools", "sim-think")

_WORDS = ("this", "is", "a", "simulated", "answer", "of", "a", "given", "length", "that", "means", "nothing")


def _words(number: str) -> ModelScript:
    return ModelScript(text=" ".join(_WORDS[index % len(_WORDS)] for index in range(int(number))))


def _faulty(kind: FaultKind) -> Callable[[str], ModelScript]:
    return lambda _: ModelScript(faults=(Fault(kind),))


def _faulty_after(kind: FaultKind) -> Callable[[str], ModelScript]:
    return lambda number: ModelScript(faults=(Fault(kind, after=int(number)),))


_PATTERNS: tuple[tuple[re.Pattern[str], Callable[[str], ModelScript]], ...] = tuple(
    (re.compile(pattern), make)
    for pattern, make in (
        (r"echo()", lambda _: ModelScript(source=Source.ECHO)),
        (r"json()", lambda _: ModelScript(source=Source.JSON)),
        (r"tools()", lambda _: ModelScript(source=Source.TOOLS)),
        (r"think()", lambda _: ModelScript(reasoning="First I would look at the question, if I could think.")),
        (r"words-(\d{1,6})", _words),
        (r"speed-(\d{1,6})", lambda number: ModelScript(tokens_per_s=max(1.0, float(number)))),
        (r"slow-(\d+(?:\.\d+)?)s", lambda number: ModelScript(first_token_s=float(number))),
        (r"context-(\d+)", lambda number: ModelScript(context=int(number))),
        (r"filter()", lambda _: ModelScript(text="", finish=Finish.FILTER)),
        (r"status-([2-5]\d\d)", lambda code: ModelScript(faults=(Fault(FaultKind.STATUS, status=int(code)),))),
        (
            r"rate-limit-(\d+)",
            lambda number: ModelScript(faults=(Fault(FaultKind.RATE_LIMIT, retry_after=float(number)),)),
        ),
        (
            r"billing()",
            lambda _: ModelScript(faults=(Fault(FaultKind.STATUS, problem=ProblemKind.BILLING),)),
        ),
        (r"hang()", _faulty(FaultKind.HANG)),
        (r"stall-(\d+)", _faulty_after(FaultKind.STALL)),
        (r"cut-(\d+)", _faulty_after(FaultKind.CUT)),
        (r"reset-(\d+)", _faulty_after(FaultKind.RESET)),
        (r"reset()", _faulty(FaultKind.RESET)),
        (r"malformed-(\d+)", _faulty_after(FaultKind.MALFORMED)),
        (r"no-end()", _faulty(FaultKind.NO_END)),
        (r"no-done()", _faulty(FaultKind.NO_DONE)),
        (r"error-in-200-(\d+)", _faulty_after(FaultKind.ERROR_IN_200)),
        (r"error-in-200()", _faulty(FaultKind.ERROR_IN_200)),
        (r"garbage()", _faulty(FaultKind.GARBAGE)),
        (r"empty()", _faulty(FaultKind.EMPTY)),
        (r"json-instead()", _faulty(FaultKind.JSON_INSTEAD_OF_STREAM)),
        (r"usage-late()", _faulty(FaultKind.USAGE_AFTER_FINISH)),
        (r"redirect()", _faulty(FaultKind.REDIRECT)),
        (r"huge-(\d{1,9})", lambda number: ModelScript(faults=(Fault(FaultKind.HUGE, size=int(number)),))),
    )
)

_TIMES = re.compile(r"(?P<name>.+)-x(?P<times>\d+)")


def named_model(name: str) -> ModelScript | None:
    """How the model of this name behaves, if its name says so."""
    if not name.startswith("sim-"):
        return None
    rest, times = name.removeprefix("sim-"), None
    if found := _TIMES.fullmatch(rest):
        rest, times = found["name"], int(found["times"])
    for pattern, make in _PATTERNS:
        if matched := pattern.fullmatch(rest):
            model = make(matched[1])
            if times is not None and model.faults:
                return replace(model, faults=tuple(replace(fault, times=times) for fault in model.faults))
            return model
    return None
