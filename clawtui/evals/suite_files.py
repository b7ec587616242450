"""Finds suites: those that come along, those in the config folder's `suites/`, and files by name. What is listed is what
can be asked for. How the text of one is read is in `suite_reading`."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path

from clawtui.config.findings import Finding, Severity, nearest, quoted
from clawtui.config.paths import expanded
from clawtui.evals.cases import Suite
from clawtui.evals.suite_reading import read_jsonl, read_toml

SHIPPED = ("core", "smoke", "fusion", "reliability")
EXTENSIONS = (".toml", ".jsonl")
LARGEST = 20_000_000  # bytes


@dataclass(frozen=True, slots=True)
class LoadedSuites:
    """`findings` are errors of files; with any, nothing of that file is among the suites."""

    suites: tuple[Suite, ...] = ()
    findings: tuple[Finding, ...] = ()
    unknown: tuple[str, ...] = ()  # a sentence for each name that leads nowhere


@dataclass(slots=True)
class _Shelf:
    """Every suite that can be named: the user's own hide shipped ones of the same name. None: it is shipped."""

    files: dict[str, Path | None] = field(default_factory=lambda: dict.fromkeys(SHIPPED))
    twins: dict[str, Finding] = field(default_factory=dict)  # names that two files of the user's claim


def load_suites(asked: Sequence[str], folder: Path) -> LoadedSuites:
    """By name, or by file, each once; all there are where none is asked for."""
    shelf = _shelf(folder)
    suites: dict[str, Suite] = {}
    findings: list[Finding] = []
    unknown: list[str] = []
    seen: set[str | Path] = set()
    for name in asked or shelf.files:
        place = _place(name, shelf)
        if isinstance(place, _Unknown):
            unknown.append(place.sentence)
            continue
        key = place.file.resolve() if place.text is None else place.source + place.file.stem
        if key in seen:
            continue
        seen.add(key)
        suite, found = read_suite(place.file, place.text, place.source)
        findings += found
        if name in shelf.twins:
            findings.append(shelf.twins[name])
        elif suite is not None and suite.id in suites:
            findings.append(_twin(place.file, suite.id, suites[suite.id].source))
        elif suite is not None:
            suites[suite.id] = suite
    return LoadedSuites(tuple(suites.values()), tuple(dict.fromkeys(findings)), tuple(dict.fromkeys(unknown)))


@dataclass(frozen=True, slots=True)
class _Place:
    file: Path
    text: str | None  # where it is known already
    source: str


@dataclass(frozen=True, slots=True)
class _Unknown:
    sentence: str


def _place(name: str, shelf: _Shelf) -> _Place | _Unknown:
    known = name if name in shelf.files else name.lower()
    if known in shelf.files:
        file = shelf.files[known]
        if file is not None:
            return _Place(file, None, str(file))
        shipped = resources.files("clawtui.evals").joinpath("suites", f"{known}.toml")
        return _Place(Path(f"{known}.toml"), shipped.read_text(encoding="utf-8"), "shipped")
    file = expanded(name)
    if file.suffix in EXTENSIONS:
        if os.path.exists(file) and not os.path.isfile(file):
            return _Unknown(f"{quoted(name)} is no suite: it is no ordinary file")
        return _Place(file, None, str(file))
    if os.path.exists(file):
        return _Unknown(f"{quoted(name)} is no suite: the name of its file ends in {' or '.join(EXTENSIONS)}")
    near = nearest(name, shelf.files)
    return _Unknown(f"there is no suite {quoted(name)}" + (f"; did you mean {quoted(near)}?" if near else ""))


def _shelf(folder: Path) -> _Shelf:
    shelf = _Shelf()
    for file in sorted(folder.iterdir()) if folder.is_dir() else ():
        if file.suffix not in EXTENSIONS or not file.is_file():
            continue
        name = _name_of(file)
        if (first := shelf.files.get(name)) is not None:
            shelf.twins[name] = _twin(file, name, first.name)
        else:
            shelf.files[name] = file
    return shelf


def _name_of(file: Path) -> str:
    """The `id` that a file gives itself, as far as it can be read; else its own name."""
    own: object = None
    if file.suffix == ".toml":
        try:
            own = tomllib.loads(file.read_text(encoding="utf-8-sig")).get("id")
        except (OSError, ValueError, RecursionError):
            pass
    return own if isinstance(own, str) else file.stem.lower()


def _twin(file: Path, name: str, first: str) -> Finding:
    return _whole(file, f"{quoted(name)} is the name of another suite, too ({first})", 'give one of them id = "…"')


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
    return read_jsonl(file, text, source) if file.suffix == ".jsonl" else read_toml(file, text, source)


def _whole(file: Path, message: str, fix: str) -> Finding:
    return Finding(Severity.ERROR, file, None, "", message, fix)
