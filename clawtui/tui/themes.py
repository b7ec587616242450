"""Themes as files: read from the package, the repository or the user's folder, checked, and turned into Textual's."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from textual.color import Color, ColorParseError
from textual.theme import Theme

from clawtui.config.findings import listed, nearest, quoted

DEFAULT = "lobster"
STATES = ("ok", "warn", "bad", "idle")
COLORS = (
    *("primary", "secondary", "accent", "success", "warning", "error"),
    *("foreground", "background", "surface", "panel", "boost"),
)
_TABLES = {"colors": COLORS, "states": STATES}
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]*")
_VARIABLE = re.compile(r"[a-z][a-z0-9-]*")
LARGEST = 64 * 1024
# Of a theme that says nothing of states. Textual computes these so that they are legible on its surfaces.
_FALLBACKS = {"ok": "text-success", "warn": "text-warning", "bad": "text-error", "idle": "text-muted"}


@dataclass(frozen=True, slots=True)
class BrokenTheme:
    name: str
    file: Path
    reason: str


@dataclass(frozen=True, slots=True)
class Themes:
    themes: tuple[Theme, ...]
    titles: Mapping[str, str]
    broken: tuple[BrokenTheme, ...]


class _Wrong(ValueError):
    """What is wrong with a theme, in words."""


def folders(user: Path | None = None) -> tuple[Path, ...]:
    """Where themes are, the strongest last: an installed package has them inside, an editable one in the repository."""
    package = Path(__file__).resolve().parent.parent
    return tuple(folder for folder in (package / "themes", package.parent / "themes", user) if folder is not None)


def load(places: Iterable[Path]) -> Themes:
    """All themes of these folders. A later one replaces an earlier one of its name; a broken one is told and replaces none."""
    found: dict[str, tuple[Theme, str]] = {}
    broken: list[BrokenTheme] = []
    for folder in places:
        try:
            files = sorted(file for file in folder.iterdir() if file.suffix == ".toml")
        except OSError:
            continue  # a folder that is not there has no themes
        for file in files:
            try:
                found[file.stem] = _read(file)
            except _Wrong as wrong:
                broken.append(BrokenTheme(file.stem, file, str(wrong)))
    themes = tuple(theme for theme, _ in found.values())
    return Themes(themes, {name: title for name, (_, title) in found.items()}, tuple(broken))


def state_variables(theme: Theme) -> dict[str, str]:
    """`$state-ok` and its like for any theme, Textual's own too. For `App.get_theme_variable_defaults`."""
    colors = theme.to_color_system().generate()
    return {f"state-{state}": colors[fallback] for state, fallback in _FALLBACKS.items()}


def _read(file: Path) -> tuple[Theme, str]:
    if not _NAME.fullmatch(file.stem):
        raise _Wrong("the file's name is the theme's name: small letters, digits, `.`, `_` and `-`")
    try:
        content = file.read_bytes()
        if len(content) > LARGEST:
            raise _Wrong("the file is too large for a theme")
        document = tomllib.loads(content.decode())
    except OSError as error:
        raise _Wrong(f"the file cannot be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise _Wrong("the file is not UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise _Wrong(f"not TOML: {error}") from None
    return _theme(file.stem, document)


def _theme(name: str, document: dict[str, Any]) -> tuple[Theme, str]:
    _known(document, ("title", "dark", "ansi", "colors", "states", "variables"), "")
    title = document.get("title", name)
    if not isinstance(title, str):
        raise _Wrong("`title` is not a text")
    flags = {flag: document.get(flag, usual) for flag, usual in (("dark", True), ("ansi", False))}
    for flag, value in flags.items():
        if not isinstance(value, bool):
            raise _Wrong(f"`{flag}` is neither true nor false")
    colors, states = (_colors(document.get(key, {}), key) for key in _TABLES)
    if "primary" not in colors:
        raise _Wrong("`colors.primary` is missing")
    variables = document.get("variables", {})
    if not isinstance(variables, dict):
        raise _Wrong("`variables` is not a table")
    for variable, value in variables.items():
        # A value becomes part of a style sheet: nothing that could end a rule or begin another may be in it.
        if not _VARIABLE.fullmatch(variable) or not isinstance(value, str) or not re.fullmatch(r"[\w#%., ()-]+", value):
            raise _Wrong(f"`variables.{variable[:60]}` is not a colour or a text style")
    theme = Theme(
        name=name,
        dark=flags["dark"],
        ansi=flags["ansi"],
        variables={**variables, **{f"state-{state}": color for state, color in states.items()}},
        **colors,
    )
    _check_whole(theme)
    return theme, title


def _colors(table: object, key: str) -> dict[str, Any]:
    if not isinstance(table, dict):
        raise _Wrong(f"`{key}` is not a table")
    _known(table, _TABLES[key], f"{key}.")
    for name, value in table.items():
        _check_color(f"{key}.{name}", value)
    return table


def _check_color(path: str, value: object) -> None:
    if not isinstance(value, str):
        raise _Wrong(f'`{path}` is not a colour such as "#E8573F"')
    try:
        Color.parse(value)
    except ColorParseError:
        raise _Wrong(f"`{path}`: {quoted(value)} is not a colour") from None


def _check_whole(theme: Theme) -> None:
    """Every variable must be something that a style sheet takes, or switching to the theme would break the screen."""
    for name, value in theme.variables.items():
        if name.endswith("-style"):
            known = {"bold", "dim", "italic", "underline", "reverse", "strike", "none", "not"}
            if not set(value.split()) <= known:
                raise _Wrong(f"`variables.{name}`: {quoted(value)} is not a text style")
            continue
        color, *rest = value.split()
        is_share = len(rest) == 1 and re.fullmatch(r"\d{1,3}(\.\d+)?%", rest[0])
        if rest and not is_share:
            raise _Wrong(f"`variables.{name}`: {quoted(value)} is not a colour")
        if color != "auto":
            _check_color(f"variables.{name}", color)
    theme.to_color_system().generate()


def _known(table: dict[str, Any], names: tuple[str, ...], where: str) -> None:
    for name in table:
        if name not in names:
            near = nearest(name, names)
            advice = f"did you mean {quoted(near)}?" if near else f"known are {listed(names)}"
            raise _Wrong(f"there is no {quoted(where + name)}; {advice}")
