"""Suites as files: what they may say, and that everything wrong is told at once, with file, line and field."""

from __future__ import annotations

from pathlib import Path

import pytest

from clawtui.engine.request import Role
from clawtui.evals.cases import Suite
from clawtui.evals.graders import NAMES
from clawtui.evals.requests import request_for
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


TOOLS = '[[cases]]\nid = "one"\nexpect = [{ contains = "x" }]\ntools = [{ name = "f" }]\n'
IMAGE_FOR_NOBODY = """[[cases]]
id = "one"
images = [{ number = 4 }]
messages = [{ role = "system", content = "b" }]
expect = [{ contains = "x" }]
"""


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
    text = """descriptio = "x"
[[cases]]
id = "one"
inptu = "hi"
expect = [{ contians = "x" }, 5]
[[cases]]
id = "two"
input = "hi"
max_tokens = 0
expect = [{ contains = 5 }, { regex = "(a" }, { json_path = "$.x" }]
[[cases]]
id = "a b"
tools = [{ nam = "x" }]
expect = [{ equals = "x", ignor_case = true }]
[[cases]]
id = "two"
input = "hi"
schema = { default = 2024-01-01 }
[[cases]]
id = "two"
input = "hi"
expect = [{ equals = "x" }]
"""
    found = told(tmp_path, text)
    assert {path: line for path, (line, _) in found.items()} == {
        "descriptio": 1,
        "cases[0].inptu": 4,
        "cases[0].expect[0].contians": 5,
        "cases[0].expect[1]": 5,
        "cases[1].max_tokens": 9,
        "cases[1].expect[0].contains": 10,
        "cases[1].expect[1].regex": 10,
        "cases[1].expect[2].json_path": 10,
        "cases[2].id": 12,
        "cases[2].tools[0].nam": 13,
        "cases[2].tools[0].name": 13,
        "cases[2].expect[0].ignor_case": 14,
        "cases[3].id": 16,
        "cases[3].schema.default": 18,
        "cases[4].id": 20,
    }


def test_a_misspelt_grader_is_told_beside_a_misspelt_field(tmp_path: Path) -> None:
    found = told(tmp_path, '[[cases]]\nid = "one"\ninptu = "hi"\nexpect = [{ contians = "x" }]\n')
    assert set(found) == {"cases[0].inptu", "cases[0].expect[0].contians"}


def test_broken_text_is_told_with_its_line(tmp_path: Path) -> None:
    assert told(tmp_path, 'id = "x"\ncases = [\n')[""] == (3, "this is not TOML: Invalid value")
    assert told(tmp_path, "[[cases]\n")[""][0] == 1
    assert told(tmp_path, '{"input": "a", "ideal": "b"}\n{"input": \n', "l.jsonl")[""][0] == 2


def test_two_cases_of_one_id_are_an_error_at_the_second(tmp_path: Path) -> None:
    broken = '[[cases]]\nid = "zero"\nexpect = [{ equals = "x" }]\n'
    found = told(tmp_path, broken + CASE + CASE)
    assert found["cases[2].id"] == (9, "`one` is the id of two cases")
    line = '{"id": "q", "input": "a", "ideal": "b"}\n'
    assert told(tmp_path, f"{line}\n{line}", "l.jsonl") == {"id": (3, "`q` is the id of two cases")}


def test_a_line_ends_where_json_says_so(tmp_path: Path) -> None:
    text = '{"id": "q", "input": "a\u2028b\x85c", "ideal": "d"}\r\n{"id": "r", "input": "a", "ideal": "d"}\r\n'
    suite = suite_of(tmp_path, text, "l.jsonl")
    assert [case.turns[0].messages[0].text for case in suite.cases] == ["a\u2028b\x85c", "a"]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('{"input": "a\\ud800", "ideal": "b"}', "half of a character"),
        ('{"input": "a", "input": "b", "ideal": "b"}', "stands twice"),
        ('{"input": "a", "weight": NaN, "ideal": "b"}', "NaN is no JSON"),
        ('{"input": "a", "ideal": []}', "no answer"),
        ('{"input": "a", "ideal": ""}', "no answer"),
        ('{"input": "a", "ideal": ["b", 5]}', "no answer"),
        ('{"input": "a", "ideal": null}', "expects nothing"),
        ('{"input": " ", "ideal": "b"}', "asks nothing"),
    ],
)
def test_lines_without_sense_are_told(tmp_path: Path, line: str, words: str) -> None:
    ((_, (number, message)),) = told(tmp_path, "\n" + line, "l.jsonl").items()
    assert (number, words in message) == (2, True), message


def test_unknown_names_tell_the_nearest(tmp_path: Path) -> None:
    found = load_suites(["cor", "smoke"], tmp_path)
    assert found.unknown == ("there is no suite `cor`; did you mean `core`?",)
    assert [suite.id for suite in found.suites] == ["smoke"]


def test_what_is_listed_can_be_asked_for(tmp_path: Path) -> None:
    (tmp_path / "Foo.toml").write_text(CASE, encoding="utf-8")
    (tmp_path / "bar.toml").write_text(f'id = "other"\n{CASE}', encoding="utf-8")
    listed = [suite.id for suite in load_suites([], tmp_path).suites]
    assert listed[-2:] == ["foo", "other"]
    for name in (*listed, "Foo"):
        found = load_suites([name], tmp_path)
        assert [suite.id for suite in found.suites] == [name.lower()]
    assert load_suites(["othr"], tmp_path).unknown == ("there is no suite `othr`; did you mean `other`?",)


def test_two_suites_of_one_name_are_not_run_as_one(tmp_path: Path) -> None:
    for folder in ("d1", "d2"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "mine.toml").write_text(CASE, encoding="utf-8")
    asked = [str(tmp_path / folder / "mine.toml") for folder in ("d1", "d2")]
    found = load_suites(asked, tmp_path / "none")
    assert [(finding.file, finding.message) for finding in found.findings] == [
        (tmp_path / "d2" / "mine.toml", f"`mine` is the name of another suite, too ({asked[0]})")
    ]
    core = tmp_path / "core.toml"
    core.write_text(CASE, encoding="utf-8")
    assert "(shipped)" in load_suites(["core", str(core)], tmp_path / "none").findings[0].message


def test_two_files_in_the_folder_that_claim_one_name_are_told(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text(f'id = "b"\n{CASE}', encoding="utf-8")
    (tmp_path / "b.toml").write_text(CASE, encoding="utf-8")
    for asked in ([], ["b"]):
        found = load_suites(asked, tmp_path)
        assert [finding.file for finding in found.findings] == [tmp_path / "b.toml"]
        assert "b" not in [suite.id for suite in found.suites]
    assert load_suites(["core"], tmp_path).findings == ()


def test_a_file_that_is_named_twice_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.toml").write_text(CASE, encoding="utf-8")
    found = load_suites(["mine.toml", "./mine.toml", str(tmp_path / "mine.toml"), "mine", "core", "core"], tmp_path)
    assert ([suite.id for suite in found.suites], found.findings) == (["mine", "core"], ())


def test_a_file_that_ends_otherwise_is_no_suite(tmp_path: Path) -> None:
    file = tmp_path / "w2.txt"
    file.write_text(CASE, encoding="utf-8")
    found = load_suites([str(file)], tmp_path)
    assert (found.suites, "ends in .toml or .jsonl" in found.unknown[0]) == ((), True)


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
        case = suite_of(
            tmp_path, CASE.replace('contains = "x"', f"{spelled} = {value}") + 'tools = [{ name = "x" }]'
        ).cases[0]
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
        (CASE + 'tools = [{ name = "f" }, { name = "f" }]\n', "two tools"),
        (CASE + 'tool_choice = "f"\n', "`f` is offered"),
        (CASE + 'tool_choice = "required"\n', "no tool to choose from"),
        (CASE.replace("contains", "not_tool_call"), "`x` is offered"),
        (CASE.replace('{ contains = "x" }', '{ any = [{ tool_call = "x" }] }'), "`x` is offered"),
        (IMAGE_FOR_NOBODY, "there is none"),
        (TOOLS + 'messages = [{ role = "tool", name = "f", content = "1" }]\n', "no call of `f`"),
        (TOOLS + 'turns = [{ input = "a" }, { messages = [{ role = "tool", name = "g" }] }]\n', "`g` is offered"),
        (TOOLS + 'messages = [{ role = "user", tool_calls = [{ name = "f" }] }]\n', "only an assistant"),
        (TOOLS + 'input = "a"\nschema = { items = { default = 2024-01-01 } }\n', "a date"),
        (CASE + "tools = [{ name = 'f', parameters = { properties = { a = { default = 07:00:00 } } } }]\n", "a date"),
        (CASE.replace('{ contains = "x" }', '{ contains = "x", regex = "y" }'), "two graders"),
        (CASE.replace('{ contains = "x" }', "{ json = false }"), "says nothing"),
        (CASE.replace('{ contains = "x" }', '{ any = [{ judge = "x", profile = "p" }] }'), "stands alone"),
    ],
)
def test_what_does_not_fit_together_is_told(tmp_path: Path, text: str, words: str) -> None:
    assert any(words in message for _, message in told(tmp_path, text).values())


def test_a_result_in_a_conversation_answers_the_call_before_it(tmp_path: Path) -> None:
    text = (
        TOOLS
        + """
messages = [
  { role = "user", content = "stock?" },
  { role = "assistant", tool_calls = [{ name = "f", arguments = { a = 1 } }, { name = "f" }] },
  { role = "tool", name = "f", content = "17" },
  { role = "tool", name = "f", content = "18" },
  { role = "assistant", tool_calls = [{ name = "f" }] },
  { role = "tool", name = "f", content = "19" },
]
"""
    )
    case = suite_of(tmp_path, text).cases[0]
    messages = request_for(case, (), target="x", window=None, strict=True).messages
    calls = [call.id for message in messages for call in message.tool_calls]
    assert len(set(calls)) == 3
    assert [message.tool_call_id for message in messages if message.role is Role.TOOL] == calls
