"""A provider as it is used: its table in the file over what the catalogue knows, every value filled in."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field

from clawtui.config.addresses import Address, BadAddress, parse_address
from clawtui.config.catalogue import KnownProvider, known_providers
from clawtui.config.schema import (
    CircuitSettings,
    Config,
    PoolStrategy,
    Price,
    ProbeMode,
    Provider,
    ProviderKind,
    Timeouts,
)
from clawtui.config.secrets import VARIABLE

ENV_PREFIX = "env:"


@dataclass(frozen=True, slots=True)
class EffectiveProvider:
    """`problems` say what keeps its profiles from being ready, naming the variable or field; empty when all is there.

    Whether the credentials lead to secrets is not known here: `secrets.resolve` says.
    """

    id: str
    name: str
    kind: ProviderKind
    base_url: str
    credentials: tuple[str, ...]
    pool: PoolStrategy
    headers: Mapping[str, str] = field(repr=False)
    query: Mapping[str, str] = field(repr=False)
    timeouts: Timeouts
    retries: int
    max_concurrency: int
    circuit: CircuitSettings
    price: Price | None
    prices: str | None  # id in the price catalogue
    probe: ProbeMode
    enabled: bool
    local: bool
    withheld: tuple[str, ...] = field(default=(), repr=False)  # values of headers and query that were references
    problems: tuple[str, ...] = ()

    @property
    def keyless(self) -> bool:
        return not self.credentials


class UnknownProvider(LookupError):
    """Neither declared nor known."""

    def __init__(self, provider_id: str, nearest: tuple[str, ...]) -> None:
        super().__init__(f"no provider is called {provider_id}")
        self.provider_id = provider_id
        self.nearest = nearest


@dataclass(frozen=True, slots=True)
class Unset:
    """A value that an environment variable was to hold."""

    variable: str


def provider_ids(config: Config) -> tuple[str, ...]:
    """Those with a table first, in file order, then the known ones."""
    return tuple(dict.fromkeys((*config.providers, *known_providers())))


def effective_provider(config: Config, provider_id: str, environ: Mapping[str, str]) -> EffectiveProvider:
    known = known_providers().get(provider_id)
    written = config.providers.get(provider_id)
    if known is None and written is None:
        nearest = difflib.get_close_matches(provider_id, provider_ids(config), n=3)
        raise UnknownProvider(provider_id, tuple(nearest))
    table = written or Provider()
    problems: list[str] = []
    address = _address(table, known, environ, problems)
    return EffectiveProvider(
        id=provider_id,
        name=known.name if known else provider_id,
        kind=table.kind or (known.kind if known else ProviderKind.OPENAI),
        base_url=address.url if address else "",
        credentials=_credentials(table, known, address, environ, problems),
        pool=table.pool,
        headers=_filled_in(table.headers, "header", environ, problems),
        query=_filled_in(table.query, "query parameter", environ, problems),
        timeouts=table.timeouts,
        retries=table.retries,
        max_concurrency=table.max_concurrency,
        circuit=table.circuit,
        price=table.price,
        prices=known.prices if known else None,
        probe=table.probe,
        enabled=table.enabled,
        local=bool(address and address.is_loopback),
        withheld=(*_referred(table.headers, environ), *_referred(table.query, environ)),
        problems=tuple(problems),
    )


def value_of(text: str, environ: Mapping[str, str]) -> str | Unset:
    """A literal, or what the variable of `env:NAME` holds."""
    name = text.removeprefix(ENV_PREFIX)
    if name == text or not VARIABLE.fullmatch(name):
        return text
    return environ.get(name, "").strip() or Unset(name)


def _referred(values: Mapping[str, str], environ: Mapping[str, str]) -> tuple[str, ...]:
    """What must not be shown: what is written in the config itself is there to be read."""
    found = (value_of(text, environ) for text in values.values() if text.startswith(ENV_PREFIX))
    return tuple(value for value in found if isinstance(value, str))


def keeps_home(known: KnownProvider, address: Address) -> bool:
    """Whether an address is the known provider's own, so that its usual key may go there."""
    home = parse_address(known.base_url)
    return isinstance(home, Address) and home.origin == address.origin


def _address(
    table: Provider, known: KnownProvider | None, environ: Mapping[str, str], problems: list[str]
) -> Address | None:
    text = table.base_url or (known.base_url if known else None)
    if text is None:
        problems.append("base_url is missing")
        return None
    value = value_of(text, environ)
    if isinstance(value, Unset):
        problems.append(f"{value.variable} is not set (base_url)")
        return None
    address = parse_address(value)
    if isinstance(address, BadAddress):
        problems.append(f"base_url: {address.reason}")
        return None
    return address


def _credentials(
    table: Provider,
    known: KnownProvider | None,
    address: Address | None,
    environ: Mapping[str, str],
    problems: list[str],
) -> tuple[str, ...]:
    if table.credentials is not None:
        return table.credentials
    if known is None or known.keyless:
        return ()
    if address and not keeps_home(known, address):
        # The usual key belongs to the usual host; sending it elsewhere takes the user's word.
        problems.append(f"base_url is not {known.name}'s own, so credentials must be stated")
        return ()
    # Of several variables the first that is set: the others may be there for other services of the same house.
    chosen = next((name for name in known.keys if environ.get(name, "").strip()), known.keys[0])
    return (f"{ENV_PREFIX}{chosen}",)


def _filled_in(values: Mapping[str, str], what: str, environ: Mapping[str, str], problems: list[str]) -> dict[str, str]:
    filled: dict[str, str] = {}
    for name, text in values.items():
        value = value_of(text, environ)
        if isinstance(value, Unset):
            problems.append(f"{value.variable} is not set ({what} {name})")
        else:
            filled[name] = value
    return filled
