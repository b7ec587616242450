"""Providers as they are used: the file over the catalogue, and nothing borrowed from another provider."""

from __future__ import annotations

import pytest

from clawtui.config.addresses import Address, BadAddress, parse_address
from clawtui.config.catalogue import known_providers
from clawtui.config.checks import parse
from clawtui.config.effective import UnknownProvider, effective_provider
from clawtui.config.schema import Config, PoolStrategy, ProviderKind, Timeouts
from tests.config.builders import FAST, SENTINEL, errors, warnings

PROMISED = """
openai anthropic gemini openrouter groq mistral deepseek xai together fireworks cerebras moonshot zai perplexity cohere
nvidia huggingface deepinfra github ollama lmstudio llamacpp vllm
"""


def test_every_promised_provider_is_known() -> None:
    assert set(PROMISED.split()) <= set(known_providers())


@pytest.mark.parametrize("provider_id", known_providers())
def test_a_known_provider_needs_no_table(provider_id: str) -> None:
    known = known_providers()[provider_id]
    provider = effective_provider(Config(), provider_id, {})
    assert provider.problems == ()
    assert provider.base_url == known.base_url
    assert provider.kind is known.kind
    assert provider.keyless == known.local == provider.local
    assert isinstance(parse_address(known.base_url), Address)
    assert known.keyless or known.base_url.startswith("https://")


def test_what_the_file_says_wins_and_the_rest_is_filled_in() -> None:
    config = parse('[providers.groq]\npool = "random"\ntimeouts = { connect = 1 }\nretries = 0\n')
    provider = effective_provider(config, "groq", {})
    assert provider.pool is PoolStrategy.RANDOM
    assert provider.timeouts == Timeouts(connect=1)
    assert provider.retries == 0
    assert provider.credentials == ("env:GROQ_API_KEY",)
    assert provider.prices == "groq"


def test_a_provider_of_ones_own_states_kind_and_address() -> None:
    assert {"providers.own"} == set(errors("[providers.own]\n"))
    config = parse('[providers.own]\nkind = "anthropic"\nbase_url = "https://h/x/"\n')
    provider = effective_provider(config, "own", {})
    assert (provider.kind, provider.base_url, provider.credentials) == (ProviderKind.ANTHROPIC, "https://h/x", ())


def test_a_known_key_is_not_sent_to_another_address_unless_stated() -> None:
    text = '[providers.openai]\nbase_url = "https://proxy.example/v1"\n'
    provider = effective_provider(parse(text), "openai", {"OPENAI_API_KEY": "x"})
    assert provider.credentials == ()
    assert provider.problems
    assert "not sent there" in warnings(text, {"OPENAI_API_KEY": "x"})["providers.openai.base_url"].message
    stated = text + 'credentials = ["env:OPENAI_API_KEY"]\n'
    provider = effective_provider(parse(stated), "openai", {"OPENAI_API_KEY": "x"})
    assert (provider.credentials, provider.problems) == (("env:OPENAI_API_KEY",), ())
    assert warnings(stated, {"OPENAI_API_KEY": "x"}) == {}


def test_another_path_on_the_usual_host_keeps_the_usual_key() -> None:
    config = parse('[providers.zai]\nbase_url = "https://api.z.ai/api/coding/paas/v4"\n')
    assert effective_provider(config, "zai", {}).credentials == ("env:ZAI_API_KEY",)


def test_of_several_usual_variables_the_first_that_is_set_counts() -> None:
    assert effective_provider(Config(), "gemini", {"GOOGLE_API_KEY": "x"}).credentials == ("env:GOOGLE_API_KEY",)
    both = {"GOOGLE_API_KEY": "x", "GEMINI_API_KEY": "y"}
    assert effective_provider(Config(), "gemini", both).credentials == ("env:GEMINI_API_KEY",)


def test_addresses_headers_and_parameters_may_come_from_variables() -> None:
    config = parse(
        '[providers.own]\nkind = "openai"\nbase_url = "env:URL"\n'
        'headers = { X = "env:H", Y = "y" }\nquery = { v = "env:Q" }\n'
    )
    provider = effective_provider(config, "own", {"URL": "http://[::1]:9/v1/", "H": SENTINEL, "Q": "q"})
    assert provider.base_url == "http://[::1]:9/v1"
    assert provider.local
    assert provider.headers == {"X": SENTINEL, "Y": "y"}
    assert provider.query == {"v": "q"}
    assert SENTINEL not in repr(provider)
    unset = effective_provider(config, "own", {})
    assert {problem.split()[0] for problem in unset.problems} == {"URL", "H", "Q"}


def test_an_unknown_provider_is_told_with_the_nearest() -> None:
    with pytest.raises(UnknownProvider) as raised:
        effective_provider(Config(), "opnai", {})
    assert raised.value.nearest[0] == "openai"


def test_a_profile_may_shorten_single_time_limits() -> None:
    config = parse('[profiles.a]\nprovider = "ollama"\nmodel = "m"\ntimeouts = { idle = 3 }\n')
    assert config.profiles["a"].timeouts.over(Timeouts(connect=2)) == Timeouts(connect=2, idle=3)


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("https://api.x.org/v1/", "https://api.x.org/v1"),
        ("HTTP://Host:8080", "http://host:8080"),
        ("http://[::1]:11434/", "http://[::1]:11434"),
        ("http://127.0.0.1", "http://127.0.0.1"),
        ("https://host/deep/path//", "https://host/deep/path"),
        ("https://host:443/v1", "https://host:443/v1"),
        ("http://my_host.internal:1/v1", "http://my_host.internal:1/v1"),
    ],
)
def test_addresses_keep_their_path_and_lose_the_last_slash(text: str, url: str) -> None:
    address = parse_address(text)
    assert isinstance(address, Address)
    assert address.url == url


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("api.openai.com/v1", "no scheme"),
        ("localhost:8080", "no scheme"),
        ("ftp://host", "only http"),
        ("https://", "no readable host"),
        ("https:///v1", "no readable host"),
        (f"https://user:{SENTINEL}@host/v1", "password"),
        ("https://user@host", "password"),
        ("https://host/v1?key=1", "query"),
        ("https://host/v1#x", "query"),
        ("https://host:0", "port"),
        ("https://host:99999", "cannot be read"),
        ("https://host:x", "cannot be read"),
        ("http://[::1", "cannot be read"),
        ("http://::1:80", ""),
        ("https://ho st/", "blank"),
        ("https://host\\@evil/", "blank"),
        ("https://host/\x1b[2J", "blank"),
        ("https://höst/", "blank"),
        ("https://-x/", "host"),
    ],
)
def test_addresses_that_cannot_be_called_are_refused_without_repeating_them(text: str, reason: str) -> None:
    found = parse_address(text)
    assert isinstance(found, BadAddress)
    assert reason in found.reason
    assert found.fix
    assert SENTINEL not in repr(found)


def test_a_key_that_would_travel_unencrypted_is_a_warning() -> None:
    text = '[providers.own]\nkind = "openai"\nbase_url = "http://h/v1"\ncredentials = ["env:K"]\n'
    assert "unencrypted" in warnings(text, {"K": "x"})["providers.own.base_url"].message
    assert warnings(text.replace("//h/", "//127.0.0.1/"), {"K": "x"}) == {}


def test_a_circuit_opens_no_longer_than_its_longest() -> None:
    assert "providers.ollama.circuit" in errors("[providers.ollama]\ncircuit = { open_for = 400 }\n")


def test_header_names_that_cannot_be_sent_are_errors() -> None:
    assert errors('[providers.ollama]\nheaders = { "X: Y" = "z" }\n')
    assert errors('[providers.ollama]\nheaders = { "X" = "a\\r\\nEvil: 1" }\n')


EXTRA = FAST + "[profiles.fast.extra]\n"


@pytest.mark.parametrize(
    ("line", "path"),
    [
        (f'api_key = "{SENTINEL}"', "profiles.fast.extra.api_key"),
        ('api_key = "short"', "profiles.fast.extra.api_key"),
        ('provider = { options = [{ authToken = "x" }] }', "profiles.fast.extra.provider.options[0].authToken"),
        ('user = "sk-live-0123456789"', "profiles.fast.extra.user"),
    ],
)
def test_a_key_in_the_body_is_an_error_and_not_repeated(line: str, path: str) -> None:
    found = errors(EXTRA + line)
    assert "looks like a key" in found[path].message
    assert not any(secret in str(found) for secret in (SENTINEL, "short", "sk-live"))


def test_what_bodies_hold_as_a_rule_is_no_key() -> None:
    fields = (
        'prompt_cache_key = "mine"\nstop_token = "</s>"\nlogit_bias = { "50256" = -100 }\nuser = "me"\nmax_tokens = 5'
    )
    assert not errors(EXTRA + fields)


@pytest.mark.parametrize("number", ["nan", "inf", "-inf"])
def test_a_number_that_json_cannot_carry_is_an_error_in_the_body(number: str) -> None:
    assert "JSON cannot carry" in errors(EXTRA + f"a = [{{ b = {number} }}]")["profiles.fast.extra.a[0].b"].message


@pytest.mark.parametrize(
    ("line", "path"),
    [
        ("price = { input = 1e308, output = 1 }", "profiles.fast.price.input"),
        ("price = { input = 0, output = 0, cached_input = 2e6 }", "profiles.fast.price.cached_input"),
        (f"capabilities = {{ max_context_tokens = {10**400} }}", "profiles.fast.capabilities.max_context_tokens"),
        (f"defaults = {{ max_tokens = {10**30} }}", "profiles.fast.defaults.max_tokens"),
    ],
)
def test_numbers_beyond_all_reason_are_errors(line: str, path: str) -> None:
    assert "expected" in errors(FAST + line)[path].message
