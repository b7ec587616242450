"""`ask` and `explain`, as a person or a script would use them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from clawtui.simulator import Fault, FaultKind
from tests.cli.shell import Shell

DOWN = Fault(FaultKind.STATUS, status=503)
PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 40


def test_into_a_pipe_goes_the_text_alone(shell: Shell) -> None:
    ran = shell("ask", "How many?")
    assert (ran.status, ran.out, ran.err) == (0, "Forty-two.\n", "")


def test_on_a_terminal_it_says_beside_the_answer_who_gave_it_and_what_it_cost(shell: Shell) -> None:
    ran = shell("ask", "How many?", terminal=True)
    assert ran.out == "Forty-two.\n"
    assert "fast@one/alpha" in ran.err
    assert "cost $" in ran.err


def test_the_json_document_has_every_public_key_and_nothing_else_is_printed(shell: Shell) -> None:
    ran = shell("ask", "How many?", "--json")
    document = ran.json
    assert ran.err == ""
    assert set(document) >= {
        "request_id", "text", "finish_reason", "requested", "selected", "answered", "usage", "cost_usd", "cost_source",
        "first_token_ms", "total_ms", "tool_calls", "plan", "attempts", "interrupted", "superseded", "fusion",
    }  # fmt: skip
    assert document["text"] == "Forty-two."
    assert document["requested"] is None
    assert document["selected"] == "fast"
    assert document["answered"] == {"profile": "fast", "provider": "one", "model": "alpha"}
    assert document["usage"]["source"] == "reported"
    assert document["cost_usd"] > 0
    assert document["plan"][0] == {
        "profile": "fast", "provider": "one", "model": "alpha", "verdict": "chosen", "reason": "default profile",
    }  # fmt: skip
    (attempt,) = document["attempts"]
    assert (attempt["credential"], attempt["outcome"], attempt["decision"]) == ("env:KEY_ONE", "ok", None)
    assert document["fusion"] is None


def test_a_failover_is_told_with_its_reason(shell: Shell) -> None:
    shell.simulator.set_fault(DOWN, provider="one")
    document = shell("ask", "How many?", "--json").json
    assert document["answered"]["profile"] == "strong"
    assert document["cost_usd"] is None
    first = document["attempts"][0]
    assert (first["failure"], first["status"], first["decision"]) == ("overloaded", 503, "next_profile")


def test_a_fusion_tells_its_advisers(shell: Shell) -> None:
    fusion = shell("ask", "How many?", "-p", "fusion/duo", "--json").json["fusion"]
    assert fusion["name"] == "duo"
    assert [adviser["outcome"] for adviser in fusion["advisers"]] == ["ok", "ok"]
    assert sorted(fusion["order"]) == ["A", "B"]
    assert {adviser["label"] for adviser in fusion["advisers"]} == {"A", "B"}
    assert fusion["proposals_used"] == 2


def test_events_come_a_line_each_and_the_last_is_the_document(shell: Shell) -> None:
    lines = [json.loads(line) for line in shell("ask", "How many?", "--events").out.splitlines()]
    assert [line["event"] for line in lines[:2]] == ["planned", "attempt_started"]
    assert "".join(line["text"] for line in lines if line.get("event") == "delta") == "Forty-two."
    assert lines[-1]["result"]["text"] == "Forty-two."
    assert lines[-1]["event"] == "completed"
    assert all("t_ms" in line for line in lines)


def test_the_last_event_of_a_request_without_an_answer_says_so(shell: Shell) -> None:
    ran = shell("ask", "x", "-p", "nobody", "--events", "--json")
    last = json.loads(ran.out.splitlines()[-1])
    assert (ran.status, last["event"], last["result"]["error"]["kind"]) == (2, "failed", "unknown_target")
    assert last["t_ms"] >= 0


@pytest.mark.parametrize(("arguments", "stdin"), [(["-"], "piped in"), ([], "piped in")])
def test_standard_input_is_the_question(shell: Shell, arguments: list[str], stdin: str) -> None:
    assert shell("ask", *arguments, stdin=stdin).status == 0
    assert shell.simulator.requests[0].body["messages"] == [{"role": "user", "content": "piped in"}]


def test_what_is_piped_in_is_appended_to_the_text(shell: Shell) -> None:
    shell("ask", "review", stdin="the diff\n")
    assert shell.simulator.requests[0].body["messages"][0]["content"] == "review\n\nthe diff\n"


def test_nothing_to_ask_is_wrong_usage(shell: Shell) -> None:
    assert shell("ask").status == 2
    assert shell("ask", "  ").status == 2


def test_options_reach_the_wire(shell: Shell, tmp_path: Path) -> None:
    image, schema = tmp_path / "a.png", tmp_path / "s.json"
    image.write_bytes(PNG)
    schema.write_text('{"type": "object", "properties": {}}')
    ran = shell(
        "ask", "Look", "--system", "Rules", "--image", str(image), "--schema", str(schema), "--temperature", "0.5",
        "--max-tokens", "50", "--no-stream",
    )  # fmt: skip
    assert ran.status == 0
    body = shell.simulator.requests[0].body
    assert body["messages"][0] == {"role": "system", "content": "Rules"}
    assert body["messages"][1]["content"][1]["image_url"]["url"].startswith("data:image/png;base64,")
    assert (body["temperature"], body["max_tokens"], body.get("stream")) == (0.5, 50, None)
    assert body["response_format"]["type"] == "json_schema"


BAD_FILES = {
    "missing": (None, "no such file"),
    "a folder": ("folder", "folder"),
    "empty": (b"", "empty"),
    "not an image": (b"hello there", "no PNG"),
    "too large": (b"\x89PNG\r\n\x1a\n" + b"0" * (21 * 1024 * 1024), "larger than 20 MB"),
}


@pytest.mark.parametrize(("content", "words"), BAD_FILES.values(), ids=BAD_FILES.keys())
def test_an_image_that_cannot_be_sent_is_told_before_any_call(
    shell: Shell, tmp_path: Path, content: bytes | str | None, words: str
) -> None:
    image = tmp_path / "image.png"
    if content == "folder":
        image.mkdir()
    elif isinstance(content, bytes):
        image.write_bytes(content)
    ran = shell("ask", "Look", "--image", str(image))
    assert ran.status == 2
    assert words in ran.err
    assert list(shell.simulator.requests) == []


@pytest.mark.parametrize("schema", ["{", "[]", '{"type": 5}', "\x00"])
def test_a_schema_that_is_none_is_told_with_its_place(shell: Shell, tmp_path: Path, schema: str) -> None:
    file = tmp_path / "s.json"
    file.write_text(schema)
    ran = shell("ask", "x", "--schema", str(file))
    assert (ran.status, "--schema" in ran.err) == (2, True)


STATUSES = {
    "an unknown profile": (["-p", "fats"], 2, "near to it: fast"),
    "an unknown fusion": (["-p", "fusion/dua"], 2, "fusion/duo"),
    "an unknown policy": (["--policy", "thirfty"], 2, "thrifty"),
    "no money": (["--policy", "thrifty"], 4, "budget"),
    "a rule": (["--policy", "private"], 4, "tag local"),
    "a model that nobody has": (["--model", "nobody/x"], 2, "nobody/x"),
    "a need that is none": (["--require", "telepathy"], 2, "telepathy"),
    "a temperature out of bounds": (["--temperature", "9"], 2, "0 to 2"),
}


@pytest.mark.parametrize(("arguments", "status", "words"), STATUSES.values(), ids=STATUSES.keys())
def test_what_stands_in_the_way_decides_the_exit_status(
    shell: Shell, arguments: list[str], status: int, words: str
) -> None:
    ran = shell("ask", "x", *arguments)
    assert (ran.status, ran.out) == (status, "")
    assert words in ran.err
    assert "Traceback" not in ran.err
    assert list(shell.simulator.requests) == []


def test_calls_without_an_answer_are_a_failure_and_the_document_says_why(shell: Shell) -> None:
    shell.simulator.set_fault(DOWN)
    ran = shell("ask", "x", "--json")
    assert ran.status == 1
    error = ran.json["error"]
    assert error["kind"] == "overloaded"
    assert "fast@one/alpha" in error["message"]
    assert "strong@two/beta" in error["message"]


def test_nobody_ready_is_no_route(shell: Shell) -> None:
    shell.environ.clear()
    ran = shell("ask", "x")
    assert ran.status == 3
    assert "KEY_ONE" in ran.err


def test_a_literal_model_of_a_provider_can_be_asked(shell: Shell) -> None:
    document = shell("ask", "x", "--model", "one/other:7b", "--json").json
    assert document["answered"] == {"profile": None, "provider": "one", "model": "other:7b"}
    assert document["cost_usd"] is not None


def test_a_model_in_place_of_the_profiles_own(shell: Shell) -> None:
    document = shell("ask", "x", "-p", "fast", "--model", "omega", "--json").json
    assert document["answered"] == {"profile": "fast", "provider": "one", "model": "omega"}


def test_model_output_cannot_steer_the_terminal(shell: Shell) -> None:
    from clawtui.simulator import ModelScript

    shell.simulator.set_model("one/alpha", ModelScript(text="a\x1b[2Jb\x1b]0;owned\x07c\u202ed\x00e"))
    assert shell("ask", "x").out == "abcde\n"
    # As it streams, a sequence may be cut in two: its litter may show, but nothing that a terminal would obey.
    assert not set(shell("ask", "x", terminal=True).out) & set("\x1b\x07\x00\u202e\x9b")


def test_explain_shows_the_plan_and_calls_nobody(shell: Shell) -> None:
    ran = shell("explain", "x", "--json")
    document = ran.json
    assert set(document) >= {"requested", "needs", "plan", "would_answer"}
    assert document["would_answer"] == {"profile": "fast", "provider": "one", "model": "alpha"}
    assert "fallback" in shell("explain", "x").out
    assert list(shell.simulator.requests) == []


def test_explain_exits_with_three_where_nobody_can_answer(shell: Shell) -> None:
    shell.environ.clear()
    ran = shell("explain", "x", "--json")
    assert (ran.status, ran.json["would_answer"]) == (3, None)


def test_secrets_appear_nowhere(shell: Shell, tmp_path: Path) -> None:
    shell.simulator.set_fault(
        Fault(
            FaultKind.STATUS,
            status=401,
            body={"error": {"message": "bad key wombat-one-zz given", "code": "invalid_api_key"}},
        ),
        provider="one",
    )
    printed = [shell("ask", "x", *more) for more in ([], ["--json"], ["--events"], ["-v"])]
    printed += [shell(*verb) for verb in (["routes"], ["traces", "--json"], ["config", "show"], ["models", "doctor"])]
    for ran in printed:
        for secret in ("wombat-one", "wombat-two", "bat-on"):
            assert secret not in ran.out + ran.err
    for file in (tmp_path / "data").rglob("*"):
        if file.is_file():
            assert b"wombat" not in file.read_bytes()
