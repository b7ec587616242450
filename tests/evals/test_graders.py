"""Graders hold answers against what is expected: exactly, and without ever raising."""

from __future__ import annotations

import datetime
import json
import socket
from typing import Any

import pytest

from clawtui.engine.request import ToolCall
from clawtui.evals.cases import Expectation
from clawtui.evals.graders import NAMES, Fault, grade, read_expectation
from clawtui.evals.results import Answer, Grade


def read(table: dict[str, Any]) -> Expectation:
    found = read_expectation(table)
    assert isinstance(found, Expectation)
    return found


def graded(table: dict[str, Any], text: str = "", calls: tuple[ToolCall, ...] = (), **more: Any) -> Grade:
    return grade(read(table), Answer(text=text, tool_calls=calls, **more))


def call(name: str, arguments: str) -> ToolCall:
    return ToolCall("c1", name, arguments)


HUGE = "1" + "0" * 400
DEEP = "[" * 400 + "]" * 400


@pytest.mark.parametrize("negated", [False, True])
@pytest.mark.parametrize(
    ("table", "text"),
    [
        ({"json_schema": {"type": "array", "items": {"$ref": "#"}}}, DEEP),
        ({"json_schema": {"$ref": "#"}}, "{}"),
    ],
)
def test_what_a_grader_cannot_do_has_failed_and_says_so(table: dict[str, Any], text: str, negated: bool) -> None:
    found = graded({f"not_{name}" if negated else name: value for name, value in table.items()}, text)
    assert not found.passed
    assert found.reason.startswith("it cannot be graded: ")


def test_numbers_of_any_length_are_compared() -> None:
    assert not graded({"json_path": "$.n", "is": 3}, f'{{"n": {HUGE}}}').passed
    assert not graded({"json_path": "$.n", "is": 3.5}, f'{{"n": {HUGE}}}').passed
    assert graded({"json_path": "$.n", "is": int(HUGE)}, f'{{"n": {HUGE}}}').passed
    assert not graded({"tool_call": "f", "arguments": {"n": 3}}, calls=(call("f", f'{{"n": {HUGE}}}'),)).passed


def passes_path(value: Any, wanted: Any, **options: Any) -> bool:
    return graded({"json_path": "$.v", "is": wanted, **options}, json.dumps({"v": value})).passed


def passes_call(value: Any, wanted: Any, **options: Any) -> bool:
    calls = (call("f", json.dumps({"v": value})),)
    return graded({"tool_call": "f", "arguments": {"v": wanted}, **options}, calls=calls).passed


@pytest.mark.parametrize("passes", [passes_path, passes_call])
@pytest.mark.parametrize(
    ("value", "wanted", "is_same"),
    [
        ("aB3", "AB3", False),
        (" aB3 \n", "aB3", False),
        ("/tmp/a", "/TMP/A", False),
        (4711000000001, 4711000000002, False),
        (4711000000001.0, 4711000000002, False),
        (9876543210123, 9876543210124, False),
        (1e-10, 2e-10, False),
        (0.1 + 0.2, 0.3, True),
        (1, 1.0, True),
        (1, True, False),
        ("1", 1, False),
        ([1, 2], [1, 2, 3], False),
        ({"a": 1}, {"a": 1, "b": 2}, False),
        ({"a": [1, "x"]}, {"a": [1, "x"]}, True),
    ],
)
def test_values_are_compared_exactly(passes: Any, value: Any, wanted: Any, is_same: bool) -> None:
    assert passes(value, wanted) is is_same


@pytest.mark.parametrize("passes", [passes_path, passes_call])
def test_case_and_white_space_count_less_where_that_is_said(passes: Any) -> None:
    assert passes("aB3", "AB3", ignore_case=True)
    assert not passes(" aB3", "AB3", ignore_case=True)
    assert passes(" AB3\n", "AB3", whitespace="trim")
    assert passes({"x": ["a  b"]}, {"x": ["a b"]}, whitespace="collapse")


@pytest.mark.parametrize(
    ("path", "text", "is_there"),
    [
        ("$.grade[0]", '{"grade": "A"}', False),
        ("$.a[0]", '{"a": ["A"]}', True),
        ("$.a[-1]", '{"a": ["B", "A"]}', True),
        ("$['un it'].x", '{"un it": {"x": "A"}}', True),
        ("$.a-b", '{"a-b": "A"}', True),
        ("$[0]", '{"0": "A"}', False),
        ("$", '"A"', True),
        ("$.a.length", '{"a": "A"}', False),
    ],
)
def test_a_path_leads_through_lists_and_objects_only(path: str, text: str, is_there: bool) -> None:
    assert graded({"json_path": path, "is": "A"}, text).passed is is_there


def test_a_field_that_stands_twice_is_no_json() -> None:
    found = graded({"json_path": "$.ok", "is": True}, '{"ok": false, "ok": true}')
    assert (found.passed, "stands twice" in found.reason) == (False, True)


def test_calls_counts_all_that_were_made() -> None:
    one, other = call("f", '{"v": 1}'), call("g", "{}")
    expected = {"tool_call": "f", "arguments": {"v": 1}, "calls": 1}
    assert graded(expected, calls=(one,)).passed
    assert graded(expected, calls=(one, other)).reason == "calls made: 2, not 1"


@pytest.mark.parametrize("text", ["", "  \n"])
@pytest.mark.parametrize(
    "table",
    [
        {"not_contains": "sorry"},
        {"not_regex": "sorry"},
        {"not_json": True},
        {"not_tool_call": "f"},
        {"no_tool_call": True},
        {"max_words": 5},
        {"any": [{"not_contains": "sorry"}]},
    ],
)
def test_no_answer_meets_no_expectation_of_what_it_says(table: dict[str, Any], text: str) -> None:
    assert not graded(table, text, finish_reason="length").passed


def test_a_call_without_words_says_enough() -> None:
    assert graded({"not_contains": "sorry"}, calls=(call("f", "{}"),)).passed
    assert graded({"finish": "length"}, finish_reason="length").passed


@pytest.mark.parametrize("name", ["max_cost_usd", "not_max_cost_usd", "max_first_token_ms", "not_max_first_token_ms"])
def test_what_was_not_measured_is_neither_below_nor_above(name: str) -> None:
    assert not graded({name: 1}, "x").passed


# ---- what is told when a suite is read


def faults(table: dict[str, Any]) -> list[Fault]:
    found = read_expectation(table)
    return [] if isinstance(found, Expectation) else list(found)


DAY = datetime.date(2024, 1, 1)


@pytest.mark.parametrize(
    ("table", "place", "words"),
    [
        ({"json_path": "$.d", "is": DAY}, ("is",), "a date"),
        ({"json_path": "$.d", "is": [{"x": DAY}]}, ("is", 0, "x"), "a date"),
        ({"json_path": "$.d", "is": float("nan")}, ("is",), "nan"),
        ({"tool_call": "f", "arguments": {"d": DAY}}, ("arguments", "d"), "a date"),
        ({"json_schema": {"default": DAY}}, ("json_schema", "default"), "a date"),
        ({"json_schema": {"$ref": "#/nope"}}, ("json_schema",), "not in this schema"),
        ({"json_schema": {"items": {"$ref": "http://127.0.0.1:1/x"}}}, ("json_schema",), "not in this schema"),
        ({"json_schema": {"propertees": {}}}, ("json_schema",), "`propertees` is no word"),
        ({"json_schema": {"properties": {"a": {"requierd": ["b"]}}}}, ("json_schema",), "`requierd` is no word"),
        ({"not_json_path": "price", "is": 6}, ("not_json_path",), "no path"),
        ({"not_json_path": "$.items[*].p", "is": 6}, ("not_json_path",), "no path"),
        ({"not_json_path": "$..p", "is": 6}, ("not_json_path",), "no path"),
        ({"not_finish": "lenght"}, ("not_finish",), "one of stop, length"),
        ({"streamed": 0}, ("streamed",), "from 1 up"),
        ({"max_words": 0}, ("max_words",), "from 1 up"),
        ({"max_latency_ms": float("inf")}, ("max_latency_ms",), "inf"),
        ({"contains": " "}, ("contains",), "do not count"),
        ({"regex": "("}, ("regex",), "no pattern"),
    ],
)
def test_what_could_never_hold_or_never_fail_is_refused(
    table: dict[str, Any], place: tuple[str | int, ...], words: str
) -> None:
    (found,) = faults(table)
    assert (found.place, words in found.message) == (place, True), found


def test_schemas_may_lead_to_their_own_parts_and_carry_words_of_others() -> None:
    parts = {"$defs": {"a": {"type": "string"}}, "items": {"$ref": "#/$defs/a"}}
    assert faults({"json_schema": parts}) == []
    assert faults({"json_schema": {"example": 3, "nullable": True, "x-order": ["a"]}}) == []
    assert not graded({"json_schema": parts}, "[1]").passed


def test_formats_are_held_against_the_value() -> None:
    schema = {"properties": {"day": {"type": "string", "format": "date"}}}
    assert graded({"json_schema": schema}, '{"day": "2024-02-29"}').passed
    assert not graded({"json_schema": schema}, '{"day": "2023-02-29"}').passed


def test_all_that_is_wrong_in_one_expectation_is_told() -> None:
    found = faults({"any": [{"equals": 3, "ignor_case": True}, {"judge": "x"}]})
    assert [each.place for each in found] == [("any", 0, "equals"), ("any", 0, "ignor_case"), ("any", 1, "judge")]


def test_an_unknown_grader_is_told_with_the_nearest_or_with_all_there_are_once() -> None:
    (near,) = faults({"not_contians": "x"})
    assert near.fix == "did you mean `contains`?"
    (far,) = faults({"latent": "x"})
    told = far.fix.removeprefix("there is ").split(", ")
    assert (sorted(told), told[0]) == (sorted(NAMES), "max_latency_ms")


def test_no_schema_makes_the_network_be_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []
    monkeypatch.setattr(socket.socket, "connect", lambda _, address: asked.append(address))
    found = grade(Expectation("json_schema", {"value": {"$ref": "http://127.0.0.1:9/x"}}), Answer(text="{}"))
    assert (found.passed, asked) == (False, [])


@pytest.mark.parametrize(
    ("table", "text", "holds"),
    [
        ({"regex": "^705$"}, "\n705 \n", True),
        ({"regex": "^705$"}, "701\n705\n707", False),
        ({"regex": "(?m)^705$"}, "701\n705\n707", True),
        ({"regex": "^705$", "whitespace": "exact"}, " 705", False),
        ({"regex": "^a b$", "whitespace": "collapse"}, "a \n b", True),
        ({"regex": "^na\u00efve$"}, "nai\u0308ve", True),
        ({"regex": "^ABC$", "ignore_case": True}, "abc", True),
        ({"max_words": 5}, "漢字" * 500, False),
        ({"max_words": 5}, "ひらがな and more", False),
        ({"max_words": 6}, "ひらがな and more", True),
        ({"max_words": 3}, "one, two - ", True),
    ],
)
def test_texts(table: dict[str, Any], text: str, holds: bool) -> None:
    assert graded(table, text).passed is holds
