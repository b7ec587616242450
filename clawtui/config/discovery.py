"""What there is without a config: keys in the environment, by name, and local servers that answer. Writes nothing."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from clawtui.config.catalogue import KnownProvider, known_providers
from clawtui.config.schema import Config, Profile, ProviderKind
from clawtui.config.writing import written, written_table

TIME_LIMIT = 0.3
PROFILES_PER_SERVER = 4
NO_CHAT = re.compile(r"embed|rerank|whisper|bge-|tts", re.IGNORECASE)
NOT_IN_IDS = re.compile(r"[^a-z0-9]+")


class LocalProbe(Protocol):
    async def models(self, kind: ProviderKind, base_url: str, timeout: float) -> list[str] | None:
        """The model list of the server at the address; None where none answers with one. Never a paid call."""
        ...


@dataclass(frozen=True, slots=True)
class FoundKey:
    """A known provider whose key is in the environment. Holds the variable's name, never its value."""

    provider: str
    variable: str


@dataclass(frozen=True, slots=True)
class FoundServer:
    provider: str
    base_url: str
    models: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Discovered:
    keys: tuple[FoundKey, ...] = ()
    servers: tuple[FoundServer, ...] = ()

    @property
    def is_empty(self) -> bool:
        return not self.keys and not any(server.models for server in self.servers)


async def discover(environ: Mapping[str, str], probe: LocalProbe, time_limit: float = TIME_LIMIT) -> Discovered:
    """Asks all usual local addresses at once; who has not answered within the limit is not there."""
    keys = tuple(found_keys(environ))
    local = [provider for provider in known_providers().values() if provider.local]
    tasks = [asyncio.create_task(_ask(provider, probe, time_limit), name=provider.id) for provider in local]
    try:
        await asyncio.wait(tasks, timeout=time_limit)
    finally:
        for task in tasks:
            task.cancel()
        answers = await asyncio.gather(*tasks, return_exceptions=True)
    return Discovered(keys, tuple(answer for answer in answers if isinstance(answer, FoundServer)))


async def _ask(provider: KnownProvider, probe: LocalProbe, time_limit: float) -> FoundServer | None:
    models = await probe.models(provider.kind, provider.base_url, time_limit)
    return None if models is None else FoundServer(provider.id, provider.base_url, tuple(models))


def found_keys(environ: Mapping[str, str]) -> Iterator[FoundKey]:
    """Providers in the catalogue's order. A variable that is usually set for something else is no sign of a wish."""
    for provider in known_providers().values():
        if provider.ambient:
            continue
        for variable in provider.keys:
            if environ.get(variable, "").strip():
                yield FoundKey(provider.id, variable)
                break


def as_config(discovered: Discovered) -> Config:
    """The profiles to go on with, for this run only."""
    profiles = dict(_profiles(discovered))
    return Config(default_profile=next(iter(profiles), None), profiles=profiles)


def _profiles(discovered: Discovered) -> Iterator[tuple[str, Profile]]:
    known = known_providers()
    for key in discovered.keys:
        model = known[key.provider].default_model
        if model is not None:
            yield key.provider, Profile(provider=key.provider, model=model, tags=("cloud",))
    taken = {key.provider for key in discovered.keys}
    for server in discovered.servers:
        chat = [model for model in server.models if model and not NO_CHAT.search(model)]
        for number, model in enumerate(chat[:PROFILES_PER_SERVER]):
            profile_id = server.provider if number == 0 else _free_id(f"{server.provider}-{model}", taken)
            taken.add(profile_id)
            yield profile_id, Profile(provider=server.provider, model=model, tags=("local",))


def _free_id(wish: str, taken: set[str]) -> str:
    stem = NOT_IN_IDS.sub("-", wish.lower()).strip("-")[:56]
    number, profile_id = 2, stem
    while profile_id in taken:
        profile_id, number = f"{stem}-{number}", number + 1
    return profile_id


HEAD = """\
# clawtui: which models there are, and who may use them. Every field is explained in docs/config.md;
# `clawtui config check` tells what is wrong with this file, `clawtui explain` who would answer.
# Keys are named here, never written: "env:NAME", "file:PATH", "keyring:SERVICE/USER", "cmd:COMMAND".
"""

EXAMPLE = """\
# Nothing was found: no key of a known provider is in the environment, and no local server answered.
# Take the signs away from one of these and go on from there.
#
# default_profile = "fast"
#
# [profiles.fast]
# provider = "openai"                       # the key is looked for in OPENAI_API_KEY
# model = "gpt-4.1-mini"
#
# [profiles.local]
# provider = "ollama"                       # asked at http://127.0.0.1:11434
# model = "qwen3:8b"
#
# [providers.own]                           # any endpoint that speaks OpenAI's protocol
# kind = "openai"
# base_url = "https://llm.example.org/v1"
# credentials = ["env:OWN_API_KEY"]
"""

TAIL = """\

# Rules for callers. What is left out is as shown.
# [policies.default]
# profile = "…"                              # what answers when nothing is named
# prefer_tags = ["local"]
# require_tags = []                          # ["local"]: no byte leaves this machine
# budget = { daily_usd = 2.0, monthly_usd = 20.0 }
# retention = "metadata"                     # none | metadata | full

# Several advisers at once, then one who writes the answer: asked for as fusion/default.
# [fusion.default]
# advisers = ["…", "…"]
# synthesizer = "…"
"""


def as_file(discovered: Discovered) -> str:
    """A config file of what was found, with comments; `check` has no error to find in it."""
    config = as_config(discovered)
    if config.default_profile is None:
        return f"{HEAD}\nversion = 1\n\n{EXAMPLE}{TAIL}"
    variables = {key.provider: key.variable for key in discovered.keys}
    parts = [f"{HEAD}\nversion = 1\ndefault_profile = {written(config.default_profile)}\n"]
    providers_told: set[str] = set()
    for profile_id, profile in config.profiles.items():
        known = known_providers()[profile.provider]
        if profile.provider not in providers_told:
            providers_told.add(profile.provider)
            variable = variables.get(profile.provider)
            where = f"key from {variable}" if variable else f"on this machine, {known.base_url}"
            parts.append(f"\n# {known.name}: {where}. {known.docs}\n")
        else:
            parts.append("\n")
        fields = {"provider": profile.provider, "model": profile.model, "tags": list(profile.tags)}
        parts.append(written_table(("profiles", profile_id), fields))
    parts.append(TAIL)
    return "".join(parts)
