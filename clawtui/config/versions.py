"""Earlier versions of the config file, the last ten, kept in the data folder; one row of them for each file."""

from __future__ import annotations

import contextlib
import hashlib
import os
from pathlib import Path

from clawtui.config.disk import replace
from clawtui.config.paths import make_private_folder

KEPT = 10


class Versions:
    def __init__(self, folder: Path, config_file: Path) -> None:
        # Several config files may share one data folder, and none may get another's text back.
        identity = hashlib.sha256(os.path.realpath(config_file).encode("utf-8", "surrogateescape")).hexdigest()[:16]
        self._folder = folder / identity

    def paths(self) -> list[Path]:
        """Oldest first."""
        return sorted(self._folder.glob("[0-9]*.toml"))

    def keep(self, text: str) -> None:
        """Notes a text as the newest earlier version; nothing is kept twice in a row."""
        kept = self.paths()
        if kept and kept[-1].read_bytes() == text.encode("utf-8"):
            return
        make_private_folder(self._folder.parent)
        make_private_folder(self._folder)
        number = int(kept[-1].stem) + 1 if kept else 1
        replace(self._folder / f"{number:08}.toml", text)
        for path in self.paths()[:-KEPT]:
            with contextlib.suppress(OSError):
                path.unlink()

    def newest(self) -> tuple[Path, str] | None:
        kept = self.paths()
        return (kept[-1], kept[-1].read_bytes().decode("utf-8")) if kept else None

    def keep_undone(self, text: str) -> None:
        """What an undo took back, so that it is not lost either."""
        make_private_folder(self._folder.parent)
        make_private_folder(self._folder)
        replace(self._folder / "undone.toml", text)

    def undone(self) -> str | None:
        try:
            return (self._folder / "undone.toml").read_bytes().decode("utf-8")
        except FileNotFoundError:
            return None
