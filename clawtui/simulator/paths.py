"""Which provider, which dialect and which endpoint a path means."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum, auto

from clawtui.simulator.script import DialectKind


class Place(Enum):
    CHAT = auto()
    MODELS = auto()
    MODEL = auto()  # one model of the list
    SHOW = auto()  # Ollama's description of a model
    VERSION = auto()


@dataclass(frozen=True, slots=True)
class Target:
    provider: str
    dialect: DialectKind
    place: Place
    model: str | None = None
    stream: bool | None = None


_FIXED = {
    ("POST", "v1/chat/completions"): (DialectKind.OPENAI, Place.CHAT),
    ("POST", "v1/messages"): (DialectKind.ANTHROPIC, Place.CHAT),
    ("POST", "api/chat"): (DialectKind.OLLAMA, Place.CHAT),
    ("GET", "api/tags"): (DialectKind.OLLAMA, Place.MODELS),
    ("POST", "api/show"): (DialectKind.OLLAMA, Place.SHOW),
    ("GET", "api/version"): (DialectKind.OLLAMA, Place.VERSION),
    ("GET", "v1beta/models"): (DialectKind.GEMINI, Place.MODELS),
}


def find_target(
    method: str, path: str, headers: Mapping[str, str], pinned: Callable[[str], DialectKind | None]
) -> Target | None:
    """None for a path that no dialect has, or that the provider's own dialect has not."""
    provider, _, rest = path.removeprefix("/").partition("/")
    target = _target(method, provider, rest, headers, pinned(provider))
    if target is None or pinned(provider) not in (None, target.dialect):
        return None
    return target


def _target(
    method: str, provider: str, rest: str, headers: Mapping[str, str], pinned: DialectKind | None
) -> Target | None:
    if (fixed := _FIXED.get((method, rest))) is not None:
        return Target(provider, *fixed)
    if rest == "v1/models" or rest.startswith("v1/models/"):
        # Two dialects share this path; only one of them sends a version.
        theirs = pinned is DialectKind.ANTHROPIC or (pinned is None and "anthropic-version" in headers)
        dialect = DialectKind.ANTHROPIC if theirs else DialectKind.OPENAI
        name = rest.removeprefix("v1/models").removeprefix("/")
        if method != "GET":
            return None
        return Target(provider, dialect, Place.MODEL, name) if name else Target(provider, dialect, Place.MODELS)
    if rest.startswith("v1beta/models/"):
        name, colon, verb = rest.removeprefix("v1beta/models/").rpartition(":")
        if method == "POST" and verb in ("generateContent", "streamGenerateContent"):
            return Target(provider, DialectKind.GEMINI, Place.CHAT, name, verb == "streamGenerateContent")
        if method == "GET":
            whole = rest.removeprefix("v1beta/models/")
            return Target(provider, DialectKind.GEMINI, Place.MODEL, whole if not colon else f"{name}:{verb}")
    return None
