"""What is found without a config: keys by name, local servers that answer, and the file that could be written."""

from __future__ import annotations

import asyncio
import time

import pytest

from clawtui.config.catalogue import known_providers
from clawtui.config.checks import examine
from clawtui.config.discovery import Discovered, FoundKey, FoundServer, as_config, as_file, discover
from clawtui.config.schema import ProviderKind
from tests.config.builders import SENTINEL


class Servers:
    """Local servers that answer with these models; others hang, or break where the answer is an exception."""

    def __init__(self, **answers: list[str] | Exception | None) -> None:
        self._by_url = {known_providers()[name].base_url: answer for name, answer in answers.items()}
        self.asked: list[tuple[ProviderKind, str]] = []
        self.cancelled = 0

    async def models(self, kind: ProviderKind, base_url: str, timeout: float) -> list[str] | None:
        self.asked.append((kind, base_url))
        if base_url not in self._by_url:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                self.cancelled += 1
                raise
        answer = self._by_url[base_url]
        if isinstance(answer, Exception):
            raise answer
        return answer


async def test_keys_are_found_by_name_and_their_values_are_not_taken() -> None:
    found = await discover({"GROQ_API_KEY": SENTINEL, "GOOGLE_API_KEY": "x", "OPENAI_API_KEY": " "}, Servers(), 0.01)
    assert found.keys == (FoundKey("gemini", "GOOGLE_API_KEY"), FoundKey("groq", "GROQ_API_KEY"))
    assert SENTINEL not in repr(found) + as_file(found)


async def test_local_servers_are_asked_at_once_and_silent_ones_given_up() -> None:
    servers = Servers(ollama=["qwen3:8b", "nomic-embed-text"], lmstudio=None, llamacpp=OSError("refused"))
    begun = time.monotonic()
    found = await discover({}, servers, 0.05)
    assert time.monotonic() - begun < 1.0
    assert len(servers.asked) == 4
    assert [server.provider for server in found.servers] == ["ollama"]
    assert servers.cancelled == 1


async def test_a_token_that_is_usually_there_for_something_else_is_not_taken_for_a_wish() -> None:
    assert (await discover({"GITHUB_TOKEN": "x"}, Servers(), 0.01)).is_empty


def test_discovered_profiles_are_a_config() -> None:
    found = Discovered(
        (FoundKey("openai", "OPENAI_API_KEY"),),
        (FoundServer("ollama", "http://127.0.0.1:11434", ("qwen3:8b", "Llama 3.2", "Llama-3.2", "nomic-embed-text")),),
    )
    config = as_config(found)
    assert config.default_profile == "openai"
    assert list(config.profiles) == ["openai", "ollama", "ollama-llama-3-2", "ollama-llama-3-2-2"]
    assert config.profiles["ollama"].tags == ("local",)


def test_a_server_without_models_is_found_but_gives_no_profile() -> None:
    found = Discovered(servers=(FoundServer("ollama", "http://127.0.0.1:11434", ()),))
    assert found.is_empty
    assert as_config(found).profiles == {}


EVERY_KEY = Discovered(
    tuple(FoundKey(known.id, known.keys[0]) for known in known_providers().values() if known.keys),
    tuple(
        FoundServer(known.id, known.base_url, ("m", 'a"b\\c', "x\ny"))
        for known in known_providers().values()
        if known.local
    ),
)


@pytest.mark.parametrize("found", [Discovered(), EVERY_KEY], ids=["nothing", "everything"])
def test_the_file_of_what_was_found_passes_the_check_and_means_the_same(found: Discovered) -> None:
    config, findings = examine(as_file(found), {key.variable: "x" for key in found.keys})
    assert findings == ()
    assert config == as_config(found)


def test_each_hosted_provider_has_a_default_model() -> None:
    assert all(known.default_model for known in known_providers().values() if not known.local)
