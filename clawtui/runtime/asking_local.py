"""Discovery's question to local servers, asked through the engine's transport and dialects."""

from __future__ import annotations

import asyncio
import json

from clawtui.config.schema import ProviderKind
from clawtui.engine.wire import dialect_for
from clawtui.engine.wire.http import Transport, TransportFailed


class TransportProbe:
    """Fills `config.discovery.LocalProbe`."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def models(self, kind: ProviderKind, base_url: str, timeout: float) -> list[str] | None:
        dialect = dialect_for(kind)
        try:
            async with asyncio.timeout(timeout):
                exchange = await self._transport.open(
                    base_url,
                    dialect.models_request(base_url, None, {}, {}),
                    framing=dialect.framing,
                    connect_timeout=timeout,
                    max_connections=1,
                )
                try:
                    if exchange.status != 200:
                        return None
                    return [model.id for model in dialect.read_models(json.loads(await exchange.read()))]
                finally:
                    await exchange.aclose()
        except (TransportFailed, TimeoutError, ValueError, RecursionError):
            return None
