"""Runs the command line in this process, as a shell would see it."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import Any

from clawtui.cli.main import run
from clawtui.simulator import DialectKind, Script, Simulator


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@dataclass
class Ran:
    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass
class Shell:
    """A config file, a data folder and a simulator."""

    folder: Path
    simulator: Simulator
    environ: dict[str, str]

    @property
    def config(self) -> Path:
        return self.folder / "config" / "config.toml"

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def write(self, text: str) -> None:
        self.config.parent.mkdir(exist_ok=True)
        self.config.write_text(text, encoding="utf-8")

    def __call__(self, *arguments: str, stdin: str | None = None, terminal: bool = False) -> Ran:
        out, err = (Terminal(), Terminal()) if terminal else (io.StringIO(), io.StringIO())
        given = Terminal() if stdin is None else io.StringIO(stdin)
        environ = {"CLAWTUI_CONFIG": str(self.config), "CLAWTUI_DATA": str(self.data), **self.environ}
        status = run(
            arguments,
            open_screen=lambda options: 77,
            stdin=given,
            stdout=out,
            stderr=err,
            environ=environ,
        )
        return Ran(status, out.getvalue(), err.getvalue())


def usual_config(simulator: Simulator) -> str:
    return f"""
default_profile = "fast"
[providers.one]
kind = "openai"
base_url = "{simulator.url("one")}"
credentials = ["env:KEY_ONE"]
price = {{ input = 1.0, output = 2.0 }}
retries = 0
[providers.two]
kind = "anthropic"
base_url = "{simulator.url("two", DialectKind.ANTHROPIC)}"
credentials = ["env:KEY_TWO"]
[profiles.fast]
provider = "one"
model = "alpha"
fallback_profiles = ["strong"]
[profiles.strong]
provider = "two"
model = "beta"
[fusion.duo]
advisers = ["fast", "strong"]
synthesizer = "strong"
[policies.default]
retention = "full"
[policies.thrifty]
budget = {{ daily_usd = 0.0001 }}
[policies.private]
require_tags = ["local"]
"""


KEYS = {"KEY_ONE": "wombat-one-zz", "KEY_TWO": "wombat-two-zz"}


@contextmanager
def a_shell(folder: Path, script: Script | None = None, environ: Mapping[str, str] = KEYS) -> Iterator[Shell]:
    """The simulator runs on a thread of its own: every verb has a loop of its own and ends it."""
    loop = asyncio.new_event_loop()
    thread = Thread(target=loop.run_forever, daemon=True)
    thread.start()
    simulator = Simulator(script)
    asyncio.run_coroutine_threadsafe(simulator.start(), loop).result(10)
    try:
        shell = Shell(folder, simulator, dict(environ))
        shell.write(usual_config(simulator))
        yield shell
    finally:
        asyncio.run_coroutine_threadsafe(simulator.close(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()
