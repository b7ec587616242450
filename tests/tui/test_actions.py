from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from clawtui.tui.actions import ACTIONS, BY_ID, PANES, Where, actions_of, key_table, palette_entries, shown_key
from clawtui.tui.keymap import bindings_for, clashes, default_keymap, normal_key, resolve_keymap

# What terminals without the Kitty protocol send, and what they turn into something else.
NEVER_SENT = {"ctrl+m", "ctrl+i", "ctrl+h", "ctrl+[", "alt+enter"}


def test_every_action_has_its_own_id_of_area_and_verb():
    assert len(BY_ID) == len(ACTIONS)
    for action in ACTIONS:
        assert action.area == action.where.value
        assert action.verb.isidentifier()
        assert action.label
        assert action.help.endswith(".")


def test_the_usual_keys_do_not_clash():
    assert clashes(default_keymap()) == []


def test_the_usual_keys_are_such_as_terminals_send():
    for action in ACTIONS:
        for key in action.keys:
            assert normal_key(key) == key
            assert key not in NEVER_SENT
            assert not (key[:-1] in ("alt+", "ctrl+") and key[-1].isdigit())
        # Only some terminals tell shift+enter apart: it may not be the only key.
        assert action.keys != ("shift+enter",)


def test_each_pane_opens_by_a_function_key_and_by_a_number():
    for number, pane in enumerate(PANES, 1):
        assert BY_ID[f"app.open_{pane.value}"].keys == (f"f{number}", str(number))


def test_an_override_replaces_the_usual_keys():
    keymap, findings = resolve_keymap({"routes.probe": "p, Ctrl+R"})
    assert keymap["routes.probe"] == ("p", "ctrl+r")
    assert findings == ()


def test_an_empty_override_takes_the_keys_away():
    keymap, findings = resolve_keymap({"app.zoom": ""})
    assert keymap["app.zoom"] == ()
    assert findings == ()


def test_an_unknown_action_is_told_with_the_nearest_name():
    keymap, (finding,) = resolve_keymap({"routes.prob": "q"})
    assert "routes.prob" in finding.message
    assert "routes.probe" in finding.fix
    assert keymap == default_keymap()


def test_a_clash_is_told_and_the_usual_keys_stay():
    keymap, (finding,) = resolve_keymap({"routes.probe": "r"})
    assert finding.action == "routes.probe"
    assert "routes.reset" in finding.message
    assert keymap["routes.probe"] == ("p",)
    assert keymap["routes.reset"] == ("r",)


def test_a_key_of_the_whole_app_clashes_in_every_pane():
    _, (finding,) = resolve_keymap({"usage.range": "z"})
    assert "app.zoom" in finding.message


def test_the_same_key_in_two_panes_is_no_clash():
    assert resolve_keymap({"usage.range": "p"})[1] == ()


def test_two_actions_may_swap_their_keys():
    keymap, findings = resolve_keymap({"routes.probe": "r", "routes.reset": "p"})
    assert findings == ()
    assert (keymap["routes.probe"], keymap["routes.reset"]) == (("r",), ("p",))


def test_keys_that_terminals_swallow_are_told():
    keymap, (finding,) = resolve_keymap({"routes.probe": "ctrl+m"})
    assert "enter" in finding.message
    assert keymap["routes.probe"] == ("p",)


def test_without_vim_keys_the_letters_are_free():
    keymap, findings = resolve_keymap({"routes.probe": "j"}, vim_keys=False)
    assert findings == ()
    assert keymap["list.vim_down"] == ()
    assert keymap["routes.probe"] == ("j",)


def test_one_key_has_one_spelling():
    assert normal_key("question_mark") == normal_key("?") == "?"
    assert normal_key("Esc") == "escape"
    assert normal_key("ALT+PgUp") == "alt+pageup"
    assert normal_key("shift+ctrl+up") == "ctrl+shift+up"
    assert normal_key("slash") == "/"
    assert normal_key("ctrl+") is None
    assert normal_key("hokus") is None


@settings(max_examples=100, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from([*BY_ID, "no.such"]),
        st.text(st.sampled_from("abcrpxyz12,+ ctrlalt?/[]"), max_size=12)
        | st.sampled_from(["p", "r", "x,y", "ctrl+r"]),
        max_size=8,
    )
)
def test_whatever_is_written_no_two_actions_share_a_key_in_one_place(overrides: dict[str, str]):
    """Invariant: the keymap in force has every action once and no clash, for any file."""
    keymap, _ = resolve_keymap(overrides)
    assert clashes(keymap) == []
    assert set(keymap) == set(BY_ID)


def test_bindings_carry_the_id_and_call_the_action():
    bindings = bindings_for(Where.ROUTES, default_keymap())
    assert {binding.id for binding in bindings} == {action.id for action in actions_of(Where.ROUTES)}
    assert bindings[0].action == "act('routes.probe')"


def test_characters_never_have_priority_over_an_input():
    for where in Where:
        for binding in bindings_for(where, default_keymap()):
            assert not (binding.priority and len(binding.key) == 1)


def test_palette_and_docs_know_every_action_with_its_keys():
    entries = palette_entries(default_keymap())
    assert {"app.quit", "routes.probe", "app.choose_theme"} <= {entry.action.id for entry in entries}
    rows = {row.id: row for row in key_table()}
    assert set(rows) == set(BY_ID)
    assert rows["app.open_routes"].keys == "F2 2"
    assert shown_key("alt+up") == "alt+↑"
