"""What there is on this machine without a config, asked through a transport of its own."""

from __future__ import annotations

from collections.abc import Mapping

from clawtui.config.discovery import Discovered, discover
from clawtui.engine.wire.http import Transport
from clawtui.runtime.asking_local import TransportProbe


async def discovered_here(environ: Mapping[str, str]) -> Discovered:
    transport = Transport()
    try:
        return await discover(environ, TransportProbe(transport))
    finally:
        await transport.aclose()
