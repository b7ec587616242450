"""The options that every verb knows, before it or behind it."""

from __future__ import annotations

import argparse
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clawtui.cli.stopping import Stop

if TYPE_CHECKING:
    from collections.abc import Mapping

    from clawtui.cli.output import Output
    from clawtui.config.key_checks import KeyCheck
    from clawtui.config.paths import Paths

HALF_PAIR = re.compile("[\ud800-\udfff]")  # what Python makes of bytes that are no text
NO_SUCH_HOME = "this machine knows no user of that name"


@dataclass(slots=True)
class Options:
    """What was asked on the command line, and the world it runs in."""

    verb: str | None
    args: argparse.Namespace
    output: Output
    environ: Mapping[str, str]
    stdin: Any
    config: Path | None = None
    data: Path | None = None
    demo: bool = False
    json: bool = False
    verbose: bool = False
    keys: KeyCheck | None = None  # the screen's rules for [keys]
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def paths(self) -> Paths:
        from clawtui.config.paths import CONFIG_VARIABLE, DATA_VARIABLE, find_paths, has_unknown_home

        paths = find_paths(self.environ, self.config, self.data)
        for option, variable in ((self.config, CONFIG_VARIABLE), (self.data, DATA_VARIABLE)):
            if option is None and has_unknown_home(named := self.environ.get(variable, "")):
                raise Stop(f"{variable} is {named}: {NO_SUCH_HOME}", "name another place")
        return paths

    def tell_if_missing(self) -> None:
        """A config that was named and is not there: what is found on this machine takes its place, and its rules are
        gone. That must not go unsaid."""
        from clawtui.config import disk
        from clawtui.config.paths import CONFIG_VARIABLE

        if self.demo or (self.config is None and not self.environ.get(CONFIG_VARIABLE)):
            return
        file = self.paths.config_file
        reading = disk.read(file)
        if reading.text is None and reading.problem is None:
            source = "--config" if self.config is not None else CONFIG_VARIABLE
            self.output.note(f"there is no {file}, which {source} names: what is found on this machine counts")


def add_common(parser: argparse.ArgumentParser, *, top: bool) -> None:
    """The same options on the program and on every verb; those of a verb leave the program's alone when not given."""
    unset: Any = None if top else argparse.SUPPRESS
    off: Any = False if top else argparse.SUPPRESS
    group = parser.add_argument_group("everywhere")
    group.add_argument(
        "--config", metavar="FILE", type=user_path, default=unset, help="config file instead of the usual one"
    )
    group.add_argument(
        "--data", metavar="FOLDER", type=user_path, default=unset, help="data folder instead of the usual one"
    )
    group.add_argument(
        "--demo", action="store_true", default=off, help="on the built-in simulator, with throw-away data"
    )
    group.add_argument("--json", action="store_true", default=off, help="print one JSON document")
    group.add_argument("--no-color", action="store_true", default=off, help="no colours")
    group.add_argument("-v", "--verbose", action="store_true", default=off, help="say more, tracebacks included")


def user_path(text: str) -> Path:
    """An argparse type: the path, with ~ resolved. Whether it can be read is said by whoever reads it."""
    from clawtui.config.paths import expanded, has_unknown_home

    if has_unknown_home(text):
        raise argparse.ArgumentTypeError(f"{text}: {NO_SUCH_HOME}")
    if not text or "\0" in text:
        raise argparse.ArgumentTypeError("the path is empty" if not text else "no path holds a zero byte")
    path = expanded(text)
    return path.absolute() if str(path).startswith("~") else path  # of ./~x: not to be resolved once more


def name(text: str) -> str:
    """An argparse type: a name, which an empty text is not. To take that for none would drop a boundary unsaid."""
    if not text.strip():
        raise argparse.ArgumentTypeError("the name is empty")
    return text
