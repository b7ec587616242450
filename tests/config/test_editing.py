"""Edits of the file's text: what was asked for happens, every other line and every comment stays."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clawtui.config.editing import EditRefused, remove, set_value
from clawtui.config.layout import lay_out

EVERYTHING = (Path(__file__).parent / "everything.toml").read_text()

SMALL = """\
# My models.
# Do not touch before Friday.

default_profile = "fast"   # quick

[profiles.fast]            # the usual
provider = "openai"
model = "gpt-4.1-mini"     # cheap
# temperature would go here

# Runs at home.
[profiles.local]
provider = "ollama"
model = "qwen3:8b"
"""


def test_a_value_is_replaced_in_its_place() -> None:
    edited = set_value(SMALL, ("profiles", "fast", "model"), "gpt-5")
    assert edited == SMALL.replace('"gpt-4.1-mini"', '"gpt-5"')


def test_setting_what_is_there_changes_nothing() -> None:
    odd = 'default_profile   =  \'fast\'\n[ profiles . "fast" ]\nprovider = """ollama"""\n'
    assert set_value(odd, ("default_profile",), "fast") == odd
    assert set_value(odd, ("profiles", "fast", "provider"), "ollama") == odd


def test_a_number_of_another_type_is_a_change() -> None:
    assert set_value("a = 1\n", ("a",), 1.0) == "a = 1.0\n"
    assert set_value("a = 1\n", ("a",), True) == "a = true\n"


def test_a_new_field_goes_behind_the_last_one_of_its_table() -> None:
    edited = set_value(SMALL, ("profiles", "fast", "description"), 'says "hi"\n')
    before, after = SMALL.split("# temperature")
    assert edited == f'{before}description = "says \\"hi\\"\\n"\n# temperature{after}'


def test_a_new_table_goes_behind_its_kin_and_before_what_follows() -> None:
    edited = set_value(
        SMALL + "\n# looks\n[ui]\nmotion = false\n", ("profiles", "new"), {"provider": "groq", "model": "m"}
    )
    assert '\nmodel = "qwen3:8b"\n\n[profiles.new]\nprovider = "groq"\nmodel = "m"\n\n# looks\n[ui]\n' in edited


def test_a_new_top_level_field_goes_before_the_first_table() -> None:
    assert set_value(SMALL, ("default_policy",), "p").splitlines()[4] == 'default_policy = "p"'
    assert set_value("[ui]\nmotion = true\n", ("version",), 1) == "version = 1\n\n[ui]\nmotion = true\n"
    assert set_value("# Mine.\n\n[ui]\n", ("version",), 1) == "# Mine.\nversion = 1\n\n[ui]\n"
    assert set_value("", ("version",), 1) == "version = 1\n"


def test_fields_of_inline_tables_and_dotted_keys_are_set_where_they_are() -> None:
    inline = 'profiles.a = { provider = "x", price = { input = 1.0 } } # one line\n'
    assert set_value(inline, ("profiles", "a", "price", "output"), 2.0) == inline.replace(
        "1.0 }", "1.0, output = 2.0 }"
    )
    assert set_value(inline, ("profiles", "a", "model"), "m").endswith('} , model = "m" } # one line\n') or (
        tomllib.loads(set_value(inline, ("profiles", "a", "model"), "m"))["profiles"]["a"]["model"] == "m"
    )
    dotted = '[profiles]\na.provider = "x" # kept\n'
    assert set_value(dotted, ("profiles", "a", "model"), "m") == dotted + 'a.model = "m"\n'
    assert "[profiles.b]" in set_value(dotted, ("profiles", "b"), {"provider": "x"})


def test_a_table_is_brought_to_hold_exactly_the_fields_given() -> None:
    edited = set_value(
        SMALL, ("profiles", "fast"), {"provider": "openai", "model": "gpt-5", "price": {"input": 1, "output": 2}}
    )
    assert tomllib.loads(edited)["profiles"]["fast"]["price"] == {"input": 1, "output": 2}
    assert "[profiles.fast]            # the usual" in edited
    assert "# temperature would go here" in edited
    fewer = set_value(edited, ("profiles", "fast"), {"provider": "openai"})
    assert tomllib.loads(fewer)["profiles"]["fast"] == {"provider": "openai"}


def test_a_list_over_several_lines_stays_one_and_its_comments_go_above_it() -> None:
    text = 'tags = [\n  "a", # the first\n  "b#b",\n]\nz = 1\n'
    assert set_value(text, ("tags",), ["a", "c"]) == '# the first\ntags = [\n  "a",\n  "c",\n]\nz = 1\n'


def test_removing_a_field_removes_its_line_alone() -> None:
    assert remove(SMALL, ("profiles", "fast", "model")) == SMALL.replace('model = "gpt-4.1-mini"     # cheap\n', "")
    assert remove(SMALL, ("profiles", "fast", "absent")) == SMALL


def test_removing_a_table_keeps_the_comments_of_the_next() -> None:
    edited = remove(SMALL, ("profiles", "fast"))
    assert edited == (
        "# My models.\n# Do not touch before Friday.\n\n"
        'default_profile = "fast"   # quick\n\n# temperature would go here\n\n# Runs at home.\n'
        '[profiles.local]\nprovider = "ollama"\nmodel = "qwen3:8b"\n'
    )


def test_removing_a_table_removes_the_tables_in_it() -> None:
    assert "fast" not in tomllib.loads(remove(EVERYTHING, ("profiles", "fast")))["profiles"]


@pytest.mark.parametrize("name", ["a", "b", "c"])
def test_removing_from_an_inline_table_minds_the_commas(name: str) -> None:
    edited = remove('t = { a = 1, b = { x = 1, y = 2 }, c = "," } # note\n', ("t", name))
    assert set(tomllib.loads(edited)["t"]) == {"a", "b", "c"} - {name}
    assert edited.endswith("} # note\n")


def test_line_ends_of_windows_are_kept_and_used() -> None:
    text = SMALL.replace("\n", "\r\n")
    edited = set_value(set_value(text, ("profiles", "fast", "enabled"), False), ("ui",), {"motion": False})
    assert edited.count("\n") == edited.count("\r\n") == text.count("\n") + 4
    assert tomllib.loads(edited)["ui"] == {"motion": False}


def test_a_file_without_a_last_line_end_gets_one_before_what_is_added() -> None:
    assert set_value("version = 1", ("default_profile",), "a") == 'version = 1\ndefault_profile = "a"\n'
    assert tomllib.loads(set_value("[ui]\nmotion = true", ("data",), {"keep_days": 3}))["data"] == {"keep_days": 3}


def test_what_the_layout_does_not_allow_is_refused_rather_than_broken() -> None:
    for text, path, value in [
        ("a = \n", ("b",), 1),
        ("a = 1\n", ("a", "b"), 1),
        ("[[a]]\nb = 1\n", ("a",), 1),
        ("[a]\nb = 1\n", ("a",), 1),
        ("a = [1, 2]\n", ("a", 0, "x"), 1),
        ("a = 1\n", ("b",), "\ud800"),
    ]:
        with pytest.raises(EditRefused):
            set_value(text, path, value)  # type: ignore[arg-type]  # paths of mixed parts


def test_lines_are_told_for_every_kind_of_place() -> None:
    text = '"a b".c = """\nx ] # no\n"""\n[t] # [no]\nk = [\n  { x = 1 },\n  2,\n]\n'
    text += "[[e]]\nf = 1\n[[e]]\nf = 2\n[e.s]\ng = 1979-05-27 07:32:00\n"
    tomllib.loads(text)
    layout = lay_out(text)
    assert layout.line(("a b", "c")) == 1
    assert layout.line(("t",)) == 4
    assert layout.line(("t", "k", 0, "x")) == 6
    assert layout.line(("t", "k", 1)) == 7
    assert layout.line(("e", 1, "f")) == 12
    assert layout.line(("e", 1, "s", "g", "deeper")) == 14
    assert layout.line(("nowhere",)) is None


# ---- any edit of any file

IDS = st.sampled_from(["fast", "local", "new", "a.b", "x y"])
FIELDS = st.sampled_from(["provider", "model", "tags", "price", "enabled", "capabilities", "extra", "odd key"])
SCALARS = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=12),
    st.integers(-(10**9), 10**9),
    st.booleans(),
    st.floats(allow_nan=False, allow_infinity=False),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.text("ab .#\"'é", min_size=1, max_size=4), inner, min_size=1, max_size=3),
    ),
    max_leaves=5,
)
PATHS = st.one_of(
    st.tuples(st.sampled_from(["default_profile", "version", "ui", "note"])),
    st.tuples(st.sampled_from(["profiles", "providers"]), IDS),
    st.tuples(st.sampled_from(["profiles", "providers"]), IDS, FIELDS),
    st.tuples(st.just("profiles"), IDS, st.just("capabilities"), st.sampled_from(["tools", "vision"])),
)
LAYOUTS = st.sampled_from(
    [
        "",
        SMALL,
        SMALL.replace("\n", "\r\n"),
        EVERYTHING,
        'profiles.fast.model = "a" # dotted\nprofiles.local = { model = "b", price = { input = 1 } } # inline\n# end',
        '[profiles.fast.capabilities] # only below\ntools = true\n\n[providers]\nopenai.pool = "random"\n# last\n',
        '# top\n[profiles]\n# in\nfast = { model = """x # no\n""" } # after\nlocal.model = "#"\n[ui]#\nmotion = true',
        "# a\n[[note]] # b\nx = 1\n[[note]]\nx = 2 # c\n[ui]\nlist = [ 1, # one\n 2 ] # two\n",
    ]
)


def comments(text: str) -> list[str]:
    """Comments that stand alone on their lines, in order."""
    return [line.strip() for line in text.splitlines() if line.lstrip().startswith("#")]


def expected(tree: dict[str, Any], path: tuple[str, ...], value: Any) -> dict[str, Any]:
    name, *rest = path
    inner = tree.get(name)
    if value is None and (name not in tree or (rest and not isinstance(inner, dict))):
        return tree
    if rest:
        return {**tree, name: expected(inner or {}, tuple(rest), value)}
    return {key: item for key, item in tree.items() if key != name} | ({} if value is None else {name: value})


def without_empty(tree: Any) -> Any:
    if not isinstance(tree, dict):
        return tree
    kept = {name: without_empty(value) for name, value in tree.items()}
    return {name: value for name, value in kept.items() if value != {}}


@settings(max_examples=100, deadline=None)
@given(LAYOUTS, st.lists(st.tuples(PATHS, st.one_of(st.none(), VALUES)), min_size=1, max_size=4))
def test_any_edits_do_what_they_say_and_keep_comments_and_untouched_lines(
    text: str, edits: list[tuple[tuple[str, ...], Any]]
) -> None:
    """After each edit the file reads as the old one with that change; comment lines and lines of other tables stay."""
    for path, value in edits:
        before = tomllib.loads(text)
        try:
            after = remove(text, path) if value is None else set_value(text, path, value)
        except EditRefused:
            continue
        assert without_empty(tomllib.loads(after)) == without_empty(expected(before, path, value))
        if value is not None:
            assert set(comments(text)) <= set(comments(after))
        layout = lay_out(text)
        touched = path[0]
        for section in layout.sections:
            for entry in section.entries:
                if entry.path[0] != touched:
                    assert text[entry.start : entry.end].rstrip() in after
        text = after
