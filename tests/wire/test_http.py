"""The transport over real sockets: what goes wrong is told apart by its cause, and a key goes only where it should."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable

import pytest

from clawtui.engine.failures import FailureKind
from clawtui.engine.wire.dialect import Framing, Outgoing
from clawtui.engine.wire.http import Exchange, Transport, TransportFailed, proxies_in_use
from clawtui.simulator import Fault, FaultKind, Simulator


@pytest.fixture
async def transport() -> AsyncIterator[Transport]:
    transport = Transport()
    yield transport
    await transport.aclose()


async def opened(
    transport: Transport, url: str, headers: dict[str, str] | None = None, timeout: float = 2.0
) -> Exchange:
    outgoing = Outgoing("GET", url, headers or {})
    return await transport.open("p", outgoing, framing=Framing.SSE, connect_timeout=timeout, max_connections=4)


async def failure(transport: Transport, url: str, timeout: float = 2.0) -> TransportFailed:
    async def whole() -> None:
        exchange = await opened(transport, url, timeout=timeout)
        try:
            await exchange.read()
        finally:
            await exchange.aclose()

    with pytest.raises(TransportFailed) as failed:
        await whole()
    return failed.value


def a_free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


async def a_server(answer: Callable[[asyncio.StreamWriter], None]) -> asyncio.Server:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        answer(writer)
        writer.close()

    return await asyncio.start_server(serve, "127.0.0.1", 0)


def address(server: asyncio.Server) -> str:
    return f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def test_a_refused_port_a_wrong_name_and_a_wrong_scheme_are_told_apart(transport: Transport) -> None:
    port = a_free_port()
    refused = await failure(transport, f"http://127.0.0.1:{port}/v1")
    assert refused.kind is FailureKind.CONNECT
    assert str(port) in refused.message
    assert (await failure(transport, "http://nowhere.invalid/v1")).kind is FailureKind.DNS
    async with Simulator() as simulator:
        secure = simulator.base_url.replace("http:", "https:")
        assert (await failure(transport, secure)).kind is FailureKind.TLS


async def test_a_connection_closed_before_an_answer_and_one_closed_inside_it_are_told_apart(
    transport: Transport,
) -> None:
    silent = await a_server(lambda writer: None)
    cut = await a_server(lambda writer: writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"))
    async with silent, cut:
        assert (await failure(transport, address(silent))).kind is FailureKind.CONNECT
        assert (await failure(transport, address(cut))).kind is FailureKind.STREAM_CUT


async def test_what_is_no_http_is_malformed(transport: Transport) -> None:
    server = await a_server(lambda writer: writer.write(b"SSH-2.0-OpenSSH_9.2\r\n"))
    async with server:
        assert (await failure(transport, address(server))).kind in (FailureKind.MALFORMED, FailureKind.CONNECT)


async def test_a_redirect_is_never_followed_and_its_target_is_named(transport: Transport) -> None:
    async with Simulator() as simulator, Simulator() as elsewhere:
        target = f"{elsewhere.base_url}/x/v1/models"
        simulator.set_fault(Fault(FaultKind.REDIRECT, location=target, on="all"))  # type: ignore[arg-type]
        failed = await failure(transport, f"{simulator.url('one')}/models")
        assert failed.kind is FailureKind.BAD_REQUEST
        assert str(elsewhere.port) in failed.message
        assert list(elsewhere.listings) == []


async def test_ipv6_addresses_and_paths_in_base_urls_are_called_as_they_stand(transport: Transport) -> None:
    try:
        simulator = Simulator(host="::1")
        await simulator.start()
    except OSError:
        pytest.skip("this machine has no IPv6 loopback")
    try:
        exchange = await opened(transport, f"{simulator.url('one')}/models")
        assert exchange.status == 200
        assert "[::1]" in simulator.base_url
        await exchange.read()
        await exchange.aclose()
    finally:
        await simulator.close()


async def test_cookies_are_not_kept(transport: Transport) -> None:
    seen: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(2):
            seen.append(await reader.readuntil(b"\r\n\r\n"))
            writer.write(b"HTTP/1.1 200 OK\r\nSet-Cookie: who=you\r\nContent-Length: 2\r\n\r\n{}")
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        for _ in range(2):
            exchange = await opened(transport, address(server))
            await exchange.read()
            await exchange.aclose()
    assert len(seen) == 2
    assert b"cookie" not in seen[1].lower()


async def test_a_cancelled_read_leaves_nothing_open(transport: Transport) -> None:
    async with Simulator() as simulator:
        simulator.set_fault(Fault(FaultKind.HANG))
        body = b'{"model": "m", "messages": [{"role": "user", "content": "x"}]}'
        call = Outgoing("POST", f"{simulator.url('one')}/chat/completions", {"Content-Type": "application/json"}, body)
        task = asyncio.create_task(
            transport.open("p", call, framing=Framing.SSE, connect_timeout=2.0, max_connections=4)
        )
        await simulator.wait_until(lambda: simulator.in_flight() == 1)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await simulator.wait_until_idle()


def test_proxies_are_told_without_passwords_and_never_stand_before_this_machine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from clawtui.engine.wire import http

    monkeypatch.setenv("https_proxy", "http://user:hunter2@proxy.example:3128")
    monkeypatch.setenv("http_proxy", "http://proxy.example:3128")
    monkeypatch.setenv("no_proxy", "models.lan")
    http._origin.cache_clear()
    here = [f"http://{host}:11434/v1" for host in ("127.0.0.1", "localhost", "[::1]", "ollama.localhost")]
    try:
        told = proxies_in_use(["https://api.example/v1", "http://models.lan/v1", *here])
    finally:
        http._origin.cache_clear()
    assert told == {"https://api.example": "http://proxy.example:3128"}


async def test_requests_go_through_the_proxy_that_the_environment_names(
    transport: Transport, monkeypatch: pytest.MonkeyPatch
) -> None:
    from clawtui.engine.wire import http

    seen: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        monkeypatch.setenv("http_proxy", address(server))
        http._origin.cache_clear()
        try:
            exchange = await opened(transport, "http://models.example/v1/models")
            assert await exchange.read() == b"{}"
            await exchange.aclose()
        finally:
            http._origin.cache_clear()
    assert seen[0].startswith(b"GET http://models.example/v1/models ")
