"""Asks a provider for its model list: free, and enough to know that the server is back. Never a paid call."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from clawtui.config.effective import EffectiveProvider
from clawtui.config.schema import ProbeMode
from clawtui.config.secrets import Secret
from clawtui.engine.classify import classify_exception, classify_response
from clawtui.engine.clock import Clock, Deadline
from clawtui.engine.masking import masked, masked_name
from clawtui.engine.request import Route
from clawtui.engine.wire import dialect_for
from clawtui.engine.wire.dialect import ListedModel
from clawtui.engine.wire.http import Transport, TransportFailed

if TYPE_CHECKING:
    from clawtui.engine.engine import Engine

PROBE_SECONDS = 5.0
PROBE_EVERY = 5.0


@dataclass(frozen=True, slots=True)
class Probe:
    """What a provider said when asked for its models."""

    provider: str
    reachable: bool
    models: tuple[ListedModel, ...] = ()
    ms: float | None = None
    error: str | None = None


async def list_models(
    transport: Transport,
    provider: EffectiveProvider,
    secret: Secret | None,
    clock: Clock,
    seconds: float = PROBE_SECONDS,
    secrets: Iterable[str] = (),
) -> Probe:
    """Never raises for what the server does; a refusal is an answer too, with what it says as the error.

    `secrets`: what else must not stand in that; the key that is sent, and what the provider's headers and query refer to, never do.
    """
    dialect = dialect_for(provider.kind)
    withheld = (*(() if secret is None else (secret.reveal(),)), *secrets, *provider.withheld)
    began = clock.monotonic()
    outgoing = dialect.models_request(provider.base_url, secret, provider.headers, provider.query)
    try:
        async with Deadline(clock, seconds):
            exchange = await transport.open(
                provider.id,
                outgoing,
                framing=dialect.framing,
                connect_timeout=min(seconds, provider.timeouts.connect),
                max_connections=provider.max_concurrency,
            )
            try:
                body = await exchange.read()
                status, headers = exchange.status, exchange.headers
            finally:
                await exchange.aclose()
    except TimeoutError:
        return Probe(provider.id, False, error=f"no answer within {seconds:g} s")
    except TransportFailed as error:
        return Probe(provider.id, False, error=classify_exception(error).message)
    ms = round((clock.monotonic() - began) * 1000, 1)
    if not 200 <= status < 300:
        failure = classify_response(
            status,
            headers,
            dialect.read_error(status, body),
            provider.kind,
            in_stream=False,
            prompt_tokens=0,
            now_wall=clock.wall(),
        )
        said = masked(failure.message, *withheld)
        return Probe(provider.id, True, ms=ms, error=f"{failure.kind} ({status}): {said}")
    try:
        models = dialect.read_models(json.loads(body))
        return Probe(provider.id, True, tuple(replace(each, id=masked_name(each.id, *withheld)) for each in models), ms)
    except (ValueError, RecursionError):
        return Probe(provider.id, True, ms=ms, error="the model list is not JSON")


class Prober:
    """While a circuit is open, asks the model list from time to time; an answer moves the circuit to half-open."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self._engine.clock.sleep(PROBE_EVERY)
            await self.probe_open()

    async def probe_open(self) -> None:
        by_provider: dict[str, list[Route]] = {}
        for view in self._engine.circuits.views():
            provider = self._engine.registry.providers.get(view.route.provider)
            if (
                view.state == "open"
                and provider is not None
                and provider.enabled
                and provider.probe is not ProbeMode.NEVER
            ):
                by_provider.setdefault(provider.id, []).append(view.route)
        if not by_provider:
            return
        async with asyncio.TaskGroup() as group:
            for provider_id, routes in by_provider.items():
                group.create_task(self._probe(provider_id, routes), name=f"probe {provider_id}")

    async def _probe(self, provider_id: str, routes: list[Route]) -> None:
        if provider_id not in self._engine.registry.providers:
            return  # a change of the config came in between
        probe = await self._engine.probe(provider_id)
        if probe.error is None:
            for route in routes:
                self._engine.circuits.probe_answered(route)
