"""Collects findings while a file is checked, and gives each its line."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from clawtui.config.findings import Finding, Severity
from clawtui.config.layout import Key, Layout
from clawtui.config.writing import dotted


@dataclass(frozen=True, slots=True)
class Lost:
    """A line that could not be read: the table whose header it stands under, and what it may have said of it."""

    section: Key
    path: Key


class Report:
    def __init__(self, file: Path | None, layout: Layout | None, lost: tuple[Lost, ...] = ()) -> None:
        self._file = file
        self._layout = layout
        self._lost = lost
        self._findings: list[Finding] = []

    def error(self, path: Key, message: str, fix: str) -> None:
        self._add(Severity.ERROR, path, message, fix)

    def warning(self, path: Key, message: str, fix: str) -> None:
        self._add(Severity.WARNING, path, message, fix)

    def info(self, path: Key, message: str, fix: str) -> None:
        self._add(Severity.INFO, path, message, fix)

    def at_line(self, line: int | None, message: str, fix: str) -> None:
        """An error of the text itself, where no field can be named."""
        self._findings.append(Finding(Severity.ERROR, self._file, line, "", message, fix))

    def is_whole(self, table: Key) -> bool:
        """Whether all that is said of a table could be read: of any other nothing can be told to be missing."""
        size = len(table)
        return not any(
            table[: len(lost.path)] == lost.path or (lost.path[:size] == table and len(lost.section) <= size)
            for lost in self._lost
        )

    def _add(self, severity: Severity, path: Key, message: str, fix: str) -> None:
        line = self._layout.line(path) if self._layout else None
        self._findings.append(Finding(severity, self._file, line, dotted(path), message, fix))

    def findings(self) -> tuple[Finding, ...]:
        """In the order of the file, each once; those without a line first."""
        return tuple(sorted(dict.fromkeys(self._findings), key=lambda finding: finding.line or 0))
