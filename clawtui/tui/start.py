"""Opens the screen and closes what it opened. A crash is one sentence, never a traceback."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from collections.abc import Iterator

from clawtui.config.paths import Paths
from clawtui.tui import remembered
from clawtui.tui.app import ClawApp
from clawtui.tui.opening import Opening


def open_screen(paths: Paths, *, demo: bool = False) -> int:
    """The exit status."""
    return asyncio.run(_open_screen(paths, demo))


@contextlib.contextmanager
def _ending_with(app: ClawApp) -> Iterator[None]:
    """A terminal that is closed and a polite kill end the screen as quitting does: what it opened is cleared away. One
    more of them does what it always did, should the first not be enough."""
    loop = asyncio.get_running_loop()
    handled: list[signal.Signals] = []

    def leave() -> None:
        while handled:
            loop.remove_signal_handler(handled.pop())
        app.exit()

    for number in (signal.SIGHUP, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):
            loop.add_signal_handler(number, leave)
            handled.append(number)
    try:
        yield
    finally:
        while handled:
            loop.remove_signal_handler(handled.pop())


async def _open_screen(paths: Paths, demo: bool) -> int:
    opening = Opening(paths, demo=demo)
    # Read here for the first frame's colours; the rest of it comes with the desk.
    theme = "" if demo else remembered.read(paths.state_file)[0].theme
    app = ClawApp(opening, theme=theme)
    try:
        with _ending_with(app):
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
