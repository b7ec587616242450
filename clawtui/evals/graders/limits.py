"""Graders that look at how an answer came: times, cost, pieces, and how it ended."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from clawtui.evals.results import Answer
from clawtui.text import duration_ms, money

Result = tuple[bool, str]
Arguments = Mapping[str, Any]


class NotKnown(Exception):
    """What is asked about was not measured: neither the expectation nor its contrary holds."""


def max_latency_ms(arguments: Arguments, answer: Answer) -> Result:
    most = arguments["value"]
    return answer.total_ms <= most, f"it took {duration_ms(answer.total_ms)}, at most {duration_ms(most)} are wanted"


def max_first_token_ms(arguments: Arguments, answer: Answer) -> Result:
    most, first = arguments["value"], answer.first_token_ms
    if first is None:
        raise NotKnown("no token came, so there was no first one")
    return first <= most, f"the first token took {duration_ms(first)}, at most {duration_ms(most)} are wanted"


def max_cost_usd(arguments: Arguments, answer: Answer) -> Result:
    most, cost = arguments["value"], answer.cost.usd
    if cost is None:
        raise NotKnown("what it cost is unknown: the model has no known price")
    return cost <= most, f"it cost {money(cost)}, at most {money(most)} are wanted"


def streamed(arguments: Arguments, answer: Answer) -> Result:
    """In so many pieces at least, a first token measured, and nothing lost between the pieces and the text."""
    least = arguments["value"]
    if answer.deltas < least:
        return False, f"it came in {answer.deltas} pieces, at least {least} are wanted"
    if answer.first_token_ms is None:
        return False, "no first token was seen"
    if answer.streamed_text != answer.text:
        return False, "the pieces put together are not the text"
    return True, f"it came in {answer.deltas} pieces, and nothing was lost"


def finish(arguments: Arguments, answer: Answer) -> Result:
    wanted, found = arguments["value"], answer.finish_reason
    return found == wanted, f"it ended by {found or 'nothing that was told'}, {wanted} is wanted"
