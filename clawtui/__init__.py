"""Talk to language models through a router that you can see and steer.

To embed it, take what is listed here; everything else may change. The names load what they need when they are used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

__all__ = [
    "ChatRequest",
    "Completed",
    "Config",
    "Delta",
    "Engine",
    "Failed",
    "Media",
    "MediaKind",
    "Message",
    "Plan",
    "Role",
    "Runtime",
    "Tool",
    "Trace",
    "__version__",
    "assistant",
    "find_paths",
    "open_runtime",
    "system",
    "tool_result",
    "user",
]

_HOMES = {
    "clawtui.config.paths": ("find_paths",),
    "clawtui.config.schema": ("Config",),
    "clawtui.engine.engine": ("Engine",),
    "clawtui.engine.events": ("Completed", "Delta", "Failed"),
    "clawtui.engine.outcome": ("Trace",),
    "clawtui.engine.request": (
        "ChatRequest",
        "Media",
        "MediaKind",
        "Message",
        "Role",
        "Tool",
        "assistant",
        "system",
        "tool_result",
        "user",
    ),
    "clawtui.engine.verdicts": ("Plan",),
    "clawtui.runtime": ("Runtime", "open_runtime"),
}

if TYPE_CHECKING:
    from clawtui.config.paths import find_paths
    from clawtui.config.schema import Config
    from clawtui.engine.engine import Engine
    from clawtui.engine.events import Completed, Delta, Failed
    from clawtui.engine.outcome import Trace
    from clawtui.engine.request import (
        ChatRequest,
        Media,
        MediaKind,
        Message,
        Role,
        Tool,
        assistant,
        system,
        tool_result,
        user,
    )
    from clawtui.engine.verdicts import Plan
    from clawtui.runtime import Runtime, open_runtime


def __getattr__(name: str) -> Any:
    from importlib import import_module

    for home, names in _HOMES.items():
        if name in names:
            return getattr(import_module(home), name)
    raise AttributeError(f"module 'clawtui' has no attribute {name!r}")
