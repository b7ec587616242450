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
