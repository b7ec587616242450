"""What the errors of real services mean: over 120 bodies in their own shapes, read by their own dialects."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clawtui.config.schema import ProviderKind
from clawtui.engine.classify import classify_exception, classify_response, cleaned
from clawtui.engine.failures import RULES, Cools, Failure, FailureKind, decide
from clawtui.engine.wire import dialect_for
from clawtui.engine.wire.dialect import WireError
from clawtui.engine.wire.http import TransportFailed
from tests.engine.situations import a_situation
from tests.house import NEW_YEAR

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
        now_wall=NEW_YEAR,
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
            assert value == (pytest.approx(case[fact], abs=0.1) if isinstance(case[fact], float) else case[fact])
    assert failure.message


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
    asked = failure.retry_after_s
    if failure.kind is FailureKind.RATE_LIMIT and asked is not None and asked <= 3:
        decision = "retry"
    if failure.kind is FailureKind.OVERLOADED and asked is not None and asked > 3:
        decision = "next_profile"
    assert step.decision == decision
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


def read(words: str, status: int, **wishes: Any) -> Failure:
    kind = wishes.pop("kind", ProviderKind.OPENAI)
    known = {"in_stream": False, "prompt_tokens": 0, "now_wall": NEW_YEAR, **wishes}
    return classify_response(status, {}, WireError(message=words), kind, **known)


def test_what_looks_like_a_key_is_left_out_of_any_message() -> None:
    words = (
        "bad key sk-proj-quokka1234 for Bearer quokka.wombat, AIzaQuokka1234567, api_key=wombat99, xa***quokka"
        " and eyJhbGciOi.J9xx.zz1; max_tokens: 100000 stays"
    )
    shown = cleaned(words)
    for part in ("quokka", "wombat", "eyJ"):
        assert part not in shown
    assert "max_tokens: 100000 stays" in shown


@given(st.text(max_size=600), st.integers(100, 599), st.booleans(), st.sampled_from(list(ProviderKind)))
@settings(max_examples=100, deadline=None)
def test_any_words_under_any_status_are_read_and_come_out_clean(
    words: str, status: int, in_stream: bool, kind: ProviderKind
) -> None:
    """No input raises; the message is never empty, short, and holds no terminal control."""
    failure = read(words, status, in_stream=in_stream, kind=kind)
    assert 0 < len(failure.message) <= 300
    assert not any(
        ord(each) < 32 or 127 <= ord(each) < 160 or 0x202A <= ord(each) <= 0x202E for each in failure.message
    )


@pytest.mark.parametrize("words", ["model ", "max_tokens ", "'a' ", "context length is ", "1 > ", "retry in 5 m "])
def test_a_very_long_message_costs_little(words: str) -> None:
    began = time.perf_counter()
    read(words * 100_000, 400)
    assert time.perf_counter() - began < 0.5


def test_a_link_to_a_billing_page_is_no_word_about_money() -> None:
    assert read("Slow down, see https://x.test/settings/billing", 429).kind is FailureKind.RATE_LIMIT


def test_what_a_request_needs_is_never_dropped_to_please_a_server() -> None:
    failure = read("Unsupported value: 'messages[0].role' does not support 'developer' with this model.", 400)
    assert (failure.kind, failure.parameter) == (FailureKind.BAD_PARAMETER, None)
    assert decide(failure, a_situation(repaired=True)).decision == "next_profile"


def test_a_hint_of_seconds_does_not_bring_money_back() -> None:
    words = "Quota exceeded for metric: generate_content_free_tier_requests, limit: 0. Please retry in 12.5s."
    failure = read(words, 429, kind=ProviderKind.GEMINI)
    assert (failure.kind, failure.retry_after_s) == (FailureKind.BILLING, None)


def test_a_bare_404_asks_to_check_the_base_url_and_repeats_what_was_said() -> None:
    failure = read("404 page not found", 404)
    assert failure.kind is FailureKind.NOT_FOUND
    assert "check the base URL" in failure.message
    assert "404 page not found" in failure.message
