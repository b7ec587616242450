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
