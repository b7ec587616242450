"""HTTP as the engine needs it, and the only place that knows httpx: one pooled client a provider, on aiohttp's transport.

Requests go straight to the transport: no cookies are kept, no redirect is followed, nothing is retried, and no limit of
time is set here but the one for connecting. The engine's own deadlines hold for the rest.
"""

from __future__ import annotations

import asyncio
import os
import ssl
from collections.abc import AsyncIterator, Mapping, Sequence
from functools import lru_cache
from urllib.parse import urljoin, urlsplit
from urllib.request import getproxies_environment, proxy_bypass

import aiohttp
import httpx
from httpx_aiohttp.transport import AiohttpTransport

from clawtui.config.addresses import is_loopback
from clawtui.engine.failures import FailureKind
from clawtui.engine.wire.dialect import Framing, Outgoing
from clawtui.engine.wire.framing import LineFraming, MessageTooLong, SseFraming

BODY_LIMIT = 16 * 1024 * 1024
KEEP_ALIVE = 60.0
STREAMS = {Framing.SSE: ("text/event-stream",), Framing.NDJSON: ("application/x-ndjson", "application/jsonl")}


class TransportFailed(Exception):
    """No answer, or not a whole one. The message is a person's and holds no secret."""

    def __init__(self, kind: FailureKind, message: str, host: str) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.host = host


class Transport:
    def __init__(self) -> None:
        self._clients: dict[tuple[str, str, int], AiohttpTransport] = {}

    async def open(
        self,
        client_key: str,
        outgoing: Outgoing,
        *,
        framing: Framing,
        connect_timeout: float,
        max_connections: int,
    ) -> Exchange:
        """Sends the request and returns when the head of the answer is there."""
        try:
            origin, proxy = _origin(outgoing.url)
        except ValueError as error:
            raise TransportFailed(
                FailureKind.BAD_REQUEST, "the base URL is no address that can be called", ""
            ) from error
        key = (client_key, origin, max_connections)
        client = self._clients.get(key)
        if client is None:
            client = self._clients[key] = _client(origin, max_connections, proxy)
        headers = outgoing.headers if isinstance(outgoing.headers, dict) else dict(outgoing.headers)
        try:
            request = httpx.Request(
                outgoing.method,
                outgoing.url,
                headers={"Accept-Encoding": "identity", "User-Agent": "clawtui", **headers},
                content=outgoing.body,
                extensions={"timeout": {"connect": connect_timeout}},
            )
            response = await client.handle_async_request(request)
        except (httpx.HTTPError, httpx.InvalidURL, aiohttp.ClientError, OSError, ValueError) as error:
            raise _failed(error, origin, before_answer=True) from error
        if 300 <= response.status_code < 400:
            await response.aclose()
            where = _target(response.headers.get("location", ""), origin)
            raise TransportFailed(
                FailureKind.BAD_REQUEST,
                f"{origin} redirects to {where}; redirects are not followed with credentials: put the final address into"
                " base_url",
                origin,
            )
        return Exchange(response, framing, origin)

    async def forget(self, client_key: str) -> None:
        """Closes what a provider keeps open, answers that are still coming included; its next request connects anew."""
        for key in [key for key in self._clients if key[0] == client_key]:
            await self._clients.pop(key).aclose()

    async def aclose(self) -> None:
        clients, self._clients = self._clients, {}
        for client in clients.values():
            await client.aclose()


class Exchange:
    """One answer. Closed by whoever opened it; closing one that was not read to its end drops the connection."""

    __slots__ = ("_framing", "_host", "_response", "content_type", "headers", "status")

    def __init__(self, response: httpx.Response, framing: Framing, host: str) -> None:
        self._response = response
        self._framing = framing
        self._host = host
        self.status = response.status_code
        self.headers: Mapping[str, str] = {
            name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers.raw
        }
        self.content_type = self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def is_stream(self) -> bool:
        """Whether the body is in the asked-for framing rather than one JSON document. A server that says nothing, or
        only `text/plain`, is taken at its request's word; one that says JSON where lines were due may mean the lines."""
        if self.content_type in STREAMS[self._framing]:
            return True
        if self._framing is Framing.NDJSON and self.content_type == "application/json":
            return self.headers.get("transfer-encoding", "") == "chunked"
        return self.content_type in ("", "text/plain", "application/octet-stream")

    async def batches(self) -> AsyncIterator[Sequence[tuple[str, str]]]:
        """The messages of the stream, as many at a time as one read from the network completed."""
        framing = SseFraming() if self._framing is Framing.SSE else LineFraming()
        try:
            async for chunk in self._chunks():
                if messages := framing.feed(chunk):
                    yield messages
            if messages := framing.end():
                yield messages
        except MessageTooLong:
            raise TransportFailed(
                FailureKind.MALFORMED, "one message of the stream is longer than 8 MB", self._host
            ) from None
        except (httpx.HTTPError, aiohttp.ClientError, OSError) as error:
            raise _failed(error, self._host, before_answer=False) from error

    async def read(self, limit: int = BODY_LIMIT, into: bytearray | None = None) -> bytes:
        """The body, or its beginning where it is longer than an error page's limit. `into` gets what comes, and keeps
        it where the rest does not come."""
        body = bytearray() if into is None else into
        try:
            async for chunk in self._chunks():
                body += chunk
                if len(body) > limit:
                    if limit >= BODY_LIMIT:
                        raise TransportFailed(FailureKind.MALFORMED, "the answer is larger than 16 MB", self._host)
                    break
        except (httpx.HTTPError, aiohttp.ClientError, OSError) as error:
            raise _failed(error, self._host, before_answer=False) from error
        return bytes(body[:limit])

    def _chunks(self) -> AsyncIterator[bytes]:
        if "content-encoding" in self.headers:
            return self._response.aiter_bytes()
        stream = self._response.stream
        assert isinstance(stream, httpx.AsyncByteStream)
        return stream.__aiter__()

    async def aclose(self) -> None:
        await self._response.aclose()


@lru_cache(maxsize=256)
def _origin(url: str) -> tuple[str, str | None]:
    """Scheme, host and port, and the proxy that the environment names for it. The machine itself is never reached through
    one: what stays here must not leave, whether NO_PROXY says so or not."""
    origin = _without_user(url)
    proxies = getproxies_environment()
    scheme, _, host = origin.partition("://")
    proxy = proxies.get(scheme) or proxies.get("all")
    if proxy is None or is_loopback(urlsplit(origin).hostname or "") or proxy_bypass(host):
        return origin, None
    return origin, proxy if "://" in proxy else f"http://{proxy}"


def _without_user(url: str) -> str:
    """Scheme, host and port alone: user, password, path and query may hold secrets. Raises ValueError for no address."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def _target(location: str, origin: str) -> str:
    """Where a redirect leads, fit to be shown."""
    try:
        return _without_user(urljoin(f"{origin}/", location))[:120]
    except ValueError:
        return "an address that cannot be read"


def proxies_in_use(urls: list[str]) -> dict[str, str]:
    """Which of these addresses are reached through a proxy of the environment; user and password are left out."""
    found: dict[str, str] = {}
    for url in urls:
        origin, proxy = _origin(url)
        if proxy is not None:
            found[origin] = _without_user(proxy)
    return found


@lru_cache(maxsize=1)
def _trust() -> ssl.SSLContext:
    return httpx.create_ssl_context()


def _proxy(address: str, origin: str) -> httpx.Proxy:
    shown, proxy = "no readable address", None
    try:
        shown = _without_user(address)
        proxy = httpx.Proxy(address)
    except (ValueError, httpx.InvalidURL):
        pass
    if proxy is None or proxy.url.scheme not in ("http", "https"):
        raise TransportFailed(
            FailureKind.CONNECT,
            f"the environment names {shown} as the proxy for {origin}; only HTTP proxies can be used: change it, or name the"
            " host in NO_PROXY",
            origin,
        )
    return proxy


def _client(origin: str, max_connections: int, proxy: str | None) -> AiohttpTransport:
    through = _proxy(proxy, origin) if proxy is not None else None
    secure = origin.startswith("https:") or (through is not None and through.url.scheme == "https")
    context: ssl.SSLContext | bool = _trust() if secure else False

    def session() -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(
            limit=max_connections + 4, keepalive_timeout=KEEP_ALIVE, ssl=context if secure else True
        )
        return aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None),
            read_bufsize=256 * 1024,
        )

    return AiohttpTransport(verify=context, proxy=through, client=session)


def _failed(error: BaseException, host: str, *, before_answer: bool) -> TransportFailed:
    """Told apart by the cause: the transport names refused, unresolved and dropped connections all alike."""
    cause: BaseException | None = error
    while cause is not None:
        match cause:
            case aiohttp.ClientConnectorCertificateError() | ssl.SSLCertVerificationError():
                return TransportFailed(FailureKind.TLS, f"the certificate of {host} is not trusted", host)
            case aiohttp.ClientConnectorSSLError() | ssl.SSLError():
                return TransportFailed(FailureKind.TLS, f"no secure connection to {host}: is it https at all?", host)
            case aiohttp.ClientConnectorDNSError():
                return TransportFailed(FailureKind.DNS, f"the name in {host} cannot be resolved", host)
            case aiohttp.ClientProxyConnectionError() | aiohttp.ClientHttpProxyError():
                return TransportFailed(FailureKind.CONNECT, f"the proxy for {host} cannot be reached", host)
            case aiohttp.ClientConnectorError():
                number = cause.os_error.errno  # none where several addresses failed, each in its own way
                reason = os.strerror(number).lower() if number else "no address of it answers"
                return TransportFailed(FailureKind.CONNECT, f"{host} cannot be reached: {reason}", host)
            case aiohttp.ServerTimeoutError() | asyncio.TimeoutError() if before_answer:
                return TransportFailed(FailureKind.TIMEOUT_CONNECT, f"{host} did not accept a connection in time", host)
            case aiohttp.ServerDisconnectedError() | ConnectionResetError() | BrokenPipeError():
                if before_answer:
                    return TransportFailed(FailureKind.CONNECT, f"{host} closed the connection without an answer", host)
                return TransportFailed(FailureKind.STREAM_CUT, f"{host} closed the connection", host)
            case aiohttp.ClientPayloadError():
                return TransportFailed(FailureKind.STREAM_CUT, f"{host} ended the answer before it was complete", host)
            case aiohttp.InvalidURL() | httpx.InvalidURL() | httpx.UnsupportedProtocol():
                return TransportFailed(FailureKind.BAD_REQUEST, f"{host} is no address that can be called", host)
            case httpx.DecodingError():
                return TransportFailed(FailureKind.MALFORMED, f"{host} sent an answer that cannot be unpacked", host)
            case ValueError() if before_answer and not isinstance(cause, OSError):
                return TransportFailed(
                    FailureKind.BAD_REQUEST, f"a header for {host} has a character that none may have", host
                )
            case aiohttp.ClientResponseError():
                return TransportFailed(FailureKind.MALFORMED, f"{host} does not speak HTTP", host)
            case _:
                cause = cause.__cause__ or cause.__context__
    kind = FailureKind.CONNECT if before_answer else FailureKind.STREAM_CUT
    return TransportFailed(kind, f"the connection to {host} failed ({type(error).__name__})", host)
