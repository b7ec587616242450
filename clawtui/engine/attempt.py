"""One upstream call: sends it, hands on its pieces, and turns whatever goes wrong into one classified failure.

It holds no lease, spends no money and decides nothing: the walk does that.
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field
from typing import assert_never

from clawtui.config.schema import Timeouts
from clawtui.engine.classify import classify_exception, classify_response
from clawtui.engine.clock import Clock, Deadline
from clawtui.engine.failures import Failure, FailureKind, UpstreamFailed
from clawtui.engine.outcome import Usage
from clawtui.engine.request import ChatRequest
from clawtui.engine.tokens import TokenCount
from clawtui.engine.wire.dialect import (
    Call,
    Dialect,
    ErrorPiece,
    FinishPiece,
    FinishReason,
    ModelPiece,
    NotePiece,
    Piece,
    ReasoningPiece,
    TextPiece,
    ToolPiece,
    UsagePiece,
)
from clawtui.engine.wire.http import Exchange, Transport, TransportFailed

ERROR_BODY_LIMIT = 64 * 1024
Token = TextPiece | ReasoningPiece | ToolPiece


@dataclass(slots=True)
class Progress:
    """What one attempt has shown so far; stands after it failed or was cancelled too."""

    started: float
    sent: ChatRequest | None = None  # what went on its way upstream, if anything did
    first_token_at: float | None = None
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    usage: Usage | None = None
    served_model: str | None = None
    finish: FinishPiece | None = None
    answered_something: bool = False  # text or a tool call; reasoning alone is no answer
    tool_delivered: bool = False
    output: TokenCount = field(default_factory=TokenCount)  # for the estimate where nothing is reported
    notes: list[str] = field(default_factory=list)


async def attempt(
    call: Call,
    *,
    client_key: str,
    dialect: Dialect,
    transport: Transport,
    clock: Clock,
    timeouts: Timeouts,
    first_token_s: float,
    max_connections: int,
    progress: Progress,
) -> AsyncGenerator[Token, None]:
    """Yields tokens as they come and ends when the answer is whole; raises UpstreamFailed otherwise.

    `first_token_s` is the limit of silence before the first token; without streaming the whole answer is that token.
    """
    ends = clock.monotonic() + timeouts.total
    exchange: Exchange | None = None
    progress.sent = call.request
    try:
        async with Deadline(clock, min(first_token_s, timeouts.total)) as deadline:
            exchange = await transport.open(
                client_key,
                dialect.encode(call),
                framing=dialect.framing,
                connect_timeout=timeouts.connect,
                max_connections=max_connections,
            )
            progress.status = exchange.status
            progress.headers = exchange.headers
            if not 200 <= exchange.status < 300:
                raise UpstreamFailed(await _refusal(exchange, call, dialect, clock))
            if not (call.stream and exchange.is_stream):
                for piece in dialect.read_whole(await _document(exchange), call):
                    if (token := _note(piece, progress, call, dialect, clock)) is not None:
                        deadline.pause()
                        yield token
                _check_whole(progress)
                return
            reader = dialect.reader(call)
            idle = timeouts.idle
            async for batch in exchange.batches():
                text: list[str] = []  # neighbouring text of one read is handed on as one piece
                for event, data in batch:
                    for piece in reader.feed(event, data):
                        if type(piece) is TextPiece:
                            if piece.text:
                                text.append(piece.text)
                            continue
                        if text:
                            deadline.pause()
                            yield _text(text, progress, clock)
                        if (token := _note(piece, progress, call, dialect, clock)) is not None:
                            deadline.pause()
                            yield token
                if text:
                    deadline.pause()
                    yield _text(text, progress, clock)
                if progress.first_token_at is not None:
                    deadline.extend(min(idle, ends - clock.monotonic()))
            for piece in reader.close():
                if (token := _note(piece, progress, call, dialect, clock)) is not None:
                    deadline.pause()
                    yield token
            if not reader.is_complete:
                raise UpstreamFailed(
                    _failure(FailureKind.STREAM_CUT, "the stream ended before the answer was complete", progress)
                )
            _check_whole(progress)
    except TimeoutError:
        raise UpstreamFailed(_timed_out(progress, clock.monotonic() >= ends)) from None
    except TransportFailed as error:
        failure = classify_exception(error)
        if failure.kind is FailureKind.TIMEOUT_CONNECT or progress.status is None:
            raise UpstreamFailed(failure) from None
        raise UpstreamFailed(_failure(FailureKind.STREAM_CUT, failure.message, progress)) from None
    finally:
        if exchange is not None:
            await exchange.aclose()


def _text(parts: list[str], progress: Progress, clock: Clock) -> TextPiece:
    text = parts[0] if len(parts) == 1 else "".join(parts)
    parts.clear()
    progress.output.add(text)
    progress.answered_something = True
    if progress.first_token_at is None:
        progress.first_token_at = clock.monotonic()
    return TextPiece(text)


def _note(piece: Piece, progress: Progress, call: Call, dialect: Dialect, clock: Clock) -> Token | None:
    """Keeps what the piece says and returns it if it is a token for the caller."""
    match piece:
        case TextPiece(text) | ReasoningPiece(text):
            if not text:
                return None
            progress.output.add(text)
            if type(piece) is TextPiece:
                progress.answered_something = True
        case ToolPiece():
            progress.answered_something = progress.tool_delivered = True
            progress.output.add(piece.name)
            progress.output.add(piece.arguments)
        case UsagePiece(usage):
            progress.usage = usage
            return None
        case ModelPiece(model):
            progress.served_model = model
            return None
        case FinishPiece():
            progress.finish = piece
            return None
        case NotePiece(text):
            progress.notes.append(text)
            return None
        case ErrorPiece(error):
            failure = classify_response(
                error.status or progress.status or 200,
                progress.headers,
                error,
                dialect.kind,
                in_stream=True,
                prompt_tokens=call.context_tokens,
                now_wall=clock.wall(),
            )
            raise UpstreamFailed(_placed(failure, progress))
        case _:
            assert_never(piece)
    if progress.first_token_at is None:
        progress.first_token_at = clock.monotonic()
    return piece


async def _refusal(exchange: Exchange, call: Call, dialect: Dialect, clock: Clock) -> Failure:
    body = await exchange.read(ERROR_BODY_LIMIT)
    return classify_response(
        exchange.status,
        exchange.headers,
        dialect.read_error(exchange.status, body),
        dialect.kind,
        in_stream=False,
        prompt_tokens=call.context_tokens,
        now_wall=clock.wall(),
    )


async def _document(exchange: Exchange) -> object:
    body = await exchange.read()
    try:
        document: object = json.loads(body)
    except (ValueError, RecursionError):
        kind = exchange.content_type or "no content type"
        message = f"the answer is not JSON ({kind}, {len(body)} bytes)" if body else "the answer is empty"
        raise UpstreamFailed(Failure(FailureKind.MALFORMED, message, exchange.status)) from None
    return document


def _check_whole(progress: Progress) -> None:
    """A complete answer must hold something; a refusal for content is a failure that says so."""
    finish = progress.finish
    if finish is not None and finish.reason is FinishReason.CONTENT_FILTER:
        raise UpstreamFailed(
            _failure(
                FailureKind.CONTENT_FILTER,
                finish.detail or f"the provider refused the content ({finish.raw})",
                progress,
            )
        )
    if progress.answered_something:
        return
    if finish is not None and finish.reason is FinishReason.LENGTH:
        return  # every token went into reasoning: whole, and honest about why it is empty
    raise UpstreamFailed(_failure(FailureKind.MALFORMED, "the answer is empty", progress))


def _timed_out(progress: Progress, total: bool) -> Failure:
    if total:
        return _failure(FailureKind.TIMEOUT_TOTAL, "the answer took longer than the total time limit", progress)
    if progress.first_token_at is None:
        return _failure(FailureKind.TIMEOUT_FIRST_TOKEN, "no first token within the time limit", progress)
    return _failure(FailureKind.TIMEOUT_IDLE, "the stream fell silent", progress)


def _failure(kind: FailureKind, message: str, progress: Progress) -> Failure:
    return Failure(kind, message, progress.status, before_first_token=progress.first_token_at is None)


def _placed(failure: Failure, progress: Progress) -> Failure:
    """The same failure, marked with whether a token had come before it."""
    if progress.first_token_at is None:
        return failure
    return Failure(
        failure.kind,
        failure.message,
        failure.status,
        failure.code,
        failure.retry_after_s,
        failure.limit,
        failure.parameter,
        before_first_token=False,
    )
