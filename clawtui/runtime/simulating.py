"""The simulator by itself, for `clawtui simulate`."""

from __future__ import annotations

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
    try:
        played: Script | None = load_script(script) if script else None
    except ScriptError as error:
        raise NotSimulated(str(error), "mend the script") from None
    try:
        await serve(port, played, ready=ready)
    except (OSError, OverflowError) as error:
        raise NotSimulated(
            f"port {port} cannot be used: {getattr(error, 'strerror', None) or error}", "choose another with --port"
        ) from None
