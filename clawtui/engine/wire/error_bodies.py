"""Reads what every service's error bodies have in common: JSON of some shape, HTML of a proxy, plain text, nothing."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping
from typing import Any

from clawtui.engine.request import Json

LONGEST_TEXT = 2000
_TITLE = re.compile(r"<title[^>]*>(.*?)</title>", re.IGNORECASE | re.DOTALL)
_HIDDEN = re.compile(r"<(script|style|head)\b.*?</\1>", re.IGNORECASE | re.DOTALL)
_TAG = re.compile(r"<[^>]{0,1000}>")
_PARAMETER = re.compile(r"[`'\"]([A-Za-z][\w.\[\]]*)[`'\"]|^([a-z][\w.]*): ")
_MESSAGE_FIELDS = ("message", "error_description", "error", "detail", "details", "title", "reason")


def document_in(body: bytes) -> object | None:
    """The JSON document, if it is one."""
    try:
        document: object = json.loads(body.decode("utf-8-sig", "replace"))
    except (ValueError, RecursionError):
        return None
    return document


def text_in(body: bytes) -> str:
    """What a person would read in a body that is no JSON: the title of a page, else its words."""
    text = body[: 64 * 1024].decode("utf-8-sig", "replace")
    if "<" in text and (title := _TITLE.search(text)) is not None and title[1].strip():
        text = title[1]
    elif "<" in text:
        text = _TAG.sub(" ", _HIDDEN.sub(" ", text))
    return " ".join(html.unescape(text).split())[:LONGEST_TEXT]


def message_in(document: object) -> str:
    """The sentence in a document of unknown shape: gateways wrap errors in many ways."""
    for _ in range(4):
        if isinstance(document, str):
            return document[:LONGEST_TEXT]
        if isinstance(document, list):
            document = document[0] if document else None
        elif isinstance(document, Mapping):
            document = next((document[name] for name in _MESSAGE_FIELDS if document.get(name)), None)
        else:
            break
    return ""


def error_in(document: object) -> Json | None:
    """The `error` object of the usual envelope, also inside a list."""
    if isinstance(document, list):
        document = next((entry for entry in document if isinstance(entry, Mapping) and "error" in entry), None)
    if isinstance(document, Mapping):
        error = document.get("error")
        if isinstance(error, Mapping):
            return error
        if isinstance(error, str):
            return {"message": error}
    return None


def word(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def parameter_in(message: str, known: frozenset[str]) -> str | None:
    """The first of the `known` parameters that the message puts in quotes or begins with."""
    for found in _PARAMETER.finditer(message):
        name = (found[1] or found[2]).split(".")[0].split("[")[0]
        if name in known:
            return name
    return None
