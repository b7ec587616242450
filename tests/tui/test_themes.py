from __future__ import annotations

from pathlib import Path

import pytest
from textual.app import App, ComposeResult
from textual.color import Color
from textual.theme import BUILTIN_THEMES

from clawtui.tui import themes
from clawtui.tui.widgets.columns import Column
from clawtui.tui.widgets.table import Table

REPOSITORY = Path(__file__).parents[2]
SHIPPED = themes.load([REPOSITORY / "themes"])


def write(folder: Path, name: str, text: str) -> Path:
    folder.mkdir(exist_ok=True)
    file = folder / f"{name}.toml"
    file.write_text(text)
    return file


def test_the_shipped_themes_are_whole():
    assert SHIPPED.broken == ()
    assert {"lobster", "lobster-light", "clear", "terminal"} <= {theme.name for theme in SHIPPED.themes}
    assert len(SHIPPED.themes) >= 6
    assert themes.DEFAULT in SHIPPED.titles


def test_themes_are_found_in_the_package_in_the_repository_and_with_the_user(tmp_path: Path):
    places = themes.folders(tmp_path)
    assert places[0].parts[-2:] == ("clawtui", "themes")
    assert places[1] == REPOSITORY / "themes"
    assert places[2] == tmp_path


def test_each_place_alone_is_enough(tmp_path: Path):
    package, repository = tmp_path / "package", tmp_path / "repository"
    for place in (package, repository):
        write(place, "sea", '[colors]\nprimary = "#123456"')
    for places in ([package, tmp_path / "none"], [tmp_path / "none", repository]):
        assert [theme.name for theme in themes.load(places).themes] == ["sea"]


def test_the_users_theme_replaces_one_of_its_name(tmp_path: Path):
    write(tmp_path / "one", "sea", '[colors]\nprimary = "#111111"')
    write(tmp_path / "two", "sea", '[colors]\nprimary = "#222222"')
    (theme,) = themes.load([tmp_path / "one", tmp_path / "two"]).themes
    assert theme.primary == "#222222"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("colors = [", "not TOML"),
        ("[colors]\nprimry = '#123456'", "did you mean `primary`"),
        ("[colors]\nprimary = 'bleu'", "`bleu` is not a colour"),
        ("[colors]\nprimary = 7", "colors.primary"),
        ("[colors]\nsecondary = '#123456'", "`colors.primary` is missing"),
        ("dark = 1\n[colors]\nprimary = '#123456'", "`dark`"),
        ("[colors]\nprimary = '#123456'\n[variables]\nborder = 'red; } * { display: none'", "variables.border"),
        ("[colors]\nprimary = '#123456'\n[variables]\nborder = 'hokus'", "`hokus`"),
        ("[colors]\nprimary = '#123456'\n[variables]\nlink-style = 'loud'", "not a text style"),
        ("[colors]\nprimary = '#123456'\n[states]\nfine = 'red'", "states.fine"),
        ("colors = 'x'", "not a table"),
    ],
)
def test_a_broken_theme_is_told_by_name_file_and_reason_and_the_others_stay(tmp_path: Path, text: str, reason: str):
    good = write(tmp_path, "good", '[colors]\nprimary = "#123456"')
    file = write(tmp_path, "bad", text)
    loaded = themes.load([tmp_path])
    assert [theme.name for theme in loaded.themes] == [good.stem]
    (broken,) = loaded.broken
    assert (broken.name, broken.file) == ("bad", file)
    assert reason in broken.reason


def test_a_file_that_is_no_text_is_told(tmp_path: Path):
    (tmp_path / "odd.toml").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "Big Name.toml").write_text("")
    assert len(themes.load([tmp_path]).broken) == 2


class Shown(App[None]):
    def get_theme_variable_defaults(self) -> dict[str, str]:
        return themes.state_variables(self.current_theme)

    def compose(self) -> ComposeResult:
        yield Table([Column("x", "X", str)], key=str)


async def test_every_theme_can_be_switched_to_live():
    app = Shown()
    async with app.run_test(size=(40, 8)) as pilot:
        for theme in SHIPPED.themes:
            app.register_theme(theme)
        table = app.query_one(Table)
        table.show([1, 2])
        for name in [*(theme.name for theme in SHIPPED.themes), *BUILTIN_THEMES]:
            app.theme = name
            await pilot.pause()
            assert table.render_line(1).text.startswith("1")


@pytest.mark.parametrize("theme", [theme for theme in SHIPPED.themes if not theme.ansi], ids=lambda theme: theme.name)
def test_states_are_legible_on_every_surface(theme):
    for surface in (theme.background, theme.surface):
        for state in themes.STATES:
            color = Color.parse(theme.variables[f"state-{state}"])
            assert _contrast(color, Color.parse(surface)) >= 4.0, (state, surface)
        assert _contrast(Color.parse(theme.foreground), Color.parse(surface)) >= 7.0


def test_states_of_the_safe_theme_differ_in_lightness_or_blueness():
    """What every kind of colour blindness leaves: blue against yellow, and light against dark."""
    safe = next(theme for theme in SHIPPED.themes if theme.name == "clear")
    ok, bad = (Color.parse(safe.variables[f"state-{state}"]) for state in ("ok", "bad"))
    assert ok.b - bad.b > 80


def _contrast(one: Color, other: Color) -> float:
    def luminance(color: Color) -> float:
        parts = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in color.normalized]
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]

    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)
