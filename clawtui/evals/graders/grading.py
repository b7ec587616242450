"""Grades an answer by what its case expects of it. `judge` is not here: it asks a model, and so it waits."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from clawtui.evals.cases import Expectation
from clawtui.evals.graders import limits, structures, texts
from clawtui.evals.results import Answer, Grade
from clawtui.text import cut, one_line

LONGEST_REASON = 200

_CHECKS: dict[str, Callable[[Mapping[str, Any], Answer], tuple[bool, str]]] = {
    "equals": texts.equals,
    "contains": texts.contains,
    "contains_any": texts.contains_any,
    "contains_all": texts.contains_all,
    "regex": texts.regex,
    "max_words": texts.max_words,
    "json": structures.is_json,
    "json_schema": structures.json_schema,
    "json_path": structures.json_path,
    "tool_call": structures.tool_call,
    "no_tool_call": structures.no_tool_call,
    "max_latency_ms": limits.max_latency_ms,
    "max_first_token_ms": limits.max_first_token_ms,
    "max_cost_usd": limits.max_cost_usd,
    "streamed": limits.streamed,
    "finish": limits.finish,
}


# About how an answer came, not about what it says.
_OF_HOW_IT_CAME = ("max_latency_ms", "max_first_token_ms", "max_cost_usd", "streamed", "finish")


def grade(expectation: Expectation, answer: Answer) -> Grade:
    """Never raises: what cannot be graded has failed, turned around or not."""
    if expectation.grader == "any":
        grades = [grade(each, answer) for each in expectation.alternatives]
        passed = next((each for each in grades if each.passed), None)
        reason = passed.reason if passed else "none holds: " + "; ".join(each.reason for each in grades)
        return Grade("any", passed is not None, reason)
    if expectation.grader not in _OF_HOW_IT_CAME and not answer.text.strip() and not answer.tool_calls:
        return Grade(expectation.name, False, "there is no answer: neither text nor a call")
    try:
        holds, reason = _CHECKS[expectation.grader](expectation.arguments, answer)
    except limits.NotKnown as error:
        return Grade(expectation.name, False, str(error))
    except Exception as error:
        why = "it is nested too deeply" if isinstance(error, RecursionError) else f"{type(error).__name__}: {error}"
        return cannot_be_graded(expectation, why)
    return Grade(expectation.name, holds is not expectation.negated, reason)


def cannot_be_graded(expectation: Expectation, why: str) -> Grade:
    return Grade(expectation.name, False, f"it cannot be graded: {cut(one_line(why), LONGEST_REASON)}")
