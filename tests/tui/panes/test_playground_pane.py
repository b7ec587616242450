"""The playground as a person meets it: ask, watch, cancel, ask again, attach, compare, keep; over real sockets."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion

from clawtui.engine.request import ChatRequest, user
from clawtui.runtime import Runtime
from clawtui.runtime.conversing import answering, begin_conversation
from clawtui.simulator import Fault, FaultKind, ModelScript, Script
from clawtui.simulator.script import ScriptedCall
from clawtui.store.conversations import TurnStatus
from clawtui.tui.remembered import Remembered
from tests.tui.screen import FULL, NARROW, SIZES, Shown, a_screen, demo_like, until

CODE = "Two ways:\n\n```python\nprint('one')\n```\n\n```sh\necho two\n```\n"
ENDLESS = "one two three" + " and so on" * 40 + " the last"
PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 40


def says(text: str, **more: object) -> Script:
    return Script(models={"one/alpha-mini": ModelScript(text=text, **more)})  # type: ignore[arg-type]


async def ask(shown: Shown, text: str) -> None:
    await shown.type(text)
    await shown.press("enter")


async def asked_and_answered(shown: Shown, text: str, answer: str = "answered by") -> str:
    await ask(shown, text)
    await shown.sees(answer)
    await until(shown.pilot, lambda: not shown.app.panes.shown.dialogue.is_answering)
    return shown.text


# ---- asking


@pytest.mark.parametrize("size", SIZES)
async def test_nothing_asked_yet(tmp_path: Path, size: tuple[int, int], snapshot: SnapshotAssertion) -> None:
    async with a_screen(tmp_path, size=size) as shown:
        await shown.sees("Ask anything.")
        if size == FULL:
            await shown.sees("not a fallback of everyday")
        assert shown.text == snapshot


@pytest.mark.parametrize("size", SIZES)
async def test_a_conversation_with_code(tmp_path: Path, size: tuple[int, int], snapshot: SnapshotAssertion) -> None:
    async with a_screen(tmp_path, size=size, script=says(CODE)) as shown:
        await asked_and_answered(shown, "how")
        await shown.sees("▏░░░░░░░ <$0.01 of" if size == FULL else "▏░░░ <$0.01/")
        await until(shown.pilot, lambda: "●" in shown.text.splitlines()[0])
        if size == FULL:
            await shown.sees("100 %")
        assert shown.text == snapshot


async def test_the_answer_stands_there_with_who_gave_it_and_what_it_cost(tmp_path: Path) -> None:
    async with a_screen(tmp_path, script=says("Forty-two.")) as shown:
        text = await asked_and_answered(shown, "how many", "first token")  # the last of what comes below an answer
        assert "Forty-two." in text
        assert "answered by everyday → one/alpha-mini" in text
        assert "$0" in text


async def test_nothing_is_said_to_lie_below_the_end_of_a_long_answer(tmp_path: Path) -> None:
    async with a_screen(tmp_path, script=says("word " * 400)) as shown:
        await asked_and_answered(shown, "how many", "first token")
        await shown.misses("below: end goes there")


async def test_page_keys_scroll_the_conversation_from_within_the_prompt(tmp_path: Path) -> None:
    async with a_screen(tmp_path, script=says("\n\n".join(f"line {n}." for n in range(60)))) as shown:
        await asked_and_answered(shown, "how many", "line 59.")
        await shown.press("pageup")
        await shown.misses("line 59.")
        await shown.press("pagedown")
        await shown.sees("line 59.")


async def test_a_failover_is_told_as_it_happens_and_under_the_answer(tmp_path: Path) -> None:
    async with a_screen(tmp_path, size=FULL) as shown:
        shown.simulator.set_fault(Fault(FaultKind.STATUS, status=503), provider="one")
        text = await asked_and_answered(shown, "hello")
        assert "instead of everyday → one/alpha-mini, because overloaded" in text
        assert "overloaded 503" in text
        assert "→ next profile" in text


async def test_when_nobody_answers_the_whole_story_stands_at_the_answer(tmp_path: Path) -> None:
    async with a_screen(tmp_path) as shown:
        for provider in ("one", "three", "home"):
            shown.simulator.set_fault(Fault(FaultKind.STATUS, status=500), provider=provider)
        await ask(shown, "hello")
        await shown.sees("no answer after")


async def test_escape_cancels_and_keeps_what_came(tmp_path: Path) -> None:
    async with a_screen(tmp_path, script=says(ENDLESS, tokens_per_s=4)) as shown:
        await ask(shown, "count")
        await shown.sees("two")
        await shown.press("escape")
        text = await shown.sees("cancelled: what came is kept")
        assert "one two" in text
        assert "the last" not in text
        await shown.simulator.wait_until_idle()


async def test_while_no_text_has_come_it_is_said_who_is_waited_for_and_how_long(tmp_path: Path) -> None:
    async with a_screen(tmp_path, size=FULL, script=says("At last.", first_token_s=600)) as shown:
        await ask(shown, "hello")
        await shown.sees("◍ waits for everyday → one/alpha-mini, 0 ms · esc cancels")
        shown.clock.move(2.1)
        text = await shown.sees("one/alpha-mini, 2.1 s · esc cancels")
        assert "1.1 s" in text  # the middle of the axis beside it
        await shown.press("escape")
        text = await shown.sees("cancelled: what came is kept")
        assert "waits for" not in text


async def test_the_footer_names_cancel_first_while_an_answer_comes_and_send_is_dim(tmp_path: Path) -> None:
    async with a_screen(tmp_path, size=NARROW, script=says("At last.", first_token_s=600)) as shown:
        assert "Cancel" not in shown.text.splitlines()[-1]
        await ask(shown, "hello")
        await until(shown.pilot, lambda: shown.text.splitlines()[-1].startswith(" esc Cancel  (enter Send)"))
        await shown.press("escape")
        await until(shown.pilot, lambda: shown.text.splitlines()[-1].startswith(" enter Send"))


async def test_the_footer_names_the_keys_of_the_dialog_in_front(tmp_path: Path) -> None:
    async with a_screen(tmp_path, size=NARROW) as shown:
        await shown.press("ctrl+g")
        await until(shown.pilot, lambda: "enter Choose  ↑↓ Move  esc Close" in shown.text.splitlines()[-1])
        assert "Send" not in shown.text.splitlines()[-1]
        await shown.press("escape")
        await until(shown.pilot, lambda: "enter Send" in shown.text.splitlines()[-1])


async def test_a_fusion_says_how_many_advisers_are_done(tmp_path: Path) -> None:
    script = Script(models={"two/beta-opus": ModelScript(text="Late.", first_token_s=600)})
    async with a_screen(tmp_path, script=script, remembered=Remembered(target="fusion/council")) as shown:
        await ask(shown, "hello")
        await shown.sees("1 of 2 advisers done")
        await shown.press("escape")
        await shown.sees("cancelled: what came is kept")


async def test_nothing_ticks_where_nobody_answers(tmp_path: Path) -> None:
    async with a_screen(tmp_path) as shown:
        await asked_and_answered(shown, "hello")
        assert not [timer for timer in shown.app.panes.shown._talk._timers if timer._task is not None]


async def test_a_second_question_waits_until_the_answer_is_there(tmp_path: Path) -> None:
    async with a_screen(tmp_path, script=says(ENDLESS, tokens_per_s=4)) as shown:
        await ask(shown, "first")
        await shown.sees("one")
        await ask(shown, "second")
        text = await shown.sees("an answer is coming: esc cancels it")
        assert text.splitlines()[-1].strip() == "an answer is coming: esc cancels it"
        await shown.press("x")  # the sentence goes with the next key
        await shown.misses("an answer is coming")
        await shown.press("backspace")
        assert shown.app.panes.shown.prompt.text == "second"
        assert len(shown.simulator.requests) == 1


async def test_the_conversation_so_far_goes_with_the_next_question(tmp_path: Path) -> None:
    async with a_screen(tmp_path, script=says("Blue.")) as shown:
        await asked_and_answered(shown, "colour")
        await ask(shown, "why")
        await until(shown.pilot, lambda: len(shown.simulator.requests) == 2)
        sent = shown.simulator.requests[1].body["messages"]
        assert [(each["role"], each["content"]) for each in sent] == [
            ("user", "colour"),
            ("assistant", "Blue."),
            ("user", "why"),
        ]


async def test_ctrl_j_and_a_backslash_begin_a_line(tmp_path: Path) -> None:
    async with a_screen(tmp_path) as shown:
        await shown.press("a", "ctrl+j", "b", "backslash", "enter", "c", "enter")
        await shown.sees("answered by")
        assert shown.simulator.requests[0].body["messages"][-1]["content"] == "a\nb\nc"


async def test_up_at_the_top_recalls_what_was_asked(tmp_path: Path) -> None:
    async with a_screen(tmp_path) as shown:
        await asked_and_answered(shown, "first")
        await shown.press("up")
        assert shown.app.panes.shown.prompt.text == "first"


# ---- answers


async def test_answers_are_walked_with_the_arrows_and_the_end_is_the_prompt(tmp_path: Path) -> None:
    async with a_screen(tmp_path) as shown:
        pane = shown.app.panes.shown
        for text in ("one", "two"):
            await asked_and_answered(shown, text)
        await shown.press("escape")
        await until(shown.pilot, lambda: pane._talk.answers[1].answer.has_focus)
        await shown.press("up")
        assert pane._talk.answers[0].answer.has_focus
        await shown.press("down", "down")
        assert pane.prompt.has_focus


async def test_escape_leaves_the_prompt_where_it_is_scrolled_to(tmp_path: Path) -> None:
    async with a_screen(tmp_path, size=NARROW, script=says("\n\n".join(f"line {n}." for n in range(60)))) as shown:
        await asked_and_answered(shown, "how many", "first token")
        await shown.press("escape")
        await until(shown.pilot, lambda: shown.app.panes.shown._talk.answers[0].answer.has_focus)
        assert "line 59." in shown.text


async def test_escape_leaves_the_prompt_of_an_empty_conversation_so_that_digits_are_keys(tmp_path: Path) -> None:
    async with a_screen(tmp_path) as shown:
        await shown.press("escape", "2")
        await until(shown.pilot, lambda: shown.app.panes.shown.AREA == "routes")


async def test_an_example_is_put_into_the_prompt_by_a_key_or_a_click_and_not_sent(tmp_path: Path) -> None:
    async with a_screen(tmp_path, size=NARROW) as shown:
        prompt = shown.app.panes.shown.prompt
        await shown.press("up", "up", "enter")
        await until(shown.pilot, lambda: prompt.text.startswith("Write a Python function") and prompt.has_focus)
        await shown.pilot.click(".example", offset=(5, 0))
        await until(shown.pilot, lambda: prompt.text.startswith("Explain in three"))
        assert not shown.simulator.requests
        prompt.take()
        await shown.press("up", "down")
        assert prompt.has_focus


async def test_y_copies_the_answer_or_exactly_the_code_that_is_selected(tmp_path: Path) -> None:
    async with a_screen(tmp_path, script=says(CODE)) as shown:
        await asked_and_answered(shown, "how")
        await shown.press("escape", "y")
        await shown.sees("sent to the terminal")
        assert shown.app.clipboard.strip() == CODE.strip()
        await shown.press("]", "]", "y")
        await until(shown.pilot, lambda: shown.app.clipboard == "echo two")
        await shown.press("[", "y")
        await until(shown.pilot, lambda: shown.app.clipboard == "print('one')")


async def test_t_opens_the_trace_of_the_answer(tmp_path: Path) -> None:
    async with a_screen(tmp_path, size=FULL) as shown:
        await asked_and_answered(shown, "hello")
        await shown.press("escape", "t")
        await until(shown.pilot, lambda: shown.app.panes.shown.AREA == "traces")
        await shown.sees("default profile")


async def test_r_asks_again_in_place_of_the_last_answer(tmp_path: Path) -> None:
    async with a_screen(tmp_path) as shown:
        await asked_and_answered(shown, "hello")
        await shown.press("escape", "r")
        await until(shown.pilot, lambda: len(shown.simulator.requests) == 2)
        await until(shown.pilot, lambda: not shown.app.panes.shown.dialogue.is_answering)
        assert [entry.role for entry in shown.app.panes.shown.dialogue.entries] == ["user", "assistant"]
        assert [each["content"] for each in shown.simulator.requests[1].body["messages"]] == ["hello"]


async def test_r_on_an_earlier_answer_branches_so_that_nothing_is_lost(tmp_path: Path) -> None:
    async with a_screen(tmp_path) as shown:
        pane = shown.app.panes.shown
        for text in ("one", "two"):
            await asked_and_answered(shown, text)
        before = pane.dialogue.id
        await shown.press("escape", "up", "r")
        await shown.sees("asked again in a branch")
        assert pane.dialogue.id != before
        assert [entry.text for entry in pane.dialogue.entries if entry.role == "user"] == ["one"]
        kept = await pane.desk.do(lambda runtime: runtime.store.conversations.turns(before))
        assert [turn.role for turn in kept] == ["user", "assistant"] * 2


async def test_shift_r_asks_another_profile(tmp_path: Path) -> None:
    async with a_screen(tmp_path) as shown:
        await asked_and_answered(shown, "hello")
        await shown.press("escape", "R")
        await shown.sees("Ask whom instead?")
        await shown.type("deep")
        await shown.press("enter")
        await shown.sees("answered by deep → two/beta-opus")


async def test_b_branches_at_the_answer(tmp_path: Path) -> None:
    async with a_screen(tmp_path) as shown:
        pane = shown.app.panes.shown
        for text in ("one", "two"):
            await asked_and_answered(shown, text)
        await shown.press("escape", "up", "b")
        await shown.sees("this is a branch")
        assert [entry.text for entry in pane.dialogue.entries if entry.role == "user"] == ["one"]


async def test_reasoning_is_folded_until_space(tmp_path: Path) -> None:
    async with a_screen(tmp_path, script=says("Four.", reasoning="two and two")) as shown:
        text = await asked_and_answered(shown, "sum")
        assert "two and two" not in text
        await shown.press("escape", "space")
        await shown.sees("two and two")


async def test_a_tool_call_is_a_block_and_its_result_goes_on(tmp_path: Path) -> None:
    script = says("Take a coat.", tool_calls=(ScriptedCall("look", {"place": "sky"}),))
    async with a_screen(tmp_path, script=script) as shown:
        shown.app.panes.shown.dialogue.settings = tools_settings()
        await ask(shown, "weather")
        text = await shown.sees("calls look")
        assert '"place"' in text
        await until(shown.pilot, lambda: not shown.app.panes.shown.dialogue.is_answering)
        await shown.press("escape", "a")
        await shown.sees("Result of look")
        await shown.type("sunny")
        await shown.press("tab", "tab", "enter")
        await until(shown.pilot, lambda: len(shown.simulator.requests) > 1)
        last = shown.simulator.requests[1].body["messages"][-1]
        assert (last["role"], last["content"]) == ("tool", "sunny")


def tools_settings():
    from clawtui.tui.state.request_settings import Settings

    return Settings(tools='[{"name": "look", "parameters": {"type": "object"}}]')


# ---- who, with what


async def test_ctrl_g_offers_who_may_answer_with_price_and_why_not(tmp_path: Path) -> None:
    async with a_screen(tmp_path, size=FULL) as shown:
        await shown.press("ctrl+g")
        text = await shown.sees("Who answers")
        assert "fusion/council" in text
        assert "in/out per 1M" in text
        assert "$1/$2" in text
        await shown.type("deep")
        await shown.press("enter")
        await shown.sees("Ask deep")
        await asked_and_answered(shown, "hello", "answered by deep → two/beta-opus")


async def test_the_header_names_who_was_chosen_at_once_also_with_a_draft(tmp_path: Path) -> None:
    async with a_screen(tmp_path) as shown:
        await shown.type("a draft")
        for name, words in (("deep", "deep → two/beta"), ("fusion", "fusion/council → ")):
            await shown.press("ctrl+g")
            await shown.sees("Who answers")
            await shown.type(name)
            await shown.press("enter")
            await until(shown.pilot, lambda words=words: words in shown.text.splitlines()[0])


async def test_ctrl_g_takes_a_policy_too(tmp_path: Path) -> None:
    async with a_screen(tmp_path) as shown:
        await shown.press("ctrl+g")
        await shown.type("policy private")
        await shown.press("enter")
        await until(shown.pilot, lambda: shown.app.desk.remembered.policy == "private")


async def test_settings_complain_at_the_field_and_go_with_the_request(tmp_path: Path) -> None:
    async with a_screen(tmp_path, size=FULL) as shown:
        await shown.press("alt+s")
        await shown.sees("Settings of the request")
        await shown.type("be brief")
        shown.app.screen.query_one("#set-temperature").value = "9"
        await shown.sees("a number from 0 to 2")
        shown.app.screen.query_one("#set-temperature").value = "0.5"
        shown.app.screen.query_one("#set-temperature").focus()
        await shown.press("enter")
        await shown.sees("Ask whoever the policy says · system, temperature")
        await asked_and_answered(shown, "hello")
        body = shown.simulator.requests[0].body
        assert body["temperature"] == 0.5
        assert body["messages"][0] == {"role": "system", "content": "be brief"}


async def test_a_json_answer_is_held_against_the_schema(tmp_path: Path) -> None:
    from clawtui.tui.state.request_settings import Settings

    schema = json.dumps({"type": "object", "required": ["n"], "properties": {"n": {"type": "integer"}}})
    async with a_screen(tmp_path, script=says('{"n": "many"}')) as shown:
        shown.app.panes.shown.dialogue.settings = Settings(schema=schema)
        await asked_and_answered(shown, "count", "JSON: does not fit")


async def test_ctrl_l_shows_the_plan_and_sends_nothing(tmp_path: Path) -> None:
    async with a_screen(tmp_path) as shown:
        await shown.type("hello")
        await shown.press("ctrl+l")
        text = await shown.sees("Plan under policy default")
        assert "fallback 1" in text
        assert "tokens in" in text
        assert not shown.simulator.requests


# ---- images


async def test_an_image_named_in_the_prompt_goes_with_the_question(tmp_path: Path) -> None:
    (tmp_path / "cat.png").write_bytes(PNG)
    async with a_screen(tmp_path, config=demo_like_with_vision) as shown:
        shown.app.panes.shown.prompt.put(f"what is @{tmp_path}/cat.png this")
        await shown.press("enter")
        await shown.sees("▣ cat.png")
        await shown.sees("answered by")
        parts = shown.simulator.requests[0].body["messages"][-1]["content"]
        assert [part["type"] for part in parts] == ["text", "image_url"]
        assert parts[0]["text"] == "what is this"


def demo_like_with_vision(simulator) -> str:
    return demo_like(simulator).replace("[profiles.deep]", "capabilities = { vision = true }\n[profiles.deep]")


async def test_what_is_no_image_is_told_before_anything_is_sent(tmp_path: Path) -> None:
    (tmp_path / "cat.png").write_text("no image")
    async with a_screen(tmp_path) as shown:
        shown.app.panes.shown.prompt.put(f"what @{tmp_path}/cat.png")
        await shown.press("enter")
        await shown.sees("cat.png is no PNG, JPEG, GIF or WebP image")
        assert shown.app.panes.shown.prompt.text.startswith("what @")
        assert not shown.simulator.requests


async def test_an_image_is_not_sent_to_who_cannot_see(tmp_path: Path) -> None:
    (tmp_path / "cat.png").write_bytes(PNG)

    def blind(simulator) -> str:
        return demo_like(simulator).replace(
            "[policies.default]", "[profiles.local.capabilities]\nvision = false\n[policies.default]"
        )

    async with a_screen(tmp_path, config=blind, remembered=Remembered(policy="private")) as shown:
        await shown.press("ctrl+t")
        await shown.sees("Attach which image?")
        await shown.type(f"{tmp_path}/cat.png")
        await shown.press("enter")
        await shown.sees("▣ cat.png, 1 kB")
        await ask(shown, "what")
        text = await shown.sees("not sent:")
        assert "vision" in text
        assert not shown.simulator.requests


# ---- side by side


async def test_side_by_side_asks_several_and_takes_one(tmp_path: Path) -> None:
    script = Script(models={"one/alpha-mini": ModelScript(text="From one."), "two/beta-opus": ModelScript(text="Two!")})
    async with a_screen(tmp_path, size=FULL, script=script) as shown:
        await shown.type("hello")
        await shown.press("alt+b")
        await shown.sees("Ask which two to four?")
        await shown.type("everyday")
        await shown.press("tab", *["backspace"] * 8)
        await shown.type("deep")
        await shown.press("tab", "enter")
        await shown.sees("Side by side")
        text = await shown.sees("From one.")
        await shown.sees("Two!")
        await until(shown.pilot, lambda: shown.text.count("answered by") == 2)
        assert "everyday" in text
        await shown.press("2")
        await shown.misses("Side by side")
        entries = shown.app.panes.shown.dialogue.entries
        assert [entry.text for entry in entries] == ["hello", "Two!"]


async def test_side_by_side_waits_with_a_clock_shows_all_figures_and_leaves_the_question(tmp_path: Path) -> None:
    late = Script(models={"two/beta-opus": ModelScript(text="Late.", first_token_s=600)})
    async with a_screen(tmp_path, size=NARROW, script=late) as shown:
        await shown.type("hello")
        await shown.press("alt+c")
        await shown.sees("Ask which two to four?")
        for name in ("everyday", "swift", "deep"):
            await shown.type(name)
            await shown.press("tab", *["backspace"] * len(name))
        await shown.press("enter")
        await until(shown.pilot, lambda: shown.text.count("answered by") == 2)
        text = await shown.sees("◍ waits, 0 ms")
        assert text.count("first token 0 ms") == text.count("total 0 ms") == text.count("19 out") == 2
        shown.clock.move(3.2)
        await shown.sees("◍ waits, 3.2 s")
        await shown.press("escape")
        await shown.misses("Side by side")
        assert shown.app.panes.shown.prompt.text == "hello"


async def test_side_by_side_needs_something_to_ask(tmp_path: Path) -> None:
    async with a_screen(tmp_path) as shown:
        await shown.press("alt+b")
        await shown.sees("the prompt is empty")


# ---- conversations


async def test_conversations_are_found_by_their_words_renamed_deleted_and_brought_back(tmp_path: Path) -> None:
    async with a_screen(tmp_path, script=says("the walrus sings")) as shown:
        pane = shown.app.panes.shown
        await asked_and_answered(shown, "animals")
        await shown.press("ctrl+n")
        await shown.sees("Ask anything.")
        await shown.press("ctrl+f")
        await shown.sees("animals")
        await shown.type("walrus")
        await shown.sees("the walrus sings")
        await shown.press("enter")
        await until(shown.pilot, lambda: pane.dialogue.title == "animals")
        await shown.press("alt+r")
        await shown.sees("Rename the conversation")
        await shown.press("end", *["backspace"] * 7)
        await shown.type("beasts")
        await shown.press("enter")
        await until(shown.pilot, lambda: pane.dialogue.title == "beasts")
        await shown.press("alt+d")
        await shown.sees("Ask anything.")
        # The letter is typed while the prompt has the focus; elsewhere it is the key.
        await shown.press("escape", "u")
        await until(shown.pilot, lambda: pane.dialogue.title == "beasts")
        await shown.sees("the walrus sings")


async def test_the_last_conversation_and_the_draft_are_there_again(tmp_path: Path) -> None:
    async with a_screen(tmp_path) as shown:
        await asked_and_answered(shown, "remember me")
        await shown.type("half a tho")
        memory = shown.app.desk.remembered
    async with a_screen(tmp_path, remembered=memory) as shown:
        await shown.sees("remember me")
        assert shown.app.panes.shown.prompt.text == "half a tho"


async def test_an_answer_that_a_killed_process_left_is_marked_interrupted(tmp_path: Path) -> None:
    memory = Remembered()

    async def left(runtime: Runtime) -> None:
        conversations = runtime.store.conversations
        id = await begin_conversation(runtime, "")
        assert id is not None
        memory.conversation = id
        await conversations.add(id, "user", "count to ten")
        await conversations.add(id, "assistant", "one two thr", TurnStatus.STREAMING)

    async with a_screen(tmp_path, prepare=left, remembered=memory) as shown:
        text = await shown.sees("interrupted: what came is kept")
        assert "one two thr" in text


async def test_conversations_stay_off_the_disk_where_they_are_not_kept(tmp_path: Path) -> None:
    no_texts = "[ui]\nkeep_conversations = false\n"
    async with a_screen(tmp_path, config=lambda s: demo_like(s, no_texts)) as shown:
        await asked_and_answered(shown, "sentinel")
        await shown.press("alt+r")
        await shown.sees("this conversation is not kept")
        found = await shown.app.desk.do(lambda runtime: runtime.store.conversations.recent())
        assert found == []


@pytest.mark.parametrize(("format", "suffix", "holds"), [("Markdown", "md", "## You"), ("JSON", "json", '"turns"')])
async def test_a_conversation_is_exported(tmp_path: Path, format: str, suffix: str, holds: str) -> None:
    async with a_screen(tmp_path) as shown:
        await asked_and_answered(shown, "hello")
        await shown.press("escape", "e")
        await shown.sees("Export the conversation as")
        await shown.type(format)
        await shown.press("enter")
        await shown.sees("written to")
        assert holds in (shown.paths.exports / f"hello.{suffix}").read_text()


async def test_a_long_conversation_shows_its_end_and_the_rest_on_demand(tmp_path: Path) -> None:
    memory = Remembered()

    async def long(runtime: Runtime) -> None:
        id = await begin_conversation(runtime, "")
        assert id is not None
        memory.conversation = id
        for number in range(50):
            await runtime.store.conversations.add(id, "user", f"question {number}")
            await runtime.store.conversations.add(id, "assistant", f"answer {number}")

    async with a_screen(tmp_path, prepare=long, remembered=memory) as shown:
        pane = shown.app.panes.shown
        await shown.sees("answer 49")
        assert len(pane._talk.answers) == 30
        pane._talk.scroll_home(animate=False)
        await until(shown.pilot, lambda: len(pane._talk.answers) == 50)
        await shown.sees("question 20")


async def test_who_scrolled_up_is_told_of_new_text_and_end_follows(tmp_path: Path) -> None:
    lines = "\n\n".join(f"line {number}" for number in range(40))
    async with a_screen(tmp_path, size=NARROW, script=says(lines)) as shown:
        pane = shown.app.panes.shown
        await asked_and_answered(shown, "long")
        await shown.sees("line 39")
        await shown.press("escape", "pageup")
        await shown.sees("more below: end goes there")
        await shown.press("end")
        await shown.misses("more below")
        assert pane._talk.is_at_end


# ---- narrow, hostile, and the engine under it


async def test_the_live_side_is_behind_a_key_on_a_narrow_screen(tmp_path: Path) -> None:
    async with a_screen(tmp_path, size=NARROW) as shown:
        await asked_and_answered(shown, "hello")
        await shown.press("alt+i")
        text = await shown.sees("Live: who answers, and why")
        assert "default profile" in text
        await shown.press("escape")
        await shown.misses("Live: who answers")
        assert shown.app.panes.shown.prompt.has_focus


async def test_a_fusion_shows_its_advisers_as_they_end(tmp_path: Path) -> None:
    async with a_screen(tmp_path, size=FULL, remembered=Remembered(target="fusion/council")) as shown:
        text = await asked_and_answered(shown, "hello")
        assert "for fusion/council" in text
        assert "writes the answer from 2 proposals" in text


async def test_an_answer_is_kept_though_the_screen_goes(tmp_path: Path) -> None:
    async with a_screen(tmp_path, script=says("one two three", tokens_per_s=20)) as shown:

        async def asked(runtime: Runtime) -> list[str]:
            id = await begin_conversation(runtime, "")
            request = ChatRequest((user("count"),))
            async for _ in answering(runtime, request, id, user("count")):
                await asyncio.sleep(0)
            await runtime.store.flush()
            return [turn.text for turn in await runtime.store.conversations.turns(id or "")]

        assert await shown.app.desk.do(asked) == ["count", "one two three"]


async def test_what_models_send_is_text_and_nothing_else(tmp_path: Path) -> None:
    hostile = "[red]no markup[/] [@click=app.quit]x[/] a\x1b[2Jb\x1b]0;owned\x07 \u202eleft\x00 \x9b1m 日本語 e\u0301"
    async with a_screen(tmp_path, script=says(hostile)) as shown:
        text = await asked_and_answered(shown, "x")
        assert "[red]no markup[/]" in text
        assert "[@click=app.quit]" in text
        assert "日本語" in text
        assert not set(text) & set("\x1b\x07\x00\x9b\u202e")
