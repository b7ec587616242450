"""What leaves the screen: text for the terminal's clipboard, and exported files."""

from __future__ import annotations

import asyncio
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from clawtui.config.paths import Paths
from clawtui.text import clean, count

if TYPE_CHECKING:
    from clawtui.tui.app import ClawApp

# Terminals take OSC 52 up to about 100 kB, and base64 makes three bytes four.
MOST_COPIED = 74_000
SAFE_NAME = re.compile(r"[^\w.-]+")
MOST_TRIES = 1_000


def for_clipboard(text: str) -> str | None:
    """The text without control characters, which a terminal would obey on pasting; None where it is too long."""
    cleaned = clean(text)
    return cleaned if len(cleaned.encode()) <= MOST_COPIED else None


def copied(text: str, what: str) -> str:
    return f"{what}, {count(len(text))} characters, sent to the terminal"


def copy(app: ClawApp, text: str, what: str) -> None:
    """By OSC 52. Whether the terminal takes it cannot be known, so it is not called copied."""
    fitting = for_clipboard(text)
    if fitting is not None:
        app.copy_to_clipboard(fitting)
        app.tell(copied(fitting, what))
        return
    from clawtui.tui.widgets.confirm import Confirm

    question = f"{what} is {count(len(text))} characters, more than terminals take. Write it to a file instead?"

    def answered(yes: bool | None) -> None:
        if yes:
            export(app, text, f"{what}.txt")

    app.push_screen(Confirm("Too long to copy", question, yes="Write", no="Leave it", is_grave=False), answered)


def export(app: ClawApp, text: str, name: str) -> None:
    async def write() -> None:
        try:
            path = await asyncio.to_thread(write_export, app.desk.paths, name, text)
        except OSError as error:
            app.tell(f"{name} could not be written: {error.strerror}", "error")
        else:
            app.tell(f"written to {path}")

    app.run_worker(write(), group="export", exit_on_error=False, description="export")


def write_export(paths: Paths, name: str, text: str) -> Path:
    """A new file for the user alone; never over an earlier one."""
    paths.make_data_dir()
    paths.exports.mkdir(mode=0o700, exist_ok=True)
    safe = SAFE_NAME.sub("-", name).strip("-.")[-100:] or "export.txt"
    stem, suffix = os.path.splitext(safe)
    for number in range(1, MOST_TRIES):
        path = paths.exports / (safe if number == 1 else f"{stem}-{number}{suffix}")
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            continue
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="replace") as file:
            file.write(text)
        return path
    raise FileExistsError(17, "too many exports of this name", str(paths.exports / safe))
