"""Findings as lines for people and as the public document."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from clawtui.cli.options import Options
from clawtui.cli.stopping import Status
from clawtui.config.findings import Finding, Severity


def as_lines(finding: Finding) -> list[str]:
    """Where and what on one line, what to do on the next."""
    where = ":".join(str(part) for part in (finding.file, finding.line) if part is not None)
    field = f" {finding.path}" if finding.path else ""
    lines = [
        f"{finding.severity.value}: {where}{field}: {finding.message}"
        if where
        else f"{finding.severity.value}:{field} {finding.message}"
    ]
    if finding.fix:
        lines.append(f"  → {finding.fix}")
    return lines


def document(findings: Iterable[Finding]) -> list[dict[str, Any]]:
    return [
        {
            "severity": finding.severity.value,
            "file": str(finding.file) if finding.file else None,
            "line": finding.line,
            "path": finding.path,
            "message": finding.message,
            "fix": finding.fix,
        }
        for finding in findings
    ]


def tell(options: Options, findings: tuple[Finding, ...]) -> int:
    """Prints all findings for a person; exit 2 with any error."""
    for finding in findings:
        for line in as_lines(finding):
            options.output.line(line)
    if not findings:
        options.output.line("nothing to mend")
    return status_of(findings)


def status_of(findings: Iterable[Finding]) -> int:
    return Status.USAGE if any(finding.severity is Severity.ERROR for finding in findings) else Status.DONE
