"""An answer inside a conversation, on the engine's loop: what was asked and what came is kept as it comes, whatever
becomes of the screen. A process that dies in between leaves an answer that is marked interrupted."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import asdict, dataclass
from typing import Any

from clawtui.engine.events import Completed, Delta, Failed, Planned, RequestEvent, Restarted
from clawtui.engine.outcome import Outcome, Trace
from clawtui.engine.request import ChatRequest, Message
from clawtui.runtime.runtime import Runtime
from clawtui.store.conversations import ConversationRow, Turn, TurnStatus
from clawtui.store.jobs import StoreDown

KEEP_SECONDS = 1.0  # how much of a streaming answer a crash may cost

_STATUS = {
    Outcome.OK: TurnStatus.DONE,
    Outcome.FAILED: TurnStatus.FAILED,
    Outcome.REFUSED: TurnStatus.FAILED,
    Outcome.INTERRUPTED: TurnStatus.INTERRUPTED,
    Outcome.CANCELLED: TurnStatus.CANCELLED,
}


@dataclass(frozen=True, slots=True)
class Opened:
    """A conversation as it lies in the store."""

    id: str
    title: str
    turns: tuple[Turn, ...]


def status_of(trace: Trace) -> TurnStatus:
    return _STATUS[trace.outcome]


def facts_of(trace: Trace) -> dict[str, Any]:
    """What stands under an answer, for as long as the conversation is kept."""
    failed = next((attempt for attempt in trace.attempts if attempt.failure is not None), None)
    instead = trace.selected if trace.answered is not None and trace.answered != trace.selected else None
    return {
        "request_id": trace.request_id,
        "answered": asdict(trace.answered) if trace.answered else None,
        "instead": asdict(instead) if instead else None,
        "because": failed.failure.value if instead and failed and failed.failure else None,
        "fusion": trace.fusion.name if trace.fusion else None,
        "first_token_ms": trace.first_token_ms,
        "total_ms": trace.total_ms,
        "input_tokens": trace.usage.input_tokens,
        "output_tokens": trace.usage.output_tokens,
        "estimated": trace.usage.source.value != "reported",
        "cost_usd": trace.cost.usd,
        "attempts": len(trace.attempts),
        "finish_reason": trace.finish_reason,
        "reasoning": trace.reasoning,
        "tool_calls": [asdict(call) for call in trace.tool_calls],
        "error": asdict(trace.error) if trace.error else None,
    }


def user_document(message: Message) -> dict[str, object]:
    """Images of a question, as they are kept with it; a tool's result keeps which call it answers."""
    document: dict[str, object] = {}
    if message.media:
        document["images"] = [
            {"name": each.name, "media_type": each.media_type, "data": base64.b64encode(each.data).decode()}
            for each in message.media
        ]
    if message.tool_call_id is not None:
        document["tool_call_id"], document["name"] = message.tool_call_id, message.name
    return document


async def answering(
    runtime: Runtime, request: ChatRequest, conversation: str | None, asked: Message | None
) -> AsyncGenerator[RequestEvent, None]:
    """The events of `request`. `asked` is kept as a turn of its own first; without it an answer is given anew."""
    turn = await _begun(runtime, conversation, asked) if conversation is not None else None
    text: list[str] = []
    trace: Trace | None = None
    document: dict[str, Any] = {}
    kept_at = runtime.clock.monotonic()
    try:
        async with aclosing(runtime.engine.stream(request)) as events:
            async for event in events:
                if type(event) is Delta:
                    text.append(event.text)
                    now = runtime.clock.monotonic()
                    if turn is not None and now - kept_at >= KEEP_SECONDS:
                        kept_at = now
                        runtime.store.conversations.write(turn, "".join(text), TurnStatus.STREAMING)
                elif type(event) is Restarted:
                    text.clear()
                elif type(event) is Planned:
                    document = {"request_id": event.request_id}
                elif type(event) is Completed or type(event) is Failed:
                    trace, document = event.trace, facts_of(event.trace)
                yield event
    finally:
        if turn is not None:
            status = status_of(trace) if trace is not None else TurnStatus.CANCELLED
            words = trace.text if trace is not None and trace.text else "".join(text)
            runtime.store.conversations.write(turn, words, status, document)


async def _begun(runtime: Runtime, conversation: str, asked: Message | None) -> int | None:
    """The turn that the answer is written into; None where nothing can be kept now: the answer comes all the same."""
    conversations = runtime.store.conversations
    try:
        if asked is not None:
            await conversations.add(conversation, asked.role.value, asked.text, document=user_document(asked))
        return await conversations.add(conversation, "assistant", "", TurnStatus.STREAMING)
    except StoreDown:
        return None


async def begin_conversation(runtime: Runtime, target: str) -> str | None:
    """None where conversations are not kept, or cannot be now."""
    if not runtime.state.config.ui.keep_conversations:
        return None
    try:
        return await runtime.store.conversations.create(target=target or None)
    except StoreDown:
        return None


async def open_conversation(runtime: Runtime, id: str) -> Opened | None:
    """None where it is gone. Answers that a dead process left are closed first."""
    conversations = runtime.store.conversations
    try:
        await conversations.close_interrupted()
    except StoreDown:
        pass
    found: ConversationRow | None = next((row for row in await conversations.recent(10_000) if row.id == id), None)
    if found is None:
        return None
    return Opened(id, found.title, tuple(await conversations.turns(id)))


def read_document(turn: Turn) -> dict[str, Any]:
    try:
        document = json.loads(turn.document)
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}
