"""Writes docs/config.md from the config's schema, docs/keys.md from the registry of actions.

Run: python docs/make_reference.py"""

from __future__ import annotations

import enum
import types
import typing
from pathlib import Path

from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from clawtui.config import schema
from clawtui.tui.actions import key_table

HEAD = """# The config file

TOML, at `clawtui config path`. `CLAWTUI_CONFIG` or `--config` names another; `CLAWTUI_DATA` or `--data` another data
folder. `clawtui config check` tells everything that is wrong at once, with line, field and fix. A change is taken over
while the program runs, whole or not at all; a broken file changes nothing until it is right.

Ids match `[a-z0-9][a-z0-9._-]*`. A known provider (`clawtui/config/providers.toml`) needs no table of its own. Secrets
are references: `env:NAME` (several keys in it, separated by commas, are several credentials), `env:NAME*` (`NAME`,
`NAME_2`, …), `file:PATH`, `keyring:SERVICE/USER`, `cmd:COMMAND`. This page is made from the schema.
"""
KEYS_HEAD = """# All keys

What each key does, and the id by which `[keys]` in the [config](config.md) gives an action other keys:
`"routes.probe" = "ctrl+r, p"`. An empty text takes them away; the palette (`ctrl+p`) still has the action.
`clawtui config check` tells clashes and unknown ids. This page is made from the registry of actions.
"""
SECTIONS: tuple[tuple[str, type[BaseModel]], ...] = (
    ("Top level", schema.Config),
    ("[providers.ID]", schema.Provider),
    ("[providers.ID.timeouts]", schema.Timeouts),
    ("[providers.ID.circuit]", schema.CircuitSettings),
    ("price = { … } of a provider or profile", schema.Price),
    ("[profiles.ID]", schema.Profile),
    ("[profiles.ID.capabilities]", schema.Capabilities),
    ("[profiles.ID.defaults]", schema.Defaults),
    ("[profiles.ID.long_context]", schema.LongContext),
    ("[policies.ID]", schema.Policy),
    ("[policies.ID.require]", schema.Require),
    ("[policies.ID.budget]", schema.Budget),
    ("[fusion.NAME]", schema.Fusion),
    ("[ui]", schema.Ui),
    ("[data]", schema.DataSettings),
)
WORDS = {str: "text", bool: "true/false", int: "whole number", float: "number"}


def reference() -> str:
    parts = [HEAD]
    for title, model in SECTIONS:
        parts.append(f"\n## {title}\n\n| field | kind | default | |\n|---|---|---|---|\n")
        for name, field in model.model_fields.items():
            parts.append(f"| `{name}` | {_kind(field.annotation)} | {_default(field)} | {field.description or ''} |\n")
    return "".join(parts)


def keys() -> str:
    parts = [KEYS_HEAD]
    group = ""
    for row in key_table():
        if row.group != group:
            group = row.group
            parts.append(f"\n## {group}\n\n| keys | | id |\n|---|---|---|\n")
        shown = " ".join(f"`{key}`" for key in row.keys.split()).replace("|", "\\|")
        parts.append(f"| {shown} | {row.help.replace('|', chr(92) + '|')} | `{row.id}` |\n")
    return "".join(parts)


def _kind(annotation: object) -> str:
    origin, inner = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Annotated:
        return _kind(inner[0])
    if origin in (typing.Union, types.UnionType):
        return " or ".join(_kind(each) for each in inner if each is not type(None))
    if origin is tuple:
        return f"list of {_kind(inner[0])}"
    if origin is dict:
        return "table"
    if isinstance(annotation, type) and issubclass(annotation, enum.Enum):
        return " ".join(f"`{each.value}`" for each in annotation)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return "table"
    return WORDS.get(annotation, "value") if isinstance(annotation, type) else "value"


def _default(field: typing.Any) -> str:
    if field.is_required():
        return "required"
    value = field.default
    if value is PydanticUndefined or value is None:
        return ""
    if isinstance(value, enum.Enum):
        return f"`{value.value}`"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, tuple):
        return f"`[{', '.join(repr(each) for each in value)}]`".replace("'", '"')
    return f"`{value}`" if value != "" else ""


if __name__ == "__main__":
    Path(__file__).with_name("config.md").write_text(reference(), encoding="utf-8")
    Path(__file__).with_name("keys.md").write_text(keys(), encoding="utf-8")
