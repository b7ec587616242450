"""A conversation as values: what a model is told of it, the lines under an answer, exports."""

from __future__ import annotations

import json

import pytest

from clawtui.engine.request import Role
from clawtui.store.conversations import TurnStatus
from clawtui.tui.state.conversation import Entry, answer_lines, as_json, as_markdown, messages_of

ANSWERED = {
    "answered": {"profile": "fast", "provider": "one", "model": "alpha"},
    "first_token_ms": 200.0,
    "total_ms": 1200.0,
    "input_tokens": 12,
    "output_tokens": 50,
    "cost_usd": 0.0012,
    "attempts": 1,
}


def words(entry: Entry, width: int | None = None) -> list[str]:
    return ["".join(text for text, _ in line) for line in answer_lines(entry, width)]


def test_under_an_answer_stand_who_gave_it_how_fast_and_for_how_much() -> None:
    assert words(Entry("assistant", "x", facts=ANSWERED)) == [
        "answered by fast → one/alpha",
        "first token 200 ms · 50 tok/s · total 1.2 s · 12 in 50 out · $0.0012",
    ]


def test_figures_take_the_lines_that_they_need_where_it_is_narrow() -> None:
    lines = words(Entry("assistant", "x", facts=ANSWERED), width=30)[1:]
    assert lines == ["first token 200 ms · 50 tok/s", "total 1.2 s · 12 in 50 out", "$0.0012"]


def test_a_reason_and_an_error_are_never_cut() -> None:
    error = {"message": "nobody could answer: all three routes rest after failures", "hint": "wait 30 s or reset them"}
    lines = words(Entry("assistant", "", facts={"error": error}), width=20)
    assert all(len(line) <= 20 for line in lines)
    assert " ".join(lines) == f"○ {error['message']} → {error['hint']}"


def test_who_was_asked_instead_and_why_it_did_not_answer_is_said() -> None:
    instead = {"profile": "deep", "provider": "two", "model": "beta"}
    facts = {**ANSWERED, "instead": instead, "because": "rate_limited", "attempts": 3}
    lines = words(Entry("assistant", "x", facts=facts))
    assert "instead of deep → two/beta, because rate limited" in lines
    assert lines[-1].endswith("· 3 attempts")


def test_estimated_tokens_and_an_unknown_cost_say_so() -> None:
    line = words(Entry("assistant", "x", facts={**ANSWERED, "estimated": True, "cost_usd": None}))[-1]
    assert "≈12 in ≈50 out" in line
    assert "unknown" in line


@pytest.mark.parametrize(
    ("status", "said"), [(TurnStatus.INTERRUPTED, "interrupted"), (TurnStatus.CANCELLED, "cancelled")]
)
def test_half_an_answer_says_what_it_is(status: TurnStatus, said: str) -> None:
    assert f"{said}: what came is kept" in words(Entry("assistant", "x", status))[0]


def test_an_error_is_told_with_what_to_do() -> None:
    facts = {"error": {"kind": "auth", "message": "the key is wrong", "hint": "set KEY_ONE"}}
    assert words(Entry("assistant", "", TurnStatus.FAILED, facts)) == ["○ the key is wrong", "→ set KEY_ONE"]


def test_an_answer_that_never_came_is_not_told_to_the_model() -> None:
    entries = [Entry("user", "a"), Entry("assistant", "", TurnStatus.FAILED), Entry("user", "b")]
    assert [(message.role, message.text) for message in messages_of(entries)] == [(Role.USER, "a"), (Role.USER, "b")]


def test_a_long_conversation_is_told_from_a_question_on() -> None:
    entries = [Entry("user" if number % 2 == 0 else "assistant", str(number)) for number in range(101)]
    messages = messages_of(entries)
    assert messages[0].role is Role.USER
    assert messages[-1].text == "100"
    assert len(messages) <= 40


def test_tool_calls_and_their_results_belong_together() -> None:
    call = {"id": "c1", "name": "look", "arguments": "{}"}
    entries = [
        Entry("user", "a"),
        Entry("assistant", "", facts={"tool_calls": [call]}),
        Entry("tool", "sunny", facts={"tool_call_id": "c1", "name": "look"}),
    ]
    answer, result = messages_of(entries)[1:]
    assert answer.tool_calls[0].id == result.tool_call_id == "c1"


def test_a_broken_image_is_left_out_of_the_question() -> None:
    entry = Entry("user", "look", facts={"images": [{"data": "no base64!", "media_type": "image/png"}]})
    assert not messages_of([entry])[0].media


def test_exports_hold_every_turn() -> None:
    entries = [Entry("user", "hi", at=1.0), Entry("assistant", "ho", facts=ANSWERED, at=2.0)]
    text = as_markdown("a title", entries)
    assert text.startswith("# a title")
    assert "## You" in text
    assert "> answered by fast → one/alpha" in text
    document = json.loads(as_json("c1", "a title", entries))
    assert [turn["text"] for turn in document["turns"]] == ["hi", "ho"]
    assert document["turns"][1]["cost_usd"] == 0.0012
