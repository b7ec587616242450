"""The suites in the documentation can be run as they stand, and its list of graders is whole."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from clawtui.evals.graders import NAMES
from clawtui.evals.suite_files import SHIPPED, load_suites, read_suite

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "evals-suites.md").read_text(encoding="utf-8")
# Written in capitals there, since what is `toml` in the documentation is a config.
EXAMPLES = re.findall(r"```(TOML|jsonl)\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.parametrize(("language", "text"), EXAMPLES)
def test_an_example_is_a_suite_without_a_fault(language: str, text: str) -> None:
    suite, findings = read_suite(Path(f"example.{language.lower()}"), text, "docs")
    assert findings == ()
    assert suite is not None


def test_every_grader_is_documented() -> None:
    assert [name for name in NAMES if f"`{name}" not in PAGE] == []


def test_the_shipped_suites_are_listed_with_their_number_of_cases() -> None:
    page = (DOCS / "evals.md").read_text(encoding="utf-8")
    for suite in load_suites(SHIPPED, Path("/nowhere")).suites:
        assert f"| `{suite.id}` | {len(suite.cases)} |" in page
