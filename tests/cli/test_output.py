"""What is printed: JSON that every parser reads and no terminal obeys, CSV likewise, tables that keep names whole."""

from __future__ import annotations

import io
import json

import pytest

from clawtui.cli.output import Output
from clawtui.simulator import ModelScript
from tests.cli.shell import Shell

OBEYED = "a\x9b31m\x85\u202eb\ufeff\u2028"


def printed(value: dict[str, object], encoding: str = "utf-8") -> str:
    out = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    output = Output(out, io.StringIO(), {})
    output.document(value)
    output.event(value)
    output.flush()
    return out.buffer.getvalue().decode(encoding)  # type: ignore[attr-defined]


def test_json_holds_nothing_that_a_terminal_obeys_and_loses_nothing() -> None:
    text = printed({"text": OBEYED + "\ud83d é"})
    assert text.replace("\n", "").isprintable()
    assert "é" in text
    document, event = text[: text.index("}\n") + 1], text[text.index("}\n") + 2 :]
    assert json.loads(document) == json.loads(event) == {"text": OBEYED + "\ud83d é"}


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_json_loses_nothing_where_the_output_is_not_utf8(encoding: str) -> None:
    assert json.loads(printed({"text": "é 模型 …"}, encoding).splitlines()[-1]) == {"text": "é 模型 …"}


def test_numbers_that_json_does_not_know_are_null() -> None:
    text = printed({"a": [float("inf"), {"b": float("nan")}], "c": 1.5})
    assert json.loads(text.splitlines()[-1]) == {"a": [None, {"b": None}], "c": 1.5}


def test_csv_holds_nothing_that_a_terminal_obeys(shell: Shell) -> None:
    model = "x\x1b[31m\x9b1m\u202ey"
    shell.simulator.set_model(f"one/{model}", ModelScript(text="Yes."))
    assert shell("ask", "--model", f"one/{model}", "x").status == 0
    csv = shell("usage", "--by", "model", "--csv").out
    assert "xy" in csv
    assert csv.replace("\n", "").isprintable()


@pytest.mark.parametrize("columns", [60, 80, 120])
def test_ids_and_names_are_never_cut(shell: Shell, columns: int) -> None:
    asked = shell("ask", "x", "--json").json["request_id"]
    shell.environ["COLUMNS"] = str(columns)
    traces = shell("traces").out
    assert asked in traces
    assert shell("trace", traces.splitlines()[1].split()[0]).status == 0
    assert max(len(line) for line in traces.splitlines()) <= columns
    assert "fast@one/alpha" in shell("routes").out
    assert "strong" in shell("models", "list").out


def test_a_trace_is_found_by_the_beginning_of_its_id_if_only_one_begins_so(shell: Shell) -> None:
    one = shell("ask", "x", "--json").json["request_id"]
    assert shell("trace", one[:8], "--json").json["request_id"] == one
    two = shell("ask", "x", "--json").json["request_id"]
    same = next(n for n in range(len(one)) if one[n] != two[n])
    ran = shell("trace", one[:same])
    assert ran.status == 2
    assert f"{one}, {two}" in ran.err
    assert shell("trace", one[: same + 1], "--json").json["request_id"] == one
    assert "there is no trace" in shell("trace", "nobody").err


def test_a_fusion_is_found_by_the_beginning_of_its_id_and_not_confused_with_its_parts(shell: Shell) -> None:
    asked = shell("ask", "x", "-p", "fusion/duo", "--json").json["request_id"]
    assert shell("trace", asked[:8], "--json").json["fusion"]["name"] == "duo"


def test_traces_tell_who_answered_as_an_object(shell: Shell) -> None:
    shell("ask", "x")
    shell("ask", "x", "--model", "one/a@b/c")
    shell("ask", "x", "--tag", "nowhere")
    documents = shell("traces", "--json").json["traces"]
    assert [each["answered"] for each in documents] == [
        None,
        {"profile": None, "provider": "one", "model": "a@b/c"},
        {"profile": "fast", "provider": "one", "model": "alpha"},
    ]
