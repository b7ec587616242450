"""One upstream call: sends it, hands on its pieces, and turns whatever goes wrong into one classified failure.

It holds no lease, spends no money and decides nothing: the walk does that.
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import starmap
from typing import assert_never

from clawtui.config.schema import Timeouts
from clawtui.engine.classify import classify_exception, classify_response
from clawtui.engine.clock import Clock, Deadline
from clawtui.engine.failures import Failure, FailureKind, UpstreamFailed
from clawtui.engine.outcome import Usage
from clawtui.engine.request import ChatRequest
from clawtui.engine.tokens import TokenCount, tokens_in
from clawtui.engine.wire.dialect import (
    Call,
    Dialect,
    ErrorPiece,
    FinishPiece,
    FinishReason,
    HeldPiece,
    ModelPiece,
    NotePiece,
    Piece,
    ReasoningPiece,
    StreamReader,
    TextPiece,
    ToolPiece,
    UsagePiece,
)
from clawtui.engine.wire.http import Exchange, Transport, TransportFailed

ERROR_BODY_LIMIT = 64 * 1024
# For the words of a refusal, once its status is known.
REFUSAL_SECONDS = 2.0
# From the finish reason on: what still comes is usage, within moments where it comes at all.
LATE_USAGE_SECONDS = 3.0
# From the end marker on: with the last bytes of the body the connection can be used again; the answer waits no longer.
LAST_BYTES_SECONDS = 0.25
Token = TextPiece | ReasoningPiece | ToolPiece


@dataclass(slots=True)
class Progress:
    """What one attempt has shown so far; stands after it failed or was cancelled too."""

    started: float
    sent: ChatRequest | None = None  # what went on its way upstream, if anything did
    first_token_at: float | None = None  # the first output of any kind, also such as is held back
    handed_on: bool = False  # something reached the caller: from here on a failure is an interruption
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    usage: Usage | None = None
    served_model: str | None = None
    finish: FinishPiece | None = None
    answered_something: bool = False  # text or a tool call; reasoning alone is no answer
    tool_delivered: bool = False
    output: TokenCount = field(default_factory=TokenCount)  # handed on, for the estimate where nothing is reported
    reader: StreamReader | None = None  # knows what is held back
    notes: list[str] = field(default_factory=list)

    @property
    def output_tokens(self) -> int:
        """The estimate of all that the model made: what is still held back is charged for too."""
        return self.output.tokens + (tokens_in(self.reader.held) if self.reader is not None else 0)


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
    reader: StreamReader | None = None
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
                deadline.pause()  # the answer is there; how long its words may take has a limit of its own
                raise UpstreamFailed(await _refusal(exchange, call, dialect, clock))
            if not (call.stream and exchange.is_stream):
                pieces = dialect.read_whole(await _document(exchange), call)
                for token in _tokens((pieces,), progress, call, dialect, clock):
                    deadline.pause()
                    yield token
                _check_whole(progress)
                return
            reader = progress.reader = dialect.reader(call)
            ended = False
            heard = -1  # how much output there was when the answer was last seen complete
            async for batch in exchange.batches():
                if ended:
                    continue
                for token in _tokens(starmap(reader.feed, batch), progress, call, dialect, clock):
                    deadline.pause()
                    yield token
                ended = reader.is_ended
                left = ends - clock.monotonic()
                if ended:
                    deadline.extend(min(LAST_BYTES_SECONDS, left))
                elif not reader.is_complete:
                    if progress.first_token_at is not None:
                        deadline.extend(min(timeouts.idle, left))
                elif progress.output.chars != heard:
                    # Some models give a finish reason with every chunk: only silence after it is the end.
                    heard = progress.output.chars
                    deadline.extend(min(LATE_USAGE_SECONDS, timeouts.idle, left))
    except TimeoutError:
        if reader is None or not reader.is_complete:
            raise UpstreamFailed(_timed_out(progress, clock.monotonic() >= ends)) from None
    except TransportFailed as error:
        if reader is None or not reader.is_complete:
            raise UpstreamFailed(_broken(error, progress)) from None
    finally:
        if exchange is not None:
            await exchange.aclose()
    assert reader is not None  # every way here without one has raised or returned
    for token in _tokens((reader.close(),), progress, call, dialect, clock):
        yield token
    if not reader.is_complete:
        raise UpstreamFailed(
            _failure(FailureKind.STREAM_CUT, "the stream ended before the answer was complete", progress)
        )
    _check_whole(progress)


def _tokens(
    read: Iterable[Sequence[Piece]], progress: Progress, call: Call, dialect: Dialect, clock: Clock
) -> Iterator[Token]:
    """What of the pieces is for the caller; neighbouring text is handed on as one token."""
    text: list[TextPiece] = []
    for pieces in read:
        for piece in pieces:
            if type(piece) is TextPiece:
                text.append(piece)
                continue
            if text and (token := _note(_joined(text), progress, call, dialect, clock)) is not None:
                yield token
            if (token := _note(piece, progress, call, dialect, clock)) is not None:
                yield token
    if text and (token := _note(_joined(text), progress, call, dialect, clock)) is not None:
        yield token


def _joined(pieces: list[TextPiece]) -> TextPiece:
    whole = pieces[0] if len(pieces) == 1 else TextPiece("".join(piece.text for piece in pieces))
    pieces.clear()
    return whole


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
        case HeldPiece():
            _began(progress, clock)
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
    if not progress.handed_on:
        _began(progress, clock)
        progress.handed_on = True
    return piece


def _began(progress: Progress, clock: Clock) -> None:
    if progress.first_token_at is None:
        progress.first_token_at = clock.monotonic()


async def _refusal(exchange: Exchange, call: Call, dialect: Dialect, clock: Clock) -> Failure:
    body = bytearray()
    try:
        async with Deadline(clock, REFUSAL_SECONDS):
            await exchange.read(ERROR_BODY_LIMIT, into=body)
    except (TimeoutError, TransportFailed):
        pass  # status and headers say the most, and what came of the words may say the rest
    return classify_response(
        exchange.status,
        exchange.headers,
        dialect.read_error(exchange.status, bytes(body[:ERROR_BODY_LIMIT])),
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


def _broken(error: TransportFailed, progress: Progress) -> Failure:
    """The connection failed: before there was a status it says how, later the answer was cut."""
    failure = classify_exception(error)
    if failure.kind is FailureKind.TIMEOUT_CONNECT or progress.status is None:
        return failure
    return _failure(FailureKind.STREAM_CUT, failure.message, progress)


def _failure(kind: FailureKind, message: str, progress: Progress) -> Failure:
    return Failure(kind, message, progress.status, before_first_token=not progress.handed_on)


def _placed(failure: Failure, progress: Progress) -> Failure:
    """The same failure, marked with whether a token had reached the caller before it."""
    if not progress.handed_on:
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
