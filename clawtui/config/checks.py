"""Checks a config text and tells everything that is wrong with it at once. Calls nobody and runs no command."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from clawtui.config.findings import Finding, Severity
from clawtui.config.fusion_checks import check_fusions
from clawtui.config.key_checks import KeyCheck, check_keys
from clawtui.config.layout import Layout, lay_out
from clawtui.config.policy_checks import check_policies
from clawtui.config.provider_checks import check_providers
from clawtui.config.reference_checks import check_profiles
from clawtui.config.report import Lost, Report
from clawtui.config.schema import Config
from clawtui.config.schema_checks import check_schema
from clawtui.config.ui_checks import check_ui

# A text with more broken lines than this is some other kind of file; a list of its lines would help nobody.
BROKEN_LINES = 8
# tomllib takes time that grows with the square of the number of parts in one key.
DOTS_IN_A_ROW = re.compile(r"(?:[A-Za-z0-9_-]+[ \t]*\.[ \t]*){32}")
KEY_OF_LINE = re.compile(r"""\s*(?:[\w-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[\w-]+|"[^"]*"|'[^']*'))*""")
TWICE = re.compile(r"Cannot (declare|mutate|redefine)\b")
NAMED_TWICE = re.compile(r"Cannot overwrite a value|Duplicate inline table key")
POSITION = re.compile(r"\(at line (\d+), column \d+\)|\(at end of document\)")


def check(
    text: str, environ: Mapping[str, str], path: Path | None = None, keys: KeyCheck | None = None
) -> tuple[Finding, ...]:
    """Every finding in the order of the file."""
    return examine(text, environ, path, keys)[1]


def parse(text: str) -> Config:
    """The config of a text that holds no error; ValueError else."""
    config, findings = examine(text, {})
    if config is None:
        raise ValueError(next(finding.message for finding in findings if finding.severity is Severity.ERROR))
    return config


def examine(
    text: str, environ: Mapping[str, str], path: Path | None = None, keys: KeyCheck | None = None
) -> tuple[Config | None, tuple[Finding, ...]]:
    """The config, or None where a finding is an error, and every finding."""
    text = text.replace("\r\n", "\n")
    tree, broken, mended = _parsed(text)
    if tree is None:
        report = Report(path, None)
        _tell_broken(report, broken)
        return None, report.findings()
    layout = lay_out(mended)
    report = Report(path, layout, _lost(text, broken, layout))
    _tell_broken(report, broken)
    config: Config | None = None
    try:
        config = Config.model_validate(tree)
    except ValidationError as error:
        check_schema(error, report, tell_missing=True)
    except RecursionError:
        report.error((), "tables or lists are nested too deeply", "flatten them")
        return None, report.findings()
    check_providers(tree, environ, report)
    check_profiles(tree, report)
    check_policies(tree, report)
    check_fusions(tree, report)
    check_ui(tree, path, report)
    check_keys(tree, keys, report)
    findings = report.findings()
    return (None if any(finding.severity is Severity.ERROR for finding in findings) else config), findings


Broken = tuple[int, str]


def _parsed(text: str) -> tuple[dict[str, Any] | None, list[Broken], str]:
    """The tree, the lines that are no TOML, and the text without them: so one typo does not hide the next error.

    Where leaving out single lines does not lead to a readable text, only the first is told, without a tree; where it
    is a header, all up to it.
    """
    broken: list[Broken] = []
    lines = text.split("\n")
    while True:
        mended = "\n".join(lines)
        try:
            return _loads(mended), broken, mended
        except tomllib.TOMLDecodeError as error:
            line, reason = _place(str(error), len(lines))
        except RecursionError:
            line, reason = 1, "tables or lists are nested too deeply"
        if lines[line - 1].lstrip().startswith("["):
            # Without a header the fields below it would count for another table: no more can be said.
            return None, [*broken, (line, reason)], text
        if broken and (len(broken) >= BROKEN_LINES or not lines[line - 1].strip()):
            return None, broken[:1], text
        broken.append((line, reason))
        if "nested" in reason or not lines[line - 1].strip():
            return None, broken[:1], text
        lines[line - 1] = ""


def _loads(text: str) -> dict[str, Any]:
    deep = DOTS_IN_A_ROW.search(text)
    if deep is not None:
        line = text.count("\n", 0, deep.start()) + 1
        raise tomllib.TOMLDecodeError(f"Too many parts in one key (at line {line}, column 1)")
    return tomllib.loads(text)


def _place(message: str, last_line: int) -> Broken:
    match = POSITION.search(message)
    line = int(match.group(1)) if match and match.group(1) else last_line
    return min(line, last_line), POSITION.sub("", message).strip()


def _lost(text: str, broken: list[Broken], layout: Layout) -> tuple[Lost, ...]:
    """Which tables the lines that could not be read belong to."""
    lines = text.split("\n")
    found = []
    for line, _ in broken:
        sections = [each.path for each in layout.sections if layout.line_at(each.start) <= line]
        section = sections[-1]
        match = KEY_OF_LINE.match(lines[line - 1])
        names = [name.strip().strip("\"'") for name in match.group().split(".")] if match else [""]
        found.append(Lost(section, (*section, *names)))
    return tuple(found)


def _tell_broken(report: Report, broken: list[Broken]) -> None:
    for line, reason in broken:
        report.at_line(line, *_worded(reason))


def _worded(reason: str) -> tuple[str, str]:
    """What the parser says, without what only Python writes so."""
    if TWICE.match(reason):
        return "this table stands in the file twice", "put all of its fields under one header"
    if NAMED_TWICE.match(reason):
        return "this field stands in its table twice", "leave one of them"
    return f"this is not TOML: {reason}", "see https://toml.io; text values need quotes around them"
