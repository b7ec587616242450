"""The frame around the panes: header, tabs, footer, help, palette, colours, saving, leaving."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion

from clawtui.simulator import ModelScript, Script
from clawtui.tui.actions import BY_ID
from clawtui.tui.messages import ActionsChanged, Copy, Export, LongWorkEnded, OpenPane, Say
from clawtui.tui.outbox import MOST_COPIED
from clawtui.tui.remembered import Remembered, read
from clawtui.tui.switcher import areas
from tests.tui.screen import FULL, SIZES, a_screen, demo_like, until

SLOW = Script(models={"one/alpha-mini": ModelScript(text="one two three" + " and so on" * 40, tokens_per_s=4)})


@pytest.mark.parametrize("size", SIZES)
async def test_the_frame_as_it_stands(tmp_path: Path, size: tuple[int, int], snapshot: SnapshotAssertion) -> None:
    async with a_screen(tmp_path, size=size, pane="routes") as shown:
        text = await shown.sees("alpha-mini")
        lines = text.splitlines()
        assert "\n".join([*lines[:2], lines[-1]]) == snapshot


async def test_f_keys_digits_and_arrows_go_through_the_panes(tmp_path: Path) -> None:
    names = [area.value for area in areas()]
    async with a_screen(tmp_path) as shown:
        for name in names:
            await shown.press(BY_ID[f"app.open_{name}"].keys[0])
            await until(shown.pilot, lambda name=name: name == shown.app.panes.shown.AREA)
        await shown.press("alt+right")
        assert names[0] == shown.app.panes.shown.AREA
        await shown.press("alt+left")
        assert names[-1] == shown.app.panes.shown.AREA
        await shown.press("2")
        assert shown.app.panes.shown.AREA == "routes"
        assert shown.app.desk.remembered.pane == "routes"


async def test_a_digit_is_typed_where_one_types(tmp_path: Path) -> None:
    async with a_screen(tmp_path) as shown:
        await shown.press("2")
        await shown.pilot.pause()
        assert shown.app.panes.shown.AREA == "playground"


async def test_tabs_and_footer_are_there_for_the_mouse(tmp_path: Path) -> None:
    async with a_screen(tmp_path) as shown:
        line = shown.text.splitlines()[1]
        await shown.pilot.click("#tabs", offset=(line.index("Traces"), 0))
        await until(shown.pilot, lambda: shown.app.panes.shown.AREA == "traces")
        await shown.sees("? Help")
        line = shown.text.splitlines()[-1]
        await shown.pilot.click("#footer", offset=(line.index("Help"), 0))
        await shown.sees("What it does")


async def test_a_pane_is_imported_and_mounted_on_its_first_visit_only(tmp_path: Path) -> None:
    async with a_screen(tmp_path) as shown:
        assert [pane.AREA for pane in shown.app.panes.all_mounted] == ["playground"]
        for key in ("f2", "f1", "f2"):
            await shown.press(key)
        assert [pane.AREA for pane in shown.app.panes.all_mounted] == ["playground", "routes"]


async def test_the_header_says_who_would_answer_what_it_cost_and_who_is_well(tmp_path: Path) -> None:
    async with a_screen(tmp_path) as shown:
        header = (await shown.sees("everyday → one/alpha-mini")).splitlines()[0]
        assert "default · everyday" in header
        assert "$0/$2.00" in header
        assert "◌" in header
        assert "⚠" in header
        await shown.type("hello")
        await shown.press("enter")
        await shown.sees("1/min")
        await until(shown.pilot, lambda: "●" in shown.text.splitlines()[0])
        shown.app.choose_policy("private")
        await shown.sees("private · local → home/delta:8b")
        await shown.app.choose_target("fusion/council")
        await shown.sees("fusion/council")


async def test_the_header_says_that_usage_is_not_being_saved(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file where the folder should be")
    async with a_screen(tmp_path, size=FULL) as shown:
        await shown.sees("usage is not being saved")


async def test_help_opens_on_the_keys_of_the_place_and_finds_others_by_name_and_key(tmp_path: Path) -> None:
    async with a_screen(tmp_path, pane="routes") as shown:
        await shown.press("?")
        text = await shown.sees("What it does")
        assert "Close the circuit of this route" in text
        await shown.type("proposal")
        await shown.sees("Show the proposal after.")
        await shown.misses("Close the circuit")
        await shown.press(*["backspace"] * 8)
        await shown.type("ctrl+q")
        text = await shown.sees("Leave; asks only")
        assert "Show the proposal" not in text
        await shown.press("escape")
        await shown.misses("What it does")


async def test_help_does_what_is_chosen_in_it(tmp_path: Path) -> None:
    async with a_screen(tmp_path) as shown:
        await shown.press("alt+h")
        await shown.sees("What it does")
        await shown.type("f3")
        await shown.press("enter")
        await until(shown.pilot, lambda: shown.app.panes.shown.AREA == "traces")


@pytest.mark.parametrize(
    ("typed", "does"),
    [
        ("panes traces", lambda app: app.panes.shown.AREA == "traces"),
        ("theme lobster light", lambda app: app.theme == "lobster-light"),
        ("policy private", lambda app: app.desk.remembered.policy == "private"),
        ("ask deep", lambda app: app.desk.remembered.target == "deep"),
        ("ask fusion/council", lambda app: app.desk.remembered.target == "fusion/council"),
    ],
)
async def test_the_palette_finds_everything_that_has_a_name(tmp_path: Path, typed: str, does) -> None:
    async with a_screen(tmp_path) as shown:
        await shown.press("ctrl+p")
        await until(shown.pilot, lambda: shown.app.screen.is_modal)
        await shown.type(typed)
        await shown.sees(typed.split()[-1].capitalize() if "panes" in typed else typed.split()[-1])
        await shown.pilot.pause(0.2)
        await shown.press("enter")
        await until(shown.pilot, lambda: does(shown.app))


async def test_a_theme_is_worn_at_once_and_remembered(tmp_path: Path) -> None:
    async with a_screen(tmp_path) as shown:
        before = shown.app.screen.styles.background
        await shown.app.act("app.choose_theme")
        await shown.sees("Lobster")
        await shown.type("light")
        await shown.press("enter")
        await until(shown.pilot, lambda: shown.app.theme == "lobster-light")
        assert shown.app.screen.styles.background != before
        await shown.app.session.save()
        assert read(shown.paths.state_file)[0].theme == "lobster-light"


async def test_a_remembered_theme_wins_over_the_config_and_the_config_over_the_usual(tmp_path: Path) -> None:
    def light(simulator) -> str:
        return demo_like(simulator, '[ui]\ntheme = "lobster-light"\nmotion = false\n')

    async with a_screen(tmp_path, config=light) as shown:
        assert shown.app.theme == "lobster-light"
        assert shown.app.animation_level == "none"
    async with a_screen(tmp_path, config=light, remembered=Remembered(theme="clear")) as shown:
        assert shown.app.theme == "clear"


async def test_a_users_theme_is_found_and_a_broken_one_told(tmp_path: Path) -> None:
    (tmp_path / "themes").mkdir()
    (tmp_path / "themes" / "mine.toml").write_text('title = "Mine"\n[colors]\nprimary = "#123456"\n')
    (tmp_path / "themes" / "bad.toml").write_text("[colors]\nprimary = 7\n")
    async with a_screen(tmp_path, remembered=Remembered(theme="mine")) as shown:
        assert shown.app.theme == "mine"
        await shown.sees("theme bad is left out")


async def test_no_color_paints_greys_and_still_tells_states(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with a_screen(tmp_path, pane="routes") as shown:
        text = await shown.sees("alpha-mini")
        assert "◌" in text
        filters = shown.app.get_line_filters()
        from textual.color import Color

        strips = shown.app.screen._compositor.render_strips()
        black = Color.parse("black")
        for strip in strips:
            segments = list(strip)
            for each in filters:
                segments = each.apply(segments, black)
            for segment in segments:
                color = segment.style.color if segment.style else None
                if color is not None and color.triplet is not None:
                    assert len({color.triplet.red, color.triplet.green, color.triplet.blue}) == 1


async def test_keys_come_from_the_config_again_when_it_changes(tmp_path: Path) -> None:
    async with a_screen(tmp_path, config=lambda s: demo_like(s, '[keys]\n"app.open_traces" = "f9"\n')) as shown:
        await shown.press("f3")
        await shown.pilot.pause()
        assert shown.app.panes.shown.AREA == "playground"
        await shown.press("f9")
        await until(shown.pilot, lambda: shown.app.panes.shown.AREA == "traces")
        shown.paths.config_file.write_text(demo_like(shown.simulator, '[keys]\n"app.open_routes" = "f10"\n'))
        await until(shown.pilot, lambda: shown.app.keymap["app.open_routes"] == ("f10",))
        await shown.press("f10")
        await until(shown.pilot, lambda: shown.app.panes.shown.AREA == "routes")


async def test_wrong_keys_are_told_and_the_usual_ones_stay(tmp_path: Path) -> None:
    wrong = '[keys]\n"app.zoom" = "ctrl+q"\n"app.zom" = "f9"\n'
    async with a_screen(tmp_path, config=lambda s: demo_like(s, wrong)) as shown:
        lines = (await shown.sees("already on")).splitlines()
        text = " ".join(" ".join(line.partition("▌")[2].rstrip("│") for line in lines).split())
        assert "there is no action `app.zom`; did you mean `app.zoom`?" in text
        assert shown.app.keymap["app.zoom"] == ("z",)


async def test_zoom_gives_the_focused_panel_the_screen_and_back(tmp_path: Path) -> None:
    async with a_screen(tmp_path, pane="traces", size=(120, 32)) as shown:
        before = shown.app.screen.focused.size
        await shown.press("z")
        await until(shown.pilot, lambda: 112 <= shown.app.screen.focused.size.width <= 120)
        assert "? Help" in shown.text.splitlines()[-1]
        assert "default ·" in shown.text.splitlines()[0]
        await shown.press("escape")
        await until(shown.pilot, lambda: shown.app.screen.focused.size == before)


async def test_jump_goes_to_what_carries_the_letter(tmp_path: Path) -> None:
    async with a_screen(tmp_path, pane="profiles") as shown:
        await shown.sees("profile everyday")
        before = shown.app.screen.focused
        await shown.press("ctrl+o")
        await until(shown.pilot, lambda: shown.app.screen.is_modal)
        await shown.press("s")
        await until(shown.pilot, lambda: shown.app.screen.focused not in (None, before))


async def test_copying_goes_to_the_terminal_without_control_characters(tmp_path: Path) -> None:
    async with a_screen(tmp_path) as shown:
        shown.app.post_message(Copy("one\x1b[201~two", "the answer"))
        await shown.sees("sent to the terminal")
        assert shown.app.clipboard == "onetwo"


async def test_what_is_too_long_to_copy_is_offered_as_a_file(tmp_path: Path) -> None:
    async with a_screen(tmp_path) as shown:
        shown.app.post_message(Copy("x" * (MOST_COPIED + 1), "the answer"))
        await shown.sees("more than terminals take")
        assert shown.app.clipboard == ""
        await shown.press("y")
        await shown.sees("written to")
        assert len((shown.paths.exports / "the-answer.txt").read_text()) == MOST_COPIED + 1


async def test_exports_are_the_users_alone_and_never_replace_one_another(tmp_path: Path) -> None:
    async with a_screen(tmp_path) as shown:
        for text in ("first", "second"):
            shown.app.post_message(Export(text, "../../a name.md"))
            await until(shown.pilot, lambda text=text: any(f.read_text() == text for f in files(shown)))
        assert sorted(file.name for file in files(shown)) == ["a-name-2.md", "a-name.md"]
        assert {file.stat().st_mode & 0o777 for file in files(shown)} == {0o600}


def files(shown) -> list[Path]:
    folder = shown.paths.exports
    return list(folder.iterdir()) if folder.is_dir() else []


async def test_long_work_that_ends_rings_only_where_nobody_looks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with a_screen(tmp_path) as shown:
        rung: list[bool] = []
        monkeypatch.setattr(shown.app, "bell", lambda: rung.append(True))
        shown.app.post_message(LongWorkEnded("the run is over"))
        await shown.sees("the run is over")
        assert rung == []
        shown.app.app_focus = False
        shown.app.post_message(LongWorkEnded("so is this"))
        await shown.sees("so is this")
        assert rung == [True]


async def test_toasts_and_messages_take_outside_text_as_text(tmp_path: Path) -> None:
    async with a_screen(tmp_path) as shown:
        shown.app.post_message(Say("[red]not markup[/] \x1b]0;owned\x07done"))
        await shown.sees("[red]not markup[/] done")
        shown.app.post_message(ActionsChanged())
        shown.app.post_message(OpenPane("routes"))
        await until(shown.pilot, lambda: shown.app.panes.shown.AREA == "routes")


async def test_quitting_asks_only_while_a_request_runs(tmp_path: Path) -> None:
    async with a_screen(tmp_path, script=SLOW) as shown:
        await shown.type("count")
        await shown.press("enter")
        await shown.sees("one")
        await shown.press("ctrl+q")
        await shown.sees("1 request is running.")
        await shown.press("n")
        await shown.misses("1 request is running.")
        assert shown.app.is_running
        await shown.press("ctrl+q")
        await shown.sees("1 request is running.")
        await shown.press("y")
        await until(shown.pilot, lambda: not shown.app.is_running)


async def test_quitting_with_nothing_running_asks_nothing(tmp_path: Path) -> None:
    async with a_screen(tmp_path) as shown:
        await shown.press("ctrl+q")
        await until(shown.pilot, lambda: not shown.app.is_running)


async def test_what_the_screen_remembers_is_written_by_itself(tmp_path: Path) -> None:
    async with a_screen(tmp_path) as shown:
        await shown.type("half a thou")
        await shown.press("f3")
        await until(shown.pilot, shown.paths.state_file.exists)
        await shown.app.session.save()
        stored = json.loads(shown.paths.state_file.read_text())
        assert stored["pane"] == "traces"
        assert "half a thou" in stored["drafts"].values()


async def test_drafts_stay_off_the_disk_where_conversations_are_not_kept(tmp_path: Path) -> None:
    no_texts = "[ui]\nkeep_conversations = false\n"
    async with a_screen(tmp_path, config=lambda s: demo_like(s, no_texts)) as shown:
        await shown.type("sentinel-draft")
        await shown.press("f3")
        await shown.app.session.save()
        assert "sentinel" not in shown.paths.state_file.read_text()


@pytest.mark.parametrize("size", [(1, 1), (59, 24), (80, 14)])
async def test_a_screen_too_small_says_so_in_one_line_and_comes_back(tmp_path: Path, size: tuple[int, int]) -> None:
    async with a_screen(tmp_path, size=size) as shown:
        if size[0] > 40:
            await shown.sees(f"60×15 cells at least, here are {size[0]}×{size[1]}")
            assert len([line for line in shown.text.splitlines() if line.strip()]) == 1
        await shown.pilot.resize_terminal(80, 24)
        await shown.sees("everyday →")
        assert shown.app.crashed is None


async def test_a_full_screen_is_a_wide_one_too(tmp_path: Path) -> None:
    async with a_screen(tmp_path, size=(160, 45)) as shown:
        assert {"-wide", "-full", "-tall"} <= shown.app.screen.classes
        await shown.pilot.resize_terminal(80, 24)
        await until(shown.pilot, lambda: "-narrow" in shown.app.screen.classes)
        assert not {"-wide", "-full", "-tall", "-tiny"} & shown.app.screen.classes


async def test_a_key_that_cannot_act_is_in_brackets_and_says_why(tmp_path: Path) -> None:
    async with a_screen(tmp_path, pane="routes") as shown:
        await shown.sees("alpha-mini")
        await shown.press("r")
        await shown.sees("Reset: the circuit is closed and counts no failures")


async def test_requests_survive_a_crash_of_the_screen(tmp_path: Path) -> None:
    async with a_screen(tmp_path, script=SLOW) as shown:
        await shown.type("count")
        await shown.press("enter")
        await shown.sees("one")
        shown.app._handle_exception(KeyError("wombat"))
        await asyncio.sleep(0)
        assert shown.app.crashed == "KeyError"
        assert shown.app.desk.thread.running_requests == 1


async def test_a_crash_is_one_word_without_what_was_in_hand(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    async with a_screen(tmp_path) as shown:
        shown.app._handle_exception(ValueError("wombat-one-zz"))
        assert shown.app.crashed == "ValueError"
    assert "wombat" not in caplog.text


async def test_a_broken_config_is_told_with_line_and_fix_and_the_screen_stays(tmp_path: Path) -> None:
    async with a_screen(tmp_path, config='default_profile = "nobody"\n') as shown:
        text = await shown.sees("there is no profile `nobody`")
        assert "write a [profiles" in text
        await shown.press("escape")
        await shown.misses("The config cannot be used")
        assert shown.app.crashed is None


async def test_a_damaged_data_file_is_named_with_where_it_went(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "clawtui.sqlite3").write_bytes(b"this is no database" * 200)
    async with a_screen(tmp_path, size=FULL) as shown:
        await shown.sees("the data file was damaged")
        assert len(list((tmp_path / "data").glob("clawtui.sqlite3.damaged-*"))) == 1
