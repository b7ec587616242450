"""The demo's fusion shows what a fusion is for: drafts that differ, and an answer with words of each."""

from __future__ import annotations

from clawtui.engine.clock import SystemClock
from clawtui.engine.fusing.overlap import overlap
from clawtui.engine.request import ChatRequest, user
from clawtui.runtime.demo import open_demo
from clawtui.runtime.demo_caller import FUSION_ASKED


async def test_drafts_differ_and_the_answer_takes_words_of_each() -> None:
    runtime = await open_demo(SystemClock())
    try:
        trace = await runtime.engine.ask(
            ChatRequest((user(FUSION_ASKED[0]),), target="fusion/council", max_tokens=400, caller="demo")
        )
    finally:
        await runtime.aclose()
    assert trace.fusion is not None
    drafts = [adviser.text for adviser in trace.fusion.advisers]
    assert len(set(drafts)) == 3
    found = overlap(drafts, trace.text)
    assert max(found.pairs.values()) < 0.3
    assert all(0.08 < share < 0.6 for share in found.of_answer), found.of_answer
    assert "**" not in trace.text + "".join(drafts)
