"""What the errors of real services mean: over 120 bodies in their own shapes, read by their own dialects."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from clawtui.config.schema import ProviderKind
from clawtui.engine.classify import classify_exception, classify_response, cleaned
from clawtui.engine.failures import RULES, Cools, Failure, FailureKind, decide
from clawtui.engine.wire import dialect_for
from clawtui.engine.wire.http import TransportFailed
from tests.engine.situations import a_situation

BODIES = [json.loads(line) for line in (Path(__file__).parent / "fixtures" / "failures.jsonl").read_text().splitlines()]


def classified(case: dict[str, Any]) -> Failure:
    body = case["body"] if isinstance(case["body"], str) else json.dumps(case["body"])
    kind = ProviderKind(case["kind"])
    error = dialect_for(kind).read_error(case["status"], body.encode())
    return classify_response(
        case["status"],
        case["headers"],
        error,
        kind,
        in_stream=case.get("in_stream", False),
        prompt_tokens=case.get("prompt_tokens", 1_000),
        now_wall=1_800_000_000.0,
    )


def named(case: dict[str, Any]) -> str:
    return f"{case['from']} {case['status']} {case['expect']}"


def test_there_are_enough_of_them() -> None:
    assert len(BODIES) >= 120
    assert {case["expect"] for case in BODIES} >= {
        kind.value for kind, rule in RULES.items() if rule.cools is not Cools.NOTHING
    }


@pytest.mark.parametrize("case", BODIES, ids=map(named, BODIES))
def test_each_body_is_of_its_kind_and_states_what_it_states(case: dict[str, Any]) -> None:
    failure = classified(case)
    assert failure.kind == case["expect"]
    for fact, value in (
        ("limit", failure.limit),
        ("parameter", failure.parameter),
        ("retry_after", failure.retry_after_s),
    ):
        if fact in case:
            assert value == pytest.approx(case[fact]) if isinstance(case[fact], float) else value == case[fact]


# What happens next where everything is possible, and what is taken out of use for a while.
NEXT = {
    "rate_limit": ("next_credential", "credential_model"),
    "upstream_rate_limit": ("next_profile", "route"),
    "overloaded": ("retry", "nothing"),
    "server": ("retry", "nothing"),
    "billing": ("next_credential", "credential"),
    "auth": ("next_credential", "credential"),
    "model_not_found": ("next_profile", "route"),
    "not_found": ("stop", "nothing"),
    "context": ("next_profile", "nothing"),
    "long_context_tier": ("repair", "tier"),
    "output_cap": ("repair", "nothing"),
    "bad_parameter": ("repair", "nothing"),
    "content_filter": ("stop", "nothing"),
    "bad_request": ("stop", "nothing"),
}


@pytest.mark.parametrize("case", BODIES, ids=map(named, BODIES))
def test_each_body_leads_to_its_decision_and_scope(case: dict[str, Any]) -> None:
    failure = classified(case)
    decision, scope = NEXT[case["expect"]]
    step = decide(failure, a_situation())
    waits = failure.kind is FailureKind.RATE_LIMIT and (failure.retry_after_s or 99) <= 3
    assert step.decision == ("retry" if waits else decision)
    assert RULES[failure.kind].cools == scope


def test_a_servers_words_are_cleaned_cut_and_show_no_key() -> None:
    text = cleaned("Incorrect key sk-proj-abcdefgh12345\x1b[2J\u202e " + "x" * 1_000)
    assert "sk-proj" not in text
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert len(text) <= 300


def test_an_exception_is_classified_by_its_cause() -> None:
    wrapped = RuntimeError("wrapped")
    wrapped.__cause__ = TransportFailed(FailureKind.DNS, "no such name", "https://x.invalid")
    assert classify_exception(wrapped).kind is FailureKind.DNS
    assert classify_exception(TimeoutError()).kind is FailureKind.TIMEOUT_FIRST_TOKEN
    assert classify_exception(ZeroDivisionError()).kind is FailureKind.UNKNOWN
