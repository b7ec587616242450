"""The transport at its edges: certificates, silence, odd addresses and proxies, packed answers, connections given back."""

from __future__ import annotations

import asyncio
import gzip
import shutil
import socket
import ssl
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from clawtui.engine.failures import FailureKind
from clawtui.engine.wire import http
from clawtui.engine.wire.dialect import Framing, Outgoing
from clawtui.engine.wire.http import Exchange, Transport, TransportFailed

Answer = Callable[[asyncio.StreamWriter], Awaitable[None]]
PASSWORD = "zqxjkv-hunter2"


@pytest.fixture
async def transport() -> AsyncIterator[Transport]:
    transport = Transport()
    yield transport
    await transport.aclose()


@pytest.fixture(autouse=True)
def _no_proxy_is_remembered() -> Iterator[None]:
    http._origin.cache_clear()
    yield
    http._origin.cache_clear()


class Served:
    """A server that answers every request of a connection the same way, and counts."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.connections = 0
        self.closed = 0
        self.heads: list[bytes] = []
        self.url = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while True:
                self.heads.append(await reader.readuntil(b"\r\n\r\n"))
                await self.answer(writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self.closed += 1
            writer.close()


@asynccontextmanager
async def served(answer: Answer, tls: ssl.SSLContext | None = None) -> AsyncIterator[Served]:
    server = Served(answer)
    async with await asyncio.start_server(server.serve, "127.0.0.1", 0, ssl=tls) as listening:
        server.url = f"{'https' if tls else 'http'}://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
        yield server


def whole(body: bytes, *more: str) -> Answer:
    head = "".join(f"{line}\r\n" for line in ("HTTP/1.1 200 OK", f"Content-Length: {len(body)}", *more))

    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(head.encode() + b"\r\n" + body)

    return answer


async def opened(
    transport: Transport,
    url: str,
    framing: Framing = Framing.SSE,
    timeout: float = 5.0,
    headers: dict[str, str] | None = None,
) -> Exchange:
    outgoing = Outgoing("GET", url, headers or {})
    return await transport.open("p", outgoing, framing=framing, connect_timeout=timeout, max_connections=4)


async def read(transport: Transport, url: str, limit: int = http.BODY_LIMIT) -> bytes:
    exchange = await opened(transport, url)
    try:
        return await exchange.read(limit)
    finally:
        await exchange.aclose()


async def failed(call: Awaitable[object]) -> TransportFailed:
    with pytest.raises(TransportFailed) as found:
        await call
    return found.value


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not holds():
            await asyncio.sleep(0)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="nothing here makes certificates")
async def test_a_certificate_that_nobody_vouches_for_is_refused_before_a_key_is_sent(
    transport: Transport, tmp_path: Path
) -> None:
    made = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
    where = ["-keyout", str(tmp_path / "key"), "-out", str(tmp_path / "cert"), "-subj", "/CN=127.0.0.1"]
    await asyncio.to_thread(subprocess.run, ["openssl", *made, *where], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "cert", tmp_path / "key")
    async with served(whole(b"{}"), tls=context) as server:
        failure = await failed(opened(transport, server.url, headers={"Authorization": PASSWORD}))
        assert failure.kind is FailureKind.TLS
        assert "certificate" in failure.message
        assert server.heads == []


async def test_a_server_that_accepts_nothing_is_given_up_after_the_time_for_connecting(transport: Transport) -> None:
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        address = full.getsockname()
        waiting = [socket.socket() for _ in range(4)]
        try:
            for one in waiting:
                one.setblocking(False)
                one.connect_ex(address)
            failure = await failed(opened(transport, f"http://127.0.0.1:{address[1]}", timeout=0.1))
        finally:
            for one in waiting:
                one.close()
    assert failure.kind is FailureKind.TIMEOUT_CONNECT


@pytest.mark.parametrize("header", [f"a\r\nX-Evil: {PASSWORD}", f"{PASSWORD}\u2028"])
async def test_a_header_that_http_cannot_carry_is_never_sent_nor_shown(transport: Transport, header: str) -> None:
    async with served(whole(b"{}")) as server:
        failure = await failed(opened(transport, server.url, headers={"X-Team": header}))
        assert failure.kind is FailureKind.BAD_REQUEST
        assert PASSWORD not in failure.message
        assert server.heads == []


@pytest.mark.parametrize("url", ["http://[::1/v1", "http://[nonsense]/v1", "nowhere", ""])
async def test_what_is_no_address_is_said_to_be_none(transport: Transport, url: str) -> None:
    assert (await failed(opened(transport, url))).kind is FailureKind.BAD_REQUEST


@pytest.mark.parametrize(
    ("location", "named"),
    [
        (f"https://user:{PASSWORD}@elsewhere.example:8443/login?state={PASSWORD}", "https://elsewhere.example:8443"),
        ("//elsewhere.example/x", "http://elsewhere.example"),
        ("/login", "http://127.0.0.1"),
        ("http://[half", "cannot be read"),
    ],
)
async def test_a_redirects_target_is_named_without_its_secrets(transport: Transport, location: str, named: str) -> None:
    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(f"HTTP/1.1 307 Go\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n".encode())

    async with served(answer) as server:
        failure = await failed(opened(transport, server.url))
        assert failure.kind is FailureKind.BAD_REQUEST
        assert named in failure.message
        assert PASSWORD not in failure.message
        assert len(server.heads) == 1


@pytest.mark.parametrize(
    "proxy", [f"socks5://user:{PASSWORD}@proxy.example:1080", "ftp://proxy.example", "http://[half"]
)
async def test_a_proxy_of_another_kind_is_named_and_never_gone_around(
    transport: Transport, monkeypatch: pytest.MonkeyPatch, proxy: str
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "no_proxy", "NO_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("all_proxy", proxy)
    failure = await failed(opened(transport, "http://models.example/v1"))
    assert failure.kind is FailureKind.CONNECT
    assert "the proxy for http://models.example;" in failure.message
    assert PASSWORD not in failure.message


async def test_a_packed_answer_is_unpacked_and_one_that_cannot_be_is_malformed(transport: Transport) -> None:
    async with served(whole(gzip.compress(b'{"a": 1}'), "Content-Encoding: gzip")) as server:
        assert await read(transport, server.url) == b'{"a": 1}'
    async with served(whole(b"not packed at all", "Content-Encoding: gzip")) as server:
        assert (await failed(read(transport, server.url))).kind is FailureKind.MALFORMED


async def test_an_answer_is_read_up_to_a_limit(transport: Transport, monkeypatch: pytest.MonkeyPatch) -> None:
    async with served(whole(b"x" * 100_000)) as server:
        assert await read(transport, server.url, limit=1_000) == b"x" * 1_000
        monkeypatch.setattr(http, "BODY_LIMIT", 50_000)
        assert (await failed(read(transport, server.url, limit=50_000))).kind is FailureKind.MALFORMED


async def test_a_connection_is_used_again_once_its_answer_was_read(transport: Transport) -> None:
    async with served(whole(b"{}")) as server:
        for _ in range(3):
            await read(transport, server.url)
        assert (len(server.heads), server.connections) == (3, 1)


@pytest.mark.parametrize("framing", list(Framing))
async def test_a_stream_read_to_its_end_gives_its_connection_back(transport: Transport, framing: Framing) -> None:
    """Also when every byte comes alone, and characters are torn."""
    kind = "text/event-stream" if framing is Framing.SSE else "application/x-ndjson"
    text = "data: é\u2028🦞\n\ndata: 2\n\n" if framing is Framing.SSE else '"é\u2028🦞"\n"2"\n'

    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nTransfer-Encoding: chunked\r\n\r\n".encode())
        for byte in text.encode():
            writer.write(b"1\r\n%c\r\n" % byte)
            await writer.drain()
            await asyncio.sleep(0)
        writer.write(b"0\r\n\r\n")

    async with served(answer) as server:
        for _ in range(2):
            exchange = await opened(transport, server.url, framing)
            assert exchange.is_stream
            said = [data.strip('"') async for batch in exchange.batches() for _, data in batch]
            await exchange.aclose()
            assert said == ["é\u2028🦞", "2"]
        assert server.connections == 1


async def test_a_stream_left_in_the_middle_is_dropped_and_its_connection_closed(transport: Transport) -> None:
    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
        writer.write(b"9\r\ndata: 1\n\n\r\n")
        await asyncio.Event().wait()

    async with served(answer) as server:
        exchange = await opened(transport, server.url)

        async def reads() -> None:
            try:
                async for batch in exchange.batches():
                    seen.extend(batch)
            finally:
                await exchange.aclose()

        seen: list[tuple[str, str]] = []
        reading = asyncio.create_task(reads())
        await until(lambda: bool(seen))
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
        client = next(iter(transport._clients.values())).client
        await until(lambda: not client.connector._acquired)  # type: ignore[union-attr]
        assert not client.connector._conns  # type: ignore[union-attr]


async def test_a_message_without_end_is_malformed(transport: Transport, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("clawtui.engine.wire.framing.LONGEST_MESSAGE", 1_000)
    async with served(whole(b"data: " + b"x" * 5_000, "Content-Type: text/event-stream")) as server:
        exchange = await opened(transport, server.url)

        async def reads() -> list[object]:
            return [batch async for batch in exchange.batches()]

        assert (await failed(reads())).kind is FailureKind.MALFORMED
        await exchange.aclose()


@pytest.mark.parametrize(
    ("framing", "kind", "streams"),
    [
        (Framing.SSE, "text/event-stream; charset=utf-8", True),
        (Framing.SSE, "application/json", False),
        (Framing.SSE, "text/html", False),
        (Framing.NDJSON, "application/x-ndjson", True),
        (Framing.NDJSON, "application/json", False),
    ],
)
async def test_a_document_where_a_stream_was_due_is_known_by_its_type(
    transport: Transport, framing: Framing, kind: str, streams: bool
) -> None:
    async with served(whole(b"{}", f"Content-Type: {kind}")) as server:
        exchange = await opened(transport, server.url, framing)
        await exchange.read()
        await exchange.aclose()
        assert exchange.is_stream is streams
        assert exchange.headers["content-type"] == kind


async def test_a_server_that_is_not_there_is_told_in_a_persons_words(transport: Transport) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    failure = await failed(opened(transport, f"http://127.0.0.1:{port}"))
    assert failure.message == f"http://127.0.0.1:{port} cannot be reached: connection refused"
