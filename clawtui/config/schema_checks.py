"""Turns what pydantic says of a file into findings: what was found, what was expected, the nearest valid name."""

from __future__ import annotations

import datetime
from enum import EnumType
from typing import Any, Union, get_args, get_origin

import annotated_types
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from clawtui.config.findings import listed, nearest, quoted, suggestion
from clawtui.config.layout import Key
from clawtui.config.report import Report
from clawtui.config.schema import Config
from clawtui.config.writing import dotted

KEY_MARK = "[key]"
ID_RULE = "an id is lower-case letters, digits, `.`, `_` and `-`, and begins with a letter or digit"
SECRET_FIELDS = frozenset({"api_key", "apikey", "key", "token", "secret", "password", "api_keys", "credential"})
ADDRESS_FIELDS = frozenset({"url", "api_base", "endpoint", "base", "host", "baseurl", "api_url"})

EXPECTED_TYPES = {
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "int_parsing_size": "a smaller number",
    "float_type": "a number",
    "bool_type": "true or false",
    "string_type": "text in quotes",
    "tuple_type": 'a list such as ["one", "two"]',
    "dict_type": "a table",
    "model_type": "a table",
    "finite_number": "a finite number",
}


def check_schema(
    error: ValidationError, report: Report, *, tell_missing: bool, schema: type[BaseModel] = Config, under: Key = ()
) -> None:
    """`schema` is what the file was held against; `under` where in the file what was read stands."""
    for detail in error.errors(include_url=False):
        if detail["type"] == "missing" and not tell_missing:
            continue
        if detail["type"] in ("missing", "too_short") and not report.is_whole((*under, *_path(detail)[:-1])):
            continue
        message, fix = _told(detail, schema)
        report.error((*under, *_path(detail)), message, fix)


def _path(detail: ErrorDetails) -> Key:
    return tuple(part for part in detail["loc"] if part != KEY_MARK)


def _told(detail: ErrorDetails, schema: type[BaseModel]) -> tuple[str, str]:
    kind, path = detail["type"], _path(detail)
    name = str(path[-1]) if path else ""
    context = detail.get("ctx", {})
    field = _field_at(path, schema)
    about = f"{field.description}" if field is not None and field.description else ""
    match kind:
        case "extra_forbidden":
            return _unknown_field(path, name, schema)
        case "missing":
            return f"{quoted(name)} is missing", f"add {name} = …: {about}" if about else f"add {name} = …"
        case "string_pattern_mismatch":
            return f"{quoted(name if KEY_MARK in detail['loc'] else str(detail['input']))} is no valid id", ID_RULE
        case "enum":
            return _outside_enum(detail["input"], field)
        case "greater_than" | "greater_than_equal" | "less_than" | "less_than_equal":
            if path == ("version",):
                return "this file is written for another version of clawtui", "this one reads version = 1"
            return f"found {_found(detail['input'])}, expected {_bounds(field)}", about
        case "too_short" | "too_long":
            return f"found {_count(context)}, expected {_lengths(field)}", about
        case "string_too_short":
            return f"{quoted(name)} is empty", about or "fill it in or leave it out"
        case "string_too_long":
            return "the text is too long", f"at most {context.get('max_length')} characters"
        case "invalid-json-value":
            return f"found {_found(detail['input'])}, which JSON cannot carry", "use text, numbers, lists or tables"
        case _:
            expected = EXPECTED_TYPES.get(kind)
            if expected is None:
                return f"found {_found(detail['input'])}: {detail['msg'].lower()}", about or "correct or remove it"
            return f"found {_found(detail['input'])}, expected {expected}", about or "correct or remove it"


def _count(context: dict[str, Any]) -> str:
    length = context.get("actual_length", 0)
    return "an empty list" if length == 0 else f"{length} item{'' if length == 1 else 's'}"


def _found(value: object) -> str:
    """The kind of value. Text is not repeated: it may be a key in the wrong place."""
    match value:
        case bool():
            return "true" if value else "false"
        case int() | float():
            return str(value)[:40]
        case str():
            return "text" if value else "empty text"
        case list():
            return "a list"
        case dict():
            return "a table"
        case datetime.date() | datetime.time():
            return "a date or time"
        case _:
            return "something else"


def _outside_enum(value: object, field: FieldInfo | None) -> tuple[str, str]:
    choices = [str(choice) for choice in _enum_values(field)]
    if not isinstance(value, str):
        return f"found {_found(value)}, expected one of {listed(choices)}", "write one of them in quotes"
    near = nearest(value, choices)
    # A word close to a choice is shown; anything else might be anything.
    shown = quoted(value) if near or len(value) <= 16 else "other text"
    fix = f"did you mean {quoted(near)}?" if near else "write one of them in quotes"
    return f"found {shown}, expected one of {listed(choices)}", fix


def _enum_values(field: FieldInfo | None) -> list[Any]:
    annotation = _unwrapped(field.annotation) if field else None
    return list(annotation) if isinstance(annotation, EnumType) else []


def _unknown_field(path: Key, name: str, schema: type[BaseModel]) -> tuple[str, str]:
    message = f"{quoted(name)} is no field here"
    model = _model_at(path[:-1], schema)
    if model is None:
        return message, "remove it"
    fields = model.model_fields
    if name.lower() in SECRET_FIELDS and "credentials" in fields:
        return message, 'keys are named, not written: credentials = ["env:NAME"]'
    if name.lower() in ADDRESS_FIELDS and "base_url" in fields:
        return message, "did you mean `base_url`?"
    for field_name, field in fields.items():
        inner = _unwrapped(field.annotation)
        if isinstance(inner, type) and issubclass(inner, BaseModel) and name in inner.model_fields:
            return message, f"it belongs into [{dotted((*path[:-1], field_name))}]"
    return message, suggestion(name, fields, "remove it")


# ---- the schema by path


def _unwrapped(annotation: Any) -> Any:
    """The one type in `X | None` and `Annotated[X, …]`; others stay as they are."""
    while True:
        if hasattr(annotation, "__metadata__"):
            annotation = get_args(annotation)[0]
            continue
        origin = get_origin(annotation)
        if origin is Union or type(annotation).__name__ == "UnionType":
            inner = [item for item in get_args(annotation) if item is not type(None)]
            if len(inner) == 1:
                annotation = inner[0]
                continue
        return annotation


def _type_at(path: Key, schema: type[BaseModel]) -> Any:
    current: Any = schema
    for part in path:
        current = _unwrapped(current)
        if isinstance(current, type) and issubclass(current, BaseModel):
            field = _named(current, str(part))
            current = field.annotation if field else None
        elif get_origin(current) is dict:
            current = get_args(current)[1]
        elif get_origin(current) is tuple:
            current = get_args(current)[0]
        else:
            return None
    return _unwrapped(current)


def _model_at(path: Key, schema: type[BaseModel]) -> type[BaseModel] | None:
    found = _type_at(path, schema)
    return found if isinstance(found, type) and issubclass(found, BaseModel) else None


def _field_at(path: Key, schema: type[BaseModel]) -> FieldInfo | None:
    """The field that the path names or, for an item of a list, the field that holds it."""
    while path and isinstance(path[-1], int):
        path = path[:-1]
    model = _model_at(path[:-1], schema) if path else None
    return _named(model, str(path[-1])) if model else None


def _named(model: type[BaseModel], name: str) -> FieldInfo | None:
    """By the name that stands in the file."""
    aliased = (field for field in model.model_fields.values() if field.alias == name)
    return model.model_fields.get(name) or next(aliased, None)


def _bounds(field: FieldInfo | None) -> str:
    low: str | None = None
    high: str | None = None
    for mark in field.metadata if field else ():
        match mark:
            case annotated_types.Ge(ge=bound):
                low = f"{bound}"
            case annotated_types.Gt(gt=bound):
                low = f"more than {bound}"
            case annotated_types.Le(le=bound):
                high = f"{bound}"
            case annotated_types.Lt(lt=bound):
                high = f"less than {bound}"
            case _:
                pass
    if low and high:
        return f"{low} to {high}" if not low.startswith("more") else f"{low}, at most {high}"
    if low:
        return low if low.startswith("more") else f"at least {low}"
    return f"at most {high}" if high else "another number"


def _lengths(field: FieldInfo | None) -> str:
    low = (
        next((mark.min_length for mark in field.metadata if isinstance(mark, annotated_types.MinLen)), 0)
        if field
        else 0
    )
    high = (
        next((mark.max_length for mark in field.metadata if isinstance(mark, annotated_types.MaxLen)), None)
        if field
        else None
    )
    return f"{low} to {high} items" if high is not None else f"at least {low} items"
