"""`clawtui simulate`: the simulator alone, on this machine, until interrupted."""

from __future__ import annotations

import asyncio

from clawtui.cli.options import Options
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
        asyncio.run(simulate(options.args.port, options.args.script, ready))
    except NotSimulated as error:
        raise Stop(error.message, error.hint) from None
    except KeyboardInterrupt:
        return Status.INTERRUPTED
    return Status.DONE
