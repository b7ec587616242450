"""A server of bare sockets, for what the simulator is too well-behaved for: answers given byte by byte."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

SSE = "text/event-stream"
NDJSON = "application/x-ndjson"
LAST_CHUNK = b"0\r\n\r\n"

# Writes one answer. The socket closes when it returns.
Answer = Callable[[asyncio.StreamWriter], Awaitable[None]]


@dataclass
class RawServer:
    answer: Answer
    url: str = ""
    bodies: list[Any] = field(default_factory=list)
    heads: list[bytes] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            lines = head.lower().split(b"\r\n")
            length = next((int(line[15:]) for line in lines if line.startswith(b"content-length:")), 0)
            self.heads.append(head)
            self.bodies.append(json.loads(await reader.readexactly(length) or b"null"))
            await self.answer(writer)
            await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def raw_server(answer: Answer) -> AsyncIterator[RawServer]:
    server = RawServer(answer)
    async with await asyncio.start_server(server.serve, "127.0.0.1", 0) as listening:
        server.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
        yield server


def head(kind: str) -> bytes:
    return (
        f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
    )


def chunked(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


def sse(document: Any) -> bytes:
    """One event; Anthropic's have a name too."""
    data = document if isinstance(document, str) else json.dumps(document)
    kind = document.get("type") if isinstance(document, dict) else None
    return chunked((f"event: {kind}\n" if kind else "").encode() + f"data: {data}\n\n".encode())


def line(document: Any) -> bytes:
    return chunked(json.dumps(document).encode() + b"\n")


def openai_chunk(delta: Any, finish: str | None = None, **more: Any) -> bytes:
    return sse(
        {"id": "c", "model": "alpha", "choices": [{"index": 0, "delta": delta, "finish_reason": finish}], **more}
    )
