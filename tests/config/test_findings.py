"""What a check says of single fields: line, path, what was found, what was expected, the nearest valid name."""

from __future__ import annotations

from pathlib import Path

import pytest

from clawtui.config.checks import check, examine
from clawtui.config.findings import Severity
from clawtui.config.schema import Config
from clawtui.config.ui_checks import PANES, TEXTUAL_THEMES
from tests.config.builders import FAST, FIRST, SENTINEL, STRONG, errors, findings, warnings


def test_ten_lines_are_enough() -> None:
    text = """
default_profile = "fast"
[providers.openai]
credentials = ["env:OPENAI_API_KEY"]
[profiles.fast]
provider = "openai"
model = "gpt-4.1-mini"
fallback_profiles = ["local"]
[profiles.local]
provider = "ollama"        # a known provider needs no table of its own
model = "qwen3:8b"
"""
    config, found = examine(text, {"OPENAI_API_KEY": "x"})
    assert found == ()
    assert config is not None
    assert config.profiles["fast"].fallback_profiles == ("local",)


def test_a_misspelt_field_is_told_with_line_path_and_the_nearest_name() -> None:
    found = errors("version = 1\n\n[profiles.fast]\nprovider = 'ollama'\nmodle = 'x'\nmodel = 'y'\n")
    assert found["profiles.fast.modle"].line == 5
    assert "`model`" in found["profiles.fast.modle"].fix


def test_a_field_in_the_wrong_table_is_told_where_it_belongs() -> None:
    found = errors(FAST + "temperature = 0.2\n")
    assert "[profiles.fast.defaults]" in found["profiles.fast.temperature"].fix


def test_a_misspelt_table_is_told_with_the_nearest_name() -> None:
    assert "`profiles`" in errors("[profile.fast]\nmodel = 'x'\n")["profile"].fix


def test_all_errors_come_at_once_and_in_the_order_of_the_file() -> None:
    text = (
        'default_profile = "fsat"\n[providers.x]\n'
        + FAST
        + 'fallback_profiles = ["nope"]\nenabled = "yes"\n[fusion.f]\nadvisers = []\nsynthesizer = "fast"\n'
    )
    paths = [f.path for f in findings(text) if f.severity is Severity.ERROR]
    assert paths == [
        "default_profile",
        "providers.x",
        "providers.x",
        "profiles.fast.fallback_profiles[0]",
        "profiles.fast.enabled",
        "fusion.f.advisers",
    ]


@pytest.mark.parametrize(
    ("line", "found", "expected"),
    [
        ("model = 5", "5", "text in quotes"),
        ('enabled = "true"', "text", "true or false"),
        ("enabled = 1", "1", "true or false"),
        ('tags = "cheap"', "text", "a list"),
        ("price = 3", "3", "a table"),
        ('price = { input = "1", output = 1 }', "text", "a number"),
        ("price = { input = -1, output = 1 }", "-1", "0 to 1000000"),
        ("price = { input = nan, output = 1 }", "nan", "a finite number"),
        ("defaults = { temperature = 3 }", "3", "0 to 2"),
        ("defaults = { max_tokens = 1.5 }", "1.5", "a whole number"),
        ("defaults = { max_tokens = true }", "true", "a whole number"),
        ("timeouts = { connect = 0 }", "0", "more than 0, at most 600"),
    ],
)
def test_a_wrong_value_is_told_with_what_was_found_and_expected(line: str, found: str, expected: str) -> None:
    text = '[profiles.a]\nprovider = "ollama"\n' + ("" if line.startswith("model") else 'model = "m"\n') + line + "\n"
    (finding,) = [f for f in findings(text) if f.severity is Severity.ERROR]
    assert f"found {found}" in finding.message
    assert expected in finding.message
    assert finding.line == text[: text.index(line)].count("\n") + 1


def test_a_word_outside_a_choice_is_told_with_the_choices_and_the_nearest() -> None:
    finding = errors('[providers.openai]\npool = "fill_first"\n')["providers.openai.pool"]
    assert "fill-first, round-robin, least-used, random" in finding.message
    assert "`fill-first`" in finding.fix


def test_a_missing_field_is_told_with_what_it_is_for() -> None:
    finding = errors('[profiles.a]\nprovider = "ollama"\n')["profiles.a.model"]
    assert "missing" in finding.message
    assert "as the provider calls it" in finding.fix
    assert finding.line == 1


def test_a_price_needs_both_sides() -> None:
    assert "profiles.fast.price.output" in errors(FAST + "price = { input = 1.0 }\n")


@pytest.mark.parametrize("bad", ["Fast", "-a", "ä", "a b", "", "a/b", "a" * 65])
def test_ids_are_lower_case_letters_digits_dots_and_dashes(bad: str) -> None:
    assert any(
        path.startswith("profiles.") for path in errors(f'[profiles."{bad}"]\nprovider = "ollama"\nmodel = "m"\n')
    )


@pytest.mark.parametrize("model", ["qwen3:8b", "meta/llama-4", "a:b/c", "x y", "模型"])
def test_a_model_may_contain_anything(model: str) -> None:
    config, found = examine(f'[profiles.a]\nprovider = "ollama"\nmodel = "{model}"\n', {})
    assert found == ()
    assert config is not None
    assert config.profiles["a"].model == model


def test_a_file_for_a_later_version_is_told_as_such() -> None:
    assert "another version" in errors("version = 2\n")["version"].message


def test_a_typo_in_the_syntax_does_not_hide_the_next_error() -> None:
    found = findings('default_profile = fast\n[ui]\nvim_keyz = true\nmotion = "no\n')
    assert [(f.line, f.path) for f in found] == [(1, ""), (3, "ui.vim_keyz"), (4, "")]


def test_a_broken_header_is_told_alone_rather_than_with_its_consequences() -> None:
    assert [f.line for f in findings("[profiles.a\nprovider = 'ollama'\nmodel = 'x'\n")] == [1]


def test_a_key_that_stands_twice_is_told_with_its_line() -> None:
    (finding,) = findings("version = 1\nversion = 1\n")
    assert finding.line == 2


def test_lines_are_found_inside_lists_and_inline_tables_and_dotted_keys() -> None:
    text = (
        'providers.openai.headers = { "X-A" = "ok",\t"X B" = "bad" }\n'
        + FAST
        + 'fallback_profiles = [ # several\n  "strong",\n  "nope",\n]\n'
        + STRONG
    )
    found = errors(text, {"OPENAI_API_KEY": "x", "ANTHROPIC_API_KEY": "x"})
    assert found['providers.openai.headers."X B"'].line == 1
    assert found["profiles.fast.fallback_profiles[1]"].line == 7


def test_a_pasted_key_is_refused_with_how_to_store_it_and_never_repeated() -> None:
    for text in (
        f'[providers.openai]\ncredentials = ["sk-{SENTINEL}"]\n',
        f'[providers.openai]\ncredentials = ["env:sk-{SENTINEL}"]\n',
        f'[providers.openai]\ncredentials = "sk-{SENTINEL}"\n',
        f'[providers.openai]\napi_key = "sk-{SENTINEL}"\n',
        f'[providers.openai]\nheaders = {{ Authorization = "Bearer {SENTINEL}" }}\n',
        f'[providers.openai]\nheaders = {{ "X-Thing" = "{SENTINEL}" }}\n',
        f'[providers.openai]\nquery = {{ key = "{SENTINEL}" }}\n',
        f'[providers.openai]\nbase_url = "https://me:{SENTINEL}@host/v1"\n',
        f'[providers.openai]\npool = "sk-{SENTINEL}"\n',
        f'[profiles.a]\nprovider = "sk-{SENTINEL}"\nmodel = "m"\n',
        f'default_profile = "sk-{SENTINEL}"\n',
        f"[providers.openai]\ncredentials = [sk-{SENTINEL}]\n",
        f'[providers.openai\napi_key = "sk-{SENTINEL}"\n',
    ):
        found = findings(text)
        assert any(f.severity is Severity.ERROR for f in found), text
        assert SENTINEL not in repr(found), text
    assert (
        "env:NAME"
        in errors(f'[providers.openai]\ncredentials = ["sk-{SENTINEL}"]\n')["providers.openai.credentials[0]"].fix
    )


@pytest.mark.parametrize(
    "value", ["prompt-caching-2024-07-31", "https://example.com/app1", "application/vnd.api2+json", "team-7", "1"]
)
def test_ordinary_header_values_are_not_taken_for_keys(value: str) -> None:
    assert errors(f'[providers.openai]\nheaders = {{ "X-Thing" = "{value}" }}\n') == {}


def test_checks_run_also_without_profiles() -> None:
    found = errors(
        'default_profile = "x"\n[policies.p]\nallow = ["y"]\n[fusion.f]\nadvisers = ["z"]\nsynthesizer = "z"\n'
    )
    assert set(found) == {"default_profile", "policies.p.allow[0]", "fusion.f.advisers[0]", "fusion.f.synthesizer"}


def test_an_empty_file_is_a_config_without_anything() -> None:
    config, found = examine("", {})
    assert found == ()
    assert config == Config()


def test_every_field_is_described() -> None:
    def models(schema: dict[str, object]) -> list[dict[str, object]]:
        definitions = schema.get("$defs", {})
        assert isinstance(definitions, dict)
        return [schema, *(item for item in definitions.values() if "properties" in item)]

    for model in models(Config.model_json_schema()):
        properties = model["properties"]
        assert isinstance(properties, dict)
        for name, described in properties.items():
            assert described.get("description"), (model.get("title"), name)


def test_unset_variables_of_headers_and_addresses_are_warnings_that_name_them() -> None:
    text = '[providers.own]\nkind = "openai"\nbase_url = "env:OWN_URL"\nheaders = { "X-Team" = "env:TEAM" }\n'
    found = warnings(text)
    assert "OWN_URL" in found["providers.own.base_url"].message
    assert "TEAM" in found["providers.own.headers.X-Team"].message
    assert errors(text) == {}


def test_findings_name_the_file() -> None:
    path = Path("/somewhere/config.toml")
    assert {f.file for f in check("a = 1\nb = \n", {}, path)} == {path}


MANY = """
default_profile = "nobody"
[providers.mine]
kind = "openai"
base_url = "http://127.0.0.1:1/v1"
headers = { Authorization = "Bearer verysecret" }
[profiles.fast]
provider = "ollama"
model = qwen
fallback_profiles = ["fast"]
[profiles.strong]
provider = "olama"
model = "m"
[policies.p]
profile = "absent"
[fusion.duo]
advisers = ["fast", "nowhere"]
synthesizer = "strong"
"""


def test_a_typo_in_one_line_hides_only_what_that_line_could_have_said() -> None:
    told = errors(MANY)
    assert "" in told  # the line itself
    assert set(told) >= {
        "default_profile",
        "providers.mine.headers.Authorization",
        "profiles.fast.fallback_profiles[0]",
        "profiles.strong.provider",
        "policies.p.profile",
        "fusion.duo.advisers[1]",
    }
    assert "profiles.fast.model" not in told  # it stands there, and cannot be read


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ('default_profile = "fast"\nprofiles.fast = { provider = "ollama" model = "m" }\n', "default_profile"),
        ('[providers.own]\nkind = openai\nbase_url = "http://127.0.0.1:1/v1"\n', "providers.own"),
        ('[profiles]\nfast = { provider "x" }\nslow = { provider = "ollama", model = "m", fallback_profiles = ["fast"] }\n',
         "profiles.slow.fallback_profiles[0]"),
        ('providers.own.kind = openai\n[profiles.fast]\nprovider = "own"\nmodel = "m"\n', "profiles.fast.provider"),
    ],
)  # fmt: skip
def test_what_a_broken_line_may_have_said_is_not_told_to_be_missing(text: str, hidden: str) -> None:
    told = errors(text)
    assert "" in told
    assert hidden not in told


def test_a_table_that_stands_twice_is_told_alone_and_in_words() -> None:
    text = FIRST + FAST + '[profiles.fast]\nprovider = "ollama"\nmodel = "m"\n[profiles.strong]\nmodel = 3\n'
    (finding,) = findings(text)
    assert (finding.line, finding.message) == (5, "this table stands in the file twice")


def test_a_field_that_stands_twice_is_told_in_words() -> None:
    (finding,) = findings(FAST + 'model = "m"\n')
    assert (finding.line, finding.message) == (4, "this field stands in its table twice")


def test_the_panes_and_themes_that_a_check_knows_are_those_of_the_screen() -> None:
    from textual.theme import BUILTIN_THEMES

    from clawtui.tui.actions import PANES as SHOWN

    assert tuple(where.value for where in SHOWN) == PANES
    assert set(TEXTUAL_THEMES) == set(BUILTIN_THEMES)


def test_a_theme_or_pane_that_is_not_there_is_told_with_the_nearest_name(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    (tmp_path / "themes").mkdir()
    (tmp_path / "themes" / "mine.toml").write_text("")

    def told(line: str) -> list[tuple[str, str, str]]:
        return [(each.path, each.severity.value, each.fix) for each in check(f"[ui]\n{line}\n", {}, path)]

    assert told('theme = "lobsta"') == [("ui.theme", "warning", "did you mean `lobster`?")]
    assert told('default_pane = "trace"') == [("ui.default_pane", "warning", "did you mean `traces`?")]
    for line in ('theme = "mine"', 'theme = "nord"', 'theme = "lobster-light"', 'default_pane = "usage"'):
        assert told(line) == []
    assert told('theme = "lob\\u001b[31mster"')[0][:2] == ("ui.theme", "error")
    assert told('default_pane = "a\\u009bb"')[0][1] == "error"
