"""What the documentation says is true: its examples run, its reference is that of the schema, its links lead somewhere."""

from __future__ import annotations

import importlib
import json
import os
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path
from xml.etree import ElementTree

import pytest

from clawtui.config.checks import check
from clawtui.config.findings import Severity
from clawtui.engine.failures import FailureKind
from clawtui.text import money

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


@pytest.mark.parametrize(("page", "maker"), [("config.md", "reference"), ("keys.md", "keys")])
def test_the_references_are_what_the_program_knows(page: str, maker: str) -> None:
    sys.path.insert(0, str(ROOT / "docs"))
    try:
        make_reference = importlib.import_module("make_reference")
    finally:
        sys.path.pop(0)
    assert (ROOT / "docs" / page).read_text(encoding="utf-8") == getattr(make_reference, maker)()


def test_the_embedding_example_runs() -> None:
    ran = subprocess.run(
        [sys.executable, str(ROOT / "docs" / "examples" / "embed.py")],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert "answered by everyday@cumulus" in ran.stdout


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_to_files_that_are_there(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (page.parent / target).exists(), target


def blocks(language: str) -> list[tuple[str, str]]:
    found = []
    for page in PAGES:
        for text in re.findall(rf"```{language}\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL):
            found.append((page.name, text))
    return found


@pytest.mark.parametrize(("page", "text"), blocks("toml"))
def test_examples_of_configs_have_no_error_but_missing_parts(page: str, text: str, tmp_path: Path) -> None:
    tomllib.loads(text)
    errors = [f for f in check(text, {"OPENAI_API_KEY": "x"}, tmp_path / "c.toml") if f.severity is Severity.ERROR]
    # A fragment may name profiles that only the reader has.
    assert [f for f in errors if not re.search(r"no profile|not a profile|profile", f.message)] == []


COMMANDS = [
    line
    for _, text in blocks("sh")
    for line in text.splitlines()
    if line.startswith(("clawtui ", "echo ")) and "--demo" in line
]


@pytest.mark.parametrize("line", COMMANDS)
def test_commands_on_the_demo_run(line: str) -> None:
    program = f"{shlex.quote(sys.executable)} -m clawtui"
    ran = subprocess.run(
        ["sh", "-c", line.replace("clawtui ", f"{program} ", 1)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.strip()


def test_the_recipe_for_ci_works_as_it_is_written(tmp_path: Path) -> None:
    """Against `clawtui simulate`, whose answers are wrong: the threshold is missed, and JUnit says why."""
    recipe = (ROOT / "docs" / "recipes.md").read_text(encoding="utf-8").split("## Evals in CI")[1]
    config, workflow = (re.findall(rf"```{kind}\n(.*?)```", recipe, re.DOTALL)[0] for kind in ("toml", "yaml"))
    install, evaluate, export = re.findall(r"run: (.*)", workflow)
    assert install == "pip install ./clawtui"
    variables = dict(re.findall(r"(CLAWTUI_\w+): (.*)", workflow))
    environ = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **variables, "OPENAI_API_KEY": "wombat-ci-zz"}

    def ran(line: str) -> int:
        line = line.replace("clawtui eval", f"{shlex.quote(sys.executable)} -m clawtui eval", 1)
        return subprocess.run(["sh", "-c", line], cwd=tmp_path, env=environ, timeout=60, check=False).returncode

    simulate = [sys.executable, "-m", "clawtui", "simulate", "--port", "0", "--json"]
    with subprocess.Popen(simulate, env=environ, cwd=tmp_path, stdout=subprocess.PIPE, text=True) as simulator:
        try:
            assert simulator.stdout is not None
            address = json.loads(simulator.stdout.readline())["url"]
            file = tmp_path / variables["CLAWTUI_CONFIG"]
            file.parent.mkdir()
            there = f'[providers.openai]\nbase_url = "{address}/openai/v1"\ncredentials = ["env:OPENAI_API_KEY"]\n'
            file.write_text(config + there, encoding="utf-8")
            assert ran(evaluate) == 1
            assert ran(export) == 0
        finally:
            simulator.terminate()
    failures = ElementTree.parse(tmp_path / "evals.xml").findall(".//failure")
    assert failures
    assert all(each.get("message") and "keeps no text" not in (each.text or "") for each in failures)


def test_sums_in_the_pages_are_written_as_the_program_writes_them() -> None:
    text = (ROOT / "docs" / "evals.md").read_text(encoding="utf-8").split("```text")[1].split("```")[0]
    sums = re.findall(r"\$([\d.]+)", text)
    assert sums
    for each in sums:
        assert money(float(each)) == f"${each}"


def test_every_kind_of_failure_and_error_has_its_answer() -> None:
    """What a person may meet as `error.kind` or as an attempt's failure stands in a row of its own."""
    page = (ROOT / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
    told = set(re.findall(r"^\| `([a-z_]+)` \|", page, re.MULTILINE))
    errors = {"unknown_target", "no_route", "not_ready", "budget", "policy", "interrupted"}
    assert told == errors | {kind.value for kind in FailureKind}


def test_every_theme_that_the_pages_name_is_there() -> None:
    page = (ROOT / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
    for name in re.findall(r"theme `([a-z-]+)`", page):
        assert (ROOT / "themes" / f"{name}.toml").exists(), name
