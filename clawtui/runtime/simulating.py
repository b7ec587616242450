"""The simulator by itself, for `clawtui simulate`."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from clawtui.simulator import Script, ScriptError, load_script, serve


class NotSimulated(Exception):
    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


async def simulate(port: int, script: Path | None, ready: Callable[[str], None]) -> None:
    """Runs until cancelled; `ready` is told the address."""
    played = _played(script) if script else None
    try:
        await serve(port, played, ready=ready)
    except (OSError, OverflowError) as error:
        raise NotSimulated(
            f"port {port} cannot be used: {getattr(error, 'strerror', None) or error}", "choose another with --port"
        ) from None


def _played(script: Path) -> Script:
    if os.path.exists(script) and not os.path.isfile(script):
        # A pipe would hold up the program for as long as nobody writes into it.
        raise NotSimulated(f"{script} is no ordinary file", "name a file with a script in it")
    try:
        return load_script(script)
    except ScriptError as error:
        raise NotSimulated(str(error), "mend the script") from None
