"""The options that every verb knows, before it or behind it."""

from __future__ import annotations

import argparse
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from clawtui.cli.output import Output
    from clawtui.config.key_checks import KeyCheck
    from clawtui.config.paths import Paths


@dataclass(slots=True)
class Options:
    """What was asked on the command line, and the world it runs in."""

    verb: str | None
    args: argparse.Namespace
    output: Output
    environ: Mapping[str, str]
    stdin: Any
    config: str | None = None
    data: str | None = None
    demo: bool = False
    json: bool = False
    verbose: bool = False
    keys: KeyCheck | None = None  # the screen's rules for [keys]
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def paths(self) -> Paths:
        from clawtui.config.paths import find_paths

        return find_paths(self.environ, self.config, self.data)


def add_common(parser: argparse.ArgumentParser, *, top: bool) -> None:
    """The same options on the program and on every verb; those of a verb leave the program's alone when not given."""
    unset: Any = None if top else argparse.SUPPRESS
    off: Any = False if top else argparse.SUPPRESS
    group = parser.add_argument_group("everywhere")
    group.add_argument("--config", metavar="FILE", default=unset, help="config file instead of the usual one")
    group.add_argument("--data", metavar="FOLDER", default=unset, help="data folder instead of the usual one")
    group.add_argument(
        "--demo", action="store_true", default=off, help="on the built-in simulator, with throw-away data"
    )
    group.add_argument("--json", action="store_true", default=off, help="print one JSON document")
    group.add_argument("--no-color", action="store_true", default=off, help="no colours")
    group.add_argument("-v", "--verbose", action="store_true", default=off, help="say more, tracebacks included")


def existing_file(text: str) -> Path:
    """An argparse type: the path, with ~ resolved. Whether it can be read is said by whoever reads it."""
    return Path(text).expanduser()
