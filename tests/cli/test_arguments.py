"""What people type: names that begin like options, empty ones, bytes that are no text, paths that lead nowhere."""

from __future__ import annotations

import pytest

from tests.cli.shell import Shell


@pytest.mark.parametrize(
    "arguments",
    [
        ("routes", "reset", "-@one/gamma", "--json"),
        ("routes", "--json", "reset", "-@one/gamma"),
        ("routes", "reset", "--json", "--", "-@one/gamma"),
    ],
)
def test_a_dynamic_route_is_reset_by_the_name_that_routes_shows(shell: Shell, arguments: tuple[str, ...]) -> None:
    assert shell("ask", "--model", "one/gamma", "x").status == 0
    ran = shell(*arguments)
    assert ran.status == 0
    assert ran.json == {"reset": [{"profile": None, "provider": "one", "model": "gamma"}]}


def test_a_system_message_that_begins_like_a_dynamic_route_is_not_taken_for_one(
    shell: Shell, capsys: pytest.CaptureFixture[str]
) -> None:
    assert shell("ask", "--system", "-@one/gamma", "x").status == 2
    assert "expected one argument" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        ("ask", "--image", "~nosuchuser/x", "hi"),
        ("explain", "--schema", "~nosuchuser/x", "hi"),
        ("simulate", "--script", "~nosuchuser/x"),
        ("eval", "export", "run", "-o", "~nosuchuser/x"),
        ("usage", "--config", "~nosuchuser/x"),
        ("--data", "~nosuchuser/x", "usage"),
    ],
)
def test_a_path_in_the_home_of_nobody_is_bad_use(
    shell: Shell, arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert shell(*arguments).status == 2
    assert "~nosuchuser/x: this machine knows no user of that name" in capsys.readouterr().err


@pytest.mark.parametrize("option", ["--config", "--data"])
def test_an_empty_path_is_bad_use(shell: Shell, option: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert shell("usage", option, "").status == 2
    assert "the path is empty" in capsys.readouterr().err


@pytest.mark.parametrize("variable", ["CLAWTUI_CONFIG", "CLAWTUI_DATA"])
def test_a_variable_that_names_the_home_of_nobody_is_bad_use(shell: Shell, variable: str) -> None:
    shell.environ[variable] = "~nosuchuser/x"
    for verb in (("config", "path"), ("usage",)):
        ran = shell(*verb)
        assert ran.status == 2
        assert f"{variable} is ~nosuchuser/x" in ran.err


@pytest.mark.parametrize("option", ["--policy", "-p", "--model", "--tag"])
@pytest.mark.parametrize("empty", ["", " "])
def test_an_empty_name_is_bad_use_and_not_none(
    shell: Shell, option: str, empty: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert shell("ask", option, empty, "hi").status == 2
    assert "the name is empty" in capsys.readouterr().err
    assert not shell.simulator.requests


@pytest.mark.parametrize(
    "verb",
    [("ask", "hi"), ("usage", "--json"), ("config", "check", "--json"), ("config", "show"), ("models", "doctor")],
)
def test_a_config_that_is_named_and_missing_does_not_go_unsaid(shell: Shell, verb: tuple[str, ...]) -> None:
    missing = shell.folder / "missing.toml"
    by_option = shell(*verb, "--config", str(missing))
    shell.config.unlink()
    by_variable = shell(*verb)
    for ran, file, source in ((by_option, missing, "--config"), (by_variable, shell.config, "CLAWTUI_CONFIG")):
        assert f"there is no {file}, which {source} names: what is found on this machine counts" in ran.err
        assert "which" not in ran.out


def test_a_config_that_is_to_be_written_need_not_be_there(shell: Shell) -> None:
    missing = shell.folder / "missing.toml"
    assert shell("config", "path", "--config", str(missing)).out == f"{missing}\n"
    assert shell("ask", "--demo", "hi", "--config", str(missing)).status == 0
    assert shell("config", "init", "--config", str(missing)).status == 0
    assert missing.exists()


def test_a_name_too_long_for_the_disk_is_a_sentence(shell: Shell) -> None:
    file = f"/tmp/{'x' * 300}"
    for verb in ("init", "check", "path"):
        ran = shell("config", verb, "--config", file)
        assert ran.status == (0 if verb == "path" else 2)
        assert "should not have happened" not in ran.err


@pytest.mark.parametrize("number", ["²", "٣٣²", "9" * 5000])
def test_a_number_that_is_none_is_told(shell: Shell, number: str) -> None:
    ran = shell("explain", "--require", f"min_context_tokens={number}", "hi")
    assert ran.status == 2
    assert "--require min_context_tokens=" in ran.err
    shell.environ["COLUMNS"] = number
    assert shell("routes").status == 0


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (("trace", "\udcff"), 2),
        (("traces", "--profile", "\udcff"), 0),
        (("traces", "--before", "\udcff"), 2),
        (("ask", "\udcff"), 0),
        (("ask", "-p", "\udcff", "hi"), 2),
        (("ask", "--tag", "\udcff", "hi"), 4),
        (("routes", "reset", "\udcff"), 2),
        (("fusion", "preview", "\udcff"), 2),
    ],
)
def test_bytes_that_are_no_text_are_arguments_like_others(
    shell: Shell, arguments: tuple[str, ...], status: int
) -> None:
    ran = shell(*arguments)
    assert "should not have happened" not in ran.err
    assert ran.status == status


def test_a_file_may_have_a_name_that_is_no_text(shell: Shell) -> None:
    schema = shell.folder / "\udcff.json"
    schema.write_text('{"type": "object"}')
    assert shell("explain", "--schema", str(schema), "hi").status == 0


def test_bytes_that_are_no_text_are_no_question(shell: Shell) -> None:
    ran = shell("ask", stdin="\udcff\udcfe\x00")
    assert (ran.status, ran.err.splitlines()[0]) == (2, "clawtui: standard input is not text")


@pytest.mark.parametrize(
    "arguments",
    [("ask", "--max-tokens", "9" * 400, "hi"), ("data", "prune", "--yes", "--keep-days", "9" * 400)],
)
def test_a_number_beyond_all_reason_is_bad_use(shell: Shell, arguments: tuple[str, ...]) -> None:
    ran = shell(*arguments)
    assert ran.status == 2
    assert "goes from" in ran.err
