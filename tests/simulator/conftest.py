"""A caller with its own HTTP client, so that what is tested is what crosses the wire."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest

from clawtui.simulator import DialectKind, Simulator


@dataclass
class Reply:
    status: int
    headers: dict[str, str]
    data: bytes
    broken: BaseException | None = None  # how the body ended, where not in peace

    @property
    def json(self) -> Any:
        return json.loads(self.data)

    @property
    def events(self) -> list[Any]:
        """What an SSE stream carried; an unreadable one as None, `[DONE]` as text."""
        lines = self.data.decode().split("\n")
        return [_read(line.removeprefix("data: ")) for line in lines if line.startswith("data: ")]

    @property
    def lines(self) -> list[Any]:
        return [_read(line) for line in self.data.decode().split("\n") if line]

    @property
    def openai_text(self) -> str:
        return "".join(
            choice["delta"].get("content") or ""
            for event in self.events
            if isinstance(event, dict)
            for choice in event.get("choices", ())
        )


def _read(text: str) -> Any:
    if text == "[DONE]":
        return text
    try:
        return json.loads(text)
    except ValueError:
        return None


@dataclass
class Caller:
    session: aiohttp.ClientSession

    async def post(self, url: str, body: Any, headers: dict[str, str] | None = None) -> Reply:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        async with self.session.post(url, data=data, headers=headers, allow_redirects=False) as response:
            reply = Reply(response.status, {k.lower(): v for k, v in response.headers.items()}, b"")
            try:
                async for part in response.content.iter_any():
                    reply.data += part
            except aiohttp.ClientError as error:
                reply.broken = error
            return reply

    async def get(self, url: str, headers: dict[str, str] | None = None) -> Reply:
        async with self.session.get(url, headers=headers, allow_redirects=False) as response:
            return Reply(response.status, {k.lower(): v for k, v in response.headers.items()}, await response.read())

    async def openai(
        self,
        simulator: Simulator,
        model: str = "m",
        said: str = "hello",
        *,
        provider: str = "p",
        key: str | None = None,
        **body: Any,
    ) -> Reply:
        headers = {} if key is None else {"Authorization": f"Bearer {key}"}
        asked = {"model": model, "messages": [{"role": "user", "content": said}], **body}
        return await self.post(f"{simulator.url(provider)}/chat/completions", asked, headers)

    async def anthropic(
        self,
        simulator: Simulator,
        model: str = "m",
        said: str = "hello",
        *,
        provider: str = "p",
        key: str | None = None,
        version: str | None = "2023-06-01",
        **body: Any,
    ) -> Reply:
        headers = {} if key is None else {"x-api-key": key}
        if version is not None:
            headers["anthropic-version"] = version
        asked = {"model": model, "max_tokens": 500, "messages": [{"role": "user", "content": said}], **body}
        return await self.post(f"{simulator.url(provider, DialectKind.ANTHROPIC)}/v1/messages", asked, headers)

    async def gemini(
        self,
        simulator: Simulator,
        model: str = "m",
        said: str = "hello",
        *,
        provider: str = "p",
        key: str | None = None,
        verb: str = "generateContent",
        **body: Any,
    ) -> Reply:
        headers = {} if key is None else {"x-goog-api-key": key}
        asked = {"contents": [{"role": "user", "parts": [{"text": said}]}], **body}
        url = f"{simulator.url(provider, DialectKind.GEMINI)}/models/{model}:{verb}"
        return await self.post(url, asked, headers)

    async def ollama(
        self, simulator: Simulator, model: str = "m", said: str = "hello", *, provider: str = "p", **body: Any
    ) -> Reply:
        asked = {"model": model, "messages": [{"role": "user", "content": said}], **body}
        return await self.post(f"{simulator.url(provider, DialectKind.OLLAMA)}/api/chat", asked)


@pytest.fixture
async def caller() -> AsyncIterator[Caller]:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10)) as session:
        yield Caller(session)


@pytest.fixture
async def simulator() -> AsyncIterator[Simulator]:
    async with Simulator() as running:
        yield running


class Clock:
    """Time that passes only when the simulator sleeps or a test says so."""

    def __init__(self) -> None:
        self.time = 1000.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.time

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.time += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()
