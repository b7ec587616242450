"""Answers inside conversations: kept as they come, marked for what became of them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path

from clawtui.config.paths import Paths
from clawtui.engine.request import ChatRequest, Media, MediaKind, user
from clawtui.runtime import Runtime, open_runtime
from clawtui.runtime.conversing import answering, begin_conversation, open_conversation, read_document
from clawtui.simulator import Fault, FaultKind, ModelScript, Script, Simulator
from clawtui.store.conversations import TurnStatus
from tests.house import FakeClock

CONFIG = """
default_profile = "one"
[providers.up]
kind = "openai"
base_url = "{url}"
credentials = []
retries = 0
[profiles.one]
provider = "up"
model = "alpha"
{more}
"""


@asynccontextmanager
async def a_runtime(
    folder: Path, script: Script | None = None, more: str = ""
) -> AsyncIterator[tuple[Runtime, Simulator]]:
    async with Simulator(script) as simulator:
        paths = Paths(folder / "config.toml", folder / "data")
        paths.config_file.write_text(CONFIG.format(url=simulator.url("up"), more=more), encoding="utf-8")
        runtime = await open_runtime(paths, environ={}, clock=FakeClock(auto=True))
        try:
            yield runtime, simulator
        finally:
            await runtime.aclose()


async def say(runtime: Runtime, conversation: str | None, text: str, *media: Media) -> None:
    asked = user(text, *media)
    async with aclosing(answering(runtime, ChatRequest((asked,)), conversation, asked)) as events:
        async for _ in events:
            pass
    await runtime.store.flush()


async def test_question_and_answer_are_kept_with_what_stands_under_them(tmp_path: Path) -> None:
    async with a_runtime(tmp_path, Script(default=ModelScript(text="It is so."))) as (runtime, _):
        conversation = await begin_conversation(runtime, "one")
        assert conversation is not None
        await say(runtime, conversation, "Is it so?", Media(MediaKind.IMAGE, b"png", "image/png", "x.png"))
        opened = await open_conversation(runtime, conversation)
        assert opened is not None
        assert opened.title == "Is it so?"
        asked, answer = opened.turns
        assert (asked.text, answer.text, answer.status) == ("Is it so?", "It is so.", TurnStatus.DONE)
        assert read_document(asked)["images"] == [{"name": "x.png", "media_type": "image/png", "data": "cG5n"}]
        facts = read_document(answer)
        assert facts["answered"] == {"profile": "one", "provider": "up", "model": "alpha"}
        assert facts["request_id"]


async def test_a_failed_answer_says_so(tmp_path: Path) -> None:
    script = Script(models={"up/alpha": ModelScript(faults=(Fault(FaultKind.STATUS, status=500),))})
    async with a_runtime(tmp_path, script) as (runtime, _):
        conversation = await begin_conversation(runtime, "")
        assert conversation is not None
        await say(runtime, conversation, "hi")
        opened = await open_conversation(runtime, conversation)
        assert opened is not None
        assert opened.turns[1].status is TurnStatus.FAILED
        assert read_document(opened.turns[1])["error"]["kind"] == "server"


async def test_what_came_before_a_cancellation_is_kept(tmp_path: Path) -> None:
    script = Script(default=ModelScript(text="word " * 200, tokens_per_s=100.0))
    async with a_runtime(tmp_path, script) as (runtime, _):
        conversation = await begin_conversation(runtime, "")
        assert conversation is not None
        asked = user("count")
        events = answering(runtime, ChatRequest((asked,)), conversation, asked)
        async for event in events:
            if type(event).__name__ == "Delta":
                break
        await events.aclose()
        await runtime.store.flush()
        opened = await open_conversation(runtime, conversation)
        assert opened is not None
        assert opened.turns[1].status is TurnStatus.CANCELLED
        assert opened.turns[1].text.startswith("word")


async def test_an_answer_that_a_dead_process_left_is_marked_interrupted(tmp_path: Path) -> None:
    async with a_runtime(tmp_path) as (runtime, _):
        conversation = await runtime.store.conversations.create()
        await runtime.store.conversations.add(conversation, "user", "hi")
        turn = await runtime.store.conversations.add(conversation, "assistant", "", TurnStatus.STREAMING)
        runtime.store.conversations.write(turn, "half of", TurnStatus.STREAMING, {"process": "dead"})
        await runtime.store.flush()
        opened = await open_conversation(runtime, conversation)
        assert opened is not None
        assert [each.status for each in opened.turns] == [TurnStatus.DONE, TurnStatus.INTERRUPTED]
        assert opened.turns[1].text == "half of"


async def test_nothing_is_kept_where_nothing_is_to_be(tmp_path: Path) -> None:
    async with a_runtime(tmp_path, more="[ui]\nkeep_conversations = false\n") as (runtime, _):
        assert await begin_conversation(runtime, "one") is None
        await say(runtime, None, "hi")
        assert await runtime.store.conversations.recent() == []
        assert await open_conversation(runtime, "nothing") is None
