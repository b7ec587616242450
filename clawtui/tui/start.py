"""Opens the screen and closes what it opened. A crash is one sentence, never a traceback."""

from __future__ import annotations

import asyncio
import sys

from clawtui.config.paths import Paths
from clawtui.tui import remembered
from clawtui.tui.app import ClawApp
from clawtui.tui.opening import Opening


def open_screen(paths: Paths, *, demo: bool = False) -> int:
    """The exit status."""
    return asyncio.run(_open_screen(paths, demo))


async def _open_screen(paths: Paths, demo: bool) -> int:
    opening = Opening(paths, demo=demo)
    # Read here for the first frame's colours; the rest of it comes with the desk.
    theme = "" if demo else remembered.read(paths.state_file)[0].theme
    app = ClawApp(opening, theme=theme)
    try:
        await app.run_async()
        if app.session is not None and app.crashed is None:
            await app.session.end()
    finally:
        await opening.aclose()
    if app.stopped is not None:
        sys.stderr.write(f"clawtui: {app.stopped.sentence}\n")
        return app.stopped.status
    if app.crashed is not None:
        sys.stderr.write(f"clawtui: the screen failed ({app.crashed}); what was asked is kept in the traces\n")
        return 1
    return 0
