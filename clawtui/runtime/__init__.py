"""The one place where parts are put together: config, engine, store, simulator. Command line and screen come here."""

from clawtui.runtime.opening import open_runtime
from clawtui.runtime.runtime import ConfigState, Origin, Runtime

__all__ = ["ConfigState", "Origin", "Runtime", "open_runtime"]
