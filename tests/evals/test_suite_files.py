"""Suites as files: what they may say, and that everything wrong is told at once, with file, line and field."""

from __future__ import annotations

from pathlib import Path

import pytest

from clawtui.evals.cases import Suite
from clawtui.evals.graders import NAMES
from clawtui.evals.suite_files import LoadedSuites, load_suites


def loaded(tmp_path: Path, text: str, name: str = "mine.toml") -> LoadedSuites:
    file = tmp_path / name
    file.write_text(text, encoding="utf-8")
    return load_suites([str(file)], tmp_path / "none")


def suite_of(tmp_path: Path, text: str, name: str = "mine.toml") -> Suite:
    found = loaded(tmp_path, text, name)
    assert found.findings == ()
    return found.suites[0]


def told(tmp_path: Path, text: str, name: str = "mine.toml") -> dict[str, tuple[int | None, str]]:
    found = loaded(tmp_path, text, name)
    assert found.suites == ()
    return {finding.path: (finding.line, finding.message) for finding in found.findings}


CASE = '[[cases]]\nid = "one"\ninput = "hi"\nexpect = [{ contains = "x" }]\n'


def test_a_suite_has_the_name_of_its_file_or_its_own(tmp_path: Path) -> None:
    assert suite_of(tmp_path, CASE).id == "mine"
    assert suite_of(tmp_path, f'id = "other"\n{CASE}').id == "other"


def test_lines_of_input_and_ideal_are_read(tmp_path: Path) -> None:
    text = '{"input": "2+2", "ideal": "4"}\n\n{"id": "b", "input": [{"role": "user", "content": "hi"}], "ideal": ["a", "b"]}\n'
    suite = suite_of(tmp_path, text, "lines.jsonl")
    assert [case.id for case in suite.cases] == ["line-1", "b"]
    assert [case.expect[0].grader for case in suite.cases] == ["equals", "any"]
    assert suite.cases[1].turns[0].messages[0].text == "hi"


def test_all_that_is_wrong_is_told_at_once_with_line_and_field(tmp_path: Path) -> None:
    text = """[[cases]]
id = "one"
inptu = "hi"
expect = [{ contians = "x" }]
[[cases]]
id = "two"
input = "hi"
max_tokens = 0
expect = [{ contains = 5 }, { regex = "(a" }, { json_path = "$.x" }]
[[cases]]
id = "two"
input = "hi"
"""
    found = told(tmp_path, text)
    assert found["cases[0].inptu"][0] == 3
    assert found["cases[1].max_tokens"][0] == 8
    # What two fields say together is only looked at where each is right by itself.
    mended = text.replace("inptu", "input").replace("max_tokens = 0", "max_tokens = 5")
    found = told(tmp_path, mended)
    assert found["cases[0].expect[0].contians"] == (4, "there is no grader `contians`")
    assert "expected text" in found["cases[1].expect[0].contains"][1]
    assert "no pattern" in found["cases[1].expect[1].regex"][1]
    assert "needs `is`" in found["cases[1].expect[2].json_path"][1]
    assert "every answer would pass" in found["cases[2].id"][1]


def test_broken_text_is_told_with_its_line(tmp_path: Path) -> None:
    assert "not TOML" in told(tmp_path, "[[cases]\n")[""][1]
    assert told(tmp_path, '{"input": "a", "ideal": "b"}\n{"input": \n', "l.jsonl")[""][0] == 2


def test_two_cases_of_one_id_are_an_error(tmp_path: Path) -> None:
    assert "two cases" in told(tmp_path, CASE + CASE)["cases[1].id"][1]


def test_unknown_names_tell_the_nearest(tmp_path: Path) -> None:
    found = load_suites(["cor", "smoke"], tmp_path)
    assert found.unknown == ("there is no suite `cor`; did you mean `core`?",)
    assert [suite.id for suite in found.suites] == ["smoke"]


def test_a_users_suite_hides_a_shipped_one(tmp_path: Path) -> None:
    (tmp_path / "smoke.toml").write_text(CASE, encoding="utf-8")
    assert [case.id for case in load_suites(["smoke"], tmp_path).suites[0].cases] == ["one"]


@pytest.mark.parametrize("name", NAMES)
def test_every_grader_can_be_turned_around(tmp_path: Path, name: str) -> None:
    value = {
        "contains_any": '["x"]',
        "contains_all": '["x"]',
        "json": "true",
        "no_tool_call": "true",
        "json_schema": '{ type = "object" }',
        "json_path": '"$.x", is = 1',
        "judge": '"be kind", profile = "p"',
        "max_words": "5",
        "streamed": "5",
        "max_latency_ms": "5",
        "max_first_token_ms": "5",
        "max_cost_usd": "0.5",
        "finish": '"length"',
    }.get(name, '"x"')
    for spelled in (name, f"not_{name}"):
        case = suite_of(tmp_path, CASE.replace('contains = "x"', f"{spelled} = {value}")).cases[0]
        assert (case.expect[0].name, case.expect[0].negated) == (spelled, spelled != name)


def test_images_of_files_are_read_and_missing_ones_told(tmp_path: Path) -> None:
    image = 'images = [{ file = "x.png" }]\n'
    assert "No such file" in told(tmp_path, CASE + image)["cases[0].images[0].file"][1]
    (tmp_path / "x.png").write_bytes(b"no image")
    assert "no PNG" in told(tmp_path, CASE + image)["cases[0].images[0].file"][1]
    (tmp_path / "x.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    assert suite_of(tmp_path, CASE + image).cases[0].images[0].media_type == "image/png"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[[cases]]\nid = 'x'\nexpect = [{ json = true }]\n", "asks nothing"),
        (CASE + 'messages = [{ role = "user", content = "b" }]\n', "both say what is asked"),
        (CASE + 'turns = [{ input = "a" }]\n', "both say what is asked"),
        (CASE.replace('{ contains = "x" }', '{ contains = "x", regex = "y" }'), "two graders"),
        (CASE.replace('{ contains = "x" }', "{ json = false }"), "says nothing"),
        (CASE.replace('{ contains = "x" }', '{ any = [{ judge = "x", profile = "p" }] }'), "stands alone"),
    ],
)
def test_what_does_not_fit_together_is_told(tmp_path: Path, text: str, words: str) -> None:
    assert any(words in message for _, message in told(tmp_path, text).values())
