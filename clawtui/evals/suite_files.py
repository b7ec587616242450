"""Finds and reads suites: those that come along, those in the config folder's `suites/`, and files by name. All that is
wrong is told at once, with file, line and field."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from importlib import resources
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from clawtui.config.findings import Finding, Severity, nearest, quoted
from clawtui.config.layout import Key, lay_out
from clawtui.config.report import Report
from clawtui.config.schema_checks import check_schema
from clawtui.evals.building import BadCase, built
from clawtui.evals.cases import Case, Suite
from clawtui.evals.suite_schema import CaseTable, SuiteTable

SHIPPED = ("core", "smoke", "fusion", "reliability")
Model = TypeVar("Model", bound=BaseModel)
EXTENSIONS = (".toml", ".jsonl")
LARGEST = 20_000_000  # bytes


@dataclass(frozen=True, slots=True)
class LoadedSuites:
    """`findings` are errors of files; with any, nothing of that file is among the suites."""

    suites: tuple[Suite, ...] = ()
    findings: tuple[Finding, ...] = ()
    unknown: tuple[str, ...] = ()  # a sentence for each name that leads nowhere


def suite_names(folder: Path) -> dict[str, Path | None]:
    """Every suite that can be named: the user's own hide shipped ones of the same name. None: it is shipped."""
    names: dict[str, Path | None] = dict.fromkeys(SHIPPED)
    if folder.is_dir():
        for file in sorted(folder.iterdir()):
            if file.suffix in EXTENSIONS and file.is_file():
                names[file.stem] = file
    return names


def load_suites(asked: Sequence[str], folder: Path) -> LoadedSuites:
    """By name, or by file; all there are where none is asked for."""
    names = suite_names(folder)
    suites: list[Suite] = []
    findings: list[Finding] = []
    unknown: list[str] = []
    for name in dict.fromkeys(asked or names):
        if name in names:
            text, file, source = _named(name, names[name])
        elif Path(name).suffix in EXTENSIONS or Path(name).exists():
            file = Path(name).expanduser()
            text, source = None, str(file)
        else:
            near = nearest(name, names)
            unknown.append(f"there is no suite {quoted(name)}" + (f"; did you mean {quoted(near)}?" if near else ""))
            continue
        suite, found = read_suite(file, text, source)
        findings += found
        if suite is not None:
            suites.append(suite)
    return LoadedSuites(tuple(suites), tuple(findings), tuple(unknown))


def _named(name: str, file: Path | None) -> tuple[str | None, Path, str]:
    if file is not None:
        return None, file, str(file)
    shipped = resources.files("clawtui.evals").joinpath("suites", f"{name}.toml")
    return shipped.read_text(encoding="utf-8"), Path(f"{name}.toml"), "shipped"


def read_suite(file: Path, text: str | None, source: str) -> tuple[Suite | None, tuple[Finding, ...]]:
    """`text` where it is known already; else the file is read."""
    if text is None:
        try:
            if file.stat().st_size > LARGEST:
                return None, (_whole(file, f"the file is larger than {LARGEST // 1_000_000} MB", "split it"),)
            text = file.read_text(encoding="utf-8-sig")
        except OSError as error:
            return None, (_whole(file, f"it cannot be read: {error.strerror}", "name another file"),)
        except UnicodeDecodeError:
            return None, (_whole(file, "it is no UTF-8 text", "save it as UTF-8"),)
    if file.suffix == ".jsonl":
        return _read_jsonl(file, text, source)
    return _read_toml(file, text, source)


def _whole(file: Path, message: str, fix: str, line: int | None = None) -> Finding:
    return Finding(Severity.ERROR, file, line, "", message, fix)


# ---- TOML


def _read_toml(file: Path, text: str, source: str) -> tuple[Suite | None, tuple[Finding, ...]]:
    text = text.replace("\r\n", "\n")
    try:
        tree = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        return None, (_whole(file, f"this is not TOML: {error}", "see https://toml.io"),)
    report = Report(file, lay_out(text))
    table = _validated(SuiteTable, tree, report)
    cases: list[Case] = []
    if table is not None:
        name = table.id or file.stem.lower()
        for place, case in enumerate(table.cases):
            cases += _built(case, name, file.parent, report, ("cases", place))
        _tell_twins(cases, report)
    findings = report.findings()
    if table is None or findings:
        return None, findings
    return Suite(cases[0].suite, table.description, tuple(cases), source), ()


def _validated(model: type[Model], tree: Any, report: Report, under: Key = ()) -> Model | None:
    try:
        return model.model_validate(tree)
    except ValidationError as error:
        check_schema(error, report, tell_missing=True, schema=model, under=under)
    except RecursionError:
        report.error(under, "tables or lists are nested too deeply", "flatten them")
    return None


def _built(table: CaseTable, suite: str, folder: Path, report: Report, under: Key) -> list[Case]:
    case, wrong = built(table, suite, folder)
    _tell(wrong, report, under)
    return [case] if case is not None else []


def _tell(wrong: Iterable[BadCase], report: Report, under: Key) -> None:
    for each in wrong:
        report.error((*under, *each.place), each.message, each.fix)


def _tell_twins(cases: Sequence[Case], report: Report) -> None:
    seen: set[str] = set()
    for place, case in enumerate(cases):
        if case.id in seen:
            report.error(("cases", place, "id"), f"{quoted(case.id)} is the id of two cases", "rename one of them")
        seen.add(case.id)


# ---- JSONL: a case a line


def _read_jsonl(file: Path, text: str, source: str) -> tuple[Suite | None, tuple[Finding, ...]]:
    findings: list[Finding] = []
    cases: list[Case] = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        case, wrong = _line_case(file, line, number)
        findings += wrong
        cases += [case] if case else []
    seen: dict[str, int] = {}
    for case in cases:
        if case.id in seen:
            findings.append(_whole(file, f"{quoted(case.id)} is the id of two cases", "rename one of them"))
        seen[case.id] = 1
    if not cases and not findings:
        findings.append(_whole(file, "there is no case in it", 'a line is {"input": "…", "ideal": "…"}'))
    if findings:
        return None, tuple(findings)
    return Suite(file.stem.lower(), "", tuple(cases), source), ()


def _line_case(file: Path, line: str, number: int) -> tuple[Case | None, list[Finding]]:
    try:
        tree = json.loads(line)
    except (ValueError, RecursionError) as error:
        what = error.msg if isinstance(error, json.JSONDecodeError) else "nested too deeply"
        return None, [_whole(file, f"this is not JSON: {what}", "one JSON object a line", number)]
    if not isinstance(tree, dict):
        return None, [_whole(file, "this is no JSON object", "one JSON object a line", number)]
    tree.setdefault("id", f"line-{number}")
    if isinstance(tree.get("input"), list):  # OpenAI's own evals: the conversation stands there
        tree["messages"] = tree.pop("input")
    report = Report(file, None)
    table = _validated(CaseTable, tree, report)
    cases = _built(table, file.stem.lower(), file.parent, report, ()) if table is not None else []
    return (cases[0] if cases else None), [replace(finding, line=number) for finding in report.findings()]
