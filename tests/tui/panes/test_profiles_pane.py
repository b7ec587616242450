"""The profiles pane as a person uses it: walk, change, be told, save, undo, make, copy, delete, try."""

from __future__ import annotations

from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion

from clawtui.simulator import ModelScript, Script, Simulator
from clawtui.tui.messages import OpenProfile
from tests.tui.screen import FULL, NARROW, SIZES, Shown, a_screen, a_start, demo_like, until

SCRIPT = Script(models={"one/alpha-mini": ModelScript(text="ready"), "one/alpha-maxi": ModelScript(text="ready")})


async def at(shown: Shown, name: str, field: str = "", kind: str = "profile") -> None:
    await until(shown.pilot, lambda: shown.app.panes.shown._draft is not None and shown.app.panes.shown._now.tree)
    shown.app.post_message(OpenProfile(kind, name, field))
    await shown.sees(f"{kind} {name}")
    await shown.pilot.pause(0.1)


def text_of_file(shown: Shown) -> str:
    return shown.paths.config_file.read_text()


async def saved(shown: Shown) -> None:
    await shown.press("ctrl+s")
    await shown.sees("Save the config")
    await shown.press("y")
    await shown.sees("saved, and in force")


@pytest.mark.parametrize("size", SIZES)
async def test_a_tree_and_a_form(tmp_path: Path, size: tuple[int, int], snapshot: SnapshotAssertion) -> None:
    async with a_screen(tmp_path, size=size, pane="profiles") as shown:
        await shown.sees("council")
        if size == FULL:
            await shown.sees("profile everyday")
        assert steady(shown) == snapshot


def steady(shown: Shown) -> str:
    """Without the simulator's port, which is another in each run."""
    import re

    return re.sub(r"http://127[^│ ]*", lambda found: "http://…".ljust(len(found.group())), shown.text)


async def test_a_text_is_examined_as_it_is_typed_and_saved_after_a_look_at_the_difference(tmp_path: Path) -> None:
    async with a_screen(tmp_path, size=FULL, pane="profiles") as shown:
        before = text_of_file(shown)
        await at(shown, "everyday", "description")
        await shown.press("enter")
        await shown.type("Quick")
        await shown.sees("changed, not saved")
        assert text_of_file(shown) == before
        await shown.press("enter", "ctrl+s")
        await shown.sees('+ description = "Quick"')
        await shown.press("y")
        await shown.sees("saved, and in force")
        assert 'description = "Quick"' in text_of_file(shown)
        state = await shown.app.desk.do(in_force)
        assert state.config.profiles["everyday"].description == "Quick"


async def in_force(runtime):
    return runtime.state


async def test_escape_gives_back_what_stood_there(tmp_path: Path) -> None:
    async with a_screen(tmp_path, size=FULL, pane="profiles") as shown:
        await at(shown, "everyday", "description")
        await shown.press("enter")
        await shown.type("Quick")
        await shown.sees("changed, not saved")
        await shown.press("escape")
        await shown.misses("changed, not saved")


async def test_what_is_wrong_stands_at_the_field_and_keeps_from_saving(tmp_path: Path) -> None:
    async with a_screen(tmp_path, size=FULL, pane="profiles") as shown:
        await at(shown, "one", "retries", "provider")
        await shown.press("enter")
        await shown.type("many")
        await shown.sees("a whole number from 0 to 10")
        await shown.press(*["backspace"] * 4)
        await shown.type("99")
        await shown.sees("1 error")
        await shown.press("enter", "ctrl+s")
        await shown.sees("the draft has errors: f shows them")
        await shown.press("f")
        await shown.sees("Findings")
        await shown.sees("providers.one.retries")


async def test_a_finding_leads_to_its_field(tmp_path: Path) -> None:
    async with a_screen(tmp_path, size=FULL, pane="profiles") as shown:
        await until(shown.pilot, lambda: bool(shown.app.panes.shown._now.findings))
        await shown.press("f")
        await shown.sees("OPENAI_API_KEY")
        place = next(
            place for place, each in enumerate(shown.app.panes.shown._now.findings) if "OPENAI_API_KEY" in each.message
        )
        await shown.press(*["down"] * place, "enter")
        await shown.sees("profile waiting")
        await until(shown.pilot, lambda: shown.app.panes.shown.form.fields.cursor_key == ("provider",))


async def test_a_raw_key_is_refused_and_repeated_nowhere(tmp_path: Path) -> None:
    async with a_screen(tmp_path, size=FULL, pane="profiles") as shown:
        await at(shown, "one", "credentials", "provider")
        await shown.press("enter")
        await shown.sees("References to secrets")
        await shown.type("sk-live-quokka-1234567890abcdef")
        await shown.sees("no reference to a secret")
        await shown.press("enter", "escape")
        await shown.misses("walk, alt")
        assert "quokka" not in shown.app.panes.shown._draft.document.text


async def test_lists_are_put_in_another_order_and_grow(tmp_path: Path) -> None:
    async with a_screen(tmp_path, size=FULL, pane="profiles") as shown:
        await at(shown, "everyday", "fallback_profiles")
        await shown.press("enter")
        await shown.sees("Profiles tried in this order")
        await shown.type("deep")
        await shown.press("enter", "shift+tab", "right", "right", "alt+up", "alt+up", "tab", "enter")
        await until(shown.pilot, lambda: '"deep", "swift", "local"' in shown.app.panes.shown._draft.document.text)


async def test_capabilities_show_their_source_and_turn_through_three_states(tmp_path: Path) -> None:
    async with a_screen(tmp_path, size=FULL, pane="profiles") as shown:
        await at(shown, "everyday", "capabilities.vision")
        await shown.press("enter")
        await shown.sees("yes, by config")
        await shown.press("enter")
        await shown.sees("no, by config")
        await shown.press("enter")
        await shown.misses("by config")


async def test_a_new_profile_takes_its_model_from_the_providers_list(tmp_path: Path) -> None:
    async with a_screen(tmp_path, size=NARROW, pane="profiles", script=SCRIPT) as shown:
        await shown.sees("everyday")
        await shown.press("n")
        await shown.sees("New what?")
        await shown.press("enter")
        await shown.sees("At which provider?")
        await shown.type("one")
        await shown.press("enter")
        await shown.sees("Which model of one?")
        await shown.type("maxi")
        await shown.press("enter")
        await shown.sees("By which name?")
        await shown.press("enter")
        await shown.sees("profile alpha-maxi")
        await saved(shown)
        assert '[profiles.alpha-maxi]\nprovider = "one"\nmodel = "alpha-maxi"' in text_of_file(shown)


async def test_a_model_that_the_provider_does_not_list_is_used_as_typed(tmp_path: Path) -> None:
    async with a_screen(tmp_path, size=NARROW, pane="profiles", script=SCRIPT) as shown:
        await at(shown, "everyday", "model")
        await shown.press("enter")
        await shown.sees("another: type its name")
        await shown.type("sim-speed-5")
        await shown.sees('use "sim-speed-5"')
        await shown.press("enter")
        await until(shown.pilot, lambda: 'model = "sim-speed-5"' in shown.app.panes.shown._draft.document.text)


async def test_a_fusion_is_previewed_before_it_is_switched_on(tmp_path: Path) -> None:
    async with a_screen(tmp_path, size=FULL, pane="profiles") as shown:
        await at(shown, "council", kind="fusion")
        text = await shown.sees("3 calls for one answer")
        assert "adviser swift" in text
        assert "synthesizer everyday" in text


async def test_a_copy_and_a_delete_that_says_what_would_break(tmp_path: Path) -> None:
    async with a_screen(tmp_path, size=FULL, pane="profiles") as shown:
        await at(shown, "swift")
        await shown.press("escape", "d")
        await shown.sees("By which name?")
        await shown.press("enter")
        await shown.sees("profile swift-2")
        await at(shown, "swift")
        await shown.press("escape", "X")
        text = await shown.sees("Delete profile swift?")
        assert "profiles.everyday.fallback_profiles" in text
        assert "fusion.council.advisers" in text
        await shown.press("y")
        await shown.sees("2 errors")


async def test_after_a_filter_the_row_that_was_sought_is_the_one_acted_on(tmp_path: Path) -> None:
    async with a_screen(tmp_path, size=FULL, pane="profiles") as shown:
        await at(shown, "everyday")
        await shown.press("escape", "slash")
        await shown.type("swift")
        await shown.press("enter", "X")
        await shown.sees("Delete profile swift?")


async def test_u_brings_back_the_file_before_the_last_save(tmp_path: Path) -> None:
    async with a_screen(tmp_path, size=FULL, pane="profiles") as shown:
        before = text_of_file(shown)
        await at(shown, "everyday", "enabled")
        await shown.press("enter")
        await shown.sees("changed, not saved")
        await saved(shown)
        assert text_of_file(shown) != before
        await shown.press("u")
        await shown.sees("Bring back the file before?")
        await shown.press("y")
        await shown.sees("as it was before the last save")
        assert text_of_file(shown) == before


async def test_a_text_that_is_replaced_keeps_its_place_and_its_comment(tmp_path: Path) -> None:
    async with a_screen(tmp_path, size=FULL, pane="profiles", config=with_a_note) as shown:
        before = text_of_file(shown)
        await at(shown, "noted", "description")
        await shown.press("enter", "ctrl+u")
        await shown.type("x new")
        await shown.press("enter")
        await shown.sees("x new")
        await saved(shown)
        assert text_of_file(shown) == before.replace("Twenty tokens a second", "x new")


def with_a_note(simulator: Simulator) -> str:
    return demo_like(
        simulator,
        '[profiles.noted]\nprovider = "one"\ndescription = "Twenty tokens a second"  # my note\nmodel = "alpha-mini"\n',
    )


async def test_a_change_by_somebody_else_is_told_at_once_and_takes_the_draft_with_it(tmp_path: Path) -> None:
    async with a_screen(tmp_path, size=FULL, pane="profiles") as shown:
        await at(shown, "everyday", "enabled")
        await shown.press("enter")
        await shown.sees("changed, not saved")
        shown.paths.config_file.write_text(demo_like(shown.simulator, "# theirs\n"))
        await shown.sees("your changes stand on the new one")
        await shown.press("ctrl+s")
        text = await shown.sees("+ enabled = false")
        assert "- # theirs" not in text
        await shown.press("y")
        await shown.sees("saved, and in force")
        assert "# theirs" in text_of_file(shown)
        assert "enabled = false" in text_of_file(shown)
        assert "stand on the new one" not in shown.text


async def test_what_somebody_else_changes_during_the_look_is_shown_before_it_is_saved(tmp_path: Path) -> None:
    async with a_screen(tmp_path, size=FULL, pane="profiles") as shown:
        await at(shown, "everyday", "enabled")
        await shown.press("enter")
        await shown.sees("changed, not saved")
        await shown.press("ctrl+s")
        await shown.sees("Save the config")
        broken = demo_like(shown.simulator, "[theirs\n")
        shown.paths.config_file.write_text(broken)
        await shown.press("y")
        await shown.sees("your changes do not fit it")
        assert text_of_file(shown) == broken
        await shown.press("y")
        await shown.sees("saved, and in force")
        assert text_of_file(shown) == demo_like(shown.simulator).replace(
            'tags = ["cloud", "cheap"]\nfallback_profiles = ["swift", "local"]\n',
            'tags = ["cloud", "cheap"]\nfallback_profiles = ["swift", "local"]\nenabled = false\n',
        )


async def test_changes_are_discarded_on_request_and_asked_about_on_leaving(tmp_path: Path) -> None:
    async with a_screen(tmp_path, size=FULL, pane="profiles") as shown:
        await at(shown, "everyday", "enabled")
        await shown.press("enter")
        await shown.sees("changed, not saved")
        await shown.press("ctrl+q")
        await shown.sees("Profiles has changes that are not saved")
        await shown.press("n", "ctrl+s")
        await shown.sees("Discard the changes")
        await shown.pilot.click("#dialog-discard")
        await shown.misses("changed, not saved")


async def test_a_profile_is_tried_with_its_cost_said_first(tmp_path: Path) -> None:
    async with a_screen(tmp_path, size=FULL, pane="profiles", script=SCRIPT) as shown:
        await at(shown, "everyday")
        await shown.press("escape", "T")
        text = await shown.sees("Try it?")
        assert "$0.000" in text
        assert not shown.simulator.requests
        await shown.press("y")
        text = await shown.sees("everyday was tried")
        assert "it answered “ready”" in text
        assert "lists the model" in text
        await shown.press("enter")


async def test_a_key_of_a_list_says_where_its_items_are_moved(tmp_path: Path) -> None:
    async with a_screen(tmp_path, size=FULL, pane="profiles") as shown:
        await at(shown, "everyday")
        await shown.press("alt+up")
        await shown.sees("enter on a list opens it")


async def test_without_a_file_the_first_save_writes_it(tmp_path: Path) -> None:
    async with a_start(tmp_path, environ={"OPENAI_API_KEY": "wombat-one-zz"}, size=FULL) as shown:
        await until(shown.pilot, lambda: shown.app.screen.is_modal)
        await shown.press("escape")
        await until(shown.pilot, lambda: shown.app.panes.shown is not None)
        await shown.app.open_in("profiles")
        await shown.sees("changed, not saved")
        await saved(shown)
        assert "wombat" not in text_of_file(shown)
        assert "[profiles." in text_of_file(shown)
