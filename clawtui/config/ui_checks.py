"""Checks [ui]: themes and panes that there are. What is wrong there keeps nothing else back."""

from __future__ import annotations

from pathlib import Path

from clawtui.config.findings import quoted, suggestion
from clawtui.config.report import Report
from clawtui.config.tree import Tree, table, text

PANES = ("playground", "routes", "traces", "profiles", "evals", "usage")
# What the screen offers besides those that are files. Written down here, for a check must not load the screen's library.
TEXTUAL_THEMES = (
    *("textual-dark", "textual-light", "nord", "gruvbox", "dracula", "tokyo-night", "monokai", "flexoki"),
    *("catppuccin-mocha", "catppuccin-latte", "catppuccin-frappe", "catppuccin-macchiato"),
    *("solarized-light", "solarized-dark", "rose-pine", "rose-pine-moon", "rose-pine-dawn"),
    *("atom-one-dark", "atom-one-light", "ansi-dark", "ansi-light"),
)


def check_ui(tree: Tree, path: Path | None, report: Report) -> None:
    """`path` is the file's: the user's own themes lie beside it."""
    ui = table(tree, "ui")
    for field in ("theme", "default_pane"):
        name = text(ui, field)
        if name is not None and not name.isprintable():
            report.error(("ui", field), "the name holds control characters", "remove them")
        elif name and field == "default_pane" and name not in PANES:
            report.warning(("ui", field), f"there is no pane {quoted(name)}", suggestion(name, PANES, "remove it"))
        elif name and field == "theme" and path is not None:
            themes = _themes(path)
            if name not in (*themes, *TEXTUAL_THEMES):
                fix = suggestion(name, themes, "remove it, or put its file into the themes folder")
                report.warning(("ui", field), f"there is no theme {quoted(name)}", fix)


def _themes(path: Path) -> list[str]:
    """By their files: an installed package has them inside, an editable one in the repository."""
    package = Path(__file__).resolve().parent.parent
    found: list[str] = []
    for folder in (package / "themes", package.parent / "themes", path.parent / "themes"):
        try:
            found += sorted(file.stem for file in folder.iterdir() if file.suffix == ".toml")
        except OSError:
            continue  # a folder that is not there has no themes
    return found
