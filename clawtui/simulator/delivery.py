"""Sends one answer over one connection, as fast or as broken as the script says."""

from __future__ import annotations

import asyncio
import random
import socket
import struct
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from clawtui.simulator.answers import Answer, huge
from clawtui.simulator.asked import Asked
from clawtui.simulator.dialects.protocol import Dialect, Frames, encode
from clawtui.simulator.log import Outcome, Received
from clawtui.simulator.problem import Problem, ProblemKind, problem_for_status
from clawtui.simulator.script import Fault, FaultKind, ModelScript

Sleep = Callable[[float], Awaitable[None]]

# Faults that strike while a stream is under way; `after` says after how many chunks.
_MIDWAY = frozenset({FaultKind.CUT, FaultKind.STALL, FaultKind.MALFORMED, FaultKind.RESET, FaultKind.ERROR_IN_200})
_AT_ONCE = frozenset({FaultKind.STATUS, FaultKind.RATE_LIMIT, FaultKind.HANG, FaultKind.EMPTY, FaultKind.GARBAGE})


@dataclass(slots=True)
class Delivery:
    request: web.BaseRequest
    record: Received
    dialect: Dialect
    headers: dict[str, str]
    sleep: Sleep
    now: Callable[[], float]
    progressed: Callable[[], None]  # called after every chunk
    fault: Fault | None = None

    def strikes_before_answer(self) -> bool:
        """Whether the fault leaves no answer to be made."""
        fault = self.fault
        if fault is None:
            return False
        before_headers = fault.kind is FaultKind.RESET and fault.after is None
        return fault.kind in _AT_ONCE or fault.kind is FaultKind.REDIRECT or before_headers

    async def fail_at_once(self, fault: Fault, draws: random.Random) -> web.StreamResponse:
        """Plays a fault that needs no answer."""
        self.record.outcome = Outcome.FAULTED
        match fault.kind:
            case FaultKind.HANG:
                await forever()
            case FaultKind.RESET:
                reset(self.request)
            case FaultKind.EMPTY:
                kind = self.dialect.stream_type(Asked("", ())) if self.record.stream else "application/json"
                return self._plain(200, b"", kind)
            case FaultKind.GARBAGE:
                return self._plain(200, b"<html>\xff\xfe\x00" + draws.randbytes(256), "application/json")
            case FaultKind.REDIRECT:
                return self._plain(307, b"", "text/plain", {"location": fault.location})
            case _:
                return self.refuse(problem_of(fault, self.record.model), fault)
        return web.Response(status=500)  # never sent: the connection is gone

    def refuse(self, problem: Problem, fault: Fault | None = None) -> web.Response:
        status, body, headers = self.dialect.problem(problem)
        if fault is not None:
            headers = headers | dict(fault.headers)
            if isinstance(fault.body, str):
                return self._plain(status, fault.body.encode(), "text/plain; charset=utf-8", headers)
            if fault.body is not None:
                body = fault.body
        return self._plain(status, encode(body), "application/json", headers)

    async def whole(self, answer: Answer, model: ModelScript, delay: float) -> web.StreamResponse:
        """The answer in one piece."""
        fault = self.fault
        if fault is not None and fault.kind is FaultKind.HUGE:
            answer = huge(answer, fault.size)
        body: dict[str, Any] = self.dialect.whole(answer)
        if fault is not None and fault.kind is FaultKind.ERROR_IN_200:
            body = self.dialect.problem(problem_of(fault, answer.model))[1]
            self.record.outcome = Outcome.FAULTED
        data = encode(body)
        if model.tokens_per_s:
            delay += answer.output_tokens / model.tokens_per_s
        if fault is not None and fault.kind is FaultKind.SLOW_FIRST_TOKEN:
            delay += fault.seconds
        if delay:
            await self.sleep(delay)
        match None if fault is None else fault.kind:
            case FaultKind.MALFORMED | FaultKind.NO_END:
                self.record.outcome = Outcome.FAULTED
                return self._plain(200, data[: len(data) * 2 // 3], "application/json")
            case FaultKind.CUT | FaultKind.STALL | FaultKind.RESET:
                return await self._half(data)
            case _:
                return self._plain(200, data, "application/json")

    async def _half(self, data: bytes) -> web.StreamResponse:
        """Announces the whole body and sends half of it."""
        response = web.StreamResponse(headers=self.headers)
        response.content_type = "application/json"
        response.content_length = len(data)
        await response.prepare(self.request)
        await response.write(data[: len(data) // 2])
        await self._strike()
        return response

    async def stream(self, answer: Answer, asked: Asked, model: ModelScript, delay: float) -> web.StreamResponse:
        fault = self.fault
        kind = None if fault is None else fault.kind
        if fault is not None and kind is FaultKind.ERROR_IN_200 and fault.whole:
            return await self.whole(answer, model, delay)
        if kind is FaultKind.JSON_INSTEAD_OF_STREAM:
            self.record.outcome = Outcome.FAULTED
            return await self.whole(answer, model, delay)
        if fault is not None and kind is FaultKind.HUGE:
            answer = huge(answer, fault.size)
        if fault is not None and kind is FaultKind.SLOW_FIRST_TOKEN:
            delay += fault.seconds
        frames = self.dialect.frames(answer, asked)
        response = web.StreamResponse(headers=self.headers)
        response.headers["Content-Type"] = self.dialect.stream_type(asked)
        response.headers["Cache-Control"] = "no-cache"
        if model.coalesce and fault is None and not delay and not model.tokens_per_s:
            return await self._in_one(response, frames)
        await response.prepare(self.request)
        out = _Out(response, torn=model.torn)
        if model.comments and not asked.as_array and self.dialect.stream_type(asked).startswith("text/"):
            await out.write(b": PROCESSING\n\n")
        await out.write(frames.early)
        if delay:
            await self.sleep(delay)
        if not await self._send_pieces(out, frames, model.tokens_per_s):
            return response
        await self._send_end(out, frames)
        return response

    async def _in_one(self, response: web.StreamResponse, frames: Frames) -> web.StreamResponse:
        await response.prepare(self.request)
        sent = [frames.early, frames.opening, *(piece.data for piece in frames.pieces), frames.ending, frames.done]
        self.record.chunks, self.record.first_chunk = len(sent) - 4, self.now()
        await response.write(b"".join(sent))
        return response

    async def _send_pieces(self, out: _Out, frames: Frames, tokens_per_s: float | None) -> bool:
        """Whether the stream goes on to its end."""
        fault = self.fault
        midway = fault if fault is not None and fault.kind in _MIDWAY else None
        at = 0 if midway is None else (midway.after or 0)
        opening = frames.opening
        for number, piece in enumerate(frames.pieces):
            if midway is not None and number == at and not await self._break(out, opening):
                return False
            if tokens_per_s and number:
                await self.sleep(piece.tokens / tokens_per_s)
            await out.write(opening + piece.data)
            opening = b""
            self.record.chunks += 1
            if self.record.first_chunk is None:
                self.record.first_chunk = self.now()
            self.progressed()
        await out.write(opening)
        # An answer shorter than `after` breaks before its end.
        return midway is None or at < self.record.chunks or await self._break(out, b"")

    async def _break(self, out: _Out, opening: bytes) -> bool:
        """Plays a fault in mid-stream; whether the stream goes on."""
        assert self.fault is not None
        match self.fault.kind:
            case FaultKind.MALFORMED:
                await out.write(self.dialect.malformed_frame())
                self.record.fault = FaultKind.MALFORMED
                return True
            case FaultKind.ERROR_IN_200:
                self.record.outcome = Outcome.FAULTED
                await out.write(self.dialect.problem_frame(problem_of(self.fault, self.record.model)))
                return False
            case _:
                await out.write(opening)
                await self._strike()
                return False

    async def _strike(self) -> None:
        assert self.fault is not None
        self.record.outcome = Outcome.FAULTED
        match self.fault.kind:
            case FaultKind.STALL:
                await forever()
            case FaultKind.RESET:
                reset(self.request)
            case _:
                close(self.request)

    async def _send_end(self, out: _Out, frames: Frames) -> None:
        fault = self.fault
        match None if fault is None else fault.kind:
            case FaultKind.NO_END:
                self.record.outcome = Outcome.FAULTED
            case FaultKind.NO_DONE:
                await out.write(frames.ending)
            case FaultKind.USAGE_AFTER_FINISH:
                await out.write(frames.finish)
                if fault is not None and fault.seconds:
                    await self.sleep(fault.seconds)
                await out.write(frames.usage)
                await out.write(frames.done)
            case _:
                await out.write(frames.ending + frames.done)

    def _plain(self, status: int, data: bytes, kind: str, more: dict[str, str] | None = None) -> web.Response:
        self.record.status = status
        headers = {**self.headers, "Content-Type": kind, **(more or {})}
        return web.Response(status=status, body=data, headers=headers)


@dataclass(slots=True)
class _Out:
    response: web.StreamResponse
    torn: bool

    async def write(self, data: bytes) -> None:
        if not data:
            return
        if self.torn and len(data) > 1:
            middle = len(data) // 2
            await self.response.write(data[:middle])
            await asyncio.sleep(0)
            data = data[middle:]
        await self.response.write(data)


def problem_of(fault: Fault, model: str) -> Problem:
    if fault.kind is FaultKind.RATE_LIMIT:
        kind, status = ProblemKind.RATE_LIMIT, fault.status
    elif fault.problem is not None:
        kind, status = fault.problem, fault.status
    elif fault.status is not None:
        kind, status = problem_for_status(fault.status), fault.status
    else:
        kind, status = ProblemKind.OVERLOADED, None
    return Problem(kind, fault.message, status, fault.code, model=model, retry_after=fault.retry_after)


async def forever() -> None:
    """Ends when the caller goes away or the simulator is closed: both cancel."""
    await asyncio.get_running_loop().create_future()


def close(request: web.BaseRequest) -> None:
    if request.transport is not None:
        request.transport.close()


def reset(request: web.BaseRequest) -> None:
    """Ends the connection with an RST in place of a FIN: what a lingering time of zero does."""
    transport = request.transport
    if transport is not None:
        sock = transport.get_extra_info("socket")
        if sock is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
