"""Which models are of one family, by their names. A guess, good enough for a warning."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib.resources import files

FIRST_WORD = re.compile(r"[a-z]+")


def model_family(model: str) -> str | None:
    """`openai/gpt-4.1-mini` and `gpt-5` are `gpt`; None where the name says nothing."""
    name = model.rpartition("/")[2].casefold()
    for family, beginnings in _families():
        if name.startswith(beginnings):
            return family
    word = FIRST_WORD.match(name)
    return word.group() if word else None


@cache
def _families() -> tuple[tuple[str, tuple[str, ...]], ...]:
    tables = tomllib.loads(files("clawtui.config").joinpath("families.toml").read_text(encoding="utf-8"))
    return tuple((family, tuple(beginnings)) for family, beginnings in tables.items())
