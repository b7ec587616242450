"""Writes what the screen remembers, off the loop, some time after it has changed; nothing is written twice."""

from __future__ import annotations

import asyncio
from copy import deepcopy
from dataclasses import replace
from pathlib import Path

from clawtui.config.paths import make_private_folder
from clawtui.tui.remembered import Remembered, write

SECONDS = 2.0


class Saver:
    """Looks when asked, every two seconds and at the end. Panes change what is remembered and tell nobody."""

    def __init__(self, path: Path, remembered: Remembered, *, keeps_texts: bool = True) -> None:
        self._path = path
        self._remembered = remembered
        self._saved = deepcopy(remembered)
        self._busy = asyncio.Lock()
        self.keeps_texts = keeps_texts  # `[ui] keep_conversations`: drafts are the user's texts too

    async def save(self) -> str | None:
        """A sentence where it could not be written; said once, then again only after something new."""
        async with self._busy:
            if self._remembered == self._saved:
                return None
            self._saved = deepcopy(self._remembered)
            snapshot = self._saved
            if not self.keeps_texts:
                snapshot = replace(snapshot, drafts={}, conversation="")
            try:
                await asyncio.to_thread(_write, self._path, snapshot)
            except OSError as error:
                return f"{self._path} cannot be written ({error.strerror}); the screen will not remember this"
            return None


def _write(path: Path, snapshot: Remembered) -> None:
    make_private_folder(path.parent)
    write(path, snapshot)
