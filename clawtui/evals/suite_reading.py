"""Reads the text of a suite. All that is wrong is told at once, with file, line and field."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from clawtui.config.checks import POSITION
from clawtui.config.findings import Finding, Severity, quoted
from clawtui.config.layout import Key, lay_out
from clawtui.config.report import Report
from clawtui.config.schema_checks import check_schema
from clawtui.evals.building import built
from clawtui.evals.cases import Case, Suite
from clawtui.evals.graders.values import read_json
from clawtui.evals.suite_schema import CaseTable, SuiteTable

Model = TypeVar("Model", bound=BaseModel)
Read = tuple[Suite | None, tuple[Finding, ...]]


def read_toml(file: Path, text: str, source: str) -> Read:
    text = text.replace("\r\n", "\n")
    try:
        tree = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        return None, (_broken_toml(file, text, error),)
    report = Report(file, lay_out(text))
    table = _validated(SuiteTable, tree, report)
    raw = tree.get("cases")
    trees = [each for each in raw if isinstance(each, dict)] if isinstance(raw, list) else []
    name = table.id if table is not None and table.id else file.stem.lower()
    cases = [_case(each, name, file.parent, report, ("cases", place)) for place, each in enumerate(trees)]
    for place in _twins(trees):
        report.error(("cases", place, "id"), _two_of(trees[place]["id"]), "rename one of them")
    findings = report.findings()
    if table is None or findings:
        return None, findings
    return Suite(name, table.description, tuple(case for case in cases if case), source), ()


def _broken_toml(file: Path, text: str, error: Exception) -> Finding:
    if isinstance(error, RecursionError):
        return Finding(Severity.ERROR, file, None, "", "tables or lists are nested too deeply", "flatten them")
    place = POSITION.search(str(error))
    line = int(place[1]) if place and place[1] else text.count("\n") + 1 if place else None
    why = POSITION.sub("", str(error)).strip()
    return Finding(Severity.ERROR, file, line, "", f"this is not TOML: {why}", "see https://toml.io")


def read_jsonl(file: Path, text: str, source: str) -> Read:
    """A case a line. Only `\\n` ends one: JSON may hold what Unicode calls the end of a line as it is."""
    findings: list[Finding] = []
    lines: list[int] = []
    trees: list[dict[str, Any]] = []
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        tree = _line(line)
        if isinstance(tree, str):
            findings.append(Finding(Severity.ERROR, file, number, "", tree, "one JSON object a line"))
            continue
        tree.setdefault("id", f"line-{number}")
        lines.append(number)
        trees.append(tree)
    name = file.stem.lower()
    cases: list[Case] = []
    for number, tree in zip(lines, trees, strict=True):
        report = Report(file, None)
        case = _case(tree, name, file.parent, report, ())
        findings += [
            Finding(each.severity, file, number, each.path, each.message, each.fix) for each in report.findings()
        ]
        cases += [case] if case else []
    for place in _twins(trees):
        words = _two_of(trees[place]["id"])
        findings.append(Finding(Severity.ERROR, file, lines[place], "id", words, "rename one of them"))
    if not trees and not findings:
        example = 'a line is {"input": "…", "ideal": "…"}'
        findings.append(Finding(Severity.ERROR, file, None, "", "there is no case in it", example))
    if findings:
        return None, tuple(sorted(findings, key=lambda finding: finding.line or 0))
    return Suite(name, "", tuple(cases), source), ()


def _line(line: str) -> dict[str, Any] | str:
    """The object, or what is wrong with it."""
    try:
        tree = read_json(line)
        json.dumps(tree, ensure_ascii=False).encode()
    except json.JSONDecodeError as error:
        return f"this is not JSON: {error.msg}"
    except UnicodeEncodeError:
        return "this is no text: it holds half of a character"
    except RecursionError:
        return "this is not JSON: nested too deeply"
    except ValueError as error:
        return f"this is not JSON: {error}"
    if not isinstance(tree, dict):
        return "this is no JSON object"
    if isinstance(tree.get("input"), list) and "messages" not in tree:  # OpenAI's own evals: the conversation
        tree["messages"] = tree.pop("input")
    return tree


# ---- a case


def _case(tree: Mapping[str, Any], suite: str, folder: Path, report: Report, under: Key) -> Case | None:
    table = _validated(CaseTable, tree, report, under)
    try:
        case, wrong = built(tree, table, suite, folder)
    except RecursionError:
        report.error(under, "tables or lists are nested too deeply", "flatten them")
        return None
    for each in wrong:
        report.error((*under, *each.place), each.message, each.fix)
    return case


def _validated(model: type[Model], tree: Any, report: Report, under: Key = ()) -> Model | None:
    try:
        return model.model_validate(tree)
    except ValidationError as error:
        check_schema(error, report, tell_missing=True, schema=model, under=under)
    except RecursionError:
        report.error(under, "tables or lists are nested too deeply", "flatten them")
    return None


def _twins(trees: Iterable[Mapping[str, Any]]) -> list[int]:
    """Those whose id stood before."""
    seen: set[str] = set()
    found: list[int] = []
    for place, tree in enumerate(trees):
        id = tree.get("id")
        if isinstance(id, str) and id in seen:
            found.append(place)
        elif isinstance(id, str):
            seen.add(id)
    return found


def _two_of(id: str) -> str:
    return f"{quoted(id)} is the id of two cases"
