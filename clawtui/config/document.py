"""The config file as a document: loaded with its findings, edited in place, saved without losing anybody's words."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from clawtui.config import disk, editing
from clawtui.config.checks import examine
from clawtui.config.disk import Fingerprint
from clawtui.config.editing import Value
from clawtui.config.findings import Finding, Severity
from clawtui.config.key_checks import KeyCheck
from clawtui.config.layout import Key
from clawtui.config.schema import Config
from clawtui.config.versions import Versions


@dataclass(frozen=True, slots=True)
class Loaded:
    """`config` is None where the file is absent or has errors. `text` is None where it could not be read as text."""

    path: Path
    config: Config | None
    findings: tuple[Finding, ...]
    fingerprint: Fingerprint
    text: str | None

    @property
    def exists(self) -> bool:
        return self.fingerprint.digest is not None or bool(self.findings)

    @property
    def errors(self) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.severity is Severity.ERROR)


def load(path: Path, environ: Mapping[str, str], keys: KeyCheck | None = None) -> Loaded:
    """Reads and checks the file. Never raises: what is wrong is a finding."""
    reading = disk.read(path)
    if reading.text is None:
        findings: tuple[Finding, ...] = ()
        if reading.problem:
            findings = (Finding(Severity.ERROR, path, reading.line, "", reading.problem, reading.fix),)
        return Loaded(path, None, findings, reading.fingerprint, None)
    config, findings = examine(reading.text, environ, path, keys)
    return Loaded(path, config, findings, reading.fingerprint, reading.text)


class NotEditable(Exception):
    """The file cannot be read as text, so there is nothing to edit."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path
        self.reason = reason


class ChangedOnDisk(Exception):
    """Somebody else changed the file since it was read. `difference` runs from the disk's text to the one to save.

    To save all the same, pass `fingerprint` as `over`.
    """

    def __init__(self, path: Path, difference: str, fingerprint: Fingerprint) -> None:
        super().__init__(f"{path} changed on disk since it was read")
        self.path = path
        self.difference = difference
        self.fingerprint = fingerprint


class NothingToUndo(Exception):
    """No earlier version is kept."""


class Document:
    """One text, changed step by step. Every change keeps comments, order and all lines that it does not concern."""

    def __init__(self, path: Path, text: str, fingerprint: Fingerprint, *, has_bom: bool = False) -> None:
        self.path = path
        self.text = text
        self.fingerprint = fingerprint
        self._has_bom = has_bom

    @classmethod
    def open(cls, path: Path) -> Document:
        """The file's text, or an empty one where there is no file yet."""
        reading = disk.read(path)
        if reading.problem:
            raise NotEditable(path, reading.problem)
        return cls(path, reading.text or "", reading.fingerprint, has_bom=reading.has_bom)

    def set(self, path: Key, value: Value) -> None:
        """Sets a field, or brings a table to hold exactly the fields given. EditRefused leaves the text as it was."""
        self.text = editing.set_value(self.text, path, value)

    def remove(self, path: Key) -> None:
        self.text = editing.remove(self.text, path)

    def difference(self) -> str:
        """From what is on the disk now to this text, as unified lines; empty where they are equal."""
        return difference(disk.read(self.path).text or "", self.text, self.path)

    def save(self, versions: Versions, over: Fingerprint | None = None) -> Fingerprint:
        """Replaces the file by this text and keeps what was there as a version.

        ChangedOnDisk where the file is no longer what was read (or what `over` says); NotSaved where it cannot be
        written.
        """
        reading = disk.read(self.path)
        if not reading.fingerprint.same_content(over or self.fingerprint):
            raise ChangedOnDisk(self.path, self.difference(), reading.fingerprint)
        if reading.text is not None and reading.text != self.text:
            versions.keep(reading.text)
        self.fingerprint = disk.replace(self.path, self.text, has_bom=self._has_bom)
        return self.fingerprint

    def undo(self, versions: Versions) -> None:
        """Puts the newest earlier version back into the file; each further undo goes one further back."""
        reading = disk.read(self.path)
        if not reading.fingerprint.same_content(self.fingerprint):
            raise ChangedOnDisk(self.path, self.difference(), reading.fingerprint)
        newest = versions.newest()
        if newest is None:
            raise NothingToUndo("no earlier version is kept")
        place, text = newest
        versions.keep_undone(reading.text or "")
        self.fingerprint = disk.replace(self.path, text, has_bom=self._has_bom)
        self.text = text
        place.unlink(missing_ok=True)


def difference(before: str, after: str, path: Path) -> str:
    return "".join(
        line if line.endswith("\n") else line + "\n"
        for line in difflib.unified_diff(
            before.splitlines(keepends=True),
            after.splitlines(keepends=True),
            f"{path} (on disk)",
            f"{path} (to save)",
        )
    )
