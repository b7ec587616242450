"""The user's own editor, in front of the screen while everything else runs on."""

from __future__ import annotations

import asyncio
import os
import shlex
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from textual.app import App, SuspendNotSupported

# Take `+LINE` before the file.
KNOW_LINES = frozenset({"vi", "vim", "nvim", "view", "nano", "emacs", "micro", "kak", "joe", "ne", "mg", "jed"})
USUAL = ("nano", "vi")


class NoEditor(Exception):
    """A sentence for people."""


def command(environ: Mapping[str, str], file: Path, line: int | None = None) -> list[str]:
    """From $VISUAL, $EDITOR, else what is usual."""
    written = environ.get("VISUAL") or environ.get("EDITOR") or ""
    try:
        words = shlex.split(written)
    except ValueError:
        raise NoEditor("$EDITOR cannot be read: a quotation mark is not closed") from None
    if not words:
        found = next((name for name in USUAL if shutil.which(name)), None)
        if found is None:
            raise NoEditor("no editor is named: set $EDITOR")
        words = [found]
    place = [f"+{line}"] if line and Path(words[0]).name in KNOW_LINES else []
    return [*words, *place, str(file)]


async def edit_file(app: App[Any], file: Path, line: int | None = None) -> None:
    """Returns when the editor has been left. Raises NoEditor where it cannot be started or failed."""
    words = command(os.environ, file, line)
    # Without the batch, live updates queue up behind the suspended screen and it never comes back.
    try:
        with app.batch_update(), app.suspend():
            status = await _run(words)
    except SuspendNotSupported:  # a terminal that is none: an editor with a window of its own still works
        status = await _run(words)
    app.refresh(layout=True)
    if status:
        raise NoEditor(f"{words[0]} ended with status {status}")


async def edit_text(app: App[Any], text: str, *, suffix: str = ".md") -> str:
    """The text as it was left; raises NoEditor."""
    folder = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="clawtui-"))
    file = folder / f"text{suffix}"
    try:
        await asyncio.to_thread(file.write_text, text, encoding="utf-8")
        await edit_file(app, file)
        edited = await asyncio.to_thread(file.read_text, encoding="utf-8", errors="replace")
    except OSError as error:
        raise NoEditor(f"the text could not be handed over ({error.strerror})") from None
    finally:
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
    # Editors end a file with a line break; the text had none unless its writer put it there.
    return edited[:-1] if edited.endswith("\n") and not text.endswith("\n") else edited


async def _run(words: list[str]) -> int:
    try:
        process = await asyncio.create_subprocess_exec(*words)
    except OSError as error:
        raise NoEditor(f"{words[0]} cannot be started ({error.strerror})") from None
    try:
        return await process.wait()
    finally:
        if process.returncode is None:
            process.terminate()
            await process.wait()
