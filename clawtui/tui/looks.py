"""The app's colours: themes from files, the one in force, and their names for people."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from clawtui.text import one_line
from clawtui.tui import themes

if TYPE_CHECKING:
    from clawtui.tui.app import ClawApp


class Looks:
    def __init__(self, app: ClawApp) -> None:
        self._app = app
        self._titles: dict[str, str] = {}

    def load(self, user: Path | None = None) -> list[str]:
        """Registers ours, and the user's where there are any; what is wrong with files comes back as sentences."""
        found = themes.load(themes.folders(user))
        for theme in found.themes:
            self._app.register_theme(theme)
        self._titles |= found.titles
        return [f"theme {broken.name} is left out: {broken.reason}" for broken in found.broken]

    def wear(self, name: str) -> str | None:
        """A sentence where there is no such theme; then the colours stay."""
        if name not in self._app.available_themes:
            return f"there is no theme {one_line(name)}"
        if self._app.theme != name:
            self._app.theme = name
        return None

    def titles(self) -> dict[str, str]:
        """By name, ours first, then Textual's."""
        return self._titles | {name: name for name in self._app.available_themes if name not in self._titles}
