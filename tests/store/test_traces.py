"""Traces: whole records as far as retention allows, listed by windows, found by filters."""

from __future__ import annotations

from pathlib import Path

import pytest

from clawtui.config.schema import Retention
from clawtui.engine.outcome import (
    Adviser,
    AdviserOutcome,
    FusionRecord,
    Outcome,
    RequestError,
    Superseded,
    SynthesizerRecord,
)
from clawtui.engine.request import ChatRequest, Media, MediaKind, RequestId, Role, Stage, ToolCall, assistant, user
from clawtui.store import codec
from clawtui.store.store import Store
from clawtui.store.traces import TraceFilter
from tests.store.builders import NOON, ROUTE, Trace, a_store, a_trace

ADVISER = Adviser(0, "A", "fast", ROUTE, RequestId("a1"), AdviserOutcome.OK, used=True, text="the secret proposal")
RICH = a_trace(
    "rich",
    tool_calls=(ToolCall("1", "look", '{"where": "the secret place"}'),),
    superseded=(Superseded(ROUTE, "the secret partial"),),
    error=RequestError("server", "it said: the secret prompt"),
    fusion=FusionRecord(
        "duo", (ADVISER,), ("A",), 7, SynthesizerRecord("strong", ROUTE, None), 1, 0.1, 900.0, 15_000.0
    ),
    children=(RequestId("a1"), RequestId("s1")),
    reasoning="the secret thought",
    request=ChatRequest(
        (user("the secret question", Media(MediaKind.IMAGE, b"\x00\xff", "image/png")), assistant("the secret word")),
        tools=(),
        schema={"type": "object"},
        stop=("x",),
    ),
)


def words_on_disk(folder: Path, words: bytes) -> list[str]:
    return [file.name for file in folder.iterdir() if words in file.read_bytes()]


async def kept(store: Store, trace: Trace, retention: Retention) -> Trace | None:
    store.ledger.settle(trace, retention)
    await store.flush()
    return await store.traces.one(trace.request_id)


async def test_with_full_retention_a_trace_comes_back_as_it_was(tmp_path: Path) -> None:
    async with a_store(tmp_path) as store:
        assert await kept(store, RICH, Retention.FULL) == RICH


def test_the_codec_brings_every_kind_of_field_back() -> None:
    again = codec.loads(Trace, codec.dumps(RICH))
    assert again == RICH
    assert again.request is not None
    assert again.request.messages[1].role is Role.ASSISTANT
    assert again.fusion is not None
    assert again.fusion.advisers[0].outcome is AdviserOutcome.OK


@pytest.mark.parametrize("retention", [Retention.METADATA, Retention.NONE])
async def test_without_full_retention_no_word_of_the_conversation_lies_on_disk(
    tmp_path: Path, retention: Retention
) -> None:
    async with a_store(tmp_path) as store:
        store.ledger.settle(RICH, retention)
        await store.flush()
    assert not words_on_disk(tmp_path, b"the secret")


async def test_metadata_keeps_the_numbers_the_plan_and_the_lengths(tmp_path: Path) -> None:
    async with a_store(tmp_path) as store:
        trace = await kept(store, RICH, Retention.METADATA)
        assert trace is not None
        assert (trace.usage, trace.cost, trace.plan.entries) == (RICH.usage, RICH.cost, RICH.plan.entries)
        assert any("17 characters" in note for note in trace.notes)


async def test_with_no_retention_the_ledger_alone_knows_of_the_request(tmp_path: Path) -> None:
    async with a_store(tmp_path) as store:
        assert await kept(store, a_trace("a"), Retention.NONE) is None
        assert (await store.maintenance.size()).ledger_rows == 1


async def test_a_beginning_of_an_id_is_enough_where_only_one_has_it(tmp_path: Path) -> None:
    async with a_store(tmp_path) as store:
        for name in ("abcdef1", "abcdef2", "zzzzzz9"):
            store.ledger.settle(a_trace(name), Retention.METADATA)
        await store.flush()
        found = await store.traces.one("zzzzzz")
        assert found is not None
        assert found.request_id == "zzzzzz9"
        assert await store.traces.one("abcdef") is None
        assert await store.traces.one("nothing") is None


async def test_windows_show_the_newest_first_and_filters_narrow_them(tmp_path: Path) -> None:
    async with a_store(tmp_path) as store:
        for n in range(30):
            changes = {"outcome": Outcome.FAILED, "error": RequestError("server", "")} if n % 10 == 0 else {}
            store.ledger.settle(a_trace(f"t{n:03}", at=NOON + n, **changes), Retention.FULL)
        store.ledger.settle(a_trace("child", parent=RequestId("t001"), stage=Stage.ADVISER), Retention.FULL)
        store.ledger.settle(RICH, Retention.FULL)
        await store.flush()
        window = await store.traces.window(5, 3)
        assert [row.request_id for row in window] == ["t024", "t023", "t022"]
        assert await store.traces.count() == 31
        assert await store.traces.count(TraceFilter(outcome=Outcome.FAILED)) == 3
        assert await store.traces.count(TraceFilter(fusion_only=True)) == 1
        assert await store.traces.count(TraceFilter(text="secret pla")) == 0  # tool arguments are not searched
        assert await store.traces.count(TraceFilter(text="secret quest")) == 31
        assert await store.traces.count(TraceFilter(text="100%_\\")) == 0
        assert await store.traces.count(TraceFilter(profile="fast", before=NOON + 10)) == 11
        assert [child.request_id for child in await store.traces.children("t001")] == ["child"]


async def test_a_search_for_anything_at_all_is_no_error(tmp_path: Path) -> None:
    async with a_store(tmp_path) as store:
        for text in ('"', "AND", "a*b(", "NEAR/2", "'; DROP TABLE traces", "\x00", "日本"):
            assert await store.traces.count(TraceFilter(text=text)) == 0
