"""`clawtui simulate`: the simulator alone, on this machine, until interrupted."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable

from clawtui.cli.options import Options
from clawtui.cli.signals import stoppable
from clawtui.cli.stopping import Status, Stop
from clawtui.runtime.simulating import NotSimulated, simulate


def run(options: Options) -> int:
    def ready(url: str) -> None:
        if options.json:
            options.output.event({"url": url})
            return
        options.output.line(f"simulating at {url}: nothing here thinks, every answer is scripted")
        options.output.line(
            f"openai {url}/PROVIDER/v1 · anthropic {url}/PROVIDER · gemini {url}/PROVIDER/v1beta · ollama {url}/PROVIDER"
        )
        options.output.line("ctrl+c ends it")
        options.output.flush()

    try:
        asyncio.run(_until_stopped(simulate(options.args.port, options.args.script, ready)))
    except NotSimulated as error:
        raise Stop(error.message, error.hint) from None
    except Stop as stopped:
        return stopped.status  # the way it ends: nothing to complain about
    return Status.DONE


async def _until_stopped(work: Awaitable[None]) -> None:
    with stoppable() as until_stopped:
        await until_stopped(work)
