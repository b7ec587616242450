"""Forms made from the config's schema: each field with its kind of input, bounds, default and help. Pure."""

from __future__ import annotations

import tomllib
import types
import typing
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, StrEnum
from functools import cache
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from clawtui.config import schema
from clawtui.config.secrets import BadReference, looks_like_secret, parse_reference
from clawtui.config.writing import written

Path = tuple[str, ...]


class Section(StrEnum):
    GENERAL = "general"
    PROVIDERS = "providers"
    PROFILES = "profiles"
    POLICIES = "policies"
    FUSION = "fusion"


MODELS: Mapping[Section, type[BaseModel]] = {
    Section.PROVIDERS: schema.Provider,
    Section.PROFILES: schema.Profile,
    Section.POLICIES: schema.Policy,
    Section.FUSION: schema.Fusion,
}


class Kind(StrEnum):
    TEXT = "text"
    WHOLE = "whole number"
    NUMBER = "number"
    FLAG = "yes or no"
    CHOICE = "choice"
    LIST = "list"
    TABLE = "table"


class Names(StrEnum):
    """What a text or the items of a list are names of, so that they can be picked."""

    NOTHING = ""
    PROVIDER = "provider"
    PROFILE = "profile"
    TARGET = "target"  # a profile or a fusion
    POLICY = "policy"
    MODEL = "model"
    SECRET = "secret"


_NAMES: Mapping[tuple[Section, str], Names] = {
    (Section.GENERAL, "default_profile"): Names.TARGET,
    (Section.GENERAL, "default_policy"): Names.POLICY,
    (Section.PROVIDERS, "credentials"): Names.SECRET,
    (Section.PROFILES, "provider"): Names.PROVIDER,
    (Section.PROFILES, "model"): Names.MODEL,
    (Section.PROFILES, "fallback_models"): Names.MODEL,
    (Section.PROFILES, "fallback_profiles"): Names.PROFILE,
    (Section.POLICIES, "profile"): Names.TARGET,
    (Section.POLICIES, "fallback_profiles"): Names.PROFILE,
    (Section.FUSION, "advisers"): Names.PROFILE,
    (Section.FUSION, "synthesizer"): Names.PROFILE,
}


@dataclass(frozen=True, slots=True)
class FormField:
    path: Path  # within the entry
    kind: Kind
    help: str
    default: Any = None  # None: nothing is said
    names: Names = Names.NOTHING
    choices: tuple[str, ...] = ()
    bounds: str = ""  # in words, for a sentence
    range: str = ""  # the same in few cells, to stand beside the value
    unit: str = ""
    is_required: bool = False

    @property
    def label(self) -> str:
        return ".".join(self.path)


class Mistyped(Exception):
    """A sentence: why what was typed is no value of the field."""


# ---- from the schema


@cache
def fields_of(section: Section) -> tuple[FormField, ...]:
    if section is Section.GENERAL:
        top = [
            each for each in _walk(section, schema.Config, ()) if each.path[0] in ("default_profile", "default_policy")
        ]
        inner = [*_walk(section, schema.Ui, ("ui",)), *_walk(section, schema.DataSettings, ("data",))]
        return (*top, *inner)
    return tuple(_walk(section, MODELS[section], ()))


def _walk(section: Section, model: type[BaseModel], inside: Path) -> Iterator[FormField]:
    for name, info in model.model_fields.items():
        path = (*inside, name)
        inner = _model_in(info.annotation)
        if inner is not None:
            yield from _walk(section, inner, path)
        elif _kind_of(info.annotation) is not None:
            yield _field(section, path, info)


def _field(section: Section, path: Path, info: FieldInfo) -> FormField:
    kind = _kind_of(info.annotation) or Kind.TEXT
    default = None if info.default is PydanticUndefined else info.default
    return FormField(
        path=path,
        kind=kind,
        help=info.description or "",
        default=default.value if isinstance(default, Enum) else default,
        names=_NAMES.get((section, path[0]), Names.NOTHING) if len(path) == 1 else Names.NOTHING,
        choices=_choices(info.annotation),
        bounds=_bounds(info),
        range=_range(info),
        unit=_unit(path, info.description or "") if kind in (Kind.WHOLE, Kind.NUMBER) else "",
        is_required=info.is_required() and len(path) == 1,
    )


def _bare(annotation: Any) -> Any:
    """Without Optional and Annotated."""
    while True:
        origin, inner = typing.get_origin(annotation), typing.get_args(annotation)
        if origin is typing.Annotated:
            annotation = inner[0]
        elif origin in (typing.Union, types.UnionType):
            annotation = next(each for each in inner if each is not type(None))
        else:
            return annotation


def _model_in(annotation: Any) -> type[BaseModel] | None:
    bare = _bare(annotation)
    return bare if isinstance(bare, type) and issubclass(bare, BaseModel) else None


def _kind_of(annotation: Any) -> Kind | None:
    bare = _bare(annotation)
    origin = typing.get_origin(bare)
    if origin is tuple:
        return Kind.LIST
    if origin is dict:
        return None if _model_in(typing.get_args(bare)[1]) is not None else Kind.TABLE
    if isinstance(bare, type) and issubclass(bare, Enum):
        return Kind.CHOICE
    return {bool: Kind.FLAG, int: Kind.WHOLE, float: Kind.NUMBER, str: Kind.TEXT}.get(bare)


def _choices(annotation: Any) -> tuple[str, ...]:
    bare = _bare(annotation)
    return tuple(each.value for each in bare) if isinstance(bare, type) and issubclass(bare, Enum) else ()


FAR = 1e6
_BOUNDS = {"ge": "from {}", "gt": "above {}", "le": "to {}", "lt": "below {}"}


def _bounds(info: FieldInfo) -> str:
    found = []
    for each in info.metadata:
        found += [text.format(f"{getattr(each, name):g}") for name, text in _BOUNDS.items() if hasattr(each, name)]
    return " ".join(found)


def _range(info: FieldInfo) -> str:
    """`1–120`, `>0–600`, `≥0`. A bound that nobody comes near is left to the finding that names it."""
    bounds = ((name, getattr(each, name)) for each in info.metadata for name in _BOUNDS if hasattr(each, name))
    found = {name: f"{bound:g}" for name, bound in bounds if bound < FAR}
    least = found.get("ge") or (f">{found['gt']}" if "gt" in found else "")
    most = found.get("le") or (f"<{found['lt']}" if "lt" in found else "")
    if least and most:
        return f"{least}–{most}"
    return f"≥{least}" if "ge" in found else least or (f"≤{most}" if "le" in found else most)


def _unit(path: Path, about: str) -> str:
    """What a number counts, as its name or its description says."""
    if path[0] == "price":
        return "USD/1M tokens"
    if about.startswith(("Seconds", "Most seconds")):
        return "s"
    last = path[-1].rpartition("_")[2]
    return {"tokens": "tokens", "chars": "chars", "usd": "USD", "days": "days"}.get(last, "")


# ---- values


def value_at(entry: Mapping[str, Any], path: Path) -> Any:
    """None where nothing stands there."""
    value: Any = entry
    for part in path:
        if not isinstance(value, Mapping) or part not in value:
            return None
        value = value[part]
    return value


def shown(value: Any) -> str:
    """As people read it: lists by commas, texts without quotation marks."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return value
    if isinstance(value, (list, tuple)):
        return ", ".join(map(shown, value)) if value else "none"
    if isinstance(value, Mapping):
        return written(value) if value else "none"
    return f"{value:g}" if isinstance(value, float) else str(value)


def typed(field: FormField, text: str) -> Any:
    """What the text says; None for nothing. Raises Mistyped."""
    text = text.strip()
    if not text:
        return None
    if looks_like_secret(text) or any(looks_like_secret(word.strip('"')) for word in text.split()):
        raise Mistyped(
            "this looks like a key: keep it elsewhere and name the place: env:NAME, file:PATH, keyring:SERVICE/USER, cmd:COMMAND"
        )
    match field.kind:
        case Kind.WHOLE:
            if not text.lstrip("+-").isdigit():
                raise Mistyped(f"a whole number {field.bounds}".strip())
            return int(text)
        case Kind.NUMBER:
            try:
                return float(text.replace(",", "."))
            except ValueError:
                raise Mistyped(f"a number {field.bounds}".strip()) from None
        case Kind.TABLE:
            try:
                value = tomllib.loads(f"x = {text}")["x"]
            except (tomllib.TOMLDecodeError, RecursionError):
                raise Mistyped('a table such as { "x-title" = "mine" }') from None
            if not isinstance(value, dict):
                raise Mistyped('a table such as { "x-title" = "mine" }')
            return value
        case _:
            return text


def wrong_item(field: FormField, text: str) -> str:
    """Why a text cannot be an item of the list; empty where it can."""
    if field.names is not Names.SECRET:
        return "a key has no place here" if looks_like_secret(text) else ""
    reference = parse_reference(text)
    return f"{reference.reason}: {reference.fix}" if isinstance(reference, BadReference) else ""


def turned(field: FormField, value: Any) -> Any:
    """The next state of a flag: yes, no, and nothing said where that means something else."""
    if field.default is None:
        return {None: True, True: False}.get(value)
    now = field.default if value is None else value
    return not now


# ---- what stands where


def references_to(tree: Mapping[str, Any], section: Section, name: str) -> list[Path]:
    """Where an entry is named: what would break without it."""
    wanted = {Section.PROVIDERS: {Names.PROVIDER}, Section.PROFILES: {Names.PROFILE, Names.TARGET},
              Section.POLICIES: {Names.POLICY}, Section.FUSION: {Names.TARGET}}.get(section, set())  # fmt: skip
    words = {name} if section is not Section.FUSION else {f"fusion/{name}"}
    found: list[Path] = []
    for other in Section:
        entries: Mapping[str, Any] = {"": tree} if other is Section.GENERAL else _table(tree, other.value)
        for entry_name, entry in entries.items():
            for field in fields_of(other):
                if field.names not in wanted or not isinstance(entry, Mapping):
                    continue
                value = value_at(entry, field.path)
                named = value if isinstance(value, list) else [value]
                if any(word in words for word in named if isinstance(word, str)):
                    where = () if other is Section.GENERAL else (other.value, entry_name)
                    found.append((*where, *field.path))
    return found


def _table(tree: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = tree.get(name, {})
    return value if isinstance(value, Mapping) else {}


def entries_of(tree: Mapping[str, Any], section: Section) -> Sequence[str]:
    return tuple(_table(tree, section.value)) if section is not Section.GENERAL else ("",)


def entry_of(tree: Mapping[str, Any], section: Section, name: str) -> Mapping[str, Any]:
    if section is Section.GENERAL:
        return tree
    entry = _table(tree, section.value).get(name, {})
    return entry if isinstance(entry, Mapping) else {}


def path_of(section: Section, name: str, field: Path = ()) -> Path:
    return field if section is Section.GENERAL else (section.value, name, *field)
