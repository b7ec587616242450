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
from clawtui.config.layout import lay_out
from clawtui.config.policy_checks import check_policies
from clawtui.config.provider_checks import check_providers
from clawtui.config.reference_checks import check_profiles
from clawtui.config.report import Report
from clawtui.config.schema import Config
from clawtui.config.schema_checks import check_schema

# A text with more broken lines than this is some other kind of file; a list of its lines would help nobody.
BROKEN_LINES = 8
# tomllib takes time that grows with the square of the number of parts in one key.
DOTS_IN_A_ROW = re.compile(r"(?:[A-Za-z0-9_-]+[ \t]*\.[ \t]*){32}")
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
    report = Report(path, lay_out(mended))
    _tell_broken(report, broken)
    lines = text.split("\n")
    if any(lines[line - 1].lstrip().startswith("[") for line, _ in broken):
        return None, report.findings()  # without a header the fields below it count for another table
    config: Config | None = None
    try:
        config = Config.model_validate(tree)
    except ValidationError as error:
        # With lines left out, what is missing may only be hidden behind a broken one.
        check_schema(error, report, tell_missing=not broken)
    except RecursionError:
        report.error((), "tables or lists are nested too deeply", "flatten them")
        return None, report.findings()
    if not broken:
        check_providers(tree, environ, report)
        check_profiles(tree, report)
        check_policies(tree, report)
        check_fusions(tree, report)
        check_keys(tree, keys, report)
    findings = report.findings()
    return (None if any(finding.severity is Severity.ERROR for finding in findings) else config), findings


Broken = tuple[int, str]


def _parsed(text: str) -> tuple[dict[str, Any] | None, list[Broken], str]:
    """The tree, the lines that are no TOML, and the text without them: so one typo does not hide the next error.

    Where leaving out single lines does not lead to a readable text, only the first is told, without a tree.
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


def _tell_broken(report: Report, broken: list[Broken]) -> None:
    for line, reason in broken:
        report.at_line(line, f"this is not TOML: {reason}", "see https://toml.io; text values need quotes around them")
