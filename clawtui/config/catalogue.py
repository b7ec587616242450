"""Known providers: a data file beside this module, read once. Prices and model capabilities are not its subject."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from urllib.parse import urlsplit

from clawtui.config.schema import ProviderKind


@dataclass(frozen=True, slots=True)
class KnownProvider:
    id: str
    name: str
    kind: ProviderKind
    base_url: str
    keys: tuple[str, ...]  # variables that may hold the key, the usual one first
    default_model: str | None
    prices: str | None  # id in the price catalogue
    docs: str
    local: bool
    ambient: bool  # a set variable alone does not mean that it is meant for this provider

    @property
    def keyless(self) -> bool:
        return not self.keys

    @property
    def credentials(self) -> tuple[str, ...]:
        """References that hold where the file states none."""
        return tuple(f"env:{variable}" for variable in self.keys)

    @property
    def port(self) -> int | None:
        return urlsplit(self.base_url).port


@cache
def known_providers() -> Mapping[str, KnownProvider]:
    """By id, in the order of the data file."""
    tables = tomllib.loads(files("clawtui.config").joinpath("providers.toml").read_text(encoding="utf-8"))
    return MappingProxyType(
        {
            provider_id: KnownProvider(
                id=provider_id,
                name=table["name"],
                kind=ProviderKind(table["kind"]),
                base_url=table["base_url"],
                keys=tuple(table.get("keys", ())),
                default_model=table.get("default_model"),
                prices=table.get("prices"),
                docs=table["docs"],
                local=table.get("local", False),
                ambient=table.get("ambient", False),
            )
            for provider_id, table in tables.items()
        }
    )
